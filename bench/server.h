/* server.h - what a server under test has used, from outside. */
#ifndef BENCH_SERVER_H
#define BENCH_SERVER_H

#include <sys/types.h>

/* Seconds of processor time of all its threads, to the nanosecond. */
double server_cpu(pid_t server);

/* In KiB: a line of /proc/PID/`file`, as "VmRSS:" of status or "Private_Dirty:" of smaps_rollup. */
unsigned long server_memory(pid_t server, const char *file, const char *field);

#endif
