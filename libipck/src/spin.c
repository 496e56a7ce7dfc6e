// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <unistd.h>

#include <linux/ipcmbox.h>

#include "deadline.h"
#include "ipck.h"
#include "spin.h"

#define BUDGET_FIRST_NS	4000
#define BUDGET_MAX_NS	64000
#define SOON_NS		(2 * BUDGET_MAX_NS)	/* sleeping and waking included */
#define LOOKS		32	/* between two looks at the clock, and before the first */
#define VAIN_MAX	6	/* the budget has grown to its greatest by then */
#define REST_FIRST	64
#define REST_MAX	8192

static uint64_t now_ns(void)
{
	uint64_t ns = 0;

	ipck_deadline_in(&ns, IPCK_CLOCK_MONOTONIC, 0);
	return ns;
}

void ipck_spin_pause(void)
{
#if __has_builtin(__builtin_ia32_pause)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield" ::: "memory");
#else
	__asm__ volatile("" ::: "memory");
#endif
}

static uint64_t left_before(const struct ipck_deadline *deadline)
{
	uint64_t now = 0;

	if (!(deadline->flags & IPCMBOX_DEADLINE))
		return UINT64_MAX;
	ipck_deadline_in(&now, deadline->clock, 0);
	return deadline->ns > now ? deadline->ns - now : 0;
}

static uint64_t limit_of(const struct ipck_spin *spin,
			 const struct ipck_deadline *deadline)
{
	uint64_t left;

	if (!spin->budget_ns || spin->rest)
		return 0;
	left = left_before(deadline);
	return left < spin->budget_ns ? left : spin->budget_ns;
}

void ipck_spin_init(struct ipck_spin *spin)
{
	int saved = errno;

	*spin = (struct ipck_spin){
		.several = sysconf(_SC_NPROCESSORS_ONLN) != 1,
		.budget_ns = BUDGET_FIRST_NS,
	};
	errno = saved;
}

/* Without a look at the clock; with a deadline not before the first. */
static bool may_look(const struct ipck_spin *spin, const struct ipck_turn *turn,
		     const struct ipck_deadline *deadline)
{
	if (turn->begin_ns)
		return turn->limit_ns;
	return spin->budget_ns && !spin->rest &&
	       !(deadline->flags & IPCMBOX_DEADLINE);
}

bool ipck_spin_again(const struct ipck_spin *spin, struct ipck_turn *turn,
		     const struct ipck_deadline *deadline)
{
	if (!spin->several || turn->slept)
		return false;
	/* An answer that comes at once is not worth a look at the clock. */
	if (may_look(spin, turn, deadline) && ++turn->looks % LOOKS)
		return true;
	if (!turn->begin_ns) {
		turn->begin_ns = now_ns();
		turn->limit_ns = limit_of(spin, deadline);
		return turn->limit_ns;
	}
	return now_ns() - turn->begin_ns < turn->limit_ns;
}

void ipck_spin_fail(struct ipck_spin *spin)
{
	spin->budget_ns /= 2;
}

/* A budget that was not enough, though not by much. */
static void grow(struct ipck_spin *spin)
{
	if (spin->budget_ns < BUDGET_FIRST_NS)
		spin->budget_ns = BUDGET_FIRST_NS;
	else if (spin->budget_ns < BUDGET_MAX_NS)
		spin->budget_ns *= 2;
}

static void give_up(struct ipck_spin *spin)
{
	spin->vain = 0;
	spin->budget_ns = BUDGET_FIRST_NS;
	spin->last_rest = spin->last_rest ? 2 * spin->last_rest : REST_FIRST;
	if (spin->last_rest > REST_MAX)
		spin->last_rest = REST_MAX;
	spin->rest = spin->last_rest;
}

void ipck_spin_learn(struct ipck_spin *spin, const struct ipck_turn *turn)
{
	uint64_t span;

	/* While all goes well there is no need of the clock. */
	if (!turn->begin_ns || (!turn->slept && !spin->vain && !spin->last_rest))
		return;
	span = now_ns() - turn->begin_ns;
	if (!turn->slept) {
		/* Else it was preempted, and the peer ran in its place. */
		if (span > BUDGET_MAX_NS)
			return;
		spin->vain = 0;
		spin->last_rest = 0;
	} else if (span > SOON_NS) {
		spin->budget_ns /= 2;
	} else if (spin->rest) {
		spin->rest--;
	} else if (turn->looks && ++spin->vain >= VAIN_MAX) {
		give_up(spin);
	} else {
		grow(spin);
	}
}
