#include "tests/trace/instance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/trace/activation.h"
#include "tests/trace/keep.h"
#include "tests/trace/value.h"

static struct instance *youngest;

static void
instance_release(void *object)
{
	struct instance *instance = object;

	youngest = instance->older;
	promise_fini(&instance->close.promise);
	iterator_free(instance->iterator);
	sync_iterator_free(instance->sync);
	free(instance);
}

static void
instance_new_async(struct instance *instance)
{
	struct activation **frame;

	instance->iterator = async_generator_new(instance->name, activation_body, sizeof *frame);
	if (instance->iterator == NULL)
		die("no memory");
	frame = async_generator_frame(instance->iterator);
	*frame = activation_new(instance->name, IN_ASYNC, &instance->generator->body);
}

static void
instance_new_sync(struct instance *instance)
{
	struct activation **frame;

	instance->sync = sync_generator_new(instance->name, activation_body, sizeof *frame);
	if (instance->sync == NULL)
		die("no memory");
	frame = sync_generator_frame(instance->sync);
	*frame = activation_new(instance->name, IN_SYNC, &instance->generator->body);
}

static void
instance_make(struct instance *instance)
{
	switch (instance->generator->kind) {
	case KIND_ASYNC:
		instance_new_async(instance);
		break;
	case KIND_SYNC:
		instance_new_sync(instance);
		break;
	case KIND_ARRAY:
		instance->sync = array_iterator_new(instance->generator);
		break;
	case KIND_MANUAL:
		instance->iterator = manual_iterator_new(instance->generator, instance->name);
		break;
	case KIND_MANUAL_SYNC:
		instance->sync = manual_sync_iterator_new(instance->generator, instance->name);
		break;
	}
}

struct instance *
instance_new(const struct generator *generator, const char *name)
{
	struct instance *instance = calloc(1, sizeof *instance);

	keep(instance, instance_release);
	instance->older = youngest;
	youngest = instance;
	instance->name = name;
	instance->generator = generator;
	instance_make(instance);
	return instance;
}

struct instance *
instance_of_source(const struct source *source, const char *who)
{
	size_t size;
	char *name;

	if (source->declared != NULL)
		return source->declared->instance;
	size = strlen(who) + strlen(source->generator->name) + 2;
	name = keep_alloc(size);
	snprintf(name, size, "%s/%s", who, source->generator->name);
	return instance_new(source->generator, name);
}

static void
adapter_release(void *object)
{
	iterator_free(object);
}

struct iterator *
instance_async_iterator(struct instance *instance)
{
	struct iterator *adapter;

	if (instance->iterator != NULL)
		return instance->iterator;
	adapter = async_from_sync(instance->sync);
	keep(adapter, adapter_release);
	return adapter;
}

void
instances_cancel(void)
{
	for (struct instance *instance = youngest; instance != NULL; instance = instance->older)
		if (instance->iterator != NULL) {
			iterator_cancel(instance->iterator);
			jobs_run(SIZE_MAX);
		}
}

void
instances_close(void)
{
	for (struct instance *instance = youngest; instance != NULL; instance = instance->older) {
		if (instance->generator->kind != KIND_ASYNC)
			continue;
		iterator_return(instance->iterator, &instance->close, value_undefined());
		jobs_run(SIZE_MAX);
		if (iterator_request_pending(&instance->close))
			die("%s was cancelled and still does not end", instance->name);
	}
}
