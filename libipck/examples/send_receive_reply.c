// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Send, receive, reply: a client is blocked until its server has replied.
 *
 * The client calls a front server, which calls a back server.  How long the client
 * waits limits what is done for it, and servers that would wait for each other are
 * told so.
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <ipck.h>

#define MS		1000000ULL
#define SLOW		-1	/* takes the back server longer than the client waits */
#define CIRCULAR	-2	/* the back server calls the front server for this */

static struct ipck *front, *back;	/* for everybody to call */

static void check(ssize_t ret, const char *what)
{
	if (ret < 0)
		errx(1, "%s: %s", what, ipck_strerror(ret, 0));
}

/* Return: 0, or why there is no result: the call failed, or the reply says so. */
static int call(struct ipck *server, int number, int *result, uint64_t deadline_ns)
{
	const struct ipck_call_opt opt = {
		.wait = IPCK_WAIT_UNTIL, .wait_ns = deadline_ns,
	};
	struct ipck_answer answer = { 0 };
	ssize_t ret;

	ret = ipck_call_opt(server, &number, sizeof(number), result, sizeof(*result), &opt,
			    &answer);
	if (ret < 0 && answer.cookie)
		ipck_call_cancel(server, answer.cookie);
	return ret < 0 ? ret : answer.status;
}

typedef int work(int number, const struct ipck_msg *msg, int *result);

/* The deadline is the client's, but for the time it takes to tell it. */
static int do_front(int number, const struct ipck_msg *msg, int *result)
{
	return call(back, number, result, ipck_deadline(msg, UINT64_MAX) - 200 * MS);
}

static int do_back(int number, const struct ipck_msg *msg, int *result)
{
	if (number == CIRCULAR)
		return call(front, number, result, ipck_deadline(msg, UINT64_MAX));
	if (number == SLOW)
		usleep(1000 * 1000);
	*result = number * number;
	return 0;
}

/* A server replies and receives the next request in one system call. */
static pid_t start(struct ipck *mb, work *do_work)
{
	struct ipck_reply_opt opt = { 0 };
	struct ipck_msg msg = { 0 };
	int number, result = 0;
	struct ipck_info info;
	pid_t pid = fork();
	struct ipck *in;

	while (pid) {	/* until it is there */
		check(ipck_stat(mb, &info), "stat");
		if (info.readers)
			return pid;
		usleep(1000);
	}
	check(ipck_open_id(&in, ipck_id(mb), O_RDONLY), "open");
	for (;;) {
		check(ipck_reply_recv_opt(in, &result, sizeof(result), &opt, &number,
					  sizeof(number), NULL, &msg), "receive");
		opt.status = do_work(number, &msg, &result);
	}
}

static int ask(int number, uint64_t within, int expected)
{
	int result, ret = call(front, number, &result, ipck_deadline(NULL, within));

	if (ret < 0)
		printf("square of %d: %s\n", number, ipck_strerror(ret, 0));
	else
		printf("square of %d: %d\n", number, result);
	return (ret < 0 ? ret : result) == expected;
}

int main(void)
{
	pid_t pids[2];
	int right;

	check(ipck_open(&front, NULL, O_WRONLY | O_CREAT, NULL), "open");
	check(ipck_open(&back, NULL, O_WRONLY | O_CREAT, NULL), "open");
	pids[0] = start(front, do_front);
	pids[1] = start(back, do_back);
	right = ask(12, 10000 * MS, 144);
	right &= ask(CIRCULAR, 10000 * MS, -EDEADLK);
	right &= ask(SLOW, 400 * MS, -ETIMEDOUT);
	kill(pids[0], SIGKILL);
	kill(pids[1], SIGKILL);
	return !right;
}
