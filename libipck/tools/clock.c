// SPDX-License-Identifier: LGPL-2.1-or-later
#include <time.h>

#include "clock.h"

#define NSEC_PER_SEC 1000000000ULL

uint64_t clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

void clock_sleep_until(uint64_t ns)
{
	struct timespec then = {
		.tv_sec = ns / NSEC_PER_SEC,
		.tv_nsec = ns % NSEC_PER_SEC,
	};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &then, NULL);
}
