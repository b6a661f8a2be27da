#!/bin/sh
# What the arena holds is damaged, or another version's, between a death and the next birth: shorter
# runs of tests/damage, a claim each part.  The long ones by hand:
#   tests/damage -r 500 ./awaitd
: "${top_builddir:=.}"
damage=$top_builddir/tests/damage
number=0 failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

claim() { # PART WHAT-IT-COSTS
  number=$((number + 1))
  if "$damage" -p "$1" -r "${AWAITD_ROUNDS:-10}" "$top_builddir/awaitd" >"$log" 2>&1; then
    echo "ok $number - $1: $2: $(sed -n "s/^$1: //p" "$log")"
  else
    failed=1
    echo "not ok $number - $1: $2"
    grep -v 'awaitd: \(info\|notice\)' "$log" | tail -n 20 | sed 's/^/# /'
  fi
}

claim arena-version 'all streams begin new epochs, and every peer is told to connect again'
claim arena-header 'at most the same'
claim log-version 'its stream begins a new epoch, and its subscribers are told'
claim log-header 'at most the same'
claim log-hot 'at most the same'
claim log-index 'at most the same'
claim log-saved 'at most the same'
claim log-ring 'at most the same, or a line whose value is another'
claim bulk 'at most what that stream is being sent'
claim table-version 'every subscriber is told to connect again'
claim table-header 'at most the same'
claim slot 'at most that subscriber'
claim cold 'at most that subscriber'
claim outbox 'at most that subscriber'
claim directory 'at most what the entry is of'
claim config 'nothing, while the file is right'
echo "1..$number"
exit "$failed"
