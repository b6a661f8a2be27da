#include "fake-fdstore.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool fake_store_is_there, fake_store_is_busy;
void (*fake_store_pushed)(void);

struct stored {
	struct stored *next;
	int fd, given;               /* given: the duplicate handed over, -1: none, or taken */
	char name[100];
};

static struct stored *store;

static struct stored **
find(const char *name)
{
	struct stored **link;

	for (link = &store; *link != NULL; link = &(*link)->next)
		if (strcmp((*link)->name, name) == 0)
			break;
	return link;
}

bool
fdstore_present(void)
{
	return fake_store_is_there;
}

int
fdstore_push(const char *name, int fd)
{
	struct stored *one;

	if (!fake_store_is_there)
		return 0;
	if (fake_store_is_busy)
		return -EAGAIN;
	one = calloc(1, sizeof *one);
	if (one == NULL)
		return -ENOMEM;
	strncpy(one->name, name, sizeof one->name - 1);
	one->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	one->given = -1;
	one->next = store;
	store = one;
	if (fake_store_pushed != NULL)
		fake_store_pushed();
	return 0;
}

static void
drop(struct stored **link)
{
	struct stored *one = *link;

	*link = one->next;
	close(one->fd);
	if (one->given >= 0)
		close(one->given);
	free(one);
}

void
fdstore_remove(const char *name)
{
	struct stored **link = find(name);

	if (*link != NULL)
		drop(link);
}

int
fdstore_take(const char *name)
{
	struct stored *one = *find(name);
	int fd;

	if (one == NULL)
		return -1;
	fd = one->given;
	one->given = -1;
	return fd;
}

void
fdstore_each(void (*each)(const char *name, int fd, void *context), void *context)
{
	struct stored *one, *next;

	for (one = store; one != NULL; one = next) {
		next = one->next;
		if (one->given >= 0)
			each(one->name, one->given, context);
	}
}

void
fake_store_hand_over(void)
{
	for (struct stored *one = store; one != NULL; one = one->next)
		if (one->given < 0)
			one->given = fcntl(one->fd, F_DUPFD_CLOEXEC, 3);
}

size_t
fake_store_count(void)
{
	size_t count = 0;

	for (const struct stored *one = store; one != NULL; one = one->next)
		count++;
	return count;
}

void
fake_store_clear(void)
{
	while (store != NULL)
		drop(&store);
	fake_store_is_there = fake_store_is_busy = false;
	fake_store_pushed = NULL;
}
