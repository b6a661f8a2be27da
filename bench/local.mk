# Benchmarks: run by scripts/bench; `make check` builds them, so that they keep up.
EXTRA_DIST += %D%/cells.sh %D%/growth-svg.jq %D%/peer.mjs %D%/rows.jq %D%/servers.sh %D%/table.jq %D%/targets.jq
check_PROGRAMS += bench/fanout
bench_fanout_SOURCES = \
	%D%/dialect.c \
	%D%/dialect.h \
	%D%/fanout.c \
	%D%/fanout.h \
	%D%/fanout_producer.c \
	%D%/fanout_readers.c \
	%D%/net.c \
	%D%/net.h \
	%D%/server.c \
	%D%/server.h
bench_fanout_LDADD = libbase.a

check_PROGRAMS += bench/footprint
bench_footprint_SOURCES = \
	%D%/dialect.c \
	%D%/dialect.h \
	%D%/footprint.c \
	%D%/net.c \
	%D%/net.h \
	%D%/server.c \
	%D%/server.h
bench_footprint_LDADD = libbase.a

check_PROGRAMS += bench/globs
bench_globs_SOURCES = %D%/globs.c %D%/net.c %D%/net.h
bench_globs_LDADD = libbase.a

check_PROGRAMS += bench/limit
bench_limit_SOURCES = \
	%D%/limit.c \
	%D%/net.c \
	%D%/net.h
bench_limit_LDADD = libbase.a

# streams: an event as a line, and into the log
check_PROGRAMS += bench/append bench/check bench/encode
bench_append_SOURCES = %D%/append.c %D%/measure.h
bench_append_LDADD = libstreams.a libasync.a libbase.a $(ROOM_LIBS)
bench_check_SOURCES = %D%/check.c %D%/measure.h
bench_check_LDADD = libbase.a
bench_encode_SOURCES = %D%/encode.c %D%/measure.h
bench_encode_LDADD = libstreams.a libbase.a

# what surviving a SIGKILL costs
check_PROGRAMS += bench/survive
bench_survive_SOURCES = %D%/measure.h %D%/survive.c
bench_survive_LDADD = $(ROOMS) $(ROOM_LIBS)

# async: what a yield costs, beside Node and Python
check_PROGRAMS += bench/runtime
bench_runtime_SOURCES = %D%/runtime.c %D%/measure.h
bench_runtime_LDADD = libasync.a libbase.a $(ROOM_LIBS)
EXTRA_DIST += %D%/runtime.mjs %D%/runtime.py %D%/runtime.sh
.PHONY: bench-runtime
bench-runtime: bench/runtime
	@$(srcdir)/bench/runtime.sh ./bench/runtime
