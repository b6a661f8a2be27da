#include "async/signal_watch.h"

#include "async/abandon.h"

static struct signal_watch *
watch_of_io(struct loop_io *io)
{
	return (struct signal_watch *)((char *)io - offsetof(struct signal_watch, io));
}

static void
signal_tell(struct signal_watch *watch)
{
	if (watch->asked) {
		watch->asked = false;
		promise_fulfill(&watch->promise, value_number(watch->io.fd));
	} else
		watch->arrived = true;
}

static void
signal_fire(struct loop_io *io, unsigned what)
{
	struct signal_watch *watch = watch_of_io(io);

	(void)what;
	if (watch->on_signal != NULL)
		watch->on_signal(watch);
	else
		signal_tell(watch);
}

int
signal_watch_init(struct signal_watch *watch, int signo,
    void (*on_signal)(struct signal_watch *watch))
{
	*watch = (struct signal_watch){
		.io = {
			.fire = signal_fire,
			.fd = signo,
			.what = LOOP_PERSIST,
			.signal = true,
		},
		.on_signal = on_signal,
	};
	return loop_io_add(&watch->io);
}

void
signal_watch_fini(struct signal_watch *watch)
{
	loop_io_remove(&watch->io);
	promise_abandon(&watch->promise);
}

struct promise *
signal_next(struct signal_watch *watch)
{
	if (watch->promise.state != PROMISE_PENDING)
		promise_init(&watch->promise);
	watch->asked = true;
	if (watch->arrived) {
		watch->arrived = false;
		signal_tell(watch);
	}
	return &watch->promise;
}
