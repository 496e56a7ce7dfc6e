// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "distil.h"

#define REPEATS	4

static bool is_enough(struct campaign *campaign, struct stage *stage)
{
	uint32_t i;

	memset(stage->gain.is_hit, 0, sizeof(stage->gain.is_hit));
	stage->compare = true;
	worker_run(campaign, stage, &stage->program, false);
	for (i = 0; i < stage->gain.count && i < GAIN_MAX; i++) {
		if (!stage->gain.is_hit[i])
			return false;
	}
	return true;
}

static void remove_operations(struct campaign *campaign, struct stage *stage)
{
	static struct program before;
	uint32_t i;

	for (i = stage->program.count; i-- > 0 && stage->program.count > 1;) {
		program_copy(&before, &stage->program);
		program_remove(&stage->program, i);
		program_mend(&stage->program);
		if (!is_enough(campaign, stage))
			program_copy(&stage->program, &before);
	}
}

static bool clear_common(struct operation *operation)
{
	const struct operation before = *operation;

	operation->actor = 0;
	operation->is_async = 0;
	operation->fault = 0;
	operation->longer = 0;
	return memcmp(operation, &before, sizeof(before));
}

static void clear_values(struct campaign *campaign, struct stage *stage,
			 struct operation *operation)
{
	struct operation before;
	uint32_t i;

	for (i = 0; i < VALUES; i++) {
		if (!operation->values[i].kind && !operation->values[i].number)
			continue;
		before = *operation;
		memset(&operation->values[i], 0, sizeof(operation->values[i]));
		if (!is_enough(campaign, stage))
			*operation = before;
	}
	before = *operation;
	if (clear_common(operation) && !is_enough(campaign, stage))
		*operation = before;
}

void distil_program(struct campaign *campaign, struct stage *stage, bool values)
{
	uint32_t i;

	remove_operations(campaign, stage);
	for (i = 0; values && i < stage->program.count; i++)
		clear_values(campaign, stage, &stage->program.operations[i]);
	stage->compare = false;
}

/* What comes of the module, and is the same whenever and wherever it runs. */
static bool is_certain(const struct program *program, uint32_t index, int64_t returned)
{
	const struct command *command = &commands[program->operations[index].command];
	uint32_t i;

	for (i = 0; i < program->count; i++) {
		if (program->operations[i].actor || program->operations[i].fault)
			return false;
	}
	return !command->act && returned != RESULT_UNKNOWN && returned != -EINTR &&
	       returned != -ETIMEDOUT;
}

/* Notes what the operations return of which that depends on nothing else. */
static void distil_results(struct campaign *campaign, struct stage *stage)
{
	struct operation *operation;
	int64_t returned;
	uint32_t i, j;

	for (i = 0; i < REPEATS; i++) {
		worker_run(campaign, stage, &stage->program, false);
		for (j = 0; j < stage->program.count; j++) {
			operation = &stage->program.operations[j];
			returned = stage->returned[j];
			if (returned >= 0 && commands[operation->command].makes)
				returned = RESULT_OK;
			if (!i)
				operation->result = is_certain(&stage->program, j, returned) ?
						    returned : RESULT_UNKNOWN;
			else if (operation->result != returned)
				operation->result = RESULT_UNKNOWN;
		}
	}
}

static int compare_length(const void *one, const void *other)
{
	const struct program * const *a = one, * const *b = other;

	return (int)(*a)->count - (int)(*b)->count;
}

static void name(struct program *program, uint32_t number)
{
	const struct operation *last = &program->operations[program->count - 1];

	if (!strcmp(program->name, "random"))
		snprintf(program->name, NAME_SIZE, "%s-%u", commands[last->command].name, number);
}

static void print(const struct program *program)
{
	char *text, *line, *rest;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	program_print(program, out);
	fclose(out);
	for (rest = text; (line = strsep(&rest, "\n")) && rest;)
		printf("+ %s\n", line);
	fflush(stdout);
	free(text);
}

void distil_corpus(struct campaign *campaign, struct stage *stage)
{
	static const struct program *sorted[CORPUS_MAX];
	uint32_t i, count = 0, kept = 0;

	memset(&campaign->cover, 0, sizeof(campaign->cover));
	for (i = 0; i < corpus_count(campaign->corpus); i++) {
		sorted[count] = corpus_get(campaign->corpus, i);
		count += !!sorted[count];
	}
	qsort(sorted, count, sizeof(sorted[0]), compare_length);
	for (i = 0; i < count; i++) {
		memset(&stage->gain, 0, sizeof(stage->gain));
		worker_run(campaign, stage, sorted[i], false);
		if (!stage->gain.blocks)
			continue;
		distil_program(campaign, stage, true);
		distil_results(campaign, stage);
		name(&stage->program, kept++);
		print(&stage->program);
	}
}
