/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BENCH_MESSAGE_H
#define BENCH_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct message - a buffer every transport can use without a copy of its own
 * @type: SysV queues want the type right before the payload
 * @data: the payload, page-aligned; it begins with a serial number
 */
struct message {
	long type;
	char data[];
};

/* Payload bytes every message has at least. */
#define MESSAGE_MIN	sizeof(uint64_t)

struct message *message_new(size_t size);
void message_stamp(struct message *message, uint64_t serial);
uint64_t message_serial(const struct message *message);
void message_check(const struct message *message, uint64_t serial);

#endif /* BENCH_MESSAGE_H */
