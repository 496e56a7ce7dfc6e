// SPDX-License-Identifier: GPL-2.0-only
/*
 * A client that calls and a server that answers, as each transport does it best.
 */
#include <stdlib.h>
#include <unistd.h>

#include "job.h"

static void ask(const struct transport *transport, const struct end *end,
		struct message *message, size_t size)
{
	if (transport->ask) {
		transport->ask(end, message, size);
		return;
	}
	transport->send(end, message, size, 0);
	transport->recv(end, message, size);
}

/* The first time there is nothing to answer. */
static void answer(const struct transport *transport, const struct end *end,
		   struct message *message, size_t size, bool first)
{
	if (transport->answer) {
		transport->answer(end, message, size);
		return;
	}
	if (!first)
		transport->send(end, message, size, 0);
	transport->recv(end, message, size);
}

/* The last request is answered by the end of the client. */
static void serve(const struct job *job, const struct end *end,
		  struct message *message)
{
	unsigned int window, count, i;
	bool first = true;

	for (window = 0; window < job_windows(job); window++) {
		count = job_count(job, window);
		for (i = 0; i < count; i++) {
			answer(job->transport, end, message, job->scenario->size,
			       first);
			first = false;
		}
	}
	answer(job->transport, end, message, job->scenario->size, first);
}

static double call(const struct job *job, const struct end *end,
		   struct message *message, unsigned int count)
{
	uint64_t start = now_ns();
	unsigned int i;

	for (i = 0; i < count; i++) {
		message_stamp(message, i);
		ask(job->transport, end, message, job->scenario->size);
		message_check(message, i);
	}
	return (double)(now_ns() - start) / count;
}

void run_call(const struct job *job)
{
	struct shape shape = { job->scenario->size, job->scenario->depth, true };
	struct message *message = message_new(shape.size);
	unsigned int window;
	struct end ends[2];
	pid_t peer;

	job->transport->open(ends, &shape);
	peer = job_fork_peer(job);
	if (!peer) {
		serve(job, &ends[1], message);
		_exit(EXIT_SUCCESS);
	}
	for (window = 0; window < job_windows(job); window++)
		job_report(job, window, call(job, &ends[0], message,
					     job_count(job, window)));
	/* One more than the server answers lets it go. */
	job->transport->send(&ends[0], message, shape.size, 0);
	job_join_peer(peer);
	job_report_cpu(job);
	job->transport->close(ends);
}
