/* gpio_chip.h - which /dev/gpiochipN is meant: their numbers change from boot to boot. */
#ifndef SOURCES_GPIO_CHIP_H
#define SOURCES_GPIO_CHIP_H

#include <stddef.h>

#define GPIO_PATH_MAX 256

/* The path of the chip with this path, name or label, or, without one, of the chip that has a
 * line of this name.  May block.  0; -ENOENT: there is none; -ENOTUNIQ: there are several;
 * -errno.  message: why. */
int gpio_chip_find(const char *chip, const char *line, char path[GPIO_PATH_MAX], char *message,
    size_t message_size);

#endif
