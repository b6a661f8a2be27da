#!/bin/sh
# Node and async/ agree on random programs, of a fresh seed each time (or that of $SEED).  TAP.
set -u
tool=$(cd "${top_builddir:-.}" && pwd)/tests/trace-tool
oracle=${top_srcdir:-.}/tests/oracle
seed=${SEED:-$(date +%s)}
count=${COUNT:-300}

major=$(node --version 2>/dev/null | sed 's/^v\([0-9]*\)\..*/\1/')
if [ "${major:-0}" -lt 20 ]; then
	echo "1..0 # SKIP needs node 20 or later"
	exit 0
fi
profiles=$(node -e 'import(process.argv[1]).then((g) => console.log(Object.keys(g.PROFILES).join(" ")))' \
	"$(cd "$oracle" && pwd)/generate.mjs")
echo "1..$(echo $profiles | wc -w)"
echo "# seed $seed, $count programs of each profile"
number=0
for profile in $profiles; do
	number=$((number + 1))
	if result=$(node "$oracle/random.mjs" --tool "$tool" --tool "$tool --callbacks" \
		--seed "$seed" --count "$count" --profiles "$profile" 2>&1); then
		echo "ok $number - $profile: ${result##*
}"
	else
		echo "not ok $number - $profile"
		echo "$result" | sed 's/^/# /'
	fi
done
