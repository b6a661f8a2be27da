# shellcheck shell=bash
# cells.sh - what scripts/bench measures, each cell one row of JSON in $rows.  Included by it.
#
# A row says family, cell, server and round beside what was measured; the tables are made of these.

: "${build:?}" "${rows:?}" "${seconds:?}"
failed=0

row_add() { # FAMILY CELL SERVER ROUND, the object on stdin
  jq -c --arg family "$1" --arg cell "$2" --arg server "$3" --argjson round "$4" \
    '. + {family: $family, cell: $cell, server: $server, round: $round}' >>"$rows"
}

fail() {
  echo "FAILED: $*" >&2
  failed=1
}

# fanout FAMILY CELL SERVER ROUND ARGUMENT...: one run of bench/fanout.  A delivery that is lost, repeated
# or out of order fails the whole, but not a peer's beside a dead reader: there it is the finding.
fanout() {
  local family=$1 cell=$2 server=$3 round=$4 row status=0
  shift 4
  if ! server_start "$server"; then
    server_stop
    fail "$family, $cell: $server"
    return
  fi
  row=$("$build/bench/fanout" --dialect "${dialect[$server]}" --in "${in[$server]}" --out "${out[$server]}" \
    --pid "$server_pid" --seconds "$seconds" "$@") || status=$?
  server_stop
  if [ -n "$row" ]; then row_add "$family" "$cell" "$server" "$round" <<<"$row"; fi
  [ $status -eq 0 ] || [ "$family-$server" != "dead-${server#awaitd}" ] || return 0
  [ $status -eq 0 ] || fail "$family, $cell: $server: ${row:-no result}"
}

# With many readers fewer events are under way: a slow server would have them to deliver long after the end.
cells_fan_out() { # ROUND "N..." SERVER...
  local round=$1 counts=$2 n window server
  shift 2
  for n in $counts; do
    window=$((n > 64 ? 2048 : 16384))
    for server in "$@"; do
      fanout fan-out "N=$n" "$server" "$round" --readers "$n" --batch 256 --window $window
    done
  done
}

cells_single() { # ROUND "N..." SERVER...
  local round=$1 counts=$2 n server
  shift 2
  for n in $counts; do
    for server in "$@"; do fanout single "N=$n" "$server" "$round" --readers "$n" --batch 1; done
  done
}

cells_latency() { # ROUND "N..." SERVER...
  local round=$1 counts=$2 rate n server seconds=$latency_seconds
  shift 2
  for rate in 1000 10000; do
    for n in $counts; do
      for server in "$@"; do
        fanout latency "$rate/s, N=$n" "$server" "$round" --readers "$n" --rate "$rate"
      done
    done
  done
}

# Eight readers that read, without and with one that does not.
cells_dead() {
  local round=$1 server
  shift
  for server in "$@"; do
    fanout dead without "$server" "$round" --readers 8 --batch 256
    fanout dead with "$server" "$round" --readers 8 --batch 256 --dead
  done
}

# An event on one stream, while all is quiet and while another is flooded.
cells_flood() {
  local round=$1 seconds=$latency_seconds
  fanout flood quiet awaitd "$round" --readers 1 --rate 1000
  fanout flood flooded awaitd "$round" --readers 1 --rate 1000 --flood "unix:$server_dir/flood.in"
}

cells_footprint() {
  local server row command notify
  for server in "$@"; do
    server_command "$server"
    notify=
    [ "$server" != awaitd ] || notify=--notify
    if row=$("$build/bench/footprint" --dialect "${dialect[$server]}" --out "${out[$server]}" $notify \
      --subscribers "$subscribers" "${command[@]}" 2>"$server_dir/$server.log"); then
      row_add footprint idle "$server" 1 <<<"$row"
    else
      fail "footprint: $server: $(tail -n 3 "$server_dir/$server.log")"
    fi
    find "$server_dir" -type s -delete
  done
}

# "what   12.3 ns" of bench/encode and its like, "what<TAB>12.3" of bench/runtime.
cells_operations() {
  local program
  for program in encode append check survive; do
    "$build/bench/$program" | sed -E 's/ +([0-9.]+) ns$/\t\1/' |
      operations_add operation "$program" awaitd
  done
  "$build/bench/runtime" | operations_add runtime runtime awaitd
  ! command -v node >/dev/null || node --expose-gc "$top/bench/runtime.mjs" | operations_add runtime runtime node
  ! command -v python3 >/dev/null || python3 "$top/bench/runtime.py" | operations_add runtime runtime python
}

# From SIGKILL to the first line, under load, below a small service manager.
cells_revival() {
  local row
  if row=$("$build/tests/kills" --awaitd "$build/awaitd" --kills "$kills" --rate 50000 2>"$dir/kills.log" |
    jq -ce .revival_ms); then
    row_add revival SIGKILL awaitd 1 <<<"$row"
  else
    fail "kills: $(tail -n 3 "$dir/kills.log")"
  fi
}

operations_add() { # FAMILY CELL SERVER
  local what value
  while IFS=$'\t' read -r what value; do
    jq -nc --arg what "$what" --argjson value "$value" '{what: $what, value: $value}' |
      row_add "$1" "$2" "$3" 1
  done
}
