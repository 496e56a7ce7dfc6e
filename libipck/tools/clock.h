/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clock: the time, and waiting for it. */
#ifndef IPCK_CLOCK_H
#define IPCK_CLOCK_H

#include <stdint.h>

/* Nanoseconds on CLOCK_MONOTONIC. */
uint64_t clock_now(void);

/* Sleep until then, or until a signal comes. */
void clock_sleep_until(uint64_t ns);

#endif /* IPCK_CLOCK_H */
