libconfig_a_SOURCES = \
	%D%/config.h \
	%D%/option.h
