# What the claims share.  A claim is a function claim_NAME that runs with `set -e`.

socket=/run/awaitd/awaitd.sock
configfs=/sys/kernel/config/gpio-sim

# nap SECONDS: sleeps without a process, which takes 70 ms to make on an emulated machine.
exec {nothing}<> <(:)
nap() { read -rt "$1" -u "$nothing" || true; }

# until_ SECONDS COMMAND...: tries again until it succeeds.
until_() {
  local end=$((SECONDS + $1)); shift
  until "$@"; do
    [ "$SECONDS" -lt "$end" ] || { echo "gave up on: $*"; return 1; }
    nap 0.1
  done
}

# ------------------------------------------------------------------------ gpio-sim

# sim NAME LINES [LINE=NAME...]: makes a chip labelled NAME and sets $chip (gpiochipN) and $sim (its sysfs).
sim() { sim_make "$@"; sim_plug "$1"; }
sim_make() {
  local name=$1 lines=$2 pair; shift 2
  modprobe gpio-sim
  mountpoint -q /sys/kernel/config || mount -t configfs none /sys/kernel/config
  mkdir -p "$configfs/$name/bank0"
  echo "$lines" >"$configfs/$name/bank0/num_lines"
  echo "$name" >"$configfs/$name/bank0/label"
  for pair in "$@"; do
    mkdir "$configfs/$name/bank0/line${pair%%=*}"
    echo "${pair#*=}" >"$configfs/$name/bank0/line${pair%%=*}/name"
  done
}
sim_plug() {
  echo 1 >"$configfs/$1/live"
  chip=$(cat "$configfs/$1/bank0/chip_name")
  sim=/sys/devices/platform/$(cat "$configfs/$1/dev_name")/$chip
  udevadm settle
}
sim_unplug() { echo 0 >"$configfs/$1/live"; }
line_is_held() { { gpioinfo -c "$chip" || gpioinfo "$chip"; } 2>/dev/null | grep -q "\"$1\".*awaitd"; }
line_is_free() { ! line_is_held "$1"; }
sim_remove() {
  sim_unplug "$1" 2>/dev/null || true
  rmdir "$configfs/$1"/bank0/line* 2>/dev/null || true
  rmdir "$configfs/$1/bank0" "$configfs/$1"
}

pull() { echo "pull-$2" >"$sim/sim_gpio$1/pull"; } # LINE up|down

# edges LINE COUNT [SECONDS]: an even number of changes of a line, beginning with a rising one; one, and that long
# after it the other.
edges() {
  local i
  for ((i = 0; i < $2; i += 2)); do
    pull "$1" up; [ -z "${3:-}" ] || nap "$3"
    pull "$1" down; [ -z "${3:-}" ] || nap "$3"
  done
}

# --------------------------------------------------------------------- the service

# config JSON: the installed service's configuration.
config() { mkdir -p /etc/awaitd; printf '%s\n' "$1" >/etc/awaitd/awaitd.json; }

service_start() { systemctl restart awaitd.service; }
# Also what the socket unit keeps in the fd store of a service that is stopped.
service_stop() {
  systemctl stop awaitd.socket awaitd.service 2>/dev/null || true
  systemctl clean --what=fdstore awaitd.service 2>/dev/null || true
}
service_pid() { systemctl show -P MainPID awaitd.service; }
service_pid_is_not() { local now; now=$(service_pid); [ "$now" != 0 ] && [ "$now" != "$1" ]; }

# subscribe FILE REQUEST: a subscriber that runs until the claim ends; waits for its last `ready`.
subscribe() {
  local file=$1
  : >"$file"
  printf '%s\n' "$2" | nc -U -q -1 "$socket" >"$file" &
  subscriber=$!
  until_ 30 grep -q '"ready"' "$file"
}
unsubscribe() { kill "$subscriber"; wait "$subscriber" 2>/dev/null || true; }

# ask REQUEST: what the service answers.
ask() { printf '%s\n' "$1" | timeout 20 nc -U -N "$socket"; }

# lines FILE JQ-CONDITION: how many lines of FILE satisfy it.
lines() { jq -c "select($2)" "$1" | wc -l; }
has_lines() { [ "$(lines "$1" "$2")" -ge "$3" ]; }

# follow FILE: the seqs of all entries follow each other: those of a gap, too, that a source tells which was late on
# a busy machine; not those of a subscriber's own.
follow() {
  jq -s -e '[.[] | select((.stream or .state or .gap) and .seq) | .seq] | . == [range(.[0]; .[0] + length)]' "$1"
}

# The service's CPU time, in ticks of 10 ms, and what it holds.
service_ticks() { sed 's/.*) //' "/proc/$(service_pid)/stat" | cut -d' ' -f12,13 | tr ' ' '+' | { read -r sum; echo $((sum)); }; }
service_fds() { ls "/proc/$(service_pid)/fd" | wc -l; }
service_rss_kb() { sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$(service_pid)/status"; }
status_has() { systemctl show -P StatusText awaitd.service | grep -q "$1"; }
state_is() { ask "{\"list\":[\"$1\"]}" | jq -s -e "any(.[]; .list == \"$1\" and .is == \"$2\")" >/dev/null; }
journal_has() { journalctl -b -u awaitd -o cat --no-pager | grep -q "$1"; }
