// SPDX-License-Identifier: GPL-2.0-only
/*
 * System V message queues.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/msg.h>

#include "transport.h"

static void raise_limits(void)
{
	write_sysctl("/proc/sys/kernel/msgmax", "1048576");
	write_sysctl("/proc/sys/kernel/msgmni", "32000");
}

/* The bound is one of bytes; root may lift that of a queue over msgmnb. */
static void make_room(int queue, const struct shape *shape)
{
	struct msqid_ds status;
	size_t room = shape->capacity * shape->size;

	if (msgctl(queue, IPC_STAT, &status))
		err(EXIT_FAILURE, "IPC_STAT");
	if (status.msg_qbytes >= room)
		return;
	status.msg_qbytes = room;
	if (msgctl(queue, IPC_SET, &status))
		err(EXIT_FAILURE, "IPC_SET");
}

static int open_queue(const struct shape *shape)
{
	int queue = msgget(IPC_PRIVATE, IPC_CREAT | 0600);

	if (queue < 0)
		err(EXIT_FAILURE, "msgget");
	make_room(queue, shape);
	return queue;
}

static void close_queue(int queue)
{
	if (msgctl(queue, IPC_RMID, NULL))
		err(EXIT_FAILURE, "IPC_RMID");
}

static void sysv_open(struct end ends[2], const struct shape *shape)
{
	ends_open(ends, shape, open_queue);
}

static void sysv_send(const struct end *end, struct message *message,
		      size_t size, unsigned int priority)
{
	(void)priority;
	if (msgsnd(end->tx, message, size, 0))
		err(EXIT_FAILURE, "msgsnd");
}

static void sysv_recv(const struct end *end, struct message *message, size_t size)
{
	if (msgrcv(end->rx, message, size, 0, 0) != (ssize_t)size)
		err(EXIT_FAILURE, "msgrcv");
}

static void sysv_close(struct end ends[2])
{
	ends_close(ends, close_queue);
}

const struct transport sysv_transport = {
	.name = "sysv",
	.in_slab = true,
	.prepare = raise_limits,
	.open = sysv_open,
	.send = sysv_send,
	.recv = sysv_recv,
	.close = sysv_close,
};
