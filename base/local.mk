libbase_a_SOURCES = \
	%D%/clock.c \
	%D%/clock.h \
	%D%/fdstore.h \
	%D%/histogram.c \
	%D%/histogram.h \
	%D%/json.h
