/* SPDX-License-Identifier: GPL-2.0-only */
/* Where a program runs: a process of its own, with a thread or a process for each actor. */
#ifndef FUZZ_STAGE_H
#define FUZZ_STAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "cover.h"
#include "program.h"

/**
 * struct stage - what the processes of a run share
 * @program: what is to be run
 * @cover: what is executed is noted here
 * @gain: likewise
 * @compare: look for what is in @gain only
 * @patience: how slow the machine may be; 1 where time is better spent otherwise
 * @turn: of the runner: a state, as of operations
 * @states: of operations, see stage.c
 * @returned: what they returned
 * @results: of operations, for later ones
 * @processes: of actors, 0 if there is none
 * @threads: likewise
 * @wrong: what should never be, or ""
 */
struct stage {
	struct program program;
	struct cover *cover;
	struct gain gain;
	bool compare;
	uint32_t patience;
	uint32_t turn;
	uint32_t states[OPERATIONS];
	int64_t returned[OPERATIONS];
	uint64_t results[RESULTS];
	int32_t processes[ACTORS];
	int32_t threads[ACTORS];
	char wrong[256];
};

/**
 * struct actor - one that performs operations
 * @number: which
 * @stage: where
 * @operation: what it is at
 * @fd: the descriptor of that
 * @ticks: signals that end what blocks
 * @trace: what it executes
 */
struct actor {
	uint32_t number;
	struct stage *stage;
	const struct operation *operation;
	int fd;
	timer_t ticks;
	struct trace trace;
};

/* Returns NULL if there is no memory. */
struct stage *stage_make(struct cover *cover);
/* Runs @stage->program, until all its processes have ended; how it went is in @stage. */
void stage_run(struct stage *stage);
/*
 * Puts the signals off that end what blocks: a process is killed by a signal for which the kernel
 * cannot write to its stack, which it is about to do for one that comes while something is to fail.
 */
void stage_postpone_ticks(struct actor *actor);
/* The operation "fork". */
long stage_fork(struct actor *actor);
/* What should not be is told once for a run. */
__attribute__((format(printf, 2, 3)))
void stage_blame(struct stage *stage, const char *format, ...);

#endif /* FUZZ_STAGE_H */
