#include "clients/render.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "clients/terminal.h"
#include "clients/text.h"

/* "2026-11-20T11:15:59.123456789Z" in UTC becomes local time, split. */
static bool
read_time(struct view text, struct tm *ret_local, char ret_fraction[static 4])
{
	struct tm utc = { 0 };
	struct view inside = view_inside(text);
	char copy[40], *rest;
	time_t seconds;

	if (view_type(text) != VIEW_STRING || inside.length >= sizeof copy)
		return false;
	memcpy(copy, inside.text, inside.length);
	copy[inside.length] = '\0';
	rest = strptime(copy, "%Y-%m-%dT%H:%M:%S", &utc);
	if (rest == NULL)
		return false;
	seconds = timegm(&utc);
	memcpy(ret_fraction, "000", 4);
	for (size_t i = 0; *rest == '.' && i < 3 && rest[i + 1] >= '0' && rest[i + 1] <= '9'; i++)
		ret_fraction[i] = rest[i + 1];
	return localtime_r(&seconds, ret_local) != NULL;
}

static void
render_day(struct render *render, struct buffer *buffer, const struct tm *local)
{
	char day[11], today[11];
	time_t now = time(NULL);
	struct tm local_now;

	strftime(day, sizeof day, "%Y-%m-%d", local);
	if (strcmp(day, render->day) == 0)
		return;
	localtime_r(&now, &local_now);
	strftime(today, sizeof today, "%Y-%m-%d", &local_now);
	if (render->day[0] != '\0' || strcmp(day, today) != 0) {
		ink_on(buffer, INK_DIM);
		buffer_format(buffer, "-- %s --", day);
		ink_off(buffer);
		buffer_text(buffer, "\n");
	}
	memcpy(render->day, day, sizeof day);
}

static void
render_time(struct render *render, struct buffer *days, struct buffer *line, struct view time)
{
	struct tm local;
	char clock[9], fraction[4];

	if (!read_time(time, &local, fraction)) {
		buffer_spaces(line, 14);
		return;
	}
	render_day(render, days, &local);
	strftime(clock, sizeof clock, "%H:%M:%S", &local);
	ink_on(line, INK_DIM);
	buffer_format(line, "%s.%s", clock, fraction);
	ink_off(line);
	buffer_spaces(line, 2);
}

void
render_expect_name(struct render *render, struct view name)
{
	struct view inside = view_inside(name);

	if (inside.length > render->name_columns)
		render->name_columns = inside.length;
}

static void
render_name(struct render *render, struct buffer *line, struct view name)
{
	struct view inside = view_inside(name);

	render_expect_name(render, name);
	ink_on(line, ink_of_name(inside));
	text_show(line, name);
	ink_off(line);
	buffer_spaces(line, render->name_columns - inside.length + 2);
}

static void
render_value(struct buffer *line, struct view event)
{
	struct view unit = view_member(event, "unit");

	ink_on(line, INK_BOLD);
	text_show(line, view_member(event, "value"));
	ink_off(line);
	if (view_type(unit) == VIEW_STRING) {
		buffer_text(line, " ");
		text_show(line, unit);
	}
}

/* What an event says beside the members that every event has. */
static void
render_rest(struct buffer *line, struct view event)
{
	static const char *const usual[] = { "stream", "seq", "time", "mono_ns", "value", "unit" };
	struct view_walk walk = view_walk(event);
	struct view name, value;

	while (view_next(&walk, &name, &value)) {
		size_t i = 0;

		while (i < sizeof usual / sizeof usual[0] && !view_is(name, usual[i]))
			i++;
		if (i < sizeof usual / sizeof usual[0])
			continue;
		buffer_text(line, "  ");
		ink_on(line, INK_DIM);
		text_show(line, name);
		buffer_text(line, "=");
		text_show(line, value);
		ink_off(line);
	}
}

static const char *
stage_text(struct view stage)
{
	static const char *const texts[][2] = {
		{ "kernel", "lost in the kernel" },
		{ "source", "lost in the source" },
		{ "queue", "skipped, this reader fell behind" },
		{ "history", "no longer in the history" },
		{ "epoch", "the stream began anew" },
	};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (view_is(stage, texts[i][0]))
			return texts[i][1];
	return "lost";
}

static void
render_gap(struct buffer *line, struct view gap)
{
	struct view lost = view_member(gap, "lost"), from = view_member(gap, "from");
	struct view stage = view_member(gap, "stage");

	ink_on(line, INK_YELLOW);
	buffer_text(line, "gap: ");
	if (view_type(lost) == VIEW_NUMBER)
		buffer_view(line, lost);
	else
		buffer_text(line, "nobody knows how many");
	buffer_format(line, " %s", stage_text(stage));
	if (view_type(from) == VIEW_NUMBER) {
		buffer_text(line, " (");
		buffer_view(line, from);
		buffer_text(line, " to ");
		buffer_view(line, view_member(gap, "to"));
		buffer_text(line, ")");
	}
	ink_off(line);
}

static void
render_state(struct buffer *line, struct view state)
{
	struct view is = view_member(state, "is"), said = view_member(state, "message");
	struct view cause = view_member(state, "cause"), retry = view_member(state, "retry_ms");

	ink_on(line, view_is(is, "up") ? INK_GREEN : view_is(is, "down") ? INK_RED : INK_YELLOW);
	text_show(line, is);
	if (view_type(cause) == VIEW_STRING) {
		buffer_text(line, ": ");
		text_show(line, cause);
	}
	if (view_type(said) == VIEW_STRING) {
		buffer_text(line, ": ");
		text_show(line, said);
	}
	if (view_type(retry) == VIEW_NUMBER) {
		buffer_text(line, ", again in ");
		buffer_view(line, retry);
		buffer_text(line, " ms");
	}
	ink_off(line);
}

void
render_event(struct render *render, struct buffer *buffer, struct view name, struct view event)
{
	struct buffer line = { 0 };

	render_time(render, buffer, &line, view_member(event, "time"));
	render_name(render, &line, name);
	if (view_type(event) == VIEW_OBJECT) {
		render_value(&line, event);
		render_rest(&line, event);
	} else {
		buffer_text(&line, "-");
	}
	buffer_text(&line, "\n");
	text_append_fitting(buffer, &line, terminal_columns());
	buffer_free(&line);
}

void
render_entry(struct render *render, struct buffer *buffer, const struct message *message)
{
	struct buffer line = { 0 };

	if (message->kind == MESSAGE_STREAM)
		render_event(render, buffer, message->subject, message->line);
	if (message->kind != MESSAGE_GAP && message->kind != MESSAGE_STATE)
		return;
	render_time(render, buffer, &line, view_member(message->line, "time"));
	render_name(render, &line, message->subject);
	if (message->kind == MESSAGE_GAP)
		render_gap(&line, message->line);
	else
		render_state(&line, message->line);
	buffer_text(&line, "\n");
	text_append_fitting(buffer, &line, terminal_columns());
	buffer_free(&line);
}
