/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Way: how ipck bench gets messages from a process to another. */
#ifndef IPCK_WAY_H
#define IPCK_WAY_H

#include <stdbool.h>
#include <stddef.h>

#include <ipck.h>

/* Messages that wait for their receiver, at least; some ways have room for more. */
#define WAY_DEPTH	8

/**
 * struct line - from one process to another
 * @tx: descriptor to send on
 * @rx: descriptor to receive from; the same, or another one
 * @to: handle to send to, of what has one
 * @from: handle to receive from
 */
struct line {
	int tx;
	int rx;
	struct ipck *to;
	struct ipck *from;
};

/**
 * union memory - shared memory that goes along a line
 * @fd: a descriptor
 * @shm: or a segment
 */
union memory {
	int fd;
	struct ipck_shm *shm;
};

/**
 * struct way - one way of passing messages
 * @name: as printed
 * @advice: optional: what to look at if it does not work
 * @max_size: of a message, 0 is no bound
 * @turns_only: each message must be answered before the next
 * @open: make a line for messages of @size bytes, which both processes inherit
 * @send: send a message; wait for room
 * @recv: receive one
 * @open_event: optional: make lines that have one sending end: what is sent to the first comes
 *	out of all
 * @make: optional: make shared memory of @size bytes
 * @give: send it away and let go of it
 * @take: receive it
 * @drop: let go of it
 *
 * They return 0 or -errno.  Lines end with the processes that have them.
 */
struct way {
	const char *name;
	const char *advice;
	size_t max_size;
	bool turns_only;
	int (*open)(struct line *line, size_t size);
	int (*send)(const struct line *line, const void *buf, size_t size);
	int (*recv)(const struct line *line, void *buf, size_t size);
	int (*open_event)(struct line *lines, unsigned int count, size_t size);
	int (*make)(union memory *memory, size_t size);
	int (*give)(const struct line *line, union memory *memory);
	int (*take)(const struct line *line, union memory *memory);
	void (*drop)(union memory *memory);
};

extern const struct way mailbox_way;
extern const struct way channel_way;
extern const struct way mqueue_way;
extern const struct way pipe_way;
extern const struct way seqpacket_way;
extern const struct way eventfd_way;

/* From now on sending on a line is -EAGAIN where it would wait. Return: 0 or -errno. */
int way_stop_waiting(const struct line *line);

/* What a transfer of so many bytes has returned, in the way of read(2). Return: 0 or -errno. */
int way_result(ssize_t ret, size_t size);

#endif /* IPCK_WAY_H */
