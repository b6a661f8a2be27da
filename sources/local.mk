libsources_a_SOURCES = \
	%D%/source.c \
	%D%/source.h \
	%D%/sources.h \
	%D%/table.c \
	%D%/timer.c
