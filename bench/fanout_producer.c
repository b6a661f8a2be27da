/* The producer of a run: closed loop, at most `window` events beyond the slowest reader, or paced. */
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"
#include "bench/fanout.h"
#include "bench/net.h"

/* What was delivered when last looked at, and for how long it has been so. */
struct progress {
	const struct fanout *run;
	uint64_t slowest, since, silence_ns;
};

static uint64_t
progress_look(struct progress *self)
{
	uint64_t slowest = fanout_slowest(self->run), now = clock_mono_ns();

	if (slowest != self->slowest) {
		self->slowest = slowest;
		self->since = now;
	} else if (now - self->since > self->silence_ns) {
		self->silence_ns = now - self->since;
	}
	return slowest;
}

/* Waits until `count` events are delivered to everybody.  False: nothing comes any more. */
static bool
progress_await(struct progress *self, uint64_t count, long pause_ns)
{
	struct timespec pause = { .tv_sec = 0, .tv_nsec = pause_ns };

	self->since = clock_mono_ns();
	while (progress_look(self) < count) {
		if (self->silence_ns > GIVE_UP_NS)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

/* Redis answers each PUBLISH. */
static void
drain_answers(int fd)
{
	char answers[65536];

	while (recv(fd, answers, sizeof answers, MSG_DONTWAIT) > 0)
		continue;
}

static void
produce_batch(const struct fanout *run, int fd, uint64_t first, size_t count)
{
	static char frames[BATCH_MAX * FRAME_MAX];
	uint64_t now = run->rate > 0 ? clock_mono_ns() : 0;
	size_t size = 0;

	for (size_t i = 0; i < count; i++)
		size += dialect_frame(run->dialect, first + i, now, frames + size);
	net_write(fd, frames, size);
	if (run->dialect->answers)
		drain_answers(fd);
}

static uint64_t
produce_flood(const struct fanout *run, struct progress *progress, int fd, uint64_t until)
{
	uint64_t sent = 0;

	while (clock_mono_ns() < until) {
		if (sent + run->batch > run->window
		    && !progress_await(progress, sent + run->batch - run->window, 20000))
			break;
		produce_batch(run, fd, sent, run->batch);
		sent += run->batch;
	}
	return sent;
}

static uint64_t
produce_paced(const struct fanout *run, int fd, uint64_t until)
{
	uint64_t interval = (uint64_t)(1e9 / run->rate), next = clock_mono_ns(), sent = 0;

	while (next < until) {
		struct timespec ts = { (time_t)(next / NSEC_PER_SEC), (long)(next % NSEC_PER_SEC) };

		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
		produce_batch(run, fd, sent++, 1);
		next += interval;
	}
	return sent;
}

void
produce(const struct fanout *run, struct produced *ret)
{
	struct progress progress = { .run = run };
	uint64_t begin, until;
	int fd = dialect_produce(run->dialect, run->in_address);

	begin = clock_mono_ns();
	until = begin + (uint64_t)(run->seconds * 1e9);
	ret->sent = run->rate > 0 ? produce_paced(run, fd, until)
	    : produce_flood(run, &progress, fd, until);
	(void)progress_await(&progress, ret->sent, 100000);
	ret->seconds = (double)(clock_mono_ns() - begin) / 1e9;
	ret->silence_ns = progress.silence_ns;
}

_Noreturn void
produce_without_end(const char *address)
{
	static const char line[] = "{\"flood\":\"01234567890123456789012345678901234567890123456789\"}\n";
	static char lines[256 * (sizeof line - 1)];
	int fd = net_connect(address);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (size_t i = 0; i < sizeof lines; i += sizeof line - 1)
		memcpy(lines + i, line, sizeof line - 1);
	for (;;)
		net_write(fd, lines, sizeof lines);
}
