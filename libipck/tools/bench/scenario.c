// SPDX-License-Identifier: LGPL-2.1-or-later
/* What ipck bench measures. */
#include <errno.h>
#include <unistd.h>

#include "trial.h"

/* Sends between two looks at the clock */
#define BATCH	64

#define FAN	8

/* A number goes round, so that nothing is lost, or comes twice, unnoticed. */
static int check(const struct trial *trial, uint64_t number)
{
	return *trial->buf == number ? 0 : -EBADMSG;
}

static int put(struct trial *trial, unsigned int line)
{
	return trial->way->send(&trial->lines[line], trial->buf, trial->scenario->size);
}

static int get(struct trial *trial, unsigned int line)
{
	return trial->way->recv(&trial->lines[line], trial->buf, trial->scenario->size);
}

static int open_lines(struct trial *trial, unsigned int count)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < count && !ret; i++)
		ret = trial->way->open(&trial->lines[i], trial->scenario->size);
	return ret;
}

/*
 * Round trip: a message to another process, and one back
 */

static bool is_short(const struct scenario *scenario, const struct way *way)
{
	return !way->max_size || scenario->size <= way->max_size;
}

static int open_both(struct trial *trial)
{
	return open_lines(trial, 2);
}

static int measure_round_trip(struct trial *trial)
{
	uint64_t number;
	int ret = 0;

	for (number = 1; !ret && trial_goes_on(trial); number++) {
		*trial->buf = number;
		ret = put(trial, 0);
		if (!ret)
			ret = get(trial, 1);
		if (!ret)
			ret = check(trial, number);
		trial_lap(trial, 1);
	}
	return ret;
}

static int answer_round_trip(struct trial *trial, unsigned int number)
{
	int ret;

	(void)number;
	do {
		ret = get(trial, 0);
		if (!ret)
			ret = put(trial, 1);
	} while (!ret);
	return ret;
}

/*
 * One way: a message to a process that does nothing but receive
 */

static bool is_one_way(const struct scenario *scenario, const struct way *way)
{
	return is_short(scenario, way) && !way->turns_only;
}

/* The second line is filled, and nothing else is done with it. */
static int measure_depth(struct trial *trial)
{
	int ret = way_stop_waiting(&trial->lines[1]);

	while (!ret) {
		ret = put(trial, 1);
		trial->outcome->depth += !ret;
	}
	return ret == -EAGAIN ? 0 : ret;
}

static int open_one(struct trial *trial)
{
	int ret = open_lines(trial, 2);

	return ret ? ret : measure_depth(trial);
}

static int measure_one_way(struct trial *trial)
{
	uint64_t number = 0;
	unsigned int i;
	int ret = 0;

	while (!ret && trial_goes_on(trial)) {
		for (i = 0; i < BATCH && !ret; i++) {
			*trial->buf = ++number;
			ret = put(trial, 0);
		}
		trial_lap(trial, BATCH);
	}
	return ret;
}

static int answer_one_way(struct trial *trial, unsigned int other)
{
	uint64_t number = 0;
	int ret;

	(void)other;
	do {
		ret = get(trial, 0);
		if (!ret)
			ret = check(trial, ++number);
	} while (!ret);
	return ret;
}

/*
 * Fan-out: a message to many that sleep, until the last of them has said that all have it
 */

static int open_fan(struct trial *trial)
{
	if (trial->way->open_event)
		return trial->way->open_event(trial->lines, FAN, trial->scenario->size);
	return open_lines(trial, FAN);
}

static int send_all(struct trial *trial)
{
	unsigned int count = trial->way->open_event ? 1 : FAN, i;
	int ret = 0;

	for (i = 0; i < count && !ret; i++)
		ret = put(trial, i);
	return ret;
}

static int measure_fan_out(struct trial *trial)
{
	uint64_t number, said;
	int ret = 0;

	for (number = 1; !ret && trial_goes_on(trial); number++) {
		*trial->buf = number;
		trial->outcome->left = FAN;
		ret = send_all(trial);
		if (!ret)
			ret = way_result(read(trial->done, &said, sizeof(said)), sizeof(said));
		trial_lap(trial, 1);
	}
	return ret;
}

static int answer_fan_out(struct trial *trial, unsigned int other)
{
	uint64_t number = 0, one = 1;
	int ret;

	do {
		ret = get(trial, other);
		if (!ret)
			ret = check(trial, ++number);
		if (!ret && !__atomic_sub_fetch(&trial->outcome->left, 1, __ATOMIC_SEQ_CST))
			ret = way_result(write(trial->done, &one, sizeof(one)), sizeof(one));
	} while (!ret);
	return ret;
}

/*
 * Hand-over: shared memory goes to another process and comes back
 */

static bool has_memory(const struct scenario *scenario, const struct way *way)
{
	(void)scenario;
	return way->make;
}

static int measure_hand_over(struct trial *trial)
{
	union memory memory;
	int ret = trial->way->make(&memory, trial->scenario->size);

	while (!ret && trial_goes_on(trial)) {
		ret = trial->way->give(&trial->lines[0], &memory);
		if (!ret)
			ret = trial->way->take(&trial->lines[1], &memory);
		trial_lap(trial, 1);
	}
	return ret;
}

static int answer_hand_over(struct trial *trial, unsigned int number)
{
	union memory memory;
	int ret;

	(void)number;
	do {
		ret = trial->way->take(&trial->lines[0], &memory);
		if (!ret)
			ret = trial->way->give(&trial->lines[1], &memory);
	} while (!ret);
	return ret;
}

#define ROUND_TRIP(size)	\
	size, 1, is_short, open_both, measure_round_trip, answer_round_trip

const struct scenario scenarios[] = {
	{ "round-trip-8", ROUND_TRIP(8) },
	{ "round-trip-64", ROUND_TRIP(64) },
	{ "round-trip-1K", ROUND_TRIP(1024) },
	{ "round-trip-64K", ROUND_TRIP(65536) },
	{ "one-way-64", 64, 1, is_one_way, open_one, measure_one_way, answer_one_way },
	{ "one-way-1K", 1024, 1, is_one_way, open_one, measure_one_way, answer_one_way },
	{ "fan-out-8x64", 64, FAN, is_one_way, open_fan, measure_fan_out, answer_fan_out },
	{ "hand-over-1M", 1 << 20, 1, has_memory, open_both, measure_hand_over,
	  answer_hand_over },
	{ .name = NULL }
};
