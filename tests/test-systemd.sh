#!/bin/sh
# The service as it is installed, below real systemd as PID 1, in namespaces of its own over a throw-away copy of this
# machine's root (an overlay): no VM, no devices, some seconds.  tests/systemd-claims.sh runs inside.
top_builddir=${top_builddir:-.}
top_srcdir=${top_srcdir:-.}

skip_all()
{
	echo "1..0 # SKIP $1"
	exit 0
}

[ "$(id -u)" = 0 ] || skip_all 'needs root: it starts systemd as PID 1 in namespaces'
[ -x /lib/systemd/systemd ] || skip_all 'systemd is not installed'
for tool in unshare pivot_root mount setpriv; do
	command -v $tool >/dev/null || skip_all "$tool is not installed"
done
grep -q asan "$top_builddir/awaitd" && skip_all 'the sanitizers do not run in the sandbox'
group=/sys/fs/cgroup/unified
[ -d $group ] || group=/sys/fs/cgroup
[ "$(stat -f -c %T $group)" = cgroup2fs ] || skip_all 'there is no cgroup2 to delegate'
if [ "${1-}" != inside ]; then
	unshare --mount true 2>/dev/null || skip_all 'may not make namespaces'
	mkdir $group/awaitd-test.$$ 2>/dev/null || skip_all 'may not make a cgroup'
	folder=$(mktemp -d "${TMPDIR:-/tmp}/awaitd-systemd.XXXXXX")
	(echo 0 >$group/awaitd-test.$$/cgroup.procs; folder=$folder exec unshare --mount sh "$0" inside)
	status=$?
	tries=0
	until find $group/awaitd-test.$$ -depth -type d -exec rmdir {} + 2>/dev/null || [ $tries = 50 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	rmdir "$folder"
	exit $status
fi

# ------------------------------------------------------------------------- inside
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs "$folder"
root=$folder/root
mkdir "$folder/upper" "$folder/work" "$root"
if ! mount -t overlay overlay -o "lowerdir=/,upperdir=$folder/upper,workdir=$folder/work" "$root" 2>/dev/null
then
	umount "$folder"
	skip_all 'the root file system takes no overlay'
fi
mkdir "$root/awaitd-test"
MAKEFLAGS='' make -s -C "$top_builddir" install DESTDIR="$root" >"$folder/install" 2>&1 || {
	echo '1..1'
	echo 'not ok 1 - it installs'
	sed 's/^/# /' "$folder/install"
	exit 1
}
cp "$top_builddir/tests/lines" "$top_srcdir/tests/systemd-claims.sh" "$top_srcdir/tests/tap-lib.sh" \
	"$root/awaitd-test/"
"$top_builddir/awaitd" --help | sed -n 's|.*\[\(/.*\.json\)\]$|\1|p' >"$root/awaitd-test/config-path"

# Nothing of the machine's own starts.
rm -rf "$root"/etc/systemd/system "$root"/var/log/journal
mkdir -p "$root/etc/systemd/system" "$root/etc/systemd/journald.conf.d"
: >"$root/etc/fstab"
tr -d - </proc/sys/kernel/random/uuid >"$root/etc/machine-id"
units=$root/etc/systemd/system
cat >"$units/test.target" <<'UNIT'
[Unit]
Requires=sysinit.target sockets.target
Wants=test.service
After=sysinit.target
AllowIsolate=yes
UNIT
cat >"$units/test.service" <<'UNIT'
[Unit]
After=sysinit.target
DefaultDependencies=no
SuccessAction=poweroff-immediate
FailureAction=poweroff-immediate
[Service]
Type=oneshot
TimeoutStartSec=280
StandardOutput=file:/awaitd-test/tap
StandardError=append:/awaitd-test/errors
ExecStart=/bin/sh /awaitd-test/systemd-claims.sh
UNIT
for unit in systemd-random-seed systemd-journal-flush systemd-update-utmp \
	systemd-machine-id-commit systemd-sysusers systemd-tmpfiles-setup systemd-update-done systemd-hwdb-update \
	ldconfig systemd-firstboot systemd-remount-fs systemd-pstore systemd-journal-catalog-update \
	systemd-timesyncd systemd-udevd systemd-udev-trigger systemd-modules-load systemd-sysctl \
	systemd-binfmt systemd-resolved systemd-networkd keyboard-setup console-setup apparmor
do ln -sf /dev/null "$units/$unit.service"; done
for unit in dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount sys-kernel-tracing.mount \
	sys-fs-fuse-connections.mount proc-sys-fs-binfmt_misc.automount systemd-udevd-kernel.socket \
	systemd-udevd-control.socket swap.target cryptsetup.target
do ln -sf /dev/null "$units/$unit"; done

export root
set +e
timeout 300 unshare --mount --pid --fork --uts --ipc --net --cgroup --kill-child sh -c '
	cd "$root" &&
	mount -t proc proc proc && mount -t sysfs -o ro sysfs sys &&
	mount -t tmpfs tmpfs run && mount -t tmpfs tmpfs tmp &&
	{ mount -t cgroup2 cgroup2 sys/fs/cgroup 2>/dev/null || {
		mount -t tmpfs tmpfs sys/fs && mkdir sys/fs/cgroup && mount -t cgroup2 cgroup2 sys/fs/cgroup; }; } &&
	mount -t tmpfs -o mode=755 tmpfs dev && mkdir dev/pts dev/shm &&
	mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts && ln -s pts/ptmx dev/ptmx &&
	mount -t tmpfs tmpfs dev/shm &&
	for node in null zero full random urandom tty; do cp -a /dev/$node dev/; done &&
	ln -s /proc/self/fd dev/fd && : >dev/console &&
	pivot_root . mnt && umount -l mnt && cd / &&
	exec env -i container=awaitd-test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		/lib/systemd/systemd --system --unit=test.target --show-status=0 --log-target=journal --log-level=notice
' >"$folder/boot" 2>&1
status=$?
if grep -q '^1\.\.' "$folder/upper/awaitd-test/tap" 2>/dev/null; then
	cat "$folder/upper/awaitd-test/tap"
	grep -q '^not ok' "$folder/upper/awaitd-test/tap" && sed 's/^/# /' "$folder/upper/awaitd-test/errors"
	status=0
else
	echo '1..1'
	echo "not ok 1 - systemd boots (status $status)"
	cat "$folder/boot" "$folder/upper/awaitd-test/"* 2>/dev/null | tail -50 | sed 's/^/# /'
fi
umount "$root" "$folder" 2>/dev/null || umount -l "$folder"
exit $status
