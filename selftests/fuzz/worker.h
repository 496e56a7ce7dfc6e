/* SPDX-License-Identifier: GPL-2.0-only */
/* Processes that run one program after the other. */
#ifndef FUZZ_WORKER_H
#define FUZZ_WORKER_H

#include "corpus.h"
#include "cover.h"
#include "stage.h"

/**
 * struct campaign - what all workers share
 * @cover: what has been executed
 * @corpus: by which programs
 * @workers: how many there are
 * @is_over: they are to end
 * @programs: how many have been run
 * @operations: how many operations of these have been performed
 * @succeeded: of each command, how often it has
 * @failed: likewise
 * @wrong: how often there was something wrong
 */
struct campaign {
	struct cover cover;
	struct corpus *corpus;
	uint32_t workers;
	uint32_t is_over;
	uint64_t programs;
	uint64_t operations;
	uint64_t succeeded[256];
	uint64_t failed[256];
	uint64_t wrong;
};

/* Shared memory for all of it. */
struct campaign *campaign_make(void);
/* Makes the calling process one that can run programs; NULL if there is no device or no memory. */
struct stage *worker_prepare(struct campaign *campaign);
/* Runs @program and judges it; what is wrong is told and counted. Returns whether it is well. */
bool worker_run(struct campaign *campaign, struct stage *stage, const struct program *program,
		bool with_results);
/* Runs new programs until the campaign is over, or one was wrong. */
__attribute__((noreturn))
void worker_fuzz(struct campaign *campaign, uint32_t number, uint64_t seed);

#endif /* FUZZ_WORKER_H */
