#!/bin/sh
# awaitd's command line, --check, and how it ends when it cannot begin.
. "${top_srcdir:-.}/tests/daemon-lib.sh"
plan 36

run()
{
	"$awaitd" "$@" >"$folder/out" 2>"$errors"
	status=$?
}

ended_with()
{
	[ "$status" = "$1" ] || { echo "status $status"; return 1; }
}

run --version
claim version_is_printed grep -qx 'awaitd [0-9.]*' "$folder/out"
run --help
claim help_succeeds_and_teaches grep -q -- '--check' "$folder/out"
run --nonsense
claim an_unknown_option_is_wrong_usage ended_with 2
run awaitd.json
claim an_operand_is_wrong_usage ended_with 2
run --schema
claim the_schema_is_json_and_names_its_dialect grep -q 'json-schema.org/draft/2020-12' "$folder/out"
run --man-options
claim the_man_sections_are_written grep -q '^\.' "$folder/out"
run --schema >/dev/full
claim a_full_disk_is_an_error sh -c '! "$1" --schema >/dev/full 2>/dev/null' sh "$awaitd"

config '{"streams": {"count": {"source": {"type": "timer", "interval": "10ms"}}},
	"sinks": {"local": {"type": "unix", "path": "$S/awaitd.sock"}}}'
run --check -c "$folder/awaitd.json"
claim a_right_config_is_0 ended_with 0
claim a_right_config_is_said grep -q '1 stream' "$folder/out"
claim check_starts_nothing test ! -e "$socket"

config '{"streams": {"count": {"source": {"type": "timer", "intervall": "10ms"}},
	"door": {"source": {"type": "tmier"}}},
	"sinks": {"local": {"type": "unix", "path": "$S/awaitd.sock", "mode": "9999"}}}'
run --check -c "$folder/awaitd.json"
claim a_wrong_config_is_78 ended_with 78
claim an_error_has_file_line_and_column grep -q "^$folder/awaitd.json:1:[0-9]*: /streams/count/source" "$errors"
claim a_misspelt_member_is_suggested grep -q 'did you mean "interval"' "$errors"
claim a_misspelt_type_is_suggested grep -q 'did you mean "timer"' "$errors"
claim all_errors_come_at_once test "$(grep -c "^$folder/awaitd.json:" "$errors")" = 3
run -c "$folder/awaitd.json"
claim a_cold_start_with_a_wrong_config_is_78 ended_with 78
claim it_says_all_errors_too test "$(grep -c "^$folder/awaitd.json:" "$errors")" = 3
claim nothing_was_started test ! -e "$socket"

run -c "$folder/missing.json"
claim a_missing_config_is_78 ended_with 78
claim a_missing_config_is_named grep -q 'missing.json' "$errors"

long='"a": {"source": {"type": "timer", "interval": "10ms"}, "max_line": "1MiB", "history": "4MiB"}'
longer='/streams/a/max_line: is more than a sink takes, 131072; '
config "{\"streams\": {$long}}"
run --check -c "$folder/awaitd.json"
claim lines_that_no_sink_takes_are_78 ended_with 78
claim also_if_it_is_the_usual_one grep -q "^$folder/awaitd.json:1:[0-9]*: $longer" "$errors"
config "{\"streams\": {$long}, \"sinks\": {\"one\": {\"type\": \"unix\", \"path\": \"\$S/1\"},
	\"two\": {\"type\": \"unix\", \"path\": \"\$S/2\"}}}"
run --check -c "$folder/awaitd.json"
claim and_if_there_are_two grep -q "$longer" "$errors"
config "{\"streams\": {$long}, \"sinks\": {\"one\": {\"type\": \"unix\", \"path\": \"\$S/1\"},
	\"two\": {\"type\": \"unix\", \"path\": \"\$S/2\", \"limits\": {\"outbox\": \"2MiB\"}}}}"
run --check -c "$folder/awaitd.json"
claim one_that_takes_them_is_enough ended_with 0
config "{\"streams\": {$long}, \"sinks\": {}}"
run --check -c "$folder/awaitd.json"
claim and_none_has_no_say ended_with 0

config '{"sinks": '
run --check -c "$folder/awaitd.json"
claim a_syntax_error_is_78 ended_with 78

# ------------------------------------------------------------- cannot begin
config '{"streams": {}, "sinks": {"local": {"type": "unix", "path": "$S/nowhere/awaitd.sock"}}}'
run -c "$folder/awaitd.json"
claim a_missing_folder_is_1 ended_with 1
claim a_missing_folder_is_named grep -q "$folder/nowhere" "$errors"

config '{"streams": {"count": {"source": {"type": "timer", "interval": "10ms"}}},
	"sinks": {"local": {"type": "unix", "path": "$S/awaitd.sock"}}}'
# With ever more of it, until it starts: each failure before is a message, and status 1.
limited()
{
	option=$1 value=$2 growth=$3
	while [ "$value" -lt "$4" ]; do
		( ulimit "$option" "$value"; exec "$awaitd" -c "$folder/awaitd.json" ) \
			>"$folder/out" 2>"$errors" &
		pid=$!
		until answers >/dev/null 2>&1 || ! kill -0 "$pid" 2>/dev/null; do sleep 0.02; done
		if kill -TERM "$pid" 2>/dev/null; then
			ended && return 0
			echo "with $value it started and ended with $status"
			return 1
		fi
		ended
		[ "$status" = 1 ] || [ "$status" = 127 ] || { echo "with $value: $status"; return 1; }
		[ -s "$errors" ] || { echo "with $value it says nothing"; return 1; }
		value=$((value + 1 + value * growth / 100))
	done
	echo "never started"
	return 1
}
claim too_few_fds_are_a_message_until_there_are_enough limited -n 4 0 60
if grep -q asan "$awaitd" 2>/dev/null; then
	skip too_little_memory_is_a_message_until_there_is_enough 'the address sanitizer needs it all'
else
	claim too_little_memory_is_a_message_until_there_is_enough limited -v 6000 30 8000000
fi

if [ "$(id -u)" = 0 ]; then
	mkdir -m 755 "$folder/other"
	chown 65534:65534 "$folder/other"
	config '{"streams": {}, "sinks": {"local": {"type": "unix", "path": "/run/awaitd-no-permission.sock"}}}'
	chmod 755 "$folder"
	(cd "$folder/other" && setpriv --reuid 65534 --regid 65534 --clear-groups "$(readlink -f "$awaitd")" \
		-c "$folder/awaitd.json") >"$folder/out" 2>"$errors"
	status=$?
	claim no_permission_is_named sh -c '[ "$1" = 1 ] && grep -qi "permission denied" "$2"' sh "$status" "$errors"
else
	skip no_permission_is_named 'needs root to become nobody'
fi

# ------------------------------------------------------------- a config without sinks
config '{"streams": {"count": {"source": {"type": "timer", "interval": "10ms"}}}}'
run --check -c "$folder/awaitd.json"
claim a_config_without_sinks_has_one grep -q '1 stream, 1 sink$' "$folder/out"
config '{"streams": {}, "sinks": {}}'
run --check -c "$folder/awaitd.json"
claim a_config_with_no_sink_has_none grep -q '0 streams, 0 sinks$' "$folder/out"
"$awaitd" -c "$folder/awaitd.json" >"$folder/out" 2>"$errors" &
pid=$!
claim that_is_warned_of within grep -q 'nobody can subscribe' "$errors"
kill -TERM "$pid"
claim that_runs_all_the_same ended
as_a_user()
{
	config '{"streams": {"count": {"source": {"type": "timer", "interval": "10ms"}}}}'
	mkdir -p "$folder/runtime/awaitd"
	chmod -R a+rwX "$folder"
	cp "$awaitd" "$folder/awaitd"
	set -- "$folder/awaitd" -c "$folder/awaitd.json"
	[ "$(id -u)" != 0 ] || set -- setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
	XDG_RUNTIME_DIR="$folder/runtime" "$@" >"$folder/out" 2>"$errors" &
	pid=$!
	socket=$folder/runtime/awaitd/awaitd.sock
	within answers
}
claim the_one_of_a_user_is_in_the_runtime_folder as_a_user
kill -TERM "$pid"
