# Devices that come and go, as udev tells of them.

door_was() { [ "$(grep -c "^{\"state\":\"door\",\"is\":\"$1\"" /tmp/door)" -ge "${2:-1}" ]; } # down|up [TIMES]

claim_hotplug_a_chip_absent_at_start_is_told_and_its_coming_wakes_the_stream() {
  trap gpio_down EXIT
  sim_make panel 8 0=DOOR
  gpio_config '"chip": "panel", "line": "DOOR"'
  service_start
  began=$SECONDS
  subscribe /tmp/door '{"subscribe":["door"],"from":"oldest"}'
  until_ 30 has_lines /tmp/door '.is == "down" and .cause == "ENOENT" and (.message | test("no GPIO chip .panel"))' 1
  state_is door down
  until_ 20 status_has 'down: door'
  # It is tried 0.5, 1, 2, 4 and 8 s after the time before, or up to a quarter less; and then not for 12 s at least.
  until [ $((SECONDS - began)) -ge 16 ]; do nap 0.2; done
  sim_plug panel
  until_ 3 door_was up
  until_ 10 has_lines /tmp/door '.stream' 1
}

# Kernel 6.1 wakes nobody who waits for the line: it is udev's word.
claim_hotplug_an_unplugged_chip_is_down_at_once() {
  trap gpio_down EXIT
  gpio_up 8 '"chip": "panel", "line": "DOOR"'
  sim_unplug panel
  until_ 4 door_was down
  has_lines /tmp/door '.is == "down" and .cause == "ENODEV"' 1
}

claim_hotplug_an_unplugged_device_costs_no_cpu() {
  trap gpio_down EXIT
  gpio_up 8 '"chip": "panel", "line": "DOOR"'
  sim_unplug panel
  until_ 30 door_was down
  before=$(service_ticks)
  nap 10
  ticks=$(($(service_ticks) - before))
  echo "$ticks ticks of 10 ms in 10 s"
  [ "$ticks" -le 100 ]       # whoever polled in a loop would have taken most of 1000
}

claim_hotplug_plugged_in_and_out_25_times_leaks_nothing() {
  trap gpio_down EXIT
  gpio_up 8 '"chip": "panel", "line": "DOOR"'
  cycle() {
    sim_unplug panel
    until_ 20 door_was down "$1"
    sim_plug panel
    until_ 40 door_was up "$1"
  }
  for n in 1 2 3 4 5; do cycle "$n"; done
  fds=$(service_fds) rss=$(service_rss_kb)
  for n in $(seq 6 25); do cycle "$n"; done
  echo "fds $fds, then $(service_fds); resident $rss kB, then $(service_rss_kb) kB"
  [ "$(service_fds)" -eq "$fds" ]
  [ "$(service_rss_kb)" -le $((rss + 128)) ]
  edges 0 2
  until_ 30 has_lines /tmp/door '.edge' 2
}

claim_hotplug_a_chip_with_another_number_is_found_by_its_label() {
  trap 'gpio_down; sim_remove other' EXIT
  gpio_up 8 '"chip": "panel", "line": "DOOR"'
  first=$chip
  sim_unplug panel
  until_ 30 door_was down
  sim other 4
  sim_plug panel
  [ "$chip" != "$first" ]
  until_ 30 door_was up
  edges 0 2
  until_ 30 has_lines /tmp/door '.edge' 2
}

claim_hotplug_two_chips_of_one_label_are_told_until_one_goes() {
  trap 'gpio_down; sim_remove twin 2>/dev/null || true' EXIT
  sim_make twin 8 0=DOOR
  echo panel >"$configfs/twin/bank0/label"
  sim_plug twin
  gpio_up 8 '"chip": "panel", "line": "DOOR"'
  until_ 30 has_lines /tmp/door '.is == "down" and .cause == "ENOTUNIQ" and (.message | test("2 of GPIO chip"))' 1
  sim_remove twin
  until_ 40 door_was up
}
