libsources_a_SOURCES = \
	%D%/attr.c \
	%D%/attr_parse.c \
	%D%/attr_parse.h \
	%D%/attr_read.c \
	%D%/attr_read.h \
	%D%/blocking.c \
	%D%/blocking.h \
	%D%/file.c \
	%D%/framing.c \
	%D%/framing.h \
	%D%/hotplug.c \
	%D%/hotplug.h \
	%D%/inlet.c \
	%D%/inlet.h \
	%D%/listener.c \
	%D%/listener.h \
	%D%/next_turn.h \
	%D%/socket.c \
	%D%/socket_accept.c \
	%D%/socket_memory.c \
	%D%/socket_private.h \
	%D%/source.c \
	%D%/source.h \
	%D%/sources.h \
	%D%/table.c \
	%D%/timer.c \
	%D%/wake.h

if HOTPLUG
libsources_a_SOURCES += %D%/hotplug_udev.c
endif

if GPIO
libsources_a_SOURCES += \
	%D%/gpio.c \
	%D%/gpio_chip.c \
	%D%/gpio_chip.h \
	%D%/gpio_debounce.c \
	%D%/gpio_debounce.h \
	%D%/gpio_edges.c \
	%D%/gpio_edges.h \
	%D%/gpio_kept.h \
	%D%/gpio_line.c \
	%D%/gpio_line.h \
	%D%/gpio_line_gpiod.c \
	%D%/gpio_line_private.h \
	%D%/gpio_slow.c \
	%D%/gpio_slow.h
if GPIOD2
libsources_a_SOURCES += %D%/gpio_line_v2.c
else
libsources_a_SOURCES += %D%/gpio_line_v1.c
endif
endif
