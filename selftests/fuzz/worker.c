// SPDX-License-Identifier: GPL-2.0-only
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "distil.h"
#include "journal.h"
#include "judge.h"
#include "mutate.h"
#include "scene.h"
#include "worker.h"

struct campaign *campaign_make(void)
{
	struct campaign *campaign = mmap(NULL, sizeof(*campaign), PROT_READ | PROT_WRITE,
					 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (campaign == MAP_FAILED)
		return NULL;
	campaign->corpus = corpus_make();
	return campaign->corpus ? campaign : NULL;
}

/* Names and budgets of a worker are its own, and so are processes that are orphaned. */
struct stage *worker_prepare(struct campaign *campaign)
{
	sigset_t children;

	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	sigprocmask(SIG_BLOCK, &children, NULL);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) || unshare(CLONE_NEWIPC) || !scene_make())
		return NULL;
	return stage_make(&campaign->cover);
}

static void count(struct campaign *campaign, const struct stage *stage)
{
	uint32_t i, command;

	__atomic_fetch_add(&campaign->programs, 1, __ATOMIC_RELAXED);
	for (i = 0; i < stage->program.count; i++) {
		if (stage->returned[i] == RESULT_UNKNOWN)
			continue;
		command = stage->program.operations[i].command;
		__atomic_fetch_add(&campaign->operations, 1, __ATOMIC_RELAXED);
		__atomic_fetch_add(stage->returned[i] < 0 ? &campaign->failed[command] :
				   &campaign->succeeded[command], 1, __ATOMIC_RELAXED);
	}
}

/* In one piece, as others talk, too. */
static void tell(const struct stage *stage)
{
	size_t size;
	char *text;
	FILE *out = open_memstream(&text, &size);

	fprintf(out, "# wrong: %s\n", stage->wrong);
	program_print(&stage->program, out);
	fclose(out);
	if (write(STDOUT_FILENO, text, size) < 0)
		abort();
	free(text);
}

bool worker_run(struct campaign *campaign, struct stage *stage, const struct program *program,
		bool with_results)
{
	if (program != &stage->program)
		program_copy(&stage->program, program);
	stage_run(stage);
	judge(stage, with_results);
	count(campaign, stage);
	if (!stage->wrong[0])
		return true;
	__atomic_fetch_add(&campaign->wrong, 1, __ATOMIC_RELAXED);
	tell(stage);
	return false;
}

static const struct program *pick(struct dice *dice, const struct corpus *corpus)
{
	const uint32_t count = corpus_count(corpus);

	return count ? corpus_get(corpus, dice_below(dice, count)) : NULL;
}

static void make_program(struct dice *dice, const struct corpus *corpus, struct program *program)
{
	const struct program *one = pick(dice, corpus), *other = pick(dice, corpus);

	if (!one || !other || dice_one_in(dice, 20)) {
		generate(dice, program);
		return;
	}
	program_copy(program, one);
	mutate(dice, program, other);
	if (!program->count)
		generate(dice, program);
}

static void try_program(struct campaign *campaign, struct stage *stage, uint32_t number,
			bool is_known)
{
	uint32_t i;

	for (i = 0; i < OPERATIONS; i++)
		stage->program.operations[i].result = RESULT_UNKNOWN;
	memset(&stage->gain, 0, sizeof(stage->gain));
	stage->compare = false;
	journal_begin(number, &stage->program);
	/* What is left of it would be found after every other one, too. */
	if (!worker_run(campaign, stage, &stage->program, false))
		_exit(0);
	if (!stage->gain.count || is_known)
		return;
	distil_program(campaign, stage, false);
	corpus_add(campaign->corpus, &stage->program);
	journal_keep(&stage->program);
}

void worker_fuzz(struct campaign *campaign, uint32_t number, uint64_t seed)
{
	struct stage *stage = worker_prepare(campaign);
	struct dice dice = { .state = seed };
	const uint32_t known = corpus_count(campaign->corpus);
	uint32_t i;

	if (!stage)
		_exit(1);
	/* Each runs a share of what is known; what that executes is no news then. */
	for (i = number; i < known && !__atomic_load_n(&campaign->is_over, __ATOMIC_RELAXED);
	     i += campaign->workers) {
		program_copy(&stage->program, corpus_get(campaign->corpus, i));
		try_program(campaign, stage, number, true);
	}
	while (!__atomic_load_n(&campaign->is_over, __ATOMIC_RELAXED)) {
		make_program(&dice, campaign->corpus, &stage->program);
		try_program(campaign, stage, number, false);
	}
	_exit(0);
}
