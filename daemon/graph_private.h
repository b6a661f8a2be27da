/* graph_private.h - struct graph, for the files that it is spread over:
 *	graph.c		the whole: start, change, stop
 *	graph_stream.c	a stream's node
 *	graph_sink.c	a sink's node */
#ifndef DAEMON_GRAPH_PRIVATE_H
#define DAEMON_GRAPH_PRIVATE_H

#include <sys/queue.h>

#include "daemon/graph.h"
#include "streams/operator.h"

struct stream_node {
	TAILQ_ENTRY(stream_node) link;
	struct graph *graph;
	struct stream *stream;               /* NULL: it could not be made */
	const struct config_stream *config;  /* held */
	/* Held too: a generator that is being ended cleans up in its own time. */
	const struct config_stream *former;
	const struct config_stream *next;    /* while it is being stopped: what follows it, held */
	struct stream_operator *operators;
	bool stopping;
};

enum sink_phase {
	SINK_WAITING,        /* for those that leave */
	SINK_OPEN,
	SINK_LEAVING,        /* closes with graph_settle() */
	SINK_STOPPING,
};

struct sink_node {
	TAILQ_ENTRY(sink_node) link;
	struct graph *graph;
	struct sink *sink;
	const struct sink_ops *ops;
	const struct config_sink *config;    /* held */
	const struct config_sink *former;    /* while waiting: what it is if it must be; held */
	enum sink_phase phase;
	enum sink_end end;                   /* of one that is leaving */
};

struct graph {
	struct arena *arena;
	const struct sink_control *control;
	TAILQ_HEAD(, stream_node) streams;
	void *by_name;                       /* the same, a tree of tsearch() */
	TAILQ_HEAD(, sink_node) sinks;
	bool stopping, handing_over;
	bool streams_stopping;           /* the sinks are gone, and all streams were told */
	void (*done)(void *context);
	void *context;
};

/* ------------------------------------------------------------------ streams */

void stream_nodes_apply(struct graph *graph, const struct config *config,
    struct problems *problems);

/* Those of `former` that `config` has no more, as they were, but with a source that gives nothing;
 * and their end. */
void stream_nodes_adopt_removed(struct graph *graph, const struct config *config,
    const struct config *former);
void stream_nodes_stop_removed(struct graph *graph, const struct config *config);

/* All of them, to be handed over. */
void stream_nodes_stop(struct graph *graph);

/* -------------------------------------------------------------------- sinks */

/* Changes what can be changed in place, marks what has to be closed, and opens what is new if it
 * has not to wait for that. */
void sink_nodes_apply(struct graph *graph, const struct config *config, struct problems *problems);

/* Closes those that are marked; behind the last one the new ones are opened. */
void sink_nodes_settle(struct graph *graph);

void sink_nodes_stop(struct graph *graph, uint64_t drain_ns);

/* ------------------------------------------------------------------- the whole */

/* A node is gone. */
void graph_consider_stopped(struct graph *graph);

#endif
