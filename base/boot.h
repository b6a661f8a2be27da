/* boot.h - which boot of the machine this is (random(4)). */
#ifndef BASE_BOOT_H
#define BASE_BOOT_H

#include <stdbool.h>

#define BOOT_ID_LENGTH 36          /* a UUID */
#define BOOT_ID_SIZE 40            /* ended by NULs */

/* The kernel's boot_id.  Where it cannot be read (/proc is not there, or no fd is free) one that is
 * like no other: whoever compares it finds another boot.  -errno: not even that. */
int boot_id_read(char ret_id[BOOT_ID_SIZE]);

/* Does it look like one? */
bool boot_id_valid(const char *id);

#endif
