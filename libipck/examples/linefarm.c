// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Line farm: a producer sends the lines of a file, with mixed priorities, to four workers, which
 * turn them (rot13) and send them on to a collector.  That turns them back and proves that nothing
 * was lost, doubled or damaged, and each worker that those of a priority came in order.
 */
#include <ctype.h>
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <ipck.h>

#define WORKERS		4
#define PRIORITIES	5	/* lines have 1 to 4; 0 is the end, which comes last */

static struct line {
	uint32_t number;
	char text[65500];
} line;	/* on its way; each process has its own */

static char **texts;	/* of the file, known to all processes */
static uint32_t count;	/* also the number that means the end */
static struct ipck *lines, *results;

static void check(ssize_t ret, const char *what)
{
	if (ret < 0)
		errx(1, "%s: %s", what, ipck_strerror(ret, 0));
}

static void send_line(struct ipck *mb, unsigned int priority)
{
	size_t len = offsetof(struct line, text) + strlen(line.text) + 1;

	check(ipck_send(mb, &line, len, priority), "send");
}

static void produce(void)
{
	for (; line.number < count; line.number++) {
		strcpy(line.text, texts[line.number]);
		send_line(lines, 1 + line.number * 7 % (PRIORITIES - 1));
	}
	for (int i = 0; i < WORKERS; i++)
		send_line(lines, 0);
}

static void turn(char *text)
{
	for (; *text; text++)
		if (isalpha((unsigned char)*text))
			*text += tolower((unsigned char)*text) < 'n' ? 13 : -13;
}

static void work(void)
{
	uint64_t last[PRIORITIES] = { 0 };
	struct ipck_msg msg;
	int done;

	for (done = -1; line.number != count; done++) {
		check(ipck_recv_opt(lines, &line, sizeof(line), NULL, &msg), "receive");
		if (msg.seq <= last[msg.priority])
			errx(1, "line %u is late", line.number);
		last[msg.priority] = msg.seq;
		turn(line.text);
		send_line(results, 0);
	}
	printf("a worker did %d lines\n", done);
}

static void collect(void)
{
	char *seen = calloc(count + 1, 1);
	uint32_t ends = 0;

	while (ends < WORKERS) {
		check(ipck_recv(results, &line, sizeof(line)), "receive");
		turn(line.text);
		if (line.number == count)
			ends++;
		else if (line.number > count || seen[line.number]++)
			errx(1, "line %u came twice", line.number);
		else if (strcmp(line.text, texts[line.number]))
			errx(1, "line %u is damaged", line.number);
	}
	if (memchr(seen, 0, count))
		errx(1, "line %zu is missing", strlen(seen));
	printf("%u lines, all there and as they were\n", count);
}

int main(int argc, char **argv)
{
	void (*const bodies[])(void) = { work, work, work, work, collect, produce };
	FILE *file = argc > 1 ? fopen(argv[1], "r") : NULL;
	int status;

	if (!file)
		errx(2, "usage: linefarm FILE");
	for (; fgets(line.text, sizeof(line.text), file); texts[count++] = strdup(line.text))
		texts = realloc(texts, (count + 1) * sizeof(*texts));
	check(ipck_open(&lines, NULL, O_RDWR | O_CREAT, NULL), "open");
	check(ipck_open(&results, NULL, O_RDWR | O_CREAT, NULL), "open");
	for (int i = 0; i < WORKERS + 2; i++)
		if (!fork()) {
			prctl(PR_SET_PDEATHSIG, SIGKILL); /* nobody waits for who failed */
			bodies[i]();
			exit(0);
		}
	while (wait(&status) > 0)
		if (status)
			errx(1, "a process has failed");
	return 0;
}
