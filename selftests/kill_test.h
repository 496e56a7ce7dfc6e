/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of kill -9 share: to know that somebody is blocked, to kill him and know when that
 * is complete, to measure from then; and a victim.
 */
#ifndef KILL_TEST_H
#define KILL_TEST_H

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "call_test.h"
#include "stall_test.h"

#define ROOM	24
#define HOUR_NS	(3600 * NSEC_PER_SEC)

/* Shared with children: how many signals were handled. */
static volatile int *handled;

static inline void handler(int sig)
{
	(void)sig;
	__atomic_add_fetch(handled, 1, __ATOMIC_SEQ_CST);
}

static inline void handle(int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	if (!handled)
		handled = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			       -1, 0);
	*handled = 0;
	sigaction(SIGUSR1, &action, NULL);
}

/* Whether @tid is blocked at a mailbox; @blocked tells more. */
static inline bool find_blocked(int dev, __u64 id, pid_t tid, struct ipcmbox_blocked *blocked)
{
	struct ipcmbox_blocked list[ROOM];
	struct ipcmbox_blocked_list arg = {
		.id = id, .buf_ptr = ptr_u64(list), .count = ROOM, .element_size = sizeof(list[0]),
	};
	__u32 i;

	memset(list, POISON, sizeof(list));
	if (ioctl(dev, IPCMBOX_IOC_BLOCKED, &arg))
		return false;
	for (i = 0; i < arg.count; i++) {
		*blocked = list[i];
		if (blocked->tid == tid)
			return true;
	}
	return false;
}

/* True as soon as @tid is blocked in @what with @priority. */
static inline bool await_blocked(int dev, __u64 id, const volatile int *tid, __u32 what,
				 __u32 priority, pid_t *peer)
{
	__u64 start = now_ns(IPCMBOX_CLOCK_MONOTONIC);
	struct ipcmbox_blocked blocked = {};

	do {
		if (*tid && find_blocked(dev, id, *tid, &blocked) && blocked.what == what &&
		    blocked.priority == priority) {
			*peer = blocked.peer_pid;
			return true;
		}
		sched_yield();
	} while (now_ns(IPCMBOX_CLOCK_MONOTONIC) - start < PATIENCE_NS);
	fprintf(stderr, "# task %d is not blocked in %u\n", *tid, what);
	return false;
}

static inline bool call_blocks(int dev, const struct call *call, __u64 id, __u32 what)
{
	pid_t peer;

	return await_blocked(dev, id, &call->tid, what, 0, &peer) && !call->done;
}

/* Returns when the process is no more than a number to wait for. */
static inline __u64 kill_completely(pid_t pid)
{
	kill(pid, SIGKILL);
	while (waitid(P_PID, pid, NULL, WEXITED | WNOWAIT) && errno == EINTR)
		;
	return now_ns(IPCMBOX_CLOCK_MONOTONIC);
}

/* Whether a call that has been joined came back in time, which stops while CPUs stand still. */
static inline bool in_time(const struct call *call, __u64 death)
{
	__u64 stalled;

	if (call->end_ns <= death + BOUND_NS)
		return true;
	stalled = stalled_ns(death, call->end_ns);
	fprintf(stderr, "# back after %llu us, in which CPUs stood still for %llu us\n",
		(unsigned long long)(call->end_ns - death) / 1000,
		(unsigned long long)stalled / 1000);
	return call->end_ns <= death + BOUND_NS + stalled;
}

/*
 * A victim receives from a mailbox, or owns an endpoint; takes some messages and keeps them, and
 * waits for one that never comes.
 */

enum target { MAILBOX, PROCESS, THREAD };

/**
 * struct victim - a process that is going to be killed
 * @target: what it receives from
 * @fd: MAILBOX: the descriptor, the last that receives when the test has closed its own
 * @capacity: of its endpoint
 * @lease_ns: for how long it takes messages; 0: with tokens only
 * @takes: how many
 * @pid: process
 * @tid: its only thread; set when it has its endpoint
 */
struct victim {
	enum target target;
	int fd;
	__u32 capacity;
	__u64 lease_ns;
	int takes;
	pid_t pid;
	volatile int tid;
};

static inline struct victim *victim_alloc(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

static inline int victim_open(const struct victim *victim)
{
	close_all_but(victim->target == MAILBOX ? victim->fd : -1);
	if (victim->target == MAILBOX)
		return victim->fd;
	return endpoint_new(device_open(), .max_messages = victim->capacity,
			    .flags = victim->target == THREAD ? IPCMBOX_OPEN_THREAD : 0);
}

static inline int victim_body(void *arg)
{
	struct victim *victim = arg;
	int fd = victim_open(victim), i;
	struct ipcmbox_recv recv;
	char data[64];

	if (fd < 0)
		return 1;
	victim->tid = syscall(SYS_gettid);
	for (i = 0; i < victim->takes; i++) {
		recv = (struct ipcmbox_recv){
			.buf_ptr = ptr_u64(data), .buf_len = sizeof(data),
			.flags = victim->lease_ns ? IPCMBOX_LEASE : 0,
			.lease_ns = victim->lease_ns,
		};
		if (mailbox_receive(fd, &recv) < 0)
			return 2;
	}
	message_receive(fd, .min_priority = IPCMBOX_PRIORITY_MAX);
	return 3;
}

static inline void victim_start(struct victim *victim)
{
	victim->tid = 0;
	victim->pid = child_start(victim_body, victim);
}

/* It has taken what it should, and waits. */
static inline bool victim_waits(int dev, const struct victim *victim, __u64 id)
{
	pid_t peer;

	return await_blocked(dev, id, &victim->tid, IPCMBOX_BLOCKED_RECV, IPCMBOX_PRIORITY_MAX,
			     &peer);
}

#endif /* KILL_TEST_H */
