#!/bin/sh
# Input that kills the daemon (tests/crashing has the bugs) is given up after three deaths, with a gap, and
# nothing else is.
. "${top_srcdir:-.}/tests/daemon-lib.sh"
plan 30
awaitd=$top_builddir/tests/crashing
ulimit -c 0
CRASHING_KILLS=$folder/kills
export CRASHING_KILLS

config '{"streams": {
	"lines": {"source": {"type": "socket", "listen": "unix:$S/lines.sock"}},
	"json": {"source": {"type": "socket", "listen": "unix:$S/json.sock", "framing": "ndjson"},
		"operators": [{"op": "map", "field": "x"}]},
	"text": {"source": {"type": "socket", "listen": "unix:$S/text.sock", "framing": "ndjson"}},
	"file": {"source": {"type": "file", "path": "$S/input"}},
	"attr": {"source": {"type": "attr", "path": "$S/attr", "interval": "50ms"}},
	"timer": {"source": {"type": "timer", "from": 775, "to": 779, "interval": "50ms"}}},
	"sinks": {"local": {"type": "unix", "path": "$S/awaitd.sock"}}}'

# What a subscriber has been told of a stream: values and gaps.
told()
{
	sed -n -e 's/^{"stream":"'"$2"'",.*"value":"\{0,1\}\([^"}]*\).*/\1/p' \
		-e 's/^{"gap":"'"$2"'",.*"lost":1,"stage":"source".*/gap/p' "$folder/$1" | tr '\n' ' '
}

tells()
{
	[ "$(told "$1" "$2")" = "$3" ] || { echo "told: $(told "$1" "$2")"; return 1; }
}

producer()
{
	path=$folder/$1.sock
	shift
	"$lines" -t 900 "$path" "$@" >/dev/null &
	peer=$!
	peers="$peers $peer"
}

died()
{
	[ "$(grep -c "^SIGNAL $1\$" "$folder/log")" = "$2" ] || { grep -c "^SIGNAL" "$folder/log"; return 1; }
}

said()
{
	[ "$(grep -c "$1" "$errors")" = "$2" ]
}

claim it_starts supervised -w 2
within seen log READY=1 1
subscriber all '{"subscribe":["*"],"from":"oldest"}'

claim a_timer_leaves_out_a_tick within tells all timer '775 776 gap 778 779 '
claim behind_three_deaths died 6 3

producer lines 1 abort 2
claim a_record_that_aborts_is_a_gap within tells all lines '1 gap 2 '
claim behind_three_deaths_more died 6 6
claim the_log_says_whose_it_was said 'lines: a record of producer [0-9]* (pid .*) has killed the process 3 times' 1
claim and_how said 'the last time by Aborted: it is left out' 2
claim its_producer_is_connected_still kill -0 "$peer"
producer lines 3 fault 4
claim so_is_one_that_faults within tells all lines '1 gap 2 3 gap 4 '
claim three_times died 11 3
producer lines 5 loop 6
claim and_one_in_which_the_watchdog_finds_it within tells all lines '1 gap 2 3 gap 4 5 gap 6 '
claim which_is_an_abort died 6 9
producer lines 7 kill 8
claim one_that_is_in_hand_at_five_sigkills_is_not within tells all lines '1 gap 2 3 gap 4 5 gap 6 7 kill 8 '
claim five_times died 9 5

producer json '{"x":1}' '{"y":"invisible"}' '{"x":2,"map":"abort"}' '{"x":3}'
claim what_kills_in_an_operator_is_a_gap within tells all json '1 gap 3 '
producer text 1 '["log","abort"]' 2
claim what_kills_in_the_log_is_a_gap within tells all text '1 gap 2 '
claim three_times_each died 6 15

printf 'one\ntwo\nabort\nfault\nthree\n' >"$folder/input"
claim two_records_of_a_file_are_two_gaps within tells all file 'one two gap gap three '
claim with_three_deaths_each died 6 18
before=$(grep -c ^SIGNAL "$folder/log")
echo abort >"$folder/attr.new"
mv "$folder/attr.new" "$folder/attr"
claim an_attribute_that_kills_is_a_gap_each_time within sh -c '[ "$(grep -c "^{\"gap\":\"attr\"" "$1")" -ge 5 ]' sh "$folder/all"
claim behind_three_deaths_as_well test "$(grep -c ^SIGNAL "$folder/log")" = $((before + 3))
claim and_is_told_to_the_log_once said 'attr: what the source read has killed the process' 1
echo 42 >"$folder/attr.new"
mv "$folder/attr.new" "$folder/attr"
claim and_another_one_is_read within seen all '"stream":"attr".*"value":42' 1

# ------------------------------------------------------------------- a subscriber's requests
before=$(grep -c ^SIGNAL "$folder/log")
subscriber asks '{"subscribe":["timer"]}' '{"ping":1,"id":"abort"}' '{"ping":2,"id":"mine"}' '{"ping":3,"id":"fault"}' \
	'{"unsubscribe":["timer"],"id":"last"}'
claim requests_that_kill_are_refused within seen asks '^{"error":"request-crashed"' 2
claim those_behind_them_are_answered within seen asks '"id":"last"' 1
claim in_their_order test "$(sed -n 's/^{"\(reply\|error\)":"\([^"]*\)".*/\2/p' "$folder/asks" | tr '\n' ' ')" = \
	'subscribe request-crashed ping request-crashed unsubscribe '
claim behind_three_deaths_each test "$(grep -c ^SIGNAL "$folder/log")" = $((before + 6))
claim over_one_connection seen asks '^{"hello"' 1
claim and_nobody_else_was_asked_again test "$(grep -c '"hello"' "$folder/all")" = 1
claim the_log_says_whose_they_were said 'a request of user [0-9]* has killed the process 3 times' 2
