#!/bin/sh
# "lock_memory": what is used stays in memory; where it is not allowed, that is told and all else goes on.
. "${top_srcdir:-.}/tests/daemon-lib.sh"
if grep -q asan "$awaitd" 2>/dev/null; then
	echo "1..0 # SKIP the address sanitizer's mlockall() does nothing"
	exit 0
fi
plan 7

stream='"streams": {"a": {"source": {"type": "timer", "interval": "10ms"}}}'
sink='"sinks": {"local": {"type": "unix", "path": "$S/awaitd.sock"}}'
refused='memory cannot be locked ("lock_memory"): .*LimitMEMLOCK=infinity'

locked_kib()
{
	sed -n 's/^VmLck:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$pid/status"
}
is_locked() { [ "$(locked_kib)" -gt 0 ]; }
is_not_locked() { [ "$(locked_kib)" -eq 0 ]; }
is_told() { grep -q "$refused" "$errors"; }
locked_or_told() { is_locked || is_told; }

config "{$stream, $sink, \"daemon\": {\"lock_memory\": true}}"
claim it_starts start
claim memory_is_locked_or_it_is_told_why_not locked_or_told
config "{$stream, $sink}"
kill -HUP "$pid"
claim a_reload_without_it_unlocks within is_not_locked
kill -TERM "$pid"
wait "$pid"

# Root may always: without the capability it is as everybody else.
if [ "$(id -u)" != 0 ] || command -v setpriv >/dev/null; then
	allowed=$awaitd
	awaitd=$folder/limited
	drop=
	[ "$(id -u)" != 0 ] || drop='setpriv --bounding-set=-ipc_lock --inh-caps=-ipc_lock'
	printf '#!/bin/sh\nulimit -l 64\nexec %s "%s" "$@"\n' "$drop" "$allowed" >"$awaitd"
	chmod +x "$awaitd"
	config "{$stream, $sink, \"daemon\": {\"lock_memory\": true}}"
	claim where_the_limit_forbids_it_the_daemon_starts_all_the_same start
	claim it_is_told_with_what_would_be_right is_told
	subscriber a '{"subscribe":["a"]}'
	claim and_events_flow within grep -q '"stream":"a"' "$folder/a"
else
	skip limit "no setpriv"
	skip told "no setpriv"
	skip flow "no setpriv"
fi

config "{$stream, $sink, \"daemon\": {\"lock_memory\": 1, \"lock\": true}}"
claim the_section_is_checked_as_all_are sh -c '"$1" --check -c "$2" 2>&1 | grep -c "/daemon/lock" | grep -qx 2' \
	sh "$awaitd" "$folder/awaitd.json"
