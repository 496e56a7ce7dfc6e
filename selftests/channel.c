// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channels: who may do what, lanes, sleeping, waking, polling, life time.
 *
 * What can be mapped is in channel_map.c; traffic, deaths and hostile peers are in channel_peer.c.
 */
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include "kselftest_harness.h"
#include "channel_test.h"

#define ALL	(POLLIN | POLLOUT | POLLERR | POLLHUP)
#define NAME_OF_TEST	"test channel"

FIXTURE(channel) {
	int dev, fd;		/* the consumer's */
	__u64 id;
	struct consumer c;
	struct producer p;
	struct ipcmbox_query before;
};

FIXTURE_SETUP(channel)
{
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	ASSERT_EQ(0, query_budget(self->dev, &self->before));
	self->fd = channel_new(self->dev, .access = IPCMBOX_READ);
	ASSERT_GE(self->fd, 0);
	self->id = mailbox_id(self->fd);
	ASSERT_TRUE(consumer_init(&self->c, self->fd));
	ASSERT_TRUE(producer_init(&self->p, mailbox_by_id(self->dev, self->id, IPCMBOX_WRITE)));
}

FIXTURE_TEARDOWN(channel)
{
	if (self->p.fd >= 0)
		producer_exit(&self->p);
	if (self->c.fd >= 0)
		consumer_exit(&self->c);
	/* Whatever was done, all of it is given back. */
	EXPECT_TRUE(channel_is_even(self->dev, &self->before));
	mailbox_unlink_tests(self->dev);
	close(self->dev);
}

static void end_producer(struct producer *p)
{
	producer_exit(p);
	p->fd = -1;
}

static void end_consumer(struct consumer *c)
{
	consumer_exit(c);
	c->fd = -1;
}

/* Creation. */

TEST_F(channel, ring_is_rounded_up)
{
	static const struct { __u64 bytes; __u32 length; __u64 ring; __u32 max; } cases[] = {
		{ 1, 0, 4096, 2040 },
		{ 4096, 0, 4096, 2040 },
		{ 4097, 0, 8192, 4088 },
		{ 4096, 2040, 4096, 2040 },
		{ 4096, 1, 4096, 1 },
		{ 1 << 20, 0, 1 << 20, 65536 },
		{ 1 << 20, (1 << 19) - 8, 1 << 20, (1 << 19) - 8 },
	};
	struct ipcmbox_channel_info info;
	int fd, i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		fd = channel_new(self->dev, .access = IPCMBOX_READ, .max_bytes = cases[i].bytes,
				 .max_length = cases[i].length,
				 .overflow = IPCMBOX_OVERFLOW_FAIL);
		ASSERT_GE(fd, 0) TH_LOG("case %d", i);
		ASSERT_EQ(0, channel_info(fd, &info));
		EXPECT_EQ(cases[i].ring, info.ring_bytes) TH_LOG("case %d", i);
		EXPECT_EQ(cases[i].max, info.max_length) TH_LOG("case %d", i);
		EXPECT_EQ(mailbox_id(fd), info.id);
		EXPECT_EQ(IPCMBOX_OVERFLOW_FAIL, info.overflow);
		EXPECT_EQ(IPCMBOX_READ, info.access);
		EXPECT_EQ(-1, info.lane);
		EXPECT_EQ(0, info.lane_id);
		EXPECT_EQ(cases[i].ring, mailbox_info(fd).max_bytes);
		EXPECT_EQ(IPCMBOX_CHANNEL, mailbox_info(fd).discipline);
		close(fd);
	}
}

TEST_F(channel, default_ring)
{
	struct ipcmbox_open arg = {
		.flags = IPCMBOX_OPEN_CREATE, .access = RW, .mode = 0600,
		.discipline = IPCMBOX_CHANNEL, .max_messages = IPCMBOX_UNBOUNDED,
	};
	struct ipcmbox_channel_info info;
	int fd;

	fd = mailbox_open(self->dev, &arg);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(0, arg.max_bytes);
	ASSERT_EQ(0, channel_info(fd, &info));
	EXPECT_EQ(IPCMBOX_CHANNEL_RING_DEFAULT, info.ring_bytes);
	EXPECT_EQ(IPCMBOX_LENGTH_DEFAULT, info.max_length);
	EXPECT_EQ(RW, info.access);
	EXPECT_EQ(0, info.lane);
	EXPECT_EQ(1, info.lane_id);
	close(fd);
}

TEST_F(channel, wrong_values)
{
	static const struct ipcmbox_open wrong[] = {
		{ .max_messages = 16, .max_bytes = 4096 },
		{ .max_bytes = 4096 },
		{ .max_messages = IPCMBOX_UNBOUNDED, .max_bytes = IPCMBOX_CHANNEL_RING_MAX + 1 },
		{ .max_messages = IPCMBOX_UNBOUNDED, .max_bytes = ~0ULL },
		{ .max_messages = IPCMBOX_UNBOUNDED, .max_bytes = 4096, .max_length = 2041 },
		{ .max_messages = IPCMBOX_UNBOUNDED, .max_bytes = 4096,
		  .overflow = IPCMBOX_OVERFLOW_DROP_OLDEST },
		{ .max_messages = IPCMBOX_UNBOUNDED, .flags = IPCMBOX_OPEN_FDS },
		{ .max_messages = IPCMBOX_UNBOUNDED, .flags = IPCMBOX_OPEN_KEEP_LAST },
		{ .max_messages = IPCMBOX_UNBOUNDED, .flags = IPCMBOX_OPEN_THREAD },
	};
	struct ipcmbox_open arg;
	int i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		arg = wrong[i];
		arg.discipline = IPCMBOX_CHANNEL;
		arg.flags |= IPCMBOX_OPEN_CREATE;
		arg.access = RW;
		arg.mode = 0600;
		EXPECT_EQ(-EINVAL, mailbox_open(self->dev, &arg)) TH_LOG("case %d", i);
	}
}

TEST_F(channel, attributes_that_can_be_changed)
{
	EXPECT_EQ(-EINVAL, mailbox_change(self->fd, .mask = IPCMBOX_SET_MAX_MESSAGES,
					  .max_messages = 1));
	EXPECT_EQ(-EINVAL, mailbox_change(self->fd, .mask = IPCMBOX_SET_MAX_BYTES,
					  .max_bytes = 8192));
	EXPECT_EQ(-EINVAL, mailbox_change(self->fd, .mask = IPCMBOX_SET_OVERFLOW,
					  .overflow = IPCMBOX_OVERFLOW_FAIL));
	EXPECT_EQ(-EINVAL, mailbox_change(self->fd, .mask = IPCMBOX_SET_RECORDER, .recorder = 1));
	EXPECT_EQ(-EINVAL, mailbox_change(self->fd, .mask = IPCMBOX_SET_DEAD_LETTER));
	EXPECT_EQ(0, mailbox_change(self->p.fd, .mask = IPCMBOX_SET_MODE, .mode = 0640));
	EXPECT_EQ(0640, mailbox_info(self->fd).mode);
}

TEST_F(channel, feature)
{
	EXPECT_EQ(IPCMBOX_FEATURE_CHANNEL, self->before.features & IPCMBOX_FEATURE_CHANNEL);
}

/* Roles. */

TEST_F(channel, one_consumer)
{
	int fd;

	EXPECT_EQ(-EBUSY, mailbox_by_id(self->dev, self->id, IPCMBOX_READ));
	EXPECT_EQ(-EBUSY, mailbox_by_id(self->dev, self->id, RW));
	/* Who failed has left nothing. */
	EXPECT_EQ(1, mailbox_info(self->fd).readers);
	EXPECT_EQ(1, mailbox_info(self->fd).writers);
	EXPECT_EQ(IPCMBOX_LANE_FREE, self->c.board->lane[1].state);

	/* To look only is nobody's role. */
	fd = mailbox_by_id(self->dev, self->id, 0);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(-EACCES, wait_message(fd, IPCMBOX_NONBLOCK, 0));
	EXPECT_EQ(-EACCES, wait_room(fd, IPCMBOX_NONBLOCK, 8));
	EXPECT_EQ(-EACCES, kick(fd, IPCMBOX_CHANNEL_CONSUMER, 0));
	EXPECT_EQ(-EACCES, kick(fd, IPCMBOX_CHANNEL_PRODUCER, 0));
	EXPECT_EQ(-EACCES, evict(fd, 0, 1));
	EXPECT_EQ(NULL, map(fd, PROT_READ, IPCMBOX_CHANNEL_BOARD, page_size()));
	EXPECT_EQ(EACCES, errno);
	close(fd);
}

TEST_F(channel, each_producer_has_a_lane)
{
	struct ipcmbox_channel_info info;
	int fds[LANES], i;

	fds[0] = self->p.fd;
	for (i = 1; i < LANES; i++) {
		fds[i] = mailbox_by_id(self->dev, self->id, IPCMBOX_WRITE);
		ASSERT_GE(fds[i], 0);
		ASSERT_EQ(0, channel_info(fds[i], &info));
		EXPECT_EQ(i, info.lane);
		EXPECT_EQ(i + 1, info.lane_id);
		EXPECT_EQ(IPCMBOX_LANE_OPEN, self->c.board->lane[i].state);
		EXPECT_EQ(i + 1, self->c.board->lane[i].id);
	}
	EXPECT_EQ(-EBUSY, mailbox_by_id(self->dev, self->id, IPCMBOX_WRITE));
	EXPECT_EQ(LANES, mailbox_info(self->fd).writers);

	/* One that goes makes place for another, which is not the same. */
	close(fds[7]);
	EXPECT_EQ(IPCMBOX_LANE_FREE, self->c.board->lane[7].state);
	EXPECT_EQ(0, self->c.board->lane[7].id);
	fds[7] = mailbox_by_id(self->dev, self->id, IPCMBOX_WRITE);
	ASSERT_EQ(0, channel_info(fds[7], &info));
	EXPECT_EQ(7, info.lane);
	EXPECT_EQ(LANES + 1, info.lane_id);
	for (i = 1; i < LANES; i++)
		close(fds[i]);
}

/* A lane whose producer has gone stays while there is something in it, and no longer. */
TEST_F(channel, lanes_that_are_read_make_place)
{
	struct producer p[LANES];
	int i;

	for (i = 1; i < LANES; i++) {
		ASSERT_TRUE(producer_init(&p[i], mailbox_by_id(self->dev, self->id,
							       IPCMBOX_WRITE)));
		ASSERT_EQ(0, producer_put(&p[i], i));
	}
	for (i = 1; i < LANES; i++) {
		end_producer(&p[i]);
		EXPECT_EQ(IPCMBOX_LANE_GONE, self->c.board->lane[i].state);
	}
	EXPECT_EQ(-EBUSY, mailbox_by_id(self->dev, self->id, IPCMBOX_WRITE));
	EXPECT_EQ(LANES - 1, mailbox_info(self->fd).messages);
	EXPECT_EQ((LANES - 1) * 16, mailbox_info(self->fd).bytes);

	EXPECT_EQ(1, consumer_take(&self->c));
	EXPECT_EQ(IPCMBOX_LANE_GONE, self->c.board->lane[1].state);
	ASSERT_TRUE(producer_init(&p[1], mailbox_by_id(self->dev, self->id, IPCMBOX_WRITE)));
	EXPECT_EQ(1, p[1].info.lane);
	EXPECT_EQ(LANES + 1, p[1].info.lane_id);
	/* It begins anew. */
	EXPECT_EQ(0, self->c.acks->lane[1].head);
	ASSERT_EQ(0, producer_put(&p[1], 1000));
	for (i = 2; i < LANES; i++)
		EXPECT_EQ(i, consumer_take(&self->c));
	EXPECT_EQ(1000, consumer_take(&self->c));
	EXPECT_EQ(-EAGAIN, consumer_take(&self->c));
	end_producer(&p[1]);
	/* Nothing is lost of what was counted. */
	EXPECT_EQ(LANES, mailbox_info(self->fd).sent);
	EXPECT_EQ(LANES, mailbox_info(self->fd).received);
}

TEST_F(channel, both_sides_in_one)
{
	struct producer p;
	struct consumer c;
	int fd;

	fd = channel_new(self->dev, .access = RW);
	ASSERT_TRUE(producer_init(&p, fd));
	ASSERT_TRUE(consumer_init(&c, fd));
	ASSERT_EQ(0, producer_put(&p, 5));
	EXPECT_EQ(0, wait_message(fd, IPCMBOX_NONBLOCK, p.board->lanes_serial));
	EXPECT_EQ(5, consumer_take(&c));
	EXPECT_EQ(-EAGAIN, wait_message(fd, IPCMBOX_NONBLOCK, c.serial));
	EXPECT_EQ(0, wait_room(fd, IPCMBOX_NONBLOCK, SMALLEST));
	consumer_exit(&c);
	p.fd = -1;
	producer_exit(&p);
}

/* A name that is another's leads to it, whatever the caller would have made. */
TEST_F(channel, create_finds_what_is_there)
{
	struct ipcmbox_channel_info info;
	int channel, queue, fd;

	channel = channel_new(self->dev, NAME(NAME_OF_TEST), .access = IPCMBOX_READ,
			      .max_bytes = 8192);
	ASSERT_GE(channel, 0);
	queue = mailbox_new(self->dev, NAME("test queue"), .max_messages = 1);
	ASSERT_GE(queue, 0);

	fd = mailbox_new(self->dev, NAME(NAME_OF_TEST), .access = IPCMBOX_WRITE,
			 .max_messages = 1);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, channel_info(fd, &info));
	EXPECT_EQ(8192, info.ring_bytes);
	EXPECT_EQ(0, info.lane);
	close(fd);
	fd = channel_new(self->dev, NAME(NAME_OF_TEST), .access = IPCMBOX_WRITE);
	ASSERT_EQ(0, channel_info(fd, &info));
	EXPECT_EQ(8192, info.ring_bytes);
	close(fd);
	fd = channel_new(self->dev, NAME("test queue"), .access = RW);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(-ENOTTY, channel_info(fd, &info));
	EXPECT_EQ(0, put(fd, 0, 1));
	EXPECT_EQ(1, take(fd));
	close(fd);
	EXPECT_EQ(-EEXIST, channel_new(self->dev, NAME(NAME_OF_TEST), .access = IPCMBOX_WRITE,
				       .flags = IPCMBOX_OPEN_EXCL));
	close(queue);
	close(channel);
	EXPECT_EQ(0, mailbox_unlink(self->dev, NAME_OF_TEST));
	EXPECT_EQ(0, mailbox_unlink(self->dev, "test queue"));
}

TEST_F(channel, rights)
{
	static const struct { __u32 mode, access; int result; } cases[] = {
		{ 0600, IPCMBOX_WRITE, -EACCES },
		{ 0602, IPCMBOX_WRITE, 0 },
		{ 0602, RW, -EACCES },
		{ 0604, IPCMBOX_WRITE, -EACCES },
	};
	int i, fd;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_MODE,
					    .mode = cases[i].mode));
		ASSERT_EQ(0, setegid(1000));
		ASSERT_EQ(0, seteuid(1000));
		fd = mailbox_by_id(self->dev, self->id, cases[i].access);
		ASSERT_EQ(0, seteuid(0));
		ASSERT_EQ(0, setegid(0));
		EXPECT_EQ(cases[i].result, fd < 0 ? fd : 0) TH_LOG("case %d", i);
		if (fd >= 0)
			close(fd);
	}
}

TEST_F(channel, budget)
{
	struct ipcmbox_open arg = {
		.flags = IPCMBOX_OPEN_BY_ID, .id = self->id, .access = IPCMBOX_WRITE,
	};
	struct ipcmbox_query now, more;
	char budget[32];
	int fd;

	/* A ring and its first page, and little else. */
	ASSERT_EQ(0, query_budget(self->dev, &now));
	fd = mailbox_by_id(self->dev, self->id, IPCMBOX_WRITE);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, query_budget(self->dev, &more));
	EXPECT_LE(now.user_bytes + 8192, more.user_bytes);
	EXPECT_GE(now.user_bytes + 8192 + 1024, more.user_bytes);
	close(fd);
	EXPECT_TRUE(channel_is_even(self->dev, &now));

	ASSERT_TRUE(read_file("/sys/module/ipcmbox/parameters/user_bytes", budget,
			      sizeof(budget)));
	ASSERT_TRUE(write_file("/sys/module/ipcmbox/parameters/user_bytes", "1024"));
	EXPECT_EQ(-EDQUOT, mailbox_open(self->dev, &arg));
	EXPECT_EQ(IPCMBOX_LIMIT_USER_BYTES, arg.limit);
	arg = (struct ipcmbox_open){ .access = IPCMBOX_READ };
	EXPECT_EQ(-EDQUOT, channel_create(self->dev, &arg));
	EXPECT_EQ(IPCMBOX_LIMIT_USER_BYTES, arg.limit);
	EXPECT_TRUE(write_file("/sys/module/ipcmbox/parameters/user_bytes", budget));
	EXPECT_TRUE(channel_is_even(self->dev, &now));
}

/* Commands. */

TEST_F(channel, no_messages_through_the_kernel)
{
	struct ipcmbox_send send = { .buf_ptr = ptr_u64("x"), .buf_len = 1 };
	struct ipcmbox_recv recv = { .flags = IPCMBOX_NONBLOCK };
	struct ipcmbox_notify notify = { };
	char c;

	EXPECT_EQ(-ENOTTY, mailbox_send(self->p.fd, &send));
	EXPECT_EQ(-ENOTTY, mailbox_recv(self->fd, &recv));
	EXPECT_EQ(-ENOTTY, mailbox_receive(self->fd, &recv));
	EXPECT_EQ(-ENOTTY, mailbox_settle(self->fd, 1, IPCMBOX_SETTLE_ACK, 0));
	EXPECT_EQ(-ENOTTY, channel_ioctl(self->fd, IPCMBOX_IOC_NOTIFY, &notify));
	EXPECT_EQ(-1, read(self->fd, &c, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, write(self->p.fd, "x", 1));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(channel, wrong_waits)
{
	EXPECT_EQ(-EACCES, wait_message(self->p.fd, IPCMBOX_NONBLOCK, 0));
	EXPECT_EQ(-EACCES, wait_room(self->fd, IPCMBOX_NONBLOCK, 8));
	EXPECT_EQ(-EINVAL, wait_room(self->p.fd, IPCMBOX_NONBLOCK, 0));
	EXPECT_EQ(-EINVAL, wait_room(self->p.fd, IPCMBOX_NONBLOCK, SMALLEST + 1));
	EXPECT_EQ(-EINVAL, wait_room(self->p.fd, IPCMBOX_PEEK, 8));
	EXPECT_EQ(-EINVAL, channel_wait(self->fd, &(struct ipcmbox_channel_wait){ .what = 0 }));
	EXPECT_EQ(-EINVAL, channel_wait(self->fd, &(struct ipcmbox_channel_wait){ .what = 3 }));
	EXPECT_EQ(-EINVAL, channel_wait(self->fd, &(struct ipcmbox_channel_wait){
		.what = IPCMBOX_CHANNEL_RECEIVE, .bytes = 8, .flags = IPCMBOX_NONBLOCK,
	}));
	EXPECT_EQ(-EINVAL, channel_wait(self->p.fd, &(struct ipcmbox_channel_wait){
		.what = IPCMBOX_CHANNEL_ROOM, .bytes = 8, .lanes_serial = 1,
		.flags = IPCMBOX_NONBLOCK,
	}));
}

TEST_F(channel, wrong_kicks)
{
	EXPECT_EQ(-EINVAL, kick(self->fd, 0, 0));
	EXPECT_EQ(-EINVAL, kick(self->fd, 3, 0));
	EXPECT_EQ(-EINVAL, kick(self->fd, IPCMBOX_CHANNEL_PRODUCER, LANES));
	EXPECT_EQ(-EINVAL, kick(self->p.fd, IPCMBOX_CHANNEL_CONSUMER, 1));
	EXPECT_EQ(-EACCES, kick(self->fd, IPCMBOX_CHANNEL_CONSUMER, 0));
	EXPECT_EQ(-EACCES, kick(self->p.fd, IPCMBOX_CHANNEL_PRODUCER, 0));
	/* Nobody is there, which is nobody's fault. */
	EXPECT_EQ(0, kick(self->fd, IPCMBOX_CHANNEL_PRODUCER, LANES - 1));
	EXPECT_EQ(0, kick(self->p.fd, IPCMBOX_CHANNEL_CONSUMER, 0));
}

TEST_F(channel, lanes_tell_who_opened_them)
{
	struct ipcmbox_channel_sender senders[3];
	struct ipcmbox_channel_lanes arg;
	int fd;

	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_MODE, .mode = 0602));
	ASSERT_EQ(0, setegid(77));
	ASSERT_EQ(0, seteuid(1000));
	fd = mailbox_by_id(self->dev, self->id, IPCMBOX_WRITE);
	ASSERT_EQ(0, seteuid(0));
	ASSERT_EQ(0, setegid(0));
	ASSERT_GE(fd, 0);

	ASSERT_EQ(2, channel_lanes(self->fd, senders, 3, &arg));
	EXPECT_EQ(2, arg.total);
	EXPECT_EQ(self->c.board->lanes_serial, arg.lanes_serial);
	EXPECT_EQ(1, senders[0].id);
	EXPECT_EQ(0, senders[0].lane);
	EXPECT_EQ(IPCMBOX_LANE_OPEN, senders[0].state);
	EXPECT_EQ(getpid(), senders[0].pid);
	EXPECT_EQ(gettid(), senders[0].tid);
	EXPECT_EQ(0, senders[0].uid);
	EXPECT_EQ(0, senders[0].endpoint);
	EXPECT_EQ(2, senders[1].id);
	EXPECT_EQ(1, senders[1].lane);
	EXPECT_EQ(1000, senders[1].uid);
	EXPECT_EQ(77, senders[1].gid);
	EXPECT_EQ(POISON32, senders[2].lane);

	/* Any descriptor may look; room for one is room for one. */
	ASSERT_EQ(1, channel_lanes(fd, senders, 1, &arg));
	EXPECT_EQ(2, arg.total);
	close(fd);
}

/* Waiting. */

TEST_F(channel, nothing_there)
{
	__u64 begin = now_ns(IPCMBOX_CLOCK_MONOTONIC);

	consumer_look(&self->c);
	EXPECT_EQ(-EAGAIN, wait_message(self->fd, IPCMBOX_NONBLOCK, self->c.serial));
	/* A look leaves no word for others to act on. */
	EXPECT_EQ(0, self->c.board->consumer_waits);
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-EAGAIN, wait_message(self->fd, 0, self->c.serial));
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, 0));
	EXPECT_EQ(-ETIMEDOUT, channel_wait(self->fd, &(struct ipcmbox_channel_wait){
		.what = IPCMBOX_CHANNEL_RECEIVE, .flags = IPCMBOX_DEADLINE,
		.deadline_ns = begin - 1, .lanes_serial = self->c.serial,
	}));
	EXPECT_EQ(1, self->c.board->consumer_waits);
	EXPECT_EQ(-ETIMEDOUT, channel_wait(self->fd, &(struct ipcmbox_channel_wait){
		.what = IPCMBOX_CHANNEL_RECEIVE, .flags = IPCMBOX_DEADLINE,
		.deadline_ns = now_ns(IPCMBOX_CLOCK_BOOTTIME) + 20 * NSEC_PER_MSEC,
		.clock = IPCMBOX_CLOCK_BOOTTIME, .lanes_serial = self->c.serial,
	}));
	EXPECT_LE(begin + 20 * NSEC_PER_MSEC, now_ns(IPCMBOX_CLOCK_MONOTONIC));
	EXPECT_EQ(0, mailbox_info(self->fd).waiting_receivers);
}

TEST_F(channel, message_wakes_consumer)
{
	struct sleeper sleeper;

	consumer_look(&self->c);
	ASSERT_TRUE(sleep_start(&sleeper, self->fd, .what = IPCMBOX_CHANNEL_RECEIVE,
				.lanes_serial = self->c.serial));
	ASSERT_TRUE(await_receivers(self->fd, 1));
	EXPECT_EQ(1, self->c.board->consumer_waits);
	ASSERT_EQ(0, producer_put(&self->p, 3));
	EXPECT_EQ(0, sleeper_join(&sleeper));
	EXPECT_EQ(0, self->c.board->consumer_waits);
	EXPECT_EQ(3, consumer_take(&self->c));
	/* Nobody waits: nobody is told. */
	ASSERT_EQ(0, producer_put(&self->p, 4));
	EXPECT_EQ(0, wait_message(self->fd, 0, self->c.serial));
	EXPECT_EQ(4, consumer_take(&self->c));
	EXPECT_EQ(1, mailbox_info(self->fd).wakeups);
}

TEST_F(channel, room_wakes_producer)
{
	struct sleeper sleeper;
	__u32 n;

	n = producer_fill(&self->p, 0);
	EXPECT_EQ(SMALLEST / 16, n);
	EXPECT_EQ(-EAGAIN, wait_room(self->p.fd, IPCMBOX_NONBLOCK, 1));
	ASSERT_TRUE(sleep_start(&sleeper, self->p.fd, .what = IPCMBOX_CHANNEL_ROOM, .bytes = 32));
	ASSERT_TRUE(await_senders(self->fd, 1));
	EXPECT_EQ(1, self->c.board->lane[0].producer_waits);
	EXPECT_EQ(0, self->c.board->consumer_waits);

	/* Woken by the first 16 bytes, and waits again for the second. */
	EXPECT_EQ(0, consumer_take(&self->c));
	EXPECT_EQ(0, sleeper_join(&sleeper));
	EXPECT_EQ(0, self->c.board->lane[0].producer_waits);
	ASSERT_TRUE(sleep_start(&sleeper, self->p.fd, .what = IPCMBOX_CHANNEL_ROOM, .bytes = 32));
	ASSERT_TRUE(await_senders(self->fd, 1));
	EXPECT_EQ(1, consumer_take(&self->c));
	EXPECT_EQ(0, sleeper_join(&sleeper));
	EXPECT_EQ(0, wait_room(self->p.fd, IPCMBOX_NONBLOCK, 32));
	EXPECT_EQ(-EAGAIN, wait_room(self->p.fd, IPCMBOX_NONBLOCK, 33));
}

/* A kick of one lane is nothing to the others. */
TEST_F(channel, kick_of_a_lane)
{
	struct sleeper sleeper[2];
	struct producer p;

	ASSERT_TRUE(producer_init(&p, mailbox_by_id(self->dev, self->id, IPCMBOX_WRITE)));
	producer_fill(&self->p, 0);
	producer_fill(&p, 0);
	ASSERT_TRUE(sleep_start(&sleeper[0], self->p.fd, .what = IPCMBOX_CHANNEL_ROOM,
				.bytes = 8));
	ASSERT_TRUE(sleep_start(&sleeper[1], p.fd, .what = IPCMBOX_CHANNEL_ROOM, .bytes = 8));
	ASSERT_TRUE(await_senders(self->fd, 2));
	EXPECT_EQ(0, kick(self->fd, IPCMBOX_CHANNEL_PRODUCER, 1));
	EXPECT_EQ(0, sleeper_join(&sleeper[1]));
	EXPECT_EQ(1, mailbox_info(self->fd).waiting_senders);
	EXPECT_EQ(1, self->c.board->lane[0].producer_waits);
	EXPECT_EQ(0, kick(self->fd, IPCMBOX_CHANNEL_PRODUCER, 0));
	EXPECT_EQ(0, sleeper_join(&sleeper[0]));
	end_producer(&p);
}

/* Lanes that come and go are news for a consumer that waits. */
TEST_F(channel, lanes_wake_consumer)
{
	struct sleeper sleeper;
	int fd;

	EXPECT_EQ(0, wait_message(self->fd, 0, self->c.serial));
	consumer_look(&self->c);
	ASSERT_TRUE(sleep_start(&sleeper, self->fd, .what = IPCMBOX_CHANNEL_RECEIVE,
				.lanes_serial = self->c.serial));
	ASSERT_TRUE(await_receivers(self->fd, 1));
	fd = mailbox_by_id(self->dev, self->id, IPCMBOX_WRITE);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(0, sleeper_join(&sleeper));
	EXPECT_NE(self->c.serial, self->c.board->lanes_serial);
	consumer_look(&self->c);
	EXPECT_EQ(2, self->c.lane[1].id);

	ASSERT_TRUE(sleep_start(&sleeper, self->fd, .what = IPCMBOX_CHANNEL_RECEIVE,
				.lanes_serial = self->c.serial));
	ASSERT_TRUE(await_receivers(self->fd, 1));
	close(fd);
	EXPECT_EQ(0, sleeper_join(&sleeper));
	consumer_look(&self->c);
	EXPECT_EQ(0, self->c.lane[1].id);
}

static volatile int handled;

static void handler(int sig)
{
	(void)sig;
	handled++;
}

TEST_F(channel, signal_ends_or_restarts)
{
	struct sigaction action = { .sa_handler = handler };
	struct sleeper sleeper;

	consumer_look(&self->c);
	sigaction(SIGUSR1, &action, NULL);
	ASSERT_TRUE(sleep_start(&sleeper, self->fd, .what = IPCMBOX_CHANNEL_RECEIVE,
				.lanes_serial = self->c.serial));
	ASSERT_TRUE(await_receivers(self->fd, 1));
	pthread_kill(sleeper.thread, SIGUSR1);
	EXPECT_EQ(-EINTR, sleeper_join(&sleeper));
	EXPECT_EQ(0, mailbox_info(self->fd).waiting_receivers);
	ASSERT_EQ(1, handled);

	action.sa_flags = SA_RESTART;
	sigaction(SIGUSR1, &action, NULL);
	ASSERT_TRUE(sleep_start(&sleeper, self->fd, .what = IPCMBOX_CHANNEL_RECEIVE,
				.lanes_serial = self->c.serial));
	ASSERT_TRUE(await_receivers(self->fd, 1));
	pthread_kill(sleeper.thread, SIGUSR1);
	ASSERT_TRUE(await_value(&handled, 2));
	ASSERT_TRUE(await_receivers(self->fd, 1));
	ASSERT_EQ(0, producer_put(&self->p, 9));
	EXPECT_EQ(0, sleeper_join(&sleeper));
	EXPECT_EQ(9, consumer_take(&self->c));
}

TEST_F(channel, blocked_shows_who_waits_for_whom)
{
	struct ipcmbox_blocked blocked[2];
	struct ipcmbox_blocked_list list = {
		.id = self->id, .buf_ptr = ptr_u64(blocked), .count = 2,
		.element_size = sizeof(blocked[0]),
	};
	struct sleeper sleeper[2];

	producer_fill(&self->p, 0);
	ASSERT_TRUE(sleep_start(&sleeper[0], self->p.fd, .what = IPCMBOX_CHANNEL_ROOM,
				.bytes = 8));
	ASSERT_TRUE(await_senders(self->fd, 1));
	ASSERT_EQ(0, channel_ioctl(self->dev, IPCMBOX_IOC_BLOCKED, &list));
	ASSERT_EQ(1, list.count);
	EXPECT_EQ(IPCMBOX_BLOCKED_ROOM, blocked[0].what);
	EXPECT_EQ(getpid(), blocked[0].pid);
	EXPECT_EQ(sleeper[0].tid, blocked[0].tid);
	EXPECT_EQ(getpid(), blocked[0].peer_pid);
	EXPECT_EQ(0, blocked[0].peer_tid);
	EXPECT_EQ(0, blocked[0].seq);
	while (consumer_take(&self->c) >= 0)
		;
	EXPECT_EQ(0, sleeper_join(&sleeper[0]));

	ASSERT_TRUE(sleep_start(&sleeper[1], self->fd, .what = IPCMBOX_CHANNEL_RECEIVE,
				.lanes_serial = self->c.serial));
	ASSERT_TRUE(await_receivers(self->fd, 1));
	list.count = 2;
	ASSERT_EQ(0, channel_ioctl(self->dev, IPCMBOX_IOC_BLOCKED, &list));
	ASSERT_EQ(1, list.count);
	EXPECT_EQ(IPCMBOX_BLOCKED_RECV, blocked[0].what);
	EXPECT_EQ(sleeper[1].tid, blocked[0].tid);
	EXPECT_EQ(0, blocked[0].peer_pid);
	ASSERT_EQ(0, producer_put(&self->p, 1));
	EXPECT_EQ(0, sleeper_join(&sleeper[1]));
}

/* Polling. */

static short ready(int fd)
{
	struct pollfd pollfd = { .fd = fd, .events = ALL };

	return poll(&pollfd, 1, 0) < 0 ? -1 : pollfd.revents & ALL;
}

TEST_F(channel, poll_levels)
{
	EXPECT_EQ(0, ready(self->fd));
	EXPECT_EQ(POLLOUT, ready(self->p.fd));
	ASSERT_EQ(0, producer_put(&self->p, 1));
	EXPECT_EQ(POLLIN, ready(self->fd));
	EXPECT_EQ(1, consumer_take(&self->c));
	EXPECT_EQ(0, ready(self->fd));

	/* Half of the ring is the longest message. */
	producer_fill(&self->p, 0);
	EXPECT_EQ(0, ready(self->p.fd));
	while (SMALLEST - (self->p.tail - self->p.acks->lane[0].head) <
	       RECORD_SIZE(self->p.info.max_length)) {
		EXPECT_EQ(0, ready(self->p.fd));
		ASSERT_LE(0, consumer_take(&self->c));
	}
	EXPECT_EQ(POLLOUT, ready(self->p.fd));
}

/* Blocks in poll(2) until there is something, or until patience is at an end. */
static void *poll_thread(void *arg)
{
	struct pollfd *pollfd = arg;

	pollfd->revents = 0;
	return (void *)(long)poll(pollfd, 1, PATIENCE_NS / NSEC_PER_MSEC);
}

TEST_F(channel, kick_wakes_pollers)
{
	struct pollfd pollfd = { .fd = self->fd, .events = POLLIN };
	pthread_t thread;
	void *result;

	ASSERT_EQ(0, pthread_create(&thread, NULL, poll_thread, &pollfd));
	while (!__atomic_load_n(&self->c.board->consumer_waits, __ATOMIC_RELAXED))
		sched_yield();
	ASSERT_EQ(0, producer_put(&self->p, 1));
	ASSERT_EQ(0, pthread_join(thread, &result));
	EXPECT_EQ(1, (long)result);
	EXPECT_EQ(POLLIN, pollfd.revents);

	producer_fill(&self->p, 2);
	pollfd = (struct pollfd){ .fd = self->p.fd, .events = POLLOUT };
	ASSERT_EQ(0, pthread_create(&thread, NULL, poll_thread, &pollfd));
	while (!__atomic_load_n(&self->c.board->lane[0].producer_waits, __ATOMIC_RELAXED))
		sched_yield();
	while (consumer_take(&self->c) >= 0)
		;
	ASSERT_EQ(0, pthread_join(thread, &result));
	EXPECT_EQ(1, (long)result);
	EXPECT_EQ(POLLOUT, pollfd.revents);
}

/* Each message after the last look is an edge; and nothing is one when nothing has happened. */
TEST_F(channel, epoll_edges)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int epfd = epoll_create1(EPOLL_CLOEXEC), i;

	ASSERT_GE(epfd, 0);
	ASSERT_EQ(0, epoll_ctl(epfd, EPOLL_CTL_ADD, self->fd, &event));
	EXPECT_EQ(0, epoll_wait(epfd, &event, 1, 0));
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, producer_put(&self->p, i));
		ASSERT_EQ(1, epoll_wait(epfd, &event, 1, 0)) TH_LOG("message %d", i);
		EXPECT_EQ(EPOLLIN, event.events);
		EXPECT_EQ(0, epoll_wait(epfd, &event, 1, 0));
		/* Whether the one before was read or not. */
		if (i >= 2)
			EXPECT_EQ(i - 2, consumer_take(&self->c));
	}
	event.events = EPOLLOUT | EPOLLET;
	ASSERT_EQ(0, epoll_ctl(epfd, EPOLL_CTL_ADD, self->p.fd, &event));
	ASSERT_EQ(1, epoll_wait(epfd, &event, 1, 0));
	EXPECT_EQ(EPOLLOUT, event.events);
	producer_fill(&self->p, 5);
	/* That was a message, too. */
	ASSERT_EQ(1, epoll_wait(epfd, &event, 1, 0));
	EXPECT_EQ(EPOLLIN, event.events);
	while (consumer_take(&self->c) >= 0)
		;
	ASSERT_EQ(1, epoll_wait(epfd, &event, 1, 0));
	EXPECT_EQ(EPOLLOUT, event.events);
	EXPECT_EQ(0, epoll_wait(epfd, &event, 1, 0));
	close(epfd);
}

/* Life time. */

TEST_F(channel, unnamed_without_consumer)
{
	struct sleeper sleeper;

	producer_fill(&self->p, 0);
	ASSERT_TRUE(sleep_start(&sleeper, self->p.fd, .what = IPCMBOX_CHANNEL_ROOM, .bytes = 8));
	ASSERT_TRUE(await_senders(self->p.fd, 1));
	end_consumer(&self->c);
	sleeper_join(&sleeper);
	EXPECT_EQ(1, self->p.board->consumer_gone);
	EXPECT_EQ(-EPIPE, producer_put(&self->p, 0));
	EXPECT_EQ(-EPIPE, wait_room(self->p.fd, 0, 8));
	EXPECT_EQ(POLLOUT | POLLHUP, ready(self->p.fd));

	/* Whoever has its id can bring it back. */
	ASSERT_TRUE(consumer_init(&self->c, mailbox_by_id(self->dev, self->id, IPCMBOX_READ)));
	EXPECT_EQ(0, self->p.board->consumer_gone);
	EXPECT_EQ(0, consumer_take(&self->c));
	EXPECT_EQ(0, producer_put(&self->p, 1));
}

TEST_F(channel, unnamed_without_producers)
{
	struct sleeper sleeper;

	ASSERT_EQ(0, producer_put(&self->p, 7));
	ASSERT_EQ(0, producer_put(&self->p, 8));
	end_producer(&self->p);
	EXPECT_EQ(1, self->c.board->producers_gone);
	EXPECT_EQ(POLLIN | POLLHUP, ready(self->fd));
	EXPECT_EQ(7, consumer_take(&self->c));
	EXPECT_EQ(0, wait_message(self->fd, 0, self->c.serial));
	EXPECT_EQ(8, consumer_take(&self->c));
	EXPECT_EQ(-EPIPE, consumer_take(&self->c));
	EXPECT_EQ(-EPIPE, wait_message(self->fd, 0, self->c.serial));

	ASSERT_TRUE(producer_init(&self->p, mailbox_by_id(self->dev, self->id, IPCMBOX_WRITE)));
	EXPECT_EQ(0, self->c.board->producers_gone);
	EXPECT_EQ(-EAGAIN, consumer_take(&self->c));
	ASSERT_TRUE(sleep_start(&sleeper, self->fd, .what = IPCMBOX_CHANNEL_RECEIVE,
				.lanes_serial = self->c.serial));
	ASSERT_TRUE(await_receivers(self->fd, 1));
	end_producer(&self->p);
	sleeper_join(&sleeper);
	EXPECT_EQ(-EPIPE, consumer_await(&self->c));
}

TEST_F(channel, named_outlives_its_sides)
{
	struct producer p;
	struct consumer c;

	ASSERT_TRUE(producer_init(&p, channel_new(self->dev, NAME(NAME_OF_TEST),
						  .access = IPCMBOX_WRITE)));
	ASSERT_EQ(0, producer_put(&p, 1));
	ASSERT_EQ(0, producer_put(&p, 2));
	end_producer(&p);

	ASSERT_TRUE(consumer_init(&c, mailbox_find(self->dev, NAME_OF_TEST, IPCMBOX_READ)));
	EXPECT_EQ(1, consumer_take(&c));
	end_consumer(&c);
	ASSERT_TRUE(consumer_init(&c, mailbox_find(self->dev, NAME_OF_TEST, IPCMBOX_READ)));
	EXPECT_EQ(2, consumer_take(&c));
	EXPECT_EQ(-EAGAIN, consumer_take(&c));
	EXPECT_EQ(0, ready(c.fd));
	EXPECT_EQ(0, mailbox_unlink(self->dev, NAME_OF_TEST));
	/* Now nobody can come any more. */
	EXPECT_EQ(-EPIPE, consumer_take(&c));
	end_consumer(&c);
}

/* What nobody has read goes with the name. */
TEST_F(channel, unlinked_with_messages)
{
	struct producer p;

	ASSERT_TRUE(producer_init(&p, channel_new(self->dev, NAME(NAME_OF_TEST),
						  .access = IPCMBOX_WRITE)));
	ASSERT_EQ(0, producer_put(&p, 1));
	end_producer(&p);
	EXPECT_EQ(0, mailbox_unlink(self->dev, NAME_OF_TEST));
}

/* Evicting. */

TEST_F(channel, evict)
{
	struct sleeper sleeper;

	EXPECT_EQ(-EACCES, evict(self->p.fd, 0, 1));
	EXPECT_EQ(-EINVAL, evict(self->fd, LANES, 1));
	EXPECT_EQ(-ESTALE, evict(self->fd, 1, 1));
	EXPECT_EQ(-ESTALE, evict(self->fd, 0, 2));
	EXPECT_EQ(-ESTALE, evict(self->fd, 1, 0));

	producer_fill(&self->p, 0);
	consumer_look(&self->c);
	ASSERT_TRUE(sleep_start(&sleeper, self->p.fd, .what = IPCMBOX_CHANNEL_ROOM, .bytes = 8));
	ASSERT_TRUE(await_senders(self->fd, 1));
	EXPECT_EQ(0, evict(self->fd, 0, 1));
	EXPECT_EQ(-EPIPE, sleeper_join(&sleeper));
	EXPECT_EQ(IPCMBOX_LANE_EVICTED, self->c.board->lane[0].state);
	EXPECT_EQ(1, self->c.board->lane[0].id);
	EXPECT_EQ(-ESTALE, evict(self->fd, 0, 1));
	EXPECT_EQ(-EPIPE, producer_put(&self->p, 1));
	EXPECT_EQ(-EPIPE, wait_room(self->p.fd, 0, 8));
	EXPECT_EQ(POLLOUT | POLLHUP, ready(self->p.fd));
	/* To the consumer it is no more. */
	EXPECT_EQ(0, ready(self->fd));
	self->c.serial = self->c.board->lanes_serial;
	EXPECT_EQ(-EAGAIN, wait_message(self->fd, IPCMBOX_NONBLOCK, self->c.serial));

	end_producer(&self->p);
	EXPECT_EQ(IPCMBOX_LANE_FREE, self->c.board->lane[0].state);
	ASSERT_TRUE(producer_init(&self->p, mailbox_by_id(self->dev, self->id, IPCMBOX_WRITE)));
	ASSERT_EQ(0, producer_put(&self->p, 1));
	EXPECT_EQ(1, consumer_take(&self->c));
}

TEST_F(channel, evict_what_is_left)
{
	struct ipcmbox_channel_lanes arg;
	struct ipcmbox_channel_sender sender;

	ASSERT_EQ(0, producer_put(&self->p, 1));
	end_producer(&self->p);
	ASSERT_EQ(1, channel_lanes(self->fd, &sender, 1, &arg));
	EXPECT_EQ(IPCMBOX_LANE_GONE, sender.state);
	EXPECT_EQ(getpid(), sender.pid);
	EXPECT_EQ(0, evict(self->fd, 0, sender.id));
	EXPECT_EQ(IPCMBOX_LANE_FREE, self->c.board->lane[0].state);
	EXPECT_EQ(0, channel_lanes(self->fd, &sender, 1, &arg));
	EXPECT_EQ(0, arg.total);
	EXPECT_EQ(-ESTALE, evict(self->fd, 0, sender.id));
	EXPECT_EQ(-EPIPE, consumer_take(&self->c));
}

TEST_HARNESS_MAIN
