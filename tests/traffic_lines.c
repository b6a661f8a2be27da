/* What comes to a subscriber, line by line, and what had to come. */
#include "tests/traffic_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"

static void
complain(struct traffic *traffic, const char *what, const struct subscriber *self, const char *line)
{
	traffic_complain(traffic, "%s: stream %d, %s, expected seq %llu, number %llu: %.160s", what,
	    self->stream, self->lag, (unsigned long long)self->next,
	    (unsigned long long)self->number, line);
}

static uint64_t
number_behind(const char *line, const char *key)
{
	const char *at = strstr(line, key);

	return at == NULL ? UINT64_MAX : strtoull(at + strlen(key), NULL, 10);
}

static bool
begins(const char *line, const char *with)
{
	return strncmp(line, with, strlen(with)) == 0;
}

/* ------------------------------------------------------------------------ events */

/* The number in the line's value, which is the line's end. */
static bool
event_number(const struct subscriber *self, const char *line, size_t length, uint64_t *ret)
{
	char value[96];
	int n;

	*ret = number_behind(line, ",\"n\":");
	n = snprintf(value, sizeof value, "\"value\":{\"s\":%d,\"n\":%llu,\"pad\":\"0123456789\"}}",
	    self->stream, (unsigned long long)*ret);
	return length > (size_t)n && strcmp(line + length - (size_t)n, value) == 0;
}

static void
check_number(struct traffic *traffic, struct subscriber *self, const char *line, uint64_t number)
{
	const struct producer *producer = &traffic->producers[self->stream];

	if (self->number != 0 && number != self->number && !traffic->allowed[self->stream].epoch
	    && (number != producer->resumed || number < self->number))
		complain(traffic, number < self->number ? "a line again" : "a line is lost", self,
		    line);
	self->number = number + 1;
}

static void
take_event(struct traffic *traffic, struct subscriber *self, const char *line, size_t length)
{
	uint64_t seq = number_behind(line, "\"seq\":"), number;
	char prefix[32];

	snprintf(prefix, sizeof prefix, "{\"stream\":\"s%d\",\"seq\":", self->stream);
	if (!begins(line, prefix))
		complain(traffic, "of another stream", self, line);
	if (self->next != 0 && seq != self->next)
		complain(traffic, seq < self->next ? "repeated" : "lost", self, line);
	self->next = seq + 1;
	if (event_number(self, line, length, &number))
		check_number(traffic, self, line, number);
	else if (traffic->allowed[self->stream].garbled)
		self->number += self->number != 0;
	else
		complain(traffic, "torn or of another event", self, line);
	if (traffic->killed_at != 0) {
		histogram_add(&traffic->revival, clock_mono_ns() - traffic->killed_at);
		traffic->killed_at = 0;
	}
}

/* -------------------------------------------------------------------------- gaps */

static void
take_epoch(struct traffic *traffic, struct subscriber *self, const char *line)
{
	const char *epoch = strstr(line, "\"epoch\":\"");

	if (!traffic->allowed[self->stream].epoch)
		complain(traffic, "a new epoch", self, line);
	if (epoch == NULL || strncmp(epoch + 9, self->epoch, TRAFFIC_EPOCH) == 0)
		complain(traffic, "a new epoch that is none", self, line);
	else
		memcpy(self->epoch, epoch + 9, TRAFFIC_EPOCH);
	self->epochs++;
	self->next = 0;
}

static void
take_gap(struct traffic *traffic, struct subscriber *self, const char *line)
{
	uint64_t from = number_behind(line, "\"from\":"), to = number_behind(line, "\"to\":");
	uint64_t lost = number_behind(line, "\"lost\":");
	bool epoch = traffic->allowed[self->stream].epoch;

	if (strstr(line, "\"stage\":\"epoch\"") != NULL) {
		take_epoch(traffic, self, line);
		return;
	}
	if (!self->may_skip && !epoch)
		complain(traffic, "a gap for who must have none", self, line);
	else if ((self->next != 0 && from != self->next) || to < from || lost != to - from + 1)
		complain(traffic, "a gap that is not exact", self, line);
	self->skipped += lost;
	self->number += self->number != 0 ? lost : 0;
	self->next = to + 1;
}

/* -------------------------------------------------------------------- all others */

static void
take_subscribed(struct traffic *traffic, struct subscriber *self, const char *line)
{
	const char *epoch = strstr(line, "\"epoch\":\"");

	if (epoch == NULL)
		complain(traffic, "without an epoch", self, line);
	else
		memcpy(self->epoch, epoch + 9, TRAFFIC_EPOCH);
}

/* Behind a line that could not be ended come an empty line's end and then one of these. */
static bool
takes_back(const char *line)
{
	return begins(line, "{\"hello\":") || begins(line, "{\"error\":\"restarted\"");
}

static void
take_line(struct traffic *traffic, struct subscriber *self, const char *line, size_t length)
{
	struct json_checked checked;

	self->taken++;
	snprintf(self->last, sizeof self->last, "%.99s", line);
	if (self->excused)
		return;
	if (length == 0) {
		self->after_newline = true;
		return;
	}
	traffic->resumed += takes_back(line) && self->after_newline;
	if (self->after_newline && !takes_back(line))
		complain(traffic, "not behind an empty line", self, line);
	self->after_newline = false;
	if (json_check_line(line, length, &checked) != JSON_FAULT_NONE
	    && !(traffic->allowed[self->stream].garbled && begins(line, "{\"stream\":")))
		complain(traffic, "no JSON", self, line);
	else if (begins(line, "{\"stream\":"))
		take_event(traffic, self, line, length);
	else if (begins(line, "{\"gap\":"))
		take_gap(traffic, self, line);
	else if (begins(line, "{\"subscribed\":"))
		take_subscribed(traffic, self, line);
	else if (!begins(line, "{\"hello\":") && !begins(line, "{\"reply\":")
	    && !begins(line, "{\"ready\":")
	    && !(traffic->may_be_cut && begins(line, "{\"error\":\"restarted\"")))
		complain(traffic, "unexpected", self, line);
}

/* A line whose rest is gone, before what tells so. */
static bool
is_half(const struct traffic *traffic, const char *line, size_t length, const char *behind)
{
	struct json_checked checked;

	return length > 0 && (traffic->may_be_cut || traffic->allowed[0].epoch
	        || traffic->allowed[1].epoch)
	    && takes_back(behind) && json_check_line(line, length, &checked) != JSON_FAULT_NONE;
}

/* -------------------------------------------------------------------------- bytes */

static void
take_lines(struct traffic *traffic, struct subscriber *self)
{
	char *at = self->buffer, *end, *limit = at + self->have;

	while ((end = memchr(at, '\n', (size_t)(limit - at))) != NULL) {
		*end = '\0';
		/* Half a line can only be told by what stands behind it, which comes with it. */
		if (!is_half(traffic, at, (size_t)(end - at), end + 1 < limit ? end + 1 : ""))
			take_line(traffic, self, at, (size_t)(end - at));
		at = end + 1;
	}
	self->have = (size_t)(limit - at);
	memmove(self->buffer, at, self->have);
}

void
traffic_read(struct traffic *traffic, struct subscriber *self)
{
	ssize_t n = recv(self->fd, self->buffer + self->have, sizeof self->buffer - self->have,
	    MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		self->have += (size_t)n;
		take_lines(traffic, self);
		return;
	}
	if (!traffic->may_be_cut && !self->excused) {
		complain(traffic, "cut off", self, n == 0 ? "end of file" : strerror(errno));
		exit(1);
	}
	traffic->cuts++;
	traffic_reopen(self);
}
