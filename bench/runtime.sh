#!/bin/sh
# runtime.sh PROGRAM - one Markdown table of what async/ costs and, where they are installed, what Node's
# and Python's async generators do, measured one after the other on this machine.
set -eu
program=$1
here=$(dirname "$0")
rows=$(mktemp)
trap 'rm -f "$rows"' EXIT

"$program" | sed 's/^/awaitd\t/' >"$rows"
if command -v node >/dev/null; then
	node --expose-gc "$here/runtime.mjs" | sed 's/^/node\t/' >>"$rows"
fi
if command -v python3 >/dev/null; then
	python3 "$here/runtime.py" | sed 's/^/python\t/' >>"$rows"
fi

awk -F '\t' '
function row(key, text,   i) {
	printf "| %s |", text
	for (i = 1; i <= columns; i++)
		printf " %s |", ((name[i], key) in value) ? value[name[i], key] : "-"
	print ""
}
!($1 in known) { known[$1] = 1; name[++columns] = $1 }
{ value[$1, $2] = $3 }
END {
	printf "| ns a value |"
	for (i = 1; i <= columns; i++) printf " %s |", name[i]
	printf "\n|---|"
	for (i = 1; i <= columns; i++) printf "---|"
	print ""
	row("callback", "a plain callback")
	row("sync", "a sync generator")
	row("ready", "an async generator, the value ready")
	row("queued", "the same in two loops at once, through the job queue")
	row("tick", "one more await, of a settled promise")
	row("turn", "one more await, through a turn of the event loop")
	for (i = 1; i <= 8; i++)
		row("chain" i, "through " i (i == 1 ? " operator" : " operators"))
	printf "| **bytes** |"
	for (i = 1; i <= columns; i++) printf " |"
	print ""
	row("generator", "a suspended generator beside its frame")
	row("generator_allocated", "the same, with a counter, as allocated")
	row("promise", "a promise")
	row("request", "a request")
	row("for_await", "a for await loop")
}' "$rows"
