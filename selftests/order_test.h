/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What tests of everything in every order share: actors, processes that do one operation after the
 * other as the test tells them by pipes, across exec; and the sequences of operations.
 */
#ifndef ORDER_TEST_H
#define ORDER_TEST_H

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ipcmbox_test.h"

#define LENGTH		3	/* operations in a sequence, at most */
#define ORDER_ENV	"TEST_ORDER_PIPES"

/* In the manner of errors: nobody is there any more to do it, it has been done already. */
#define DEAD		(-ESRCH)
#define DONE		(-EALREADY)

/* Of an actor, for the test; not close-on-exec. */
struct order_pipes {
	int orders[2], results[2];
};

/**
 * struct order_actor - what an actor itself knows
 * @orders: to be read
 * @results: to be written
 * @role: which of several it is
 */
struct order_actor {
	int orders, results, role;
};

static inline bool order_pipes_init(struct order_pipes *pipes)
{
	return !pipe(pipes->orders) && !pipe(pipes->results);
}

/* What the actor answers; -EPIPE: nothing. */
static inline int order_ask(const struct order_pipes *pipes, int op)
{
	struct pollfd pollfd = { .fd = pipes->results[0], .events = POLLIN };
	int ret;

	if (write(pipes->orders[1], &op, sizeof(op)) != sizeof(op) ||
	    poll(&pollfd, 1, PATIENCE_NS / NSEC_PER_MSEC) != 1 ||
	    read(pipes->results[0], &ret, sizeof(ret)) != sizeof(ret))
		return -EPIPE;
	return ret;
}

static inline bool order_answer(const struct order_actor *actor, int result)
{
	return write(actor->results, &result, sizeof(result)) == sizeof(result);
}

/* The life of an actor. */
static inline __attribute__((noreturn))
void order_serve(const struct order_actor *actor, int (*act)(int op))
{
	int op;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGCHLD, SIG_IGN);
	while (read(actor->orders, &op, sizeof(op)) == sizeof(op))
		if (!order_answer(actor, act(op)))
			break;
	_exit(1);
}

/* Becomes this program once more, which answers; or returns an error. */
static inline int order_exec(const struct order_actor *actor)
{
	char text[48];

	snprintf(text, sizeof(text), "%d %d %d", actor->orders, actor->results, actor->role);
	setenv(ORDER_ENV, text, 1);
	execl("/proc/self/exe", "order", NULL);
	return -errno;
}

/* For a constructor: whether this is an actor that has executed the program; it has answered. */
static inline bool order_executed(struct order_actor *actor)
{
	const char *text = getenv(ORDER_ENV);

	if (!text)
		return false;
	if (sscanf(text, "%d %d %d", &actor->orders, &actor->results, &actor->role) != 3 ||
	    !order_answer(actor, 0))
		_exit(1);
	return true;
}

/* The child of an actor, which has what its parent has; it does nothing. */
static inline int order_fork(void)
{
	pid_t pid = fork();

	while (!pid)
		pause();
	return pid < 0 ? -errno : pid;
}

/* Kills an actor, or the child of an actor, alive or not: what it had is gone then. */
static inline int order_end_process(pid_t pid)
{
	struct pollfd pollfd = { .fd = syscall(SYS_pidfd_open, pid, 0), .events = POLLIN };
	bool ended;

	kill(pid, SIGKILL);
	ended = poll(&pollfd, 1, PATIENCE_NS / NSEC_PER_MSEC) == 1;
	close(pollfd.fd);
	/* The kernel reaps it if its parent lives. */
	if (waitpid(pid, NULL, 0) != pid && errno != ECHILD)
		return -errno;
	return ended ? 0 : -ETIME;
}

/* What a thing that may be there answers when it is taken away. */
static inline int order_take_away(bool *what, int otherwise)
{
	int ret = *what ? 0 : otherwise;

	*what = false;
	return ret;
}

/* Decodes the sequence of a number; there are @count operations. */
static inline void order_sequence(int number, int count, int *ops, int length)
{
	while (length--) {
		ops[length] = number % count;
		number /= count;
	}
}

/* A kernel with lockdep is a slow one, where not all sequences can be run. */
static inline bool order_is_slow(void)
{
	return !access("/proc/lockdep", F_OK);
}

#endif /* ORDER_TEST_H */
