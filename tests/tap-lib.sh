# tap-lib.sh - what all TAP scripts share.  Whoever reads it in has a $folder of its own, and may have
# a command `context`, which prints what else is to be known of a claim that failed.
#
#	plan N
#	claim NAME COMMAND...        one result: the command succeeds
#	skip NAME REASON             one result that is none
#	within COMMAND...            succeeds when the command does, tried for a minute

number=0

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
		{ echo "failed: $*"; cat "$folder/why"; context; } 2>/dev/null | sed 's/^/# /'
	fi
}

skip()
{
	number=$((number + 1))
	echo "ok $number - $1 # SKIP $2"
}

within()
{
	tries=0
	until "$@" >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ $tries -lt 1200 ] || { echo "not within a minute: $*"; return 1; }
		sleep 0.05
	done
}
