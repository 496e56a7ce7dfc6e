// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Line farm: a producer sends the lines of a file, with mixed priorities, to four
 * workers, which turn them (rot13) and send them on to a collector.  The collector
 * restores the order and proves that nothing was lost, doubled or damaged, and
 * that each worker saw the lines of each priority in the order of sending.
 */
#include <ctype.h>
#include <err.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ipck.h>

#define WORKERS		4
#define PRIORITIES	5	/* lines have 1 to 4; 0 is the end, which comes last */
#define HEAD		offsetof(struct line, text)

/* A line on its way to a worker, and from there to the collector. */
struct line {
	uint64_t number, seq;	/* which line; which message it was on its way to the worker */
	uint32_t priority, worker, is_end;
	char text[65500];
};

static struct line line;	/* each process has its own */
static struct ipck *lines, *results;

static uint64_t add_up(uint64_t sum, const char *text)
{
	while (*text)
		sum = (sum + (unsigned char)*text++ + 1) * 0x100000001b3;
	return sum;
}

static char *turn(char *text)
{
	for (char *c = text; *c; c++)
		if (isalpha((unsigned char)*c))
			*c += tolower((unsigned char)*c) < 'n' ? 13 : -13;
	return text;
}

static void check(ssize_t ret, const char *what)
{
	if (ret < 0)
		errx(1, "%s: %s", what, ipck_strerror(ret, 0));
}

static void produce(FILE *file, uint64_t count)
{
	for (; line.number < count; line.number++) {
		if (!fgets(line.text, sizeof(line.text), file))
			errx(1, "the file has changed");
		check(ipck_send(lines, &line, HEAD + strlen(line.text) + 1,
				1 + line.number * 7 % (PRIORITIES - 1)), "send a line");
	}
	line.text[0] = '\0';
	for (line.is_end = 1; line.worker < WORKERS; line.worker++)
		check(ipck_send(lines, &line, HEAD + 1, 0), "send the end");
}

static void work(uint32_t worker)
{
	struct ipck_msg msg;

	while (!line.is_end) {
		check(ipck_recv_opt(lines, &line, sizeof(line), NULL, &msg), "receive a line");
		turn(line.text);
		line.seq = msg.seq;
		line.priority = msg.priority;
		line.worker = worker;
		check(ipck_send(results, &line, msg.length, 0), "send a result");
	}
}

static void collect(uint64_t count, uint64_t sum)
{
	uint64_t last[WORKERS][PRIORITIES] = { 0 }, shares[WORKERS] = { 0 }, done = 0, found = 0;
	char **texts = calloc(count + 1, sizeof(*texts));

	for (int ends = 0; ends < WORKERS; ends += line.is_end) {
		check(ipck_recv(results, &line, sizeof(line)), "receive a result");
		if (line.seq <= last[line.worker][line.priority])
			errx(1, "worker %u: line %" PRIu64 " (message %" PRIu64
			     ", priority %u) is late", line.worker, line.number, line.seq,
			     line.priority);
		last[line.worker][line.priority] = line.seq;
		if (line.is_end)
			continue;
		if (line.number >= count || texts[line.number])
			errx(1, "line %" PRIu64 " came twice", line.number);
		texts[line.number] = strdup(line.text);
		shares[line.worker]++;
		done++;
		if (done * 10 / count > (done - 1) * 10 / count)
			printf("%3" PRIu64 "%%: %" PRIu64 " lines\n", done * 100 / count, done);
	}
	for (uint64_t i = 0; i < count; i++) {
		if (!texts[i])
			errx(1, "line %" PRIu64 " is missing", i);
		found = add_up(found, turn(texts[i]));
	}
	if (found != sum)
		errx(1, "the checksum is wrong");
	printf("all there, in order again, checksum %016" PRIx64 "\n", sum);
	for (int i = 0; i < WORKERS; i++)
		printf("worker %d did %" PRIu64 " lines\n", i, shares[i]);
}

/* The module has counted as well. */
static void account(const char *what, struct ipck *mb, uint64_t expected)
{
	struct ipck_info info;

	check(ipck_stat(mb, &info), what);
	printf("%s: sent %" PRIu64 " = received %" PRIu64 " + dropped %" PRIu64 " + queued %"
	       PRIu64 "; at most %" PRIu64 " queued\n", what, info.sent, info.received,
	       info.dropped, info.messages, info.peak_messages);
	if (info.sent != expected || info.received != expected || info.dropped || info.messages)
		errx(1, "%s: expected %" PRIu64 " sent and received", what, expected);
}

static void start(FILE *file, int who, uint64_t count, uint64_t sum)
{
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (pid)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);	/* nobody waits for who failed */
	if (who < WORKERS)
		work(who);
	else if (who == WORKERS)
		collect(count, sum);
	else
		produce(file, count);
	fflush(stdout);
	_exit(0);	/* exit() would move the file the producer reads */
}

int main(int argc, char **argv)
{
	const int oflag = O_RDWR | O_CREAT | O_EXCL | IPCK_O_TRANSIENT;
	uint64_t limit = argc > 2 ? strtoull(argv[2], NULL, 10) : UINT64_MAX;
	uint64_t count = 0, sum = 0;
	int i, status;
	FILE *file;

	if (argc < 2)
		errx(2, "usage: linefarm FILE [LINES]");
	file = fopen(argv[1], "r");
	if (!file)
		err(1, "%s", argv[1]);
	while (count < limit && fgets(line.text, sizeof(line.text), file)) {
		sum = add_up(sum, line.text);
		count++;
	}
	rewind(file);
	check(ipck_open(&lines, "linefarm.lines", oflag, NULL), "open");
	check(ipck_open(&results, "linefarm.results", oflag, NULL), "open");
	setlinebuf(stdout);
	for (i = 0; i < WORKERS + 2; i++)
		start(file, i, count, sum);
	while (wait(&status) > 0)
		if (status)
			errx(1, "a process has failed");
	account("lines", lines, count + WORKERS);
	account("results", results, count + WORKERS);
	return 0;
}
