/* A sink's node.  It is open; or it is leaving, and closes; or it waits for those that leave, whose
 * name or path it may need. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/graph_private.h"
#include "daemon/journal.h"

/* What a sink that a reload closes may take to tell its peers. */
#define LEAVE_DRAIN_NS UINT64_C(2000000000)

static struct sink_node *
node_find(const struct graph *graph, const char *name, enum sink_phase phase)
{
	struct sink_node *node;

	TAILQ_FOREACH(node, &graph->sinks, link)
		if (node->phase == phase && strcmp(node->config->name, name) == 0)
			return node;
	return NULL;
}

static void
node_free(struct sink_node *node)
{
	TAILQ_REMOVE(&node->graph->sinks, node, link);
	config_sink_unref(node->config);
	config_sink_unref(node->former);
	free(node);
}

static struct sink_node *
node_new(struct graph *graph, const struct config_sink *config)
{
	struct sink_node *node = calloc(1, sizeof *node);

	if (node == NULL)
		return NULL;
	node->graph = graph;
	node->phase = SINK_WAITING;
	node->config = config_sink_ref(config);
	TAILQ_INSERT_TAIL(&graph->sinks, node, link);
	return node;
}

static int
node_open_as(struct sink_node *node, const struct config_sink *config, struct problems *problems)
{
	const char *message = NULL;
	int error;

	node->ops = config->sink.ops;
	error = node->ops->open(config->name, config->sink.options, node->graph->arena,
	    node->graph->control, &node->sink, &message);
	if (error < 0)
		problems_add(problems, "sink %s cannot be opened: %s", config->name,
		    message != NULL ? message : strerror(-error));
	return error;
}

/* If it cannot be as it should, then as it was. */
static void
node_open(struct sink_node *node, struct problems *problems)
{
	int error = node_open_as(node, node->config, problems);

	if (error < 0 && node->former != NULL) {
		error = node_open_as(node, node->former, problems);
		if (error == 0) {
			problems_add(problems, "sink %s goes on as it was", node->config->name);
			config_sink_unref(node->config);
			node->config = node->former;
			node->former = NULL;
		}
	}
	if (error < 0) {
		node_free(node);
		return;
	}
	config_sink_unref(node->former);
	node->former = NULL;
	node->phase = SINK_OPEN;
}

/* ------------------------------------------------------------------------ apply */

static void
node_apply(struct sink_node *node, const struct config_sink *config, struct problems *problems)
{
	const char *message = NULL;
	int error = -EOPNOTSUPP;

	if (config != NULL && config_sink_equal(node->config, config))
		return;
	if (config != NULL && config->sink.ops == node->ops)
		error = node->ops->change(node->sink, config->sink.options, &message);
	if (error == -EOPNOTSUPP) {
		node->phase = SINK_LEAVING;
		node->end = config != NULL ? SINK_IS_REPLACED : SINK_IS_REMOVED;
	} else if (error < 0) {
		problems_add(problems, "sink %s goes on as it was: %s", config->name,
		    message != NULL ? message : strerror(-error));
	} else {
		config_sink_unref(node->config);
		node->config = config_sink_ref(config);
	}
}

static void
nodes_compare(struct graph *graph, const struct config *config, struct problems *problems)
{
	struct sink_node *node, *following;

	for (node = TAILQ_FIRST(&graph->sinks); node != NULL; node = following) {
		following = TAILQ_NEXT(node, link);
		if (node->phase == SINK_WAITING)
			node_free(node);
		else if (node->phase == SINK_OPEN)
			node_apply(node, config_sink_find(config, node->config->name), problems);
	}
}

static void
nodes_add(struct graph *graph, const struct config_sink *config, struct problems *problems)
{
	struct sink_node *leaving = node_find(graph, config->name, SINK_LEAVING);
	struct sink_node *node = node_new(graph, config);

	if (node == NULL)
		problems_add(problems, "sink %s cannot be opened: %s", config->name,
		    strerror(ENOMEM));
	else if (leaving != NULL)
		node->former = config_sink_ref(leaving->config);
}

static bool
nodes_are_leaving(const struct graph *graph)
{
	const struct sink_node *node;

	TAILQ_FOREACH(node, &graph->sinks, link)
		if (node->phase == SINK_LEAVING || node->phase == SINK_STOPPING)
			return true;
	return false;
}

static void
nodes_open_waiting(struct graph *graph, struct problems *problems)
{
	struct sink_node *node, *following;

	for (node = TAILQ_FIRST(&graph->sinks); node != NULL; node = following) {
		following = TAILQ_NEXT(node, link);
		if (node->phase == SINK_WAITING)
			node_open(node, problems);
	}
}

void
sink_nodes_apply(struct graph *graph, const struct config *config, struct problems *problems)
{
	nodes_compare(graph, config, problems);
	for (size_t i = 0; i < config->sink_count; i++)
		if (node_find(graph, config->sinks[i]->name, SINK_OPEN) == NULL)
			nodes_add(graph, config->sinks[i], problems);
	if (!nodes_are_leaving(graph))
		nodes_open_waiting(graph, problems);
}

/* ----------------------------------------------------------------------- stopping */

static void
node_stopped(void *context)
{
	struct sink_node *node = context;
	struct graph *graph = node->graph;
	struct problems problems = { .count = 0 };

	node_free(node);
	if (!graph->stopping && !nodes_are_leaving(graph))
		nodes_open_waiting(graph, &problems);
	if (problems.text != NULL)
		journal_text(LOG_ERR, problems.text);
	problems_free(&problems);
	graph_consider_stopped(graph);
}

static void
node_stop(struct sink_node *node, enum sink_end end, uint64_t drain_ns)
{
	node->phase = SINK_STOPPING;
	node->ops->stop(node->sink, end, drain_ns, node_stopped, node);
}

void
sink_nodes_settle(struct graph *graph)
{
	struct sink_node *node, *following;

	for (node = TAILQ_FIRST(&graph->sinks); node != NULL; node = following) {
		following = TAILQ_NEXT(node, link);
		if (node->phase == SINK_LEAVING)
			node_stop(node, node->end, LEAVE_DRAIN_NS);
	}
}

void
sink_nodes_stop(struct graph *graph, uint64_t drain_ns)
{
	enum sink_end end = graph->handing_over ? SINK_HANDS_OVER : SINK_SHUTS_DOWN;
	struct sink_node *node, *following;

	for (node = TAILQ_FIRST(&graph->sinks); node != NULL; node = following) {
		following = TAILQ_NEXT(node, link);
		if (node->phase == SINK_WAITING)
			node_free(node);
		else if (node->phase != SINK_STOPPING)
			node_stop(node, end, drain_ns);
	}
}
