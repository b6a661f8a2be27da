#include "config/canonical.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A text that grows. */
struct text {
	char *bytes;
	size_t length, room;
	bool no_memory, without_limits;
};

static bool
text_grow(struct text *to, size_t more)
{
	size_t room = (to->length + more) * 2 + 200;
	char *bytes = realloc(to->bytes, room);

	if (bytes == NULL) {
		to->no_memory = true;
		return false;
	}
	to->bytes = bytes;
	to->room = room;
	return true;
}

static void
text_add(struct text *to, const char *bytes, size_t length)
{
	if (to->room - to->length < length && !text_grow(to, length))
		return;
	memcpy(to->bytes + to->length, bytes, length);
	to->length += length;
}

static void
text_put(struct text *to, const char *string)
{
	text_add(to, string, strlen(string));
}

static void text_printf(struct text *to, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Of numbers alone. */
static void
text_printf(struct text *to, const char *format, ...)
{
	char number[64];
	va_list args;

	va_start(args, format);
	vsnprintf(number, sizeof number, format, args);
	va_end(args);
	text_put(to, number);
}

/* With its length in front no text can be taken for two. */
static void
write_text(struct text *to, const char *string)
{
	if (string == NULL) {
		text_put(to, "-");
		return;
	}
	text_printf(to, "%zu:", strlen(string));
	text_put(to, string);
}

static void write_object(const struct fill *fill, struct text *to, const struct option *options,
    const void *from);
static void write_typed(const struct fill *fill, struct text *to, enum config_table table,
    const struct option_typed *typed);

static void
write_scalar(struct text *to, const struct option *option, const void *field)
{
	const struct option_either *either = field;

	switch (option->kind) {
	case OPTION_KIND_BOOL:
		text_printf(to, "%d", *(const bool *)field);
		break;
	case OPTION_KIND_INTEGER:
	case OPTION_KIND_DURATION:
		text_printf(to, "%" PRId64, *(const int64_t *)field);
		break;
	case OPTION_KIND_SIZE:
		text_printf(to, "%" PRIu64, *(const uint64_t *)field);
		break;
	case OPTION_KIND_DOUBLE:
		text_printf(to, "%a", *(const double *)field);
		break;
	case OPTION_KIND_ENUM:
		write_text(to, option->names[*(const int *)field]);
		break;
	case OPTION_KIND_MODE:
	case OPTION_KIND_USER:
	case OPTION_KIND_GROUP:
		text_printf(to, "%" PRIu32, *(const uint32_t *)field);
		break;
	case OPTION_KIND_EITHER:
		if (either->name == NULL)
			text_printf(to, "%" PRId64, either->number);
		else
			write_text(to, either->name);
		break;
	case OPTION_KIND_JSON:
		write_text(to, ((const struct option_json *)field)->text);
		break;
	default:
		write_text(to, *(const char *const *)field);
		break;
	}
}

static void
write_strings(struct text *to, const struct option_strings *strings)
{
	for (size_t i = 0; i < strings->count; i++)
		write_text(to, strings->items[i]);
}

static void
write_ids(struct text *to, const struct option_ids *ids)
{
	for (size_t i = 0; i < ids->count; i++)
		text_printf(to, "%" PRIu32 ",", ids->items[i]);
}

static void
write_objects(const struct fill *fill, struct text *to, const struct option *option,
    const struct option_objects *objects)
{
	for (size_t i = 0; i < objects->count; i++)
		write_object(fill, to, option->options,
		    (const char *)objects->items + i * option->size);
}

static void
write_typed_list(const struct fill *fill, struct text *to, enum config_table table,
    const struct option_typed_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		write_typed(fill, to, table, &list->items[i]);
}

static void
write_field(const struct fill *fill, struct text *to, const struct option *option,
    const void *field)
{
	switch (option->kind) {
	case OPTION_KIND_STRINGS:
		write_strings(to, field);
		break;
	case OPTION_KIND_USERS:
	case OPTION_KIND_GROUPS:
		write_ids(to, field);
		break;
	case OPTION_KIND_OBJECT:
		write_object(fill, to, option->options, field);
		break;
	case OPTION_KIND_OBJECTS:
		write_objects(fill, to, option, field);
		break;
	case OPTION_KIND_TYPED:
		write_typed(fill, to, (enum config_table)option->table, field);
		break;
	case OPTION_KIND_TYPED_LIST:
		write_typed_list(fill, to, (enum config_table)option->table, field);
		break;
	default:
		write_scalar(to, option, field);
		break;
	}
}

static void
write_member(const struct fill *fill, struct text *to, const struct option *option,
    const void *base)
{
	text_put(to, option->name);
	text_put(to, "=");
	write_field(fill, to, option, (const char *)base + option->offset);
	if (option->given != 0)
		text_printf(to, "?%d", *(const bool *)((const char *)base + option->given));
	text_put(to, ";");
}

/* A field that is as it would be by default is left out, so that an option that a later version
 * adds changes no text. */
static void
write_unless_default(const struct fill *fill, struct text *to, const struct option *option,
    const void *from, const void *defaults)
{
	size_t begin = to->length, middle, usual;

	write_member(fill, to, option, from);
	middle = to->length;
	write_member(fill, to, option, defaults);
	usual = to->length - middle;
	to->length = middle;
	if (usual == middle - begin && memcmp(to->bytes + begin, to->bytes + middle, usual) == 0)
		to->length = begin;
}

static size_t
field_end(const struct option *option)
{
	size_t end = 0;

	switch (option->kind) {
	case OPTION_KIND_OBJECT:
		for (const struct option *inner = option->options; inner->name != NULL; inner++)
			end = field_end(inner) > end ? field_end(inner) : end;
		break;
	default:
		end = sizeof(struct option_typed);   /* as large as a field gets */
		break;
	}
	end += option->offset;
	return option->given + sizeof(bool) > end ? option->given + sizeof(bool) : end;
}

/* A struct that holds all these options' fields, with their defaults; the caller frees it. */
static void *
defaults_new(const struct fill *fill, const struct option *options)
{
	size_t size = 1;
	void *defaults;

	for (const struct option *option = options; option->name != NULL; option++)
		size = field_end(option) > size ? field_end(option) : size;
	defaults = calloc(1, size);
	if (defaults != NULL && !fill_defaults(fill, NULL, options, defaults)) {
		free(defaults);
		return NULL;
	}
	return defaults;
}

static void
write_object(const struct fill *fill, struct text *to, const struct option *options,
    const void *from)
{
	void *defaults = defaults_new(fill, options);

	if (defaults == NULL) {
		to->no_memory = true;
		return;
	}
	text_put(to, "{");
	for (; !to->no_memory && options->name != NULL; options++)
		if (!options->limit || !to->without_limits)
			write_unless_default(fill, to, options, from, defaults);
	text_put(to, "}");
	free(defaults);
}

static void
write_typed(const struct fill *fill, struct text *to, enum config_table table,
    const struct option_typed *typed)
{
	struct option_type type;

	if (typed->name == NULL || !table_find(fill->tables, table, typed->name, &type))
		return;
	write_text(to, typed->name);
	write_object(fill, to, type.options, typed->options);
}

/* The text's bytes are freed. */
static const char *
text_to_pool(const struct fill *fill, struct text *text)
{
	const char *ret = NULL;

	if (!text->no_memory)
		ret = pool_text(fill->pool, text->bytes == NULL ? "" : text->bytes, text->length);
	free(text->bytes);
	return ret;
}

const char *
canonical_typed_text(const struct fill *fill, enum config_table table,
    const struct option_typed *typed, bool without_limits)
{
	struct text text = { .without_limits = without_limits };

	write_typed(fill, &text, table, typed);
	return text_to_pool(fill, &text);
}

const char *
canonical_typed_list_text(const struct fill *fill, enum config_table table,
    const struct option_typed_list *list)
{
	struct text text = { 0 };

	write_typed_list(fill, &text, table, list);
	return text_to_pool(fill, &text);
}

uint64_t
canonical_hash(uint64_t hash, const char *text)
{
	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return hash;
}
