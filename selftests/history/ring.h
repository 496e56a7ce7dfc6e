/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rings: the two sides of a channel, in shared pages that all processes have mapped.
 */
#ifndef RING_H
#define RING_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/types.h>

#define RING_BYTES	4096

/* Makes a channel with @nr lanes. Returns the descriptor of its receiver, or -errno. */
int ring_open(int dev, int nr);
void ring_close(void);
/* How long messages are of which so many have room in a lane. */
size_t ring_length(__u32 capacity);

/* The lane is one of 1 to nr. Flags and deadline are those of commands. */
int ring_send(int lane, const void *buf, size_t length, __u32 flags, __u64 deadline_ns);
/* Returns the length. Only one does that at a time. */
int ring_receive(void *buf, size_t size, __u32 flags, __u64 deadline_ns);

#endif /* RING_H */
