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

#define PARAMETERS	"/sys/module/ipcmbox/parameters/"

/* How long blocked calls spin, while they do not. */
static char spin_ns[32];

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

static void raise_limits(void)
{
	write_sysctl(PARAMETERS "user_mailboxes", "32768");
}

/* All but spinning. */
static void switch_spinning_off(void)
{
	read_sysctl(PARAMETERS "spin_ns", spin_ns, sizeof(spin_ns));
	write_sysctl(PARAMETERS "spin_ns", "0");
}

static void switch_spinning_on(void)
{
	write_sysctl(PARAMETERS "spin_ns", spin_ns);
}

static int open_mailbox(const struct shape *shape, unsigned int discipline)
{
	struct ipcmbox_open arg = {
		.flags = IPCMBOX_OPEN_CREATE |
			 (discipline == IPCMBOX_QUEUE ? IPCMBOX_OPEN_FDS : 0),
		.access = IPCMBOX_READ | IPCMBOX_WRITE,
		.mode = 0600,
		.discipline = discipline,
		.overflow = IPCMBOX_OVERFLOW_BLOCK,
		.max_messages = shape->capacity,
		.max_length = shape->size,
	};
	int fd = ioctl(device(), IPCMBOX_IOC_OPEN, &arg);

	if (fd < 0)
		err(EXIT_FAILURE, "IPCMBOX_IOC_OPEN, limit %u", arg.limit);
	return fd;
}

static int open_queue(const struct shape *shape)
{
	return open_mailbox(shape, IPCMBOX_QUEUE);
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

	if (!priority && size <= IPCMBOX_PLAIN_MAX) {
		if (ioctl(end->tx, IPCMBOX_IOC_WRITE(size), message->data))
			err(EXIT_FAILURE, "IPCMBOX_IOC_WRITE");
		return;
	}
	arg.buf_ptr = (uintptr_t)message->data;
	arg.buf_len = size;
	arg.priority = priority;
	if (ioctl(end->tx, IPCMBOX_IOC_SEND_V0, &arg))
		err(EXIT_FAILURE, "IPCMBOX_IOC_SEND, limit %u", arg.limit);
}

/* Until it is received: there is one copy, from these pages, if it is long enough. */
static void ipcmbox_send_bulk(const struct end *end, struct message *message, size_t size)
{
	static struct ipcmbox_send arg = { .completion = IPCMBOX_RECEIVED };

	arg.buf_ptr = (uintptr_t)message->data;
	arg.buf_len = size;
	if (ioctl(end->tx, IPCMBOX_IOC_SEND_V0, &arg))
		err(EXIT_FAILURE, "IPCMBOX_IOC_SEND, limit %u", arg.limit);
}

static void ipcmbox_recv(const struct end *end, struct message *message,
			 size_t size)
{
	static struct ipcmbox_recv arg;

	if (size <= IPCMBOX_PLAIN_MAX) {
		if (ioctl(end->rx, IPCMBOX_IOC_READ(size), message->data) != (int)size)
			err(EXIT_FAILURE, "IPCMBOX_IOC_READ");
		return;
	}
	arg.buf_ptr = (uintptr_t)message->data;
	arg.buf_len = size;
	if (ioctl(end->rx, IPCMBOX_IOC_RECV_V0, &arg) != (int)size)
		err(EXIT_FAILURE, "IPCMBOX_IOC_RECV");
}

/* Both ways go through the first queue. */
static void ipcmbox_ask(const struct end *end, struct message *message, size_t size)
{
	static struct ipcmbox_call arg;

	arg.buf_ptr = (uintptr_t)message->data;
	arg.buf_len = size;
	arg.reply_ptr = (uintptr_t)message->data;
	arg.reply_len = size;
	if (ioctl(end->tx, IPCMBOX_IOC_CALL, &arg) != (int)size)
		err(EXIT_FAILURE, "IPCMBOX_IOC_CALL, limit %u", arg.limit);
}

static void ipcmbox_answer(const struct end *end, struct message *message, size_t size)
{
	static struct ipcmbox_reply reply;
	static struct ipcmbox_recv recv;
	static struct ipcmbox_reply_recv arg = {
		.reply_size = sizeof(reply), .recv_size = sizeof(recv),
	};

	arg.reply_ptr = (uintptr_t)&reply;
	arg.recv_ptr = (uintptr_t)&recv;
	reply.token = recv.token;
	reply.buf_ptr = (uintptr_t)message->data;
	reply.buf_len = size;
	recv.buf_ptr = (uintptr_t)message->data;
	recv.buf_len = size;
	if (ioctl(end->rx, IPCMBOX_IOC_REPLY_RECV, &arg) != (int)size)
		err(EXIT_FAILURE, "IPCMBOX_IOC_REPLY_RECV, limit %u", reply.limit);
}

static void ipcmbox_open_event(struct end *from, struct end *to,
			       unsigned int count, const struct shape *shape)
{
	struct ipcmbox_join arg = {};
	unsigned int i;

	from->tx = open_mailbox(shape, IPCMBOX_EVENT);
	from->rx = -1;
	for (i = 0; i < count; i++) {
		to[i].tx = -1;
		to[i].rx = ioctl(from->tx, IPCMBOX_IOC_JOIN, &arg);
		if (to[i].rx < 0)
			err(EXIT_FAILURE, "IPCMBOX_IOC_JOIN, limit %u", arg.limit);
	}
}

static void ipcmbox_send_vector(const struct end *end, struct message **messages,
				unsigned int count, size_t size)
{
	static struct ipcmbox_part sends[VECTOR_MAX];
	struct ipcmbox_vector arg = {
		.array_ptr = (uintptr_t)sends, .count = count,
		.element_size = sizeof(*sends), .flags = IPCMBOX_VECTOR_PLAIN,
	};
	unsigned int i;

	for (i = 0; i < count; i++) {
		sends[i].buf_ptr = (uintptr_t)messages[i]->data;
		sends[i].buf_len = size;
	}
	if (ioctl(end->tx, IPCMBOX_IOC_SENDV, &arg) != (int)count)
		err(EXIT_FAILURE, "IPCMBOX_IOC_SENDV");
}

static void ipcmbox_recv_vector(const struct end *end, struct message **messages,
				unsigned int count, size_t size)
{
	static struct ipcmbox_part recvs[VECTOR_MAX];
	struct ipcmbox_vector arg = {
		.array_ptr = (uintptr_t)recvs, .count = count,
		.element_size = sizeof(*recvs), .flags = IPCMBOX_VECTOR_PLAIN,
	};
	unsigned int i;

	for (i = 0; i < count; i++) {
		recvs[i].buf_ptr = (uintptr_t)messages[i]->data;
		recvs[i].buf_len = size;
	}
	if (ioctl(end->rx, IPCMBOX_IOC_RECVV, &arg) != (int)count)
		err(EXIT_FAILURE, "IPCMBOX_IOC_RECVV");
}

static void ipcmbox_recv_from(const struct end *end, struct message *message,
			      size_t size, pid_t from)
{
	static struct ipcmbox_recv arg;

	arg.buf_ptr = (uintptr_t)message->data;
	arg.buf_len = size;
	arg.flags = IPCMBOX_NONBLOCK;
	arg.from_kind = from ? IPCMBOX_PROCESS : IPCMBOX_ANY;
	arg.from = from;
	if (ioctl(end->rx, IPCMBOX_IOC_RECV, &arg) != (int)size)
		err(EXIT_FAILURE, "IPCMBOX_IOC_RECV");
}

static int ipcmbox_open_segment(size_t size)
{
	struct ipcmbox_segment_open arg = {
		.flags = IPCMBOX_OPEN_CREATE,
		.access = IPCMBOX_READ | IPCMBOX_WRITE,
		.mode = 0600,
		.size = size,
	};
	int fd = ioctl(device(), IPCMBOX_IOC_SEGMENT_OPEN, &arg);

	if (fd < 0)
		err(EXIT_FAILURE, "IPCMBOX_IOC_SEGMENT_OPEN, limit %u", arg.limit);
	return fd;
}

static void ipcmbox_send_segment(const struct end *end, int segment, bool move)
{
	struct ipcmbox_send arg = {
		.flags = move ? IPCMBOX_MOVE : 0,
		.fds_ptr = (uintptr_t)&segment, .nr_fds = 1,
	};

	if (ioctl(end->tx, IPCMBOX_IOC_SEND, &arg))
		err(EXIT_FAILURE, "IPCMBOX_IOC_SEND, limit %u", arg.limit);
}

static int ipcmbox_recv_segment(const struct end *end)
{
	int segment = -1;
	struct ipcmbox_recv arg = {
		.fds_ptr = (uintptr_t)&segment, .max_fds = 1,
	};

	if (ioctl(end->rx, IPCMBOX_IOC_RECV, &arg) || arg.nr_fds != 1)
		err(EXIT_FAILURE, "IPCMBOX_IOC_RECV");
	return segment;
}

static void ipcmbox_close(struct end ends[2])
{
	ends_close(ends, close_descriptor);
}

const struct transport ipcmbox_transport = {
	.name = "ipcmbox",
	.prioritised = true,
	.in_slab = true,
	.prepare = raise_limits,
	.open = ipcmbox_open,
	.send = ipcmbox_send,
	.recv = ipcmbox_recv,
	.send_bulk = ipcmbox_send_bulk,
	.ask = ipcmbox_ask,
	.answer = ipcmbox_answer,
	.open_event = ipcmbox_open_event,
	.send_vector = ipcmbox_send_vector,
	.recv_vector = ipcmbox_recv_vector,
	.recv_from = ipcmbox_recv_from,
	.open_segment = ipcmbox_open_segment,
	.send_segment = ipcmbox_send_segment,
	.recv_segment = ipcmbox_recv_segment,
	.moves_segments = true,
	.close = ipcmbox_close,
};

const struct transport ipcmbox_sleep_transport = {
	.name = "ipcmbox-sleep",
	.for_cpu = true,
	.set_up = switch_spinning_off,
	.tear_down = switch_spinning_on,
	.open = ipcmbox_open,
	.send = ipcmbox_send,
	.recv = ipcmbox_recv,
	.ask = ipcmbox_ask,
	.answer = ipcmbox_answer,
	.close = ipcmbox_close,
};
