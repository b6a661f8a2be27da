# A line of a simulated chip as a stream, through the installed service.

gpio_config() { # STREAM-MEMBERS
  config "{\"streams\": {\"door\": {\"source\": {\"type\": \"gpio\", $1}}},
    \"sinks\": {\"local\": {\"type\": \"unix\", \"path\": \"$socket\"}}}"
}
gpio_up() { # LINES MEMBERS: a chip `panel` and a running service with one subscriber, in /tmp/door
  sim panel "$1" 0=DOOR 3=BELL
  gpio_config "$2"
  service_start
  subscribe /tmp/door '{"subscribe":["door"],"from":"oldest"}'
}
gpio_down() { pkill nc || true; service_stop; sim_remove panel; }

claim_gpio_initial_value_comes_first() {
  trap gpio_down EXIT
  gpio_up 8 '"chip": "panel", "line": "DOOR", "edge": "both"'
  until_ 30 has_lines /tmp/door '.stream == "door"' 1
  [ "$(jq -c 'select(.stream) | .value' /tmp/door | head -n 1)" = 0 ]
}

claim_gpio_every_paced_edge_in_order_with_the_kernels_time() {
  trap gpio_down EXIT
  gpio_up 8 '"chip": "panel", "line": "DOOR", "edge": "both"'
  edges 0 200
  until_ 60 has_lines /tmp/door '.edge' 200
  [ "$(jq -c 'select(.edge) | .value' /tmp/door | tr -d '\n')" = "$(printf '10%.0s' $(seq 100))" ]
  jq -s -e '[.[] | select(.edge) | .mono_ns] | . == sort and (unique | length) == 200' /tmp/door
  jq -s -e '[.[] | select(.stream) | .seq] | . == [range(1; length + 1)]' /tmp/door
}

claim_gpio_by_label_by_name_and_by_path_are_the_same_chip() {
  trap gpio_down EXIT
  sim panel 8 0=DOOR
  for by in panel "$chip" "/dev/$chip"; do
    gpio_config "\"chip\": \"$by\", \"line\": 0"
    service_start
    subscribe /tmp/door '{"subscribe":["door"],"from":"oldest"}'
    until_ 30 has_lines /tmp/door '.stream == "door"' 1
    pkill nc
    service_stop
  done
}

claim_gpio_active_low_inverts_the_value() {
  trap gpio_down EXIT
  gpio_up 8 '"chip": "panel", "line": "DOOR", "active_low": true'
  until_ 30 has_lines /tmp/door '.value == 1' 1
}

claim_gpio_bias_pulls_the_line() {
  trap gpio_down EXIT
  gpio_up 8 '"chip": "panel", "line": "DOOR", "bias": "pull-up"'
  until_ 30 has_lines /tmp/door '.value == 1' 1
}

claim_gpio_debounce_drops_a_short_pulse() {
  trap gpio_down EXIT
  gpio_up 8 '"chip": "panel", "line": "DOOR", "debounce": "500ms"'
  until_ 30 has_lines /tmp/door '.stream' 1
  echo pull-up >"$sim/sim_gpio0/pull"; echo pull-down >"$sim/sim_gpio0/pull"
  sleep 2
  [ "$(lines /tmp/door .edge)" -eq 0 ]
  echo pull-up >"$sim/sim_gpio0/pull"
  until_ 30 has_lines /tmp/door '.edge == "rising"' 1
}

claim_gpio_two_streams_on_two_lines_of_one_chip() {
  trap gpio_down EXIT
  sim panel 8 0=DOOR 3=BELL
  config "{\"streams\": {\"door\": {\"source\": {\"type\": \"gpio\", \"chip\": \"panel\", \"line\": \"DOOR\"}},
    \"bell\": {\"source\": {\"type\": \"gpio\", \"chip\": \"panel\", \"line\": \"BELL\"}}},
    \"sinks\": {\"local\": {\"type\": \"unix\", \"path\": \"$socket\"}}}"
  service_start
  subscribe /tmp/door '{"subscribe":["*"],"from":"oldest"}'
  edges 0 10; edges 3 6
  until_ 30 has_lines /tmp/door '.edge and .stream == "door"' 10
  until_ 30 has_lines /tmp/door '.edge and .stream == "bell"' 6
}

claim_gpio_a_line_that_somebody_holds_is_told_and_tried_again() {
  trap 'pkill gpiomon || true; gpio_down' EXIT
  sim panel 8 0=DOOR
  { gpiomon -c "$chip" 0 || gpiomon "$chip" 0; } >/dev/null 2>&1 &    # libgpiod 2's, 1.6's
  sleep 1
  gpio_config '"chip": "panel", "line": "DOOR"'
  service_start
  subscribe /tmp/door '{"subscribe":["door"],"from":"oldest"}'
  until_ 30 has_lines /tmp/door '.state == "door" and .is == "down" and .cause == "EBUSY"' 1
  pkill gpiomon
  until_ 60 has_lines /tmp/door '.state == "door" and .is == "up"' 1
  edges 0 2
  until_ 30 has_lines /tmp/door '.edge' 2
}

claim_gpio_chip_unplugged_is_down_and_plugged_in_again_is_up() {
  trap gpio_down EXIT
  gpio_up 8 '"chip": "panel", "line": "DOOR"'
  until_ 30 has_lines /tmp/door '.stream' 1
  sim_unplug panel
  until_ 60 has_lines /tmp/door '.is == "down"' 1
  sim_plug panel
  until_ 90 has_lines /tmp/door '.is == "up"' 1
  edges 0 4
  until_ 30 has_lines /tmp/door '.edge' 4
}

claim_gpio_a_burst_beyond_the_kernels_queue_gives_an_exact_gap() {
  trap gpio_down EXIT
  gpio_up 8 '"chip": "panel", "line": "DOOR", "queue": 16'
  until_ 30 has_lines /tmp/door '.stream' 1
  kill -STOP "$(service_pid)"
  edges 0 60
  kill -CONT "$(service_pid)"
  until_ 60 has_lines /tmp/door '.gap == "door" and .stage == "kernel"' 1
  sleep 1
  jq -s -e '([.[] | select(.edge)] | length) + ([.[] | select(.gap) | .lost] | add) == 60' /tmp/door
}

claim_gpio_thousands_of_edges_across_sigkills_come_once_each() {
  trap gpio_down EXIT
  gpio_up 8 '"chip": "panel", "line": "DOOR", "queue": 1024'
  edges 0 2000 0.01 & hand=$!
  for kill in 1 2 3 4 5 6 7 8; do
    kill -KILL "$(service_pid)"
    nap 1
    until_ 30 systemctl is-active -q awaitd.service
  done
  wait "$hand"
  until_ 60 has_lines /tmp/door '.edge' 2000
  nap 0.5
  [ "$(lines /tmp/door .edge)" -eq 2000 ]
  [ "$(systemctl show -P NRestarts awaitd.service)" -ge 8 ]
  jq -s -e '[.[] | select(.edge) | .mono_ns] | . == sort and (unique | length) == 2000' /tmp/door
  jq -s -e '[.[] | select(.edge) | .value] | . == [range(0; 2000) | 1 - . % 2]' /tmp/door
  jq -s -e '[.[] | select(.stream) | .seq] | . == [range(1; length + 1)]' /tmp/door
}
