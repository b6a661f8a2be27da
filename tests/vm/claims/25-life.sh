# Read on demand; how a stream is.

demand_up() { # LINGER
  sim panel 8 0=DOOR
  config "{\"streams\": {\"door\": {\"open\": \"on-demand\", \"linger\": \"$1\",
    \"source\": {\"type\": \"gpio\", \"chip\": \"panel\", \"line\": \"DOOR\"}}},
    \"sinks\": {\"local\": {\"type\": \"unix\", \"path\": \"$socket\"}}}"
  service_start
}
is_idle() { ask '{"list":["door"]}' | jq -s -e 'any(.[]; .list and .idle == true and .listeners == 0)' >/dev/null; }

claim_demand_what_nobody_listens_to_is_not_read() {
  trap gpio_down EXIT
  demand_up 0s
  line_is_free DOOR
  gpioget -c "$chip" 0 2>/dev/null || gpioget "$chip" 0
  is_idle
  until_ 20 status_has 'idle, no subscriber: door'
}

claim_demand_the_last_subscribers_leaving_releases_the_line_and_seq_goes_on() {
  trap gpio_down EXIT
  demand_up 0s
  subscribe /tmp/door '{"subscribe":["door"],"from":"oldest"}'
  until_ 30 has_lines /tmp/door '.stream' 1
  line_is_held DOOR
  ! is_idle
  edges 0 4
  until_ 30 has_lines /tmp/door '.edge' 4
  unsubscribe
  until_ 30 line_is_free DOOR
  until_ 30 is_idle
  pull 0 up
  subscribe /tmp/door2 '{"subscribe":["door"]}'
  until_ 30 has_lines /tmp/door2 '.stream' 1
  line_is_held DOOR
  # A fresh generator begins with the line's value as it is now; nothing is missing between.
  [ "$(lines /tmp/door2 '.stream and .value == 1 and .edge == null')" -eq 1 ]
  cat /tmp/door /tmp/door2 >/tmp/both
  follow /tmp/both
  [ "$(ask '{"stats":["door"]}' | jq 'select(.stats) | .listeners')" = 1 ]
}

claim_demand_lingers_for_who_comes_back() {
  trap gpio_down EXIT
  demand_up 1m
  subscribe /tmp/door '{"subscribe":["door"],"from":"oldest"}'
  until_ 30 has_lines /tmp/door '.stream' 1
  unsubscribe
  edges 0 2
  line_is_held DOOR
  subscribe /tmp/door '{"subscribe":["door"],"from":"oldest"}'
  until_ 30 has_lines /tmp/door '.edge' 2
  [ "$(lines /tmp/door '.stream and .edge == null')" -eq 1 ]
}

claim_demand_unplugged_while_it_lingers() {
  trap gpio_down EXIT
  demand_up 2s
  subscribe /tmp/door '{"subscribe":["door"],"from":"oldest"}'
  until_ 30 has_lines /tmp/door '.stream' 1
  unsubscribe
  sim_unplug panel
  until_ 30 is_idle
  sim_plug panel
  line_is_free DOOR
  subscribe /tmp/door2 '{"subscribe":["door"]}'
  until_ 30 has_lines /tmp/door2 '.stream' 1
  edges 0 2
  until_ 30 has_lines /tmp/door2 '.edge' 2
}

claim_health_stale_where_an_event_was_expected_and_up_with_the_next() {
  trap gpio_down EXIT
  sim panel 8 0=DOOR
  config "{\"streams\": {\"door\": {\"expect\": \"1s\",
    \"source\": {\"type\": \"gpio\", \"chip\": \"panel\", \"line\": \"DOOR\"}}},
    \"sinks\": {\"local\": {\"type\": \"unix\", \"path\": \"$socket\"}}}"
  service_start
  subscribe /tmp/door '{"subscribe":["door"],"from":"oldest"}'
  until_ 30 has_lines /tmp/door '.is == "stale"' 1
  state_is door stale
  until_ 20 status_has 'stale: door'
  edges 0 2
  until_ 30 has_lines /tmp/door '.is == "up"' 1
  until_ 30 has_lines /tmp/door '.is == "stale"' 2
  follow /tmp/door
}

claim_health_ended_when_its_source_ends_or_it_leaves_the_config() {
  trap service_down EXIT
  config '{"streams": {"three": {"source": {"type": "timer", "from": 1, "to": 3, "interval": "10ms"}},
    "tick": {"source": {"type": "timer", "interval": "50ms"}}}}'
  service_start
  subscribe /tmp/ends '{"subscribe":["*"],"from":"oldest"}'
  until_ 30 has_lines /tmp/ends '.state == "three" and .is == "ended"' 1
  [ "$(jq -c 'select(.stream == "three") | .value' /tmp/ends | tr -d '\n')" = 123 ]
  state_is three ended
  config '{"streams": {"other": {"source": {"type": "timer", "interval": "50ms"}}}}'
  systemctl reload awaitd.service
  until_ 30 has_lines /tmp/ends '.state == "tick" and .is == "ended"' 1
  [ "$(ask '{"list":["tick"]}' | jq -c 'select(.reply) | .unmatched')" = '["tick"]' ]
}
