// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults in the commands of event mailboxes and endpoints: an event reaches all members or none,
 * and whoever could not join or connect has left nothing behind.
 */
#include <errno.h>

#include "kselftest_harness.h"
#include "endpoint_test.h"
#include "fail_nth_test.h"

#define EVENT	1ULL
#define MEMBERS	3

static int box, members[MEMBERS], next, nth, got;
static struct ipcmbox_query before;
static int count;

FIXTURE(fail_nth) {
};

/* All members have the same, in the same order. */
static bool all_have(__s64 number)
{
	int i;

	for (i = 0; i < MEMBERS; i++)
		if (take(members[i]) != number)
			return false;
	return true;
}

FIXTURE_SETUP(fail_nth)
{
	int i;

	dev = device_open();
	ASSERT_GE(dev, 0);
	ASSERT_LT(0, open_inbox(0));
	box = mailbox_new(dev, .discipline = IPCMBOX_EVENT, .max_messages = 8,
			  .flags = IPCMBOX_OPEN_KEEP_LAST);
	ASSERT_GE(box, 0);
	for (i = 0; i < MEMBERS; i++) {
		members[i] = member_new(box);
		ASSERT_GE(members[i], 0);
	}
	/* Kept for whoever joins */
	ASSERT_EQ(0, put(box, 0, 3));
	ASSERT_EQ(true, all_have(3));
	ASSERT_EQ(0, put_event(box, EVENT, 0, 1));
	ASSERT_EQ(true, all_have(1));
	ASSERT_EQ(0, query_budget(dev, &before));
	count = mailbox_count(dev);
	nth = injection_begin();
	next = next_descriptor();
	if (nth < 0)
		SKIP(return, "no fault injection in this kernel");
}

FIXTURE_TEARDOWN(fail_nth)
{
	int i;

	close(nth);
	for (i = 0; i < MEMBERS; i++)
		close(members[i]);
	close(box);
	close(inbox);
	close(dev);
}

static bool as_before(void)
{
	struct ipcmbox_query now;

	return !put_event(box, EVENT, 0, 1) && all_have(1) && all_have(-EAGAIN) &&
	       take(inbox) == -EAGAIN && !query_budget(dev, &now) &&
	       now.user_messages == before.user_messages && now.user_bytes == before.user_bytes &&
	       now.user_mailboxes == before.user_mailboxes && mailbox_count(dev) == count &&
	       next_descriptor() == next && mailbox_info(box).members == MEMBERS &&
	       mailbox_balanced(box) && mailbox_balanced(members[0]);
}

static bool as_it_is(void)
{
	return true;
}

static bool opened(int ret)
{
	return ret < 0 || !close(ret);
}

/*
 * Events
 */

static int create_event(void)
{
	return mailbox_new(dev, .discipline = IPCMBOX_EVENT, .max_messages = 1);
}

static int join(void)
{
	return member_new(box);
}

/* With the two messages that are kept, as far as they are not counted as lost; or not at all. */
static bool joined(int ret)
{
	__u64 dropped;
	int n = 0;

	if (ret < 0)
		return mailbox_info(box).members == MEMBERS;
	dropped = mailbox_info(ret).dropped;
	while (take(ret) >= 0)
		n++;
	return mailbox_info(box).members == MEMBERS + 1 && n + dropped == 2 &&
	       mailbox_balanced(ret) && !close(ret);
}

static bool one_more(void)
{
	got = join();
	return got >= 0;
}

static int leave(void)
{
	return member_leave(got);
}

static bool left(int ret)
{
	bool ok = !ret && mailbox_info(box).members == MEMBERS && take(got) == 3 &&
		  take(got) == 1 && take(got) == -EPIPE;

	return !close(got) && ok;
}

static int send_event(void)
{
	return put_event(box, EVENT, 0, 2);
}

static bool sent(int ret)
{
	return ret || all_have(2);
}

static int send_without_bits(void)
{
	return put(box, 0, 3);
}

static bool sent_without_bits(int ret)
{
	return ret || all_have(3);
}

/*
 * Endpoints
 */

static int create_thread_endpoint(void)
{
	return endpoint_new(dev, .flags = IPCMBOX_OPEN_THREAD, .max_messages = 1);
}

static bool endpoint_made(int ret)
{
	if (ret < 0)
		return endpoint_connect(dev, IPCMBOX_THREAD, gettid_()) == -ESRCH;
	return !close(ret);
}

static int connect_to_it(void)
{
	return endpoint_connect(dev, IPCMBOX_PROCESS, getpid());
}

static int send_to_it(void)
{
	return put_to(IPCMBOX_PROCESS, getpid(), 4);
}

static bool sent_to_it(int ret)
{
	return take(inbox) == (ret ? -EAGAIN : 4);
}

static bool number_is_there(void)
{
	return !put_to(IPCMBOX_PROCESS, getpid(), 4);
}

static int receive_from_it(void)
{
	__u32 number;

	return message_receive(inbox, .buf_ptr = ptr_u64(&number), .buf_len = 4,
			       .from_kind = IPCMBOX_PROCESS, .from = getpid(),
			       .flags = IPCMBOX_NONBLOCK);
}

static bool received_from_it(int ret)
{
	return take(inbox) == (ret < 0 ? 4 : -EAGAIN);
}

static const struct command commands[] = {
	{ IPCMBOX_IOC_OPEN, "create an event mailbox", as_it_is, create_event, opened },
	{ IPCMBOX_IOC_JOIN, "join", as_it_is, join, joined },
	{ IPCMBOX_IOC_LEAVE, "leave", one_more, leave, left },
	{ IPCMBOX_IOC_SEND, "send an event", as_it_is, send_event, sent },
	{ IPCMBOX_IOC_SEND_V0, "send to all", as_it_is, send_without_bits, sent_without_bits },
	{ IPCMBOX_IOC_OPEN, "create an endpoint", as_it_is, create_thread_endpoint,
	  endpoint_made },
	{ IPCMBOX_IOC_OPEN, "connect", as_it_is, connect_to_it, opened },
	{ IPCMBOX_IOC_SEND, "send to a process", as_it_is, send_to_it, sent_to_it },
	{ IPCMBOX_IOC_RECV, "receive from a process", number_is_there, receive_from_it,
	  received_from_it },
};

TEST_F_TIMEOUT(fail_nth, commands, 200)
{
	const char *wrong;
	int i;

	if (nth < 0)
		return;
	ASSERT_TRUE(as_before());
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		wrong = endure(nth, &commands[i], as_before);
		ASSERT_EQ(NULL, wrong) TH_LOG("%s: %s", commands[i].name, wrong);
	}
}

TEST_HARNESS_MAIN
