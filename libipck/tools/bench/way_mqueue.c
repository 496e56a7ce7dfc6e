// SPDX-License-Identifier: LGPL-2.1-or-later
/* POSIX message queues of the kernel. */
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "way.h"

/* Who may not raise it to infinity has it as it is. */
static void raise_limit(void)
{
	const struct rlimit bytes = { RLIM_INFINITY, RLIM_INFINITY };

	setrlimit(RLIMIT_MSGQUEUE, &bytes);
}

static int open_queue(struct line *line, size_t size)
{
	struct mq_attr attr = { .mq_maxmsg = WAY_DEPTH, .mq_msgsize = size };
	static unsigned int serial;
	char name[48];

	raise_limit();
	snprintf(name, sizeof(name), "/ipck-bench.%d.%u", getpid(), serial++);
	line->tx = mq_open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600, &attr);
	line->rx = line->tx;
	if (line->tx < 0)
		return -errno;
	mq_unlink(name);
	return 0;
}

static int send_message(const struct line *line, const void *buf, size_t size)
{
	return mq_send(line->tx, buf, size, 0) ? -errno : 0;
}

static int recv_message(const struct line *line, void *buf, size_t size)
{
	return way_result(mq_receive(line->rx, buf, size, NULL), size);
}

const struct way mqueue_way = {
	.name = "mqueue",
	.advice = "see /proc/sys/fs/mqueue, and ulimit -q",
	.open = open_queue,
	.send = send_message,
	.recv = recv_message,
};
