// SPDX-License-Identifier: GPL-2.0-only
/*
 * What queues and queued messages cost in slab memory.
 */
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "queues.h"

/* What the job before has freed comes back late. */
#define SETTLE_US	200000
#define CACHES		"/sys/kernel/slab"

static double slab_bytes(void)
{
	FILE *file = fopen("/proc/meminfo", "re");
	unsigned long kib = 0;
	char line[128];

	if (!file)
		err(EXIT_FAILURE, "/proc/meminfo");
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "Slab: %lu", &kib) == 1)
			break;
	fclose(file);
	return kib * 1024.0;
}

static void shrink_cache(int caches, const char *name)
{
	char path[300];
	int fd;

	snprintf(path, sizeof(path), "%s/shrink", name);
	fd = openat(caches, path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (write(fd, "1", 1) < 0)
		warn("%s", path);
	close_descriptor(fd);
}

/* Free slabs are used up before new ones are made, and would hide the price. */
static void shrink_all(void)
{
	DIR *caches = opendir(CACHES);
	struct dirent *entry;

	if (!caches)
		err(EXIT_FAILURE, CACHES);
	while ((entry = readdir(caches)))
		shrink_cache(dirfd(caches), entry->d_name);
	closedir(caches);
}

static double settled_slab_bytes(void)
{
	usleep(SETTLE_US);
	shrink_all();
	return slab_bytes();
}

void run_idle_memory(const struct job *job)
{
	struct queues queues;
	double before;

	queues_prepare(&queues, job);
	before = settled_slab_bytes();
	queues_open(&queues);
	job_report(job, 0, (slab_bytes() - before) / job->scenario->queues);
	queues_close(&queues);
}

void run_message_memory(const struct job *job)
{
	unsigned int messages = job->scenario->queues * job->scenario->depth;
	struct queues queues;
	double before;

	queues_prepare(&queues, job);
	queues_open(&queues);
	before = settled_slab_bytes();
	queues_fill(&queues);
	job_report(job, 0, (slab_bytes() - before) / messages);
	queues_close(&queues);
}
