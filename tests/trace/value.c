#include "tests/trace/value.h"

#include <stdio.h>
#include <string.h>

#include "tests/trace/keep.h"

enum box_kind {
	BOX_INTEGER,
	BOX_STRING,
	BOX_THENABLE,
};

struct box {
	_Alignas(16) enum box_kind kind;
	long long integer;
	const char *text;
	union value inner;
};

static struct box *
box_of(union value value)
{
	return (value.number & 1) != 0 && !(value.number < 0 && value.number > -4096)
	    ? (struct box *)((char *)value.pointer - 1)
	    : NULL;
}

static union value
box_new(struct box box)
{
	struct box *kept = keep_alloc(sizeof *kept);

	*kept = box;
	return value_pointer((char *)kept + 1);
}

union value
value_integer(long long integer)
{
	return box_new((struct box){ .kind = BOX_INTEGER, .integer = integer });
}

union value
value_string(const char *text)
{
	return box_new((struct box){ .kind = BOX_STRING, .text = text });
}

union value
value_thenable(union value inner)
{
	return box_new((struct box){ .kind = BOX_THENABLE, .inner = inner });
}

static void
release_promise(void *object)
{
	promise_unref(object);
}

union value
value_promise(struct promise *promise)
{
	keep(promise, release_promise);
	return value_pointer(promise);
}

bool
value_is_promise(union value value)
{
	return value.pointer != NULL && (value.number < -4095 || value.number > 0)
	    && box_of(value) == NULL;
}

bool
value_is_thenable(union value value)
{
	const struct box *box = box_of(value);

	return box != NULL && box->kind == BOX_THENABLE;
}

union value
value_of_thenable(union value thenable)
{
	return box_of(thenable)->inner;
}

bool
value_is_awaited(union value value)
{
	return value_is_promise(value) || value_is_thenable(value);
}

bool
value_equal(union value a, union value b)
{
	const struct box *x = box_of(a), *y = box_of(b);

	if (x == NULL || y == NULL || x->kind != y->kind || x->kind == BOX_THENABLE)
		return a.pointer == b.pointer;
	if (x->kind == BOX_INTEGER)
		return x->integer == y->integer;
	return strcmp(x->text, y->text) == 0;
}

static const char *
show_integer(const char *before, long long integer)
{
	size_t size = 32;
	char *shown = keep_alloc(size);

	snprintf(shown, size, "%s%lld", before, integer);
	return shown;
}

static const char *
show_string(const char *text)
{
	size_t size = strlen(text) + 3;
	char *shown = keep_alloc(size);

	snprintf(shown, size, "\"%s\"", text);
	return shown;
}

const char *
value_show(union value value)
{
	const struct box *box = box_of(value);

	if (value.pointer == NULL)
		return "undefined";
	if (value_is_awaited(value))
		return "<promise>";
	if (box == NULL)
		return value.number == TYPE_ERROR ? "TypeError" : show_integer("error", value.number);
	if (box->kind == BOX_INTEGER)
		return show_integer("", box->integer);
	return show_string(box->text);
}
