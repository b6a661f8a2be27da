#include "config/canonical.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* With its length in front no text can be taken for two. */
static void
write_text(FILE *to, const char *text)
{
	if (text == NULL)
		fputc('-', to);
	else
		fprintf(to, "%zu:%s", strlen(text), text);
}

static bool
write_scalar(FILE *to, const struct option *option, const void *field)
{
	const struct option_either *either = field;

	switch (option->kind) {
	case OPTION_KIND_BOOL:
		return fprintf(to, "%d", *(const bool *)field) >= 0;
	case OPTION_KIND_INTEGER:
	case OPTION_KIND_DURATION:
		return fprintf(to, "%" PRId64, *(const int64_t *)field) >= 0;
	case OPTION_KIND_SIZE:
		return fprintf(to, "%" PRIu64, *(const uint64_t *)field) >= 0;
	case OPTION_KIND_DOUBLE:
		return fprintf(to, "%a", *(const double *)field) >= 0;
	case OPTION_KIND_ENUM:
		write_text(to, option->names[*(const int *)field]);
		return true;
	case OPTION_KIND_MODE:
	case OPTION_KIND_USER:
	case OPTION_KIND_GROUP:
		return fprintf(to, "%" PRIu32, *(const uint32_t *)field) >= 0;
	case OPTION_KIND_EITHER:
		if (either->name == NULL)
			return fprintf(to, "%" PRId64, either->number) >= 0;
		write_text(to, either->name);
		return true;
	case OPTION_KIND_JSON:
		write_text(to, ((const struct option_json *)field)->text);
		return true;
	default:
		write_text(to, *(const char *const *)field);
		return true;
	}
}

static void
write_strings(FILE *to, const struct option_strings *strings)
{
	for (size_t i = 0; i < strings->count; i++)
		write_text(to, strings->items[i]);
}

static void
write_ids(FILE *to, const struct option_ids *ids)
{
	for (size_t i = 0; i < ids->count; i++)
		fprintf(to, "%" PRIu32 ",", ids->items[i]);
}

static bool
write_objects(const struct fill *fill, FILE *to, const struct option *option,
    const struct option_objects *objects)
{
	for (size_t i = 0; i < objects->count; i++) {
		if (!canonical_object(fill, to, option->options,
		        (const char *)objects->items + i * option->size))
			return false;
	}
	return true;
}

static bool
write_typed_list(const struct fill *fill, FILE *to, enum config_table table,
    const struct option_typed_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		if (!canonical_typed(fill, to, table, &list->items[i]))
			return false;
	}
	return true;
}

static bool
write_field(const struct fill *fill, FILE *to, const struct option *option, const void *field)
{
	switch (option->kind) {
	case OPTION_KIND_STRINGS:
		write_strings(to, field);
		return true;
	case OPTION_KIND_USERS:
	case OPTION_KIND_GROUPS:
		write_ids(to, field);
		return true;
	case OPTION_KIND_OBJECT:
		return canonical_object(fill, to, option->options, field);
	case OPTION_KIND_OBJECTS:
		return write_objects(fill, to, option, field);
	case OPTION_KIND_TYPED:
		return canonical_typed(fill, to, (enum config_table)option->table, field);
	case OPTION_KIND_TYPED_LIST:
		return write_typed_list(fill, to, (enum config_table)option->table, field);
	default:
		return write_scalar(to, option, field);
	}
}

/* The text of one field; the caller frees it. */
static char *
field_text(const struct fill *fill, const struct option *option, const void *base)
{
	char *text = NULL;
	size_t length;
	FILE *to = open_memstream(&text, &length);
	bool ok;

	if (to == NULL)
		return NULL;
	ok = write_field(fill, to, option, (const char *)base + option->offset);
	if (option->given != 0)
		fprintf(to, "?%d", *(const bool *)((const char *)base + option->given));
	if (fclose(to) != 0 || !ok) {
		free(text);
		return NULL;
	}
	return text;
}

/* A field that is as it would be by default is left out, so that an option that a later version adds changes no
 * text. */
static bool
write_unless_default(const struct fill *fill, FILE *to, const struct option *option,
    const void *from, const void *defaults)
{
	char *text = field_text(fill, option, from);
	char *usual = field_text(fill, option, defaults);
	bool ok = text != NULL && usual != NULL;

	if (ok && strcmp(text, usual) != 0)
		fprintf(to, "%s=%s;", option->name, text);
	free(text);
	free(usual);
	return ok;
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

bool
canonical_object(const struct fill *fill, FILE *to, const struct option *options, const void *from)
{
	void *defaults = defaults_new(fill, options);
	bool ok = defaults != NULL;

	fputc('{', to);
	for (; ok && options->name != NULL; options++)
		ok = write_unless_default(fill, to, options, from, defaults);
	fputc('}', to);
	free(defaults);
	return ok;
}

bool
canonical_typed(const struct fill *fill, FILE *to, enum config_table table,
    const struct option_typed *typed)
{
	struct option_type type;

	if (typed->name == NULL || !table_find(fill->tables, table, typed->name, &type))
		return true;
	write_text(to, typed->name);
	return canonical_object(fill, to, type.options, typed->options);
}

/* Closes the stream that *text grew in and moves the text to the pool. */
static const char *
text_finish(const struct fill *fill, FILE *to, char **text, bool ok)
{
	const char *ret = NULL;

	if (fclose(to) == 0 && ok)
		ret = pool_text(fill->pool, *text, strlen(*text));
	free(*text);
	return ret;
}

const char *
canonical_typed_text(const struct fill *fill, enum config_table table,
    const struct option_typed *typed)
{
	const struct option_typed_list list = { typed, 1 };

	return canonical_typed_list_text(fill, table, &list);
}

const char *
canonical_typed_list_text(const struct fill *fill, enum config_table table,
    const struct option_typed_list *list)
{
	char *text = NULL;
	size_t length;
	FILE *to = open_memstream(&text, &length);

	if (to == NULL)
		return NULL;
	return text_finish(fill, to, &text, write_typed_list(fill, to, table, list));
}

uint64_t
canonical_hash(uint64_t hash, const char *text)
{
	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return hash;
}
