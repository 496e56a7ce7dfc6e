// SPDX-License-Identifier: GPL-2.0-only
/*
 * AF_UNIX sockets which keep the boundaries of messages.
 */
#define _GNU_SOURCE
#include <err.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "transport.h"

/* What the kernel accounts on top of a message's bytes: more than it does. */
#define OVERHEAD	2048

static void make_room(int fd, const struct shape *shape)
{
	int room = shape->capacity * (shape->size + OVERHEAD);
	int now;
	socklen_t length = sizeof(now);

	if (getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &now, &length))
		err(EXIT_FAILURE, "SO_SNDBUF");
	if (now >= room)
		return;
	room /= 2; /* the kernel doubles it */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)))
		err(EXIT_FAILURE, "SO_SNDBUFFORCE");
}

static void seqpacket_open(struct end ends[2], const struct shape *shape)
{
	int fds[2], i;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		err(EXIT_FAILURE, "socketpair");
	for (i = 0; i < 2; i++) {
		make_room(fds[i], shape);
		ends[i].tx = fds[i];
		ends[i].rx = fds[i];
	}
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

static void seqpacket_close(struct end ends[2])
{
	close_descriptor(ends[0].tx);
	close_descriptor(ends[1].tx);
}

const struct transport seqpacket_transport = {
	.name = "seqpacket",
	.in_slab = true,
	.open = seqpacket_open,
	.send = seqpacket_send,
	.recv = seqpacket_recv,
	.send_vector = seqpacket_send_vector,
	.recv_vector = seqpacket_recv_vector,
	.close = seqpacket_close,
};
