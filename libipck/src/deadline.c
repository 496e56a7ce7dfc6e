// SPDX-License-Identifier: LGPL-2.1-or-later
#include <assert.h>
#include <errno.h>
#include <time.h>

#include <linux/ipcmbox.h>

#include "deadline.h"
#include "export.h"
#include "ipck.h"

#define NSEC_PER_SEC 1000000000ULL

static_assert((int)IPCK_CLOCK_MONOTONIC == IPCMBOX_CLOCK_MONOTONIC, "ABI");
static_assert((int)IPCK_CLOCK_REALTIME == IPCMBOX_CLOCK_REALTIME, "ABI");
static_assert((int)IPCK_CLOCK_BOOTTIME == IPCMBOX_CLOCK_BOOTTIME, "ABI");

static const clockid_t clocks[] = {
	[IPCK_CLOCK_MONOTONIC] = CLOCK_MONOTONIC,
	[IPCK_CLOCK_REALTIME] = CLOCK_REALTIME,
	[IPCK_CLOCK_BOOTTIME] = CLOCK_BOOTTIME,
};

int ipck_deadline_in(uint64_t *deadline_ns, unsigned int clock, uint64_t ns)
{
	struct timespec now;
	int saved = errno;

	if (clock >= sizeof(clocks) / sizeof(clocks[0]))
		return -EINVAL;
	if (clock_gettime(clocks[clock], &now) < 0) {
		errno = saved;
		return -EINVAL;
	}
	*deadline_ns = now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
	if (__builtin_add_overflow(*deadline_ns, ns, deadline_ns))
		*deadline_ns = UINT64_MAX;
	return 0;
}

int ipck_deadline_from(struct ipck_deadline *deadline, unsigned int wait,
		       unsigned int clock, uint64_t ns)
{
	*deadline = (struct ipck_deadline){ .clock = clock, .ns = ns };
	switch (wait) {
	case IPCK_WAIT_NEVER:
		deadline->flags = IPCMBOX_NONBLOCK;
		return 0;
	case IPCK_WAIT_FOR:
		deadline->flags = IPCMBOX_DEADLINE;
		return ipck_deadline_in(&deadline->ns, clock, ns);
	case IPCK_WAIT_UNTIL:
		deadline->flags = IPCMBOX_DEADLINE;
		return 0;
	case IPCK_WAIT_FOREVER:
		return 0;
	default:
		return -EINVAL;
	}
}

bool ipck_deadline_is_over(const struct ipck_deadline *deadline)
{
	uint64_t now;

	return deadline->flags & IPCMBOX_DEADLINE &&
	       !ipck_deadline_in(&now, deadline->clock, 0) &&
	       now >= deadline->ns;
}

IPCK_API uint64_t ipck_deadline(const struct ipck_msg *msg, uint64_t span_ns)
{
	uint64_t ns = span_ns;

	/* This clock is always there. */
	ipck_deadline_in(&ns, IPCK_CLOCK_MONOTONIC, span_ns);
	if (msg && msg->completion == IPCK_HANDLED &&
	    msg->call_deadline_ns < ns)
		ns = msg->call_deadline_ns;
	return ns;
}
