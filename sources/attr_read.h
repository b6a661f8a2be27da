/* attr_read.h - reading a small file of the kernel's, which may block: a conversion on a 1-Wire
 * bus takes 0.8 s.  For blocking.h: all of it lies in the call's data. */
#ifndef SOURCES_ATTR_READ_H
#define SOURCES_ATTR_READ_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"

#define ATTR_TEXT_MAX (64 * 1024)
#define ATTR_MESSAGE_MAX 200

struct attr_read {
	char *pattern;               /* a path, or a glob that one file matches */
	int fd;                      /* -1: not open */
	bool whole;                  /* one read(2) gives all of it: sysfs, devices */
	bool lasting;                /* an open one shows what is new; else it is opened each
	                              * time, for files that are replaced by renaming */
	bool quick;                  /* never waits for hardware, needs no thread: procfs */
	char *text;
	size_t length;
	struct moment time;          /* when it had been read */
	char message[ATTR_MESSAGE_MAX];   /* why it could not */
};

/* 0 or -ENOMEM. */
int attr_read_init(struct attr_read *read, const char *pattern);
void attr_read_fini(void *data);

/* Opens it if it is not open, and reads it.  0, or -errno and the reason in message. */
int attr_read_call(void *data);

#endif
