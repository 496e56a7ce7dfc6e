// SPDX-License-Identifier: GPL-2.0-only
/*
 * Shared memory goes to another process and comes back, in messages with nothing else
 * in them; and the same without the memory.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "job.h"

/**
 * struct way - how to do it
 * @move: the right to write goes, too
 * @map: the other side maps it and reads a byte
 * @write: either side maps it and writes a byte before it sends it
 */
struct way {
	bool move;
	bool map;
	bool write;
};

static void look_at(int segment, size_t size)
{
	const volatile char *memory;

	memory = mmap(NULL, size, PROT_READ, MAP_SHARED, segment, 0);
	if (memory == MAP_FAILED)
		err(EXIT_FAILURE, "mmap of a segment");
	(void)*memory;
	munmap((void *)memory, size);
}

static void write_to(int segment, size_t size)
{
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, segment, 0);

	if (memory == MAP_FAILED)
		err(EXIT_FAILURE, "mmap of a segment");
	*(volatile char *)memory = 1;
	munmap(memory, size);
}

static void give_back(const struct job *job, const struct end *end, struct way way)
{
	const struct transport *transport = job->transport;
	int segment = transport->recv_segment(end);

	if (way.map)
		look_at(segment, job->scenario->size);
	if (way.write)
		write_to(segment, job->scenario->size);
	transport->send_segment(end, segment, way.move);
	close_descriptor(segment);
}

static double hand_over(const struct job *job, const struct end *end, struct way way,
			int *segment, unsigned int count)
{
	const struct transport *transport = job->transport;
	uint64_t start = now_ns();
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (way.write)
			write_to(*segment, job->scenario->size);
		transport->send_segment(end, *segment, way.move);
		close_descriptor(*segment);
		*segment = transport->recv_segment(end);
	}
	return (double)(now_ns() - start) / count;
}

static void run_way(const struct job *job, struct way way)
{
	struct shape shape = { MESSAGE_MIN, job->scenario->depth, true };
	struct message *message = message_new(shape.size);
	unsigned int window, i;
	struct end ends[2];
	int segment;
	pid_t peer;

	job->transport->open(ends, &shape);
	peer = job_fork_peer(job);
	if (!peer) {
		for (window = 0; window < job_windows(job); window++)
			for (i = job_count(job, window); i; i--)
				give_back(job, &ends[1], way);
		/* The end of a process is dear: not within a measurement. */
		job->transport->recv(&ends[1], message, shape.size);
		_exit(EXIT_SUCCESS);
	}
	segment = job->transport->open_segment(job->scenario->size);
	for (window = 0; window < job_windows(job); window++)
		job_report(job, window, hand_over(job, &ends[0], way, &segment,
						  job_count(job, window)));
	job->transport->send(&ends[0], message, shape.size, 0);
	job_join_peer(peer);
	close_descriptor(segment);
	job->transport->close(ends);
}

void run_hand_over(const struct job *job)
{
	run_way(job, (struct way){ .move = false });
}

void run_hand_over_move(const struct job *job)
{
	run_way(job, (struct way){ .move = true });
}

void run_hand_over_written(const struct job *job)
{
	run_way(job, (struct way){ .move = true, .write = true });
}

void run_hand_over_map(const struct job *job)
{
	run_way(job, (struct way){ .map = true });
}

static double pass_nothing(const struct job *job, const struct end *end,
			   struct message *message, unsigned int count, bool first)
{
	const struct transport *transport = job->transport;
	uint64_t start = now_ns();
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (first)
			transport->send(end, message, 0, 0);
		transport->recv(end, message, 0);
		if (!first)
			transport->send(end, message, 0, 0);
	}
	return (double)(now_ns() - start) / count;
}

void run_empty(const struct job *job)
{
	struct shape shape = { MESSAGE_MIN, job->scenario->depth, true };
	struct message *message = message_new(shape.size);
	unsigned int window;
	struct end ends[2];
	pid_t peer;

	job->transport->open(ends, &shape);
	peer = job_fork_peer(job);
	for (window = 0; window < job_windows(job); window++)
		job_report(job, window,
			   pass_nothing(job, &ends[!peer], message,
					job_count(job, window), peer));
	if (!peer) {
		job->transport->recv(&ends[1], message, shape.size);
		_exit(EXIT_SUCCESS);
	}
	job->transport->send(&ends[0], message, shape.size, 0);
	job_join_peer(peer);
	job->transport->close(ends);
}
