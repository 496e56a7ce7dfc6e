// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dead letters: messages that came back too often go to the mailbox that was named for them, or
 * nowhere, and are counted.
 */
#include <fcntl.h>

#include "lease_test.h"

FIXTURE(dead_letter) {
	int dev, fd, grave;
	struct ipcmbox_query before;
	struct ipcmbox_recv recv;
	struct call *call;
};

/* What is refused twice on @fd goes to @grave. */
FIXTURE_SETUP(dead_letter)
{
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	mailbox_unlink_tests(self->dev);
	self->fd = mailbox_new(self->dev, .max_messages = 128, .flags = IPCMBOX_OPEN_FDS);
	self->grave = mailbox_new(self->dev, .max_messages = 128);
	ASSERT_GE(self->fd, 0);
	ASSERT_GE(self->grave, 0);
	self->call = calls_alloc(1);
	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_DEAD_LETTER,
				    .dead_letter = mailbox_id(self->grave), .max_deliveries = 2));
	ASSERT_EQ(0, query_budget(self->dev, &self->before));
}

FIXTURE_TEARDOWN(dead_letter)
{
	EXPECT_TRUE(is_at_rest(self->fd));
	EXPECT_TRUE(is_at_rest(self->grave));
	EXPECT_TRUE(is_even(self->dev, &self->before));
	close(self->grave);
	close(self->fd);
	mailbox_unlink_tests(self->dev);
	close(self->dev);
}

/* Delivered @times times, and refused. */
static bool refuse_often(int fd, __s64 number, int times)
{
	struct ipcmbox_recv recv;
	int i;

	for (i = 0; i < times; i++) {
		if (take_lease(fd, &recv, LONG) != number || recv.redelivered != i ||
		    refuse(fd, recv.token))
			return false;
	}
	return true;
}

static bool bury(FIXTURE_DATA(dead_letter) *self, __u32 number)
{
	return !put(self->fd, 0, number) && refuse_often(self->fd, number, 2);
}

TEST_F(dead_letter, moves)
{
	char text[8] = "a number";
	struct ipcmbox_info info;
	int i;

	ASSERT_EQ(0, put(self->grave, 3, 1));
	ASSERT_EQ(0, message_send(self->fd, .buf_ptr = ptr_u64(text), .buf_len = 8,
				  .priority = 5, .events = 6));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(8, lease(self->fd, &self->recv, text, 8, LONG));
		EXPECT_EQ(0, mailbox_info(self->fd).dead_letters);
		EXPECT_EQ(0, refuse(self->fd, self->recv.token));
		EXPECT_TRUE(mailbox_balanced(self->fd));
	}
	EXPECT_TRUE(is_stale(self->fd, self->recv.token));
	EXPECT_EQ(-EAGAIN, take(self->fd));
	info = mailbox_info(self->fd);
	EXPECT_EQ(1, info.dead_letters);
	EXPECT_EQ(1, info.received);
	EXPECT_EQ(0, info.dropped | info.messages | info.held);
	EXPECT_EQ(2, mailbox_info(self->grave).sent);

	memset(text, 0, sizeof(text));
	ASSERT_EQ(8, serve(self->grave, &self->recv, text, 8));
	EXPECT_EQ(0, memcmp(text, "a number", 8));
	EXPECT_EQ(5, self->recv.priority);
	EXPECT_EQ(6, self->recv.events);
	EXPECT_EQ(2, self->recv.seq);
	EXPECT_EQ(getpid(), self->recv.pid);
	EXPECT_EQ(0, self->recv.token);
	EXPECT_EQ(0, self->recv.lost);
	EXPECT_EQ(1, take(self->grave));
}

/* Its deliveries there are counted anew. */
TEST_F(dead_letter, begins_anew)
{
	ASSERT_EQ(0, mailbox_change(self->grave, .mask = IPCMBOX_SET_DEAD_LETTER,
				    .dead_letter = mailbox_id(self->fd), .max_deliveries = 3));
	ASSERT_TRUE(bury(self, 1));
	/* And comes to life. */
	EXPECT_TRUE(refuse_often(self->grave, 1, 3));
	EXPECT_TRUE(refuse_often(self->fd, 1, 2));
	EXPECT_EQ(2, mailbox_info(self->fd).dead_letters);
	EXPECT_EQ(1, mailbox_info(self->grave).dead_letters);
	EXPECT_EQ(1, take(self->grave));
}

/* Whatever ends the lease. */
TEST_F(dead_letter, expired)
{
	ASSERT_EQ(0, put(self->fd, 0, 1));
	ASSERT_EQ(1, take_lease(self->fd, &self->recv, LONG));
	ASSERT_EQ(0, refuse(self->fd, self->recv.token));
	ASSERT_EQ(1, take_lease(self->fd, &self->recv, 1));
	recv_start(self->call, self->grave);
	EXPECT_EQ(4, call_join(self->call));
	EXPECT_EQ(1, call_number(self->call));
	EXPECT_EQ(1, mailbox_info(self->fd).dead_letters);
	EXPECT_EQ(-EAGAIN, take(self->fd));
}

/* More of them than are looked at under one hold of the lock, and in order. */
TEST_F(dead_letter, of_a_closed_descriptor)
{
	int holder = mailbox_by_id(self->dev, mailbox_id(self->fd), IPCMBOX_READ), i;

	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_DEAD_LETTER,
				    .dead_letter = mailbox_id(self->grave), .max_deliveries = 1));
	for (i = 0; i < 100; i++)
		ASSERT_EQ(0, put(self->fd, i % 2, i));
	for (i = 0; i < 100; i++)
		ASSERT_LE(0, take_lease(holder, &self->recv, LONG));
	close(holder);
	EXPECT_EQ(100, mailbox_info(self->fd).dead_letters);
	EXPECT_EQ(0, mailbox_info(self->fd).messages);
	for (i = 0; i < 100; i++)
		ASSERT_EQ(i < 50 ? 2 * i + 1 : 2 * i - 100, take(self->grave));
}

TEST_F(dead_letter, without_a_limit)
{
	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_DEAD_LETTER,
				    .dead_letter = mailbox_id(self->grave)));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_TRUE(refuse_often(self->fd, 1, 100));
	/* A limit that is set later counts what was before. */
	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_DEAD_LETTER,
				    .dead_letter = mailbox_id(self->grave), .max_deliveries = 50));
	ASSERT_EQ(1, take_lease(self->fd, &self->recv, LONG));
	EXPECT_EQ(0, refuse(self->fd, self->recv.token));
	EXPECT_EQ(1, take(self->grave));
}

/*
 * Dropped
 */

TEST_F(dead_letter, for_nobody)
{
	int gone = mailbox_new(self->dev, .max_messages = 1), i;

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_DEAD_LETTER,
					    .dead_letter = i ? mailbox_id(gone) : 0,
					    .max_deliveries = 2));
		if (i)
			close(gone);
		ASSERT_TRUE(bury(self, 1));
		EXPECT_EQ(i + 1, mailbox_info(self->fd).dead_letters);
		EXPECT_EQ(i + 1, mailbox_info(self->fd).received);
		EXPECT_TRUE(is_at_rest(self->fd));
		EXPECT_TRUE(is_even(self->dev, &self->before));
	}
	EXPECT_EQ(0, mailbox_info(self->grave).sent);
}

/* A name that lives on has mail though nobody has it open; one that is unlinked dies. */
TEST_F(dead_letter, for_a_name)
{
	int named = mailbox_new(self->dev, NAME("test"), .max_messages = 4), i;

	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_DEAD_LETTER,
				    .dead_letter = mailbox_id(named), .max_deliveries = 2));
	close(named);
	for (i = 0; i < 2; i++) {
		ASSERT_TRUE(bury(self, i));
		named = mailbox_find(self->dev, "test", RW);
		if (!i)
			EXPECT_EQ(0, mailbox_unlink(self->dev, "test"));
		EXPECT_EQ(i ? -ENOENT : 0, named < 0 ? named : take(named));
		close(named);
	}
}

TEST_F(dead_letter, for_a_mailbox_without_room)
{
	static const struct {
		__u32 overflow;
		__u64 sent, dropped;
		__s64 left;
	} cases[] = {
		{ IPCMBOX_OVERFLOW_BLOCK, 1, 0, 7 },
		{ IPCMBOX_OVERFLOW_FAIL, 1, 0, 7 },
		{ IPCMBOX_OVERFLOW_DROP_NEWEST, 2, 1, 7 },
		{ IPCMBOX_OVERFLOW_DROP_OLDEST, 2, 1, 1 },
	};
	int i, full;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		full = mailbox_new(self->dev, .max_messages = 1, .overflow = cases[i].overflow);
		ASSERT_EQ(0, put(full, 0, 7));
		ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_DEAD_LETTER,
					    .dead_letter = mailbox_id(full),
					    .max_deliveries = 2));
		ASSERT_TRUE(bury(self, 1));
		EXPECT_EQ(i + 1, mailbox_info(self->fd).dead_letters);
		EXPECT_EQ(cases[i].sent, mailbox_info(full).sent);
		EXPECT_EQ(cases[i].dropped, mailbox_info(full).dropped);
		EXPECT_TRUE(mailbox_balanced(full));
		EXPECT_EQ(cases[i].left, take(full));
		EXPECT_EQ(-EAGAIN, take(full));
		close(full);
	}
}

/* Without capacity there is room for it while somebody waits. */
TEST_F(dead_letter, for_a_receiver)
{
	int rendezvous = mailbox_new(self->dev, .max_messages = 0);

	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_DEAD_LETTER,
				    .dead_letter = mailbox_id(rendezvous), .max_deliveries = 2));
	ASSERT_TRUE(bury(self, 1));
	EXPECT_EQ(0, mailbox_info(rendezvous).sent);
	recv_start(self->call, rendezvous);
	ASSERT_TRUE(await_receivers(rendezvous, 1));
	ASSERT_TRUE(bury(self, 2));
	EXPECT_EQ(4, call_join(self->call));
	EXPECT_EQ(2, call_number(self->call));
	close(rendezvous);
}

TEST_F(dead_letter, that_is_too_long)
{
	int brief = mailbox_new(self->dev, .max_messages = 4, .max_length = 3);

	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_DEAD_LETTER,
				    .dead_letter = mailbox_id(brief), .max_deliveries = 2));
	ASSERT_TRUE(bury(self, 1));
	EXPECT_EQ(0, mailbox_info(brief).sent);
	EXPECT_EQ(1, mailbox_info(self->fd).dead_letters);
	close(brief);
}

/* Descriptors go along where they may, and are closed where not. */
TEST_F(dead_letter, with_a_descriptor)
{
	int takes = mailbox_new(self->dev, .max_messages = 4, .flags = IPCMBOX_OPEN_FDS);
	int pipes[2], i;
	__s32 fd;

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_DEAD_LETTER,
					    .dead_letter = mailbox_id(i ? takes : self->grave),
					    .max_deliveries = 1));
		ASSERT_EQ(0, pipe2(pipes, O_CLOEXEC));
		ASSERT_EQ(0, message_send(self->fd, .nr_fds = 1, .fds_ptr = ptr_u64(&pipes[1])));
		close(pipes[1]);
		self->recv = (struct ipcmbox_recv){
			.flags = IPCMBOX_LEASE, .lease_ns = LONG, .max_fds = 1,
			.fds_ptr = ptr_u64(&fd),
		};
		ASSERT_EQ(0, mailbox_receive(self->fd, &self->recv));
		ASSERT_EQ(1, self->recv.nr_fds);
		close(fd);
		EXPECT_EQ(0, readable(pipes[0]));
		EXPECT_EQ(0, refuse(self->fd, self->recv.token));
		if (i) {
			EXPECT_EQ(0, readable(pipes[0]));
			self->recv = (struct ipcmbox_recv){ .max_fds = 1, .fds_ptr = ptr_u64(&fd) };
			EXPECT_EQ(0, mailbox_receive(takes, &self->recv));
			EXPECT_EQ(1, self->recv.nr_fds);
			close(fd);
		}
		EXPECT_EQ(POLLHUP, readable(pipes[0]));
		close(pipes[0]);
	}
	close(takes);
}

/* Nobody will handle it here: its sender does not wait any longer. */
TEST_F(dead_letter, call)
{
	char text[8];
	int i;

	for (i = 0; i < 2; i++) {
		ask(self->call, self->fd, "dead");
		ASSERT_EQ(4, serve(self->fd, &self->recv, text, sizeof(text)));
		EXPECT_EQ(0, refuse(self->fd, self->recv.token));
		EXPECT_EQ(0, self->call->done);
		ASSERT_EQ(4, i ? lease(self->fd, &self->recv, text, sizeof(text), LONG) :
				 serve(self->fd, &self->recv, text, sizeof(text)));
		EXPECT_EQ(0, refuse(self->fd, self->recv.token));
		EXPECT_EQ(-EPIPE, call_join(self->call));
		EXPECT_EQ(0, self->call->call.cookie);
		/* There it is a message like others. */
		ASSERT_EQ(4, serve(self->grave, &self->recv, text, sizeof(text)));
		EXPECT_EQ(IPCMBOX_QUEUED, self->recv.completion);
		EXPECT_EQ(0, self->recv.token);
	}
	EXPECT_EQ(2, mailbox_info(self->fd).dead_letters);
}

/* Each member has a copy; what they have in common is given up once. */
TEST_F(dead_letter, of_members)
{
	int event = mailbox_new(self->dev, .discipline = IPCMBOX_EVENT, .max_messages = 4);
	int members[2], i;

	for (i = 0; i < 2; i++) {
		members[i] = member_new(event);
		ASSERT_EQ(0, mailbox_change(members[i], .mask = IPCMBOX_SET_DEAD_LETTER,
					    .dead_letter = mailbox_id(self->grave),
					    .max_deliveries = 2));
	}
	ASSERT_EQ(0, put(event, 0, 1));
	for (i = 0; i < 2; i++)
		EXPECT_TRUE(refuse_often(members[i], 1, 2));
	for (i = 0; i < 2; i++)
		close(members[i]);
	close(event);
	/* It outlives where it came from. */
	EXPECT_EQ(1, take(self->grave));
	EXPECT_EQ(1, take(self->grave));
	EXPECT_EQ(-EAGAIN, take(self->grave));
}

/*
 * Naming
 */

TEST_F(dead_letter, what_cannot_be_named)
{
	int event = mailbox_new(self->dev, .discipline = IPCMBOX_EVENT, .max_messages = 4);
	int member = member_new(event), endpoint = endpoint_new(self->dev, .max_messages = 2);
	const struct {
		__u64 id;
		int error;
	} cases[] = {
		{ mailbox_id(self->fd), -EINVAL },
		{ mailbox_id(event), -EINVAL },
		{ mailbox_id(member), -EINVAL },
		{ mailbox_id(endpoint), -EINVAL },
		{ ~0ULL, -ENOENT },
		{ mailbox_id(endpoint) + 1, -ENOENT },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		EXPECT_EQ(cases[i].error, mailbox_change(self->fd, .max_deliveries = 7,
							 .mask = IPCMBOX_SET_DEAD_LETTER,
							 .dead_letter = cases[i].id))
			TH_LOG("case %d", i);
	EXPECT_EQ(-EINVAL, mailbox_change(self->fd, .mask = IPCMBOX_SET_DEAD_LETTER,
					  .max_deliveries = 65536));
	EXPECT_EQ(-EINVAL, mailbox_change(self->fd, .max_deliveries = 1));
	EXPECT_EQ(-EINVAL, mailbox_change(self->fd, .dead_letter = mailbox_id(self->grave)));
	EXPECT_EQ(2, mailbox_info(self->fd).max_deliveries);
	EXPECT_EQ(mailbox_id(self->grave), mailbox_info(self->fd).dead_letter);
	close(endpoint);
	close(member);
	close(event);
}

/* As user 1000: its own mailbox may name only what that user may send to. */
static int name_as_other(void *arg)
{
	const __u64 *graves = arg;
	int dev, fd, i, ret;

	if (become(1000, 1000))
		return 1;
	dev = device_open();
	fd = mailbox_new(dev, .max_messages = 2);
	for (i = 0; i < 2; i++) {
		ret = mailbox_change(fd, .mask = IPCMBOX_SET_DEAD_LETTER, .dead_letter = graves[i],
				     .max_deliveries = 1);
		if (ret != (i ? 0 : -EACCES))
			return 2 + i;
	}
	return put(fd, 0, 5) || !refuse_often(fd, 5, 1) ? 4 : 0;
}

/* The account of the other user lives as long as its message. */
TEST_F(dead_letter, of_another_user)
{
	int letterbox = mailbox_new(self->dev, .mode = 0602, .max_messages = 2);
	__u64 graves[2];

	ASSERT_EQ(0, mailbox_change(letterbox, .mask = IPCMBOX_SET_MODE, .mode = 0602));
	graves[0] = mailbox_id(self->grave);
	graves[1] = mailbox_id(letterbox);
	ASSERT_EQ(0, child_run(name_as_other, graves));
	ASSERT_EQ(5, take_lease(letterbox, &self->recv, LONG));
	EXPECT_EQ(1000, self->recv.uid);
	EXPECT_EQ(0, acknowledge(letterbox, self->recv.token));
	close(letterbox);
}

TEST_HARNESS_MAIN
