// SPDX-License-Identifier: GPL-2.0-only
/*
 * receive(ANY) and receive(Q) where very many messages of others are queued.
 */
#include <stdlib.h>
#include <unistd.h>

#include "job.h"

#define BATCH	32

static void fill(const struct job *job, const struct end *end,
		 struct message *message)
{
	pid_t peer = job_fork_peer(job);
	unsigned int i;

	if (!peer) {
		for (i = 0; i < job->scenario->depth; i++)
			job->transport->send(end, message, job->scenario->size, 0);
		_exit(EXIT_SUCCESS);
	}
	job_join_peer(peer);
}

static double receive(const struct job *job, const struct end ends[2],
		      struct message *message, unsigned int batches, pid_t from)
{
	const struct transport *transport = job->transport;
	size_t size = job->scenario->size;
	uint64_t start, spent = 0;
	unsigned int batch, i;

	for (batch = 0; batch < batches; batch++) {
		for (i = 0; i < BATCH; i++)
			transport->send(&ends[0], message, size, 0);
		start = now_ns();
		for (i = 0; i < BATCH; i++)
			transport->recv_from(&ends[1], message, size, from);
		spent += now_ns() - start;
	}
	return (double)spent / batches / BATCH;
}

static void run(const struct job *job, pid_t from)
{
	struct shape shape = {
		job->scenario->size, job->scenario->depth + BATCH, false
	};
	struct message *message = message_new(shape.size);
	unsigned int window;
	struct end ends[2];

	job->transport->open(ends, &shape);
	fill(job, &ends[0], message);
	for (window = 0; window < job_windows(job); window++)
		job_report(job, window, receive(job, ends, message,
						job_count(job, window), from));
	job->transport->close(ends);
}

/* The oldest of all, which is another's. */
void run_receive_any(const struct job *job)
{
	run(job, 0);
}

/* The oldest of one's own, behind all the others. */
void run_receive_from(const struct job *job)
{
	run(job, getpid());
}
