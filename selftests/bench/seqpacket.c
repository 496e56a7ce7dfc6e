// SPDX-License-Identifier: GPL-2.0-only
/*
 * AF_UNIX sockets which keep the boundaries of messages.
 */
#define _GNU_SOURCE
#include <err.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "transport.h"

static void seqpacket_open(struct end ends[2], const struct shape *shape)
{
	sockets_open(ends, shape, SOCK_SEQPACKET);
}

static void prepare(struct mmsghdr *headers, struct iovec *parts,
		    struct message **messages, unsigned int count, size_t size)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		parts[i] = (struct iovec){ messages[i]->data, size };
		headers[i].msg_hdr = (struct msghdr){
			.msg_iov = &parts[i], .msg_iovlen = 1,
		};
	}
}

static void seqpacket_send_vector(const struct end *end, struct message **messages,
				  unsigned int count, size_t size)
{
	static struct mmsghdr headers[VECTOR_MAX];
	static struct iovec parts[VECTOR_MAX];

	prepare(headers, parts, messages, count, size);
	if (sendmmsg(end->tx, headers, count, 0) != (int)count)
		err(EXIT_FAILURE, "sendmmsg");
}

static void seqpacket_recv_vector(const struct end *end, struct message **messages,
				  unsigned int count, size_t size)
{
	static struct mmsghdr headers[VECTOR_MAX];
	static struct iovec parts[VECTOR_MAX];

	prepare(headers, parts, messages, count, size);
	if (recvmmsg(end->rx, headers, count, 0, NULL) != (int)count)
		err(EXIT_FAILURE, "recvmmsg");
}

const struct transport seqpacket_transport = {
	.name = "seqpacket",
	.in_slab = true,
	.open = seqpacket_open,
	.send = socket_send,
	.recv = socket_recv,
	.send_vector = seqpacket_send_vector,
	.recv_vector = seqpacket_recv_vector,
	.close = sockets_close,
};
