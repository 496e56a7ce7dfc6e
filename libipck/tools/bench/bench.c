// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <json.h>

#include <ipck.h>

#include "machine.h"
#include "report.h"
#include "trial.h"
#include "value/quantity.h"
#include "way.h"

#define SECONDS_NS	6000000000ULL
#define RUNS		5
#define RUNS_MAX	1000
#define HOURS_MAX	24

static const struct way *const ways[] = {
	&mailbox_way, &channel_way, &mqueue_way, &pipe_way, &seqpacket_way, &eventfd_way,
};

#define WAYS	(sizeof(ways) / sizeof(ways[0]))

enum form { FORM_TABLE, FORM_JSON, FORM_CSV };

/**
 * struct figure - a scenario by a way: a line of what is printed
 * @scenario: what
 * @way: how
 * @error: 0, or the -errno of what failed first
 * @ns: all samples of all runs, owned
 * @count: how many
 * @runs: how many runs there were
 * @depth: how many messages there was room for, 0 if that does not matter
 * @lowest: the least of their medians
 * @highest: the greatest
 */
struct figure {
	const struct scenario *scenario;
	const struct way *way;
	int error;
	double *ns;
	size_t count;
	unsigned int runs;
	unsigned int depth;
	double lowest;
	double highest;
};

/**
 * struct bench - what is measured
 * @form: how the result is printed
 * @span_ns: for how long, all together
 * @runs: in how many turns
 * @scenarios: names that begin so, with commas between them; NULL is all
 * @ways: likewise
 * @machine: where
 * @figures: the results, owned
 * @count: how many
 */
struct bench {
	enum form form;
	uint64_t span_ns;
	uint64_t runs;
	const char *scenarios;
	const char *ways;
	struct machine machine;
	struct figure *figures;
	size_t count;
};

/* Whether a name begins as one in a list does. */
static bool is_listed(const char *list, const char *name)
{
	size_t len;

	if (!list)
		return true;
	for (; *list; list += len + (list[len] == ',')) {
		len = strcspn(list, ",");
		if (len && !strncmp(list, name, len))
			return true;
	}
	return false;
}

static bool is_scenario(const char *name)
{
	const struct scenario *scenario = scenarios;

	while (scenario->name && !is_listed(name, scenario->name))
		scenario++;
	return scenario->name;
}

static bool is_way(const char *name)
{
	size_t i = 0;

	while (i < WAYS && !is_listed(name, ways[i]->name))
		i++;
	return i < WAYS;
}

/* Whether all that is in a list is known. */
static bool is_list(const char *list, bool (*is_known)(const char *name))
{
	char *copy = strdup(list), *rest = copy;
	bool known = copy;

	while (known && rest)
		known = is_known(strsep(&rest, ","));
	free(copy);
	return known;
}

static int choose_figures(struct bench *bench)
{
	const struct scenario *scenario;
	size_t room = 0, i;

	for (scenario = scenarios; scenario->name; scenario++)
		room += WAYS;
	bench->figures = calloc(room, sizeof(*bench->figures));
	if (!bench->figures)
		return -ENOMEM;
	for (scenario = scenarios; scenario->name; scenario++)
		for (i = 0; i < WAYS; i++)
			if (is_listed(bench->scenarios, scenario->name) &&
			    is_listed(bench->ways, ways[i]->name) &&
			    scenario->can(scenario, ways[i]))
				bench->figures[bench->count++] = (struct figure){
					.scenario = scenario, .way = ways[i],
				};
	return 0;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Of samples in order: the least that so many percent are not above. */
static double percentile(const double *ns, size_t count, unsigned int percent)
{
	return count ? ns[(count * percent + 99) / 100 - 1] : 0;
}

static int add_samples(struct figure *figure, double *samples, unsigned int count)
{
	double *ns, median;

	ns = reallocarray(figure->ns, figure->count + count, sizeof(*ns));
	if (!ns)
		return -ENOMEM;
	figure->ns = ns;
	memcpy(ns + figure->count, samples, count * sizeof(*ns));
	figure->count += count;
	qsort(samples, count, sizeof(*samples), compare);
	median = percentile(samples, count, 50);
	if (!figure->runs || median < figure->lowest)
		figure->lowest = median;
	if (!figure->runs || median > figure->highest)
		figure->highest = median;
	figure->runs++;
	return 0;
}

/* What has failed once is not tried again. */
static int run_figure(struct bench *bench, struct figure *figure, struct outcome *outcome)
{
	struct trial trial = {
		.scenario = figure->scenario,
		.way = figure->way,
		.cpus = { bench->machine.cpus[0], bench->machine.cpus[1] },
		.span_ns = bench->span_ns / bench->runs / bench->count,
		.outcome = outcome,
	};

	if (figure->error)
		return 0;
	figure->error = trial_run(&trial);
	if (figure->error)
		return 0;
	figure->depth = outcome->depth;
	return add_samples(figure, outcome->ns, outcome->count);
}

/* All figures take turns, and begin with another one in each. */
static int run_all(struct bench *bench)
{
	struct outcome *outcome;
	size_t run, i;
	int ret = 0;

	outcome = mmap(NULL, sizeof(*outcome), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (outcome == MAP_FAILED)
		return -errno;
	for (run = 0; run < bench->runs && !ret; run++)
		for (i = 0; i < bench->count && !ret; i++)
			ret = run_figure(bench, &bench->figures[(i + run) % bench->count],
					 outcome);
	munmap(outcome, sizeof(*outcome));
	for (i = 0; i < bench->count; i++)
		qsort(bench->figures[i].ns, bench->figures[i].count, sizeof(double), compare);
	return ret;
}

static void print_error(FILE *out, const struct figure *figure)
{
	const char *advice = figure->way->advice;

	fprintf(out, "%s%s%s\n", strerror(-figure->error), advice ? ": " : "", advice ?: "");
}

static void print_figure(const struct figure *figure)
{
	printf("%-15s %-9s ", figure->scenario->name, figure->way->name);
	if (figure->error)
		print_error(stdout, figure);
	else
		printf("%10.0f %10.0f %10.0f %10.0f %10zu\n",
		       percentile(figure->ns, figure->count, 50),
		       percentile(figure->ns, figure->count, 99), figure->lowest,
		       figure->highest, figure->count);
}

static bool has_depths(const struct bench *bench)
{
	size_t i = 0;

	while (i < bench->count && !bench->figures[i].depth)
		i++;
	return i < bench->count;
}

/* A line for each case in which it matters how many messages there is room for. */
static void print_depths(const struct bench *bench)
{
	const struct figure *figure = bench->figures;
	const struct scenario *scenario = NULL;

	for (; figure < bench->figures + bench->count; figure++) {
		if (!figure->depth)
			continue;
		if (figure->scenario == scenario)
			fputs(", ", stdout);
		else
			printf("%s%s: messages there is room for: ", scenario ? "\n" : "",
			       figure->scenario->name);
		printf("%s %u", figure->way->name, figure->depth);
		scenario = figure->scenario;
	}
	if (scenario)
		putchar('\n');
}

static void print_notes(const struct bench *bench)
{
	const struct machine *machine = &bench->machine;
	size_t i;

	if (has_depths(bench) || machine->count)
		puts("\nNote:");
	print_depths(bench);
	for (i = 0; i < machine->count; i++)
		puts(machine->warnings[i]);
}

static void print_table(const struct bench *bench)
{
	const struct machine *machine = &bench->machine;
	const struct figure *figure = bench->figures;
	size_t i;

	printf("Linux %s, %s; CPUs %d and %d; ipck %s, spin_ns %s\n", machine->kernel,
	       machine->model, machine->cpus[0], machine->cpus[1], ipck_version(),
	       machine->spin_ns);
	printf("%" PRIu64 " runs, in which all take turns; nanoseconds of an operation\n\n",
	       bench->runs);
	printf("%-15s %-9s %10s %10s %10s %10s %10s\n", "CASE", "WAY", "MEDIAN", "P99",
	       "LOWEST", "HIGHEST", "SAMPLES");
	for (i = 0; i < bench->count; i++, figure++) {
		if (i && figure->scenario != figure[-1].scenario)
			putchar('\n');
		print_figure(figure);
	}
	print_notes(bench);
}

static void print_csv(const struct bench *bench)
{
	const struct figure *figure = bench->figures;

	puts("case,way,size,median_ns,p99_ns,lowest_ns,highest_ns,runs,samples,depth");
	for (; figure < bench->figures + bench->count; figure++) {
		printf("%s,%s,%zu,", figure->scenario->name, figure->way->name,
		       figure->scenario->size);
		if (!figure->error)
			printf("%.1f,%.1f,%.1f,%.1f", percentile(figure->ns, figure->count, 50),
			       percentile(figure->ns, figure->count, 99), figure->lowest,
			       figure->highest);
		else
			fputs(",,,", stdout);
		printf(",%u,%zu,", figure->runs, figure->count);
		if (figure->depth)
			printf("%u", figure->depth);
		putchar('\n');
	}
}

static void add_number(struct json_object *json, const char *key, double number)
{
	char text[32];

	snprintf(text, sizeof(text), "%.1f", number);
	json_object_object_add(json, key, json_object_new_double_s(number, text));
}

static struct json_object *figure_to_json(const struct figure *figure)
{
	struct json_object *json = json_object_new_object();

	json_object_object_add(json, "case", json_object_new_string(figure->scenario->name));
	json_object_object_add(json, "way", json_object_new_string(figure->way->name));
	json_object_object_add(json, "size", json_object_new_uint64(figure->scenario->size));
	json_object_object_add(json, "runs", json_object_new_uint64(figure->runs));
	json_object_object_add(json, "samples", json_object_new_uint64(figure->count));
	if (figure->error) {
		json_object_object_add(json, "error",
				       json_object_new_string(strerror(-figure->error)));
		return json;
	}
	if (figure->depth)
		json_object_object_add(json, "depth", json_object_new_uint64(figure->depth));
	add_number(json, "median_ns", percentile(figure->ns, figure->count, 50));
	add_number(json, "p99_ns", percentile(figure->ns, figure->count, 99));
	add_number(json, "lowest_ns", figure->lowest);
	add_number(json, "highest_ns", figure->highest);
	return json;
}

static void print_json(const struct bench *bench)
{
	struct json_object *json = json_object_new_object(), *cpus = json_object_new_array(),
		*notes = json_object_new_array(), *figures = json_object_new_array();
	const struct machine *machine = &bench->machine;
	size_t i;

	for (i = 0; i < 2; i++)
		json_object_array_add(cpus, json_object_new_int(machine->cpus[i]));
	for (i = 0; i < machine->count; i++)
		json_object_array_add(notes, json_object_new_string(machine->warnings[i]));
	for (i = 0; i < bench->count; i++)
		json_object_array_add(figures, figure_to_json(&bench->figures[i]));
	json_object_object_add(json, "kernel", json_object_new_string(machine->kernel));
	json_object_object_add(json, "model", json_object_new_string(machine->model));
	json_object_object_add(json, "version", json_object_new_string(ipck_version()));
	json_object_object_add(json, "spin_ns", json_object_new_string(machine->spin_ns));
	json_object_object_add(json, "cpus", cpus);
	json_object_object_add(json, "notes", notes);
	json_object_object_add(json, "figures", figures);
	puts(json_object_to_json_string_ext(json, JSON_C_TO_STRING_PRETTY));
	json_object_put(json);
}

/* The table has said so itself. */
static enum status report_figures(const struct bench *bench)
{
	const struct figure *figure = bench->figures;
	enum status status = STATUS_OK;

	for (; figure < bench->figures + bench->count; figure++) {
		if (!figure->error)
			continue;
		status = STATUS_ERROR;
		if (bench->form == FORM_TABLE)
			continue;
		fprintf(stderr, "ipck: bench: %s by %s: ", figure->scenario->name,
			figure->way->name);
		print_error(stderr, figure);
	}
	return status;
}

/* That the module is there, and what it is asked for. */
static enum status prepare(struct bench *bench)
{
	struct ipck_limits limits;
	int ret = ipck_limits(&limits);

	if (!ret && bench->machine.cpus[0] < 0)
		ret = machine_choose(bench->machine.cpus);
	if (!ret)
		ret = choose_figures(bench);
	if (ret < 0)
		return report_failure("bench", NULL, ret, 0);
	if (bench->count)
		return STATUS_OK;
	fputs("ipck: bench: no such way does such a case\n", stderr);
	return STATUS_USAGE;
}

static enum status measure(struct bench *bench)
{
	enum status status = prepare(bench);
	int ret;

	if (status != STATUS_OK)
		return status;
	machine_begin(&bench->machine);
	ret = run_all(bench);
	if (ret < 0)
		return report_failure("bench", NULL, ret, 0);
	machine_end(&bench->machine);
	if (bench->form == FORM_JSON)
		print_json(bench);
	else if (bench->form == FORM_CSV)
		print_csv(bench);
	else
		print_table(bench);
	return report_figures(bench);
}

static bool parse_cpus(const char *text, int cpus[2])
{
	char *comma = strchr(text, ','), first[16];
	uint32_t numbers[2];

	if (!comma || (size_t)(comma - text) >= sizeof(first))
		return false;
	memcpy(first, text, comma - text);
	first[comma - text] = '\0';
	if (!quantity_u32(first, INT32_MAX, &numbers[0]) ||
	    !quantity_u32(comma + 1, INT32_MAX, &numbers[1]) ||
	    !machine_has_cpu(numbers[0]) || !machine_has_cpu(numbers[1]))
		return false;
	cpus[0] = numbers[0];
	cpus[1] = numbers[1];
	return true;
}

static enum status parse(struct bench *bench, int option)
{
	switch (option) {
	case 'c':
		bench->scenarios = optarg;
		return is_list(optarg, is_scenario) ? STATUS_OK :
			report_value("bench", "case", optarg);
	case 'w':
		bench->ways = optarg;
		return is_list(optarg, is_way) ? STATUS_OK : report_value("bench", "way", optarg);
	case 's':
		return quantity_duration(optarg, &bench->span_ns) && bench->span_ns &&
		       bench->span_ns <= HOURS_MAX * 3600 * 1000000000ULL ? STATUS_OK :
			report_value("bench", "time", optarg);
	case 'r':
		return quantity_number(optarg, RUNS_MAX, &bench->runs) && bench->runs ? STATUS_OK :
			report_value("bench", "number of runs", optarg);
	case 'C':
		return parse_cpus(optarg, bench->machine.cpus) ? STATUS_OK :
			report_value("bench", "pair of CPUs", optarg);
	case 'j':
		bench->form = FORM_JSON;
		return STATUS_OK;
	case 'V':
		bench->form = FORM_CSV;
		return STATUS_OK;
	default:
		return command_misused(&bench_command);
	}
}

static enum status run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "case", required_argument, NULL, 'c' },
		{ "way", required_argument, NULL, 'w' },
		{ "seconds", required_argument, NULL, 's' },
		{ "runs", required_argument, NULL, 'r' },
		{ "cpus", required_argument, NULL, 'C' },
		{ "json", no_argument, NULL, 'j' },
		{ "csv", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 }
	};
	struct bench bench = {
		.span_ns = SECONDS_NS,
		.runs = RUNS,
		.machine.cpus = { -1, -1 },
	};
	enum status status = STATUS_OK;
	size_t i;
	int option;

	while (status == STATUS_OK &&
	       (option = getopt_long(argc, argv, "c:w:s:r:C:j", options, NULL)) != -1)
		status = parse(&bench, option);
	if (status == STATUS_OK && optind != argc)
		status = command_misused(&bench_command);
	if (status == STATUS_OK)
		status = measure(&bench);
	for (i = 0; i < bench.count; i++)
		free(bench.figures[i].ns);
	free(bench.figures);
	return status;
}

const struct command bench_command = {
	.name = "bench",
	.summary = "measure mailboxes, and other ways, on this machine",
	.usage = "[-c CASE,...] [-w WAY,...] [-s SECONDS] [-r RUNS] [-C CPU,CPU]\n"
		 "                  [--json|--csv]",
	.help =
	"  -c, --case CASE     of these only, or what begins so: round-trip-8, -64, -1K and\n"
	"                      -64K (a message to another process and one back),\n"
	"                      one-way-64 and -1K (to one that only receives),\n"
	"                      fan-out-8x64 (to 8 that sleep, until all have it and the\n"
	"                      last one says so), hand-over-1M (shared memory goes to\n"
	"                      another process and comes back)\n"
	"  -w, --way WAY       by these only: ipcmbox, channel, mqueue (of POSIX), pipe,\n"
	"                      seqpacket (AF_UNIX), eventfd (a number)\n"
	"  -s, --seconds T     for so long together: seconds, or a number with ms, s, m;\n"
	"                      6 by default\n"
	"  -r, --runs N        in so many turns; 5 by default\n"
	"  -C, --cpus CPU,CPU  where the one who measures runs, and where the others do;\n"
	"                      by default the first two, of different cores if there are\n"
	"  -j, --json          an object, with figures and notes\n"
	"      --csv           lines for a spreadsheet\n"
	"\n"
	"A figure is the median of all operations (one way: of means of 64 sends); 99 of\n"
	"100 were faster than P99. LOWEST and HIGHEST are the medians of single runs: what\n"
	"is between them is what the machine makes of it. A quarter of each turn is warming\n"
	"up, and a look at the clock is in each operation. Notes say what else to know; one\n"
	"way, for how many messages there is room before a send waits, as that differs.\n"
	"Where a way fails the table says why, and the command fails as well.\n",
	.run = run,
};
