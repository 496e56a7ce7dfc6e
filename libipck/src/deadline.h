/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Deadline: how long a send or a receive may wait. */
#ifndef IPCK_DEADLINE_H
#define IPCK_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct ipck_deadline - waiting as the kernel understands it
 * @flags: 0, IPCMBOX_NONBLOCK or IPCMBOX_DEADLINE
 * @clock: clock of the deadline
 * @ns: the deadline, absolute
 */
struct ipck_deadline {
	uint32_t flags;
	uint32_t clock;
	uint64_t ns;
};

/**
 * ipck_deadline_from() - translate the waiting a program asks for
 * @deadline: where the result goes
 * @wait: an &enum ipck_wait
 * @clock: an &enum ipck_clock
 * @ns: span or moment
 *
 * Return: 0, or -EINVAL.
 */
int ipck_deadline_from(struct ipck_deadline *deadline, unsigned int wait,
		       unsigned int clock, uint64_t ns);

/**
 * ipck_deadline_is_over() - has it passed?
 * @deadline: the deadline
 *
 * Return: whether there is one, and it has.
 */
bool ipck_deadline_is_over(const struct ipck_deadline *deadline);

/**
 * ipck_deadline_in() - a moment some time from now
 * @deadline_ns: the moment; the far end of the clock, UINT64_MAX, is for ever
 * @clock: an &enum ipck_clock
 * @ns: span
 *
 * Return: 0, or -EINVAL.
 */
int ipck_deadline_in(uint64_t *deadline_ns, unsigned int clock, uint64_t ns);

#endif /* IPCK_DEADLINE_H */
