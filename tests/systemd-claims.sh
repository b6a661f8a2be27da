#!/bin/sh
# Runs below systemd as PID 1, started by test-systemd.sh, in a machine where awaitd was just installed.
set -u
here=/awaitd-test
folder=$here
. $here/tap-lib.sh
config=$(cat $here/config-path)
socket=/run/awaitd/awaitd.sock

context()
{
	systemctl status --no-pager -l awaitd.service 2>&1
	journalctl --no-pager -n 15 -o short-monotonic 2>&1
}

show()
{
	systemctl show -P "$1" awaitd.service
}

shows()
{
	[ "$(show "$1")" = "$2" ] || { echo "$1 is $(show "$1")"; return 1; }
}

more()
{
	before=$(wc -l <$here/lines-got)
	within eval '[ $(wc -l <$here/lines-got) -ge $((before + 20)) ]'
}

unbroken()
{
	sed -n -e 's/^{"stream":"a","seq":\([0-9]*\),.*/\1/p' -e 's/^{"gap":"a","seq":\([0-9]*\),.*/\1/p' \
		-e 's/^{"state":"a",.*"seq":\([0-9]*\),.*/\1/p' $here/lines-got | awk '
		NR > 1 && $1 != last + 1 { print "behind " last " comes " $1; bad = 1 }
		{ last = $1 }
		END { exit bad || NR < 20 }'
}

restarted()
{
	before=$1
	within eval '[ "$(show NRestarts)" -gt $before ] && [ "$(show ActiveState)" = active ]'
}

configure()
{
	mkdir -p "${config%/*}"
	printf '%s\n' "$1" >"$config"
}

plan 38
sink='"sinks": {"local": {"type": "unix", "group": "awaitd"}}'
one='{"streams": {"a": {"source": {"type": "timer", "interval": "20ms"}}}, '"$sink"'}'
configure "$one"

# ------------------------------------------------------------------------ the start
claim sysusers_makes_the_user systemd-sysusers
claim its_user_is_there id awaitd
claim tmpfiles_makes_the_folder systemd-tmpfiles --create --prefix=/run/awaitd
claim the_unit_is_right systemd-analyze verify --man=no awaitd.service awaitd.socket
claim it_starts systemctl start awaitd.service
claim it_is_ready shows ActiveState active
claim it_runs_as_its_own_user sh -c '[ "$(stat -c %U /proc/$1)" = awaitd ]' sh "$(show MainPID)"
claim its_socket_is_its_groups sh -c '[ "$(stat -c %U:%G:%a "$1")" = awaitd:awaitd:660 ]' sh $socket
claim it_tells_its_status sh -c 'systemctl show -P StatusText awaitd.service | grep -q "^1 stream, "'
claim it_stores_its_arena_and_listener sh -c '[ "$(systemctl show -P NFileDescriptorStore awaitd.service)" -ge 2 ]'
$here/lines -t 900 $socket '{"subscribe":["*"]}' >$here/lines-got &
peer=$!
claim a_subscriber_is_served more

# ------------------------------------------------------------------------ restarts
n=$(show NRestarts)
kill -KILL "$(show MainPID)"
claim a_killed_daemon_comes_back restarted "$n"
claim its_subscriber_goes_on more
claim nothing_was_lost_by_the_kill unbroken
pid=$(show MainPID)
claim systemctl_restart_succeeds systemctl restart awaitd.service
claim it_is_another_process sh -c '[ "$1" != "$2" ]' sh "$pid" "$(show MainPID)"
claim its_subscriber_does_not_notice_a_restart more
claim nothing_was_lost_by_the_restart unbroken
n=$(show NRestarts)
kill -ABRT "$(show MainPID)"
claim an_aborted_daemon_comes_back restarted "$n"
claim its_subscriber_does_not_notice_an_abort more
claim nothing_was_lost_by_the_abort unbroken

# -------------------------------------------------------------------------- reload
configure '{"streams": {"a": {"source": {"type": "timer", "interval": "20ms"}},
	"b": {"source": {"type": "timer", "interval": "20ms"}}}, '"$sink"'}'
claim systemctl_reload_succeeds systemctl reload awaitd.service
claim the_new_stream_is_there within grep -q '"stream":"b"' $here/lines-got
claim the_reload_lost_nothing unbroken
configure '{"streams": {"a": {"source": {"type": "timer", "intervall": "20ms"}}}, '"$sink"'}'
claim systemctl_reload_of_a_wrong_config_fails sh -c '! systemctl reload awaitd.service'
claim a_wrong_reload_is_in_the_journal within sh -c 'journalctl -u awaitd.service --no-pager | grep -q "did you mean"'
claim a_wrong_reload_leaves_it_running more
claim a_wrong_reload_shows_in_its_status within sh -c 'systemctl show -P StatusText awaitd.service | grep -q wrong'
configure '{"streams": {"a": {"source": {"type": "timer", "interval": "20ms"}},
	"b": {"source": {"type": "timer", "interval": "30ms"}}}, '"$sink"'}'
systemctl reload awaitd.service
claim entries_of_a_stream_have_its_name within sh -c \
	'journalctl --no-pager -o json AWAITD_STREAM=b | grep -q "\"PRIORITY\".*changed\|changed.*\"PRIORITY\""'
claim entries_of_a_sink_have_its_name sh -c 'journalctl --no-pager -o json AWAITD_SINK=local | grep -q PRIORITY'

# ------------------------------------------------------------------------ watchdog
mkdir -p /run/systemd/system/awaitd.service.d
printf '[Service]\nWatchdogSec=2\n' >/run/systemd/system/awaitd.service.d/watchdog.conf
systemctl daemon-reload
configure "$one"
systemctl restart awaitd.service
n=$(show NRestarts)
kill -STOP "$(show MainPID)"
claim a_daemon_that_hangs_is_replaced restarted "$n"
claim its_subscriber_does_not_notice_a_hang more
claim nothing_was_lost_by_the_hang unbroken

# ----------------------------------------------------------------------------- end
claim systemctl_stop_succeeds systemctl stop awaitd.service
claim its_result_is_success shows Result success
kill $peer 2>/dev/null
configure '{"streams": {"a": {"source": {"type": "timer", "intervall": "20ms"}}}, '"$sink"'}'
systemctl clean --what=fdstore awaitd.service 2>/dev/null
systemctl start awaitd.service 2>/dev/null
claim a_cold_start_with_a_wrong_config_is_not_tried_again shows ExecMainStatus 78
configure "$one"
systemctl reset-failed awaitd.service
claim the_socket_unit_listens systemctl start awaitd.socket
claim a_connection_starts_the_service sh -c \
	'"$1" -n 3 "$2" "{\"subscribe\":[\"a\"]}" | grep -q "\"subscribed\":\"a\""' sh $here/lines $socket
systemctl stop awaitd.socket awaitd.service
