#include "async/child.h"

#include <stdlib.h>

struct child *
child_new(const char *name, coroutine_body body, size_t size)
{
	struct child *child = calloc(1, sizeof *child + size);

	if (child == NULL)
		return NULL;
	child->co.name = name;
	child->co.body = body;
	return child;
}

void
child_free(struct child *child)
{
	free(child);
}

void
child_over(struct child *child, struct coroutine *parent, enum step step)
{
	coroutine_check_end(&child->co);
	if (step == STEP_THROW)
		parent->received = COMPLETION_THROW;
	else
		parent->received = child->returning ? COMPLETION_RETURN : COMPLETION_NORMAL;
}
