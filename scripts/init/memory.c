// SPDX-License-Identifier: GPL-2.0-only
/* Memory in use: it is as much as it was. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "init.h"

/* MiB that could not be had if somebody asked; a cache's entries can. */
static long used_mib(void)
{
	FILE *file = fopen("/proc/meminfo", "re");
	long total = 0, available = 0;
	char line[128];

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "MemTotal: %ld", &total) != 1 &&
		    sscanf(line, "MemAvailable: %ld", &available) == 1)
			break;
	}
	if (file)
		fclose(file);
	return (total - available) / 1024;
}

static void drop_caches(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	dprintf(fd, "3");
	close(fd);
}

void step_memory(char *args)
{
	static long first = -1;
	long now;

	drop_caches();
	now = used_mib();
	fprintf(out, "memory: %ld MiB in use\n", now);
	if (first < 0)
		first = now; /* with nothing to compare it with yet */
	else if (now > first + atol(args))
		fail("memory: it was %ld MiB", first);
	else
		verdict.passed++;
}
