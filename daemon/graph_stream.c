/* A stream's node: from its config to what streams/ asks for, and through its changes. */
#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/graph_private.h"
#include "daemon/journal.h"
#include "daemon/silent.h"
#include "daemon/stream_config.h"
#include "sources/hotplug.h"
#include "sources/source.h"

static const char *
problem_of(int error)
{
	switch (error) {
	case -ENOSPC:
		return "the arena's directory is full: fewer streams, please";
	case -E2BIG:
		return "its operators keep more than one commit holds: fewer operators, please";
	default:
		return strerror(-error);
	}
}

/* ------------------------------------------------------------------------ nodes */

static int
node_compare(const void *a, const void *b)
{
	const struct stream_node *left = a, *right = b;

	return strcmp(left->config->name, right->config->name);
}

static bool
node_exists(const struct graph *graph, const struct config_stream *config)
{
	const struct stream_node like = { .config = config };

	return tfind(&like, &graph->by_name, node_compare) != NULL;
}

static void
node_free(struct stream_node *node)
{
	TAILQ_REMOVE(&node->graph->streams, node, link);
	tdelete(node, &node->graph->by_name, node_compare);
	config_stream_unref(node->config);
	config_stream_unref(node->former);
	config_stream_unref(node->next);
	free(node->operators);
	free(node);
}

static struct stream_node *
node_new(struct graph *graph, const struct config_stream *config)
{
	struct stream_node *node = calloc(1, sizeof *node);

	if (node == NULL)
		return NULL;
	node->graph = graph;
	node->config = config;
	node->operators = stream_config_operators(config);
	if (node->operators == NULL || tsearch(node, &graph->by_name, node_compare) == NULL) {
		free(node->operators);
		free(node);
		return NULL;
	}
	config_stream_ref(config);
	TAILQ_INSERT_TAIL(&graph->streams, node, link);
	return node;
}

/* It costs the history its reboots, nothing else. */
static void
history_tell(const struct stream_node *node, struct problems *problems)
{
	int error = log_path_error(stream_log(node->stream));

	if (error < 0)
		problems_add(problems, "stream %s keeps its history in memory: %s: %s",
		    node->config->name, node->config->history.path, strerror(-error));
}

static void
node_begin(struct graph *graph, const struct config_stream *config, struct problems *problems)
{
	struct stream_node *node = node_new(graph, config);
	struct stream_options options;
	int error = -ENOMEM;

	if (node != NULL) {
		options = stream_config_options(config, node->operators);
		error = stream_new(graph->arena, &options, &node->stream);
		if (error == 0) {
			history_tell(node, problems);
			return;
		}
		node_free(node);
	}
	problems_add(problems, "stream %s cannot begin: %s", config->name, problem_of(error));
}

static void
node_change(struct stream_node *node, const struct config_stream *config,
    struct problems *problems)
{
	struct stream_operator *operators = stream_config_operators(config);
	struct stream_options options = stream_config_options(config, operators);
	int error = operators != NULL ? stream_change(node->stream, &options) : -ENOMEM;

	if (error < 0) {
		free(operators);
		problems_add(problems, "stream %s goes on as it was: %s", config->name,
		    problem_of(error));
		return;
	}
	free(node->operators);
	node->operators = operators;
	config_stream_unref(node->former);
	node->former = node->config;
	node->config = config_stream_ref(config);
	history_tell(node, problems);
}

static void
problems_say(struct problems *problems)
{
	if (problems->text != NULL)
		journal_text(LOG_ERR, problems->text);
	problems_free(problems);
}

/* It is gone; what came back into the config meanwhile begins anew, as a new epoch. */
static void
node_stopped(struct stream *stream, void *context)
{
	struct stream_node *node = context;
	struct graph *graph = node->graph;
	const struct config_stream *next = node->next;
	struct problems problems = { .count = 0 };

	(void)stream;
	node->next = NULL;
	node_free(node);
	if (next != NULL && !graph->stopping)
		node_begin(graph, next, &problems);
	config_stream_unref(next);
	problems_say(&problems);
	graph_consider_stopped(graph);
}

static void
node_stop(struct stream_node *node)
{
	node->stopping = true;
	stream_stop(node->stream, node->graph->handing_over, node_stopped, node);
}

/* ----------------------------------------------------------------------- apply */

static void
node_apply(struct stream_node *node, const struct config_stream *config,
    struct problems *problems)
{
	if (node->stopping) {
		config_stream_unref(node->next);
		node->next = config != NULL ? config_stream_ref(config) : NULL;
	} else if (config == NULL)
		node_stop(node);
	else if (config_stream_differs(node->config, config) != 0)
		node_change(node, config, problems);
}

void
stream_nodes_apply(struct graph *graph, const struct config *config, struct problems *problems)
{
	struct stream_node *node, *following;

	for (node = TAILQ_FIRST(&graph->streams); node != NULL; node = following) {
		following = TAILQ_NEXT(node, link);
		node_apply(node, config_stream_find(config, node->config->name), problems);
	}
	for (size_t i = 0; i < config->stream_count; i++)
		if (!node_exists(graph, config->streams[i]))
			node_begin(graph, config->streams[i], problems);
}

/* ------------------------------------------------------------ removed meanwhile */

static void
node_adopt_removed(struct graph *graph, const struct config_stream *config)
{
	struct stream_node *node = node_new(graph, config);
	struct stream_options options;

	if (node == NULL)
		return;
	options = stream_config_options(config, node->operators);
	options.source.make = silent_make;
	options.source.message = NULL;
	options.source.rebind = NULL;
	if (stream_new(graph->arena, &options, &node->stream) < 0)
		node_free(node);
}

void
stream_nodes_adopt_removed(struct graph *graph, const struct config *config,
    const struct config *former)
{
	for (size_t i = 0; i < former->stream_count; i++)
		if (config_stream_find(config, former->streams[i]->name) == NULL)
			node_adopt_removed(graph, former->streams[i]);
}

void
stream_nodes_stop_removed(struct graph *graph, const struct config *config)
{
	struct stream_node *node, *following;

	for (node = TAILQ_FIRST(&graph->streams); node != NULL; node = following) {
		following = TAILQ_NEXT(node, link);
		if (config_stream_find(config, node->config->name) == NULL)
			node_stop(node);
	}
}

void
stream_nodes_stop(struct graph *graph)
{
	struct stream_node *node, *following;

	graph->streams_stopping = true;
	graph->handing_over = true;      /* a process that ends does not end its streams */
	for (node = TAILQ_FIRST(&graph->streams); node != NULL; node = following) {
		following = TAILQ_NEXT(node, link);
		if (!node->stopping)
			node_stop(node);
	}
}

/* ---------------------------------------------------------------------- devices */

static const char *
node_devices(const struct stream_node *node)
{
	const struct source_ops *ops = node->config->source.ops;

	return ops->devices;
}

bool
graph_reads_devices(const struct graph *graph)
{
	const struct stream_node *node;

	TAILQ_FOREACH(node, &graph->streams, link)
		if (node_devices(node) != NULL)
			return true;
	return false;
}

void
graph_retry(struct graph *graph, const char *subsystem)
{
	struct stream_node *node;

	TAILQ_FOREACH(node, &graph->streams, link)
		if (node_devices(node) != NULL && hotplug_concerns(node_devices(node), subsystem))
			stream_retry(node->stream);
}
