#include "config/positions.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

#define NONE UINT32_MAX

struct position_node {
	const char *name;            /* NULL: an element, whose index is `length` */
	uint32_t length;
	uint32_t parent;             /* NONE: the root, or one that was repeated later */
	uint32_t key, value;         /* offsets; an element's key is its value */
	uint32_t next;               /* in its bucket */
};

static uint32_t
hash(uint32_t parent, const char *name, size_t length)
{
	uint32_t h = 2166136261u ^ parent * 2654435761u;   /* FNV-1a */

	if (name == NULL)
		return (h ^ (uint32_t)length) * 2654435761u;
	for (size_t i = 0; i < length; i++)
		h = (h ^ (unsigned char)name[i]) * 16777619u;
	return h ^ h >> 15;
}

static uint32_t
node_find(const struct positions *map, uint32_t parent, const char *name, size_t length)
{
	uint32_t at = map->buckets[hash(parent, name, length) % map->bucket_count];

	for (; at != NONE; at = map->nodes[at].next) {
		const struct position_node *node = &map->nodes[at];

		if (node->parent == parent && node->length == length &&
		    (name == NULL) == (node->name == NULL) &&
		    (name == NULL || memcmp(node->name, name, length) == 0))
			return at;
	}
	return NONE;
}

static void
node_link(struct positions *map, uint32_t index)
{
	struct position_node *node = &map->nodes[index];
	uint32_t place = hash(node->parent, node->name, node->length) % map->bucket_count;
	uint32_t *bucket = &map->buckets[place];

	node->next = *bucket;
	*bucket = index;
}

static int
map_grow(struct positions *map)
{
	uint32_t room = map->room == 0 ? 64 : map->room * 2;
	struct position_node *nodes = realloc(map->nodes, room * sizeof *nodes);
	uint32_t *buckets;

	if (nodes == NULL)
		return -ENOMEM;
	map->nodes = nodes;
	buckets = malloc(room * sizeof *buckets);
	if (buckets == NULL)
		return -ENOMEM;
	free(map->buckets);
	memset(buckets, 0xff, room * sizeof *buckets);   /* NONE */
	map->buckets = buckets;
	map->room = map->bucket_count = room;
	for (uint32_t i = 0; i < map->count; i++)
		node_link(map, i);
	return 0;
}

static int
node_add(struct positions *map, struct position_node node, uint32_t *ret)
{
	if (map->count == map->room && map_grow(map) < 0)
		return -ENOMEM;
	*ret = map->count++;
	map->nodes[*ret] = node;
	node_link(map, *ret);
	return 0;
}

/* The level that is being walked. */
struct level {
	uint32_t node;
	uint32_t index;              /* of an array's next element */
};

struct mapping {
	struct positions *map;
	struct json_walk walk;
	struct level levels[JSON_DEPTH_MAX + 1];
	unsigned int depth;
	positions_repeated repeated;
	void *context;
};

/* The pointer of a node, out of its parents; built backwards, and cut if it is very long. */
static const char *
node_pointer(const struct positions *map, uint32_t at, char *buffer, size_t size)
{
	char *p = buffer + size;

	*--p = '\0';
	for (; map->nodes[at].parent != NONE; at = map->nodes[at].parent) {
		const struct position_node *node = &map->nodes[at];
		char number[16];
		const char *name = node->name;
		size_t length = node->length;

		if (name == NULL) {
			length = (size_t)snprintf(number, sizeof number, "%u", node->length);
			name = number;
		}
		if ((size_t)(p - buffer) < 2 * length + 1)
			break;
		while (length-- > 0) {
			char c = name[length];

			*--p = c == '~' ? '0' : c == '/' ? '1' : c;
			if (c == '~' || c == '/')
				*--p = '~';
		}
		*--p = '/';
	}
	return p;
}

static void
tell_repeated(struct mapping *mapping, uint32_t first, uint32_t second)
{
	struct positions *map = mapping->map;
	char pointer[4096];

	mapping->repeated(mapping->context, node_pointer(map, second, pointer, sizeof pointer),
	    map->nodes[first].key, map->nodes[second].key);
}

/* The name as its bytes: within the text, or unescaped in the pool. */
static int
key_name(struct positions *map, struct json_span key, struct position_node *node)
{
	char *name;

	node->name = key.text + 1;
	node->length = (uint32_t)key.length - 2;
	if (memchr(node->name, '\\', node->length) == NULL)
		return 0;
	name = pool_alloc(&map->names, key.length);
	if (name == NULL)
		return -ENOMEM;
	node->name = name;
	node->length = (uint32_t)json_string_copy(key, name, key.length);
	return 0;
}

static int
map_member(struct mapping *mapping, struct json_token key, struct json_token *ret_value,
    uint32_t *ret)
{
	struct positions *map = mapping->map;
	uint32_t parent = mapping->levels[mapping->depth].node, earlier;
	struct position_node node = { .parent = parent,
	    .key = (uint32_t)(key.span.text - map->text) };
	int r = key_name(map, key.span, &node);

	if (r < 0)
		return r;
	*ret_value = json_walk_next(&mapping->walk);
	node.value = (uint32_t)(ret_value->span.text - map->text);
	earlier = node_find(map, parent, node.name, node.length);
	r = node_add(map, node, ret);
	if (r < 0)
		return r;
	if (earlier != NONE) {
		tell_repeated(mapping, earlier, *ret);
		map->nodes[earlier].parent = NONE;
	}
	return 0;
}

static int
map_element(struct mapping *mapping, struct json_token value, uint32_t *ret)
{
	struct level *level = &mapping->levels[mapping->depth];
	uint32_t offset = (uint32_t)(value.span.text - mapping->map->text);
	struct position_node node = { .parent = level->node, .length = level->index++,
	    .key = offset,
		.value = offset };

	return node_add(mapping->map, node, ret);
}

/* One member, element or end.  1: there may be more; 0: that was all; or -ENOMEM. */
static int
map_step(struct mapping *mapping)
{
	struct json_token token = json_walk_next(&mapping->walk), value = token;
	uint32_t node = 0;
	int r;

	switch (token.kind) {
	case JSON_TOKEN_END:
		return 0;
	case JSON_TOKEN_OBJECT_END:
	case JSON_TOKEN_ARRAY_END:
		mapping->depth--;
		return 1;
	case JSON_TOKEN_KEY:
		r = map_member(mapping, token, &value, &node);
		break;
	default:
		r = map_element(mapping, token, &node);
		break;
	}
	if (r < 0)
		return r;
	if (value.kind == JSON_TOKEN_OBJECT || value.kind == JSON_TOKEN_ARRAY)
		mapping->levels[++mapping->depth] = (struct level){ .node = node };
	return 1;
}

int
positions_map(struct positions *map, const char *text, size_t length, positions_repeated repeated,
    void *context)
{
	struct mapping mapping = { .map = map, .repeated = repeated, .context = context };
	struct level *top = &mapping.levels[0];
	struct json_token first;
	int r;

	map->text = text;
	json_walk_begin(&mapping.walk, text, length);
	first = json_walk_next(&mapping.walk);
	r = node_add(map,
	    (struct position_node){ .parent = NONE, .key = (uint32_t)(first.span.text - text),
	        .value = (uint32_t)(first.span.text - text) },
	    &top->node);
	if (r < 0)
		return r;
	if (first.kind != JSON_TOKEN_OBJECT && first.kind != JSON_TOKEN_ARRAY)
		return 0;
	while ((r = map_step(&mapping)) > 0)
		;
	return r;
}

void
positions_free(struct positions *map)
{
	pool_free(&map->names);
	free(map->nodes);
	free(map->buckets);
	*map = (struct positions){ 0 };
}

/* A segment as its bytes; ~1 is a slash, ~0 a tilde (RFC 6901, 4).  Never longer than what it
 * was. */
static size_t
segment_unescape(const char *segment, size_t length, char *to)
{
	size_t used = 0;

	for (size_t i = 0; i < length; i++) {
		char c = segment[i];

		if (c == '~' && i + 1 < length)
			c = segment[++i] == '1' ? '/' : '~';
		to[used++] = c;
	}
	return used;
}

static uint32_t
segment_find(const struct positions *map, uint32_t parent, const char *segment, size_t length)
{
	char name[512] = "";
	uint32_t found;
	size_t name_length;
	unsigned long index;
	char *end;

	if (length > sizeof name)
		return NONE;
	name_length = segment_unescape(segment, length, name);
	found = node_find(map, parent, name, name_length);
	if (found != NONE || length == 0 || length > 9 || segment[0] < '0' || segment[0] > '9')
		return found;
	index = strtoul(segment, &end, 10);
	return end == segment + length ? node_find(map, parent, NULL, index) : NONE;
}

struct position_found
positions_find(const struct positions *map, const char *pointer)
{
	struct position_found found = { 0 };
	uint32_t at = 0, next;

	if (map->count == 0)
		return found;
	while (*pointer == '/') {
		size_t length = strcspn(pointer + 1, "/");

		next = segment_find(map, at, pointer + 1, length);
		if (next == NONE)
			break;
		at = next;
		found.depth++;
		pointer += 1 + length;
	}
	if (*pointer == '\0')
		found.depth = SIZE_MAX;
	found.key = map->nodes[at].key;
	found.value = map->nodes[at].value;
	return found;
}
