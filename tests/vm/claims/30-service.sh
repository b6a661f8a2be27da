# The installed units under systemd as PID 1.

count_config='{"streams": {"count": {"source": {"type": "timer", "interval": "50ms"}}},
  "sinks": {"local": {"type": "unix", "path": "/run/awaitd/awaitd.sock", "group": "awaitd"}}}'
service_down() { pkill nc || true; service_stop; }

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
  follow <(jq -c 'select(.stream == "count" or .gap == "count")' /tmp/count)
}

claim_service_reload_of_a_wrong_config_fails_and_changes_nothing() {
  trap service_down EXIT
  config "$count_config"
  service_start
  subscribe /tmp/count '{"subscribe":["count"]}'
  config '{"streams": {"x": {"source": {"type": "tmier"}}}}'
  ! systemctl reload awaitd.service || return 1
  systemctl is-active -q awaitd.service
  journal_has 'did you mean "timer"'
  status_has 'the config file is wrong'
  n=$(lines /tmp/count .stream)
  until_ 30 has_lines /tmp/count .stream $((n + 5))
  follow /tmp/count
}

claim_service_restart_nobody_notices() {
  trap service_down EXIT
  config "$count_config"
  service_start
  subscribe /tmp/count '{"subscribe":["count"]}'
  for round in 1 2 3; do systemctl restart awaitd.service; sleep 1; done
  n=$(lines /tmp/count .stream)
  until_ 30 has_lines /tmp/count .stream $((n + 5))
  follow /tmp/count
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
  follow /tmp/count
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
  follow /tmp/count
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
  follow /tmp/count
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
  config '{"streams": {"gone": {"source": {"type": "attr", "path": "/sys/nothing/here"}}}}'
  service_start
  told() {
    journalctl -b -o json --no-pager AWAITD_STREAM=gone | jq -s -e 'any(.[]; (.MESSAGE | test("ENOENT|No such file|cannot open"))
      and .PRIORITY != null and .SYSLOG_IDENTIFIER == "awaitd" and ._SYSTEMD_UNIT == "awaitd.service")'
  }
  until_ 30 told
}

claim_service_upgrade_of_the_binary_under_load_nobody_notices() {
  trap service_down EXIT
  config "${count_config/50ms/5ms}"
  service_start
  subscribe /tmp/count '{"subscribe":["count"]}'
  printf 'newer' >>/src/b/awaitd
  touch -r /usr/sbin/awaitd /tmp/before
  make -s -C /src/b install-sbinPROGRAMS
  systemctl restart awaitd.service
  cmp "/proc/$(service_pid)/exe" /src/b/awaitd
  n=$(lines /tmp/count .stream)
  until_ 30 has_lines /tmp/count .stream $((n + 50))
  follow /tmp/count
}

claim_service_out_of_file_descriptors_goes_on_and_recovers() {
  trap service_down EXIT
  config "$count_config"
  service_start
  subscribe /tmp/count '{"subscribe":["count"]}'
  limit=$(($(service_fds) + 2))
  prlimit --pid "$(service_pid)" --nofile=$limit:16384
  for n in 1 2 3 4 5 6; do
    printf '{"subscribe":["count"]}\n' | nc -U -q -1 "$socket" >"/tmp/more$n" &
  done
  n=$(lines /tmp/count .stream)
  until_ 30 has_lines /tmp/count .stream $((n + 20))
  before=$(service_ticks)
  nap 3
  ticks=$(($(service_ticks) - before))
  echo "$ticks ticks of 10 ms in 3 s"
  [ "$ticks" -le 60 ]
  prlimit --pid "$(service_pid)" --nofile=16384:16384
  for n in 1 2 3 4 5 6; do until_ 30 grep -q '"ready"' "/tmp/more$n"; done
  follow /tmp/count
}

claim_boot_without_device_and_network_it_starts_and_serves() {
  trap 'ip link set lo up; service_down' EXIT
  ip link set lo down
  [ -z "$(ip -o link show up)" ]
  config '{"streams": {"door": {"source": {"type": "gpio", "chip": "nowhere", "line": 0}},
    "board": {"source": {"type": "attr", "path": "/sys/class/hwmon/nowhere/temp1_input"}},
    "tick": {"source": {"type": "timer", "interval": "50ms"}}}}'
  service_start
  subscribe /tmp/boot '{"subscribe":["*"],"from":"oldest"}'
  until_ 30 has_lines /tmp/boot '.stream == "tick"' 5
  until_ 30 has_lines /tmp/boot '.is == "down" and .state == "door"' 1
  until_ 30 has_lines /tmp/boot '.is == "down" and .state == "board"' 1
}

claim_boot_a_clock_that_is_wrong_and_jumps_shows_in_time_alone() {
  trap 'date -s "@$(($(cut -d. -f1 /proc/uptime) + offset))" >/dev/null; service_down' EXIT
  offset=$(($(date +%s) - $(cut -d. -f1 /proc/uptime)))
  config "$count_config"
  service_start
  subscribe /tmp/count '{"subscribe":["count"]}'
  until_ 30 has_lines /tmp/count .stream 3
  date -s '2001-02-03 04:05:06' >/dev/null
  until_ 30 has_lines /tmp/count '.stream and (.time | startswith("2001-02-03T"))' 5
  date -s '2033-01-01' >/dev/null
  until_ 30 has_lines /tmp/count '.stream and (.time | startswith("2033-01-01T"))' 5
  systemctl is-active -q awaitd.service
  follow /tmp/count
  # The beat goes on, and so does the monotonic time.
  jq -s -e '[.[] | select(.stream) | .mono_ns] | . == sort and ((.[-1] - .[0]) < (length + 100) * 50000000)' /tmp/count
}
