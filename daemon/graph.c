#include "daemon/graph.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/graph_private.h"

struct graph *
graph_new(struct arena *arena, const struct sink_control *control)
{
	struct graph *graph = calloc(1, sizeof *graph);

	if (graph == NULL)
		return NULL;
	graph->arena = arena;
	graph->control = control;
	TAILQ_INIT(&graph->streams);
	TAILQ_INIT(&graph->sinks);
	return graph;
}

void
graph_free(struct graph *graph)
{
	free(graph);
}

/* ------------------------------------------------- what nobody claims any more */

struct untaken {
	struct arena *arena;
	const struct config *config;
};

/* A sink may have more than one extent: NAME/2, say. */
static bool
sink_is_named(const struct config *config, const char *extent)
{
	char name[ARENA_NAME_MAX + 1];

	snprintf(name, sizeof name, "%.*s", (int)strcspn(extent, "/"), extent);
	return config_sink_find(config, name) != NULL;
}

/* A stream whose source has not asked for its bulk yet still may. */
static void
untaken_drop(enum extent_kind kind, const char *name, void *context)
{
	const struct untaken *untaken = context;
	bool stream = kind == EXTENT_LOG || kind == EXTENT_SOURCE || kind == EXTENT_LOG_PATHS;

	if (stream ? config_stream_find(untaken->config, name) == NULL
	           : kind == EXTENT_CONNECTIONS && !sink_is_named(untaken->config, name))
		arena_drop_untaken(untaken->arena, kind, name);
}

void
graph_start(struct graph *graph, const struct config *config, const struct config *former,
    struct problems *problems)
{
	struct untaken untaken = { graph->arena, config };

	/* A sink finds out how far its predecessor's messages came before anything is logged. */
	sink_nodes_apply(graph, config, problems);
	stream_nodes_apply(graph, config, problems);
	if (former != NULL)
		stream_nodes_adopt_removed(graph, config, former);
	stream_nodes_stop_removed(graph, config);
	arena_each_untaken(graph->arena, untaken_drop, &untaken);
}

void
graph_change(struct graph *graph, const struct config *config, struct problems *problems)
{
	stream_nodes_apply(graph, config, problems);
	sink_nodes_apply(graph, config, problems);
}

void
graph_settle(struct graph *graph)
{
	sink_nodes_settle(graph);
}

void
graph_send_away(void)
{
	for (const struct sink_ops *const *ops = sink_table; *ops != NULL; ops++)
		(*ops)->send_away();
}

/* --------------------------------------------------------------------- stopping */

void
graph_consider_stopped(struct graph *graph)
{
	void (*done)(void *context) = graph->done;

	if (!graph->stopping || !TAILQ_EMPTY(&graph->sinks))
		return;
	if (!TAILQ_EMPTY(&graph->streams)) {
		if (!graph->streams_stopping)
			stream_nodes_stop(graph);
		return;
	}
	graph->done = NULL;
	if (done != NULL)
		done(graph->context);
}

void
graph_stop(struct graph *graph, bool handing_over, uint64_t drain_ns,
    void (*done)(void *context), void *context)
{
	graph->stopping = true;
	graph->handing_over = handing_over;
	graph->done = done;
	graph->context = context;
	sink_nodes_stop(graph, drain_ns);
	graph_consider_stopped(graph);
}

/* ---------------------------------------------------------------------- questions */

void
graph_sink_stats(const struct graph *graph, struct sink_stats *ret)
{
	const struct sink_node *node;

	*ret = (struct sink_stats){ .connections = 0 };
	TAILQ_FOREACH(node, &graph->sinks, link) {
		struct sink_stats stats = { .connections = 0 };

		if (node->phase != SINK_OPEN)
			continue;
		node->ops->stats(node->sink, &stats);
		ret->connections += stats.connections;
		ret->subscriptions += stats.subscriptions;
		ret->accepted += stats.accepted;
		ret->refused += stats.refused;
		ret->deliveries += stats.deliveries;
		ret->bytes += stats.bytes;
		ret->lost += stats.lost;
	}
}

size_t
graph_sink_count(const struct graph *graph)
{
	const struct sink_node *node;
	size_t count = 0;

	TAILQ_FOREACH(node, &graph->sinks, link)
		count += node->phase == SINK_OPEN;
	return count;
}
