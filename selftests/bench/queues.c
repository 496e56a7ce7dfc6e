// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many queues at once.
 */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "queues.h"

/* What any user may do: as many descriptors as the hard limit allows. */
static void allow_descriptors(unsigned int count)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		err(EXIT_FAILURE, "RLIMIT_NOFILE");
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		err(EXIT_FAILURE, "RLIMIT_NOFILE");
	/* Let the table of descriptors grow now, not within a measurement. */
	if (dup2(STDIN_FILENO, count) < 0)
		err(EXIT_FAILURE, "%u descriptors", count);
	close_descriptor(count);
}

void queues_prepare(struct queues *queues, const struct job *job)
{
	unsigned int count = job->scenario->queues;

	allow_descriptors(2 * count + 16);
	queues->job = job;
	queues->message = message_new(job->scenario->size);
	queues->ends = calloc(count, sizeof(*queues->ends));
	if (!queues->ends)
		err(EXIT_FAILURE, "%u queues", count);
}

void queues_open(struct queues *queues)
{
	const struct scenario *scenario = queues->job->scenario;
	struct shape shape = { scenario->size, scenario->depth, false };
	unsigned int i;

	for (i = 0; i < scenario->queues; i++)
		queues->job->transport->open(queues->ends[i], &shape);
}

void queues_fill(struct queues *queues)
{
	const struct scenario *scenario = queues->job->scenario;
	unsigned int i, j;

	for (i = 0; i < scenario->queues; i++) {
		for (j = 0; j < scenario->depth; j++) {
			message_stamp(queues->message, j);
			queues->job->transport->send(&queues->ends[i][0],
						     queues->message,
						     scenario->size, 0);
		}
	}
}

void queues_drain(struct queues *queues)
{
	const struct scenario *scenario = queues->job->scenario;
	unsigned int i, j;

	for (i = 0; i < scenario->queues; i++) {
		for (j = 0; j < scenario->depth; j++) {
			queues->job->transport->recv(&queues->ends[i][1],
						     queues->message,
						     scenario->size);
			message_check(queues->message, j);
		}
	}
}

void queues_close(struct queues *queues)
{
	unsigned int i;

	for (i = 0; i < queues->job->scenario->queues; i++)
		queues->job->transport->close(queues->ends[i]);
}

/* All of them full at once, and then empty. */
void run_fill(const struct job *job)
{
	unsigned int messages = job->scenario->queues * job->scenario->depth;
	struct queues queues;
	unsigned int window;
	uint64_t start;

	queues_prepare(&queues, job);
	queues_open(&queues);
	for (window = 0; window < job_windows(job); window++) {
		start = now_ns();
		queues_fill(&queues);
		queues_drain(&queues);
		job_report(job, window, (double)(now_ns() - start) / messages);
	}
	queues_close(&queues);
}

static double visit(struct queues *queues, unsigned int count)
{
	const struct transport *transport = queues->job->transport;
	const struct scenario *scenario = queues->job->scenario;
	uint64_t start = now_ns();
	unsigned int i, j = 0;

	for (i = 0; i < count; i++) {
		transport->send(&queues->ends[j][0], queues->message,
				scenario->size, 0);
		transport->recv(&queues->ends[j][1], queues->message,
				scenario->size);
		if (++j == scenario->queues)
			j = 0;
	}
	return (double)(now_ns() - start) / count;
}

/* A message through each of them in turn. */
void run_queues(const struct job *job)
{
	struct queues queues;
	unsigned int window;

	queues_prepare(&queues, job);
	queues_open(&queues);
	for (window = 0; window < job_windows(job); window++)
		job_report(job, window, visit(&queues, job_count(job, window)));
	queues_close(&queues);
}
