#!/bin/sh
# What an event costs, counted where neighbours cannot be seen: instructions and allocations by valgrind,
# page faults by the kernel.  Each count is the difference of two runs that differ in their length alone, so that
# nothing of the start is in it.
. "$(dirname "$0")/daemon-lib.sh"

drive=$top_builddir/tests/drive
tool= tool_options= number_of=

config '{"streams":{"bench":{"source":{"type":"socket","listen":"unix:$S/in","framing":"ndjson"},"history":"256KiB"}},
	"sinks":{"local":{"type":"unix","path":"$S/awaitd.sock","block":true}}}'

# Valgrind 3.19 stops at what clang says for debuggers.
stripped=$folder/awaitd
strip -g -o "$stripped" "$awaitd" 2>/dev/null || stripped=$awaitd

# counted WRITES DRIVE-ARGUMENTS...: what the tool says of a daemon's life, $number_of its expression.
counted()
{
	writes=$1
	shift
	valgrind --tool=$tool $tool_options --log-file="$folder/tool" "$stripped" -c "$folder/awaitd.json" 2>"$errors" &
	pid=$!
	within test -S "$socket" || return 1
	within test -S "$folder/in" || return 1
	"$drive" "$folder/in" "$socket" --writes "$writes" "$@" || return 1
	kill -TERM $pid
	wait $pid
	pid=
	rm -f "$folder/in" "$socket"
	sed -n "$number_of" "$folder/tool" | tr -d ,
}

# per EVENT-COUNT WRITES MORE-WRITES DRIVE-ARGUMENTS...: what each event of the longer run adds.
per()
{
	batch=$1 few=$2 many=$3
	shift 3
	first=$(counted "$few" --batch "$batch" "$@") || return 1
	second=$(counted "$many" --batch "$batch" "$@") || return 1
	[ -n "$first" ] && [ -n "$second" ] || return 1
	echo $(((second - first) / ((many - few) * batch)))
}

at_most()
{
	ceiling=$1
	shift
	count=$(per "$@") || return 1
	echo "# $count instructions an event, at most $ceiling: $*" >&3
	[ "$count" -le "$ceiling" ]
}

no_allocation()
{
	tool=memcheck number_of='s/.*total heap usage: \([0-9,]*\) allocs.*/\1/p'
	few=$(counted 30 "$@") && many=$(counted 90 "$@") && [ -n "$few" ] || return 1
	echo "# $few allocations in a short life, $many in a long one: $*" >&3
	[ "$few" -eq "$many" ]
}

no_faults()
{
	start || return 1
	faults=$("$drive" "$folder/in" "$socket" --warm 60 --writes 200 --faults $pid "$@") || return 1
	kill -TERM $pid
	wait $pid
	pid=
	echo "# $faults page faults in 200 writes behind 60: $*" >&3
	[ "$faults" -eq 0 ]
}

instrumented()
{
	case ${test_cflags-} in *-fsanitize*|*--coverage*) return 0 ;; esac
	return 1
}

# What the ceilings were measured with; "" where counts of this build say nothing.
compiler()
{
	case $(uname -m)" ${test_cflags-}" in
	x86_64*-O2*) ;;
	*) return ;;
	esac
	case $(${test_cc:-cc} --version 2>/dev/null) in
	*clang*) echo clang ;;
	*"Free Software Foundation"*) echo gcc ;;
	esac
}

# ceiling GCC CLANG ARGUMENTS-OF-PER...
ceiling()
{
	[ "$compiler" = gcc ] && most=$1 || most=$2
	shift 2
	at_most "$most" "$@"
}

# skip_all WHY NAME...
skip_all()
{
	why=$1
	shift
	for one; do skip "$one" "$why"; done
}

count_allocations()
{
	claim "in steady state no allocation" no_allocation --batch 64 --readers 2
	claim "nor with one event a write" no_allocation --batch 1 --readers 2
}

count_instructions()
{
	tool=callgrind tool_options=--callgrind-out-file=/dev/null
	number_of='s/.*Collected : \([0-9]*\).*/\1/p'
	claim "an event in a batch, one reader" ceiling 1265 1360 256 20 60
	claim "an event of its own, one reader" ceiling 4450 4540 1 100 600
	claim "an event in a batch, eight readers" ceiling 1295 1390 256 20 60 --readers 8
}

exec 3>&1
compiler=$(compiler)
plan 7
if instrumented; then
	skip_all "the build is instrumented" faults "faults, many readers"
else
	claim "in steady state no page fault" no_faults
	claim "nor with 32 readers" no_faults --readers 32
fi
if instrumented || ! command -v valgrind >/dev/null; then
	skip_all "no valgrind, or the build is instrumented" allocations "allocations, one a write" \
		"instructions, batches" "instructions, one a write" "instructions, eight readers"
	exit
fi
count_allocations
if [ -n "$compiler" ]; then
	count_instructions
else
	skip_all "measured for gcc and clang with -O2 on x86_64" \
		"instructions, batches" "instructions, one a write" "instructions, eight readers"
fi
