# table.jq - the result of scripts/bench in Markdown, a table a family of cells.
include "rows";

def names: {limit: "the limit", reference: "the reference limit", awaitd: "**awaitd**", redis: "redis", nats: "nats",
  mosquitto: "mosquitto", ncat: "ncat --broker", node: "a Node script", python: "Python"};
def line: "| " + join(" | ") + " |";
def head: line, "|---" * length + "|";

# A row a server, a column a cell; `text` is given {all, family, cell, server}.
def table($family; text):
  . as $all | [.rows[] | select(.family == $family)] as $in
  | ($in | distinct(.cell)) as $cells
  | (["server"] + $cells | head),
    ( $in | distinct(.server)[] as $server
      | [names[$server]] + [$cells[] as $cell
          | if $in | any(.[]; .cell == $cell and .server == $server)
            then {$all, $family, $cell, $server} | text else "-" end]
      | line ), "";

def rate_text:
  . as {$all, $family, $cell, $server} | $all
  | "\(middle($family; $cell; $server; .deliveries_per_s / 1e6) | short) / \(middle($family; $cell; $server; .cpu_us_per_delivery) | short)"
  + if $server == "awaitd" then "" else
      ratio($family; $cell; "awaitd"; $server; .cpu_us_per_delivery) as $r
      | if $r == null then "" else " (\($r | short))" end end;

# p50 / p99 / p99.9 in us.
def quantiles($family; $cell; $server):
  [middle($family; $cell; $server; .p50_us), middle($family; $cell; $server; .p99_us),
   middle($family; $cell; $server; .p999_us)] | map(round | tostring) | join(" / ");

def latency_text:
  . as {$all, $family, $cell, $server} | $all
  | quantiles($family; $cell; $server);

def dead_rows:
  . as $all | (["beside a dead reader", "lost", "rate / without", "silence, ms", "peak memory beyond without, MiB"] | head),
  ( $all | [.rows[] | select(.family == "dead")] | distinct(.server)[] as $s
    | $all
    | [ names[$s],
        ([of("dead"; "with"; $s)[] | (.missing * .readers + .wrong)] | add | tostring),
        ([of("dead"; "with"; $s)[] as $w | of("dead"; "without"; $s)[] | select(.round == $w.round) | $w.deliveries_per_s / .deliveries_per_s] | median | short),
        (middle("dead"; "with"; $s; .silence_ms) | short),
        ([of("dead"; "with"; $s)[] as $w | of("dead"; "without"; $s)[] | select(.round == $w.round) | ($w.peak_kib - .peak_kib) / 1024] | median | short) ]
    | line );

def footprint_rows:
  (["idle", "exec to ready, ms", "RSS, MiB", "private dirty, MiB", "bytes an idle subscriber"] | head),
  ( .rows[] | select(.family == "footprint")
    | [names[.server], (.ready_ms | short), (.rss_kib / 1024 | short), (.private_dirty_kib / 1024 | short), (.bytes_per_subscriber | tostring)] | line );

def runtime_names: {callback: "a plain callback", sync: "a sync generator", ready: "an async generator, the value ready",
  queued: "the same in two loops at once, through the job queue", tick: "one more await, of a settled promise",
  turn: "one more await, through a turn of the event loop", generator: "bytes: a suspended generator beside its frame",
  generator_allocated: "bytes: the same, with a counter, as allocated", promise: "bytes: a promise",
  request: "bytes: a request", for_await: "bytes: a for await loop"}
  + ([range(1; 9) | {"chain\(.)": "through \(.) operator\(if . > 1 then "s" else "" end)"}] | add);
def runtime_rows:
  [.rows[] | select(.family == "runtime")]
  | (["a value, ns; a thing, bytes"] + distinct(.server) | map({awaitd: "awaitd", node: "Node", python: "Python"}[.] // .) | head),
  ( distinct(.what)[] as $what | [runtime_names[$what] // $what] + [distinct(.server)[] as $s | [.[] | select(.what == $what and .server == $s) | .value][0] | short]
    | line );

.meta as $m
| "# What scripts/bench measured", "",
  "How to read it: [performance.md](performance.md). "
  + "Made by scripts/bench at \($m.began) on \($m.cores) cores, Linux \($m.kernel), commit \($m.commit), load \($m.load[0]) before and \($m.load[1]) after, in \($m.took_s) s: \($m.rounds) interleaved rounds of \($m.seconds) s a cell; \($m.versions). Each delivery was counted and checked; what is shown are medians.",
  "",
  "**Fan-out, 256 events a write**: million deliveries/s / CPU us a delivery (awaitd's CPU over its, of the same round)", "",
  table("fan-out"; rate_text),
  "**One event a write**, likewise", "",
  table("single"; rate_text),
  "**Latency** one way, us: p50 / p99 / p99.9", "",
  table("latency"; latency_text),
  "**1,000 events/s on one stream, another flooded**: p50 / p99 / p99.9 us: "
    + "quiet \(quantiles("flood"; "quiet"; "awaitd")), flooded \(quantiles("flood"; "flooded"; "awaitd"))", "",
  dead_rows, "",
  footprint_rows, "",
  ( ["operation", "ns"] | head ),
  ( .rows[] | select(.family == "operation") | [.what, (.value | short)] | line ), "",
  runtime_rows, ""
