#!/bin/sh
# Exactly once across SIGKILL, SIGTERM, abort and reloads: shorter runs of tests/kills.  The long ones by hand:
#   tests/kills --awaitd ./awaitd --kills 1000 --rate 60000
#   tests/kills --awaitd ./awaitd --kills 1000 --rate 30000 --reloads
#   tests/kills --awaitd ./awaitd --steps 1-5000
# ptrace(2) may be forbidden (a container without CAP_SYS_PTRACE): then the steps are skipped.
: "${top_builddir:=.}"
kills=$top_builddir/tests/kills
number=0 failed=0
log=$(mktemp)
other=$(mktemp)
trap 'rm -f "$log" "$other"' EXIT
cp "$top_builddir/awaitd" "$other" && chmod +x "$other"

claim() { # NAME ARGUMENTS...
  name=$1; shift
  number=$((number + 1))
  if "$kills" --awaitd "$top_builddir/awaitd" "$@" >"$log" 2>&1; then
    echo "ok $number - $name: $(grep '^{"seed"' "$log")"
  elif grep -q '^ptrace: ' "$log"; then
    echo "ok $number - $name # SKIP $(grep '^ptrace: ' "$log")"
  else
    failed=1
    echo "not ok $number - $name"
    grep -v 'awaitd: info' "$log" | tail -n 20 | sed 's/^/# /'
  fi
}

claim 'SIGKILL at random moments loses, repeats and tears nothing' --kills "${AWAITD_KILLS:-100}"
claim 'SIGTERM hands over like SIGKILL' --kills 20 --signal 15
claim 'SIGABRT, as of the watchdog, hands over like SIGKILL' --kills 20 --signal 6
claim 'an upgrade of the binary is not seen' --kills 20 --signal 15 --other "$other"
claim 'reloads under load, kills in their middle, and configs that become wrong lose nothing of the streams that stay' --reloads --rate 20000 \
  --kills "${AWAITD_KILLS:-40}"
claim 'a kill after each instruction of a working period' --steps "1-${AWAITD_STEPS:-300}"
echo "1..$number"
exit "$failed"
