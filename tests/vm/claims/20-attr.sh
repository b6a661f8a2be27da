# Attributes of real drivers: hwmon by lm75 on i2c-stub, IIO's dummy.

attr_config() { # MEMBERS
  config "{\"streams\": {\"board\": {\"source\": {\"type\": \"attr\", $1}, \"unit\": \"Cel\"}},
    \"sinks\": {\"local\": {\"type\": \"unix\", \"path\": \"$socket\"}}}"
}
attr_down() { pkill nc || true; service_stop; modprobe -r lm75 i2c-stub 2>/dev/null || true; }

lm75_up() {
  modprobe i2c-dev; modprobe i2c-stub chip_addr=0x48
  bus=$(grep -l 'SMBus stub' /sys/bus/i2c/devices/i2c-*/name | head -n 1 | sed 's,.*/i2c-\([0-9]*\)/.*,\1,')
  udevadm settle
  lm75_set 0x8019
  modprobe lm75
  echo lm75 0x48 >"/sys/bus/i2c/devices/i2c-$bus/new_device"
  udevadm settle
}
lm75_set() { i2cset -f -y "$bus" 0x48 0 "$1" w; }

claim_attr_lm75_follows_the_sensor() {
  trap attr_down EXIT
  lm75_up
  attr_config '"path": "/sys/class/hwmon/hwmon*/temp1_input", "scale": 0.001, "interval": "200ms"'
  service_start
  subscribe /tmp/board '{"subscribe":["board"],"from":"oldest"}'
  until_ 30 has_lines /tmp/board '.value == 25.5 and .unit == "Cel"' 1
  lm75_set 0x001e
  until_ 30 has_lines /tmp/board '.value == 30' 1
}

claim_attr_a_sensor_that_vanishes_is_down_and_comes_back() {
  trap attr_down EXIT
  lm75_up
  attr_config '"path": "/sys/class/hwmon/hwmon*/temp1_input", "scale": 0.001, "interval": "200ms"'
  service_start
  subscribe /tmp/board '{"subscribe":["board"],"from":"oldest"}'
  until_ 30 has_lines /tmp/board '.value' 1
  echo 0x48 >"/sys/bus/i2c/devices/i2c-$bus/delete_device"
  until_ 60 has_lines /tmp/board '.is == "down"' 1
  echo lm75 0x48 >"/sys/bus/i2c/devices/i2c-$bus/new_device"
  until_ 90 has_lines /tmp/board '.is == "up"' 1
}

claim_attr_iio_dummy_raw_channel() {
  trap 'rmdir /sys/kernel/config/iio/devices/dummy/awaitd 2>/dev/null || true; attr_down' EXIT
  modprobe iio-dummy
  mkdir /sys/kernel/config/iio/devices/dummy/awaitd
  udevadm settle
  attr_config '"path": "/sys/bus/iio/devices/iio:device*/in_voltage0_raw", "interval": "200ms"'
  service_start
  subscribe /tmp/board '{"subscribe":["board"],"from":"oldest"}'
  until_ 30 has_lines /tmp/board '.value == 73' 1
}

claim_attr_a_sensor_absent_at_start_is_waited_for() {
  trap attr_down EXIT
  modprobe -r lm75 i2c-stub 2>/dev/null || true
  attr_config '"path": "/sys/class/hwmon/hwmon*/temp1_input", "interval": "200ms"'
  service_start
  subscribe /tmp/board '{"subscribe":["board"],"from":"oldest"}'
  until_ 30 has_lines /tmp/board '.is == "down"' 1
  lm75_up
  until_ 90 has_lines /tmp/board '.is == "up"' 1
}

claim_attr_a_read_that_does_not_return_is_told_and_delays_nobody() {
  trap 'rm -f /run/stuck; attr_down' EXIT
  mkfifo -m 644 /run/stuck
  config "{\"streams\": {\"stuck\": {\"source\": {\"type\": \"attr\", \"path\": \"/run/stuck\", \"timeout\": \"500ms\"}},
    \"load\": {\"source\": {\"type\": \"attr\", \"path\": \"/sys/kernel/mm/transparent_hugepage/enabled\", \"interval\": \"100ms\"}}},
    \"sinks\": {\"local\": {\"type\": \"unix\", \"path\": \"$socket\"}}}"
  service_start
  subscribe /tmp/board '{"subscribe":["*"],"from":"oldest"}'
  until_ 30 has_lines /tmp/board '.state == "stuck" and .is == "down" and .cause == "ETIMEDOUT"' 1
  n=$(lines /tmp/board '.stream == "load"')
  until_ 30 has_lines /tmp/board '.stream == "load"' $((n + 10))
  echo 42 >/run/stuck
  until_ 30 has_lines /tmp/board '.stream == "stuck" and .value == 42' 1
  has_lines /tmp/board '.state == "stuck" and .is == "up"' 1
}
