// SPDX-License-Identifier: GPL-2.0-only
/*
 * Binder: transactions of a client and replies of a server, by the driver's own commands.
 *
 * The server is the context manager, whom everybody reaches by the handle 0.
 * What the driver gives a process is bound to the process that opens it, so each opens it with
 * its first message, and the client waits for the server. A message is read where the driver
 * has put it, in pages mapped by its receiver, who gives them back with the next command.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/android/binder.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "transport.h"

#define MODULE	"/binder_linux.ko"
#define DEVICE	"/dev/binder"

/* For messages to a process, in its memory. */
#define ROOM	(1UL << 20)

/* The ends. */
enum { CLIENT, SERVER };

/**
 * struct command - give back a message and send another
 * @free: BC_FREE_BUFFER; this and the next are left out if there is none to give back
 * @given_back: where the driver has put it
 * @send: BC_TRANSACTION or BC_REPLY
 * @message: what to send
 */
struct command {
	__u32 free;
	binder_uintptr_t given_back;
	__u32 send;
	struct binder_transaction_data message;
} __attribute__((packed));

/**
 * struct answers - what the driver has said
 * @words: words, some of them followed by a message
 * @next: offset of the first that has not been looked at
 * @end: offset of their end
 */
struct answers {
	char words[4 * sizeof(struct binder_transaction_data)];
	size_t next;
	size_t end;
};

/* Of this process. */
static int driver = -1;
static struct answers answers;
static binder_uintptr_t in_hands;	/* the message received last, until it is given back */

/* The server says here that it is there. */
static int server_ready;

static void load_driver(void)
{
	int fd = open(MODULE, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || syscall(SYS_finit_module, fd, "", 0))
		err(EXIT_FAILURE, MODULE);
	close_descriptor(fd);
}

static void binder_open(struct end ends[2], const struct shape *shape)
{
	(void)shape;
	ends[0] = (struct end){ .tx = CLIENT, .rx = CLIENT };
	ends[1] = (struct end){ .tx = SERVER, .rx = SERVER };
	server_ready = eventfd(0, EFD_CLOEXEC);
	if (server_ready < 0)
		err(EXIT_FAILURE, "eventfd");
}

/* Say @size bytes of commands; with @listen wait until the driver has something to say. */
static void talk(const void *what, size_t size, bool listen)
{
	struct binder_write_read both = {
		.write_buffer = (uintptr_t)what, .write_size = size,
		.read_buffer = (uintptr_t)answers.words,
		.read_size = listen ? sizeof(answers.words) : 0,
	};

	if (ioctl(driver, BINDER_WRITE_READ, &both))
		err(EXIT_FAILURE, "BINDER_WRITE_READ");
	if (!listen)
		return;
	answers.next = 0;
	answers.end = both.read_consumed;
}

/* The driver lets go of a manager who has ended some time after that. */
static void become_server(void)
{
	const __u32 enter = BC_ENTER_LOOPER;
	const uint64_t one = 1;
	__s32 unused = 0;

	while (ioctl(driver, BINDER_SET_CONTEXT_MGR, &unused)) {
		if (errno != EBUSY)
			err(EXIT_FAILURE, "BINDER_SET_CONTEXT_MGR");
		usleep(1000);
	}
	talk(&enter, sizeof(enter), false);
	if (write(server_ready, &one, sizeof(one)) < 0)
		err(EXIT_FAILURE, "write to an eventfd");
}

static void await_server(void)
{
	uint64_t count;

	if (read(server_ready, &count, sizeof(count)) < 0)
		err(EXIT_FAILURE, "read of an eventfd");
}

static void open_driver(bool server)
{
	driver = open(DEVICE, O_RDWR | O_CLOEXEC);
	if (driver < 0 ||
	    mmap(NULL, ROOM, PROT_READ, MAP_PRIVATE, driver, 0) == MAP_FAILED)
		err(EXIT_FAILURE, DEVICE);
	if (server)
		become_server();
	else
		await_server();
}

/* Whom a reply is for, the driver knows. */
static void say(const struct end *end, const struct message *message, size_t size, bool listen)
{
	bool server = end->tx == SERVER;
	struct command command = {
		.free = BC_FREE_BUFFER,
		.given_back = in_hands,
		.send = server ? BC_REPLY : BC_TRANSACTION,
		.message = {
			.data_size = size,
			.data.ptr.buffer = (uintptr_t)message->data,
		},
	};
	size_t skip = in_hands ? 0 : offsetof(struct command, send);

	if (driver < 0)
		open_driver(server);
	talk((char *)&command + skip, sizeof(command) - skip, listen);
	in_hands = 0;
}

/*
 * A server that sends and receives in one call is told only that its reply is on the way, and
 * has to call again for the next request: so it listens when it sends, not to be told later.
 */
static void binder_send(const struct end *end, struct message *message, size_t size,
			unsigned int priority)
{
	(void)priority;
	say(end, message, size, end->tx == SERVER);
}

/* Find the next message in what the driver has said. */
static bool next_message(struct binder_transaction_data *message)
{
	__u32 word;

	while (answers.next < answers.end) {
		memcpy(&word, answers.words + answers.next, sizeof(word));
		answers.next += sizeof(word);
		if (word == BR_TRANSACTION || word == BR_REPLY) {
			memcpy(message, answers.words + answers.next, sizeof(*message));
			answers.next += sizeof(*message);
			return true;
		}
		if (word != BR_NOOP && word != BR_TRANSACTION_COMPLETE)
			errx(EXIT_FAILURE, "binder says %#x", word);
	}
	return false;
}

/* Only what is checked is copied: the message is in the receiver's hands where it is. */
static void binder_recv(const struct end *end, struct message *message, size_t size)
{
	struct binder_transaction_data got;

	if (driver < 0)
		open_driver(end->rx == SERVER);
	while (!next_message(&got))
		talk(NULL, 0, true);
	if (got.data_size != size)
		errx(EXIT_FAILURE, "received %llu bytes", got.data_size);
	in_hands = got.data.ptr.buffer;
	memcpy(message->data, (void *)(uintptr_t)in_hands, MESSAGE_MIN);
}

static void ask(const struct end *end, struct message *message, size_t size)
{
	say(end, message, size, true);
	binder_recv(end, message, size);
}

/* The mapping ends with its process. */
static void binder_close(struct end ends[2])
{
	(void)ends;
	close_descriptor(server_ready);
	close_descriptor(driver);
	driver = -1;
}

const struct transport binder_transport = {
	.name = "binder",
	.turns_only = true,
	.prepare = load_driver,
	.open = binder_open,
	.send = binder_send,
	.recv = binder_recv,
	.ask = ask,
	.close = binder_close,
};
