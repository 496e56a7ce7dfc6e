// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channels of this module, through its library.
 *
 * Both handles of a channel are opened before the other process is made; each of
 * the two goes on with one of them.
 */
#include <err.h>
#include <fcntl.h>
#include <ipck.h>
#include <stdlib.h>

#include "transport.h"

static void check(const char *what, ssize_t ret)
{
	if (ret < 0)
		errx(EXIT_FAILURE, "%s: %s", what, ipck_strerror(ret, 0));
}

/* The longest message takes less than half of the ring. */
static void open_way(int *tx, int *rx, const struct shape *shape)
{
	struct ipck_attr attr = {
		.capacity = IPCK_UNBOUNDED,
		.discipline = IPCK_CHANNEL,
		.max_bytes = (shape->capacity + 2) * (shape->size + 8),
		.max_length = shape->size,
	};
	struct ipck *in, *out;

	check("ipck_open", ipck_open(&in, NULL, O_RDONLY | O_CREAT, &attr));
	check("ipck_open_id", ipck_open_id(&out, ipck_id(in), O_WRONLY));
	*rx = queue_number(in);
	*tx = queue_number(out);
}

static void channel_open(struct end ends[2], const struct shape *shape)
{
	open_way(&ends[0].tx, &ends[1].rx, shape);
	ends[1].tx = -1;
	ends[0].rx = -1;
	if (shape->duplex)
		open_way(&ends[1].tx, &ends[0].rx, shape);
}

static void channel_send(const struct end *end, struct message *message,
			 size_t size, unsigned int priority)
{
	check("ipck_send", ipck_send(queue_of(end->tx), message->data, size, priority));
}

static void channel_recv(const struct end *end, struct message *message, size_t size)
{
	ssize_t ret = ipck_recv(queue_of(end->rx), message->data, size);

	check("ipck_recv", ret);
	if (ret != (ssize_t)size)
		errx(EXIT_FAILURE, "received %zd bytes", ret);
}

static void close_handle(int number)
{
	if (number < 0)
		return;
	ipck_close(queue_of(number));
	queue_forget(number);
}

static void channel_close(struct end ends[2])
{
	int i;

	for (i = 0; i < 2; i++) {
		close_handle(ends[i].tx);
		close_handle(ends[i].rx);
	}
}

const struct transport channel_transport = {
	.name = "channel",
	.few_cases = true,
	.open = channel_open,
	.send = channel_send,
	.recv = channel_recv,
	.close = channel_close,
};
