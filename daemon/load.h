/* load.h - which config to run on at the start. */
#ifndef DAEMON_LOAD_H
#define DAEMON_LOAD_H

#include "config/config.h"
#include "streams/arena.h"

struct loaded {
	struct config *config;       /* NULL: none; it was said why */
	struct config *former;       /* what the predecessor ran, if that was kept; or NULL */
	bool last_good;              /* the file is wrong: `config` is what the predecessor ran */
};

/* `arena`: adopted, or NULL: a cold start.  0, or -errno: -EINVAL and the like, the config is
 * wrong. */
int load_at_start(const char *path, struct arena *arena, struct loaded *ret);

/* Loads the file.  0; or the error and, but for -ENOMEM, all errors as a text, which the caller
 * frees. */
int load_file(const char *path, struct config **ret, char **ret_errors);

/* "2 streams, 1 sink" */
#define LOAD_SUMMARY_LENGTH 80
const char *load_summary(const struct config *config, char text[LOAD_SUMMARY_LENGTH]);

#endif
