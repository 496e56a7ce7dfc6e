// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many messages in one system call, where the transport can do that: one process sends a vector and
 * receives it, and nobody waits.
 */
#include <err.h>
#include <stdlib.h>

#include "job.h"

static struct message **messages_new(unsigned int count, size_t size)
{
	struct message **messages = calloc(count, sizeof(*messages));
	unsigned int i;

	if (!messages)
		err(EXIT_FAILURE, "%u messages", count);
	for (i = 0; i < count; i++)
		messages[i] = message_new(size);
	return messages;
}

static void send_all(const struct job *job, const struct end *end,
		     struct message **messages, unsigned int count)
{
	const struct transport *transport = job->transport;
	size_t size = job->scenario->size;
	unsigned int i;

	for (i = 0; i < count; i++)
		message_stamp(messages[i], i);
	if (transport->send_vector) {
		transport->send_vector(end, messages, count, size);
		return;
	}
	for (i = 0; i < count; i++)
		transport->send(end, messages[i], size, 0);
}

static void receive_all(const struct job *job, const struct end *end,
			struct message **messages, unsigned int count)
{
	const struct transport *transport = job->transport;
	size_t size = job->scenario->size;
	unsigned int i;

	if (transport->recv_vector)
		transport->recv_vector(end, messages, count, size);
	else
		for (i = 0; i < count; i++)
			transport->recv(end, messages[i], size);
	for (i = 0; i < count; i++)
		message_check(messages[i], i);
}

void run_vector(const struct job *job)
{
	struct shape shape = { job->scenario->size, job->scenario->depth, false };
	unsigned int count = job->scenario->queues, window, rounds, i;
	struct message **messages = messages_new(count, shape.size);
	struct end ends[2];
	uint64_t start;

	job->transport->open(ends, &shape);
	for (window = 0; window < job_windows(job); window++) {
		rounds = job_count(job, window);
		start = now_ns();
		for (i = 0; i < rounds; i++) {
			send_all(job, &ends[0], messages, count);
			receive_all(job, &ends[1], messages, count);
		}
		job_report(job, window, (double)(now_ns() - start) / rounds / count);
	}
	job->transport->close(ends);
}
