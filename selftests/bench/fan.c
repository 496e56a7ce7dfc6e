// SPDX-License-Identifier: GPL-2.0-only
/*
 * One message for many: by an event, or by a queue of each receiver's own.
 */
#include <err.h>
#include <semaphore.h>
#include <stdlib.h>
#include <unistd.h>

#include "job.h"

/**
 * struct fan - one sender and many receivers
 * @job: what it is for
 * @message: a buffer
 * @from: what to send on, each in turn
 * @sends: how many: one for all receivers, or one for each
 * @to: what to receive from
 * @count: receivers
 */
struct fan {
	const struct job *job;
	struct message *message;
	struct end *from;
	unsigned int sends;
	struct end *to;
	unsigned int count;
};

/* Messages each receiver gets before it reads: nobody waits. */
#define BATCH	8

/* The serial number of the message after which receivers end. */
#define FAREWELL	UINT64_MAX

static struct end *ends_new(unsigned int count)
{
	struct end *ends = calloc(count, sizeof(*ends));

	if (!ends)
		err(EXIT_FAILURE, "%u ends", count);
	return ends;
}

static void fan_open(struct fan *fan, const struct job *job)
{
	const struct transport *transport = job->transport;
	struct shape shape = { job->scenario->size, job->scenario->depth, false };
	struct end ends[2];
	unsigned int i;

	fan->job = job;
	fan->message = message_new(shape.size);
	fan->count = job->scenario->queues;
	fan->sends = transport->open_event ? 1 : fan->count;
	fan->from = ends_new(fan->sends);
	fan->to = ends_new(fan->count);
	if (transport->open_event) {
		transport->open_event(fan->from, fan->to, fan->count, &shape);
		return;
	}
	for (i = 0; i < fan->count; i++) {
		transport->open(ends, &shape);
		fan->from[i] = ends[0];
		fan->to[i] = ends[1];
	}
}

static void fan_close(struct fan *fan)
{
	struct end ends[2];
	unsigned int i;

	/* What is left of an event ends with the process. */
	for (i = 0; !fan->job->transport->open_event && i < fan->count; i++) {
		ends[0] = fan->from[i];
		ends[1] = fan->to[i];
		fan->job->transport->close(ends);
	}
}

static void fan_send(struct fan *fan, uint64_t serial)
{
	unsigned int i;

	message_stamp(fan->message, serial);
	for (i = 0; i < fan->sends; i++)
		fan->job->transport->send(&fan->from[i], fan->message,
					  fan->job->scenario->size, 0);
}

static void fan_receive(struct fan *fan, unsigned int receiver, uint64_t serial)
{
	fan->job->transport->recv(&fan->to[receiver], fan->message,
				  fan->job->scenario->size);
	message_check(fan->message, serial);
}

/* The sender's part, for a message to all. */
void run_fan_out(const struct job *job)
{
	unsigned int window, batches, receiver, i;
	uint64_t start, spent;
	struct fan fan;

	fan_open(&fan, job);
	for (window = 0; window < job_windows(job); window++) {
		spent = 0;
		for (batches = job_count(job, window); batches; batches--) {
			start = now_ns();
			for (i = 0; i < BATCH; i++)
				fan_send(&fan, i);
			spent += now_ns() - start;
			for (receiver = 0; receiver < fan.count; receiver++)
				for (i = 0; i < BATCH; i++)
					fan_receive(&fan, receiver, i);
		}
		job_report(job, window,
			   (double)spent / job_count(job, window) / BATCH);
	}
	fan_close(&fan);
}

/**
 * struct rendezvous - receivers tell the sender that all of them have it
 * @left: who have not got this one yet
 * @all: posted by the last
 */
struct rendezvous {
	unsigned int left;
	sem_t all;
};

static void receive_all(struct fan *fan, unsigned int receiver,
			struct rendezvous *rendezvous)
{
	unsigned int window, count, i;

	for (window = 0; window < job_windows(fan->job); window++) {
		count = job_count(fan->job, window);
		for (i = 0; i < count; i++) {
			fan_receive(fan, receiver, i);
			if (!__atomic_sub_fetch(&rendezvous->left, 1,
						__ATOMIC_ACQ_REL))
				sem_post(&rendezvous->all);
		}
	}
	/* The end of a process is dear: not before the last measurement is over. */
	fan_receive(fan, receiver, FAREWELL);
}

static double send_all(struct fan *fan, struct rendezvous *rendezvous,
		       unsigned int count)
{
	uint64_t start = now_ns();
	unsigned int i;

	for (i = 0; i < count; i++) {
		rendezvous->left = fan->count;
		fan_send(fan, i);
		while (sem_wait(&rendezvous->all))
			;
	}
	return (double)(now_ns() - start) / count;
}

/* A message to processes that sleep, until the last of them has it. */
void run_fan_out_awake(const struct job *job)
{
	struct rendezvous *rendezvous = shared_memory(sizeof(*rendezvous));
	unsigned int window, i;
	struct fan fan;
	pid_t *peers;

	fan_open(&fan, job);
	sem_init(&rendezvous->all, 1, 0);
	peers = calloc(fan.count, sizeof(*peers));
	if (!peers)
		err(EXIT_FAILURE, "%u processes", fan.count);
	for (i = 0; i < fan.count; i++) {
		peers[i] = job_fork_peer(job);
		if (!peers[i]) {
			receive_all(&fan, i, rendezvous);
			_exit(EXIT_SUCCESS);
		}
	}
	for (window = 0; window < job_windows(job); window++)
		job_report(job, window, send_all(&fan, rendezvous,
						 job_count(job, window)));
	fan_send(&fan, FAREWELL);
	for (i = 0; i < fan.count; i++)
		job_join_peer(peers[i]);
	fan_close(&fan);
}
