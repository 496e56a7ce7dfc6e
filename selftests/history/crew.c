// SPDX-License-Identifier: GPL-2.0-only
/*
 * The crew.
 */
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ipcmbox_test.h"

#include "crew.h"

#define BAD_ADDRESS	16

struct payload {
	__u32 serial;
	int number;
};

struct stage *stage;
static pid_t pids[PROCESSES];
/* The round in which this process came to be. */
static int born;

static void wake(int sig)
{
	(void)sig;
}

/* Operations. */

static size_t length_of(const struct operation *op)
{
	return op->is_long ? LENGTH_MAX : sizeof(struct payload);
}

static int perform_send(struct operation *op, int nr)
{
	struct payload payload = { stage->serial, nr };
	char buf[LENGTH_MAX];
	size_t i;

	for (i = 0; i < length_of(op); i += sizeof(payload))
		memcpy(buf + i, &payload, sizeof(payload));
	return message_send(stage->send_fd, .buf_ptr = ptr_u64(buf), .buf_len = length_of(op),
			    .flags = op->flags, .deadline_ns = op->deadline_ns,
			    .priority = op->priority, .completion = op->completion,
			    .events = op->events);
}

/* Who sent it; NONE: nobody in this round, or it is damaged. */
static int sender_of(const char *buf, size_t length)
{
	struct payload first, last;

	memcpy(&first, buf, sizeof(first));
	memcpy(&last, buf + length - sizeof(last), sizeof(last));
	if (first.serial != stage->serial || first.number < 0 || first.number >= OPERATIONS_MAX ||
	    memcmp(&first, &last, sizeof(first)) ||
	    length != length_of(&stage->history.operations[first.number]))
		return NONE;
	return first.number;
}

static int perform_receive(struct operation *op)
{
	int fd = stage->fds[op->port];
	bool is_short = !op->events && !(op->flags & IPCMBOX_LEASE);
	char buf[LENGTH_MAX];
	struct ipcmbox_recv recv = {
		.buf_ptr = op->is_bad ? BAD_ADDRESS : ptr_u64(buf), .buf_len = sizeof(buf),
		.flags = op->flags | (op->kind == PEEK ? IPCMBOX_PEEK : 0),
		.deadline_ns = op->deadline_ns, .lease_ns = op->lease_ns,
		.min_priority = op->priority, .select_events = op->events,
	};
	int ret;

	ret = is_short ? mailbox_recv(fd, &recv) :
			 mailbox_receive(fd, &recv);
	if (ret < 0)
		return ret;
	op->got = sender_of(buf, ret);
	op->seq = recv.seq;
	op->lost = recv.lost;
	op->redelivered = is_short ? -1 : recv.redelivered;
	op->token = is_short ? 0 : recv.token;
	return 0;
}

static int perform_stat(struct operation *op)
{
	struct ipcmbox_info info;
	int ret = mailbox_stat(stage->fds[op->port], &info);

	op->sight = (struct sight){
		.queued = info.messages - info.receiving, .held = info.held,
		.receivers = info.waiting_receivers, .senders = info.waiting_senders,
		.next_seq = info.next_seq,
	};
	return ret;
}

static int perform(struct operation *op, int nr)
{
	switch (op->kind) {
	case SEND:
		return perform_send(op, nr);
	case RECEIVE:
	case PEEK:
		return perform_receive(op);
	case SETTLE:
		return mailbox_settle(stage->fds[op->port], stage->history.operations[op->of].token,
				      op->action, 0);
	case SET:
		return mailbox_change(stage->fds[op->port],
				      .mask = IPCMBOX_SET_MAX_MESSAGES | IPCMBOX_SET_OVERFLOW,
				      .max_messages = op->capacity, .overflow = op->overflow);
	case STAT:
		return perform_stat(op);
	case EXPIRE:
		break;
	}
	return -EINVAL;
}

static void pause_for(__u32 pause)
{
	volatile __u32 i;

	if (pause == 1)
		sched_yield();
	else
		for (i = 0; i < pause; i++)
			;
}

static bool has_nothing_to_settle(const struct operation *op)
{
	const struct operation *receive;

	if (op->kind != SETTLE)
		return false;
	receive = &stage->history.operations[op->of];
	return receive->state != ENDED || receive->result;
}

void crew_perform(int nr)
{
	struct operation *op = &stage->history.operations[nr];
	int result;

	if (has_nothing_to_settle(op))
		return;
	pause_for(op->pause);
	op->invoked = now_ns(IPCMBOX_CLOCK_MONOTONIC);
	if (op->flags & IPCMBOX_DEADLINE)
		op->deadline_ns += op->invoked;
	__atomic_store_n(&op->state, BEGUN, __ATOMIC_SEQ_CST);
	result = perform(op, nr);
	op->returned = now_ns(IPCMBOX_CLOCK_MONOTONIC);
	op->result = result;
	__atomic_store_n(&op->state, ENDED, __ATOMIC_SEQ_CST);
}

/* Workers. */

static void *work(void *arg)
{
	struct duty *duty = arg;
	int round = born, i;

	duty->tid = syscall(SYS_gettid);
	for (;;) {
		while (stage->round == round)
			syscall(SYS_futex, &stage->round, FUTEX_WAIT, round, NULL, NULL, 0);
		round = stage->round;
		for (i = duty->first; i < duty->first + duty->count; i++)
			crew_perform(i);
		__atomic_store_n(&duty->done, round, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

static int be_process(void *arg)
{
	struct duty *duties = arg;
	pthread_t thread;
	int i;

	for (i = 1; i < THREADS; i++)
		if (pthread_create(&thread, NULL, work, &duties[i]))
			return 1;
	work(&duties[0]);
	return 0;
}

static bool start_process(int process)
{
	struct duty *duties = &stage->duties[process * THREADS];
	int i;

	born = stage->round;
	for (i = 0; i < THREADS; i++)
		duties[i].tid = 0;
	pids[process] = child_start(be_process, duties);
	for (i = 0; i < THREADS; i++)
		if (!await_value(&duties[i].tid, 1))
			return false;
	return true;
}

bool crew_replace(void)
{
	int process;

	for (process = 0; process < PROCESSES; process++)
		if (!pids[process] && !start_process(process))
			return false;
	return true;
}

bool crew_start(int send_fd, const int *fds, int nr)
{
	struct sigaction action = { .sa_handler = wake };

	stage = mmap(NULL, sizeof(*stage), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		     -1, 0);
	if (stage == MAP_FAILED)
		return false;
	stage->send_fd = send_fd;
	memcpy(stage->fds, fds, nr * sizeof(*fds));
	stage->history.nr_members = nr - 1;
	stage->serial = getpid() << 16;
	sigaction(SIGUSR1, &action, NULL);
	return crew_replace();
}

void crew_go(void)
{
	stage->serial++;
	__atomic_add_fetch(&stage->round, 1, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &stage->round, FUTEX_WAKE, WORKERS, NULL, NULL, 0);
}

bool crew_is_done(int worker)
{
	return __atomic_load_n(&stage->duties[worker].done, __ATOMIC_SEQ_CST) == stage->round;
}

int crew_operation(int worker)
{
	const struct duty *duty = &stage->duties[worker];
	int i;

	for (i = duty->first; i < duty->first + duty->count; i++)
		if (__atomic_load_n(&stage->history.operations[i].state, __ATOMIC_SEQ_CST) == BEGUN)
			return i;
	return NONE;
}

void crew_signal(int worker)
{
	if (pids[worker / THREADS])
		syscall(SYS_tgkill, pids[worker / THREADS], stage->duties[worker].tid, SIGUSR1);
}

/* All that it did has happened before this returns. */
void crew_kill(int process)
{
	struct operation *op;
	int worker, nr;
	__u64 end;

	if (!pids[process])
		return;
	kill(pids[process], SIGKILL);
	child_wait(pids[process]);
	pids[process] = 0;
	end = now_ns(IPCMBOX_CLOCK_MONOTONIC);
	for (worker = process * THREADS; worker < (process + 1) * THREADS; worker++) {
		nr = crew_operation(worker);
		if (nr != NONE) {
			op = &stage->history.operations[nr];
			op->state = KILLED;
			op->returned = end;
		}
		stage->duties[worker].done = stage->round;
	}
}

void crew_end(void)
{
	int process;

	for (process = 0; process < PROCESSES; process++)
		crew_kill(process);
	munmap(stage, sizeof(*stage));
}
