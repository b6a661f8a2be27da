# awaitctl-lib.sh - what awaitctl's TAP scripts share: a fake daemon, and claims about what
# awaitctl printed and how it ended; beside tap-lib.sh.
#
#	converse 'SCRIPT' ARG...     runs awaitctl ARG... -s SOCKET against tests/fake-server
# After converse there are $out, $errors (files), $status (awaitctl's) and $served (the server's).

set -u
top_builddir=${top_builddir:-.}
. "${top_srcdir:-.}/tests/tap-lib.sh"
awaitctl=$top_builddir/awaitctl
folder=$(mktemp -d "${TMPDIR:-/tmp}/awaitctl-test.XXXXXX") || exit 99
trap 'rm -rf "$folder"' EXIT
socket=$folder/awaitd.sock
out=$folder/out errors=$folder/errors
hello='{"hello":"awaitd","version":"0.1.0","boot_id":"b","limits":{}}'
unset AWAITD_SOCKET NO_COLOR COLUMNS

context()
{
	echo "status ${status-} served ${served-}"
	echo '--- stdout'; head -c 2000 "$out"; echo '--- stderr'; head -c 2000 "$errors"
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
