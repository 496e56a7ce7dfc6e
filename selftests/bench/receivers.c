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

/**
 * struct audience - a sender and the receivers of its messages
 * @job: what it is for
 * @crowd: shared with the receivers
 * @message: a buffer
 * @ends: of the queue
 * @peers: the receivers
 */
struct audience {
	const struct job *job;
	struct crowd *crowd;
	struct message *message;
	struct end ends[2];
	pid_t *peers;
};

static void audience_open(struct audience *audience, const struct job *job)
{
	struct shape shape = { job->scenario->size, job->scenario->depth, false };
	unsigned int receivers = job->scenario->queues, i;

	audience->job = job;
	audience->crowd = shared_memory(sizeof(*audience->crowd));
	audience->message = message_new(shape.size);
	audience->peers = calloc(receivers, sizeof(*audience->peers));
	if (!audience->peers)
		err(EXIT_FAILURE, "%u processes", receivers);
	sem_init(&audience->crowd->taken, 1, 0);
	job->transport->open(audience->ends, &shape);
	for (i = 0; i < receivers; i++) {
		audience->peers[i] = job_fork_peer(job);
		if (!audience->peers[i]) {
			receive_some(job, &audience->ends[1], audience->crowd);
			_exit(EXIT_SUCCESS);
		}
	}
	/* All of them asleep, and all that is done once done. */
	usleep(1000 * receivers);
}

static double audience_send(struct audience *audience, unsigned int count)
{
	return send_some(audience->job, &audience->ends[0], audience->message, count,
			 audience->crowd);
}

static void audience_close(struct audience *audience)
{
	unsigned int receivers = audience->job->scenario->queues, i;

	for (i = 0; i < receivers; i++)
		send_one(audience->job, &audience->ends[0], audience->message, FAREWELL,
			 audience->crowd);
	for (i = 0; i < receivers; i++)
		job_join_peer(audience->peers[i]);
	audience->job->transport->close(audience->ends);
}

/* A message, until whoever got it says so. */
void run_receivers(const struct job *job)
{
	struct audience audience;
	unsigned int window;

	audience_open(&audience, job);
	for (window = 0; window < job_windows(job); window++)
		job_report(job, window, audience_send(&audience, job_count(job, window)));
	audience_close(&audience);
}

/*
 * Each receiver goes to sleep once before anything is sent, and once more for each
 * message that is not its last; whoever is woken in vain sleeps more often.
 */
void run_wakeups(const struct job *job)
{
	unsigned int window, count;
	struct audience audience;

	for (window = 0; window < job_windows(job); window++) {
		count = job_count(job, window);
		audience_open(&audience, job);
		audience_send(&audience, count);
		audience_close(&audience);
		job_report(job, window, 1000.0 * audience.crowd->sleeps /
			   (count + job->scenario->queues));
	}
}
