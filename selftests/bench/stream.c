// SPDX-License-Identifier: GPL-2.0-only
/*
 * One process sends and another receives, as fast as they can.
 */
#include <stdlib.h>
#include <unistd.h>

#include "job.h"

/* Receive all of a window, note when that was, and say so. */
static void sink(const struct job *job, const struct end *end,
		 struct message *message, uint64_t *finished)
{
	const struct transport *transport = job->transport;
	size_t size = job->scenario->size;
	unsigned int window, count, i;

	for (window = 0; window < job_windows(job); window++) {
		count = job_count(job, window);
		for (i = 0; i < count; i++) {
			transport->recv(end, message, size);
			message_check(message, i);
		}
		*finished = now_ns();
		transport->send(end, message, size, 0);
	}
}

static double pour(const struct job *job, const struct end *end,
		   struct message *message, unsigned int count,
		   const uint64_t *finished)
{
	const struct transport *transport = job->transport;
	bool bulk = job->scenario->bulk && transport->send_bulk;
	size_t size = job->scenario->size;
	uint64_t start = now_ns();
	unsigned int i;

	for (i = 0; i < count; i++) {
		message_stamp(message, i);
		if (bulk)
			transport->send_bulk(end, message, size);
		else
			transport->send(end, message, size, 0);
	}
	transport->recv(end, message, size);
	return (double)(*finished - start) / count;
}

void run_stream(const struct job *job)
{
	struct shape shape = { job->scenario->size, job->scenario->depth, true };
	struct message *message = message_new(shape.size);
	uint64_t *finished = shared_memory(sizeof(*finished));
	unsigned int window;
	struct end ends[2];
	pid_t peer;

	job->transport->open(ends, &shape);
	peer = job_fork_peer(job);
	if (!peer) {
		sink(job, &ends[1], message, finished);
		job_leave(job, &ends[1]);
		_exit(EXIT_SUCCESS);
	}
	for (window = 0; window < job_windows(job); window++)
		job_report(job, window, pour(job, &ends[0], message,
					     job_count(job, window), finished));
	job_join_peer(peer);
	job->transport->close(ends);
}
