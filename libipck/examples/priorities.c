// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Priorities: what is urgent is received first, what is equally urgent in the
 * order of sending.
 */
#include <err.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <ipck.h>

static const struct {
	const char *text;
	unsigned int priority;
} letters[] = {
	{ "a postcard", 1 },
	{ "a bill", 10 },
	{ "a second postcard", 1 },
	{ "FIRE!", IPCK_PRIORITY_MAX },
	{ "a reminder of the bill", 10 },
};

/* The order they must come in, as places in letters[]. */
static const int order[] = { 3, 1, 4, 0, 2 };

#define COUNT (sizeof(letters) / sizeof(letters[0]))

static void send_all(struct ipck *mb)
{
	size_t i;
	int ret;

	for (i = 0; i < COUNT; i++) {
		ret = ipck_send(mb, letters[i].text, strlen(letters[i].text),
				letters[i].priority);
		if (ret < 0)
			errx(1, "send: %s", ipck_strerror(ret, 0));
		printf("sent      %5u  %s\n", letters[i].priority,
		       letters[i].text);
	}
}

static void receive(struct ipck *mb, const struct ipck_recv_opt *opt,
		    const char *did, int expected)
{
	struct ipck_msg msg;
	char text[64];
	ssize_t ret;

	ret = ipck_recv_opt(mb, text, sizeof(text), opt, &msg);
	if (ret < 0)
		errx(1, "receive: %s", ipck_strerror(ret, msg.limit));
	printf("%-9s %5u  %.*s\n", did, msg.priority, (int)ret, text);
	if (msg.seq != (uint64_t)expected + 1)
		errx(1, "this should have been: %s", letters[expected].text);
}

int main(void)
{
	const struct ipck_recv_opt peek = { .flags = IPCK_PEEK };
	const struct ipck_recv_opt plain = { 0 };
	const struct ipck_recv_opt urgent = {
		.min_priority = 10,
		.wait = IPCK_WAIT_NEVER,
	};
	struct ipck *mb;
	size_t i;
	int ret;

	ret = ipck_open(&mb, NULL, O_RDWR | O_CREAT, NULL);
	if (ret < 0)
		errx(1, "open: %s", ipck_strerror(ret, 0));
	send_all(mb);

	/* Looking takes nothing away. */
	receive(mb, &peek, "peeked", order[0]);
	for (i = 0; i < 3; i++)
		receive(mb, &urgent, "received", order[i]);

	/* Two messages are left, but none that urgent. */
	ret = ipck_recv_opt(mb, NULL, 0, &urgent, NULL);
	printf("nothing of priority 10 or higher: %s\n", ipck_strerror(ret, 0));
	if (ret != -EAGAIN)
		return 1;
	for (; i < COUNT; i++)
		receive(mb, &plain, "received", order[i]);
	ipck_close(mb);
	return 0;
}
