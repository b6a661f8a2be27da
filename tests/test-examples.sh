#!/bin/sh
# What examples/, README.md and awaitd.json(5) show is right, and what the demo shows is real.
. "${top_srcdir:-.}/tests/awaitctl-lib.sh"
top_srcdir=${top_srcdir:-.}
awaitd=$top_builddir/awaitd
plan 9

# As it is, but for a group that may not be there, and without gpio where that is not built.
is_right()
{
	group=$(id -gn)
	sed "s/\"group\": *\"awaitd\"/\"group\": \"$group\"/; s/\"adm\"/\"$group\"/" "$1" >"$folder/right.json"
	$awaitd --check -c "$folder/right.json" >"$out" 2>"$errors" && return
	grep -q 'unknown source "gpio"' "$errors" && ! grep -v 'unknown source "gpio"' "$errors"
}

claim demo_is_right is_right "$top_srcdir/examples/demo.json"
claim raspberry_pi_is_right is_right "$top_srcdir/examples/raspberry-pi.json"
claim gateway_is_right is_right "$top_srcdir/examples/gateway.json"
sed -n '/^```json$/,/^```$/{/^```/d;p;}' "$top_srcdir/README.md" >"$folder/readme.json"
claim the_config_in_the_readme_is_right is_right "$folder/readme.json"
sed -n '/^\.SH EXAMPLE/,/^\.fi/{/^\./d;p;}' "$top_srcdir/docs/awaitd.json.5.in" >"$folder/manual.json"
claim the_config_in_the_manual_is_right is_right "$folder/manual.json"

sed "s|/tmp/awaitd-demo|$folder|g; s/\"interval\": \"1s\"/\"interval\": \"20ms\"/" \
	"$top_srcdir/examples/demo.json" >"$folder/demo.json"
${AWAITD_WRAP-} "$awaitd" -c "$folder/demo.json" 2>"$folder/log" &
daemon=$!
while [ ! -S "$socket" ] && kill -0 $daemon 2>/dev/null; do sleep 0.05; done
run -s "$socket" subscribe count --from oldest --text
claim the_demo_counts_to_five sh -c "grep -o 'count.*' '$out' | tr -s ' ' | tr '\n' ' ' |
	grep -qx 'count 1 count 2 count 3 count 4 count 5 count ended '"
run -s "$socket" subscribe load --from oldest --count 1 --timeout 1m
claim the_demo_reads_the_load grep -q '"stream":"load",.*"value":[0-9.]*}' "$out"
run -s "$socket" subscribe memory --from oldest --count 1 --timeout 1m
claim the_demo_reads_the_memory grep -q '"value":[0-9]*,"unit":"KiB"' "$out"
kill $daemon
wait $daemon
status=$?
served=0
claim the_demo_ends_in_peace ended 0
