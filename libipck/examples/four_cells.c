// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The four cells: blocking and non-blocking send, times blocking and non-blocking
 * receive, for each kind of capacity.  Each of them really happens here, between
 * two processes, and is compared with what should happen.
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ipck.h>

enum side { SENDER, RECEIVER };

/* What happens to them. */
static const char *const names[128] = {
	['d'] = "done", ['D'] = "waits, done", ['w'] = "waits", ['e'] = "EAGAIN", ['?'] = "?",
};

static const struct row {
	const char *title;
	uint32_t capacity, queued;	/* messages that are there before */
	enum side first;
	const char *cells[4];		/* both may wait, sender, receiver, none */
} rows[] = {
	{ "0, sender first", 0, 0, SENDER, { "Dd", "Dd", "ew", "ee" } },
	{ "0, receiver first", 0, 0, RECEIVER, { "dD", "we", "dD", "ee" } },
	{ "2, sender first", 2, 0, SENDER, { "dd", "dd", "dd", "dd" } },
	{ "2, receiver first", 2, 0, RECEIVER, { "dD", "de", "dD", "de" } },
	{ "2 and full", 2, 2, SENDER, { "Dd", "Dd", "ed", "ed" } },
	{ "unbounded, sender first", IPCK_UNBOUNDED, 0, SENDER, { "dd", "dd", "dd", "dd" } },
	{ "unbounded, receiver first", IPCK_UNBOUNDED, 0, RECEIVER, { "dD", "de", "dD", "de" } },
};

/* A process that sends or receives once; its exit status tells what happened. */
static pid_t start(struct ipck *mb, enum side who, bool may_wait)
{
	enum ipck_wait wait = may_wait ? IPCK_WAIT_FOREVER : IPCK_WAIT_NEVER;
	const struct ipck_send_opt send = { .wait = wait };
	const struct ipck_recv_opt recv = { .wait = wait };
	pid_t pid = fork();
	int ret;

	if (pid)
		return pid;
	ret = who == SENDER ? ipck_send_opt(mb, NULL, 0, &send, NULL) :
			      (int)ipck_recv_opt(mb, NULL, 0, &recv, NULL);
	_exit(ret >= 0 ? 'd' : ret == -EAGAIN ? 'e' : '?');
}

/* Wait until each has ended, or is seen waiting by the mailbox itself. */
static void settle(struct ipck *mb, pid_t pids[2], char results[2])
{
	struct ipck_info info;
	unsigned int alive;
	int side, status;

	do {
		usleep(1000);
		for (alive = side = 0; side < 2; side++) {
			if (pids[side] && waitpid(pids[side], &status, WNOHANG)) {
				status = WEXITSTATUS(status);
				results[side] = results[side] == 'w' && status == 'd' ?
						'D' : status;
				pids[side] = 0;
			}
			alive += pids[side] != 0;
		}
		ipck_stat(mb, &info);
	} while (alive != info.waiting_senders + info.waiting_receivers);
	for (side = 0; side < 2; side++)
		if (pids[side])
			results[side] = 'w';
}

static bool run(const struct row *row, int cell)
{
	const struct ipck_attr attr = { .capacity = row->capacity };
	const bool waits[2] = { !(cell & 2), !(cell & 1) };
	pid_t pids[2] = { 0 };
	char results[3] = "";
	struct ipck *mb;
	uint32_t i;

	if (ipck_open(&mb, NULL, O_RDWR | O_CREAT, &attr) < 0)
		errx(1, "there is no mailbox to be had");
	for (i = 0; i < row->queued; i++)
		ipck_send(mb, NULL, 0, 0);
	for (i = 0; i < 2; i++) {
		enum side side = (row->first + i) % 2;

		pids[side] = start(mb, side, waits[side]);
		settle(mb, pids, results);
	}
	for (i = 0; i < 2; i++)	/* whoever waits does so for ever */
		if (pids[i] > 0 && !kill(pids[i], SIGKILL))
			waitpid(pids[i], NULL, 0);
	ipck_close(mb);
	printf("%-26s %-9s %-9s %-12s %-12s %s\n", row->title, waits[SENDER] ? "yes" : "no",
	       waits[RECEIVER] ? "yes" : "no", names[(int)results[SENDER]],
	       names[(int)results[RECEIVER]], strcmp(results, row->cells[cell]) ? "WRONG" : "");
	return !strcmp(results, row->cells[cell]);
}

int main(void)
{
	bool right = true;

	puts("capacity                   may they wait?      sender       receiver");
	alarm(60);	/* a module that loses a wake-up must not hang the show */
	for (size_t i = 0; i < 4 * sizeof(rows) / sizeof(rows[0]); i++)
		right &= run(&rows[i / 4], i % 4);
	return !right;
}
