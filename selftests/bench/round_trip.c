// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ping-pong between two processes.
 */
#include <stdlib.h>
#include <unistd.h>

#include "job.h"

static void echo(const struct job *job, const struct end *end,
		 struct message *message)
{
	const struct transport *transport = job->transport;
	size_t size = job->scenario->size;
	unsigned int window, i;

	for (window = 0; window < job_windows(job); window++) {
		for (i = job_count(job, window); i; i--) {
			transport->recv(end, message, size);
			transport->send(end, message, size, 0);
		}
	}
	/* The end of a process is dear: not before the last measurement is over. */
	transport->recv(end, message, size);
}

static double ping(const struct job *job, const struct end *end,
		   struct message *message, unsigned int count)
{
	const struct transport *transport = job->transport;
	size_t size = job->scenario->size;
	uint64_t start = now_ns();
	unsigned int i;

	for (i = 0; i < count; i++) {
		message_stamp(message, i);
		transport->send(end, message, size, 0);
		transport->recv(end, message, size);
		message_check(message, i);
	}
	return (double)(now_ns() - start) / count;
}

void run_round_trip(const struct job *job)
{
	struct shape shape = { job->scenario->size, job->scenario->depth, true };
	struct message *message = message_new(shape.size);
	unsigned int window;
	struct end ends[2];
	pid_t peer;

	job->transport->open(ends, &shape);
	peer = job_fork_peer(job);
	if (!peer) {
		echo(job, &ends[1], message);
		job_leave(job, &ends[1]);
		_exit(EXIT_SUCCESS);
	}
	for (window = 0; window < job_windows(job); window++)
		job_report(job, window, ping(job, &ends[0], message,
					     job_count(job, window)));
	job->transport->send(&ends[0], message, shape.size, 0);
	job_join_peer(peer);
	job_tell_cpu(job);
	job->transport->close(ends);
}
