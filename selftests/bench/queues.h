/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BENCH_QUEUES_H
#define BENCH_QUEUES_H

#include "job.h"

/**
 * struct queues - many queues of one process
 * @job: what they are for
 * @message: what is sent
 * @ends: two for each queue
 */
struct queues {
	const struct job *job;
	struct message *message;
	struct end (*ends)[2];
};

void queues_prepare(struct queues *queues, const struct job *job);
void queues_open(struct queues *queues);
void queues_fill(struct queues *queues);
void queues_drain(struct queues *queues);
void queues_close(struct queues *queues);

#endif /* BENCH_QUEUES_H */
