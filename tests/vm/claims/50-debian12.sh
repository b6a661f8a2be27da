# What is different with libgpiod 1.6 (Debian 12: scripts/check-vm --suite bookworm).  Its interface counts no events, so that what its
# queue of 16 had no room for cannot be said; what holds instead is claimed here in the place of what does not.

if ! pkg-config --atleast-version=2 libgpiod; then

unset -f claim_gpio_a_burst_beyond_the_kernels_queue_gives_an_exact_gap \
  claim_gpio_every_paced_edge_in_order_with_the_kernels_time \
  claim_gpio_thousands_of_edges_across_sigkills_come_once_each

claim_debian12_every_edge_in_order_with_the_kernels_time() {
  trap gpio_down EXIT
  gpio_up 8 '"chip": "panel", "line": "DOOR"'
  for round in $(seq 20); do
    edges 0 10
    until_ 60 has_lines /tmp/door '.edge' $((round * 10))
  done
  jq -s -e '[.[] | select(.edge) | .value] | . == [range(0; 200) | 1 - . % 2]' /tmp/door
  jq -s -e '[.[] | select(.edge) | .mono_ns] | . == sort and (unique | length) == 200' /tmp/door
  jq -s -e '[.[] | select(.stream) | .seq] | . == [range(1; length + 1)]' /tmp/door
}

claim_debian12_edges_across_sigkills_come_once_each() {
  trap gpio_down EXIT
  gpio_up 8 '"chip": "panel", "line": "DOOR"'
  for round in 1 2 3 4 5; do
    edges 0 10
    until_ 60 has_lines /tmp/door '.edge' $((round * 20 - 10))
    kill -KILL "$(service_pid)"
    edges 0 10
    until_ 60 has_lines /tmp/door '.edge' $((round * 20))
  done
  [ "$(systemctl show -P NRestarts awaitd.service)" -ge 5 ]
  jq -s -e '[.[] | select(.edge) | .mono_ns] | . == sort and (unique | length) == 100' /tmp/door
  jq -s -e '[.[] | select(.edge) | .value] | . == [range(0; 100) | 1 - . % 2]' /tmp/door
}

claim_debian12_a_burst_beyond_the_kernels_queue_gives_a_gap_and_the_value() {
  trap gpio_down EXIT
  gpio_up 8 '"chip": "panel", "line": "DOOR"'
  until_ 30 has_lines /tmp/door '.stream' 1
  kill -STOP "$(service_pid)"
  edges 0 40
  echo pull-up >"$sim/sim_gpio0/pull"
  kill -CONT "$(service_pid)"
  until_ 60 has_lines /tmp/door '.gap == "door" and .stage == "kernel" and .lost == null' 1
  # What was read behind the gap is what the line is now, which no edge said.
  until_ 60 jq -s -e '[.[] | select(.stream or .gap)] | .[-2].gap == "door" and .[-1].value == 1 and .[-1].edge == null' /tmp/door
  edges 0 2
  until_ 60 jq -s -e '[.[] | select(.stream)] | .[-1].edge == "falling"' /tmp/door
}

claim_debian12_a_debounce_in_software_has_the_last_edges_time() {
  trap gpio_down EXIT
  gpio_up 8 '"chip": "panel", "line": "DOOR", "debounce": "2s"'
  until_ 30 has_lines /tmp/door '.stream' 1
  for pull in up down up down up; do echo pull-$pull >"$sim/sim_gpio0/pull"; sleep 0.05; done
  after=$(awk '{ printf "%d", $1 * 1000 }' /proc/uptime)
  until_ 60 has_lines /tmp/door '.edge == "rising"' 1
  [ "$(lines /tmp/door .edge)" -eq 1 ]
  [ "$(jq 'select(.edge) | .mono_ns / 1000000 | floor' /tmp/door)" -le "$after" ]
}

fi

# systemd before 254 drops the store at a stop, and knows no growing pauses.
if ! systemctl --version | awk 'NR == 1 { exit !($2 >= 254) }'; then
  unset -f claim_service_stop_and_start_keeps_the_store claim_rights_what_fails_at_once_at_each_start_is_no_hot_loop
fi
