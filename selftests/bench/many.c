// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many messages in one system call, by descriptors: in one stream of bytes with
 * writev(2) and readv(2), as datagrams with sendmmsg(2) and recvmmsg(2).
 */
#define _GNU_SOURCE
#include <err.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "transport.h"

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

void socket_send_many(const struct end *end, struct message **messages,
		      unsigned int count, size_t size)
{
	static struct batch batch;

	fill_in(&batch, messages, count, size);
	if (sendmmsg(end->tx, batch.headers, count, 0) != (int)count)
		err(EXIT_FAILURE, "sendmmsg");
}

void socket_recv_many(const struct end *end, struct message **messages,
		      unsigned int count, size_t size)
{
	static struct batch batch;

	fill_in(&batch, messages, count, size);
	if (recvmmsg(end->rx, batch.headers, count, 0, NULL) != (int)count)
		err(EXIT_FAILURE, "recvmmsg");
}

/* A blocking write is not cut short. */
void bytes_send_many(const struct end *end, struct message **messages,
		     unsigned int count, size_t size)
{
	static struct batch batch;

	fill_in(&batch, messages, count, size);
	if (writev(end->tx, batch.parts, count) != (ssize_t)(count * size))
		err(EXIT_FAILURE, "writev");
}

/* As many as have been sent, so that they are there. */
void bytes_recv_many(const struct end *end, struct message **messages,
		     unsigned int count, size_t size)
{
	static struct batch batch;

	fill_in(&batch, messages, count, size);
	if (readv(end->rx, batch.parts, count) != (ssize_t)(count * size))
		err(EXIT_FAILURE, "readv");
}
