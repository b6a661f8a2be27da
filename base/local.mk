libbase_a_SOURCES = \
	%D%/boot.c \
	%D%/boot.h \
	%D%/clock.c \
	%D%/clock.h \
	%D%/crash.c \
	%D%/crash.h \
	%D%/fdstore.c \
	%D%/fdstore.h \
	%D%/histogram.c \
	%D%/histogram.h \
	%D%/json.h \
	%D%/json_check.c \
	%D%/json_fault.c \
	%D%/json_member.c \
	%D%/json_number.c \
	%D%/json_string.c \
	%D%/json_walk.c \
	%D%/lazy_systemd.c \
	%D%/utf8.h
