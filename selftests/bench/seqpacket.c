// SPDX-License-Identifier: GPL-2.0-only
/*
 * AF_UNIX sockets which keep the boundaries of messages.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "transport.h"

static void seqpacket_open(struct end ends[2], const struct shape *shape)
{
	sockets_open(ends, shape, SOCK_SEQPACKET);
}

static int open_memfd(size_t size)
{
	int fd = memfd_create("bench", MFD_CLOEXEC);

	/* With its memory, as a segment has it. */
	if (fd < 0 || fallocate(fd, 0, 0, size))
		err(EXIT_FAILURE, "memfd of %zu bytes", size);
	return fd;
}

/* A message without a byte. */
union rights {
	char space[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

static void send_memfd(const struct end *end, int segment, bool move)
{
	union rights rights = { .align = {
		.cmsg_len = CMSG_LEN(sizeof(int)),
		.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
	} };
	struct msghdr header = {
		.msg_control = &rights, .msg_controllen = sizeof(rights),
	};

	(void)move;
	memcpy(CMSG_DATA(&rights.align), &segment, sizeof(segment));
	if (sendmsg(end->tx, &header, 0))
		err(EXIT_FAILURE, "sendmsg");
}

static int recv_memfd(const struct end *end)
{
	union rights rights;
	struct msghdr header = {
		.msg_control = &rights, .msg_controllen = sizeof(rights),
	};
	int segment;

	if (recvmsg(end->rx, &header, MSG_CMSG_CLOEXEC) ||
	    header.msg_controllen != sizeof(rights))
		err(EXIT_FAILURE, "recvmsg");
	memcpy(&segment, CMSG_DATA(&rights.align), sizeof(segment));
	return segment;
}

/**
 * struct batch - headers that are filled in once and used again
 * @headers: as sendmmsg(2) and recvmmsg(2) want them
 * @parts: the buffer of each
 * @count: how many are filled in
 */
struct batch {
	struct mmsghdr headers[VECTOR_MAX];
	struct iovec parts[VECTOR_MAX];
	unsigned int count;
};

/* Messages and their size are the same each time. */
static inline void fill_in(struct batch *batch, struct message **messages,
			   unsigned int count, size_t size)
{
	for (; batch->count < count; batch->count++) {
		unsigned int i = batch->count;

		batch->parts[i] = (struct iovec){ messages[i]->data, size };
		batch->headers[i].msg_hdr = (struct msghdr){
			.msg_iov = &batch->parts[i], .msg_iovlen = 1,
		};
	}
}

static void seqpacket_send_vector(const struct end *end, struct message **messages,
				  unsigned int count, size_t size)
{
	static struct batch batch;

	fill_in(&batch, messages, count, size);
	if (sendmmsg(end->tx, batch.headers, count, 0) != (int)count)
		err(EXIT_FAILURE, "sendmmsg");
}

static void seqpacket_recv_vector(const struct end *end, struct message **messages,
				  unsigned int count, size_t size)
{
	static struct batch batch;

	fill_in(&batch, messages, count, size);
	if (recvmmsg(end->rx, batch.headers, count, 0, NULL) != (int)count)
		err(EXIT_FAILURE, "recvmmsg");
}

const struct transport seqpacket_transport = {
	.name = "seqpacket",
	.in_slab = true,
	.open = seqpacket_open,
	.send = socket_send,
	.recv = socket_recv,
	.open_segment = open_memfd,
	.send_segment = send_memfd,
	.recv_segment = recv_memfd,
	.send_vector = seqpacket_send_vector,
	.recv_vector = seqpacket_recv_vector,
	.close = sockets_close,
};
