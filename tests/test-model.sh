#!/bin/sh
# The protocol that survives SIGKILL, as a model (tests/model/awaitd.pml): Spin finds no error in it,
# and finds each mistake that is made in it on purpose.  TAP.
: "${top_srcdir:=.}"
model=$top_srcdir/tests/model/awaitd.pml
mistakes='1 2 3 4 5 6 7 8 9 10 11 12'
number=0 failed=0

skip_all() {
  echo "1..0 # SKIP $1"
  exit 0
}

command -v spin >/dev/null || skip_all 'there is no spin (Debian: spin)'
compiler=$(command -v "${AWAITD_MODEL_CC:-cc}" || command -v gcc || command -v clang) ||
  skip_all 'there is no C compiler'
[ -z "${AWAITD_SLOW:-}" ] || skip_all 'it does not depend on how awaitd is built'

model=$(cd "$(dirname "$model")" && pwd)/awaitd.pml
folder=$(mktemp -d) || exit 99
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 99

# verify OPTIMIZATION DEFINITION...: the verifier's report in ./report.
verify() {
  optimize=$1
  shift
  rm -f pan* ./*.trail
  {
    spin -a "$@" "$model" &&
      "$compiler" -w "$optimize" -DSAFETY -DCOLLAPSE -DMEMLIM=2048 -o pan pan.c &&
      ./pan -m100000
  } >report 2>&1
}

result() { # STATUS NAME
  number=$((number + 1))
  if [ "$1" -eq 0 ]; then
    echo "ok $number - $2"
  else
    failed=1
    echo "not ok $number - $2"
    tail -n 30 report | sed 's/^/# /'
  fi
}

states() {
  sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1 states/p' report
}

# All of it was searched, and there was nothing.
is_right() {
  grep -q 'errors: 0$' report && ! grep -qE 'Search not completed|max search depth too small' report
}

# One behind another: each is a line of the model's head.
mistake_name() {
  sed -n "s/^ \*[[:space:]]* $1  \(.*\)/\1/p" "$model"
}

verify -O2 -DLAG=0
is_right
result $? "every line comes once, in order and whole, to a \`block\` subscriber: $(states)"
verify -O2 -DLAG=1
is_right
result $? "every line or exactly its gap comes to a \`skip\` subscriber: $(states)"
for mistake in $mistakes; do
  verify -O0 -DLAG=0 -DMISTAKE="$mistake"
  grep -q 'errors: 1$' report
  result $? "found: $(mistake_name "$mistake")"
done
echo "1..$number"
exit "$failed"
