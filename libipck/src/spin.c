// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <sched.h>
#include <time.h>

#include "deadline.h"
#include "ipck.h"
#include "spin.h"

#define BUDGET_FIRST_NS	4000
#define BUDGET_MAX_NS	64000
#define PAUSES		32

static uint64_t now_ns(void)
{
	uint64_t ns = 0;

	ipck_deadline_in(&ns, IPCK_CLOCK_MONOTONIC, 0);
	return ns;
}

static void pause_shortly(void)
{
	int i;

	for (i = 0; i < PAUSES; i++)
#if __has_builtin(__builtin_ia32_pause)
		__builtin_ia32_pause();
#else
		__asm__ volatile("" ::: "memory");
#endif
}

void ipck_spin_init(struct ipck_spin *spin)
{
	int saved = errno;
	cpu_set_t cpus;

	/* It fails with more CPUs than the set has room for. */
	spin->several = sched_getaffinity(0, sizeof(cpus), &cpus) < 0 ||
			CPU_COUNT(&cpus) > 1;
	spin->budget_ns = BUDGET_FIRST_NS;
	errno = saved;
}

bool ipck_spin_again(const struct ipck_spin *spin, struct ipck_turn *turn)
{
	if (!spin->several || turn->slept)
		return false;
	if (!turn->begin_ns)
		turn->begin_ns = now_ns();
	else if (now_ns() - turn->begin_ns >= spin->budget_ns)
		return false;
	if (!spin->budget_ns)
		return false;
	pause_shortly();
	return true;
}

void ipck_spin_learn(struct ipck_spin *spin, const struct ipck_turn *turn)
{
	if (!turn->slept || !turn->begin_ns)
		return;
	if (now_ns() - turn->begin_ns > BUDGET_MAX_NS)
		spin->budget_ns /= 2;
	else if (spin->budget_ns < BUDGET_FIRST_NS)
		spin->budget_ns = BUDGET_FIRST_NS;
	else if (spin->budget_ns < BUDGET_MAX_NS)
		spin->budget_ns *= 2;
}
