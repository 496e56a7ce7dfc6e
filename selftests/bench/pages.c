// SPDX-License-Identifier: GPL-2.0-only
/*
 * Long messages copied once, from the sender's pages: by process_vm_readv(2), and by
 * vmsplice(2) into a pipe.  Both need an answer, since the pages must not be written
 * to before they are read; it comes through a pipe, as does the address.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include "transport.h"

/**
 * struct way - one direction
 * @to: what the sender writes and the receiver reads
 * @back: a byte for every message that has been read
 */
struct way {
	int to[2];
	int back[2];
};

/* Where a message is. */
struct place {
	pid_t pid;
	uint64_t address;
};

static int open_way(const struct shape *shape)
{
	struct way *way = malloc(sizeof(*way));

	if (!way || pipe2(way->to, O_CLOEXEC) || pipe2(way->back, O_CLOEXEC))
		err(EXIT_FAILURE, "pipe2");
	if (fcntl(way->to[1], F_SETPIPE_SZ, shape->size) < 0)
		err(EXIT_FAILURE, "F_SETPIPE_SZ");
	return queue_number(way);
}

static void close_way(int number)
{
	struct way *way = queue_of(number);
	int i;

	for (i = 0; i < 2; i++) {
		close_descriptor(way->to[i]);
		close_descriptor(way->back[i]);
	}
	free(way);
	queue_forget(number);
}

static void pages_open(struct end ends[2], const struct shape *shape)
{
	ends_open(ends, shape, open_way);
}

static void pages_close(struct end ends[2])
{
	ends_close(ends, close_way);
}

static void await_answer(const struct way *way)
{
	char answer;

	if (read(way->back[0], &answer, 1) != 1)
		err(EXIT_FAILURE, "read of an answer");
}

static void give_answer(const struct way *way)
{
	if (write(way->back[1], "", 1) != 1)
		err(EXIT_FAILURE, "write of an answer");
}

static void readv_send(const struct end *end, struct message *message, size_t size,
		       unsigned int priority)
{
	struct place place = { getpid(), (uintptr_t)message->data };
	struct way *way = queue_of(end->tx);

	(void)size;
	(void)priority;
	if (write(way->to[1], &place, sizeof(place)) != sizeof(place))
		err(EXIT_FAILURE, "write of a place");
	await_answer(way);
}

static void readv_recv(const struct end *end, struct message *message, size_t size)
{
	struct iovec here = { message->data, size }, there = { .iov_len = size };
	struct way *way = queue_of(end->rx);
	struct place place;

	if (read(way->to[0], &place, sizeof(place)) != sizeof(place))
		err(EXIT_FAILURE, "read of a place");
	there.iov_base = (void *)(uintptr_t)place.address;
	if (process_vm_readv(place.pid, &here, 1, &there, 1, 0) != (ssize_t)size)
		err(EXIT_FAILURE, "process_vm_readv");
	give_answer(way);
}

static void vmsplice_send(const struct end *end, struct message *message, size_t size,
			  unsigned int priority)
{
	struct iovec rest = { message->data, size };
	struct way *way = queue_of(end->tx);
	ssize_t part;

	(void)priority;
	while (rest.iov_len) {
		part = vmsplice(way->to[1], &rest, 1, 0);
		if (part <= 0)
			err(EXIT_FAILURE, "vmsplice");
		rest.iov_base = (char *)rest.iov_base + part;
		rest.iov_len -= part;
	}
	await_answer(way);
}

static void vmsplice_recv(const struct end *end, struct message *message, size_t size)
{
	struct way *way = queue_of(end->rx);
	size_t done = 0;
	ssize_t part;

	while (done < size) {
		part = read(way->to[0], message->data + done, size - done);
		if (part <= 0)
			err(EXIT_FAILURE, "read from a pipe");
		done += part;
	}
	give_answer(way);
}

const struct transport vm_readv_transport = {
	.name = "vm-readv",
	.bulk_only = true,
	.open = pages_open,
	.send = readv_send,
	.recv = readv_recv,
	.close = pages_close,
};

const struct transport vmsplice_transport = {
	.name = "vmsplice",
	.bulk_only = true,
	.open = pages_open,
	.send = vmsplice_send,
	.recv = vmsplice_recv,
	.close = pages_close,
};
