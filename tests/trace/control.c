/* try, loop, if: statements that have others in them and do not wait themselves. */
#include "tests/trace/activation.h"
#include "tests/trace/value.h"

enum phase {
	IN_TRY,
	IN_CATCH,
	IN_FINALLY,
};

static bool
try_finally(struct activation *activation, struct frame *frame, struct outcome *outcome)
{
	if (!frame->statement->has_finally) {
		frame_pop(activation);
		return true;
	}
	frame->at = IN_FINALLY;
	frame->saved = *outcome;
	outcome->type = OUT_NORMAL;
	block_push(activation, &frame->statement->finally);
	return true;
}

static bool
try_resume(struct activation *activation, struct frame *frame, struct outcome *outcome)
{
	if (frame->at == IN_TRY && outcome->type == OUT_THROW && frame->statement->has_catch) {
		frame->at = IN_CATCH;
		activation->registers[REG_CAUGHT] = outcome->value;
		outcome->type = OUT_NORMAL;
		block_push(activation, &frame->statement->catch_);
		return true;
	}
	if (frame->at != IN_FINALLY)
		return try_finally(activation, frame, outcome);
	if (outcome->type == OUT_NORMAL)
		*outcome = frame->saved;
	frame_pop(activation);
	return true;
}

bool
try_begin(struct activation *activation, const struct statement *statement,
    struct outcome *outcome)
{
	(void)outcome;
	frame_push(activation, try_resume, statement);
	block_push(activation, &statement->body);
	return true;
}

static bool
loop_resume(struct activation *activation, struct frame *frame, struct outcome *outcome)
{
	bool goes_on = outcome->type == OUT_NORMAL || outcome->type == OUT_CONTINUE;

	if (outcome->type == OUT_BREAK || outcome->type == OUT_CONTINUE)
		outcome->type = OUT_NORMAL;
	if (!goes_on || frame->at == (size_t)frame->statement->count) {
		frame_pop(activation);
		return true;
	}
	activation->registers[REG_INDEX] = value_integer((long long)++frame->at);
	block_push(activation, &frame->statement->body);
	return true;
}

bool
loop_begin(struct activation *activation, const struct statement *statement,
    struct outcome *outcome)
{
	return loop_resume(activation, frame_push(activation, loop_resume, statement), outcome);
}

bool
if_begin(struct activation *activation, const struct statement *statement, struct outcome *outcome)
{
	bool equal = value_equal(evaluate(&statement->value, activation),
	    evaluate(&statement->other, activation));

	(void)outcome;
	block_push(activation, equal ? &statement->body : &statement->catch_);
	return true;
}
