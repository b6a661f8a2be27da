# awaitctl: knows the wire protocol only, so it links no other room.
noinst_LIBRARIES += libclients.a
libclients_a_SOURCES = \
	%D%/buffer.c %D%/buffer.h \
	%D%/check.c \
	%D%/command.h \
	%D%/commands.c \
	%D%/connection.c %D%/connection.h \
	%D%/debug.c \
	%D%/duration.c %D%/duration.h \
	%D%/exchange.c %D%/exchange.h \
	%D%/follow.c %D%/follow.h \
	%D%/follow_request.c \
	%D%/get.c \
	%D%/list.c \
	%D%/message.c %D%/message.h \
	%D%/options.c %D%/options.h \
	%D%/output.c %D%/output.h \
	%D%/ping.c \
	%D%/position.c %D%/position.h \
	%D%/reload.c \
	%D%/render.c %D%/render.h \
	%D%/socket_path.c \
	%D%/stats.c \
	%D%/subscribe.c \
	%D%/table.c %D%/table.h \
	%D%/terminal.c %D%/terminal.h \
	%D%/text.c %D%/text.h \
	%D%/view.c %D%/view.h \
	%D%/view_check.c \
	%D%/wait.c %D%/wait.h
libclients_a_CPPFLAGS = $(AM_CPPFLAGS) -DSBINDIR='"$(sbindir)"'

bin_PROGRAMS += awaitctl
awaitctl_SOURCES = %D%/main.c
awaitctl_LDADD = libclients.a
