// SPDX-License-Identifier: GPL-2.0-only
/*
 * POSIX message queues.
 */
#include <err.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "transport.h"

static void raise_limits(void)
{
	struct rlimit bytes = { RLIM_INFINITY, RLIM_INFINITY };

	write_sysctl("/proc/sys/fs/mqueue/msg_max", "65536");
	write_sysctl("/proc/sys/fs/mqueue/msgsize_max", "1048576");
	write_sysctl("/proc/sys/fs/mqueue/queues_max", "4096");
	if (setrlimit(RLIMIT_MSGQUEUE, &bytes))
		err(EXIT_FAILURE, "RLIMIT_MSGQUEUE");
}

static int open_queue(const struct shape *shape)
{
	struct mq_attr attr = {
		.mq_maxmsg = shape->capacity,
		.mq_msgsize = shape->size,
	};
	static unsigned int serial;
	char name[32];
	mqd_t queue;

	snprintf(name, sizeof(name), "/bench.%d.%u", getpid(), serial++);
	queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600, &attr);
	if (queue < 0)
		err(EXIT_FAILURE, "mq_open");
	mq_unlink(name);
	return queue;
}

static void mqueue_open(struct end ends[2], const struct shape *shape)
{
	ends_open(ends, shape, open_queue);
}

static void mqueue_send(const struct end *end, struct message *message,
			size_t size, unsigned int priority)
{
	if (mq_send(end->tx, message->data, size, priority))
		err(EXIT_FAILURE, "mq_send");
}

static void mqueue_recv(const struct end *end, struct message *message,
			size_t size)
{
	if (mq_receive(end->rx, message->data, size, NULL) != (ssize_t)size)
		err(EXIT_FAILURE, "mq_receive");
}

static void mqueue_close(struct end ends[2])
{
	ends_close(ends, close_descriptor);
}

const struct transport mqueue_transport = {
	.name = "mqueue",
	.max_capacity = 65536,
	.prioritised = true,
	.in_slab = true,
	.prepare = raise_limits,
	.open = mqueue_open,
	.send = mqueue_send,
	.recv = mqueue_recv,
	.close = mqueue_close,
};
