#!/bin/sh
# Some hundred thousand events through the real daemon: every reader gets every line, once, in order and whole.
top_builddir=${top_builddir:-.}
number=0

claim()
{
	name=$1
	shift
	number=$((number + 1))
	if said=$("$@" 2>&1); then
		echo "ok $number - $name"
	else
		echo "not ok $number - $name"
	fi
	echo "$said" | sed 's/^/# /'
}

flood()
{
	"$top_builddir/tests/flood" --awaitd "$top_builddir/awaitd" "$@"
}

echo 1..3
claim "with block nothing is lost, repeated or torn, and the memory is flat" \
	flood --events 300000 --readers 8 --lag block
claim "many producers at once keep their order" \
	flood --events 200000 --readers 2 --producers 8 --lag block
claim "with skip every gap is told" flood --events 200000 --readers 4 --lag skip
