// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a receiver that has nothing to receive takes of the processors: nothing, even
 * when messages came so fast before that it was worth looking for the next.
 */
#include <err.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "job.h"

#define SETTLE_US	100000
#define IDLE_US		1000000

static void echo(const struct job *job, const struct end *end, struct message *message)
{
	size_t size = job->scenario->size;
	unsigned int i;

	for (i = job_count(job, 0); i; i--) {
		job->transport->recv(end, message, size);
		job->transport->send(end, message, size, 0);
	}
	/* The long wait, and then the end. */
	job->transport->recv(end, message, size);
}

static void converse(const struct job *job, const struct end *end, struct message *message)
{
	size_t size = job->scenario->size;
	unsigned int i;

	for (i = job_count(job, 0); i; i--) {
		job->transport->send(end, message, size, 0);
		job->transport->recv(end, message, size);
	}
}

static double cpu_ns(clockid_t clock)
{
	struct timespec spent;

	if (clock_gettime(clock, &spent))
		err(EXIT_FAILURE, "the time of a process");
	return spent.tv_sec * 1e9 + spent.tv_nsec;
}

static double spent_idle(pid_t peer)
{
	clockid_t clock;
	double before;

	if (clock_getcpuclockid(peer, &clock))
		errx(EXIT_FAILURE, "no clock of process %d", peer);
	usleep(SETTLE_US);
	before = cpu_ns(clock);
	if (!before)
		errx(EXIT_FAILURE, "the clock of process %d stands still", peer);
	usleep(IDLE_US);
	return cpu_ns(clock) - before;
}

void run_idle(const struct job *job)
{
	struct shape shape = { job->scenario->size, job->scenario->depth, true };
	struct message *message = message_new(shape.size);
	struct end ends[2];
	pid_t peer;

	job->transport->open(ends, &shape);
	peer = job_fork_peer(job);
	if (!peer) {
		echo(job, &ends[1], message);
		job_leave(job, &ends[1]);
		_exit(EXIT_SUCCESS);
	}
	converse(job, &ends[0], message);
	job_report(job, 0, spent_idle(peer));
	job->transport->send(&ends[0], message, shape.size, 0);
	job_join_peer(peer);
	job->transport->close(ends);
}
