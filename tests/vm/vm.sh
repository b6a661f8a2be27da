#!/usr/bin/env bash
# vm.sh - a virtual machine with a real kernel, gpio-sim, IIO dummy, i2c-stub and systemd as PID 1.
#
#   vm.sh prepare DIR            make the root directory DIR (about 70 s, from Debian packages)
#   vm.sh install DIR TARBALL    build and install awaitd inside it, from a `make dist` tarball
#   vm.sh boot DIR SCRIPT [PART] boot it (2 s with KVM, 7 to 15 s without) and run SCRIPT in it as
#                                root; its output is ours, its exit status too.  Any number at once,
#                                with different PARTs, which SCRIPT finds in /proc/cmdline: awaitd.part=PART
#   vm.sh stamp                  changes with what `prepare` makes
#   vm.sh accelerator DIR        which one it boots with
#
# DIR is one tree of Debian 13 that serves as build chroot and, over 9p and below a tmpfs, as the VM's root file
# system: of what the script writes only /test stays.  SUITE=bookworm makes it one of Debian 12: kernel 6.1,
# systemd 252, libgpiod 1.6.
# AWAITD_VM_ACCEL=tcg does not try KVM.  Needs root, qemu-system-x86, mmdebstrap and xz-utils.
set -euo pipefail

suite=${SUITE:-trixie}
packages=systemd,systemd-sysv,dbus,udev,kmod,gpiod,iproute2,procps,netcat-openbsd,jq,python3-minimal
packages+=,busybox-static,gcc,make,libc6-dev,pkg-config,libgpiod-dev,libevent-dev,libsystemd-dev
packages+=,libjansson-dev,libcmocka-dev,i2c-tools,libpam-systemd,linux-image-amd64,linux-headers-amd64,linux-source

mirrors() { # the ones that this machine's own apt uses
  local uris
  uris=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | sort -u)
  debian=$(grep -m1 -E '/debian/?$' <<<"$uris")
  security=$(grep -m1 -E '/debian-security/?$' <<<"$uris")
}

make_root() {
  mmdebstrap --quiet --variant=minbase --mode=root --aptopt='Apt::Install-Recommends "0"' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --include="$packages" "$suite" "$1" \
    "deb $debian $suite main" "deb $debian $suite-updates main" "deb $security $suite-security main"
}

# Debian builds neither gpio-sim nor the IIO dummy: they are built as modules from its own kernel source.
# gpio-sim needs irq_sim, which is not exported to modules as it stands.  6.1 has no IIO configfs either.
make_modules() {
  local root=$1 kernel=$2 out=$1/oot
  mkdir -p "$out/src"
  tar -C "$out/src" --strip-components=1 -xf "$root"/usr/src/linux-source-*.tar.xz --wildcards \
    '*/drivers/gpio/gpio-sim.c' '*/drivers/gpio/gpiolib.h' '*/drivers/gpio/dev-sync-probe.[ch]' '*/kernel/irq/irq_sim.c' \
    '*/drivers/iio/dummy' '*/drivers/iio/industrialio-sw-device.c' \
    '*/drivers/iio/industrialio-configfs.c' 2>/dev/null || true
  find "$out/src" -name '*.[ch]' -exec mv -t "$out" {} +
  rm -f "$root"/usr/src/linux-source-*
  sed -i 's/irq_to_desc(irqnum)/irq_data_to_desc(irq_get_irq_data(irqnum))/
    s,#include <linux/irq.h>,&\n#include <linux/irqdesc.h>\n#include <linux/irqdomain.h>\n#include <linux/module.h>,' \
    "$out/irq_sim.c"
  printf 'MODULE_DESCRIPTION("irq_sim as a module");\nMODULE_LICENSE("GPL");\n' >>"$out/irq_sim.c"
  cat >"$out/Kbuild" <<'KBUILD'
ccflags-y += -DCONFIG_IIO_SW_DEVICE=1 -DCONFIG_IIO_SIMPLE_DUMMY_EVENTS=1 -DCONFIG_IIO_SIMPLE_DUMMY_BUFFER=1
obj-m += irq_sim.o gpio-sim.o industrialio-sw-device.o iio_dummy.o iio_dummy_evgen.o
iio_dummy-y := iio_simple_dummy.o iio_simple_dummy_events.o iio_simple_dummy_buffer.o
KBUILD
  chroot "$root" modinfo -k "$kernel" industrialio-configfs >/dev/null 2>&1 ||
    echo 'obj-m += industrialio-configfs.o' >>"$out/Kbuild"
  chroot "$root" make -s -j2 -C "/lib/modules/$kernel/build" M=/oot modules
  mkdir -p "$root/usr/lib/modules/$kernel/updates"
  cp "$out"/*.ko "$root/usr/lib/modules/$kernel/updates/"
  chroot "$root" /usr/sbin/depmod "$kernel"
}

# The initramfs holds busybox and the modules that mount the 9p root, in the order of their dependence; which
# of them are built in differs.
make_initrd() {
  local root=$1 kernel=$2 work=$1/oot/initrd.d module
  mkdir -p "$work"/{bin,m,l,u,r,dev}
  cp "$root/bin/busybox" "$work/bin/"
  for module in virtio_pci 9pnet_virtio 9p overlay; do
    chroot "$root" modprobe -S "$kernel" --show-depends "$module"
  done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' >"$root/oot/modules"
  while read -r module; do
    if [[ $module = *.xz ]]; then xz -dc "$root$module"; else cat "$root$module"; fi \
      >"$work/m/$(basename "${module%.xz}")"
    basename "${module%.xz}" >>"$work/m/order"
  done <"$root/oot/modules"
  cat >"$work/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox mount -t devtmpfs d /dev
while read m; do /bin/busybox insmod /m/$m; done </m/order
/bin/busybox mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,cache=loose root /l || /bin/busybox poweroff -f
/bin/busybox mount -t tmpfs u /u
/bin/busybox mkdir /u/u /u/w
/bin/busybox mount -t overlay -o lowerdir=/l,upperdir=/u/u,workdir=/u/w o /r || /bin/busybox poweroff -f
/bin/busybox mount --bind /l/test /r/test
/bin/busybox mount --move /dev /r/dev
exec /bin/busybox switch_root /r /lib/systemd/systemd
INIT
  printf '#!/bin/busybox sh\necho it runs\n/bin/busybox poweroff -f\n' >"$work/probe"
  chmod +x "$work/init" "$work/probe"
  (cd "$work" && find . | "$root/bin/busybox" cpio -o -H newc 2>/dev/null) >"$root/oot/initrd"
}

# A target that runs /test/run.sh and powers off; what only slows the boot down is masked.
make_units() {
  local root=$1 units=$1/etc/systemd/system unit
  mkdir -p "$root/test"
  : >"$root/etc/fstab"
  echo awaitd-test >"$root/etc/hostname"
  tr -d - </proc/sys/kernel/random/uuid >"$root/etc/machine-id"
  cat >"$units/test.target" <<'UNIT'
[Unit]
Requires=sysinit.target dbus.socket sockets.target
Wants=test.service systemd-udevd.service
After=sysinit.target dbus.socket
AllowIsolate=yes
UNIT
  cat >"$units/test.service" <<'UNIT'
[Unit]
After=sysinit.target dbus.socket
DefaultDependencies=no
SuccessAction=poweroff-immediate
FailureAction=poweroff-immediate
[Service]
Type=oneshot
TTYPath=/dev/ttyS0
StandardOutput=tty
StandardError=tty
TimeoutStartSec=1500
ExecStart=/bin/bash -c "bash /test/run.sh; echo $$? >/test/status$(sed -n 's/.*awaitd.part=//p' /proc/cmdline | tr / -); sync"
UNIT
  for unit in systemd-random-seed systemd-journal-flush systemd-update-utmp systemd-machine-id-commit \
    systemd-sysusers systemd-update-done systemd-hwdb-update ldconfig systemd-firstboot \
    systemd-network-generator systemd-tpm2-setup-early systemd-tpm2-setup systemd-timesyncd \
    systemd-remount-fs systemd-pstore systemd-journal-catalog-update systemd-hibernate-clear \
    systemd-udev-load-credentials systemd-pcrmachine kmod-static-nodes systemd-binfmt modprobe@drm \
    modprobe@efi_pstore modprobe@fuse modprobe@dm_mod modprobe@loop; do
    ln -sf /dev/null "$units/$unit.service"
  done
  for unit in dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount sys-kernel-tracing.mount \
    sys-fs-fuse-connections.mount proc-sys-fs-binfmt_misc.automount; do
    ln -sf /dev/null "$units/$unit"
  done
}

prepare() {
  local root=$1 kernel
  mirrors
  make_root "$root"
  kernel=$(basename "$root"/usr/lib/modules/*)
  make_modules "$root" "$kernel"
  make_initrd "$root" "$kernel"
  make_units "$root"
}

install() {
  local root=$1 tarball=$2
  # What did not change since the last time is not built again.
  mkdir -p "$root/src/b"
  tar -C "$root/src" --strip-components=1 -xf "$tarball"
  chroot "$root" /bin/sh -ec 'cd /src/b &&
    { [ -e config.status ] || ../configure -q --prefix=/usr --sysconfdir=/etc --localstatedir=/var; } &&
    make -s -j2 && make -s install && systemd-sysusers'
}

# What `prepare` does is above `install`.
stamp() { sed '/^install()/,$d' "$0" | sha256sum | cut -c1-16; }

# machine ROOT SECONDS ACCELERATOR BOOT-ARGUMENT...
# A simple CPU: AVX is slow to emulate, and a host that is a guest itself refuses some of its own registers.  One:
# the kernel's threads for interrupts go before all else on it, so that edges, however close, do not merge.
machine() {
  local root=$1 seconds=$2 accelerator=$3 kernel; shift 3
  kernel=$(ls "$root"/boot/vmlinuz-* | head -n 1)
  timeout --foreground "$seconds" qemu-system-x86_64 -M q35 -accel "$accelerator" -cpu qemu64 -smp 1 -m 1G \
    -nodefaults -no-user-config -display none -serial stdio -no-reboot \
    -fsdev "local,id=f,path=$root,security_model=none,multidevs=remap" \
    -device virtio-9p-pci,fsdev=f,mount_tag=root -device virtio-rng-pci \
    -kernel "$kernel" -initrd "$root/oot/initrd" -append "console=ttyS0 panic=-1 quiet $*" </dev/null
}

# /dev/kvm may open and yet not be able to run a kernel (in a guest without real nesting it stops in the
# kernel's decompressor): it is tried, once in each life of the host.
accelerator() {
  local root=$1 life
  life="$(cat /proc/sys/kernel/random/boot_id) ${AWAITD_VM_ACCEL:-kvm}"
  if [ "$(head -n 1 "$root/oot/accelerator" 2>/dev/null)" != "$life" ]; then
    if [ "${AWAITD_VM_ACCEL:-kvm}" = kvm ] && { : <>/dev/kvm; } 2>/dev/null &&
      [[ $(machine "$root" 10 kvm rdinit=/probe 2>&1) == *'it runs'* ]]; then
      printf '%s\nkvm\n' "$life"
    else
      printf '%s\ntcg,thread=multi\n' "$life"
    fi >"$root/oot/accelerator"
  fi
  tail -n 1 "$root/oot/accelerator"
}

boot() {
  local root=$1 part=${3:-}
  local status=$root/test/status${part/\//-}
  cp "$2" "$root/test/run.sh.$$" && mv "$root/test/run.sh.$$" "$root/test/run.sh"
  rm -f "$status"
  machine "$root" "${VM_TIMEOUT:-1200}" "$(accelerator "$root")" loglevel=4 systemd.unit=test.target \
    systemd.show_status=0 mitigations=off lsm=capability "${part:+awaitd.part=$part}"
  return "$(cat "$status" 2>/dev/null || echo 99)"
}

case ${1:-} in
  prepare | install | boot | stamp | accelerator) "$@" ;;
  *) sed -n '2,15s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
