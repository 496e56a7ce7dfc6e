/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Trial: one thing that ipck bench measures, by one way, for some time. */
#ifndef IPCK_TRIAL_H
#define IPCK_TRIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "way.h"

#define TRIAL_SAMPLES	8192

struct trial;

/**
 * struct scenario - what is measured
 * @name: as printed
 * @size: bytes of a message, or of the memory
 * @others: processes beside the one that measures
 * @can: whether it can be done by a way
 * @open: make the lines
 * @measure: do it, in the one process, until the time is over
 * @answer: do the others' part, for ever
 *
 * The last three return 0 or -errno.
 */
struct scenario {
	const char *name;
	size_t size;
	unsigned int others;
	bool (*can)(const struct scenario *scenario, const struct way *way);
	int (*open)(struct trial *trial);
	int (*measure)(struct trial *trial);
	int (*answer)(struct trial *trial, unsigned int number);
};

/* The table of them. It ends with a name of NULL. */
extern const struct scenario scenarios[];

/**
 * struct outcome - what all processes of a trial can write to
 * @error: 0, or the -errno of what failed first
 * @left: fan-out: how many have not yet got the message
 * @depth: one way: how many messages there is room for, before a send waits; else 0
 * @count: how many samples there are
 * @ns: how long an operation took, each
 */
struct outcome {
	int error;
	unsigned int left;
	unsigned int depth;
	unsigned int count;
	double ns[TRIAL_SAMPLES];
};

#define TRIAL_LINES	8

/**
 * struct trial - a scenario, by a way
 * @scenario: what
 * @way: how
 * @cpus: of the process that measures, and of the others
 * @span_ns: for how long, a quarter of which is for warming up
 * @outcome: what came out, in memory that processes share
 * @lines: between them
 * @done: eventfd, by which the others tell that all of them have it
 * @buf: for a message
 * @warm_ns: from then on it counts
 * @end_ns: and that is the end
 * @last_ns: when the last operation ended
 */
struct trial {
	const struct scenario *scenario;
	const struct way *way;
	int cpus[2];
	uint64_t span_ns;
	struct outcome *outcome;
	struct line lines[TRIAL_LINES];
	int done;
	uint64_t *buf;
	uint64_t warm_ns;
	uint64_t end_ns;
	uint64_t last_ns;
};

/* In @measure: whether to go on. */
bool trial_goes_on(const struct trial *trial);
/* So many operations have been done. */
void trial_lap(struct trial *trial, unsigned int count);

/* Do it, in processes of its own. Return: 0 or -errno; then there may be no samples. */
int trial_run(struct trial *trial);

#endif /* IPCK_TRIAL_H */
