// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Direct communication: processes name each other.
 *
 *	send(P, message)	receive(Q, &message)	receive(ANY, &message)
 *
 * P has two children, Q and R.  Each has an inbox of its own, and nothing else is
 * set up between them.
 */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ipck.h>

static struct ipck *inbox;	/* each process has its own */

static void check(ssize_t ret, const char *what)
{
	if (ret < 0)
		errx(1, "%s: %s", what, ipck_strerror(ret, 0));
}

/* send(P, text) */
static void send_to(pid_t pid, const char *text)
{
	check(ipck_send_to(inbox, IPCK_PROCESS, pid, text, strlen(text) + 1, 0),
	      text);
}

/* receive(Q, text); without a process, receive(ANY, text) */
static void receive_from(pid_t pid, const char *expected)
{
	char text[32];

	if (pid)
		check(ipck_recv_from(inbox, IPCK_PROCESS, pid, text,
				     sizeof(text)), "receive");
	else
		check(ipck_recv_from(inbox, IPCK_ANY, 0, text, sizeof(text)),
		      "receive");
	if (strcmp(text, expected))
		errx(1, "'%s' came instead of '%s'", text, expected);
	printf("  received: %s\n", text);
	fflush(stdout);
}

/* A child says hello to its parent, and ends when it has got an answer. */
static pid_t start(const char *hello, const char *answer)
{
	pid_t pid = fork(), parent;

	if (pid < 0)
		err(1, "fork");
	if (pid)
		return pid;
	parent = getppid();
	/* The inbox it knows of is the parent's, and not for it to read. */
	ipck_close(inbox);
	check(ipck_endpoint(&inbox, 0, NULL), "endpoint");
	send_to(parent, hello);
	receive_from(parent, answer);
	usleep(100000);
	_exit(0);
}

static void await_messages(unsigned int count)
{
	struct ipck_info info;

	do {
		usleep(1000);
		check(ipck_stat(inbox, &info), "stat");
	} while (info.messages < count);
}

int main(void)
{
	pid_t q, r;
	char text[32];
	ssize_t ret;

	check(ipck_endpoint(&inbox, 0, NULL), "endpoint");
	r = start("R is here", "welcome, R");
	await_messages(1);
	q = start("Q is here", "welcome, Q");
	await_messages(2);

	puts("receive(Q) takes what Q has sent, though R was first:");
	receive_from(q, "Q is here");
	puts("receive(ANY) takes what is there:");
	receive_from(0, "R is here");
	puts("send(R) and send(Q):");
	fflush(stdout);
	send_to(r, "welcome, R");
	waitpid(r, NULL, 0);	/* R has printed its answer when Q prints */
	send_to(q, "welcome, Q");

	/* Whoever waits for somebody who dies does not wait for ever. */
	ret = ipck_recv_from(inbox, IPCK_PROCESS, q, text, sizeof(text));
	printf("receive(Q), and Q ends: %s\n", ipck_strerror(ret, 0));
	if (ret != -EPIPE)
		return 1;
	waitpid(q, NULL, 0);
	ret = ipck_send_to(inbox, IPCK_PROCESS, q, "Q?", 3, 0);
	printf("send(Q), who is gone: %s\n", ipck_strerror(ret, 0));
	ipck_close(inbox);
	return ret != -ESRCH;
}
