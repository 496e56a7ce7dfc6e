// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <stdio.h>
#include <stdlib.h>

#include "report.h"

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(const double *sorted, unsigned int count)
{
	return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
}

static const char *unit(const struct job *job)
{
	if (job->scenario->unit)
		return job->scenario->unit;
	if (job->scenario->in_slab)
		return "bytes";
	return job->parallel ? "ns" : "instructions";
}

static void print(const struct job *job, const char *what, unsigned int decimals,
		  double *samples, unsigned int count)
{
	qsort(samples, count, sizeof(*samples), compare);
	printf("bench,%s,%u,%s,%zu,%s,%s,%.*f,%.*f,%.*f\n", job->mode, job->seed,
	       job->scenario->name, job->scenario->size, job->transport->name, what,
	       decimals, median(samples, count), decimals, samples[0],
	       decimals, samples[count - 1]);
}

void report(const struct job *job, double *samples, unsigned int count)
{
	print(job, unit(job), 0, samples, count);
}

void report_cpu(const struct job *job, double *samples, unsigned int count)
{
	print(job, "cpu-s/million", 1, samples, count);
}

unsigned long steal_ticks(void)
{
	FILE *file = fopen("/proc/stat", "re");
	unsigned long ticks = 0;

	if (!file || fscanf(file, "cpu %*u %*u %*u %*u %*u %*u %*u %lu", &ticks) != 1)
		warnx("/proc/stat does not tell the steal time");
	if (file)
		fclose(file);
	return ticks;
}
