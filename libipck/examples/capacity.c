// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Capacity: how many messages a mailbox holds, and what becomes of one too many.
 *
 * Nobody receives while the sender sends, and the sender may not wait.
 */
#include <err.h>
#include <errno.h>
#include <stdio.h>

#include <ipck.h>

#define MANY 1000

static const struct ipck_send_opt no_wait = { .wait = IPCK_WAIT_NEVER };
static const struct ipck_recv_opt no_wait_either = { .wait = IPCK_WAIT_NEVER };

static struct ipck *open_mailbox(uint32_t capacity, enum ipck_overflow overflow)
{
	const struct ipck_attr attr = {
		.capacity = capacity, .overflow = overflow,
	};
	struct ipck *mb;
	int ret = ipck_open(&mb, NULL, O_RDWR | O_CREAT, &attr);

	if (ret < 0)
		errx(1, "open: %s", ipck_strerror(ret, 0));
	return mb;
}

/* Send 1, 2, 3 ... until the mailbox refuses. Return: how many it accepted. */
static int fill(struct ipck *mb, int count)
{
	unsigned int limit;
	int i, ret;

	for (i = 1; i <= count; i++) {
		ret = ipck_send_opt(mb, &i, sizeof(i), &no_wait, &limit);
		if (ret == -EAGAIN && limit == IPCK_LIMIT_CAPACITY)
			break;
		if (ret < 0)
			errx(1, "send: %s", ipck_strerror(ret, limit));
	}
	return i - 1;
}

static int accepts(const char *title, uint32_t capacity, int expected)
{
	struct ipck *mb = open_mailbox(capacity, IPCK_OVERFLOW_BLOCK);
	int accepted = fill(mb, MANY);

	printf("  %-32s accepts %d of %d\n", title, accepted, MANY);
	ipck_close(mb);
	return accepted == expected;
}

/* What is left of six messages, and what the receiver learns of the others. */
static int overflows(const char *title, enum ipck_overflow overflow, int first,
		     int accepted, int lost)
{
	struct ipck *mb = open_mailbox(4, overflow);
	int number, begin = 0, missing = 0, right;
	struct ipck_msg msg;
	struct ipck_info info;

	right = fill(mb, 6) == accepted;
	printf("  %-12s accepts %d, leaves", title, accepted);
	while (ipck_recv_opt(mb, &number, sizeof(number), &no_wait_either,
			     &msg) > 0) {
		if (!begin)
			begin = number;
		missing += msg.lost;
		printf(" %d", number);
	}
	if (ipck_stat(mb, &info) < 0)
		errx(1, "stat");
	/* A loss after the last message is told with the next one. */
	missing += info.unreported;
	printf(", %d lost\n", missing);
	ipck_close(mb);
	return right && begin == first && missing == lost;
}

int main(void)
{
	int right = 1;

	puts("A sender that may not wait, and nobody who receives:");
	right &= accepts("rendezvous (capacity 0)", 0, 0);
	right &= accepts("bounded (capacity 4)", 4, 4);
	right &= accepts("unbounded", IPCK_UNBOUNDED, MANY);

	puts("Six messages for a capacity of 4, and what the policy does:");
	right &= overflows("block", IPCK_OVERFLOW_BLOCK, 1, 4, 0);
	right &= overflows("fail", IPCK_OVERFLOW_FAIL, 1, 4, 0);
	right &= overflows("drop-oldest", IPCK_OVERFLOW_DROP_OLDEST, 3, 6, 2);
	right &= overflows("drop-newest", IPCK_OVERFLOW_DROP_NEWEST, 1, 6, 2);
	return !right;
}
