#include "streams/retry.h"

#include "async/async_generator.h"
#include "async/loop.h"
#include "async/timer.h"

struct retry {
	struct child *source;        /* first, see async/child.h */
	struct retry_factory factory;
	struct retry_kept *kept;
	struct timer timer;
	struct event event;          /* the `down`, or an `up` with our position */
	const struct event *passed;  /* the source's, that those above are at; or NULL */
	struct position position;    /* of the one before */
	uint64_t up_ns;              /* since when the source is up; 0: it is not */
	uint64_t delay, chance;
	unsigned int failures;       /* in a row */
	int error;                   /* what the source threw, 0: nothing */
};

/* A try block around the source: what it has thrown, 0 if nothing.  A cancellation is not
 * caught, nor what its clean-up throws when it is closed. */
static int
retry_catch(const struct retry *self, struct coroutine *co)
{
	if (co->received != COMPLETION_THROW || co->value.number == -ECANCELED
	    || self->source->returning)
		return 0;
	co->received = COMPLETION_NORMAL;
	return co->value.number < 0 ? (int)co->value.number : -EIO;
}

/* splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t
retry_chance(struct retry *self)
{
	uint64_t z = self->chance += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* Begins to wait behind a failure, so that what retry_ms says counts from now. */
static void
retry_wait(struct retry *self)
{
	uint64_t delay = RETRY_FIRST_NS;
	unsigned int i;

	if (self->up_ns != 0 && loop_now() - self->up_ns >= RETRY_STEADY_NS)
		self->failures = 0;
	for (i = 0; i < self->failures && delay < RETRY_MAX_NS; i++)
		delay *= 2;
	if (delay > RETRY_MAX_NS)
		delay = RETRY_MAX_NS;
	self->failures++;
	self->delay = delay - retry_chance(self) % (delay / 4);
	timer_after(&self->timer, self->delay);
}

static void
retry_make(struct retry *self)
{
	self->up_ns = 0;
	self->source = self->factory.make(self->factory.context);
	self->error = self->source == NULL ? -ENOMEM : 0;
}

static const struct event *
retry_state(struct retry *self, const struct event *event)
{
	if (event->is == STATE_UP) {
		self->up_ns = loop_now();
		if (self->up_ns == 0)
			self->up_ns = 1;    /* the manual clock begins at 0 */
		self->kept->told = 0;
	} else if (event->is == STATE_DOWN)
		self->kept->told = event->error;
	self->event = *event;
	self->event.position = self->position;
	return &self->event;
}

/* What the source yields, for those above. */
static inline const struct event *
retry_event(struct retry *self, const struct event *event)
{
	if (event->kind == EVENT_STATE)
		return retry_state(self, event);
	self->passed = event;
	return event;
}

/* The position of what was passed on is read before the source goes on and may write another
 * one: it was stored long ago then, and nothing has to wait for that. */
static inline enum step
retry_step(struct retry *self, struct coroutine *co)
{
	enum step step;

	if (self->passed != NULL)
		self->position = self->passed->position;
	self->passed = NULL;
	step = child_resume(self->source, co);
	if (step == STEP_YIELD)
		co->value.constant = retry_event(self, co->value.constant);
	return step;
}

static bool
retry_has_to_tell(const struct retry *self)
{
	return self->kept->told != self->error;
}

static const struct event *
retry_down(struct retry *self)
{
	self->kept->told = self->error;
	self->event = (struct event){
		.kind = EVENT_STATE,
		.is = STATE_DOWN,
		.time = moment_now(),
		.position = self->position,
		.error = self->error,
		.retry_ns = self->delay,
	};
	if (self->source != NULL && self->factory.message != NULL)
		self->event.message = self->factory.message(self->source, self->factory.context);
	return &self->event;
}

static void
retry_drop(struct retry *self)
{
	child_free(self->source);
	self->source = NULL;
}

static enum step
retry_body(struct coroutine *co, void *frame)
{
	struct retry *self = frame;

	BEGIN(co);
	for (;;) {
		retry_make(self);
		if (self->error == 0) {
			RUN_CHILD(retry_step(self, co));
			self->error = retry_catch(self, co);
			if (self->error == 0)
				break;
		}
		retry_wait(self);
		if (retry_has_to_tell(self))
			YIELD(retry_down(self));
		retry_drop(self);
		AWAIT(&self->timer.promise);
	}
	(void)coroutine_abrupt(co);     /* the source was ended, not done */
	FINALLY;
	timer_close(&self->timer);
	retry_drop(self);
	END;
}

struct iterator *
retry_new(const struct retry_factory *factory, struct retry_kept *kept,
    const struct position *position)
{
	struct iterator *iterator = async_generator_new("retry", retry_body, sizeof(struct retry));
	struct retry *self;

	if (iterator == NULL)
		return NULL;
	self = async_generator_frame(iterator);
	self->factory = *factory;
	self->kept = kept;
	self->position = *position;
	self->chance = (uintptr_t)self;
	return iterator;
}

void
retry_now(struct iterator *retry)
{
	struct retry *self = async_generator_frame(retry);

	if (!timer_is_set(&self->timer))
		return;
	self->failures = 0;
	timer_after(&self->timer, 0);
}

struct child *
retry_source(struct iterator *retry)
{
	const struct retry *self = async_generator_frame(retry);

	return self->source;
}
