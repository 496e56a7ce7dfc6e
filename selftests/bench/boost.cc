// SPDX-License-Identifier: GPL-2.0-only
/*
 * boost::interprocess::message_queue.
 */
#include <boost/interprocess/ipc/message_queue.hpp>
#include <cstdio>
#include <cstdlib>
#include <err.h>
#include <unistd.h>

extern "C" {
#include "transport.h"
}

using boost::interprocess::message_queue;

/* As nothing can be done about them: exceptions end the process. */

static int open_queue(const struct shape *shape)
{
	static unsigned int serial;
	char name[32];

	snprintf(name, sizeof(name), "bench.%d.%u", getpid(), serial++);
	auto queue = new message_queue(boost::interprocess::create_only, name,
				       shape->capacity, shape->size);
	message_queue::remove(name);
	return queue_number(queue);
}

static void close_queue(int number)
{
	delete static_cast<message_queue *>(queue_of(number));
	queue_forget(number);
}

static void boost_open(struct end ends[2], const struct shape *shape)
{
	ends_open(ends, shape, open_queue);
}

static void boost_send(const struct end *end, struct message *message,
		       size_t size, unsigned int priority)
{
	auto queue = static_cast<message_queue *>(queue_of(end->tx));

	queue->send(message->data, size, priority);
}

static void boost_recv(const struct end *end, struct message *message, size_t size)
{
	auto queue = static_cast<message_queue *>(queue_of(end->rx));
	message_queue::size_type length;
	unsigned int priority;

	queue->receive(message->data, size, length, priority);
	if (length != size)
		errx(EXIT_FAILURE, "received %zu bytes", length);
}

static void boost_close(struct end ends[2])
{
	ends_close(ends, close_queue);
}

extern "C" const struct transport boost_transport = {
	.name = "boost",
	.few_cases = true,
	.open = boost_open,
	.send = boost_send,
	.recv = boost_recv,
	.close = boost_close,
};
