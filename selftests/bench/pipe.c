// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pipes.  They keep no boundaries: both ends know the size of a message.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "transport.h"

static void make_room(int fd, const struct shape *shape)
{
	int room = shape->capacity * shape->size;

	if (fcntl(fd, F_GETPIPE_SZ) >= room)
		return;
	/* No more than root may have without a sysctl. */
	if (fcntl(fd, F_SETPIPE_SZ, room) < 0)
		err(EXIT_FAILURE, "F_SETPIPE_SZ");
}

static void open_way(int *tx, int *rx, const struct shape *shape)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		err(EXIT_FAILURE, "pipe2");
	make_room(fds[1], shape);
	*rx = fds[0];
	*tx = fds[1];
}

static void pipe_open(struct end ends[2], const struct shape *shape)
{
	open_way(&ends[0].tx, &ends[1].rx, shape);
	ends[1].tx = -1;
	ends[0].rx = -1;
	if (shape->duplex)
		open_way(&ends[1].tx, &ends[0].rx, shape);
}

static void pipe_send(const struct end *end, struct message *message,
		      size_t size, unsigned int priority)
{
	(void)priority;
	/* A blocking write is not cut short. */
	if (write(end->tx, message->data, size) != (ssize_t)size)
		err(EXIT_FAILURE, "write to a pipe");
}

static void pipe_recv(const struct end *end, struct message *message, size_t size)
{
	size_t done = 0;
	ssize_t part;

	while (done < size) {
		part = read(end->rx, message->data + done, size - done);
		if (part <= 0)
			err(EXIT_FAILURE, "read from a pipe");
		done += part;
	}
}

static void pipe_close(struct end ends[2])
{
	close_descriptor(ends[0].tx);
	close_descriptor(ends[1].rx);
	if (ends[1].tx < 0)
		return;
	close_descriptor(ends[1].tx);
	close_descriptor(ends[0].rx);
}

const struct transport pipe_transport = {
	.name = "pipe",
	.open = pipe_open,
	.send = pipe_send,
	.recv = pipe_recv,
	.send_vector = bytes_send_many,
	.recv_vector = bytes_recv_many,
	.close = pipe_close,
};
