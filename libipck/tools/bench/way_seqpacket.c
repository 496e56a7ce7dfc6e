// SPDX-License-Identifier: LGPL-2.1-or-later
/* AF_UNIX sockets that keep the boundaries of messages. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "way.h"

static int open_pair(struct line *line, size_t size)
{
	int ends[2];

	(void)size;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return -errno;
	line->tx = ends[0];
	line->rx = ends[1];
	return 0;
}

static int send_packet(const struct line *line, const void *buf, size_t size)
{
	return way_result(send(line->tx, buf, size, MSG_NOSIGNAL), size);
}

static int recv_packet(const struct line *line, void *buf, size_t size)
{
	return way_result(recv(line->rx, buf, size, 0), size);
}

/* With its memory, as a segment has it. */
static int make_memfd(union memory *memory, size_t size)
{
	memory->fd = memfd_create("ipck-bench", MFD_CLOEXEC);
	if (memory->fd < 0 || fallocate(memory->fd, 0, 0, size))
		return -errno;
	return 0;
}

static void drop_memfd(union memory *memory)
{
	close(memory->fd);
}

/**
 * struct envelope - a byte and a descriptor, which only go together
 * @part: the byte
 * @message: both
 * @control: the descriptor
 */
struct envelope {
	struct iovec part;
	struct msghdr message;
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
};

static struct msghdr *prepare(struct envelope *envelope, char *byte)
{
	*envelope = (struct envelope){ .part = { byte, 1 } };
	envelope->message.msg_iov = &envelope->part;
	envelope->message.msg_iovlen = 1;
	envelope->message.msg_control = &envelope->control;
	envelope->message.msg_controllen = sizeof(envelope->control);
	return &envelope->message;
}

static int give_memfd(const struct line *line, union memory *memory)
{
	char byte = 0;
	struct envelope envelope;
	struct msghdr *message = prepare(&envelope, &byte);
	struct cmsghdr *header = CMSG_FIRSTHDR(message);
	int ret;

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &memory->fd, sizeof(int));
	ret = way_result(sendmsg(line->tx, message, MSG_NOSIGNAL), 1);
	drop_memfd(memory);
	return ret;
}

static int take_memfd(const struct line *line, union memory *memory)
{
	char byte;
	struct envelope envelope;
	struct msghdr *message = prepare(&envelope, &byte);
	int ret = way_result(recvmsg(line->rx, message, MSG_CMSG_CLOEXEC), 1);

	if (ret < 0)
		return ret;
	if (!CMSG_FIRSTHDR(message))
		return -EBADMSG;
	memcpy(&memory->fd, CMSG_DATA(CMSG_FIRSTHDR(message)), sizeof(int));
	return 0;
}

const struct way seqpacket_way = {
	.name = "seqpacket",
	.advice = "see /proc/sys/net/core/wmem_default",
	.open = open_pair,
	.send = send_packet,
	.recv = recv_packet,
	.make = make_memfd,
	.give = give_memfd,
	.take = take_memfd,
	.drop = drop_memfd,
};
