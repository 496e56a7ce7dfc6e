// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz: programs of random commands to the module, guided by what of it they execute.
 *
 *	fuzz
 *		runs the corpus that is built in, as a test
 *	fuzz --seconds N [--seed N] [--workers N] [--journal FILE] [--distil]
 *		runs new programs; FILE is memory shared with the host. Ends with a line of figures;
 *		--distil prints the least corpus that executes as much, in lines after "+ "
 *	fuzz --replay FILE [--times N]
 *		runs the programs of FILE, and says what they return
 *	fuzz --last FILE, fuzz --kept FILE
 *		print the programs of a journal
 */
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "dice.h"
#include "distil.h"
#include "journal.h"
#include "worker.h"

#define PATIENCE	20	/* of a test, where threads are to meet */
#define WRONG_MAX	10	/* programs, then it is over */

/* What the command line says, see above */
struct request {
	unsigned long seconds;
	unsigned long seed;
	unsigned long workers;
	unsigned long times;
	const char *journal;
	const char *replay;
	const char *last;
	const char *kept;
	bool distil;
};

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	close(fd);
	return done;
}

/* Also allocations that may wait are to fail, and pages as well as slab objects; silently. */
static void inject_everywhere(void)
{
	write_file("/sys/kernel/debug/failslab/verbose", "0");
	write_file("/sys/kernel/debug/fail_page_alloc/verbose", "0");
	write_file("/sys/kernel/debug/fail_usercopy/verbose", "0");
	write_file("/sys/kernel/debug/failslab/ignore-gfp-wait", "N");
	write_file("/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait", "N");
	write_file("/sys/kernel/debug/fail_page_alloc/ignore-gfp-highmem", "N");
	write_file("/sys/kernel/debug/fail_page_alloc/min-order", "0");
}

static char *read_all(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat stat;
	ssize_t size;
	char *text;

	if (fd < 0 || fstat(fd, &stat))
		return NULL;
	text = calloc(1, stat.st_size + 1);
	size = text ? read(fd, text, stat.st_size) : -1;
	close(fd);
	return size == stat.st_size ? text : NULL;
}

/* The corpus as a test: a result for each program, and each command has done and refused. */
static int regress(struct campaign *campaign)
{
	struct stage *stage = worker_prepare(campaign);
	const uint32_t count = corpus_count(campaign->corpus);
	const struct program *program;
	bool well;
	uint32_t i;

	if (!stage) {
		printf("Bail out! no device\n");
		return 1;
	}
	stage->patience = PATIENCE;
	printf("TAP version 13\n1..%u\n", count + command_count + 1);
	for (i = 0; i < count; i++) {
		program = corpus_get(campaign->corpus, i);
		fflush(stdout);
		well = worker_run(campaign, stage, program, true);
		printf("%sok %u %s\n", well ? "" : "not ", i + 1, program->name);
	}
	for (i = 0; i < command_count; i++) {
		well = campaign->succeeded[i] || commands[i].act;
		well = well && (campaign->failed[i] || commands[i].act);
		printf("%sok %u %s has succeeded and failed\n", well ? "" : "not ", count + i + 1,
		       commands[i].name);
	}
	printf("%sok %u fields have names of their own\n", programs_are_clear() ? "" : "not ",
	       count + command_count + 1);
	return 0;
}

/* With what each operation has just returned. */
static void print_played(struct stage *stage)
{
	uint32_t i;

	for (i = 0; i < stage->program.count; i++)
		stage->program.operations[i].result = stage->returned[i];
	program_print(&stage->program, stdout);
	fflush(stdout);
}

static int replay(struct campaign *campaign, const struct request *request)
{
	struct stage *stage = worker_prepare(campaign);
	unsigned long time;
	uint32_t i;

	for (time = 0; stage && time < request->times; time++) {
		for (i = 0; i < corpus_count(campaign->corpus); i++) {
			worker_run(campaign, stage, corpus_get(campaign->corpus, i), false);
			if (!time)
				print_played(stage);
		}
	}
	return !stage || campaign->wrong;
}

static void print_figures(const struct campaign *campaign, const struct request *request)
{
	printf("figures seed=%lu seconds=%lu programs=%" PRIu64 " operations=%" PRIu64
	       " edges=%u blocks=%u corpus=%u wrong=%" PRIu64 "\n", request->seed, request->seconds,
	       campaign->programs, campaign->operations, campaign->cover.edge_count,
	       campaign->cover.block_count, corpus_count(campaign->corpus), campaign->wrong);
	fflush(stdout);
}

/* Different ways through the module, as the time goes by. */
static void turn_knobs(struct dice *dice)
{
	static const char * const spins[] = { "0", "1000", "50000", "1000000" };

	write_file("/sys/module/ipcmbox/parameters/spin_ns", spins[dice_below(dice, 4)]);
	write_file("/sys/module/ipcmbox/parameters/yield", dice_one_in(dice, 2) ? "Y" : "N");
}

/**
 * struct crew - the workers
 * @campaign: for what
 * @dice: of their seeds
 * @pids: of each
 * @failed: a worker has ended in a way that it should not
 */
struct crew {
	struct campaign *campaign;
	struct dice *dice;
	pid_t *pids;
	bool failed;
};

static void employ(struct crew *crew, unsigned long number)
{
	uint64_t seed = dice_next(crew->dice);

	fflush(stdout);
	crew->pids[number] = fork();
	if (!crew->pids[number])
		worker_fuzz(crew->campaign, number, seed);
}

/*
 * What workers leave in the middle of a program is killed as they end, and comes here to die.
 * A worker ends early when a program was wrong; if @replace, others follow.
 */
static void bury(struct crew *crew, int options, bool replace)
{
	unsigned long i;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, options)) > 0) {
		for (i = 0; i < crew->campaign->workers; i++) {
			if (crew->pids[i] != pid)
				continue;
			crew->failed |= !!status;
			if (replace)
				employ(crew, i);
		}
	}
}

static int fuzz(struct campaign *campaign, const struct request *request)
{
	struct dice dice = { .state = request->seed };
	struct crew crew = {
		.campaign = campaign, .dice = &dice,
		.pids = calloc(request->workers, sizeof(*crew.pids)),
	};
	unsigned long i;

	if (!crew.pids || prctl(PR_SET_CHILD_SUBREAPER, 1))
		return 1;
	campaign->workers = request->workers;
	for (i = 0; i < request->workers; i++)
		employ(&crew, i);
	for (i = 0; i < request->seconds && campaign->wrong < WRONG_MAX && !crew.failed; i++) {
		sleep(1);
		turn_knobs(&dice);
		bury(&crew, WNOHANG, true);
		if (i % 60 == 59)
			print_figures(campaign, request);
	}
	__atomic_store_n(&campaign->is_over, 1, __ATOMIC_RELAXED);
	bury(&crew, 0, false);
	free(crew.pids);
	print_figures(campaign, request);
	return crew.failed || campaign->wrong || !campaign->programs;
}

static int print_corpus(struct campaign *campaign)
{
	struct stage *stage = worker_prepare(campaign);

	if (!stage)
		return 1;
	distil_corpus(campaign, stage);
	return campaign->wrong;
}

static struct request parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seconds", required_argument, NULL, 's' },
		{ "seed", required_argument, NULL, 'e' },
		{ "workers", required_argument, NULL, 'w' },
		{ "times", required_argument, NULL, 't' },
		{ "journal", required_argument, NULL, 'j' },
		{ "replay", required_argument, NULL, 'r' },
		{ "last", required_argument, NULL, 'l' },
		{ "kept", required_argument, NULL, 'k' },
		{ "distil", no_argument, NULL, 'd' },
		{ }
	};
	struct request request = { .seed = 1, .workers = 8, .times = 1 };
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 's':
			request.seconds = strtoul(optarg, NULL, 0);
			break;
		case 'e':
			request.seed = strtoul(optarg, NULL, 0);
			break;
		case 'w':
			request.workers = strtoul(optarg, NULL, 0);
			break;
		case 't':
			request.times = strtoul(optarg, NULL, 0);
			break;
		case 'j':
			request.journal = optarg;
			break;
		case 'r':
			request.replay = optarg;
			break;
		case 'l':
			request.last = optarg;
			break;
		case 'k':
			request.kept = optarg;
			break;
		case 'd':
			request.distil = true;
			break;
		default:
			exit(2);
		}
	}
	return request;
}

int main(int argc, char **argv)
{
	const struct request request = parse(argc, argv);
	struct campaign *campaign = campaign_make();
	const char *text, *error;
	int ret;

	if (request.last || request.kept)
		return !journal_print(request.last ?: request.kept, request.kept, stdout);
	if (request.journal && !journal_open(request.journal)) {
		fprintf(stderr, "%s: %m\n", request.journal);
		return 1;
	}
	text = request.replay ? read_all(request.replay) : corpus_built_in();
	if (!campaign || !text)
		return 1;
	error = corpus_parse(campaign->corpus, text);
	if (error) {
		fprintf(stderr, "no operation: %s\n", error);
		return 1;
	}
	inject_everywhere();
	if (request.replay)
		return replay(campaign, &request);
	if (!request.seconds)
		return regress(campaign);
	ret = fuzz(campaign, &request);
	if (!ret && request.distil)
		ret = print_corpus(campaign);
	return ret;
}
