# Benchmarks: built on demand, run by scripts/bench.
EXTRA_PROGRAMS += bench/fanout
bench_fanout_SOURCES = \
	%D%/dialect.c \
	%D%/dialect.h \
	%D%/fanout.c \
	%D%/net.c \
	%D%/net.h
bench_fanout_LDADD = libbase.a

EXTRA_PROGRAMS += bench/limit
bench_limit_SOURCES = \
	%D%/limit.c \
	%D%/net.c \
	%D%/net.h
bench_limit_LDADD = libbase.a
