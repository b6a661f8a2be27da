# targets.jq - each target, what was measured, and whether it was met.
include "rows";

# A target: at most `gate`; with `least`, at least.
def target($what; $gate; $stretch; $measured): {what: $what, gate: $gate, stretch: $stretch, measured: $measured, sign: 1};
def least($what; $gate; $stretch; $measured): target($what; $gate; $stretch; $measured) + {sign: -1};

def verdict:
  .sign as $s
  | if .measured == null then "not measured"
    elif .measured * $s > .gate * $s then "**missed**"
    elif .stretch != null and .measured * $s > .stretch * $s then "gate"
    elif .stretch != null then "stretch" else "met" end;

def operation($what): [.rows[] | select(.family == "operation" and .what == $what) | .value] | median;
def runtime($what): [.rows[] | select(.family == "runtime" and .server == "awaitd" and .what == $what) | .value] | median;
def footprint(f): [.rows[] | select(.family == "footprint" and .server == "awaitd") | f] | median;

# Deliveries/s over those of the best broker of the round.
def over_best($cell):
  [of("fan-out"; $cell; "awaitd")[] as $a
    | $a.deliveries_per_s / ([of("fan-out"; $cell; "redis", "nats", "mosquitto")[] | select(.round == $a.round) | .deliveries_per_s] | max)] | median;
def dead(f): [of("dead"; "with"; "awaitd")[] as $with | of("dead"; "without"; "awaitd")[] | select(.round == $with.round) | [$with, .] | f] | median;
def dead_lost: [of("dead"; "with"; "awaitd")[] | .missing * .readers + .wrong] | add;

def fan_out_cells: ["N=1", "N=8", "N=64", "N=512"];
def limits: . as $all | ["limit", "reference"][] | select(. as $s | $all.rows | any(.[]; .server == $s));

def targets:
  . as $all
  | ( limits as $limit | range(4) as $i | fan_out_cells[$i] as $cell
      | target("CPU a delivery / \(if $limit == "limit" then "bench/limit" else "the reference limit" end), \($cell)";
          [.8, 1.1, 1.4, 1.5][$i]; [.5, .75, 1, 1.1][$i]; $all | ratio("fan-out"; $cell; "awaitd"; $limit; .cpu_us_per_delivery)) ),
    ( range(4) as $i | fan_out_cells[$i] as $cell
      | target("CPU a delivery / redis, \($cell)"; .3; [.17, .2, .2, .17][$i]; $all | ratio("fan-out"; $cell; "awaitd"; "redis"; .cpu_us_per_delivery)) ),
    ( range(4) as $i | fan_out_cells[$i] as $cell
      | least("deliveries/s / best of redis, nats, mosquitto, \($cell)"; 2; [4, 3, 3, 3][$i]; $all | over_best($cell)) ),
    target("one event a write, N=16: CPU / redis"; .5; .35; ratio("single"; "N=16"; "awaitd"; "redis"; .cpu_us_per_delivery)),
    ( limits as $limit | ("1000/s, N=1", "10000/s, N=1", "1000/s, N=16", "10000/s, N=16") as $cell
      | (if $limit == "limit" then "bench/limit" else "the reference limit" end) as $name
      | target("p50 / \($name), \($cell)"; 1.1; .9; $all | ratio("latency"; $cell; "awaitd"; $limit; .p50_us)),
        target("p99 / \($name), \($cell)"; 1.2; 1; $all | ratio("latency"; $cell; "awaitd"; $limit; .p99_us)) ),
    target("p99 while another stream is flooded / quiet"; 2; null; [of("flood"; "flooded"; "awaitd")[] as $f | of("flood"; "quiet"; "awaitd")[] | select(.round == $f.round) | $f.p99_us / .p99_us] | median),
    target("a dead reader beside 8 healthy: lost"; 0; null; dead_lost),
    least("a dead reader beside 8 healthy: their rate / without"; .9; null; dead(.[0].deliveries_per_s / .[1].deliveries_per_s)),
    target("a dead reader beside 8 healthy: more memory, MiB"; 1; null; dead((.[0].peak_kib - .[1].peak_kib) / 1024)),
    target("ns an event to survive a SIGKILL"; 25; 15; operation("an event's commit")),
    target("% of CPU a message of 1 KiB to survive it"; 15; 8;
      operation("a message of 1024 bytes, sendmsg") as $plain | operation("a message of 1024 bytes, surviving") as $survived
      | if $plain == null or $survived == null then null else ($survived / $plain - 1) * 100 end),
    target("SIGKILL to flowing again under load, p99, ms"; 20; 10; [of("revival"; "SIGKILL"; "awaitd")[].p99] | median),
    target("idle RSS, MiB"; 3.5; 2.5; footprint(.rss_kib / 1024)),
    target("idle private dirty, MiB"; .5; .3; footprint(.private_dirty_kib / 1024)),
    target("exec to READY, ms"; 5; 2.5; footprint(.ready_ms)),
    target("bytes an idle subscriber"; 512; 320; footprint(.bytes_per_subscriber)),
    target("ns a yield, value ready"; 10; 5; runtime("ready")),
    target("ns a yield, through the job queue"; 25; 12; runtime("queued")),
    target("bytes a suspended generator"; 96; 64; runtime("generator")),
    target("ns to write an event, short double"; 40; 20; operation("short double, same stamp")),
    target("ns to write an event, any double"; 90; 60; operation("any double, same stamp")),
    target("ns to check 100 bytes, flat"; 60; 30; operation("check 100 bytes, flat")),
    target("ns to check 100 bytes, nested"; 120; 60; operation("check 100 bytes, nested"));

"**Targets**", "",
"| what | gate | stretch | measured | |", "|---|---|---|---|---|",
( targets | select(.measured != null)
  | "| \(.what) | \(if .sign > 0 then "<=" else ">=" end) \(.gate) | \(.stretch // "") | \(.measured | short) | \(verdict) |" )
