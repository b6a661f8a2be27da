#include "base/boot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

bool
boot_id_valid(const char *id)
{
	return strspn(id, "0123456789abcdef-") == BOOT_ID_LENGTH && id[BOOT_ID_LENGTH] == '\0';
}

static bool
boot_id_of_kernel(char id[BOOT_ID_LENGTH])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, id, BOOT_ID_LENGTH) : -1;

	if (fd >= 0)
		close(fd);
	return n == BOOT_ID_LENGTH;
}

int
boot_id_read(char ret_id[BOOT_ID_SIZE])
{
	uint64_t random[2];
	char id[BOOT_ID_SIZE] = "";

	if (!boot_id_of_kernel(id) || !boot_id_valid(id)) {
		if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
			return -errno;
		snprintf(id, sizeof id, "%08x-%04x-%04x-%04x-%012llx",
		    (unsigned int)(random[0] >> 32), (unsigned int)(random[0] >> 16 & 0xffff),
		    (unsigned int)(random[0] & 0xffff), (unsigned int)(random[1] >> 48),
		    (unsigned long long)(random[1] & UINT64_C(0xffffffffffff)));
	}
	memcpy(ret_id, id, sizeof id);
	return 0;
}
