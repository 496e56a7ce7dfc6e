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

const struct transport seqpacket_transport = {
	.name = "seqpacket",
	.in_slab = true,
	.open = seqpacket_open,
	.send = socket_send,
	.recv = socket_recv,
	.open_segment = open_memfd,
	.send_segment = send_memfd,
	.recv_segment = recv_memfd,
	.send_vector = socket_send_many,
	.recv_vector = socket_recv_many,
	.close = sockets_close,
};
