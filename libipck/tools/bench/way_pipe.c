// SPDX-License-Identifier: LGPL-2.1-or-later
/* Pipes, which keep no boundaries: both sides know how long a message is. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "way.h"

static int open_pipe(struct line *line, size_t size)
{
	int ends[2];

	(void)size;
	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	line->rx = ends[0];
	line->tx = ends[1];
	return 0;
}

/* A write that waits writes all. */
static int send_bytes(const struct line *line, const void *buf, size_t size)
{
	return way_result(write(line->tx, buf, size), size);
}

static int recv_bytes(const struct line *line, void *buf, size_t size)
{
	size_t done = 0;
	ssize_t part;

	while (done < size) {
		part = read(line->rx, (char *)buf + done, size - done);
		if (part <= 0)
			return part ? -errno : -EPIPE;
		done += part;
	}
	return 0;
}

const struct way pipe_way = {
	.name = "pipe",
	.open = open_pipe,
	.send = send_bytes,
	.recv = recv_bytes,
};
