// SPDX-License-Identifier: GPL-2.0-only
/*
 * Searching for an order that explains a history.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/ipcmbox.h>

#include "search.h"

#define SEEN_SIZE	(1U << 22)
/* So many models, and it is given up. */
#define LOOKED_MAX	(SEEN_SIZE / 4)

/*
 * Fingerprints of models, 0: none. That two different ones of a search are alike is less probable
 * than 1 in 2^30. What searches before have left there is another search's: see fingerprint().
 */
static __u64 seen[SEEN_SIZE];
static __u32 nr_seen;
static __u64 nr_searches;

static __u64 fingerprint(const struct model *model)
{
	const char *bytes = (const char *)model;
	size_t size = model_size(model), i;
	__u64 word, hash = nr_searches * 0x9e3779b97f4a7c15ULL;

	for (i = 0; i < size; i += sizeof(word)) {
		word = 0;
		memcpy(&word, bytes + i, size - i < sizeof(word) ? size - i : sizeof(word));
		hash = (hash ^ word) * 0xff51afd7ed558ccdULL;
		hash ^= hash >> 32;
	}
	return hash ?: 1;
}

/* Returns whether it was seen before. */
static bool see(const struct model *model)
{
	__u64 hash = fingerprint(model);
	__u32 slot = hash & (SEEN_SIZE - 1);

	for (; seen[slot]; slot = (slot + 1) & (SEEN_SIZE - 1))
		if (seen[slot] == hash)
			return true;
	seen[slot] = hash;
	nr_seen++;
	return false;
}

/* It was part of the history, and must have come to its end; a killed one need not have arrived. */
static bool is_open(const struct model *model, const struct history *history, int nr)
{
	const struct operation *op = &history->operations[nr];

	if (model_is_over(model, nr) || op->state == PLANNED)
		return false;
	return op->state != KILLED || model->phase[nr] != NEW;
}

/* The earliest return of what is open: no step can be later. */
static __u64 horizon(const struct model *model, const struct history *history)
{
	__u64 earliest = UINT64_MAX;
	int nr;

	for (nr = 0; nr < history->nr; nr++)
		if (is_open(model, history, nr) && history->operations[nr].returned < earliest)
			earliest = history->operations[nr].returned;
	return earliest;
}

static bool is_explained(const struct model *model, const struct history *history)
{
	int nr;

	for (nr = 0; nr < history->nr; nr++)
		if (is_open(model, history, nr))
			return false;
	return true;
}

/* A step cannot be earlier than that. */
static __u64 earliest(const struct operation *op, enum step step)
{
	if (step >= LEAVE && op->state == ENDED && op->result == -ETIMEDOUT &&
	    op->deadline_ns > op->invoked)
		return op->deadline_ns;
	return op->invoked;
}

/* What a worker does it does one after the other, even if it did not look at the clock between. */
static bool has_turn(const struct search *search, const struct model *model, int nr)
{
	int previous = search->previous[nr];

	/* In a vector nothing comes after what failed, nor before what comes before. */
	if (!search->history->operations[nr].vector)
		return previous != NONE && model_is_over(model, previous) &&
		       model->phase[previous] != FAILED;
	return previous == NONE || model_is_over(model, previous) ||
	       search->history->operations[previous].state == KILLED;
}

static void remember(struct search *search, const struct model *model)
{
	if (search->depth <= search->deepest)
		return;
	search->deepest = search->depth;
	memcpy(search->deepest_path, search->path, search->depth * sizeof(search->path[0]));
	memcpy(&search->deepest_model, model, model_size(model));
}

static bool explain(struct search *search, const struct model *model);

static bool try(struct search *search, const struct model *model, int nr, enum step step)
{
	const struct operation *op = &search->history->operations[nr];
	__u64 time = earliest(op, step);
	struct model next;
	bool explained;

	memcpy(&next, model, model_size(model));
	if (time > next.now)
		next.now = time;
	if (next.now > op->returned || !model_step(&next, nr, step) ||
	    next.now > horizon(&next, search->history))
		return false;
	search->path[search->depth++] = nr * STEPS + step;
	remember(search, &next);
	explained = explain(search, &next);
	search->depth--;
	return explained;
}

static bool explain(struct search *search, const struct model *model)
{
	const struct history *history = search->history;
	__u64 limit = horizon(model, history);
	enum step step;
	int i, nr;

	if (is_explained(model, history))
		return true;
	if (search->looked >= LOOKED_MAX || search->depth == STEPS_MAX || see(model))
		return false;
	search->looked++;

	for (i = 0; i < history->nr; i++) {
		nr = search->order[i];
		if (history->operations[nr].state == PLANNED || model_is_over(model, nr) ||
		    history->operations[nr].invoked > limit || !has_turn(search, model, nr))
			continue;
		for (step = ARRIVE; step < STEPS; step++)
			if (try(search, model, nr, step))
				return true;
	}
	return false;
}

static const struct history *sorted;

static int by_return(const void *a, const void *b)
{
	__u64 x = sorted->operations[*(const __s8 *)a].returned;
	__u64 y = sorted->operations[*(const __s8 *)b].returned;

	return x < y ? -1 : x > y;
}

static void prepare(struct search *search)
{
	const struct history *history = search->history;
	const struct operation *op;
	int nr, before;

	for (nr = 0; nr < history->nr; nr++) {
		op = &history->operations[nr];
		search->order[nr] = nr;
		search->previous[nr] = NONE;
		for (before = 0; before < nr && op->worker != NONE; before++)
			if (history->operations[before].worker == op->worker &&
			    history->operations[before].state != PLANNED)
				search->previous[nr] = before;
	}
	sorted = history;
	qsort(search->order, history->nr, sizeof(search->order[0]), by_return);
}

enum verdict search_history(struct search *search, const struct history *history)
{
	struct model model;

	memset(search, 0, sizeof(*search));
	nr_searches++;
	if (nr_seen > SEEN_SIZE / 4) {
		memset(seen, 0, sizeof(seen));
		nr_seen = 0;
	}
	search->history = history;
	prepare(search);
	model_begin(&model, history);
	search->deepest_model = model;
	if (explain(search, &model))
		return LINEARIZABLE;
	return search->looked < LOOKED_MAX ? WRONG : UNDECIDED;
}

static const char * const step_names[STEPS] = {
	[ARRIVE] = "arrives", [GO_ON] = "goes on", [TAKE] = "takes", [PUT_BACK] = "puts back",
	[LEAVE] = "leaves", [LEAVE_WORD] = "leaves word", [DIE] = "dies",
};

void search_print(const struct search *search)
{
	const struct history *history = search->history;
	int i, nr;

	history_print(history);
	fprintf(stderr, "# %u models looked at; the best explanation:\n#  ", search->looked);
	for (i = 0; i < search->deepest; i++)
		fprintf(stderr, " %d %s,", search->deepest_path[i] / STEPS,
			step_names[search->deepest_path[i] % STEPS]);
	fprintf(stderr, "\n");
	model_print(&search->deepest_model);
	fprintf(stderr, "#   not explained:");
	for (nr = 0; nr < history->nr; nr++)
		if (is_open(&search->deepest_model, history, nr))
			fprintf(stderr, " %d", nr);
	fprintf(stderr, "\n");
}
