# What the service may do to the machine, and who may do what to the service.

dropins=/run/systemd/system/awaitd.service.d
examples=/usr/share/doc/awaitd

# Alice is nobody in particular, bob may use the socket, carol belongs to readers besides her own group.
rights_users() {
  groupadd -f readers
  id alice >/dev/null 2>&1 || useradd -U alice
  id bob >/dev/null 2>&1 || useradd -U -G awaitd bob
  id carol >/dev/null 2>&1 || useradd -U -G readers carol
}
# fails COMMAND...: a mere ! would not count below set -e.
fails() { if "$@"; then echo "did not fail: $*"; return 1; fi; }
as() { local user=$1; shift; setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups -- "$@"; }

dropin() { # FILE: a drop-in until the claim ends
  mkdir -p "$dropins"
  cp "$1" "$dropins/"
  systemctl daemon-reload
}
rights_down() {
  pkill nc || true
  service_stop
  if [ -d "$dropins" ]; then rm -r "$dropins"; systemctl daemon-reload; fi
}

exposure_is_at_most() { # TENTHS
  systemd-analyze security --no-pager awaitd.service | grep -v '^.\[0m' | tail -n 30
  systemd-analyze security --no-pager --threshold="$1" awaitd.service >/dev/null
}

# ------------------------------------------------------------------------- the sandbox

claim_rights_exposure_is_at_most_1_2() {
  systemctl cat awaitd.service | grep -q '^RestrictAddressFamilies=AF_UNIX AF_NETLINK$'
  systemctl cat awaitd.service | grep -q '^DeviceAllow=char-gpiochip rw$'
  exposure_is_at_most 12
}

claim_rights_exposure_with_each_drop_in_is_at_most_1_5() {
  trap rights_down EXIT
  for conf in network devices realtime; do
    dropin "$examples/$conf.conf"
    echo "$conf:"; exposure_is_at_most 15
    rm "$dropins/$conf.conf"
  done
}

# Runs COMMANDS in the service's sandbox, as its user, before it starts; what they print is in /run/awaitd/probe.
in_sandbox() {
  printf '%s\n' 'may() { if (eval "$2") >/dev/null 2>&1; then echo "$1: yes"; else echo "$1: no"; fi; }' "$1" >/run/probe
  mkdir -p "$dropins"
  printf '[Service]\nExecStartPre=/bin/sh -c "sh /run/probe >/run/awaitd/probe"\n' >"$dropins/probe.conf"
  systemctl daemon-reload
  config "$count_config"
  service_start
  cat /run/awaitd/probe
}
probed() { grep -qx "$1" /run/awaitd/probe || { echo "expected: $1"; return 1; }; }

# All have devices that everybody may open: what then forbids is the sandbox.
rights_devices() {
  sim panel 8
  modprobe -a iio-dummy softdog i2c-dev mousedev uinput
  mkdir -p /sys/kernel/config/iio/devices/dummy/awaitd
  udevadm settle
  until_ 10 test -e /dev/iio:device0
  chmod 666 /dev/mem /dev/kmsg /dev/port /dev/uinput /dev/input/mice /dev/ttyS0 /dev/watchdog
}
rights_devices_down() {
  rights_down
  rmdir /sys/kernel/config/iio/devices/dummy/awaitd 2>/dev/null || true
  sim_remove panel
}
open_all='for d in $(cd /dev; echo gpiochip* iio:device0 input/mice uinput mem port kmsg watchdog ttyS0 null); do
  may "$d" ": <>/dev/$d"; done'

claim_rights_the_service_opens_gpio_chips_and_no_other_device() {
  trap rights_devices_down EXIT
  rights_devices
  chmod 666 /dev/iio:device0
  [ "$(stat -c %U:%G:%a "/dev/$chip")" = root:gpio:660 ]
  in_sandbox "$open_all"
  probed "$chip: yes"; probed 'null: yes'
  for d in iio:device0 input/mice uinput mem port kmsg watchdog ttyS0; do probed "$d: no"; done
}

claim_rights_the_drop_in_for_devices_opens_iio_and_input_and_no_more() {
  trap rights_devices_down EXIT
  rights_devices
  chmod 660 /dev/input/mice
  [ "$(stat -c %U:%a /dev/iio:device0)" = awaitd:600 ]
  dropin "$examples/devices.conf"
  in_sandbox "$open_all; may mice-reads ': </dev/input/mice'"
  probed "$chip: yes"; probed 'iio:device0: yes'; probed 'mice-reads: yes'; probed 'input/mice: no'
  for d in uinput mem port kmsg watchdog ttyS0; do probed "$d: no"; done
}

claim_rights_the_service_writes_only_to_its_own_folders() {
  trap rights_down EXIT
  mkdir -p -m 777 /srv/open
  in_sandbox 'for d in /run/awaitd /var/lib/awaitd /etc/awaitd /usr/lib /srv/open /sys/kernel /home /root /boot; do
    may "$d" "touch $d/x && rm $d/x"; done
  may own-tmp "touch /tmp/awaitd-was-here"; may init "ls /proc/1"; may gpio-export "echo 1 >/sys/class/gpio/export"
  may hwmon "ls /sys/class/hwmon /sys/class/thermal /sys/bus/iio"; may load "cat /proc/loadavg /proc/meminfo"
  may module "modprobe dummy"; may setuid "setpriv --reuid 0 true"; may namespace "unshare -U true"
  may realtime "chrt -f 10 true"'
  probed '/run/awaitd: yes'; probed '/var/lib/awaitd: yes'; probed 'own-tmp: yes'; probed 'hwmon: yes'; probed 'load: yes'
  for what in /etc/awaitd /usr/lib /srv/open /sys/kernel /home /root /boot init gpio-export module setuid namespace realtime
  do probed "$what: no"; done
  [ ! -e /tmp/awaitd-was-here ]
}

tcp_config='{"streams": {"net": {"source": {"type": "socket", "listen": "tcp:127.0.0.1:7700", "framing": "ndjson"}}},
  "sinks": {"local": {"type": "unix", "path": "/run/awaitd/awaitd.sock"}}}'

claim_rights_tcp_is_forbidden_and_told() {
  trap rights_down EXIT
  config "$tcp_config"
  service_start
  subscribe /tmp/net '{"subscribe":["net"],"from":"oldest"}'
  until_ 30 has_lines /tmp/net '.is == "down" and .cause == "EAFNOSUPPORT"' 1
}

claim_rights_tcp_with_the_drop_in_for_this_machine_alone() {
  trap 'ip address delete 192.0.2.1/32 dev lo 2>/dev/null || true; rights_down' EXIT
  ip link set lo up
  ip address add 192.0.2.1/32 dev lo
  dropin "$examples/network.conf"
  config "${tcp_config/127.0.0.1:/0.0.0.0:}"
  service_start
  subscribe /tmp/net '{"subscribe":["net"],"from":"oldest"}'
  echo 1 | timeout 20 nc -N 127.0.0.1 7700
  until_ 30 has_lines /tmp/net '.value == 1' 1
  # From another address to another one: not "localhost".
  fails timeout 5 nc -N -s 192.0.2.1 192.0.2.1 7700 <<<2
  fails has_lines /tmp/net '.value == 2' 1
}

claim_rights_realtime_by_the_drop_in() {
  trap rights_down EXIT
  dropin "$examples/realtime.conf"
  config "$count_config"
  service_start
  [ "$(ps -o cls=,rtprio= -p "$(service_pid)" | tr -d ' ')" = FF10 ]
  subscribe /tmp/count '{"subscribe":["count"]}'
  until_ 30 has_lines /tmp/count .stream 5
}

# ------------------------------------------------------------------------- the peers

rights_config='{"streams": {
  "all": {"source": {"type": "timer", "interval": "1s"}},
  "alices": {"source": {"type": "timer", "interval": "1s"}, "allow": {"users": ["alice"]}},
  "carols": {"source": {"type": "timer", "interval": "1s"}, "allow": {"groups": ["carol"]}},
  "readers": {"source": {"type": "timer", "interval": "1s"}, "allow": {"groups": ["readers"], "users": ["bob"]}}},
  "sinks": {"local": {"type": "unix", "path": "/run/awaitd/awaitd.sock", "mode": "0666", "limits": {"connections_per_uid": 2}}}}'

names() { as "$1" timeout 60 awaitctl list --json | jq -r .list | sort | tr '\n' ' '; }
asks() { printf '%s\n' "$2" | as "$1" timeout 20 nc -U -q 3 "$socket"; }

claim_rights_allow_by_user_by_group_and_by_supplementary_group() {
  trap rights_down EXIT
  rights_users
  config "$rights_config"
  service_start
  [ "$(names alice)" = 'alices all ' ]
  [ "$(names bob)" = 'all readers ' ]
  [ "$(names carol)" = 'all carols readers ' ]
  [ "$(names root)" = 'alices all carols readers ' ]
}

names_secrets() { jq -c 'select(.reply | not)' "$1" | grep 'carols\|readers'; }

claim_rights_what_is_not_allowed_looks_like_what_is_not_there() {
  trap rights_down EXIT
  rights_users
  config "$rights_config"
  service_start
  asks alice '{"subscribe":["carols","nothing","*"],"from":"oldest"}' >/tmp/alice || true
  jq -e 'select(.reply) | .unmatched == ["carols", "nothing"]' /tmp/alice
  fails names_secrets /tmp/alice
  for verb in get list stats; do
    asks alice "{\"$verb\":[\"carols\",\"*\"]}" >/tmp/alice || true
    jq -e 'select(.reply) | .unmatched == ["carols"]' /tmp/alice
    fails names_secrets /tmp/alice
  done
}

claim_rights_reload_and_debug_are_for_root_and_awaitd() {
  trap rights_down EXIT
  rights_users
  config "$rights_config"
  service_start
  for request in '{"reload":true}' '{"debug":["generators"]}'; do
    asks alice "$request" | grep '"error":"not-allowed"'
    asks root "$request" | grep '"reply":'
    asks awaitd "$request" | grep '"reply":'
  done
}

claim_rights_who_is_not_in_the_group_cannot_connect() {
  trap rights_down EXIT
  rights_users
  config "$count_config"
  service_start
  [ "$(stat -c %U:%G:%a "$socket")" = awaitd:awaitd:660 ]
  fails as alice timeout 20 awaitctl list 2>/tmp/why
  cat /tmp/why
  grep -qi 'permission denied' /tmp/why
  as bob timeout 20 awaitctl list | grep count
}

claim_rights_the_socket_unit_makes_the_same_socket() {
  trap rights_down EXIT
  config "$count_config"
  service_stop
  # As at boot.
  rm -rf /run/awaitd && systemd-tmpfiles --create awaitd.conf
  systemctl start awaitd.socket
  [ "$(stat -c %G:%a "$socket")" = awaitd:660 ]
  [ "$(stat -c %U:%a /run/awaitd)" = awaitd:755 ]
}

hold() { # USER FILE: a connection that stays
  { printf '{"ping":1}\n'; sleep 600; } | as "$1" nc -U "$socket" >"$2" &
  until_ 30 grep -q '"reply"\|"error"' "$2"
}

# Says nothing itself: it would be to a socket that is closed already.
is_refused() { as "$1" timeout 20 nc -d -U "$socket" | grep '"error":"too-many-connections"'; }

claim_rights_limit_per_user_holds_across_a_kill() {
  trap rights_down EXIT
  rights_users
  config "$rights_config"
  service_start
  for i in 1 2; do hold alice "/tmp/alice.$i"; grep -q '"reply":"ping"' "/tmp/alice.$i"; done
  is_refused alice
  asks bob '{"ping":1}' | grep '"reply":"ping"'
  pid=$(service_pid)
  kill -KILL "$pid"
  until_ 30 service_pid_is_not "$pid"
  until_ 30 systemctl is-active -q awaitd.service
  is_refused alice
  asks bob '{"ping":1}' | grep '"reply":"ping"'
}

# -------------------------------------------------------------------------- restarts

claim_rights_what_fails_at_once_at_each_start_is_no_hot_loop() {
  trap rights_down EXIT
  printf '[Service]\nExecStart=\nExecStart=/nonexistent\nRestartSteps=10\n' >/tmp/fails.conf
  dropin /tmp/fails.conf
  systemctl start --no-block awaitd.service
  until_ 120 bash -c '[ "$(systemctl show -P NRestarts awaitd.service)" -ge 12 ]'
  [ "$(systemctl show -P RestartUSecNext awaitd.service)" = 1s ]
  rm "$dropins/fails.conf"
  systemctl daemon-reload
  [ "$(systemctl show -P RestartUSec awaitd.service)" = 1ms ]
}
