// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Window server: a server owns windows, and its clients get the events of theirs.
 *
 * Each window has an event bit.  A client joins with the bit of its window; what
 * has no bit goes to all of them.  One client is killed: the server gets to know
 * it as an event, and the others notice nothing.
 */
#include <err.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ipck.h>

#define WINDOWS	3
#define VICTIM	1
#define BIT(window) (1ULL << (window))

static void check(ssize_t ret, const char *what)
{
	if (ret < 0)
		errx(1, "%s: %s", what, ipck_strerror(ret, 0));
}

/* To the client of a window. */
static void click(struct ipck *windows, int window)
{
	const struct ipck_send_opt opt = { .events = BIT(window) };

	check(ipck_send_opt(windows, "click", 6, &opt, NULL), "send");
}

/* Handles its events until it is told to quit. Return: how many there were. */
static int be_client(struct ipck *windows, int window)
{
	const struct ipck_join_attr attr = { .mask = BIT(window) };
	struct ipck *events;
	int count = 0;
	char text[16];

	check(ipck_join(&events, windows, &attr), "join");
	for (;;) {
		check(ipck_recv(events, text, sizeof(text)), "receive");
		if (!strcmp(text, "quit"))
			return count;
		count++;
	}
}

static pid_t start(struct ipck *windows, int window)
{
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (!pid)
		_exit(be_client(windows, window));
	return pid;
}

/* What happens to the clients is an event too; its sender is the client. */
static void expect(struct ipck *events, uint64_t what, const char *text,
		   pid_t pid)
{
	struct ipck_msg msg;

	check(ipck_recv_opt(events, NULL, 0, NULL, &msg), "receive");
	if (msg.events != what || msg.pid != pid)
		errx(1, "this is not that process %d has %s", pid, text);
	printf("server: process %d has %s\n", pid, text);
	fflush(stdout);
}

int main(void)
{
	const struct ipck_attr attr = {
		.discipline = IPCK_EVENT, .capacity = 16,
	};
	const struct ipck_join_attr watch = {
		.mask = IPCK_EVENT_JOINED | IPCK_EVENT_DIED,
	};
	const int clicks[WINDOWS] = { 3, 2, 4 };
	struct ipck *windows, *clients;
	int window, i, status, right = 1;
	pid_t pids[WINDOWS];

	check(ipck_open(&windows, NULL, O_RDWR | O_CREAT, &attr), "open");
	check(ipck_join(&clients, windows, &watch), "join");
	for (window = 0; window < WINDOWS; window++) {
		pids[window] = start(windows, window);
		expect(clients, IPCK_EVENT_JOINED, "joined", pids[window]);
	}

	click(windows, VICTIM);
	kill(pids[VICTIM], SIGKILL);
	expect(clients, IPCK_EVENT_DIED, "died", pids[VICTIM]);
	for (window = 0; window < WINDOWS; window++)
		for (i = 0; i < clicks[window]; i++)
			click(windows, window);
	check(ipck_send(windows, "quit", 5, 0), "send to all");

	for (window = 0; window < WINDOWS; window++) {
		waitpid(pids[window], &status, 0);
		if (WIFSIGNALED(status)) {
			printf("window %d: killed\n", window);
			right &= window == VICTIM;
			continue;
		}
		printf("window %d: %d clicks\n", window, WEXITSTATUS(status));
		right &= WEXITSTATUS(status) == clicks[window];
	}
	return !right;
}
