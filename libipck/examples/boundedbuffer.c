// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Bounded buffer: a fast producer and a slow consumer share a mailbox.
 *
 * The capacity says how far the producer may run ahead: not at all (rendezvous),
 * some messages (bounded), or as far as it likes (unbounded).
 */
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ipck.h>

#define ITEMS 12

/* How far ahead the producer is, the mailbox itself can tell. */
static void produce(struct ipck *mb)
{
	struct ipck_info info;
	int item, ret;

	printf("  ahead after each send:");
	for (item = 1; item <= ITEMS; item++) {
		ret = ipck_send(mb, &item, sizeof(item), 0);
		if (ret < 0)
			errx(1, "send: %s", ipck_strerror(ret, 0));
		ret = ipck_stat(mb, &info);
		if (ret < 0)
			errx(1, "stat: %s", ipck_strerror(ret, 0));
		printf(" %d", (int)(item - info.received));
		fflush(stdout);
	}
	putchar('\n');
}

static void consume(struct ipck *mb)
{
	ssize_t ret;
	int item, i;

	for (i = 1; i <= ITEMS; i++) {
		usleep(20000);	/* the work, which takes longer than making it */
		ret = ipck_recv(mb, &item, sizeof(item));
		if (ret < 0)
			errx(1, "receive: %s", ipck_strerror(ret, 0));
		if (ret != sizeof(item) || item != i)
			errx(1, "item %d came instead of item %d", item, i);
	}
}

static void run(const char *title, uint32_t capacity)
{
	struct ipck_attr attr = { .capacity = capacity };
	struct ipck *mb;
	int ret, status;
	pid_t consumer;

	printf("%s\n", title);
	fflush(stdout);
	/* No name: the child inherits the handle, nobody else needs it. */
	ret = ipck_open(&mb, NULL, O_RDWR | O_CREAT, &attr);
	if (ret < 0)
		errx(1, "open: %s", ipck_strerror(ret, 0));
	consumer = fork();
	if (consumer < 0)
		err(1, "fork");
	if (!consumer) {
		consume(mb);
		_exit(0);
	}
	produce(mb);
	if (waitpid(consumer, &status, 0) < 0 || status)
		errx(1, "the consumer failed");
	ipck_close(mb);
}

int main(void)
{
	run("rendezvous: each send waits for the consumer", 0);
	run("bounded, 3 messages: the producer waits when they are full", 3);
	run("unbounded: the producer never waits", IPCK_UNBOUNDED);
	return 0;
}
