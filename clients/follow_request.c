#include "clients/follow.h"

#include <string.h>

#include "clients/exchange.h"

/* A position takes 250 bytes at most, and a request may have 64 KiB. */
#define POSITIONS_A_REQUEST 200u

static void
end_request(
	const struct follow *follow, struct buffer *requests, const char *from, const char *id)
{
	if (from != NULL)
		buffer_format(requests, ",\"from\":\"%s\"", from);
	if (follow->options->lag != NULL)
		buffer_format(requests, ",\"lag\":\"%s\"", follow->options->lag);
	buffer_format(requests, ",\"id\":%s}\n", id);
}

static void
write_after(const struct follow *follow, size_t first, size_t count, struct buffer *requests)
{
	if (count == 0)
		return;
	buffer_text(requests, ",\"after\":");
	positions_write(&follow->positions, first, count, requests);
}

/* Positions that fill more than a request are asked for by name, a part at a time. */
static void
write_part(const struct follow *follow, size_t first, size_t count, struct buffer *requests)
{
	buffer_text(requests, "{\"subscribe\":");
	for (size_t i = first; i < first + count; i++) {
		buffer_text(requests, i == first ? "[" : ",");
		buffer_string(requests, follow->positions.all[i].name);
	}
	buffer_text(requests, "]");
	write_after(follow, first, count, requests);
	end_request(follow, requests, NULL, "1");
}

static bool
name_is_asked(const struct follow *follow, size_t name, size_t asked)
{
	for (size_t i = 0; i < asked; i++)
		if (strcmp(follow->positions.all[i].name, follow->options->names[name]) == 0)
			return true;
	return false;
}

/* A stream that has come since the break is new to us: all of it. */
static void
write_last(const struct follow *follow, size_t asked, struct buffer *requests)
{
	const struct options *options = follow->options;
	size_t written = 0;

	buffer_text(requests, "{\"subscribe\":[");
	for (size_t i = 0; i < options->n_names; i++) {
		if (name_is_asked(follow, i, asked))
			continue;
		buffer_text(requests, written++ == 0 ? "" : ",");
		buffer_string(requests, options->names[i]);
	}
	buffer_text(requests, "]");
	write_after(follow, asked, follow->positions.count - asked, requests);
	end_request(follow, requests, follow->begun ? "oldest" : options->from, FOLLOW_LAST_ID);
}

void
follow_request(const struct follow *follow, struct buffer *requests)
{
	size_t asked = 0;

	while (follow->positions.count - asked > POSITIONS_A_REQUEST) {
		write_part(follow, asked, POSITIONS_A_REQUEST, requests);
		asked += POSITIONS_A_REQUEST;
	}
	write_last(follow, asked, requests);
}
