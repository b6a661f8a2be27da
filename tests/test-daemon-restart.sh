#!/bin/sh
# awaitd below a service manager that keeps its fds: notifications, and restarts that nobody notices.
. "${top_srcdir:-.}/tests/daemon-lib.sh"
plan 44

sink='"sinks": {"local": {"type": "unix", "path": "$S/awaitd.sock"}}'
one='{"streams": {"a": {"source": {"type": "timer", "interval": "10ms"}}}, '"$sink"'}'
two='{"streams": {"a": {"source": {"type": "timer", "interval": "10ms"}},
	"b": {"source": {"type": "timer", "interval": "10ms"}}}, '"$sink"'}'

config "$two"
claim it_starts_below_a_service_manager supervised -w 20
claim ready_is_told within log_seen READY=1 1
claim the_arena_is_stored log_seen FDNAME=arena 1
claim nothing_is_stored_to_be_polled test "$(grep -c FDSTORE=1 "$folder/log")" = "$(grep -c FDPOLL=0 "$folder/log")"
claim the_status_is_told within log_seen 'STATUS=2 streams, ' 1
subscriber both '{"subscribe":["*"]}'
keeper=$peer
within seen both '"stream":"a"' 20

removed()
{
	grep -A1 FDSTOREREMOVE=1 "$folder/log" | grep -qx "FDNAME=$1"
}

gone()
{
	! kill -0 "$1" 2>/dev/null
}

restarted()
{
	within log_seen '^START' "$1" && within log_seen '^READY=1' "$2"
}
kill -KILL "$(supervised_pid)"
claim a_killed_daemon_is_started_again restarted 2 2
claim its_subscriber_stays_connected within seen both '"stream":"a"' $(($(grep -c '"stream":"a"' "$folder/both") + 20))
claim it_gets_each_event_once_and_in_order unbroken both a 40
claim of_every_stream unbroken both b 40
claim it_is_greeted_once test "$(grep -c '"hello"' "$folder/both")" = 1
for n in 3 4 5 6 7; do
	kill -KILL "$(supervised_pid)"
	restarted $n $n
	within seen both '"stream":"a"' $(($(grep -c '"stream":"a"' "$folder/both") + 5))
done
claim five_more_kills_lose_nothing unbroken both a 65
claim and_repeat_nothing unbroken both b 65

kill -USR1 "$supervisor"
claim a_restart_is_a_hand_over restarted 8 8
claim it_ended_with_0 log_seen 'EXIT 0' 1
claim stopping_was_told log_seen STOPPING=1 1
claim its_subscriber_does_not_notice within seen both '"stream":"a"' $(($(grep -c '"stream":"a"' "$folder/both") + 20))
claim nothing_was_lost_in_the_hand_over unbroken both a 85
claim nobody_was_told_of_a_shutdown sh -c '! grep -q shutting-down "$1"' sh "$folder/both"
claim its_subscriber_is_still_there kill -0 "$keeper"

kill -HUP "$supervisor"
claim a_reload_is_told_to_the_manager within log_seen RELOADING=1 1
claim with_its_time log_seen MONOTONIC_USEC= 1
claim and_ready_again within log_seen '^READY=1' 9

# ----------------------------------------------- another config between two lives
config "$one"
kill -KILL "$(supervised_pid)"
claim a_stream_that_is_gone_after_a_restart_says_ended within seen both '{"state":"b","is":"ended"' 1
config '{"streams": {"a": {"source": {"type": "timer", "intervall": "10ms"}}}, '"$sink"'}'
kill -KILL "$(supervised_pid)"
claim an_adopted_daemon_with_a_wrong_config_says_so within grep -q 'running the last good config' "$errors"
claim and_tells_its_manager within log_seen 'STATUS=running the last good config' 1
claim and_runs_the_last_good_one within seen both '"stream":"a"' $(($(grep -c '"stream":"a"' "$folder/both") + 20))
claim without_a_loss unbroken both a 100
claim the_watchdog_was_fed within log_seen WATCHDOG=1 1
kill -9 "$keeper"

claim the_manager_ends_it_with_0 supervised_end

# ------------------------------------------------------------------- the watchdog
config "$one"
: >"$folder/log"
claim it_starts_below_an_impatient_manager supervised -w 2
subscriber patient '{"subscribe":["a"]}'
within seen patient '"stream":"a"' 20
kill -STOP "$(supervised_pid)"
claim one_that_hangs_is_not_fed_for within log_seen 'WATCHDOG EXPIRED' 1
kill -CONT "$(supervised_pid)"
claim and_is_aborted_and_started_again within log_seen 'SIGNAL 6' 1
claim its_subscriber_misses_nothing within seen patient '"stream":"a"' $(($(grep -c '"stream":"a"' "$folder/patient") + 20))
claim and_gets_nothing_twice unbroken patient a 40
kill -9 "$peer"
claim and_it_ends_with_0 supervised_end

# -------------------------------------------------- what others have left in the store
head -c 1000000 /dev/urandom >"$folder/garbage"
: >"$folder/log"
: >"$folder/errors"
config "$one"
claim it_starts_with_garbage_in_the_store supervised -f arena="$folder/garbage" -f "c-1-1=$folder/garbage" \
	-f nobodys=/dev/null
claim a_damaged_arena_is_told grep -q 'every stream begins a new epoch' "$errors"
claim it_is_replaced sh -c 'grep -A1 FDSTOREREMOVE=1 "$1" | grep -q FDNAME=arena && grep -A2 FDSTORE=1 "$1" | grep -q FDNAME=arena' \
	sh "$folder/log"
claim fds_that_nobody_claims_are_removed within removed nobodys
claim connections_of_no_table_are_removed within removed c-1-1
subscriber fresh '{"subscribe":["a"]}'
claim it_serves_all_the_same within seen fresh '"stream":"a"' 5

# ------------------------------------------------------------ a sink that goes meanwhile
config '{"streams": {"a": {"source": {"type": "timer", "interval": "10ms"}}},
	"sinks": {"other": {"type": "unix", "path": "$S/other.sock"}}}'
kill -KILL "$(supervised_pid)"
socket=$folder/other.sock
claim a_sink_that_is_gone_after_a_restart_is_closed within gone "$peer"
claim another_one_is_open_in_its_place within answers

# ---------------------------------------------------------------- it cannot begin again
config '{"streams": {}, "sinks": {"other": {"type": "unix", "path": "$S/nowhere/other.sock"}}}'
: >"$folder/log"
kill -KILL "$(supervised_pid)"
within log_seen '^EXIT 1' 2
config "$one"
socket=$folder/awaitd.sock
claim one_that_cannot_begin_is_tried_again_until_it_can within answers
kill -TERM "$supervisor"
wait "$supervisor"
supervisor=
