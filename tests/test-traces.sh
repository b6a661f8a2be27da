#!/bin/sh
# Every program of the corpus gives the trace that is written beside it: by loops in bodies, and by
# for_await() wherever that can take their place.  TAP.
set -u
tool=${top_builddir:-.}/tests/trace-tool
corpus=${top_srcdir:-.}/tests/traces

echo "1..$(ls "$corpus"/*.json | awk 'END { print 2 * NR }')"
"$tool" --tap "$corpus"/*.json | grep -v '^1\.\.'
"$tool" --callbacks --tap "$corpus"/*.json | grep -v '^1\.\.' |
	sed 's/^\(not ok\|ok\) [0-9]* - \(.*\)/\1 - for_await: \2/'
