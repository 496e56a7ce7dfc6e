/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The crew: processes of a few threads each, which carry out what was planned for a round, note
 * when each operation began and returned, and what came of it; and which can be killed.
 */
#ifndef CREW_H
#define CREW_H

#include "operation.h"

#define PROCESSES	3
#define THREADS		2
#define WORKERS		(PROCESSES * THREADS)
#define MASTER		WORKERS		/* who plans is a worker, too */

/* Long enough to be lent by a sender that waits, see the manual of completions. */
#define LENGTH_MAX	12000

/**
 * struct duty - what a worker does in a round
 * @first: of its operations
 * @count: how many they are
 * @done: the last round it is through with
 * @tid: the thread
 */
struct duty {
	int first;
	int count;
	volatile int done;
	volatile int tid;
};

/**
 * struct stage - what the crew shares
 * @round: number of the round that has begun last
 * @serial: of the round, in the messages: what comes of another one is noticed
 * @send_fd: descriptor of the mailbox
 * @fds: of the mailbox and of its members, to receive
 * @duties: by worker
 * @history: of the round
 */
struct stage {
	volatile int round;
	__u32 serial;
	int send_fd;
	int fds[PORTS_MAX];
	struct duty duties[WORKERS];
	struct history history;
};

extern struct stage *stage;

bool crew_start(__u32 discipline, int send_fd, const int *fds, int nr_parts);
void crew_end(void);
/* The round begins. */
void crew_go(void);
/* Is the worker through with the round? */
bool crew_is_done(int worker);
/* What it is doing: the next after that, or the first after NONE; NONE if that is nothing. */
int crew_operation(int worker, int after);
void crew_signal(int worker);
void crew_kill(int process);
/* Who was killed is replaced. */
bool crew_replace(void);

#endif /* CREW_H */
