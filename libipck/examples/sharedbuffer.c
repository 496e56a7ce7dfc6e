// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Shared buffer: a producer and a consumer with a channel between them.
 *
 * As in the textbook, items go through a ring, and neither side makes a system
 * call while the other one keeps up.  As the textbook leaves to the reader, each
 * sleeps when it has to, and learns when the other one dies.
 */
#include <err.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ipck.h>

#define ITEMS 100000

struct item {
	uint32_t number;
	uint32_t square;
};

static void check(int ret, const char *what)
{
	if (ret < 0)
		errx(1, "%s: %s", what, ipck_strerror(ret, 0));
}

/* Items are made in the ring: nothing is copied. */
static void produce(uint64_t id)
{
	struct item *item;
	struct ipck *out;
	uint32_t i;
	void *room;

	check(ipck_open_id(&out, id, O_WRONLY), "open");
	for (i = 0; i < ITEMS; i++) {
		check(ipck_reserve(out, sizeof(*item), &room, NULL), "reserve");
		item = room;
		item->number = i;
		item->square = i * i;
		check(ipck_commit(out, sizeof(*item)), "commit");
	}
	ipck_close(out);
}

/* The producer could still write there, so what counts is the copy. */
static int consume(struct ipck *in, struct item *item)
{
	const void *place;
	ssize_t ret;

	ret = ipck_peek(in, &place, NULL, NULL);
	if (ret < 0)
		return ret;
	if (ret != sizeof(*item))
		errx(1, "an item of %zd bytes", ret);
	*item = *(const struct item *)place;
	check(ipck_release(in), "release");
	return 0;
}

int main(void)
{
	struct ipck_attr attr = {
		.discipline = IPCK_CHANNEL, .max_bytes = 4096,
	};
	struct item item;
	struct ipck *in;
	uint32_t i;
	int ret, status;
	pid_t producer;

	check(ipck_open(&in, NULL, O_RDONLY | O_CREAT, &attr), "open");
	producer = fork();
	if (producer < 0)
		err(1, "fork");
	if (!producer) {
		produce(ipck_id(in));
		_exit(0);
	}
	for (i = 0; i < ITEMS; i++) {
		check(consume(in, &item), "receive");
		if (item.number != i || item.square != i * i)
			errx(1, "item %u came in the place of %u", item.number, i);
	}
	printf("%u items came, in order\n", i);

	/* The channel has no name: nobody can be its producer any more. */
	ret = consume(in, &item);
	printf("then: %s\n", ipck_strerror(ret, 0));
	if (waitpid(producer, &status, 0) < 0 || status)
		errx(1, "the producer failed");
	ipck_close(in);
	return ret == -EPIPE ? 0 : 1;
}
