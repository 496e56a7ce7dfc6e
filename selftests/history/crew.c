// SPDX-License-Identifier: GPL-2.0-only
/*
 * The crew.
 */
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ipcmbox_test.h"

#include "crew.h"
#include "perform.h"

struct stage *stage;
static pid_t pids[PROCESSES];
/* The round in which this process came to be. */
static int born;

static void wake(int sig)
{
	(void)sig;
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
		for (i = duty->first; i < duty->first + duty->count;
		     i += stage->history.operations[i].vector)
			perform(i);
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

bool crew_start(__u32 discipline, int send_fd, const int *fds, int nr_parts)
{
	struct sigaction action = { .sa_handler = wake };

	stage = mmap(NULL, sizeof(*stage), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		     -1, 0);
	if (stage == MAP_FAILED)
		return false;
	stage->send_fd = send_fd;
	memcpy(stage->fds, fds, sizeof(stage->fds));
	stage->history.discipline = discipline;
	stage->history.nr_parts = nr_parts;
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

int crew_operation(int worker, int after)
{
	const struct duty *duty = &stage->duties[worker];
	int i;

	for (i = after == NONE ? duty->first : after + 1; i < duty->first + duty->count; i++)
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
	int worker, nr;
	__u64 end;

	if (!pids[process])
		return;
	kill(pids[process], SIGKILL);
	child_wait(pids[process]);
	pids[process] = 0;
	end = now_ns(IPCMBOX_CLOCK_MONOTONIC);
	for (worker = process * THREADS; worker < (process + 1) * THREADS; worker++) {
		for (nr = crew_operation(worker, NONE); nr != NONE;
		     nr = crew_operation(worker, nr)) {
			stage->history.operations[nr].state = KILLED;
			stage->history.operations[nr].returned = end;
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
