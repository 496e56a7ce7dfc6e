// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mailboxes of this module, through the bare ABI.
 */
#include <err.h>
#include <fcntl.h>
#include <linux/ipcmbox.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "transport.h"

/* One per process; a job has a process of its own. */
static int device(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = open(IPCMBOX_DEVICE, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		err(EXIT_FAILURE, IPCMBOX_DEVICE);
	return fd;
}

static int open_queue(const struct shape *shape)
{
	struct ipcmbox_open arg = {
		.flags = IPCMBOX_OPEN_CREATE,
		.access = IPCMBOX_READ | IPCMBOX_WRITE,
		.mode = 0600,
		.discipline = IPCMBOX_QUEUE,
		.overflow = IPCMBOX_OVERFLOW_BLOCK,
		.max_messages = shape->capacity,
		.max_length = shape->size,
	};
	int fd = ioctl(device(), IPCMBOX_IOC_OPEN, &arg);

	if (fd < 0)
		err(EXIT_FAILURE, "IPCMBOX_IOC_OPEN, limit %u", arg.limit);
	return fd;
}

static void ipcmbox_open(struct end ends[2], const struct shape *shape)
{
	ends_open(ends, shape, open_queue);
}

/* What is written to the structures is not read, so they are filled in once and used again. */

static void ipcmbox_send(const struct end *end, struct message *message,
			 size_t size, unsigned int priority)
{
	static struct ipcmbox_send arg;

	arg.buf_ptr = (uintptr_t)message->data;
	arg.buf_len = size;
	arg.priority = priority;
	if (ioctl(end->tx, IPCMBOX_IOC_SEND_V0, &arg))
		err(EXIT_FAILURE, "IPCMBOX_IOC_SEND, limit %u", arg.limit);
}

static void ipcmbox_recv(const struct end *end, struct message *message,
			 size_t size)
{
	static struct ipcmbox_recv arg;

	arg.buf_ptr = (uintptr_t)message->data;
	arg.buf_len = size;
	if (ioctl(end->rx, IPCMBOX_IOC_RECV_V0, &arg) != (int)size)
		err(EXIT_FAILURE, "IPCMBOX_IOC_RECV");
}

static void ipcmbox_close(struct end ends[2])
{
	ends_close(ends, close_descriptor);
}

const struct transport ipcmbox_transport = {
	.name = "ipcmbox",
	.prioritised = true,
	.in_slab = true,
	.open = ipcmbox_open,
	.send = ipcmbox_send,
	.recv = ipcmbox_recv,
	.close = ipcmbox_close,
};
