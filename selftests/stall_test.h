/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How long a CPU stood still: a virtual one does when its host has other things to do, for tenths
 * of a second. A test that includes this has a process on each CPU, before all others there, which
 * does nothing but wake up every other millisecond, and notes when that came late.
 */
#ifndef STALL_TEST_H
#define STALL_TEST_H

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "ipcmbox_test.h"

#define STALL_CPUS	8
#define STALL_ROOM	64
#define STALL_PERIOD_NS	(2 * NSEC_PER_MSEC)

/**
 * struct stalls - those of a CPU
 * @awake_ns: when its process was last awake, 0: it has none
 * @count: stalls so far, the last STALL_ROOM of which are in @begin_ns and @end_ns
 */
struct stalls {
	volatile __u64 awake_ns;
	volatile __u32 count;
	volatile __u64 begin_ns[STALL_ROOM];
	volatile __u64 end_ns[STALL_ROOM];
};

/* Shared by all processes of the test. */
static struct stalls *stalls;

static inline void stall_note(struct stalls *of, __u64 begin_ns, __u64 end_ns)
{
	__u32 slot = of->count % STALL_ROOM;

	of->begin_ns[slot] = begin_ns;
	of->end_ns[slot] = end_ns;
	of->count++;
	__sync_synchronize();
}

static inline void stall_watch(struct stalls *of)
{
	const struct timespec period = { .tv_nsec = STALL_PERIOD_NS };
	__u64 now;

	for (;;) {
		nanosleep(&period, NULL);
		now = now_ns(IPCMBOX_CLOCK_MONOTONIC);
		if (of->awake_ns && now - of->awake_ns > 2 * STALL_PERIOD_NS)
			stall_note(of, of->awake_ns + STALL_PERIOD_NS, now);
		of->awake_ns = now;
	}
}

/* Who may not be before all others tells nothing. */
static __attribute__((constructor)) void stall_start(void)
{
	const struct sched_param first = { .sched_priority = 99 };
	cpu_set_t set;
	int cpu;

	stalls = mmap(NULL, STALL_CPUS * sizeof(*stalls), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (cpu = 0; cpu < STALL_CPUS && cpu < sysconf(_SC_NPROCESSORS_ONLN); cpu++) {
		if (fork())
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		CPU_ZERO(&set);
		CPU_SET(cpu, &set);
		if (!sched_setaffinity(0, sizeof(set), &set) &&
		    !sched_setscheduler(0, SCHED_FIFO, &first))
			stall_watch(&stalls[cpu]);
		_exit(0);
	}
}

/* Did it stand still then? Perhaps it still does. */
static inline bool is_stalled(const struct stalls *of, __u64 at_ns)
{
	__u64 awake_ns = of->awake_ns;
	__u32 i;

	if (!awake_ns)
		return false;
	if (at_ns > awake_ns + 2 * STALL_PERIOD_NS)
		return true;
	for (i = 0; i < STALL_ROOM && i < of->count; i++)
		if (at_ns >= of->begin_ns[i] && at_ns < of->end_ns[i])
			return true;
	return false;
}

/* For how long one CPU or another stood still meanwhile, in whole milliseconds. */
static inline __u64 stalled_ns(__u64 from_ns, __u64 to_ns)
{
	__u64 sum = 0, at_ns;
	__u32 cpu;

	for (at_ns = from_ns; at_ns + NSEC_PER_MSEC <= to_ns; at_ns += NSEC_PER_MSEC) {
		for (cpu = 0; cpu < STALL_CPUS && !is_stalled(&stalls[cpu], at_ns); cpu++)
			;
		if (cpu < STALL_CPUS)
			sum += NSEC_PER_MSEC;
	}
	return sum;
}

#endif /* STALL_TEST_H */
