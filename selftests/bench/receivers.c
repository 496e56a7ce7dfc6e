// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many receivers that sleep on one queue: each message is for one of them.
 */
#include <err.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "job.h"

/* The serial number of the message with which a receiver ends. */
#define FAREWELL	UINT64_MAX

/**
 * struct crowd - what sender and receivers share
 * @taken: posted for every message
 * @sleeps: how often receivers went to sleep, all together
 */
struct crowd {
	sem_t taken;
	unsigned long sleeps;
};

static long voluntary_switches(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage))
		err(EXIT_FAILURE, "getrusage");
	return usage.ru_nvcsw;
}

static void receive_some(const struct job *job, const struct end *end, struct crowd *crowd)
{
	struct message *message = message_new(job->scenario->size);
	long before = voluntary_switches();
	uint64_t serial;

	do {
		job->transport->recv(end, message, job->scenario->size);
		serial = message_serial(message);
		/* Before the sender goes on. */
		if (serial == FAREWELL)
			__atomic_add_fetch(&crowd->sleeps, voluntary_switches() - before,
					   __ATOMIC_RELAXED);
		sem_post(&crowd->taken);
	} while (serial != FAREWELL);
}

static void send_one(const struct job *job, const struct end *end, struct message *message,
		     uint64_t serial, struct crowd *crowd)
{
	message_stamp(message, serial);
	job->transport->send(end, message, job->scenario->size, 0);
	while (sem_wait(&crowd->taken))
		;
}

static double send_some(const struct job *job, const struct end *end, struct message *message,
			unsigned int count, struct crowd *crowd)
{
	uint64_t start = now_ns();
	unsigned int i;

	for (i = 0; i < count; i++)
		send_one(job, end, message, i, crowd);
	return (double)(now_ns() - start) / count;
}

/* Returns the time a message takes, and in @crowd what the receivers did. */
static double work(const struct job *job, struct crowd *crowd, unsigned int count)
{
	struct shape shape = { job->scenario->size, job->scenario->depth, false };
	struct message *message = message_new(shape.size);
	unsigned int receivers = job->scenario->queues, i;
	pid_t *peers = calloc(receivers, sizeof(*peers));
	struct end ends[2];
	double time;

	if (!peers)
		err(EXIT_FAILURE, "%u processes", receivers);
	sem_init(&crowd->taken, 1, 0);
	job->transport->open(ends, &shape);
	for (i = 0; i < receivers; i++) {
		peers[i] = job_fork_peer(job);
		if (!peers[i]) {
			receive_some(job, &ends[1], crowd);
			_exit(EXIT_SUCCESS);
		}
	}
	/* All of them asleep, and all that is done once done. */
	usleep(1000 * receivers);
	send_some(job, &ends[0], message, 2 * receivers, crowd);
	time = send_some(job, &ends[0], message, count, crowd);
	for (i = 0; i < receivers; i++)
		send_one(job, &ends[0], message, FAREWELL, crowd);
	for (i = 0; i < receivers; i++)
		job_join_peer(peers[i]);
	job->transport->close(ends);
	return time;
}

/* A message, until whoever got it says so. */
void run_receivers(const struct job *job)
{
	struct crowd *crowd = shared_memory(sizeof(*crowd));

	job_report(job, 0, work(job, crowd, job_count(job, 0)));
}

/*
 * Each receiver goes to sleep once before anything is sent, and once more for each
 * message that is not its last; whoever is woken in vain sleeps more often.
 */
void run_wakeups(const struct job *job)
{
	struct crowd *crowd = shared_memory(sizeof(*crowd));
	unsigned int count = job_count(job, 0);

	work(job, crowd, count);
	job_report(job, 0, 1000.0 * crowd->sleeps /
		   (count + 3 * job->scenario->queues));
}
