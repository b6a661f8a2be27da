#!/bin/bash
# Every program of docs/async.md compiles without a warning and prints what the page says; the JavaScript
# beside it prints the same.
: "${top_srcdir:=.}" "${top_builddir:=.}" "${test_cc:=cc}" "${test_cflags:=-O1}"
# The Makefile says how the libraries were built.
: "${test_libs:=-levent_core -ljansson -lsystemd -lm -lpthread}"
page=$top_srcdir/docs/async.md
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
number=0 failed=0

# NAME.c and NAME.mjs as the page has them; NAME.text is the block of text that comes next.
awk -v folder="$folder" '
  /^```(c|js|text)$/ { kind = substr($0, 4); block = ""; next }
  /^```$/ && kind != "" {
    if (kind == "text") { for (n in open) { printf "%s", block > (folder "/" n ".text"); delete open[n] } }
    else if (match(block, /[a-z-]+\.(c|mjs)/)) {
      file = substr(block, RSTART, RLENGTH); name = file; sub(/\..*/, "", name)
      printf "%s", block > (folder "/" file)
      if (block !~ /compiled, not run/) open[name] = 1
    }
    kind = ""; next
  }
  kind != "" { block = block $0 "\n" }' "$page"

claim() { # NAME COMMAND...
  local name=$1; shift
  number=$((number + 1))
  if "$@" >"$folder/log" 2>&1; then
    echo "ok $number - $name"
  else
    failed=1
    echo "not ok $number - $name"
    sed 's/^/# /' "$folder/log" | head -n 30
  fi
}

warnings="-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wmissing-prototypes -Wimplicit-fallthrough -Werror"
# shellcheck disable=SC2086 # several words
compile() {
  $test_cc -std=gnu17 -D_GNU_SOURCE -I"$top_srcdir" $warnings $test_cflags -c "$folder/$1.c" -o "$folder/$1.o"
}
# shellcheck disable=SC2086
run_c() {
  $test_cc $test_cflags "$folder/$1.o" "$top_builddir"/lib{streams,config,async,base}.a $test_libs -o "$folder/$1" || return
  "$folder/$1" >"$folder/$1.out" && diff "$folder/$1.text" "$folder/$1.out"
}
run_js() { node "$folder/$1.mjs" >"$folder/$1.js-out" && diff "$folder/$1.text" "$folder/$1.js-out"; }

for file in "$folder"/*.c; do
  name=$(basename "$file" .c)
  claim "docs_async: $name.c compiles without a warning" compile "$name"
  [ -e "$folder/$name.text" ] || continue
  claim "docs_async: $name.c prints what the page says" run_c "$name"
done
for file in "$folder"/*.mjs; do
  name=$(basename "$file" .mjs)
  if ! command -v node >/dev/null; then
    number=$((number + 1))
    echo "ok $number - docs_async: $name.mjs # SKIP there is no node"
    continue
  fi
  claim "docs_async: $name.mjs prints the same" run_js "$name"
done
echo "1..$number"
exit "$failed"
