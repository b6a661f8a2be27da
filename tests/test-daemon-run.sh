#!/bin/sh
# awaitd with subscribers: reload as a diff, stop, a second daemon, what an earlier one left.
. "${top_srcdir:-.}/tests/daemon-lib.sh"
plan 37

sink='"sinks": {"local": {"type": "unix", "path": "$S/awaitd.sock"}}'
two='{"streams": {
	"a": {"source": {"type": "timer", "interval": "10ms"}},
	"b": {"source": {"type": "timer", "interval": "10ms"}}}, '"$sink"'}'
changed='{"streams": {
	"a": {"source": {"type": "timer", "interval": "10ms"}},
	"b": {"source": {"type": "timer", "interval": "11ms"}},
	"c": {"source": {"type": "timer", "interval": "10ms"}}}, '"$sink"'}'
without='{"streams": {
	"a": {"source": {"type": "timer", "interval": "10ms"}}}, '"$sink"'}'

# ------------------------------------------------------------------ without systemd
config "$two"
claim it_starts_without_a_service_manager start
subscriber both '{"subscribe":["*"]}'
claim two_streams_flow within seen both '"stream":"b"' 20
claim each_event_comes_once_and_in_order unbroken both a 20
claim a_peer_may_close_its_sending_side sh -c '"$1" -q -n 6 "$2" "{\"subscribe\":[\"a\"]}" | grep -q "\"stream\":\"a\""' \
	sh "$lines" "$socket"

second()
{
	"$awaitd" -c "$folder/awaitd.json" >"$folder/out" 2>&1
	[ $? = 1 ]
}
claim a_second_daemon_is_refused second
claim a_second_daemon_is_told_why grep -q "$socket" "$folder/out"
claim the_first_goes_on within seen both '"stream":"a"' $(($(grep -c '"stream":"a"' "$folder/both") + 20))

# -------------------------------------------------------------------------- reload
config "$changed"
kill -HUP "$pid"
claim a_new_stream_reaches_a_glob within seen both '"stream":"c"' 5
claim a_changed_stream_says_so within seen both '{"state":"b","is":"changed"' 1
claim a_changed_stream_flows_on within grep -q '"stream":"b"' "$folder/both"
claim an_untouched_stream_does_not_notice sh -c '! grep -q "state\":\"a" "$1"' sh "$folder/both"
claim nothing_was_lost_in_the_reload unbroken both a 20
claim the_changed_one_goes_on_in_its_seq unbroken both b 2

config '{"streams": {"a": {"source": {"type": "timer", "intervall": "10ms"}}}, '"$sink"'}'
kill -HUP "$pid"
claim a_wrong_reload_is_told within grep -q 'did you mean "interval"' "$errors"
claim a_wrong_reload_changes_nothing within seen both '"stream":"c"' $(($(grep -c '"stream":"c"' "$folder/both") + 10))
"$lines" -n 2 "$socket" '{"reload":true,"id":5}' >"$folder/verdict"
claim a_wrong_reload_is_an_error_to_who_asked grep -q '"error":.*did you mean.*"id":5' "$folder/verdict"

config "$without"
"$lines" -n 2 "$socket" '{"reload":true,"id":6}' >"$folder/verdict"
claim a_right_reload_is_a_reply_to_who_asked grep -q '"reply":"reload".*"id":6' "$folder/verdict"
claim a_removed_stream_says_ended within seen both '{"state":"c","is":"ended"' 1
claim all_removed_streams_do within seen both '{"state":"b","is":"ended"' 1
config "$two"
kill -HUP "$pid"
# On a busy machine the first tick may come too late, and is a gap then.
begun_anew()
{
	sed '1,/{"state":"b","is":"ended"/d' "$folder/both" | grep -q '^{"\(stream\|gap\)":"b","seq":1,'
}
claim the_same_name_later_begins_anew within begun_anew
claim through_all_of_it_nothing_was_lost unbroken both a 50

config '{"streams": {"a": {"source": {"type": "timer", "interval": "10ms"}}},
	"sinks": {"local": {"type": "unix", "path": "$S/other.sock"}}}'
kill -HUP "$pid"
claim a_sink_can_move within test -S "$folder/other.sock"
socket=$folder/other.sock
claim the_moved_sink_answers within answers
config '{"streams": {"a": {"source": {"type": "timer", "interval": "10ms"}}},
	"sinks": {"local": {"type": "unix", "path": "$S/nowhere/awaitd.sock"}}}'
kill -HUP "$pid"
claim a_sink_that_cannot_move_is_told within grep -q 'goes on as it was' "$errors"
claim a_sink_that_cannot_move_stays within answers

# ---------------------------------------------------------------------------- stop
subscriber last '{"subscribe":["a"]}'
kill -TERM "$pid"
claim sigterm_without_a_store_is_0 ended
wait "$peer"
claim its_subscribers_are_told grep -q '{"error":"shutting-down"' "$folder/last"
claim the_socket_is_gone test ! -e "$socket"

config "$two"
socket=$folder/awaitd.sock
start
kill -KILL "$pid"
ended
claim a_stale_socket_is_left_by_a_kill test -S "$socket"
claim a_stale_socket_is_replaced start
kill -INT "$pid"
claim sigint_is_0_too ended
config '{"streams": {}, '"$sink"'}'
claim no_stream_at_all_is_fine start
kill -TERM "$pid"
ended

# ------------------------------------------------------------ a part that cannot begin
# (a history that cannot be in its file is in memory)
deadband='{"op": "deadband", "by": 0.5}'
many=$deadband
for n in 1 2 3 4 5; do many="$many, $many"; done
config '{"streams": {
	"a": {"source": {"type": "timer", "interval": "10ms"}},
	"z": {"source": {"type": "timer", "interval": "10ms"}, "operators": ['"$many"']},
	"h": {"source": {"type": "timer", "interval": "10ms"}, "history": {"path": "$S/nowhere/h"}}}, '"$sink"'}'
claim a_stream_that_cannot_begin_leaves_the_others start
claim it_is_told grep -q 'stream z cannot begin: its operators keep more' "$errors"
config '{"streams": {
	"a": {"source": {"type": "timer", "interval": "10ms"}},
	"z": {"source": {"type": "timer", "interval": "10ms"}}}, '"$sink"'}'
kill -HUP "$pid"
subscriber z '{"subscribe":["*"]}'
claim a_history_that_has_no_place_is_told grep -q 'stream h keeps its history in memory: .*/nowhere/h: No such' "$errors"
claim it_begins_with_the_reload_that_puts_it_right within seen z '"stream":"z"' 5
kill -TERM "$pid"
claim and_all_ends_in_order ended
