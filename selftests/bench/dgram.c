// SPDX-License-Identifier: GPL-2.0-only
/*
 * AF_UNIX datagram sockets, connected to each other.
 */
#include <sys/socket.h>

#include "transport.h"

static void dgram_open(struct end ends[2], const struct shape *shape)
{
	sockets_open(ends, shape, SOCK_DGRAM);
}

const struct transport dgram_transport = {
	.name = "dgram",
	.few_cases = true,
	.open = dgram_open,
	.send = socket_send,
	.recv = socket_recv,
	.send_vector = socket_send_many,
	.recv_vector = socket_recv_many,
	.close = sockets_close,
};
