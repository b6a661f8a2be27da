# A user's own daemon: the units of the user manager, with a real one.

user_up() { # what alice has: a manager, a config without sinks, $runtime
  rights_users
  service_stop
  rm -f "$socket"
  local uid; uid=$(id -u alice)
  runtime=/run/user/$uid
  install -d -o alice -g alice -m 755 ~alice ~alice/.config ~alice/.config/awaitd
  printf '{"streams": {"mine": {"source": {"type": "timer", "interval": "50ms"}}}}\n' >~alice/.config/awaitd/awaitd.json
  systemctl start "user@$uid.service"
  [ "$(stat -c %U:%a "$runtime")" = alice:700 ]
}
user_down() {
  pkill nc || true
  alices systemctl --user stop awaitd.socket awaitd.service || true
  systemctl stop "user@$(id -u alice).service"
}
alices() { as alice env XDG_RUNTIME_DIR="/run/user/$(id -u alice)" "$@"; }
users_pid() { alices systemctl --user show -P MainPID awaitd.service; }
users_pid_is_not() { local now; now=$(users_pid); [ "$now" != 0 ] && [ "$now" != "$1" ]; }

claim_user_unit_serves_its_user_in_the_runtime_directory() {
  trap user_down EXIT
  user_up
  alices systemctl --user start awaitd.service
  [ "$(stat -c %U:%a "$runtime/awaitd")" = alice:700 ]
  [ "$(ps -o user= -p "$(users_pid)")" = alice ]
  alices timeout 60 awaitctl list | grep mine
  fails as bob timeout 20 awaitctl -s "$runtime/awaitd/awaitd.sock" list
}

claim_user_unit_killed_restarted_and_stopped_nobody_notices() {
  trap user_down EXIT
  user_up
  alices systemctl --user start awaitd.socket awaitd.service
  socket=$runtime/awaitd/awaitd.sock subscribe /tmp/mine '{"subscribe":["mine"]}'
  pid=$(users_pid)
  kill -KILL "$pid"
  until_ 30 users_pid_is_not "$pid"
  alices systemctl --user restart awaitd.service
  if systemctl --version | awk 'NR == 1 { exit !($2 >= 254) }'; then
    alices systemctl --user stop awaitd.service
    alices systemctl --user start awaitd.service
  fi
  n=$(lines /tmp/mine .stream)
  until_ 30 has_lines /tmp/mine .stream $((n + 5))
  unbroken /tmp/mine
}

claim_user_socket_starts_it_at_the_first_connection() {
  trap user_down EXIT
  user_up
  alices systemctl --user start awaitd.socket
  [ "$(alices systemctl --user is-active awaitd.service)" != active ]
  alices timeout 60 awaitctl list | grep mine
  alices systemctl --user is-active -q awaitd.service
}

claim_user_reload_by_systemctl_beside_a_system_wide_daemon() {
  trap 'user_down; service_stop' EXIT
  user_up
  config "$count_config"
  service_start
  alices systemctl --user start awaitd.service
  sed -i 's/"mine"/"yours"/' ~alice/.config/awaitd/awaitd.json
  alices systemctl --user reload awaitd.service
  yours() { alices timeout 60 awaitctl -s "$runtime/awaitd/awaitd.sock" list | grep yours; }
  until_ 30 yours
}
