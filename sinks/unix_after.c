/* "after":{"door":{"epoch":"...","seq":1042}}: where to go on, stream by stream. */
#include "sinks/unix_plan.h"

#include <string.h>

struct after {
	bool given;
	uint64_t seq;
	char epoch[EPOCH_LENGTH + 1];        /* "": no epoch of ours */
};

static int
refuse_after(const struct unix_plan *plan)
{
	unix_refuse(plan->connection, plan->request->id, "invalid-value",
	    "\"after\" is {\"door\":{\"epoch\":\"...\",\"seq\":1042}}, of lines that were seen");
	return -EINVAL;
}

static int
after_parse(const struct unix_plan *plan, struct json_span value, struct after *ret)
{
	struct json_span epoch, seq;
	struct json_walk walk;
	int64_t number;
	size_t members = 0;

	if (json_span_kind(value) != JSON_TOKEN_OBJECT
	    || !json_member(value.text, value.length, "/epoch", &epoch)
	    || !json_member(value.text, value.length, "/seq", &seq)
	    || json_span_kind(epoch) != JSON_TOKEN_STRING || json_span_int64(seq, &number) < 0
	    || number < 0)
		return refuse_after(plan);
	json_walk_begin(&walk, value.text, value.length);
	(void)json_walk_next(&walk);
	for (; json_walk_next(&walk).kind == JSON_TOKEN_KEY; members++)
		(void)json_walk_skip(&walk, json_walk_next(&walk));
	if (members != 2)
		return refuse_after(plan);
	*ret = (struct after){ .given = true, .seq = (uint64_t)number };
	if (json_string_copy(epoch, ret->epoch, sizeof ret->epoch) != EPOCH_LENGTH)
		ret->epoch[0] = '\0';
	return 0;
}

/* What `after` says of a stream.  0; or -EINVAL, and an error was written. */
static int
after_find(const struct unix_plan *plan, const char *name, struct after *ret)
{
	struct json_span after = plan->request->after;
	struct json_walk walk;
	struct json_token key;

	ret->given = false;
	if (after.length == 0)
		return 0;
	json_walk_begin(&walk, after.text, after.length);
	if (json_walk_next(&walk).kind != JSON_TOKEN_OBJECT)
		return refuse_after(plan);
	while ((key = json_walk_next(&walk)).kind == JSON_TOKEN_KEY) {
		struct json_span value = json_walk_skip(&walk, json_walk_next(&walk));

		if (json_string_equal(key.span, name, strlen(name)))
			return after_parse(plan, value, ret);
	}
	return 0;
}

/* Each of `after` is well formed, and of a stream that the patterns may take in. */
int
unix_after_check(struct unix_plan *plan)
{
	struct json_span after = plan->request->after;
	struct json_walk walk;
	struct json_token key;
	int r = 0;

	if (after.length == 0)
		return 0;
	json_walk_begin(&walk, after.text, after.length);
	if (json_walk_next(&walk).kind != JSON_TOKEN_OBJECT)
		return refuse_after(plan);
	while (r == 0 && (key = json_walk_next(&walk)).kind == JSON_TOKEN_KEY) {
		struct json_span value = json_walk_skip(&walk, json_walk_next(&walk));
		struct after one;
		char name[UNIX_PATTERN_MAX + 1] = "";

		r = after_parse(plan, value, &one);
		if (r < 0 || (json_string_copy(key.span, name, sizeof name) > 0
		    && unix_names_match(&plan->request->names, name) != NULL))
			continue;
		unix_refuse(plan->connection, plan->request->id, "invalid-value",
		    "\"after\" names \"%s\", which no pattern of \"subscribe\" takes in", name);
		r = -EINVAL;
	}
	/* Matched is what is there. */
	for (size_t i = 0; i < plan->request->names.count; i++)
		plan->request->names.items[i].matched = false;
	return r;
}

/* -------------------------------------------------------------------- starts */

static struct unix_start
resume_at(struct log *log, const struct after *after, enum lag lag, uint64_t *ret_next)
{
	struct unix_start start = {
		.seq = after->seq + 1,
		.target = log_next_seq(log),
		.lag = lag,
	};
	uint64_t tail = log_tail_seq(log);

	if (strcmp(after->epoch, log_epoch(log)) != 0) {
		start.phase = UNIX_EPOCH;
		start.seq = tail;
	} else if (start.seq < tail)
		start.phase = UNIX_HISTORY;
	*ret_next = start.seq < tail ? tail : start.seq;
	return start;
}

int
unix_plan_start(const struct unix_plan *plan, struct stream *stream, struct unix_start *ret,
    uint64_t *ret_next)
{
	struct log *log = stream_log(stream);
	struct after after;
	int r = after_find(plan, stream_name(stream), &after);

	if (r < 0)
		return r;
	if (!after.given) {
		*ret = unix_start_of(stream, (enum unix_from)plan->from, (enum lag)plan->lag,
		    ret_next);
		return 0;
	}
	if (after.seq >= log_next_seq(log) && strcmp(after.epoch, log_epoch(log)) == 0) {
		unix_refuse(plan->connection, plan->request->id, "after-ahead",
		    "\"%s\" has come to %llu in this epoch, and \"after\" says %llu",
		    stream_name(stream), (unsigned long long)log_next_seq(log) - 1,
		    (unsigned long long)after.seq);
		return -EINVAL;
	}
	*ret = resume_at(log, &after, (enum lag)plan->lag, ret_next);
	return 0;
}

