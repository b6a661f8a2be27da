#include "clients/position.h"

#include <stdlib.h>
#include <string.h>

/* A stream's lines come in runs, so the one of the last line is looked at first. */
static struct position *
find_view(struct positions *positions, struct view name)
{
	for (size_t i = 0; i < positions->count; i++) {
		size_t at = (positions->recent + i) % positions->count;

		if (!view_is(name, positions->all[at].name))
			continue;
		positions->recent = at;
		return &positions->all[at];
	}
	return NULL;
}

struct position *
positions_find(struct positions *positions, const char *name)
{
	return find_view(positions, (struct view) { name, strlen(name) });
}

static char *
copy_view(struct view string)
{
	struct view inside = view_inside(string);

	return memory_string(inside.text, inside.length);
}

static struct position *
add_position(struct positions *positions, char *name)
{
	struct position *all
		= memory_resize(positions->all, (positions->count + 1) * sizeof *positions->all);

	positions->all = all;
	all[positions->count] = (struct position) { .name = name, .epoch = memory_string("", 0) };
	return &all[positions->count++];
}

static void
move_to(struct position *position, char *epoch, uint64_t seq)
{
	free(position->epoch);
	position->epoch = epoch;
	position->seq = seq;
}

void
positions_set(struct positions *positions, const char *name, const char *epoch, uint64_t seq)
{
	struct position *position = positions_find(positions, name);

	if (position == NULL)
		position = add_position(positions, memory_string(name, strlen(name)));
	move_to(position, memory_string(epoch, strlen(epoch)), seq);
}

/* A known stream keeps its old position until the gap has come that tells what lies between: if
 * the connection breaks before that, the gap is asked for again. */
static void
note_subscribed(struct positions *positions, const struct message *message)
{
	struct position *position = find_view(positions, message->subject);
	struct view epoch = view_member(message->line, "epoch");
	uint64_t next = 1;

	view_u64(view_member(message->line, "next"), &next);
	next -= next > 0;
	if (position == NULL) {
		position = add_position(positions, copy_view(message->subject));
		move_to(position, copy_view(epoch), next);
	} else if (!view_is(epoch, position->epoch)) {
		free(position->next_epoch);
		position->next_epoch = copy_view(epoch);
		position->next_seq = next;
	}
	position->ready = false;
	position->ended = view_is(view_member(message->line, "is"), "ended");
}

static void
enter_next_epoch(struct position *position)
{
	if (position->next_epoch == NULL)
		return;
	move_to(position, position->next_epoch, position->next_seq);
	position->next_epoch = NULL;
}

/* `to` counts in the old epoch, the entries that come in the new one. */
static void
note_epoch(struct position *position, struct view gap)
{
	struct view epoch = view_member(gap, "epoch");

	if (position->next_epoch == NULL && view_type(epoch) == VIEW_STRING)
		move_to(position, copy_view(epoch), 0);
	enter_next_epoch(position);
}

static void
note_entry(struct position *position, const struct message *message)
{
	uint64_t seq;

	enter_next_epoch(position);
	if (view_u64(view_member(message->line, "seq"), &seq)
		|| view_u64(view_member(message->line, "to"), &seq))
		position->seq = seq;
	position->ended = message->kind == MESSAGE_STATE
		&& view_is(view_member(message->line, "is"), "ended");
}

static void
note_ready(struct position *position, const struct message *message)
{
	uint64_t seq;

	enter_next_epoch(position);
	if (view_u64(view_member(message->line, "seq"), &seq) && seq > position->seq)
		position->seq = seq;
	position->ready = true;
}

void
positions_note(struct positions *positions, const struct message *message)
{
	struct position *position;

	if (message->kind == MESSAGE_SUBSCRIBED)
		note_subscribed(positions, message);
	if (message->kind < MESSAGE_STREAM || message->kind > MESSAGE_READY)
		return;
	position = find_view(positions, message->subject);
	if (position == NULL)
		position = add_position(positions, copy_view(message->subject));
	if (message->kind == MESSAGE_READY)
		note_ready(position, message);
	else if (view_is(view_member(message->line, "stage"), "epoch"))
		note_epoch(position, message->line);
	else
		note_entry(position, message);
}

static void
position_clear(struct position *position)
{
	free(position->name);
	free(position->epoch);
	free(position->next_epoch);
}

void
positions_forget(struct positions *positions, struct view name)
{
	struct position *position = find_view(positions, name);

	if (position == NULL)
		return;
	position_clear(position);
	*position = positions->all[--positions->count];
	positions->recent = 0;
}

bool
positions_ended(const struct positions *positions)
{
	for (size_t i = 0; i < positions->count; i++)
		if (!positions->all[i].ready || !positions->all[i].ended)
			return false;
	return positions->count > 0;
}

void
positions_write(
	const struct positions *positions, size_t first, size_t count, struct buffer *request)
{
	buffer_text(request, "{");
	for (size_t i = first; i < first + count; i++) {
		const struct position *position = &positions->all[i];

		buffer_text(request, i == first ? "" : ",");
		buffer_string(request, position->name);
		buffer_text(request, ":{\"epoch\":");
		buffer_string(request, position->epoch);
		buffer_format(request, ",\"seq\":%ju}", (uintmax_t)position->seq);
	}
	buffer_text(request, "}");
}

void
positions_free(struct positions *positions)
{
	for (size_t i = 0; i < positions->count; i++)
		position_clear(&positions->all[i]);
	free(positions->all);
	*positions = (struct positions) { 0 };
}
