/* listen_fds.h - the descriptors that a service manager hands over: sd_listen_fds(3), of which the
 * variables and their meaning are promised to stay. */
#ifndef BASE_LISTEN_FDS_H
#define BASE_LISTEN_FDS_H

/* The first of them; the others follow it. */
#define LISTEN_FDS_START 3

/* How many were handed to this process, with FD_CLOEXEC set from now on, and in *ret_names an array
 * of as many names, each the caller's to free, as is the array.  0: none, and *ret_names is as it was.  The
 * variables are gone behind it: children get none.  -EINVAL: they contradict each other; -ENOMEM. */
int listen_fds(char ***ret_names);

#endif
