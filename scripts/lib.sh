# shellcheck shell=bash
# lib.sh - what the scripts share: packages, configuring, building.  For bash; $top is the source tree.
#
#	need COMMAND:PACKAGE...         installs packages whose command is missing
#	need_files FILE:PACKAGE...      the same for files
#	need_build                      all that configuring and building takes
#	configure_awaitd BUILD [ARG...] configures BUILD, unless it is with the same arguments already
#	build_awaitd BUILD [ARG...]     configures and makes awaitd and awaitctl
# The first three fail, having said which packages to install, where they may not install them.

: "${top:?}"
# shellcheck disable=SC2034 # for those who include this
jobs=$(nproc 2>/dev/null || echo 1)

# As root, by sudo if that asks nobody or somebody is there to be asked, or not at all.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
    sudo "$@"
  else
    return 1
  fi
}

apt_install() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@"
}

install_packages() {
  local log
  if ! command -v apt-get >/dev/null; then
    echo "missing: what Debian calls $*; please install it (there is no apt-get here)" >&2
    return 1
  fi
  if ! as_root true; then
    echo "missing packages; please run:  sudo apt-get install $*" >&2
    return 1
  fi
  echo "installing $*" >&2
  log=$(mktemp)
  # A fresh machine has no lists of packages yet, and an old one stale ones.
  if ! apt_install "$@" >"$log" 2>&1 &&
    ! { as_root apt-get update -qq && apt_install "$@"; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    echo "cannot install $*" >&2
    return 1
  fi
  rm -f "$log"
}

need() {
  local pair missing=()
  for pair in "$@"; do
    command -v "${pair%%:*}" >/dev/null || missing+=("${pair#*:}")
  done
  [ ${#missing[@]} -eq 0 ] || install_packages "${missing[@]}"
}

need_files() {
  local pair file found missing=()
  for pair in "$@"; do
    found=
    for file in ${pair%%:*}; do [ -e "$file" ] && found=1; done
    [ -n "$found" ] || missing+=("${pair#*:}")
  done
  [ ${#missing[@]} -eq 0 ] || install_packages "${missing[@]}"
}

# Headers are looked for by name, as pkg-config may be missing itself.
need_build() {
  need cc:gcc make:make pkg-config:pkg-config || return
  need_files /usr/include/event2/event.h:libevent-dev /usr/include/jansson.h:libjansson-dev \
    /usr/include/systemd/sd-daemon.h:libsystemd-dev /usr/include/gpiod.h:libgpiod-dev \
    "/usr/include/*/sys/cdefs.h /usr/include/sys/cdefs.h:libc6-dev" || return
  [ -x "$top/configure" ] || need_autotools
}

need_autotools() {
  need autoreconf:autoconf automake:automake &&
    need_files /usr/share/aclocal/ax_append_compile_flags.m4:autoconf-archive
}

configure_awaitd() {
  local build=$1
  shift
  need_build || return
  [ -x "$top/configure" ] || (cd "$top" && autoreconf -i >/dev/null) || return
  mkdir -p "$build"
  if [ -x "$build/config.status" ] && [ "$*" = "$(cat "$build/.configured" 2>/dev/null)" ]; then
    return 0
  fi
  rm -f "$build/.configured"
  (cd "$build" && "$(realpath "$top")/configure" -q "$@" >configure.log) || {
    cat "$build/configure.log" >&2
    return 1
  }
  echo "$*" >"$build/.configured"
}

build_awaitd() {
  configure_awaitd "$@" && make -s -j"$jobs" -C "$1" awaitd awaitctl
}
