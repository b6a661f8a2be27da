/* graph.h - what runs: the streams and sinks that a config names, each holding on to its part of
 * that config for as long as it runs on it.
 *
 * A new config is applied as a diff: what does not differ is not touched.  Streams first, so that
 * sinks find them. */
#ifndef DAEMON_GRAPH_H
#define DAEMON_GRAPH_H

#include "config/config.h"
#include "daemon/problems.h"
#include "sinks/sink.h"

struct graph;

/* NULL: no memory.  Both are borrowed. */
struct graph *graph_new(struct arena *arena, const struct sink_control *control);

/* After graph_stop(), or with nothing in it.  Takes NULL. */
void graph_free(struct graph *graph);

/* The first config.  `former` is the one that a predecessor ran, or NULL: its streams that are no
 * more are adopted once again, so that their subscribers are told that they have ended.  What went
 * wrong is in `problems`; the rest runs. */
void graph_start(struct graph *graph, const struct config *config, const struct config *former,
    struct problems *problems);

/* The next one.  Sinks that have to be closed, and those that wait for their names and paths, are
 * left to graph_settle(): until then everybody who asked for the reload can be answered. */
void graph_change(struct graph *graph, const struct config *config, struct problems *problems);
void graph_settle(struct graph *graph);

/* Ends everything, the sinks first; `done` is called once, at once if there is nothing to end.
 * handing_over: so that a successor can adopt it; else subscribers are told, and have `drain_ns` to
 * take what is theirs. */
void graph_stop(struct graph *graph, bool handing_over, uint64_t drain_ns,
    void (*done)(void *context), void *context);

/* Sums over all sinks. */
void graph_sink_stats(const struct graph *graph, struct sink_stats *ret);

/* Once all sinks are open: who is connected to none of them is sent away. */
void graph_send_away(void);

size_t graph_sink_count(const struct graph *graph);

/* Does a stream read devices?  Those that are down and read this subsystem's ("": any) are
 * tried again at once. */
bool graph_reads_devices(const struct graph *graph);
void graph_retry(struct graph *graph, const char *subsystem);

#endif
