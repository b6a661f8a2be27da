libsources_a_SOURCES = \
	%D%/source.h
