#!/bin/sh
# awaitctl and awaitd, both as they are.
. "${top_srcdir:-.}/tests/awaitctl-lib.sh"
plan 18
awaitd=$top_builddir/awaitd
ingest=$folder/app.sock
unset NOTIFY_SOCKET LISTEN_FDS LISTEN_PID LISTEN_FDNAMES XDG_RUNTIME_DIR
AWAITD_SOCKET=$socket
export AWAITD_SOCKET

cat >"$folder/awaitd.json" <<END
{ "streams": {
    "count": { "source": {"type": "timer", "from": 1, "to": 5, "interval": "10ms"} },
    "ever":  { "source": {"type": "timer", "interval": "50ms"}, "unit": "s", "description": "ticks" },
    "app":   { "source": {"type": "socket", "listen": "unix:$ingest", "framing": "ndjson"} } },
  "sinks": { "local": {"type": "unix", "path": "$socket"} } }
END

start()
{
	${AWAITD_WRAP-} "$awaitd" -c "$folder/awaitd.json" 2>>"$folder/log" &
	daemon=$!
	until "$awaitctl" ping >/dev/null 2>&1; do
		kill -0 $daemon 2>/dev/null || break
		sleep 0.05
	done
}

served=0
start
run ping --text
claim ping_answers ended 0
run list --text
claim list_shows_every_stream sh -c "tail -n +2 '$out' | cut -d ' ' -f 1 | tr '\n' ' ' |
	grep -qx 'app count ever '"
claim list_shows_descriptions grep -q '^ever .* s .* ticks$' "$out"
run list 'c*' nosuch
claim list_of_a_missing_name_is_status_5 ended 5
run subscribe count --from oldest
claim an_ended_stream_is_read_to_its_end sh -c "grep -c '\"stream\":\"count\"' '$out' | grep -qx 5"
claim and_the_command_ends_with_it ended 0
run get app --value
claim get_of_nothing_is_status_6 ended 6
run subscribe ever --count 3
claim live_events_are_counted sh -c "wc -l <'$out' | grep -qx 3"
run stats --text
claim stats_are_a_table grep -q '^count  *5 ' "$out"
run debug generators --text
claim generators_are_shown_to_root_and_the_daemons_user grep -q 'timer' "$out"
run subscribe nosuch
claim a_missing_stream_is_status_5 ended 5
run subscribe count --lag block
claim what_the_config_forbids_is_status_1 ended 1

cp "$folder/awaitd.json" "$folder/right"
sed -i 's/"interval"/"intervall"/' "$folder/awaitd.json"
run reload --text
claim a_wrong_reload_is_status_1 ended 1
claim a_wrong_reload_tells_each_mistake sh -c "grep -c 'awaitd.json:[0-9]*:[0-9]*: /streams/' '$errors' |
	grep -qx 2"
run check -c "$folder/awaitd.json"
claim check_says_the_same ended 78
cp "$folder/right" "$folder/awaitd.json"
run reload --text
claim a_right_reload_is_status_0 ended 0

# A daemon that dies without a service manager takes its memory with it: a new epoch, and told.
"$awaitctl" subscribe ever count --from oldest >"$out" 2>"$errors" &
client=$!
within grep -q '"stream":"ever"' "$out"
kill -KILL $daemon
wait $daemon 2>/dev/null
start
within grep -q '"gap":"ever",.*"stage":"epoch"' "$out"
claim awaitctl_connects_again_and_tells_the_gap grep -q '"gap":"ever",.*"stage":"epoch"' "$out"
claim and_says_so said 'resuming 2 streams'
kill $client $daemon
wait 2>/dev/null
