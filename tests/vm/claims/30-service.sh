# The installed units under systemd as PID 1.

count_config='{"streams": {"count": {"source": {"type": "timer", "interval": "50ms"}}},
  "sinks": {"local": {"type": "unix", "path": "/run/awaitd/awaitd.sock", "group": "awaitd"}}}'
service_down() { pkill nc || true; service_stop; }

consecutive() { # FILE: the seqs of all entries follow each other
  jq -s -e '[.[] | select(.stream or .state) | .seq] | . == [range(.[0]; .[0] + length)]' "$1"
}

claim_service_start_is_ready_only_when_it_answers() {
  trap service_down EXIT
  config "$count_config"
  service_start
  printf '{"ping":1}\n' | timeout 20 nc -U -q 2 "$socket" | grep '"reply":"ping"'
}

claim_service_runs_as_its_own_user_without_capabilities() {
  trap service_down EXIT
  config "$count_config"
  service_start
  [ "$(stat -c %U "/proc/$(service_pid)")" = awaitd ]
  grep -q 'CapEff:.0000000000000000' "/proc/$(service_pid)/status"
}

claim_service_a_wrong_config_is_exit_78_and_not_restarted() {
  trap service_down EXIT
  config '{"streams": {"x": {"source": {"type": "tmier"}}}}'
  ! service_start
  sleep 1
  [ "$(systemctl show -P ExecMainStatus awaitd.service)" = 78 ]
  [ "$(systemctl is-active awaitd.service)" = failed ]
  journalctl -b -u awaitd --no-pager | grep 'did you mean "timer"'
}

claim_service_reload_takes_the_new_config_and_keeps_subscribers() {
  trap service_down EXIT
  config "$count_config"
  service_start
  subscribe /tmp/count '{"subscribe":["count","more*"]}'
  config "${count_config/\"streams\": \{/\"streams\": \{\"more\": {\"source\": {\"type\": \"timer\", \"interval\": \"50ms\"\}\}, }"
  systemctl reload awaitd.service
  until_ 30 has_lines /tmp/count '.stream == "more"' 3
  consecutive <(jq -c 'select(.stream == "count")' /tmp/count)
}

claim_service_reload_of_a_wrong_config_changes_nothing() {
  trap service_down EXIT
  config "$count_config"
  service_start
  subscribe /tmp/count '{"subscribe":["count"]}'
  config '{"streams": 5}'
  systemctl reload awaitd.service || true
  sleep 1
  n=$(lines /tmp/count .stream)
  until_ 30 has_lines /tmp/count .stream $((n + 5))
  consecutive /tmp/count
}

claim_service_restart_nobody_notices() {
  trap service_down EXIT
  config "$count_config"
  service_start
  subscribe /tmp/count '{"subscribe":["count"]}'
  for round in 1 2 3; do systemctl restart awaitd.service; sleep 1; done
  n=$(lines /tmp/count .stream)
  until_ 30 has_lines /tmp/count .stream $((n + 5))
  consecutive /tmp/count
}

claim_service_sigkill_nobody_notices() {
  trap service_down EXIT
  config "$count_config"
  service_start
  subscribe /tmp/count '{"subscribe":["count"]}'
  for round in 1 2 3; do
    kill -KILL "$(service_pid)"
    until_ 30 systemctl is-active -q awaitd.service
    sleep 1
  done
  n=$(lines /tmp/count .stream)
  until_ 30 has_lines /tmp/count .stream $((n + 5))
  consecutive /tmp/count
  [ "$(systemctl show -P NRestarts awaitd.service)" -ge 3 ]
}

claim_service_stop_and_start_keeps_the_store() {
  trap service_down EXIT
  config "$count_config"
  systemctl start awaitd.socket
  service_start
  subscribe /tmp/count '{"subscribe":["count"]}'
  systemctl stop awaitd.service
  sleep 1
  systemctl start awaitd.service
  n=$(lines /tmp/count .stream)
  until_ 30 has_lines /tmp/count .stream $((n + 5))
  consecutive /tmp/count
}

claim_service_socket_activation_starts_it_at_the_first_connection() {
  trap service_down EXIT
  config "$count_config"
  service_stop
  systemctl start awaitd.socket
  [ "$(systemctl is-active awaitd.service)" != active ]
  printf '{"ping":1}\n' | timeout 30 nc -U -q 5 "$socket" | grep '"reply":"ping"'
  systemctl is-active -q awaitd.service
}

claim_service_a_hung_loop_is_killed_by_the_watchdog_and_nobody_notices() {
  trap service_down EXIT
  config "$count_config"
  mkdir -p /run/systemd/system/awaitd.service.d
  printf '[Service]\nWatchdogSec=4\n' >/run/systemd/system/awaitd.service.d/test.conf
  systemctl daemon-reload
  service_start
  subscribe /tmp/count '{"subscribe":["count"]}'
  pid=$(service_pid)
  kill -STOP "$pid"
  until_ 60 service_pid_is_not "$pid"
  n=$(lines /tmp/count .stream)
  until_ 30 has_lines /tmp/count .stream $((n + 5))
  consecutive /tmp/count
  rm /run/systemd/system/awaitd.service.d/test.conf
  systemctl daemon-reload
}

claim_service_status_says_streams_and_subscribers() {
  trap service_down EXIT
  config "$count_config"
  service_start
  subscribe /tmp/count '{"subscribe":["count"]}'
  until_ 30 bash -c 'systemctl show -P StatusText awaitd.service | grep -q "1 stream"'
  until_ 30 bash -c 'systemctl show -P StatusText awaitd.service | grep -q "1 subscri"'
}

claim_service_exposure_is_low() {
  systemd-analyze security --no-pager awaitd.service | tail -n 1
  systemd-analyze security --no-pager --threshold=12 awaitd.service >/dev/null
}

claim_service_journal_entries_are_structured() {
  trap service_down EXIT
  config '{"streams": {"gone": {"source": {"type": "attr", "path": "/sys/nothing/here"}}},
    "sinks": {"local": {"type": "unix", "path": "/run/awaitd/awaitd.sock"}}}'
  service_start
  until_ 30 bash -c 'journalctl -b -u awaitd -o json --no-pager | grep -q "\"AWAITD_STREAM\":\"gone\""'
}
