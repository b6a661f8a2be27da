#!/bin/sh
# awaitctl subscribe, against a scripted peer: what it prints, when it ends, how it resumes.
. "${top_srcdir:-.}/tests/awaitctl-lib.sh"
plan 51
TZ=UTC
export TZ

door='{"stream":"door","seq":1043,"time":"2020-11-20T11:15:59.123456789Z","mono_ns":8123,"value":1,"edge":"rising"}'
door2='{"stream":"door","seq":1044,"time":"2020-11-20T11:16:00.000000001Z","mono_ns":8124,"value":0.10,"edge":"falling"}'
kernel='{"gap":"door","seq":1045,"lost":16,"stage":"kernel","time":"2020-11-20T11:16:01.5Z"}'
queue='{"gap":"door","from":1046,"to":1059,"lost":14,"stage":"queue"}'
down='{"state":"door","is":"down","seq":1060,"cause":"ENODEV","message":"No such device","retry_ms":2000,"time":"2020-11-20T11:16:02Z"}'
ended='{"state":"door","is":"ended","seq":1061,"time":"2020-11-20T11:16:03Z"}'
subscribed='{"subscribed":"door","next":1043,"epoch":"e1","unit":null,"is":"up"}'
reply='{"reply":"subscribe","id":0,"count":1,"unmatched":[],"already":[]}'
ready='{"ready":"door","seq":1042,"id":0}'
begin="accept
	send $hello
	expect {\"subscribe\":[\"door\"],\"id\":0}
	send $subscribed
	send $reply
	send $ready"

# ------------------------------------------------------------------ what it prints
converse "$begin
	send $door
	send $kernel
	send $queue
	send $down
	send $door2
	eof" subscribe door --count 2
claim entries_into_a_pipe_are_verbatim printed "$door" "$kernel" "$queue" "$down" "$door2"
claim count_reached_is_success ended 0
converse "$begin
	send $door
	eof" subscribe door --count 1 --all
claim all_prints_the_conversation printed "$hello" "$subscribed" "$reply" "$ready" "$door"
converse "$begin
	send $door
	send $kernel
	send $queue
	send $down
	send $door2
	eof" subscribe door --count 2 --text
claim entries_as_text_are_aligned printed '-- 2020-11-20 --' \
	'11:15:59.123  door  1  edge=rising' \
	'11:16:01.500  door  gap: 16 lost in the kernel' \
	'              door  gap: 14 skipped, this reader fell behind (1046 to 1059)' \
	'11:16:02.000  door  down: ENODEV: No such device, again in 2000 ms' \
	'11:16:00.000  door  0.10  edge=falling'
COLUMNS=24; export COLUMNS
converse "$begin
	send $door
	eof" subscribe door --count 1 --text
unset COLUMNS
claim long_lines_are_cut_to_the_width grep -qx '11:15:59.123  door  1  …' "$out"
converse "$begin
	send $door
	eof" subscribe door --count 1 --text --color always
claim colours_are_there_when_asked_for grep -q "$(printf '\033')\[1m1" "$out"
converse "$begin
	send {\"stream\":\"door\",\"seq\":1,\"time\":\"2020-11-20T00:00:00Z\",\"value\":\"\\u001b[31m\\u202e\\u009b\"}
	eof" subscribe door --count 1 --text
claim a_value_cannot_steer_the_terminal shown 'door  \u001b[31m\u202e\u009b'
converse "$begin
	send {\"stream\":\"door\",\"seq\":1,\"value\":123456789012345678901234567890e400,\"future\":{\"a\":[1]}}
	eof" subscribe door --count 1
claim numbers_of_any_size_are_passed_on shown '"value":123456789012345678901234567890e400'

# ------------------------------------------------------------------- what it asks
converse "accept
	send $hello
	expect {\"subscribe\":[\"door\",\"t*\"],\"after\":{\"door\":{\"epoch\":\"e:1\",\"seq\":7}},\"from\":\"oldest\",\"lag\":\"block\",\"id\":0}
	eof" subscribe door 't*' --after door=e:1:7 --from oldest --lag block --timeout 200ms
claim options_go_into_the_request ended 0
converse "accept
	send $hello
	expect {\"subscribe\":[\"dor\",\"door\"],\"id\":0}
	send $subscribed
	send {\"reply\":\"subscribe\",\"id\":0,\"count\":1,\"unmatched\":[\"dor\"],\"already\":[]}
	eof" subscribe dor door
claim unmatched_name_is_status_5 ended 5
claim unmatched_name_is_told said '"dor"'
converse "accept
	send $hello
	expect {\"subscribe\":[\"door\"],\"lag\":\"block\",\"id\":0}
	send {\"error\":\"block-not-allowed\",\"message\":\"the sink's config says no\",\"id\":0}
	eof" subscribe door --lag block
claim refusal_is_status_1 ended 1
claim refusal_is_told said "block-not-allowed: the sink's config says no"
run subscribe door -s "$folder/none"
served=0
claim first_connection_has_to_stand ended 3

# ------------------------------------------------------------------ how it ends
converse "$begin
	send $door
	eof" subscribe door --count 2 --timeout 300ms
claim too_few_in_time_is_status_4 ended 4
claim what_came_in_time_is_printed printed "$door"
converse "$begin
	eof" subscribe door --timeout 100ms
claim time_alone_is_success ended 0
converse "$begin
	send $door
	send $ended
	eof" subscribe door
claim ended_stream_ends_it ended 0
claim ended_is_printed printed "$door" "$ended"
converse "$begin
	send $ended
	eof" subscribe door --count 1
claim ended_before_the_count_is_status_4 ended 4
converse "accept
	send $hello
	expect {\"subscribe\":[\"d*\"],\"id\":0}
	send $subscribed
	send {\"reply\":\"subscribe\",\"id\":0,\"count\":1}
	send $ready
	send $ended
	send $door
	eof" subscribe 'd*' --count 1
claim pattern_waits_for_what_may_come printed "$ended" "$door"
converse "accept
	send $hello
	expect {\"subscribe\":[\"door\"],\"from\":\"oldest\",\"id\":0}
	send {\"subscribed\":\"door\",\"next\":1,\"epoch\":\"e1\",\"unit\":null,\"is\":\"ended\"}
	send $reply
	send {\"state\":\"door\",\"is\":\"ended\",\"seq\":1}
	send {\"state\":\"door\",\"is\":\"changed\",\"seq\":2}
	send {\"stream\":\"door\",\"seq\":3,\"value\":1}
	send {\"state\":\"door\",\"is\":\"ended\",\"seq\":4}
	send {\"ready\":\"door\",\"seq\":4}
	eof" subscribe door --from oldest
claim an_end_in_the_history_is_no_end printed '{"state":"door","is":"ended","seq":1}' \
	'{"state":"door","is":"changed","seq":2}' '{"stream":"door","seq":3,"value":1}' \
	'{"state":"door","is":"ended","seq":4}'
claim an_ended_stream_gives_its_history_and_ends ended 0
converse "$begin
	send {\"error\":\"lagged\",\"message\":\"16 MiB behind\"}
	close" subscribe door --lag close 2>/dev/null
claim unexpected_request_fails_the_fake_server test "$served" = 1
converse "accept
	send $hello
	expect {\"subscribe\":[\"door\"],\"lag\":\"close\",\"id\":0}
	send $subscribed
	send $reply
	send {\"error\":\"lagged\",\"message\":\"16 MiB behind\"}
	close" subscribe door --lag close
claim lagged_is_status_1_and_no_reconnect ended 1

converse "$begin
	send {\"error\":\"block-timeout\",\"message\":\"skips from now on\",\"name\":\"door\"}
	send $door
	eof" subscribe door --count 1
claim an_error_that_answers_nothing_is_told said 'block-timeout: skips from now on'
claim an_error_that_answers_nothing_is_no_end printed "$door"

# ------------------------------------------------ signals and readers that leave
serve "$begin
	send $door
	eof"
rm -f "$out"
"$awaitctl" subscribe door -s "$socket" >"$out" 2>"$errors" &
client=$!
while [ ! -s "$out" ] && kill -0 $client 2>/dev/null; do sleep 0.05; done
kill -TERM $client
wait $client 2>/dev/null
status=$?
served
claim sigterm_ends_it_as_that_signal ended 143
claim what_came_before_the_signal_is_whole printed "$door"
serve "$begin
	flood door 200000
	eof"
"$awaitctl" subscribe door -s "$socket" 2>"$errors" | head -n 3 >"$out"
served
claim reader_that_leaves_ends_it sh -c "tail -n 1 '$out' | grep -q '\"seq\":3,'"
claim reader_that_leaves_is_no_error test ! -s "$errors"
serve "$begin
	eof"
{ "$awaitctl" subscribe door -s "$socket" 2>"$errors"; echo $? >"$folder/status"; } | sleep 0.5
served
status=$(cat "$folder/status")
claim reader_that_leaves_is_seen_without_an_event ended 0
serve "$begin
	flood door 30000
	eof"
"$awaitctl" subscribe door --count 30000 -s "$socket" 2>"$errors" | {
	sleep 0.3; awk -F'[:,]' '$4 != NR { bad = 1 } END { print NR, bad + 0 }'; } >"$out"
served
claim slow_reader_gets_every_line_in_order printed '30000 0'
serve "$begin
	flood door 200000
	eof"
timeout 0.5 "$awaitctl" subscribe door -s "$socket" 2>"$errors" | {
	sleep 1; tail -c 1 | od -An -tx1 | tr -d ' '; } >"$out"
served
claim signal_while_the_reader_stalls_tears_no_line printed 0a

# --------------------------------------------------------------------- how it resumes
resume="accept
	send $hello
	expect {\"subscribe\":[\"door\"],\"after\":{\"door\":{\"epoch\":\"e1\",\"seq\":1044}},\"from\":\"oldest\",\"id\":0}"
converse "$begin
	send $door
	send $door2
	begin {\"stream\":\"door\",\"seq\":1045,\"val
	close
	$resume
	send {\"subscribed\":\"door\",\"next\":1045,\"epoch\":\"e1\",\"unit\":null,\"is\":\"up\"}
	send $reply
	send $kernel
	send {\"ready\":\"door\",\"seq\":1045,\"id\":0}
	send {\"stream\":\"door\",\"seq\":1046,\"value\":5}
	eof" subscribe door --count 3
claim resumes_behind_the_last_entry ended 0
claim half_line_before_a_break_is_dropped printed "$door" "$door2" "$kernel" \
	'{"stream":"door","seq":1046,"value":5}'
claim break_is_told said 'trying again'
claim resuming_is_told said 'resuming 1 stream'
converse "$begin
	send $door
	send $door2
	send {\"error\":\"shutting-down\"}
	leave
	close
	return
	$resume
	send {\"error\":\"unknown\",\"id\":0}
	eof" subscribe door
claim shutting_down_is_waited_for ended 1
converse "$begin
	send $door
	send $door2
	begin {\"stream\":\"door\",\"seq\":1045,\"val
	send
	send $hello
	send {\"error\":\"restarted\"}
	leave
	close
	return
	$resume
	send {\"error\":\"unknown\",\"id\":0}
	eof" subscribe door
claim after_restarted_it_resumes ended 1
claim and_the_half_line_before_is_dropped printed "$door" "$door2"
converse "accept
	send $hello
	expect {\"subscribe\":[\"door\"],\"id\":0}
	send
	send $hello
	send {\"error\":\"restarted\"}
	leave
	close
	return
	$begin
	send {\"error\":\"unknown\",\"id\":0}
	eof" subscribe door
claim restarted_before_the_answer_it_asks_again ended 1
claim and_was_answered said 'unknown'
converse "$begin
	send $door2
	send {\"error\":\"closing\",\"message\":\"m\",\"reason\":\"moved\"}
	leave
	close
	return
	$resume
	send {\"error\":\"unknown\",\"id\":0}
	eof" subscribe door
claim a_socket_that_closes_is_waited_for ended 1
converse "$begin
	send $queue
	close
	accept
	send $hello
	expect {\"subscribe\":[\"door\"],\"after\":{\"door\":{\"epoch\":\"e1\",\"seq\":1059}},\"from\":\"oldest\",\"id\":0}
	send {\"subscribed\":\"door\",\"next\":3,\"epoch\":\"e2\",\"unit\":null,\"is\":\"up\"}
	send $reply
	close
	accept
	send $hello
	expect {\"subscribe\":[\"door\"],\"after\":{\"door\":{\"epoch\":\"e1\",\"seq\":1059}},\"from\":\"oldest\",\"id\":0}
	send {\"subscribed\":\"door\",\"next\":3,\"epoch\":\"e2\",\"unit\":null,\"is\":\"up\"}
	send $reply
	send {\"gap\":\"door\",\"from\":1060,\"to\":null,\"lost\":null,\"stage\":\"epoch\",\"epoch\":\"e2\"}
	close
	accept
	send $hello
	expect {\"subscribe\":[\"door\"],\"after\":{\"door\":{\"epoch\":\"e2\",\"seq\":2}},\"from\":\"oldest\",\"id\":0}
	send {\"error\":\"enough\",\"id\":0}
	eof" subscribe door
claim the_new_epoch_counts_once_its_gap_is_told ended 1
converse "$begin
	close
	accept
	send $hello
	expect {\"subscribe\":[\"door\"],\"after\":{\"door\":{\"epoch\":\"e1\",\"seq\":1042}},\"from\":\"oldest\",\"id\":0}
	send {\"reply\":\"subscribe\",\"id\":0,\"count\":0,\"unmatched\":[\"door\"],\"already\":[]}
	eof" subscribe door
claim a_stream_gone_at_the_resume_is_status_5 ended 5
converse "$begin
	close" subscribe door --no-reconnect
claim no_reconnect_is_status_3 ended 3
converse "$begin
	close" subscribe door --timeout 300ms
claim time_ends_the_tries_too ended 0
converse "$begin
	send $door
	send {\"stream\":\"do
	send $hello
	send {\"gap\":\"door\",\"from\":1044,\"to\":null,\"lost\":null,\"stage\":\"epoch\",\"epoch\":\"e2\"}
	send {\"stream\":\"door\",\"seq\":1,\"value\":2}
	eof" subscribe door --count 2
claim a_replaced_daemon_goes_on_in_one_connection printed "$door" \
	'{"gap":"door","from":1044,"to":null,"lost":null,"stage":"epoch","epoch":"e2"}' \
	'{"stream":"door","seq":1,"value":2}'
claim a_replaced_daemon_is_told said 'the daemon was replaced'

# 201 positions fill more than one request: the first 200 are asked for by name.
many()
{
	awk -v first="$1" -v last="$2" -v format="$3" -v between="$4" 'BEGIN {
		for (i = first; i <= last; i++) {
			line = format
			gsub(/N/, i, line)
			printf "%s%s", (i > first ? between : ""), line
		} }'
}
converse "accept
	send $hello
	expect {\"subscribe\":[\"*\"],\"id\":0}
$(many 1 201 'send {"subscribed":"sN","next":5,"epoch":"e","is":"up"}' '\n')
	send {\"reply\":\"subscribe\",\"id\":0,\"count\":201}
	close
	accept
	send $hello
	expect {\"subscribe\":[$(many 1 200 '"sN"' ,)],\"after\":{$(many 1 200 '"sN":{"epoch":"e","seq":4}' ,)},\"id\":1}
	expect {\"subscribe\":[\"*\"],\"after\":{\"s201\":{\"epoch\":\"e\",\"seq\":4}},\"from\":\"oldest\",\"id\":0}
	send {\"error\":\"enough\",\"id\":0}
	eof" subscribe '*'
claim many_positions_are_asked_for_in_parts ended 1
