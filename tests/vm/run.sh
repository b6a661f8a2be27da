# Runs in the VM, as root, with systemd as PID 1: every claim in /test/claims, or those named in /test/wanted, each
# a function that fails by a non-zero status; of these, where there is awaitd.part=I/N, every Nth.  Prints TAP.
cd /test
. ./lib.sh
for file in claims/*.sh; do . "./$file"; done
wanted=$(cat wanted 2>/dev/null)
read -r part parts < <(sed -n 's,.*awaitd.part=\([0-9]*\)/\([0-9]*\).*,\1 \2,p' /proc/cmdline)
number=0 failed=0
for claim in $(declare -F | sed -n 's/^declare -f claim_//p'); do
  [ -z "$wanted" ] || grep -qx "$claim" <<<"$wanted" || continue
  number=$((number + 1))
  [ $((number % ${parts:-1})) -eq "${part:-0}" ] || continue
  begin=$SECONDS
  # Not as a condition, in which set -e is without effect.
  (set -e; "claim_$claim") >/tmp/claim.log 2>&1
  status=$?
  if [ $status -eq 0 ]; then
    echo "ok $number - vm: $claim # $((SECONDS - begin)) s"
  else
    failed=$((failed + 1))
    echo "not ok $number - vm: $claim # $((SECONDS - begin)) s"
    tail -n 40 /tmp/claim.log | sed 's/^/#   /'
    journalctl -b -u awaitd -o short-monotonic --no-pager 2>/dev/null | tail -n 15 | sed 's/^/#   journal: /'
  fi
done
echo "# the end of $number claims"
[ "$failed" -eq 0 ]
