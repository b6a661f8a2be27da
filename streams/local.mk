libstreams_a_SOURCES = \
	%D%/arena.h \
	%D%/event.h \
	%D%/log.h \
	%D%/operator.h \
	%D%/retry.h \
	%D%/stream.h
