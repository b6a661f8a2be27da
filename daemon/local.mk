sbin_PROGRAMS += awaitd
awaitd_SOURCES = %D%/main.c
awaitd_LDADD = $(ROOMS) $(ROOM_LIBS)

libdaemon_a_SOURCES = \
	%D%/command_line.c \
	%D%/command_line.h \
	%D%/default_sink.c \
	%D%/default_sink.h \
	%D%/devices.c \
	%D%/devices.h \
	%D%/graph.c \
	%D%/graph.h \
	%D%/graph_private.h \
	%D%/graph_sink.c \
	%D%/graph_stream.c \
	%D%/journal.c \
	%D%/journal.h \
	%D%/load.c \
	%D%/load.h \
	%D%/memory.c \
	%D%/memory.h \
	%D%/notify.c \
	%D%/notify.h \
	%D%/problems.c \
	%D%/problems.h \
	%D%/process.c \
	%D%/process.h \
	%D%/rate.c \
	%D%/rate.h \
	%D%/reload.c \
	%D%/reload.h \
	%D%/silent.c \
	%D%/silent.h \
	%D%/status.c \
	%D%/status.h \
	%D%/stream_config.c \
	%D%/stream_config.h \
	%D%/supervisor.c \
	%D%/supervisor.h \
	%D%/tables.c \
	%D%/tables.h
