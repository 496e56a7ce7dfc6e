// SPDX-License-Identifier: GPL-2.0-only
/*
 * One process fills half a queue and empties it: nobody ever waits, so this
 * is the price of a send and a receive without that of sleeping and waking.
 */
#include "job.h"

static void transfer(const struct job *job, const struct end ends[2],
		     struct message *message, unsigned int count)
{
	const struct transport *transport = job->transport;
	size_t size = job->scenario->size;
	unsigned int i;

	for (i = 0; i < count; i++) {
		message_stamp(message, i);
		transport->send(&ends[0], message, size, 0);
	}
	for (i = 0; i < count; i++) {
		transport->recv(&ends[1], message, size);
		message_check(message, i);
	}
}

void run_batch(const struct job *job)
{
	struct shape shape = { job->scenario->size, job->scenario->depth, false };
	struct message *message = message_new(shape.size);
	unsigned int batch = shape.capacity / 2;
	unsigned int window, batches, i;
	struct end ends[2];
	uint64_t start;

	job->transport->open(ends, &shape);
	for (window = 0; window < job_windows(job); window++) {
		batches = job_count(job, window);
		start = now_ns();
		for (i = 0; i < batches; i++)
			transfer(job, ends, message, batch);
		job_report(job, window,
			   (double)(now_ns() - start) / batches / batch);
	}
	job->transport->close(ends);
}
