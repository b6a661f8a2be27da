#!/bin/sh
# awaitctl's commands but subscribe, against a scripted peer.
. "${top_srcdir:-.}/tests/awaitctl-lib.sh"
plan 51

# ---------------------------------------------------------------- command line
run --version
claim version_is_printed grep -qx 'awaitctl [0-9.]*' "$out"
run --help
claim help_lists_every_command sh -c "for c in list subscribe get stats debug check reload ping
	do grep -q \"^  \$c \" '$out' || exit 1; done"
claim help_succeeds test "$status" = 0
run subscribe --help
claim help_of_a_command_has_examples grep -q '^  awaitctl subscribe ' "$out"
cp "$out" "$folder/help"
run help subscribe
claim help_is_a_command_too cmp "$folder/help" "$out"
run
claim no_command_is_wrong_usage ended 2
run lits
claim unknown_command_is_wrong_usage ended 2
claim unknown_command_is_named said '"lits"'
run list --count 3
claim option_of_another_command_is_wrong_usage ended 2
claim option_of_another_command_is_named said 'list has no option --count'
run subscribe
claim missing_name_is_wrong_usage ended 2
run subscribe x --count 0
claim count_of_zero_is_wrong_usage ended 2
run subscribe x --timeout 10x
claim odd_duration_is_wrong_usage ended 2
run subscribe x --from yesterday
claim unknown_choice_tells_the_choices said 'now, latest, oldest'
run subscribe x --after x=e
claim after_without_seq_is_wrong_usage ended 2

# -------------------------------------------------------------------- connection
run list -s "$folder/none"
claim missing_socket_is_status_3 ended 3
claim missing_socket_gives_advice said 'systemctl status awaitd'
run list -s "$folder/$(printf '%0120d' 0)"
claim path_beyond_107_bytes_is_told said '107 bytes'
AWAITD_SOCKET=$folder/named; export AWAITD_SOCKET
run list
unset AWAITD_SOCKET
claim environment_names_the_socket said "$folder/named"
# Root's own awaitctl never looks for a user's daemon.
if [ "$(id -u)" != 0 ]; then
	as_user=env
elif setpriv --reuid=65534 --clear-groups true 2>/dev/null && chmod 755 "$folder"; then
	as_user='setpriv --reuid=65534 --clear-groups'
else
	as_user=
fi
mkdir -p "$folder/awaitd"
if [ -n "$as_user" ] && [ ! -e /run/awaitd/awaitd.sock ] && $as_user test -x "$awaitctl"; then
	XDG_RUNTIME_DIR=$folder $as_user "$awaitctl" list >"$out" 2>"$errors"
	claim without_any_socket_the_systems_is_named said '/run/awaitd/awaitd.sock: '
	: >"$folder/awaitd/awaitd.sock"
	XDG_RUNTIME_DIR=$folder $as_user "$awaitctl" list >"$out" 2>"$errors"
	claim a_users_own_socket_is_found said "$folder/awaitd/awaitd.sock: "
else
	skip without_any_socket_the_systems_is_named "needs another user, and no awaitd that runs"
	skip a_users_own_socket_is_found "needs another user, and no awaitd that runs"
fi
converse 'accept
	close' list
claim end_before_hello_is_status_3 ended 3
converse 'accept
	send {"error":"too-many-connections","message":"the limit is 1000"}
	close' list
claim error_in_place_of_hello_is_status_1 ended 1
claim error_in_place_of_hello_is_told said 'too-many-connections: the limit is 1000'
converse 'accept
	send {"hello":"otherd"}
	eof' list
claim another_daemon_is_refused said 'not awaitd'
converse "accept
	send $hello
	eof" list --timeout 100ms
claim silence_is_status_4 ended 4

# -------------------------------------------------------------------------- list
list="accept
	send $hello
	expect {\"list\":[\"*\"]}
	send {\"list\":\"door\",\"is\":\"up\",\"unit\":null,\"seq\":1042,\"description\":\"front door contact\"}
	send {\"new\":\"thing\",\"of\":\"a newer daemon\"}
	send {\"list\":\"board\",\"is\":\"down\",\"unit\":\"Cel\",\"seq\":7,\"description\":\"\\u001b[2J\"}
	send {\"reply\":\"list\",\"count\":2}
	eof"
converse "$list" list
claim list_into_a_pipe_is_verbatim printed \
	'{"list":"door","is":"up","unit":null,"seq":1042,"description":"front door contact"}' \
	'{"list":"board","is":"down","unit":"Cel","seq":7,"description":"\u001b[2J"}'
claim list_succeeds ended 0
converse "$list" list --text
claim list_as_text_is_aligned printed \
	'NAME   is    unit   seq  description' \
	'door   up    -     1042  front door contact' \
	'board  down  Cel      7  \u001b[2J'
COLUMNS=38; export COLUMNS
converse "$list" list --text
claim last_column_is_cut_to_the_width grep -qx 'door   up    -     1042  front door c…' "$out"
COLUMNS=20
converse "$list" list --text
claim narrow_terminal_gets_blocks grep -qx '  is           down' "$out"
unset COLUMNS
converse "accept
	send $hello
	expect {\"list\":[\"d*\",\"dor\",\"quo\\\"te\"]}
	send {\"list\":\"door\",\"is\":\"up\"}
	send {\"reply\":\"list\",\"count\":1}
	eof" list 'd*' dor 'quo"te'
claim literal_name_without_stream_is_status_5 ended 5
claim literal_name_without_stream_is_told said 'there is no stream "dor"'

# --------------------------------------------------------------------------- get
get="accept
	send $hello
	expect {\"get\":[\"door\"]}
	send {\"get\":\"door\",\"is\":\"up\",\"event\":{\"seq\":3,\"time\":\"2020-01-02T03:04:05.678901234Z\",\"mono_ns\":1,\"value\":48.30,\"unit\":\"Cel\",\"edge\":\"rising\"}}
	send {\"reply\":\"get\",\"count\":1}
	eof"
TZ=UTC; export TZ
converse "$get" get door --text
claim get_shows_date_time_name_value_unit_and_the_rest printed \
	'-- 2020-01-02 --' '03:04:05.678  door  48.30 Cel  edge=rising'
converse "$get" get door --value
claim get_value_is_the_bare_value printed 48.30
converse "accept
	send $hello
	expect {\"get\":[\"app\"]}
	send {\"get\":\"app\",\"is\":\"up\",\"event\":{\"seq\":3,\"value\":\"a \\\"b\\\" \\u00e9\\ud83d\\ude00 \\u001b\"}}
	send {\"reply\":\"get\",\"count\":1}
	eof" get app -v
claim get_value_of_a_string_has_no_quotes_and_no_controls printed 'a "b" é😀 \u001b'
converse "accept
	send $hello
	expect {\"get\":[\"app\"]}
	send {\"get\":\"app\",\"is\":\"up\",\"event\":null}
	send {\"reply\":\"get\",\"count\":1}
	eof" get app -v
claim get_without_an_event_is_status_6 ended 6
claim get_without_an_event_prints_no_value printed_nothing

# ------------------------------------------------- stats, debug, ping, reload
converse "accept
	send $hello
	expect {\"stats\":[\"*\"]}
	send {\"stats\":\"door\",\"received\":12,\"lost\":{\"kernel\":1,\"queue\":{\"skip\":3}}}
	send {\"reply\":\"stats\",\"count\":1}
	eof" stats --text
claim members_of_members_are_columns printed \
	'NAME  received  lost.kernel  lost.queue.skip' 'door        12            1                3'
converse "accept
	send $hello
	expect {\"debug\":[\"generators\"]}
	send {\"debug\":\"door\",\"is\":\"await\",\"at\":\"sources/gpio.c:88\"}
	send {\"reply\":\"debug\",\"count\":1}
	eof" debug generators --text
claim debug_tells_the_line shown 'sources/gpio.c:88'
run debug dragons
claim debug_of_something_else_is_wrong_usage ended 2
converse "accept
	send $hello
	expect {\"ping\":1}
	send {\"reply\":\"ping\",\"count\":0}
	eof" ping --text
claim ping_tells_version_and_time grep -q '^awaitd 0.1.0 at .* answers in [0-9.e+]* .s$' "$out"
reload="accept
	send $hello
	expect {\"reload\":true}"
converse "$reload
	send {\"reply\":\"reload\",\"count\":0}
	eof" reload --text
claim reload_tells_the_verdict printed 'reloaded, count 0'
converse "$reload
	send {\"error\":\"invalid-config\",\"message\":\"the running config stays\",\"errors\":[\"a.json:3:5: /x: bad\",\"a.json:9:1: /y: bad\"]}
	eof" reload --text
claim reload_refused_is_status_1 ended 1
claim reload_refused_tells_every_error grep -qx 'a.json:9:1: /y: bad' "$errors"
converse "$reload
	send {\"error\":\"invalid-config\",\"message\":\"no:\\na.json:3:5: /x: bad\\na.json:9:1: /y: bad\"}
	eof" reload
claim errors_in_the_message_are_lines_too grep -qx 'a.json:9:1: /y: bad' "$errors"

# ----------------------------------------------------------- odd lines, and check
converse "accept
	send $hello
	expect {\"list\":[\"*\"]}
	send {\"list\":\"do
	send $hello
	send {\"list\":\"door\"}
	send {\"reply\":\"list\",\"count\":1}
	eof" list
claim line_cut_off_before_a_hello_is_dropped printed '{"list":"door"}'
claim line_cut_off_before_a_hello_is_no_complaint test ! -s "$errors"
converse "accept
	send $hello
	expect {\"list\":[\"*\"]}
	send {\"list\":\"do
	send {\"list\":\"door\"}
	send {\"reply\":\"list\",\"count\":1}
	eof" list
claim any_other_unparsable_line_is_told said 'dropped a line'
mkdir "$folder/bin"
cp "$awaitctl" "$folder/bin/awaitctl"
printf '#!/bin/sh\necho "$*"\nexit 78\n' >"$folder/bin/awaitd"
chmod +x "$folder/bin/awaitd"
"$folder/bin/awaitctl" check -c new.json >"$out" 2>"$errors"
status=$? served=0
claim check_runs_the_awaitd_beside_it printed '--check -c new.json'
claim check_gives_its_status ended 78
