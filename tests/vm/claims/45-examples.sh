# The configs of examples/ as they are installed, with real drivers where there are any.

example() { cat "/usr/share/doc/awaitd/examples/$1.json"; }

# The registers of a BME280 with the calibration and readings of the example in the BMP280's data sheet (3.12), which says what comes
# out: 25.08 degrees and 100653 Pa.
bme280_up() {
  modprobe -r lm75 bmp280-i2c i2c-stub 2>/dev/null || true
  modprobe i2c-dev; modprobe i2c-stub chip_addr=0x76
  bus=$(grep -l 'SMBus stub' /sys/bus/i2c/devices/i2c-*/name | head -n 1 | sed 's,.*/i2c-\([0-9]*\)/.*,\1,')
  udevadm settle
  local reg=0x88 value
  i2cset -f -y "$bus" 0x76 0xd0 0x60 b
  for value in 27504 26435 -1000 36477 -10685 3024 2855 140 -7 15500 -14600 6000; do
    i2cset -f -y "$bus" 0x76 $reg $((value & 255)) b
    i2cset -f -y "$bus" 0x76 $((reg + 1)) $((value >> 8 & 255)) b
    reg=$((reg + 2))
  done
  for value in 0xa1=75 0xe1=0x6a 0xe2=1 0xe3=0 0xe4=0x13 0xe5=0x29 0xe6=3 0xe7=30 \
    0xf7=0x65 0xf8=0x5a 0xf9=0xc0 0xfa=0x7e 0xfb=0xed 0xfc=0 0xfd=0x75 0xfe=0x30; do
    i2cset -f -y "$bus" 0x76 "${value%=*}" "${value#*=}" b
  done
  modprobe bmp280-i2c
  echo bme280 0x76 >"/sys/bus/i2c/devices/i2c-$bus/new_device"
  udevadm settle
}
raspberry_down() { gpio_down; echo 0x76 >"/sys/bus/i2c/devices/i2c-$bus/delete_device"; modprobe -r bmp280-i2c i2c-stub; }

claim_example_raspberry_pi_with_door_thermometer_and_bme280() {
  trap raspberry_down EXIT
  sim panel 32 17=GPIO17
  bme280_up
  # There is no 1-Wire bus here: a file in the place of w1_therm's.
  mkdir -p /run/w1/28-0000075565ab
  echo 21437 >/run/w1/28-0000075565ab/temperature
  config "$(example raspberry-pi | sed "s,/1-0076/,/$bus-0076/,; s,/sys/bus/w1/devices/,/run/w1/,")"
  service_start
  subscribe /tmp/pi '{"subscribe":["*"],"from":"oldest"}'
  until_ 60 has_lines /tmp/pi '.stream == "door" and .value == 1' 1
  until_ 60 has_lines /tmp/pi '.stream == "water" and .value == 21.437 and .unit == "Cel"' 1
  until_ 60 has_lines /tmp/pi '.stream == "room.temperature" and .value == 25.08 and .unit == "Cel"' 1
  until_ 60 has_lines /tmp/pi '.stream == "room.pressure" and (.value - 1006.53 | fabs) < 0.01 and .unit == "hPa"' 1
  until_ 60 has_lines /tmp/pi '.stream == "room.humidity" and .value > 0 and .value < 100 and .unit == "%RH"' 1
  echo pull-down >"$sim/sim_gpio17/pull"
  until_ 60 has_lines /tmp/pi '.stream == "door" and .value == 0 and .edge == "falling"' 1
}

claim_example_gateway_collects_from_local_programs() {
  trap rights_down EXIT
  rights_users
  usermod -aG adm carol; usermod -aG awaitd carol
  ip link set lo up
  dropin "$examples/network.conf"
  config "$(example gateway)"
  service_start
  subscribe /tmp/gateway '{"subscribe":["*"],"from":"oldest"}'
  echo '{"kwh": 1.5}' | as bob timeout 20 nc -N -U /run/awaitd/meters.sock
  fails as alice timeout 20 nc -N -U /run/awaitd/meters.sock <<<7
  printf '{"value": 21.5}\n{"value": 21.55}\n{"value": 999}\n{"value": 22}\n' | timeout 20 nc -N 127.0.0.1 7700
  echo 'smoke in the cellar' | as bob timeout 20 nc -N -U /run/awaitd/alarms.sock
  until_ 30 has_lines /tmp/gateway '.stream == "alarms" and .value == "smoke in the cellar"' 1
  until_ 30 has_lines /tmp/gateway '.stream == "meters" and .value == {"kwh": 1.5}' 1
  until_ 30 has_lines /tmp/gateway '.stream == "modbus" and .value == 22 and .unit == "Cel"' 1
  [ "$(jq -c 'select(.stream == "modbus") | .value' /tmp/gateway | tr '\n' ' ')" = '21.5 22 ' ]
  until_ 30 has_lines /tmp/gateway '.stream == "alive"' 1
  [ "$(names bob)" = 'alive meters modbus ' ]
  [ "$(names carol)" = 'alarms alive meters modbus ' ]
}
