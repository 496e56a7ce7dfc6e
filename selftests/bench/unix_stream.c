// SPDX-License-Identifier: GPL-2.0-only
/*
 * AF_UNIX stream sockets.  They keep no boundaries: both ends know the size of a
 * message.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "transport.h"

static void stream_open(struct end ends[2], const struct shape *shape)
{
	sockets_open(ends, shape, SOCK_STREAM);
}

static void stream_send(const struct end *end, struct message *message,
			size_t size, unsigned int priority)
{
	(void)priority;
	/* A blocking send is not cut short. */
	if (send(end->tx, message->data, size, 0) != (ssize_t)size)
		err(EXIT_FAILURE, "send");
}

static void stream_recv(const struct end *end, struct message *message, size_t size)
{
	if (recv(end->rx, message->data, size, MSG_WAITALL) != (ssize_t)size)
		err(EXIT_FAILURE, "recv");
}

const struct transport stream_transport = {
	.name = "stream",
	.few_cases = true,
	.open = stream_open,
	.send = stream_send,
	.recv = stream_recv,
	.send_vector = bytes_send_many,
	.recv_vector = bytes_recv_many,
	.close = sockets_close,
};
