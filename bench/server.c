#include "bench/server.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bench/net.h"

double
server_cpu(pid_t server)
{
	struct timespec used;
	clockid_t clock;

	if (clock_getcpuclockid(server, &clock) != 0 || clock_gettime(clock, &used) < 0)
		die("the server's clock");
	return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

unsigned long
server_memory(pid_t server, const char *file, const char *field)
{
	char path[64], line[256];
	unsigned long kib = 0;
	FILE *stream;

	snprintf(path, sizeof path, "/proc/%d/%s", (int)server, file);
	stream = fopen(path, "r");
	if (stream == NULL)
		die(path);
	while (fgets(line, sizeof line, stream) != NULL)
		if (strncmp(line, field, strlen(field)) == 0)
			sscanf(line + strlen(field), " %lu", &kib);
	fclose(stream);
	return kib;
}
