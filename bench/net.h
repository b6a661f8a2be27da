/* net.h - what the benchmarks' programs share: addresses "unix:/path" and "tcp:PORT" (loopback). */
#ifndef BENCH_NET_H
#define BENCH_NET_H

#include <stddef.h>

int net_connect(const char *address);
int net_try_connect(const char *address);          /* -1: nobody is there */
int net_listen(const char *address);

/* Writes all or exits. */
void net_write(int fd, const void *data, size_t size);

/* As many descriptors as are allowed. */
void net_raise_limits(void);

_Noreturn void die(const char *what);

#endif
