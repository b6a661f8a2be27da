# awaitctl-lib.sh - what awaitctl's TAP scripts share: a fake daemon, and claims about what
# awaitctl printed and how it ended.
#
#	plan N
#	converse 'SCRIPT' ARG...     runs awaitctl ARG... -s SOCKET against tests/fake-server
#	claim NAME COMMAND...        one result: the command succeeds
# After converse there are $out, $errors (files), $status (awaitctl's) and $served (the server's).

set -u
top_builddir=${top_builddir:-.}
awaitctl=$top_builddir/awaitctl
folder=$(mktemp -d "${TMPDIR:-/tmp}/awaitctl-test.XXXXXX") || exit 99
trap 'rm -rf "$folder"' EXIT
socket=$folder/awaitd.sock
out=$folder/out errors=$folder/errors
hello='{"hello":"awaitd","version":"0.1.0","boot_id":"b","limits":{}}'
number=0
unset AWAITD_SOCKET NO_COLOR COLUMNS

plan()
{
	echo "1..$1"
}

claim()
{
	name=$1
	shift
	number=$((number + 1))
	if "$@" >"$folder/why" 2>&1; then
		echo "ok $number - $name"
	else
		echo "not ok $number - $name"
		{ echo "failed: $*"; cat "$folder/why"; echo "status ${status-} served ${served-}"
		echo '--- stdout'; head -c 2000 "$out"; echo '--- stderr'; head -c 2000 "$errors"
		} 2>/dev/null | sed 's/^/# /'
	fi
}

skip()
{
	number=$((number + 1))
	echo "ok $number - $1 # SKIP $2"
}

serve()
{
	rm -f "$socket"
	printf '%s\n' "$1" | "$top_builddir/tests/fake-server" "$socket" 2>"$folder/server" &
	server=$!
	while [ ! -S "$socket" ] && kill -0 "$server" 2>/dev/null; do sleep 0.02; done
}

served()
{
	wait "$server"
	served=$?
	sed 's/^/server: /' "$folder/server" >>"$errors"
}

run()
{
	${AWAITD_WRAP-} "$awaitctl" "$@" >"$out" 2>"$errors"
	status=$?
}

converse()
{
	script=$1
	shift
	serve "$script"
	run "$@" -s "$socket"
	served
}

ended()
{
	[ "$status" = "$1" ] && [ "${served-0}" = 0 ]
}

printed()
{
	printf '%s\n' "$@" | cmp - "$out"
}

printed_nothing()
{
	[ ! -s "$out" ]
}

said()
{
	grep -qF -- "$1" "$errors"
}

shown()
{
	grep -qF -- "$1" "$out"
}
