// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Indirect communication: processes share a mailbox and know nothing but its name.
 *
 * Two senders put numbers into it, two receivers take them out.  Each number goes
 * to exactly one of the receivers, whichever has time.
 */
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ipck.h>

#define NAME		"indirect"
#define SIDES		2	/* senders, and as many receivers */
#define NUMBERS		1000	/* of each sender */
#define END		0	/* the number that ends a receiver */

static struct ipck *open_mailbox(int oflag)
{
	struct ipck *mb;
	int ret = ipck_open(&mb, NAME, oflag, NULL);

	if (ret < 0)
		errx(1, "open: %s", ipck_strerror(ret, 0));
	return mb;
}

static void send_number(struct ipck *mb, uint32_t number, unsigned int priority)
{
	int ret = ipck_send(mb, &number, sizeof(number), priority);

	if (ret < 0)
		errx(1, "send: %s", ipck_strerror(ret, 0));
}

static uint32_t receive_number(struct ipck *mb)
{
	uint32_t number;
	ssize_t ret = ipck_recv(mb, &number, sizeof(number));

	if (ret < 0)
		errx(1, "receive: %s", ipck_strerror(ret, 0));
	return number;
}

/* Numbers are more urgent than the end, which therefore comes last. */
static void be_sender(uint32_t which)
{
	struct ipck *mb = open_mailbox(O_WRONLY);
	uint32_t i;

	for (i = 0; i < NUMBERS; i++)
		send_number(mb, 1 + which * NUMBERS + i, 1);
}

static void be_receiver(uint32_t which, uint64_t *sum, uint32_t *count)
{
	struct ipck *mb = open_mailbox(O_RDONLY);
	uint32_t number;

	while ((number = receive_number(mb)) != END) {
		*sum += number;
		++*count;
	}
	printf("receiver %u got %u numbers\n", which, *count);
}

/* What a receiver found goes to the parent in a mailbox without a name. */
static pid_t start(struct ipck *results, uint32_t which, int is_sender)
{
	pid_t pid = fork();
	uint32_t count = 0;
	uint64_t sum = 0;

	if (pid < 0)
		err(1, "fork");
	if (pid)
		return pid;
	if (is_sender)
		be_sender(which);
	else
		be_receiver(which, &sum, &count);
	fflush(stdout);
	_exit(!is_sender && ipck_send(results, &sum, sizeof(sum), 0) < 0);
}

int main(void)
{
	const uint64_t last = SIDES * NUMBERS, expected = last * (last + 1) / 2;
	struct ipck *mb, *results;
	uint64_t sum = 0, part;
	pid_t pids[2 * SIDES];
	int i, status;

	mb = open_mailbox(O_RDWR | O_CREAT | O_EXCL | IPCK_O_TRANSIENT);
	if (ipck_open(&results, NULL, O_RDWR | O_CREAT, NULL) < 0)
		errx(1, "no second mailbox");
	for (i = 0; i < 2 * SIDES; i++)
		pids[i] = start(results, i / 2, i % 2);
	for (i = 1; i < 2 * SIDES; i += 2)
		if (waitpid(pids[i], &status, 0) < 0 || status)
			errx(1, "a sender failed");
	for (i = 0; i < SIDES; i++)
		send_number(mb, END, 0);
	for (i = 0; i < SIDES; i++) {
		if (ipck_recv(results, &part, sizeof(part)) != sizeof(part))
			errx(1, "no result");
		sum += part;
	}
	while (wait(&status) > 0)
		if (status)
			errx(1, "a receiver failed");
	printf("the sum is %llu, as it should be\n", (unsigned long long)sum);
	return sum != expected;
}
