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

static void seqpacket_send(const struct end *end, struct message *message,
			   size_t size, unsigned int priority)
{
	(void)priority;
	if (send(end->tx, message->data, size, 0) != (ssize_t)size)
		err(EXIT_FAILURE, "send");
}

static void seqpacket_recv(const struct end *end, struct message *message,
			   size_t size)
{
	if (recv(end->rx, message->data, size, 0) != (ssize_t)size)
		err(EXIT_FAILURE, "recv");
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
	.send = seqpacket_send,
	.recv = seqpacket_recv,
	.send_vector = seqpacket_send_vector,
	.recv_vector = seqpacket_recv_vector,
	.close = sockets_close,
};
