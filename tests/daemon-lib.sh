# daemon-lib.sh - what the daemon's TAP scripts share, beside tap-lib.sh.  Each runs in a fresh folder
# ($folder).
#
#	config 'JSON'                writes $folder/awaitd.json; $S in it is $folder
#	start                        ./awaitd on it, without a service manager; $pid
#	supervised [-w SECONDS]      the same below tests/supervisor, whose log is $folder/log
#	subscriber NAME LINE...      a peer in the background, that writes into $folder/NAME
# Standard error of the daemon: $folder/errors.

set -u
top_builddir=${top_builddir:-.}
top_srcdir=${top_srcdir:-.}
. "$top_srcdir/tests/tap-lib.sh"
awaitd=$top_builddir/awaitd
lines=$top_builddir/tests/lines
folder=$(mktemp -d "${TMPDIR:-/tmp}/awaitd-test.XXXXXX") || exit 99
socket=$folder/awaitd.sock
errors=$folder/errors
pid= supervisor= peers=
unset NOTIFY_SOCKET LISTEN_FDS LISTEN_PID LISTEN_FDNAMES WATCHDOG_USEC JOURNAL_STREAM XDG_RUNTIME_DIR FDSTORE

cleanup()
{
	for one in $peers $pid $supervisor; do kill -9 "$one" 2>/dev/null; done
	[ -s "$folder/pid" ] && [ -n "$supervisor" ] && kill -9 "$(cat "$folder/pid")" 2>/dev/null
	wait 2>/dev/null
	chmod -R u+rwx "$folder" 2>/dev/null
	rm -rf "$folder"
}
trap cleanup EXIT

context()
{
	for file in out errors log; do
		[ -f "$folder/$file" ] && { echo "--- $file"; tail -c 3000 "$folder/$file"; }
	done
}

config()
{
	printf '%s\n' "$1" | sed "s|\$S|$folder|g" >"$folder/awaitd.json.new"
	mv "$folder/awaitd.json.new" "$folder/awaitd.json"
}

answers()
{
	"$lines" -n 2 -t 5 "$socket" '{"ping":1}' | grep -q '"reply":"ping"'
}

start()
{
	${AWAITD_WRAP-} "$awaitd" -c "$folder/awaitd.json" >>"$errors" 2>&1 &
	pid=$!
	within answers
}

# $status
ended()
{
	wait "$pid"
	status=$?
	pid=
	return $status
}

supervised()
{
	"$top_builddir/tests/supervisor" "$@" "$folder" "$awaitd" -c "$folder/awaitd.json" \
		>>"$errors" 2>&1 &
	supervisor=$!
	within answers
}

supervised_pid()
{
	cat "$folder/pid"
}

# The supervisor's status is the daemon's.
supervised_end()
{
	kill -TERM "$supervisor"
	wait "$supervisor"
	status=$?
	supervisor=
	return $status
}

subscriber()
{
	name=$1
	shift
	"$lines" -t 900 "$socket" "$@" >"$folder/$name" &
	peer=$!
	peers="$peers $peer"
	within grep -q '"ready":\|"error":' "$folder/$name"
}

# How often a line matches: seen FILE PATTERN COUNT-AT-LEAST
seen()
{
	[ "$(grep -c -- "$2" "$folder/$1")" -ge "$3" ]
}

log_seen()
{
	seen log "$1" "$2"
}

# The entries of a stream in a subscriber's file come in order, without one lost or repeated; a gap of
# the source (a tick that came too late) and a state are entries.  unbroken FILE STREAM COUNT-AT-LEAST
unbroken()
{
	sed -n -e 's/^{"stream":"'"$2"'","seq":\([0-9]*\),.*/\1/p' \
		-e 's/^{"gap":"'"$2"'","seq":\([0-9]*\),.*/\1/p' \
		-e 's/^{"state":"'"$2"'",.*"seq":\([0-9]*\),.*/\1/p' "$folder/$1" | awk -v least="$3" '
		NR > 1 && $1 != last + 1 { print "behind " last " comes " $1; bad = 1 }
		{ last = $1 }
		END { if (NR < least) print "only " NR; exit bad || NR < least }'
}
