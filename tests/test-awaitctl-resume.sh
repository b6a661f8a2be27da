#!/bin/sh
# awaitctl subscribe resumes by itself, over daemons that keep a stream's memory, lose it, or have it no more:
# each event once, each gap told exactly.
. "${top_srcdir:-.}/tests/awaitctl-lib.sh"
plan 13
awaitd=$top_builddir/awaitd
unset NOTIFY_SOCKET LISTEN_FDS LISTEN_PID LISTEN_FDNAMES XDG_RUNTIME_DIR
AWAITD_SOCKET=$socket
export AWAITD_SOCKET
served=0

# config NAME...: streams that are written to; "kept" has its history in a file.
config()
{
	streams=
	for name; do
		history='"history": "256KiB"'
		[ "$name" != kept ] || history='"history": {"path": "'$folder/kept.log'", "count": 5}'
		streams="$streams${streams:+, }\"$name\": {\"source\": {\"type\": \"socket\",
			\"listen\": \"unix:$folder/$name.sock\", \"framing\": \"ndjson\"}, $history}"
	done
	echo "{\"streams\": {$streams}, \"sinks\": {\"local\": {\"type\": \"unix\", \"path\": \"$socket\"}}}" \
		>"$folder/awaitd.json"
}

start()
{
	"$awaitd" -c "$folder/awaitd.json" 2>>"$folder/log" &
	daemon=$!
	within "$awaitctl" ping
}

stop()
{
	kill "-$1" $daemon
	wait $daemon 2>/dev/null
}

# say STREAM FROM TO: numbers.
say()
{
	"$top_builddir/tests/lines" -n 0 "$folder/$1.sock" "$(seq "$2" "$3")"
	within sh -c "'$awaitctl' get $1 | grep -q '\"value\":$3[,}]'"
}

subscribe()
{
	: >"$out"
	"$awaitctl" subscribe "$@" >"$out" 2>"$errors" &
	subscriber=$!
}

# What was told of a stream: values, and gaps by their stage.
told()
{
	sed -n -e 's/^{"stream":"'"$1"'",.*"value":\([0-9]*\).*/\1/p' \
		-e 's/^{"gap":"'"$1"'","from":\([^,]*\),"to":\([^,]*\),.*"stage":"\([a-z]*\)".*/\3:\1-\2/p' "$out" |
		tr '\n' ' '
}

tells()
{
	[ "$(told "$1")" = "$2" ] || { echo "told: $(told "$1")"; return 1; }
}

# ---------------------------------------------------------------- a memory that is lost
config a b
start
subscribe a b
within sh -c "'$awaitctl' list a | grep -q '\"listeners\":1'"
say a 1 3
claim events_come within tells a '1 2 3 '
stop KILL
start
claim it_connects_again within sh -c "'$awaitctl' list a | grep -q '\"listeners\":1'"
say a 4 6
claim a_lost_epoch_is_a_gap_and_then_all_of_the_new_one within tells a '1 2 3 epoch:null-null 4 5 6 '
claim also_of_a_stream_that_had_nothing within tells b 'epoch:null-null '
stop KILL
start
within sh -c "'$awaitctl' list a | grep -q '\"listeners\":1'"
say a 7 7
claim and_once_more within tells a '1 2 3 epoch:null-null 4 5 6 epoch:null-null 7 '
kill $subscriber
wait $subscriber 2>/dev/null

# ------------------------------------------------------- away for longer than the history
stop TERM
config kept
start
subscribe kept
within sh -c "'$awaitctl' list kept | grep -q '\"listeners\":1'"
say kept 1 3
claim a_history_in_a_file_is_told within tells kept '1 2 3 '
kill -STOP $subscriber
stop TERM
start
say kept 4 20
kill -CONT $subscriber
claim what_it_holds_no_more_is_an_exact_gap within tells kept '1 2 3 history:4-15 16 17 18 19 20 '
kill $subscriber
wait $subscriber 2>/dev/null

# -------------------------------------------------------- one of two streams that is gone
stop TERM
config kept gone
start
subscribe kept gone
within sh -c "'$awaitctl' list gone | grep -q '\"listeners\":1'"
say gone 1 2
say kept 21 21
claim both_are_told within tells gone '1 2 '
kill -STOP $subscriber
stop TERM
config kept
start
say kept 22 23
kill -CONT $subscriber
claim the_other_goes_on within tells kept '21 22 23 '
claim the_one_that_is_gone_is_said grep -q 'there is no stream "gone"' "$errors"
config kept gone
kill -HUP $daemon
within "$awaitctl" list gone
say gone 3 3
stop KILL
start
within sh -c "'$awaitctl' list gone | grep -q '\"listeners\":1'"
say gone 4 4
claim one_that_is_there_again_is_told_from_its_beginning within tells gone '1 2 4 '
kill $subscriber
wait $subscriber 2>/dev/null

# ---------------------------------------------------------- a stream that a reload removes
subscribe kept 'g*'
within sh -c "'$awaitctl' list gone | grep -q '\"listeners\":1'"
say gone 5 5
config kept
kill -HUP $daemon
within grep -q '"state":"gone","is":"ended"' "$out"
stop TERM
start
within sh -c "'$awaitctl' list kept | grep -q '\"listeners\":1'"
say kept 24 24
claim a_removed_stream_does_not_hinder_the_others within tells kept '24 '
claim and_it_goes_on kill -0 $subscriber
kill $subscriber
stop TERM
