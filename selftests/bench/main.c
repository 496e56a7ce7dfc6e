// SPDX-License-Identifier: GPL-2.0-only
/*
 * Compare ways of passing messages between processes within one boot.
 *
 * Each result is a line
 *
 *	bench,MODE,SEED,case,size,transport,unit,median,min,max
 *
 * on the standard output; everything else is on the standard error.
 */
#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "report.h"

#define ROUNDS		5
#define DESCRIPTORS	32768
#define DEPTH		64	/* the bounded queue everybody gets */
#define SEGMENT		(256UL << 20)
#define ORDINARY_USER	1000

static const struct transport * const transports[] = {
	&mqueue_transport,
	&sysv_transport,
	&pipe_transport,
	&stream_transport,
	&seqpacket_transport,
	&dgram_transport,
	&binder_transport,
	&boost_transport,
	&zeromq_transport,
	&dbus_transport,
	&eventfd_ring_transport,
	&futex_ring_transport,
	&channel_transport,
	&ipcmbox_transport,
	&ipcmbox_sleep_transport,
	&vm_readv_transport,
	&vmsplice_transport,
};

#define N_TRANSPORTS	(sizeof(transports) / sizeof(*transports))

/*
 * The scheduler treats two processes that wake each other in one way for the first
 * 4000 round trips or so, and in another ever after, up to half dearer.  So one pair
 * takes all measurements, late.
 */
#define WARM_UP		10

#define ROUND_TRIP(bytes, n) {					\
	.name = "round-trip", .size = bytes, .count = n,	\
	.warm_up = WARM_UP, .once = true, .for_all = true,	\
	.cpu = true, .turns = true, .depth = DEPTH, .run = run_round_trip }

#define BATCH(bytes, n) {					\
	.name = "batch", .size = bytes, .count = n,		\
	.warm_up = 1, .once = true, .for_all = true, .depth = DEPTH, .run = run_batch }

/*
 * Two processes go through several patterns of waking each other, each a steady
 * one for thousands of messages and up to twice as dear as another; after some
 * ten thousand they stay with one.  So one pair takes all measurements, late.
 */
#define STREAM(bytes, n, warming) {				\
	.name = "stream", .size = bytes, .count = n,		\
	.warm_up = warming, .once = true, .for_all = true,	\
	.depth = DEPTH, .run = run_stream }

#define CALL(bytes, n) {					\
	.name = "call", .size = bytes, .count = n,		\
	.warm_up = WARM_UP, .once = true, .cpu = true,		\
	.turns = true, .depth = DEPTH, .run = run_call }

#define HAND_OVER(text, bytes, n, warming, move, function) {	\
	.name = text, .size = bytes, .count = n, .warm_up = warming, \
	.once = true, .segments = true, .moves = move,		\
	.depth = DEPTH, .run = function }

#define FAN_OUT(receivers, n, text) {				\
	.name = text, .size = 64, .count = n, .warm_up = 1,	\
	.once = true, .queues = receivers, .depth = DEPTH, .run = run_fan_out }

#define FAN_OUT_AWAKE(receivers, n, warming, text) {		\
	.name = text, .size = 64, .count = n, .warm_up = warming, \
	.once = true, .queues = receivers, .depth = DEPTH,	\
	.run = run_fan_out_awake }

#define RECEIVERS(n, text) {					\
	.name = text, .size = 64, .count = 256, .warm_up = WARM_UP,	\
	.once = true, .queues = n, .depth = DEPTH, .run = run_receivers }

#define VECTOR(messages, n, text) {				\
	.name = text, .size = 64, .count = n, .warm_up = 1,	\
	.once = true, .for_all = true, .queues = messages,	\
	.depth = 2 * VECTOR_MAX, .run = run_vector }

#define CHOOSE(text, function) {				\
	.name = text, .size = 64, .count = 32, .warm_up = 1,	\
	.depth = 100000, .uid = ORDINARY_USER, .once = true,	\
	.selective = true, .run = function }

#define DEPTH_OF(messages, priorities, text) {			\
	.name = text, .size = 64, .count = 1024, .warm_up = 1,	\
	.depth = messages, .levels = priorities,		\
	.uid = ORDINARY_USER, .once = true,			\
	.prioritised = true, .run = run_depth }

#define QUEUES(n, text) {					\
	.name = text, .size = 8, .count = 2048, .warm_up = 1,	\
	.once = true, .queues = n, .depth = DEPTH, .run = run_queues }

static const struct scenario scenarios[] = {
	{ .name = "memory-queue", .size = 64, .queues = 1000, .depth = DEPTH,
	  .in_slab = true, .run = run_idle_memory },
	{ .name = "memory-message", .size = 64, .queues = 1000, .depth = DEPTH,
	  .single = true, .in_slab = true, .run = run_message_memory },
	ROUND_TRIP(8, 512),
	ROUND_TRIP(64, 512),
	ROUND_TRIP(1024, 512),
	ROUND_TRIP(65536, 64),
	{ .name = "round-trip-busy", .size = 64, .count = 256, .warm_up = 4,
	  .once = true, .for_all = true, .cpu = true, .busy = true,
	  .turns = true, .parallel_only = true, .depth = DEPTH, .run = run_round_trip },
	{ .name = "idle", .size = 64, .count = 2048, .unit = "cpu-ns/s",
	  .single = true, .for_all = true, .turns = true, .depth = DEPTH,
	  .run = run_idle },
	CALL(8, 512),
	CALL(64, 512),
	CALL(1024, 512),
	CALL(65536, 64),
	BATCH(8, 32),
	BATCH(64, 32),
	BATCH(1024, 32),
	BATCH(65536, 4),
	STREAM(8, 1024, 36),
	STREAM(64, 1024, 36),
	STREAM(1024, 1024, 36),
	STREAM(65536, 128, 12),
	{ .name = "bulk", .size = 1 << 20, .count = 16, .warm_up = 2,
	  .once = true, .bulk = true, .for_all = true, .depth = 1, .run = run_stream },
	HAND_OVER("empty", 0, 512, WARM_UP, false, run_empty),
	HAND_OVER("hand-over", SEGMENT, 512, WARM_UP, false, run_hand_over),
	HAND_OVER("hand-over-move", SEGMENT, 512, WARM_UP, true, run_hand_over_move),
	HAND_OVER("hand-over-written", SEGMENT, 2, 2, true, run_hand_over_written),
	HAND_OVER("hand-over-map", SEGMENT, 64, WARM_UP, false, run_hand_over_map),
	VECTOR(1, 256, "vector-1"),
	VECTOR(16, 32, "vector-16"),
	VECTOR(32, 16, "vector-32"),
	VECTOR(64, 8, "vector-64"),
	FAN_OUT(1, 16, "fan-out-1"),
	FAN_OUT(8, 8, "fan-out-8"),
	FAN_OUT(64, 4, "fan-out-64"),
	FAN_OUT(512, 1, "fan-out-512"),
	FAN_OUT_AWAKE(1, 512, WARM_UP, "fan-out-awake-1"),
	FAN_OUT_AWAKE(8, 64, WARM_UP, "fan-out-awake-8"),
	FAN_OUT_AWAKE(64, 8, WARM_UP, "fan-out-awake-64"),
	FAN_OUT_AWAKE(512, 2, 2, "fan-out-awake-512"),
	RECEIVERS(1, "receivers-1"),
	RECEIVERS(10, "receivers-10"),
	RECEIVERS(100, "receivers-100"),
	{ .name = "wakeups-100", .size = 64, .count = 256, .unit = "per-1000",
	  .queues = 100, .single = true, .depth = DEPTH, .run = run_wakeups },
	CHOOSE("receive-any", run_receive_any),
	CHOOSE("receive-from", run_receive_from),
	{ .name = "receive-from-first", .size = 64, .depth = 100000,
	  .uid = ORDINARY_USER, .single = true, .selective = true,
	  .run = run_receive_from_first },
	QUEUES(1, "queues-1"),
	QUEUES(1000, "queues-1000"),
	QUEUES(10000, "queues-10000"),
	DEPTH_OF(1000, 1, "priorities-1"),
	DEPTH_OF(1000, 8, "priorities-8"),
	DEPTH_OF(1000, 64, "priorities-64"),
	DEPTH_OF(1, 1, "depth-1"),
	DEPTH_OF(10, 1, "depth-10"),
	DEPTH_OF(10, 64, "depth-10-spread"),
	DEPTH_OF(60000, 1, "depth-60000"),
	DEPTH_OF(60000, 64, "depth-60000-spread"),
	DEPTH_OF(100000, 1, "depth-100000"),
	DEPTH_OF(100000, 64, "depth-100000-spread"),
	{ .name = "fill-1000x64", .size = 64, .queues = 1000, .depth = DEPTH,
	  .warm_up = 1, .uid = ORDINARY_USER, .single = true, .prioritised = true,
	  .run = run_fill },
};

#define N_SCENARIOS	(sizeof(scenarios) / sizeof(*scenarios))

/**
 * struct choice - what was asked for
 * @mode: as printed
 * @parallel: two CPUs and real time, else one CPU and counted instructions
 * @seed: varies the operation counts
 * @rounds: measurements of each scenario on each transport
 * @tell_all: print each of them, those of the warm-up too
 * @transports: names, comma-separated, or NULL for all
 * @scenarios: likewise
 */
struct choice {
	const char *mode;
	bool parallel;
	unsigned int seed;
	unsigned int rounds;
	bool tell_all;
	const char *transports;
	const char *scenarios;
};

static void usage(FILE *file)
{
	fputs("bench -m counted|counted-erms|parallel [-s SEED] [-r ROUNDS] [-w]\n"
	      "      [-t TRANSPORT,...] [-c CASE,...]\n", file);
}

/* Is @name in a comma-separated @list? NULL has all of them. */
static bool listed(const char *list, const char *name)
{
	size_t length = strlen(name);

	while (list) {
		if (!strncmp(list, name, length) &&
		    (list[length] == ',' || !list[length]))
			return true;
		list = strchr(list, ',');
		if (!list)
			return false;
		list++;
	}
	return true;
}

static bool suits(const struct transport *transport,
		  const struct scenario *scenario, bool parallel)
{
	if (transport->for_cpu && (!scenario->cpu || !parallel))
		return false;
	if (transport->bulk_only && !scenario->bulk)
		return false;
	if (transport->turns_only && !scenario->turns)
		return false;
	if (scenario->prioritised && !transport->prioritised)
		return false;
	if (scenario->selective && !transport->recv_from)
		return false;
	if (scenario->in_slab && !transport->in_slab)
		return false;
	if (scenario->segments && !transport->open_segment)
		return false;
	if (scenario->moves && !transport->moves_segments)
		return false;
	if (transport->few_cases && !scenario->for_all)
		return false;
	return !transport->max_capacity ||
	       scenario->depth < transport->max_capacity;
}

/*
 * The transports take turns, so that what disturbs the machine for a while
 * disturbs them all.
 */
static bool run_scenario(const struct choice *choice,
			 const struct scenario *scenario,
			 double (*samples)[WINDOWS_MAX],
			 double (*cpu)[WINDOWS_MAX])
{
	unsigned int rounds = scenario->single ? 1 : choice->rounds;
	unsigned int windows = scenario->once ? rounds : 1;
	bool good[N_TRANSPORTS], all_good = true;
	struct job job = {
		.scenario = scenario,
		.mode = choice->mode,
		.parallel = choice->parallel,
		.seed = choice->seed,
		.windows = windows,
		.tell_all = choice->tell_all,
	};
	size_t i;

	for (i = 0; i < N_TRANSPORTS; i++)
		good[i] = suits(transports[i], scenario, choice->parallel) &&
			  listed(choice->transports, transports[i]->name);

	for (job.round = 0; job.round < rounds; job.round += windows) {
		for (i = 0; i < N_TRANSPORTS; i++) {
			job.transport = transports[i];
			job.samples = &samples[i][job.round];
			job.cpu = &cpu[i][job.round / windows];
			if (!good[i] || job_run(&job))
				continue;
			warnx("%s, %zu bytes, %s: failed", scenario->name,
			      scenario->size, transports[i]->name);
			good[i] = false;
			all_good = false;
		}
	}

	for (i = 0; i < N_TRANSPORTS; i++) {
		job.transport = transports[i];
		if (!good[i])
			continue;
		report(&job, samples[i], rounds);
		/* Counted time is the time of one CPU already. */
		if (scenario->cpu && choice->parallel)
			report_cpu(&job, cpu[i], rounds / windows);
	}
	return all_good;
}

static bool chosen(const struct choice *choice, const struct scenario *scenario)
{
	if (scenario->parallel_only && !choice->parallel)
		return false;
	/* What this mode counts differently is copying. */
	if (!strcmp(choice->mode, "counted-erms") && !scenario->bulk)
		return false;
	return listed(choice->scenarios, scenario->name);
}

static bool run_all(const struct choice *choice)
{
	double (*samples)[WINDOWS_MAX], (*cpu)[WINDOWS_MAX];
	bool good = true;
	size_t i;

	samples = shared_memory(N_TRANSPORTS * sizeof(*samples));
	cpu = shared_memory(N_TRANSPORTS * sizeof(*cpu));
	for (i = 0; i < N_SCENARIOS; i++)
		if (chosen(choice, &scenarios[i]))
			good &= run_scenario(choice, &scenarios[i], samples, cpu);
	return good;
}

static void prepare(const struct choice *choice)
{
	struct rlimit descriptors = { DESCRIPTORS, DESCRIPTORS };
	size_t i;

	if (setrlimit(RLIMIT_NOFILE, &descriptors))
		err(EXIT_FAILURE, "RLIMIT_NOFILE");
	for (i = 0; i < N_TRANSPORTS; i++)
		if (transports[i]->prepare &&
		    listed(choice->transports, transports[i]->name))
			transports[i]->prepare();
}

static void parse_mode(struct choice *choice, const char *text)
{
	if (strcmp(text, "parallel") && strcmp(text, "counted") &&
	    strcmp(text, "counted-erms"))
		errx(EXIT_FAILURE, "no mode %s", text);
	choice->mode = text;
	choice->parallel = !strcmp(text, "parallel");
}

static unsigned int parse_number(const char *text, unsigned long max)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*end || end == text || value > max)
		errx(EXIT_FAILURE, "%s is not a number up to %lu", text, max);
	return value;
}

static struct choice parse(int argc, char **argv)
{
	struct choice choice = { .rounds = ROUNDS };
	int option;

	while ((option = getopt(argc, argv, "m:s:r:t:c:wh")) != -1) {
		switch (option) {
		case 'm':
			parse_mode(&choice, optarg);
			break;
		case 's':
			choice.seed = parse_number(optarg, 1000000);
			break;
		case 'r':
			choice.rounds = parse_number(optarg, WINDOWS_MAX);
			break;
		case 't':
			choice.transports = optarg;
			break;
		case 'c':
			choice.scenarios = optarg;
			break;
		case 'w':
			choice.tell_all = true;
			break;
		case 'h':
			usage(stdout);
			exit(EXIT_SUCCESS);
		default:
			usage(stderr);
			exit(EXIT_FAILURE);
		}
	}
	if (!choice.mode || !choice.rounds || optind < argc) {
		usage(stderr);
		exit(EXIT_FAILURE);
	}
	return choice;
}

int main(int argc, char **argv)
{
	struct choice choice = parse(argc, argv);
	unsigned long steal;
	bool good;

	/* Children must not inherit lines which are not out yet. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	prepare(&choice);
	steal = steal_ticks();
	good = run_all(&choice);
	warnx("seed %u, %lu ticks stolen by the host", choice.seed,
	      steal_ticks() - steal);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
