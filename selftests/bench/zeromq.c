// SPDX-License-Identifier: GPL-2.0-only
/*
 * ZeroMQ: a pair of sockets over ipc://, with one I/O thread in each process.
 *
 * Contexts do not survive fork(2): each process makes its own with the first
 * message, and whoever is there first waits for the other.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zmq.h>

#include "transport.h"

/* Where the sockets of a pair meet. */
static char address[64];

/* Of this process, by the end: both, where one process has both. */
static void *sockets[2];
static void *context;

static void *make_socket(int number)
{
	void *socket;

	if (!context)
		context = zmq_ctx_new();
	socket = context ? zmq_socket(context, ZMQ_PAIR) : NULL;
	if (!socket)
		errx(EXIT_FAILURE, "zmq_socket: %s", zmq_strerror(zmq_errno()));
	if (number ? zmq_connect(socket, address) : zmq_bind(socket, address))
		errx(EXIT_FAILURE, "%s: %s", address, zmq_strerror(zmq_errno()));
	sockets[number] = socket;
	return socket;
}

static void zeromq_open(struct end ends[2], const struct shape *shape)
{
	static unsigned int serial;
	int i;

	snprintf(address, sizeof(address), "ipc:///tmp/bench.%d.%u", getpid(),
		 serial++);
	for (i = 0; i < 2; i++)
		ends[i] = (struct end){ .tx = i, .rx = i };
	/* Both in this process: nobody is there to wait for. */
	for (i = 0; i < 2 && !shape->duplex; i++)
		make_socket(i);
}

static inline void *socket_of(int number)
{
	return sockets[number] ? sockets[number] : make_socket(number);
}

static void zeromq_send(const struct end *end, struct message *message,
			size_t size, unsigned int priority)
{
	(void)priority;
	if (zmq_send(socket_of(end->tx), message->data, size, 0) != (int)size)
		errx(EXIT_FAILURE, "zmq_send: %s", zmq_strerror(zmq_errno()));
}

static void zeromq_recv(const struct end *end, struct message *message, size_t size)
{
	if (zmq_recv(socket_of(end->rx), message->data, size, 0) != (int)size)
		errx(EXIT_FAILURE, "zmq_recv: %s", zmq_strerror(zmq_errno()));
}

/* Ending the context waits until all is sent. */
static void leave(const struct end *end)
{
	(void)end;
	for (int i = 0; i < 2; i++) {
		if (sockets[i])
			zmq_close(sockets[i]);
		sockets[i] = NULL;
	}
	if (context)
		zmq_ctx_term(context);
	context = NULL;
}

static void zeromq_close(struct end ends[2])
{
	leave(&ends[0]);
}

const struct transport zeromq_transport = {
	.name = "zeromq",
	.slow = true,
	.few_cases = true,
	.open = zeromq_open,
	.send = zeromq_send,
	.recv = zeromq_recv,
	.leave = leave,
	.close = zeromq_close,
};
