# rows.jq - what the tables are made of: {meta, rows}, a row as bench/cells.sh writes it.
module {};

def median: sort | if length == 0 then null else .[length / 2 | floor] end;
def fixed($digits): if . == null then null else pow(10; $digits) as $p | . * $p | round / $p end;
# Three digits that say something.
def short: if . == null then "-" elif . == 0 then "0" else
  (fabs | log10 | floor) as $e | fixed([2 - $e, 0] | max) | tostring end;
def distinct(f): reduce (.[] | f) as $x ([]; if index([$x]) then . else . + [$x] end);

def of($family; $cell; $server):
  [.rows[] | select(.family == $family and .cell == $cell and .server == $server)];
def middle($family; $cell; $server; f): [of($family; $cell; $server)[] | f] | median;

# Of each round in which both were measured f of `a` over f of `b`, their median.
def ratio($family; $cell; $a; $b; f):
  [of($family; $cell; $b)[] as $its | of($family; $cell; $a)[]
    | select(.round == $its.round) | f / ($its | f)] | median;
