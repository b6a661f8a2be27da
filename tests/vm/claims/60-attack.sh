# What a user who may connect, and nothing more, does to the service on purpose: attack.py, as alice.

attack_config='{"streams": {
  "count": {"source": {"type": "timer", "interval": "50ms"}},
  "in": {"source": {"type": "socket", "listen": "unix:/run/awaitd/in.sock", "framing": "ndjson", "mode": "0666"}},
  "secret": {"source": {"type": "timer", "interval": "50ms"}, "allow": {"users": ["root"]}}},
  "sinks": {"local": {"type": "unix", "path": "/run/awaitd/awaitd.sock", "mode": "0666",
    "limits": {"connections_per_uid": 300}}}}'

# The service is attacked while root subscribes and bob asks; /tmp/attack has what the attacker saw.
attacked() { # KIND [SOCKET]
  local pid
  rights_users
  config "$attack_config"
  service_start
  pid=$(service_pid)
  subscribe /tmp/count '{"subscribe":["count"]}'
  as alice timeout 120 python3 /test/claims/attack.py "$1" "${2:-$socket}" >/tmp/attack 2>&1 &
  until asks bob '{"ping":1}' | grep -q '"reply":"ping"' && ! kill -0 $! 2>/dev/null; do sleep 0.5; done
  wait $! || { cat /tmp/attack; false; }
  cat /tmp/attack
  [ "$(service_pid)" = "$pid" ]
  [ "$(awk '/VmRSS/ { print $2 }' "/proc/$pid/status")" -lt 20000 ]
  fails grep -q '"secret"' /tmp/attack
  local n; n=$(lines /tmp/count .stream)
  until_ 30 has_lines /tmp/count .stream $((n + 5))
  unbroken /tmp/count
}

# All entries follow each other, the source's own gaps among them, and the subscriber missed none.
unbroken() {
  jq -s -e '([.[] | select(.seq and (.ready | not)) | .seq] | . == [range(.[0]; .[0] + length)])
    and all(.[]; .from | not)' "$1"
}
saw() { grep -- "$1" /tmp/attack; }

claim_attack_all_connections_that_a_user_may_have() {
  trap rights_down EXIT
  HOLD=10 attacked fill
  saw '"error":"too-many-connections"'
}
claim_attack_garbage_is_answered_with_errors() {
  trap rights_down EXIT
  attacked garbage
  saw '^garbage: open.*"error":"invalid-json"'; saw '^deep: .*"error"'
}
claim_attack_a_huge_line_is_refused_and_the_connection_lives() {
  trap rights_down EXIT
  attacked huge
  saw '^huge line: open.*"error":"request-too-long"'
}
claim_attack_half_lines_hold_up_nobody() {
  trap rights_down EXIT
  attacked half
  saw '^byte by byte: open.*"reply":"ping"'
}
claim_attack_half_open_connections_end() {
  trap rights_down EXIT
  attacked halfopen
  saw '^after EOF: closed.*"list"'
}
claim_attack_slow_readers_slow_down_nobody() {
  trap rights_down EXIT
  HOLD=10 attacked slow
  saw '^200 slow readers'
}
claim_attack_answers_that_are_not_read_are_not_made() {
  trap rights_down EXIT
  attacked requests
}
claim_attack_10000_patterns_are_refused() {
  trap rights_down EXIT
  attacked patterns
  saw '^10,000 at once: open.*"error"'; saw '^pattern 256 .*"error":"too-many-subscriptions"'; saw '^100 globs: quick'
}
claim_attack_descriptors_are_not_kept() {
  trap rights_down EXIT
  attacked descriptors
  saw '^descriptors: none was kept'
}
claim_attack_coming_and_going_leaves_nothing() {
  trap rights_down EXIT
  attacked churn
  until_ 30 bash -c '[ "$(ls /proc/$(systemctl show -P MainPID awaitd)/fd | wc -l)" -lt 40 ]'
}
claim_attack_on_a_socket_source_spoils_only_its_own_lines() {
  trap rights_down EXIT
  attacked ingest /run/awaitd/in.sock
  as bob timeout 60 awaitctl stats | grep -w in
}
claim_attack_run_awaitd_is_closed_to_others() {
  trap rights_down EXIT
  rights_users
  config "$attack_config"
  service_start
  fails as alice ln -s /etc/shadow /run/awaitd/x
  fails as alice rm "$socket"
  fails as alice mv "$socket" /run/awaitd/y
  fails as bob touch /run/awaitd/x
  fails as alice ls /var/lib/awaitd
}

# A path that somebody else took first, in a folder open to all: refused, and named.
claim_attack_a_path_that_somebody_else_took_is_refused() {
  trap 'rm -rf /run/sticky; rights_down' EXIT
  rights_users
  mkdir -p -m 1777 /run/sticky
  for trick in 'ln -s /etc/passwd' 'ln -s /nowhere' mkfifo mkdir 'timeout 60 nc -lU'; do
    rm -rf /run/sticky/s
    as alice $trick /run/sticky/s & sleep 1
    printf '{"streams": {}, "sinks": {"local": {"type": "unix", "path": "/run/sticky/s"}}}' >/tmp/trick.json
    chmod 644 /tmp/trick.json
    fails as awaitd timeout 20 awaitd -c /tmp/trick.json 2>/tmp/why
    cat /tmp/why
    grep '/run/sticky/s is there' /tmp/why
    [ -e /run/sticky/s ] || [ -L /run/sticky/s ]
  done
  [ "$(stat -c %U /etc/passwd)" = root ]
}
