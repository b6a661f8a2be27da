# What the claims share.  A claim is a function claim_NAME that runs with `set -e`.

socket=/run/awaitd/awaitd.sock
configfs=/sys/kernel/config/gpio-sim

# until_ SECONDS COMMAND...: tries again until it succeeds.
until_() {
  local end=$((SECONDS + $1)); shift
  until "$@"; do
    [ "$SECONDS" -lt "$end" ] || { echo "gave up on: $*"; return 1; }
    sleep 0.1
  done
}

# ------------------------------------------------------------------------ gpio-sim

# sim NAME LINES [LINE=NAME...]: makes a chip labelled NAME and sets $chip (gpiochipN) and $sim (its sysfs).
sim() {
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
  sim_plug "$name"
}
sim_plug() {
  echo 1 >"$configfs/$1/live"
  chip=$(cat "$configfs/$1/bank0/chip_name")
  sim=/sys/devices/platform/$(cat "$configfs/$1/dev_name")/$chip
  udevadm settle
}
sim_unplug() { echo 0 >"$configfs/$1/live"; }
sim_remove() {
  sim_unplug "$1"
  rmdir "$configfs/$1"/bank0/line* 2>/dev/null || true
  rmdir "$configfs/$1/bank0" "$configfs/$1"
}

# edges LINE COUNT: COUNT paced changes of a line, beginning with a rising one.
edges() {
  local i
  for ((i = 0; i < $2; i++)); do
    if [ $((i % 2)) -eq 0 ]; then echo pull-up; else echo pull-down; fi >"$sim/sim_gpio$1/pull"
    sleep 0.01
  done
}

# --------------------------------------------------------------------- the service

# config JSON: the installed service's configuration.
config() { mkdir -p /etc/awaitd; printf '%s\n' "$1" >/etc/awaitd/awaitd.json; }

service_start() { systemctl reset-failed awaitd.service 2>/dev/null || true; systemctl restart awaitd.service; }
service_stop() { systemctl stop awaitd.socket awaitd.service 2>/dev/null || true; }
service_pid() { systemctl show -P MainPID awaitd.service; }
service_pid_is_not() { local now; now=$(service_pid); [ "$now" != 0 ] && [ "$now" != "$1" ]; }

# subscribe FILE REQUEST: a subscriber that runs until the claim ends; waits for its last `ready`.
subscribe() {
  local file=$1
  : >"$file"
  { printf '%s\n' "$2"; sleep 600; } | nc -U "$socket" >"$file" &
  until_ 30 grep -q '"ready"' "$file"
}

# lines FILE JQ-CONDITION: how many lines of FILE satisfy it.
lines() { jq -c "select($2)" "$1" | wc -l; }
has_lines() { [ "$(lines "$1" "$2")" -ge "$3" ]; }
