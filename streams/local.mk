libstreams_a_SOURCES = \
	%D%/arena.h \
	%D%/chain.c \
	%D%/event.h \
	%D%/log.h \
	%D%/operator.c \
	%D%/operator.h \
	%D%/pump.c \
	%D%/retry.c \
	%D%/retry.h \
	%D%/stream.c \
	%D%/stream.h \
	%D%/stream_fds.c \
	%D%/stream_private.h \
	%D%/stream_reports.c \
	%D%/stream_source.h \
	%D%/table.c
