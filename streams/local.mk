libstreams_a_SOURCES = \
	%D%/arena.h \
	%D%/chain.c \
	%D%/event.h \
	%D%/json_value.c \
	%D%/json_value.h \
	%D%/log.h \
	%D%/op_deadband.c \
	%D%/op_drop.c \
	%D%/op_filter.c \
	%D%/op_map.c \
	%D%/op_scale.c \
	%D%/op_take.c \
	%D%/operator.c \
	%D%/operator.h \
	%D%/operators.c \
	%D%/operators.h \
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
