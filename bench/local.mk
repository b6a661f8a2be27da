# Benchmarks: built on demand, run by scripts/bench.
