// SPDX-License-Identifier: GPL-2.0-only
/*
 * A send and a receive while many messages stay queued.
 */
#include "job.h"

/* Neighbours differ much, and every priority comes up. */
static unsigned int priority(const struct job *job, unsigned int i)
{
	return i * 29 % job->scenario->levels;
}

static void fill(const struct job *job, const struct end *end,
		 struct message *message)
{
	unsigned int i;

	for (i = 0; i < job->scenario->depth; i++)
		job->transport->send(end, message, job->scenario->size,
				     priority(job, i));
}

static double turn_over(const struct job *job, const struct end ends[2],
			struct message *message, unsigned int count)
{
	const struct transport *transport = job->transport;
	size_t size = job->scenario->size;
	uint64_t start = now_ns();
	unsigned int i;

	for (i = 0; i < count; i++) {
		transport->send(&ends[0], message, size, priority(job, i));
		transport->recv(&ends[1], message, size);
	}
	return (double)(now_ns() - start) / count;
}

void run_depth(const struct job *job)
{
	struct shape shape = { job->scenario->size, job->scenario->depth + 1, false };
	struct message *message = message_new(shape.size);
	unsigned int window;
	struct end ends[2];

	job->transport->open(ends, &shape);
	fill(job, &ends[0], message);
	for (window = 0; window < job_windows(job); window++)
		job_report(job, window, turn_over(job, ends, message,
						  job_count(job, window)));
	job->transport->close(ends);
}
