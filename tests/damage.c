/* damage - what the arena holds is damaged between a daemon's death and its successor's birth, with
 * producers and subscribers connected throughout (tests/traffic.h).
 *
 *	damage [-p PART] [-r ROUNDS] [-s SEED] AWAITD
 *
 * Each round: some work, SIGKILL, some bytes of one part become others, a successor, and then every
 * line until all have what was sent behind it.  The successor must not crash; what is damaged may
 * cost the stream it belongs to its epoch, told, or a connection; nobody else loses anything.
 *
 * The parts whose name ends in `-version` become another version's: what a daemon of another version
 * has left is not understood, and told to all whom it concerns. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "sinks/unix_table.h"
#include "streams/arena_private.h"
#include "streams/log_private.h"
#include "tests/traffic.h"

/* The whole memfd, as it lies. */
struct image {
	char *bytes;
	size_t size;
	struct arena_header *header;
	struct arena_entry *entries;
};

static struct traffic traffic;
static struct image image;
static unsigned int seed;
static int victim;                    /* the stream */

static uint64_t
dice(uint64_t below)
{
	return ((uint64_t)rand_r(&seed) << 16 ^ (uint64_t)rand_r(&seed)) % below;
}

/* One byte becomes another. */
static void
spoil(void *begin, size_t size)
{
	((unsigned char *)begin)[dice(size)] ^= (unsigned char)(1 + dice(255));
}

/* ----------------------------------------------------------------- what is where */

static struct arena_entry *
entry_find(enum extent_kind kind, const char *name)
{
	for (uint64_t i = 0; i < image.header->used; i++) {
		struct arena_entry *entry = &image.entries[i];

		if (entry->state == ENTRY_TRUE && entry->kind == kind
		    && strcmp(entry->name, name) == 0)
			return entry;
	}
	traffic_complain(&traffic, "%s is not in the arena", name);
	exit(1);
}

static const char *
victims_name(void)
{
	return victim == 0 ? "s0" : "s1";
}

static char *
victims_log(void)
{
	return image.bytes + entry_find(EXTENT_LOG, victims_name())->offset;
}

static struct log_hot *
hot_of(char *log)
{
	return (struct log_hot *)(void *)(log + ((struct log_header *)(void *)log)->hot);
}

/* ------------------------------------------------------------- what may come of it */

static void
may_begin_anew(int stream)
{
	traffic.allowed[stream].epoch = true;
	traffic.producers[stream].may_be_cut = true;
}

static void
may_lose_all(void)
{
	traffic.may_be_cut = true;
	for (int i = 0; i < TRAFFIC_STREAMS; i++)
		may_begin_anew(i);
}

/* The peer of a slot, by its only subscription, may see anything. */
static void
excuse_peer(const struct unix_slot *slot)
{
	static const char *const lags[] = {
		[LAG_SKIP] = "skip", [LAG_LATEST] = "latest", [LAG_BLOCK] = "block",
		[LAG_CLOSE] = "close",
	};
	const struct unix_cursor *cursor = &slot->cursor[0];

	for (int i = 0; i < TRAFFIC_SUBSCRIBERS; i++) {
		struct subscriber *self = &traffic.subscribers[i];

		if (cursor->name[1] == '0' + self->stream
		    && strcmp(lags[cursor->lag], self->lag) == 0)
			self->excused = true;
	}
}

/* ------------------------------------------------------------------------- the parts */

static void
spoil_arena_header(void)
{
	may_lose_all();
	spoil(image.header, sizeof *image.header);
}

static void
other_arena_version(void)
{
	may_lose_all();
	image.header->version++;
	image.header->checksum
	    = arena_checksum(0, image.header, offsetof(struct arena_header, checksum));
}

static void
spoil_directory(void)
{
	struct arena_entry *entry = &image.entries[dice(image.header->used)];
	int stream = entry->name[1] - '0';

	switch (entry->kind) {
	case EXTENT_LOG:
	case EXTENT_SOURCE:
		may_begin_anew(stream);
		break;
	case EXTENT_CONNECTIONS:
		traffic.may_be_cut = true;
		break;
	}
	spoil(entry, sizeof *entry);
}

static void
spoil_log_header(void)
{
	may_begin_anew(victim);
	spoil(victims_log(), sizeof(struct log_header));
}

static void
other_log_version(void)
{
	struct log_header *header = (struct log_header *)(void *)victims_log();

	may_begin_anew(victim);
	header->version++;
	header->checksum = arena_checksum(0, header, offsetof(struct log_header, checksum));
}

static void
spoil_log_hot(void)
{
	may_begin_anew(victim);
	spoil(hot_of(victims_log()), sizeof(struct log_hot));
}

static void
spoil_log_index(void)
{
	char *log = victims_log();
	const struct log_header *header = (struct log_header *)(void *)log;
	const struct log_hot *hot = hot_of(log);
	const struct log_commit *commit = &hot->rec[hot->commits & 1];
	uint64_t seq = hot->tail_seq + dice(commit->next_seq - hot->tail_seq + 1);
	uint64_t *index = (uint64_t *)(void *)(log + header->index);

	may_begin_anew(victim);
	spoil(&index[seq & (header->index_entries - 1)], sizeof *index);
}

static void
spoil_log_saved(void)
{
	char *log = victims_log();
	const struct log_header *header = (struct log_header *)(void *)log;

	may_begin_anew(victim);
	spoil(log + header->saved + dice(2) * header->saved_size, 4096);
}

static void
spoil_log_ring(void)
{
	char *log = victims_log();
	const struct log_header *header = (struct log_header *)(void *)log;
	const struct log_hot *hot = hot_of(log);
	const struct log_commit *commit = &hot->rec[hot->commits & 1];
	uint64_t back = commit->head < 65536 ? commit->head : 65536;
	uint64_t at = commit->head - 1 - dice(back);

	may_begin_anew(victim);
	traffic.allowed[victim].garbled = true;
	spoil(log + header->ring + (at & (header->ring_size - 1)), 1);
}

static void
spoil_bulk(void)
{
	may_begin_anew(victim);
	spoil(image.bytes + entry_find(EXTENT_SOURCE, victims_name())->offset, 256);
}

static struct unix_table
table(void)
{
	struct arena_entry *entry = entry_find(EXTENT_CONNECTIONS, "local");
	static struct extent extent;

	extent = (struct extent){ .memory = image.bytes + entry->offset, .size = entry->size };
	return unix_table_view(&extent);
}

static void
spoil_table_header(void)
{
	traffic.may_be_cut = true;
	spoil(table().header, sizeof(struct unix_table_header));
}

static void
other_table_version(void)
{
	struct unix_table view = table();

	traffic.may_be_cut = true;
	view.header->version++;
	view.header->checksum = unix_table_checksum(view.header);
}

static struct unix_slot *
any_slot(const struct unix_table *view)
{
	struct unix_slot *slot;

	do
		slot = unix_table_slot(view, (uint32_t)dice(view->header->used));
	while (unix_slot_state(slot) != UNIX_OPEN);
	excuse_peer(slot);
	return slot;
}

static void
spoil_slot(void)
{
	struct unix_table view = table();
	struct unix_slot *slot = any_slot(&view);

	struct unix_send *send = &slot->send[slot->sends & 1];
	struct unix_receive *receive = &slot->receive[slot->receives & 1];

	switch (dice(7)) {
	case 0: spoil(slot, sizeof *slot); break;
	case 1: spoil(&send->head, offsetof(struct unix_send, vector)
	        - offsetof(struct unix_send, head)); break;
	case 2: spoil(&send->message.msg_len, sizeof send->message.msg_len); break;
	case 3: spoil(&send->piece[0], sizeof send->piece[0]); break;
	case 4: spoil(&receive->base, 2 * sizeof receive->base); break;
	case 5: spoil(&receive->message.msg_len, sizeof receive->message.msg_len); break;
	case 6: spoil(&slot->cursor[0], sizeof slot->cursor[0]); break;
	}
}

static void
spoil_cold(void)
{
	struct unix_table view = table();
	struct unix_slot *slot = any_slot(&view);

	spoil(unix_slot_cold(&view, slot), sizeof(struct unix_cold));
}

static void
spoil_outbox(void)
{
	struct unix_table view = table();
	struct unix_slot *slot = any_slot(&view);

	spoil((char *)slot - UNIX_HOME, UNIX_HOME);
}

/* Of which a successor needs nothing, while its file is right. */
static void
spoil_config(void)
{
	spoil(image.bytes + entry_find(EXTENT_CONFIG, "config")->offset, 4096);
}

/* What has to be told for certain, a round: new epochs, and `restarted`, which a peer whose socket is
 * full is not told, and one within a line is not counted. */
static const struct part {
	const char *name;
	void (*spoil)(void);
	unsigned int epochs, told;
} parts[] = {
	{ .name = "arena-header", .spoil = spoil_arena_header },
	{ .name = "arena-version", .spoil = other_arena_version, .told = 1 },
	{ .name = "directory", .spoil = spoil_directory },
	{ .name = "log-header", .spoil = spoil_log_header },
	{ .name = "log-version", .spoil = other_log_version, .epochs = TRAFFIC_SUBSCRIBERS / TRAFFIC_STREAMS },
	{ .name = "log-hot", .spoil = spoil_log_hot },
	{ .name = "log-index", .spoil = spoil_log_index, .epochs = TRAFFIC_SUBSCRIBERS / TRAFFIC_STREAMS },
	{ .name = "log-saved", .spoil = spoil_log_saved },
	{ .name = "log-ring", .spoil = spoil_log_ring },
	{ .name = "bulk", .spoil = spoil_bulk },
	{ .name = "table-header", .spoil = spoil_table_header },
	{ .name = "table-version", .spoil = other_table_version, .told = 1 },
	{ .name = "slot", .spoil = spoil_slot },
	{ .name = "cold", .spoil = spoil_cold },
	{ .name = "outbox", .spoil = spoil_outbox },
	{ .name = "config", .spoil = spoil_config },
};
#define PARTS (sizeof parts / sizeof *parts)

/* ------------------------------------------------------------------------- a round */

static const struct part *part;

static void
damage(struct traffic *context)
{
	int fd = traffic_stored(context, "arena");
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		abort();
	image.size = (size_t)st.st_size;
	image.bytes = mmap(NULL, image.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (image.bytes == MAP_FAILED)
		abort();
	image.header = (struct arena_header *)(void *)image.bytes;
	image.entries = (struct arena_entry *)(void *)(image.bytes + image.header->directory);
	part->spoil();
	munmap(image.bytes, image.size);
}

static void
forgive_nothing(void)
{
	traffic.may_be_cut = false;
	for (int i = 0; i < TRAFFIC_STREAMS; i++) {
		traffic.allowed[i] = (struct allowance){ .epoch = false };
		traffic.producers[i].may_be_cut = false;
	}
	for (int i = 0; i < TRAFFIC_SUBSCRIBERS; i++)
		if (traffic.subscribers[i].excused)
			traffic_reopen(&traffic.subscribers[i]);
}

static void
round_play(void)
{
	uint64_t wrong = traffic.wrong;
	unsigned int first = seed;

	victim = (int)dice(TRAFFIC_STREAMS);
	traffic_work(&traffic, dice(4 * NSEC_PER_MSEC));
	traffic_kill(&traffic, SIGKILL, damage);
	traffic_make(&traffic, 1);
	traffic_settle(&traffic);
	forgive_nothing();
	if (traffic.wrong > wrong)
		fprintf(stderr, "part %s, seed %u\n", part->name, first);
}

/* ------------------------------------------------------------------------- main */

static const char *daemon_path, *part_name;
static unsigned int rounds = 10;

static void
parse(int argc, char **argv)
{
	int c;

	seed = (unsigned int)clock_mono_ns();
	while ((c = getopt(argc, argv, "p:r:s:")) != -1) {
		switch (c) {
		case 'p': part_name = optarg; break;
		case 'r': rounds = (unsigned int)strtoul(optarg, NULL, 10); break;
		case 's': seed = (unsigned int)strtoul(optarg, NULL, 10); break;
		default: exit(2);
		}
	}
	daemon_path = argv[optind];
	if (daemon_path == NULL) {
		fprintf(stderr, "usage: see the head of tests/damage.c\n");
		exit(2);
	}
}

static uint64_t
epochs_told(void)
{
	uint64_t epochs = 0;

	for (int i = 0; i < TRAFFIC_SUBSCRIBERS; i++)
		epochs += traffic.subscribers[i].epochs;
	return epochs;
}

static void
part_play(void)
{
	uint64_t epochs = epochs_told(), cuts = traffic.cuts, told = traffic.resumed;

	for (unsigned int n = 0; n < rounds; n++)
		round_play();
	epochs = epochs_told() - epochs;
	cuts = traffic.cuts - cuts;
	told = traffic.resumed - told;
	fprintf(stderr, "%s: %u rounds, %llu epochs told, %llu cuts, %llu told\n", part->name, rounds,
	    (unsigned long long)epochs, (unsigned long long)cuts, (unsigned long long)told);
	if (epochs < (uint64_t)rounds * part->epochs || told < (uint64_t)rounds * part->told)
		traffic_complain(&traffic, "%s: somebody was not told", part->name);
}

int
main(int argc, char **argv)
{
	uint64_t begin;

	parse(argc, argv);
	traffic_open(&traffic, daemon_path, 20000);
	traffic_start(&traffic);
	traffic_connect(&traffic);
	begin = clock_mono_ns();
	for (part = parts; part < parts + PARTS; part++)
		if (part_name == NULL || strcmp(part->name, part_name) == 0)
			part_play();
	printf("{\"epochs_told\":%llu,\"cuts\":%llu,", (unsigned long long)epochs_told(),
	    (unsigned long long)traffic.cuts);
	traffic_print(&traffic, (double)(clock_mono_ns() - begin) / 1e9);
	printf("}\n");
	traffic_close(&traffic);
	return traffic.wrong > 0 ? 1 : 0;
}
