// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ping-pong between two processes.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "job.h"

/* From this length on a message is sent the way its transport has for long ones. */
#define BULK_MIN	8192

static void send(const struct job *job, const struct end *end, struct message *message)
{
	const struct transport *transport = job->transport;
	size_t size = job->scenario->size;

	if (size >= BULK_MIN && transport->send_bulk)
		transport->send_bulk(end, message, size);
	else
		transport->send(end, message, size, 0);
}

static void echo(const struct job *job, const struct end *end,
		 struct message *message)
{
	const struct transport *transport = job->transport;
	size_t size = job->scenario->size;
	unsigned int window, i;

	for (window = 0; window < job_windows(job); window++) {
		for (i = job_count(job, window); i; i--) {
			transport->recv(end, message, size);
			send(job, end, message);
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
		send(job, end, message);
		transport->recv(end, message, size);
		message_check(message, i);
	}
	return (double)(now_ns() - start) / count;
}

/* Somebody else has work, too, where the peer is. */
static pid_t fork_busy(const struct job *job)
{
	volatile unsigned long work = 0;
	pid_t pid = job->scenario->busy ? job_fork_peer(job) : -1;

	while (!pid)
		work++;
	return pid;
}

static void end_busy(pid_t busy)
{
	if (busy < 0)
		return;
	kill(busy, SIGKILL);
	waitpid(busy, NULL, 0);
}

void run_round_trip(const struct job *job)
{
	struct shape shape = { job->scenario->size, job->scenario->depth, true };
	struct message *message = message_new(shape.size);
	unsigned int window;
	struct end ends[2];
	pid_t peer, busy;

	job->transport->open(ends, &shape);
	peer = job_fork_peer(job);
	if (!peer) {
		echo(job, &ends[1], message);
		job_leave(job, &ends[1]);
		_exit(EXIT_SUCCESS);
	}
	busy = fork_busy(job);
	for (window = 0; window < job_windows(job); window++)
		job_report(job, window, ping(job, &ends[0], message,
					     job_count(job, window)));
	send(job, &ends[0], message);
	job_join_peer(peer);
	job_report_cpu(job);
	end_busy(busy);
	job->transport->close(ends);
}
