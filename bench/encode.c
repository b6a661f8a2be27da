/* encode - ns for one event as a line.  An argument: so many calls of each and nothing else, for
 * callgrind. */
#include <stdlib.h>

#include "bench/measure.h"
#include "streams/encode.h"

#define VALUES 1024

struct load {
	struct encoder encoder;
	struct event event;
	double numbers[VALUES];
	uint64_t step_ns;          /* between two events; 0: all come with one read */
	uint64_t bytes;
};

static void
load_encode(void *context, unsigned long calls)
{
	struct load *load = context;
	char line[4096];

	for (unsigned long i = 0; i < calls; i++) {
		if (load->event.value.kind == JSON_KIND_DOUBLE)
			load->event.value.number = load->numbers[i % VALUES];
		load->event.time.mono_ns += load->step_ns;
		load->event.time.real_ns += (int64_t)load->step_ns;
		load->bytes += encoder_line(&load->encoder, &load->event, 1000000 + i, line, sizeof line);
		__asm__ volatile("" : : "r"(line) : "memory");
	}
}

static void
fill(struct load *load, double scale, uint64_t modulo)
{
	uint64_t x = 88172645463325252;

	for (int i = 0; i < VALUES; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		load->numbers[i] = (double)(x % modulo) * scale;
	}
}

static void
run(const char *what, struct load *load, unsigned long calls)
{
	load->bytes = 0;
	if (calls == 0)
		measure_print(what, load_encode, load, 200000);
	else
		load_encode(load, calls);
}

int
main(int argc, char **argv)
{
	static const char text[] = "the door of the machine room";
	unsigned long calls = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	struct load load = { .event = { .kind = EVENT_VALUE, .time = moment_now() } };

	if (encoder_init(&load.encoder, "temperature") < 0)
		return 1;
	load.event.value = (struct json_value){ .kind = JSON_KIND_INTEGER, .integer = 1 };
	run("integer, same stamp", &load, calls);
	load.step_ns = 12345;
	run("integer, new stamp", &load, calls);
	load.event.value.kind = JSON_KIND_DOUBLE;
	load.step_ns = 0;
	fill(&load, 1 / 8.0, 400);
	run("short double, same stamp", &load, calls);
	load.step_ns = 12345;
	run("short double, new stamp", &load, calls);
	load.step_ns = 0;
	fill(&load, 1e-17, UINT64_MAX);
	run("any double, same stamp", &load, calls);
	fill(&load, 1e-6, 100000000);
	run("double of six decimals, same stamp", &load, calls);
	load.event.value = (struct json_value){ .kind = JSON_KIND_STRING,
		.text = { .data = text, .length = sizeof text - 1 } };
	run("string of 28 bytes, same stamp", &load, calls);
	load.event.value.kind = JSON_KIND_TEXT;
	load.event.value.text.data = "{\"a\":1,\"b\":[true,null]}";
	load.event.value.text.length = 23;
	run("JSON text of 23 bytes, same stamp", &load, calls);
	return 0;
}
