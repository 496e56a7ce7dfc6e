// SPDX-License-Identifier: GPL-2.0-only
/*
 * receive(ANY) and receive(Q) where very many messages of others are queued.
 */
#include <err.h>
#include <stdlib.h>
#include <unistd.h>

#include "job.h"

#define BATCH	32
#define SENDERS	100

/**
 * struct chooser - one process with a queue full of what others sent
 * @job: what it is for
 * @message: a buffer
 * @ends: of the queue
 * @from: whom to receive from, 0 is anybody
 * @sent: the serial number of the next message to send, after those of the others
 * @received: that of the next one to receive
 */
struct chooser {
	const struct job *job;
	struct message *message;
	struct end ends[2];
	pid_t from;
	uint64_t sent;
	uint64_t received;
};

static void chooser_send(struct chooser *chooser)
{
	message_stamp(chooser->message, chooser->sent++);
	chooser->job->transport->send(&chooser->ends[0], chooser->message,
				      chooser->job->scenario->size, 0);
}

static void chooser_receive(struct chooser *chooser)
{
	chooser->job->transport->recv_from(&chooser->ends[1], chooser->message,
					   chooser->job->scenario->size,
					   chooser->from);
	message_check(chooser->message, chooser->received++);
}

/* Each sender is a process of its own, and ends when it has sent its share. */
static void send_share(struct chooser *chooser)
{
	unsigned int share = chooser->job->scenario->depth / SENDERS, i;
	pid_t peer = job_fork_peer(chooser->job);

	if (!peer) {
		for (i = 0; i < share; i++)
			chooser_send(chooser);
		_exit(EXIT_SUCCESS);
	}
	job_join_peer(peer);
	chooser->sent += share;
}

static void fill(struct chooser *chooser)
{
	unsigned int sender;

	for (sender = 0; sender < SENDERS; sender++)
		send_share(chooser);
}

static void chooser_open(struct chooser *chooser, const struct job *job)
{
	const struct scenario *scenario = job->scenario;
	struct shape shape = { scenario->size, scenario->depth + BATCH, false };

	*chooser = (struct chooser){ .job = job, .message = message_new(shape.size) };
	job->transport->open(chooser->ends, &shape);
}

static double receive(struct chooser *chooser, unsigned int batches)
{
	uint64_t start, spent = 0;
	unsigned int batch, i;

	for (batch = 0; batch < batches; batch++) {
		for (i = 0; i < BATCH; i++)
			chooser_send(chooser);
		start = now_ns();
		for (i = 0; i < BATCH; i++)
			chooser_receive(chooser);
		spent += now_ns() - start;
	}
	return (double)spent / batches / BATCH;
}

/* The oldest of all, which is another's. */
void run_receive_any(const struct job *job)
{
	struct chooser chooser;
	unsigned int window;

	chooser_open(&chooser, job);
	fill(&chooser);
	for (window = 0; window < job_windows(job); window++)
		job_report(job, window, receive(&chooser, job_count(job, window)));
	job->transport->close(chooser.ends);
}

/**
 * struct measurer - a process that takes one measurement when it is told to
 * @pid: of it
 * @gate: closed by its parent: now
 */
struct measurer {
	pid_t pid;
	int gate[2];
};

static void receive_own(struct chooser *chooser, unsigned int window)
{
	const struct job *job = chooser->job;

	chooser->from = getpid();
	chooser->received = chooser->sent;
	receive(chooser, 1);	/* what it shares with its parent until it writes */
	job_report(job, window, receive(chooser, job_count(job, window)));
}

static void measurer_start(struct measurer *measurer, struct chooser *chooser,
			   unsigned int window)
{
	char nothing;

	if (pipe(measurer->gate))
		err(EXIT_FAILURE, "pipe");
	measurer->pid = job_fork_peer(chooser->job);
	if (!measurer->pid) {
		close(measurer->gate[1]);
		if (read(measurer->gate[0], &nothing, 1))
			err(EXIT_FAILURE, "gate");
		receive_own(chooser, window);
		_exit(EXIT_SUCCESS);
	}
	close(measurer->gate[0]);
}

static void measurer_run(struct measurer *measurer)
{
	close(measurer->gate[1]);
	job_join_peer(measurer->pid);
}

/*
 * The oldest of one's own, behind all the others.  How far it is to them depends on where
 * a process stands among the senders: each measurement is another's, and they are born
 * when so many of the senders have been.
 */
void run_receive_from(const struct job *job)
{
	struct measurer measurers[2 * WINDOWS_MAX];
	unsigned int windows = job_windows(job), window, sender;
	struct chooser chooser;

	chooser_open(&chooser, job);
	for (sender = window = 0; window < windows; window++) {
		for (; sender < SENDERS * (window + 1) / (windows + 1); sender++)
			send_share(&chooser);
		measurer_start(&measurers[window], &chooser, windows - 1 - window);
	}
	for (; sender < SENDERS; sender++)
		send_share(&chooser);
	/* The youngest first: it holds the gates of the older ones open. */
	for (window = windows; window-- > 0; )
		measurer_run(&measurers[window]);
	job->transport->close(chooser.ends);
}

/* The first time that anybody chooses, all that is queued has to be put in order. */
void run_receive_from_first(const struct job *job)
{
	struct chooser chooser;
	uint64_t start;

	chooser_open(&chooser, job);
	fill(&chooser);
	chooser.from = getpid();
	chooser.received = chooser.sent;
	chooser_send(&chooser);
	start = now_ns();
	chooser_receive(&chooser);
	job_report(job, 0, now_ns() - start);
	job->transport->close(chooser.ends);
}
