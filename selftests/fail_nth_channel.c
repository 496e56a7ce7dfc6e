// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults in the commands of channels, and in the mapping of their pages: each succeeds or has
 * changed nothing, leaves nothing behind, and both sides can go on.
 */
#include <poll.h>

#include "kselftest_harness.h"
#include "channel_test.h"
#include "fail_nth_test.h"

#define READ_WRITE	(PROT_READ | PROT_WRITE)

FIXTURE(fail_nth) {
	int dev, nth;
	__u64 id;
	struct consumer c;
	struct producer p;
	struct ipcmbox_query before;
	int next;
	__u32 lanes, number;
	void *pages;
};

FIXTURE_SETUP(fail_nth)
{
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	ASSERT_TRUE(consumer_init(&self->c, channel_new(self->dev, NAME("test"),
							.access = IPCMBOX_READ,
							.max_bytes = 2 * page_size())));
	self->id = self->c.info.id;
	ASSERT_TRUE(producer_init(&self->p, mailbox_by_id(self->dev, self->id, IPCMBOX_WRITE)));
	ASSERT_EQ(0, producer_put(&self->p, 1));
	ASSERT_EQ(1, consumer_take(&self->c));
	self->lanes = 1;
	ASSERT_EQ(0, query_budget(self->dev, &self->before));
	self->nth = injection_begin();
	self->next = next_descriptor();
	if (self->nth < 0)
		SKIP(return, "no fault injection in this kernel");
}

FIXTURE_TEARDOWN(fail_nth)
{
	close(self->nth);
	producer_exit(&self->p);
	consumer_exit(&self->c);
	mailbox_unlink_tests(self->dev);
	close(self->dev);
}

static __u32 count_lanes(int fd)
{
	struct ipcmbox_channel_sender senders[LANES];
	struct ipcmbox_channel_lanes arg;
	int ret = channel_lanes(fd, senders, LANES, &arg);

	return ret < 0 ? 0 : arg.total;
}

/* Everything is as it was before the command, and a message still goes through. */
static bool as_before(FIXTURE_DATA(fail_nth) *self)
{
	__u32 number = ++self->number;

	consumer_look(&self->c);
	return channel_is_even(self->dev, &self->before) && next_descriptor() == self->next &&
	       count_lanes(self->c.fd) == self->lanes && mailbox_info(self->c.fd).mode == 0600 &&
	       !producer_put(&self->p, number) && consumer_take(&self->c) == number &&
	       consumer_take(&self->c) == -EAGAIN && mailbox_info(self->c.fd).bytes == 0;
}

/*
 * Commands, and for each what has come of it: whether that is right, and undone.
 */

static int create_consumer(FIXTURE_DATA(fail_nth) *self)
{
	return channel_new(self->dev, .access = IPCMBOX_READ);
}

static int create_producer(FIXTURE_DATA(fail_nth) *self)
{
	return channel_new(self->dev, .access = IPCMBOX_WRITE);
}

static int create_both(FIXTURE_DATA(fail_nth) *self)
{
	return channel_new(self->dev, .access = RW);
}

static bool opened(FIXTURE_DATA(fail_nth) *self, int ret)
{
	(void)self;
	return ret < 0 || !close(ret);
}

static int create_named(FIXTURE_DATA(fail_nth) *self)
{
	return channel_new(self->dev, NAME("test new"), .access = RW);
}

static bool created_named(FIXTURE_DATA(fail_nth) *self, int ret)
{
	return mailbox_unlink(self->dev, "test new") == (ret < 0 ? -ENOENT : 0) &&
	       opened(self, ret);
}

static int create_what_exists(FIXTURE_DATA(fail_nth) *self)
{
	return channel_new(self->dev, NAME("test"), .access = IPCMBOX_WRITE);
}

static int join(FIXTURE_DATA(fail_nth) *self)
{
	return mailbox_by_id(self->dev, self->id, IPCMBOX_WRITE);
}

/* The lane is the second one, and gone with its producer. */
static bool joined(FIXTURE_DATA(fail_nth) *self, int ret)
{
	struct ipcmbox_channel_info info;

	if (ret < 0)
		return self->c.board->lane[1].state == IPCMBOX_LANE_FREE;
	return !channel_info(ret, &info) && info.lane == 1 &&
	       self->c.board->lane[1].state == IPCMBOX_LANE_OPEN && !close(ret) &&
	       self->c.board->lane[1].state == IPCMBOX_LANE_FREE;
}

static int look_only(FIXTURE_DATA(fail_nth) *self)
{
	return mailbox_find(self->dev, "test", 0);
}

/* There is a consumer: whatever has failed before, or nothing, that is the answer. */
static int consume_too(FIXTURE_DATA(fail_nth) *self)
{
	int ret = mailbox_by_id(self->dev, self->id, IPCMBOX_READ);

	return ret == -EBUSY ? 0 : ret;
}

static bool nothing(FIXTURE_DATA(fail_nth) *self, int ret)
{
	(void)self;
	(void)ret;
	return true;
}

static int info(FIXTURE_DATA(fail_nth) *self)
{
	struct ipcmbox_channel_info info;

	return channel_info(self->p.fd, &info);
}

static int lanes(FIXTURE_DATA(fail_nth) *self)
{
	struct ipcmbox_channel_sender senders[LANES];
	struct ipcmbox_channel_lanes arg;

	return channel_lanes(self->p.fd, senders, LANES, &arg);
}

static int stat_it(FIXTURE_DATA(fail_nth) *self)
{
	struct ipcmbox_info info;

	return mailbox_stat(self->c.fd, &info);
}

static int set(FIXTURE_DATA(fail_nth) *self)
{
	return mailbox_change(self->c.fd, .mask = IPCMBOX_SET_MODE, .mode = 0640);
}

static bool changed(FIXTURE_DATA(fail_nth) *self, int ret)
{
	return mailbox_info(self->c.fd).mode == (ret ? 0600 : 0640) &&
	       !mailbox_change(self->c.fd, .mask = IPCMBOX_SET_MODE, .mode = 0600);
}

static int wait_for_nothing(FIXTURE_DATA(fail_nth) *self)
{
	int ret = wait_message(self->c.fd, IPCMBOX_NONBLOCK, self->c.serial);

	return ret == -EAGAIN ? 0 : ret;
}

static int wait_until(FIXTURE_DATA(fail_nth) *self)
{
	int ret = channel_wait(self->c.fd, &(struct ipcmbox_channel_wait){
		.what = IPCMBOX_CHANNEL_RECEIVE, .flags = IPCMBOX_DEADLINE, .deadline_ns = 1,
		.lanes_serial = self->c.serial,
	});

	return ret == -ETIMEDOUT ? 0 : ret;
}

static int wait_for_room(FIXTURE_DATA(fail_nth) *self)
{
	return wait_room(self->p.fd, 0, 16);
}

static int kick_both(FIXTURE_DATA(fail_nth) *self)
{
	int ret = kick(self->p.fd, IPCMBOX_CHANNEL_CONSUMER, 0);

	return ret ? ret : kick(self->c.fd, IPCMBOX_CHANNEL_PRODUCER, 0);
}

static int poll_both(FIXTURE_DATA(fail_nth) *self)
{
	struct pollfd fds[] = {
		{ .fd = self->c.fd, .events = POLLIN }, { .fd = self->p.fd, .events = POLLOUT },
	};
	int ret = poll(fds, ARRAY_SIZE(fds), 0);

	return ret < 0 ? -errno : ret;
}

/* Evicting: of a lane that has been left with a message in it. */

static bool leave_message(FIXTURE_DATA(fail_nth) *self)
{
	struct producer p;

	if (!producer_init(&p, join(self)) || producer_put(&p, 77))
		return false;
	producer_exit(&p);
	return self->c.board->lane[1].state == IPCMBOX_LANE_GONE;
}

static int evict_it(FIXTURE_DATA(fail_nth) *self)
{
	return evict(self->c.fd, 1, self->c.board->lane[1].id);
}

static bool evicted(FIXTURE_DATA(fail_nth) *self, int ret)
{
	if (ret && (self->c.board->lane[1].state != IPCMBOX_LANE_GONE || evict_it(self)))
		return false;
	return self->c.board->lane[1].state == IPCMBOX_LANE_FREE;
}

/* Mapping; with the tables that this needs: the kernel does what it can of these. */

static int map_pages(FIXTURE_DATA(fail_nth) *self, int fd, int prot, __u64 offset, size_t pages)
{
	void *p = mmap64(NULL, pages * page_size(), prot, MAP_SHARED | MAP_POPULATE, fd, offset);

	self->pages = p == MAP_FAILED ? NULL : p;
	return self->pages ? 0 : -errno;
}

static int map_board(FIXTURE_DATA(fail_nth) *self)
{
	return map_pages(self, self->p.fd, PROT_READ, IPCMBOX_CHANNEL_BOARD, 1);
}

static int map_acks(FIXTURE_DATA(fail_nth) *self)
{
	return map_pages(self, self->c.fd, READ_WRITE, IPCMBOX_CHANNEL_ACKS, 1);
}

static int map_header(FIXTURE_DATA(fail_nth) *self)
{
	return map_pages(self, self->p.fd, READ_WRITE, IPCMBOX_CHANNEL_HEADER(0), 1);
}

static int map_own_ring(FIXTURE_DATA(fail_nth) *self)
{
	return map_pages(self, self->p.fd, READ_WRITE, IPCMBOX_CHANNEL_RING(0), 2);
}

static int map_foreign_ring(FIXTURE_DATA(fail_nth) *self)
{
	return map_pages(self, self->c.fd, PROT_READ, IPCMBOX_CHANNEL_RING(0), 2);
}

/* Touched and unmapped; for one page and for two. */
static bool mapped(FIXTURE_DATA(fail_nth) *self, int ret)
{
	if (ret)
		return true;
	(void)*(volatile char *)self->pages;
	return !munmap(self->pages, page_size());
}

static bool mapped_ring(FIXTURE_DATA(fail_nth) *self, int ret)
{
	const struct ipcmbox_channel_record *record = self->pages;

	return ret || (record->length == sizeof(__u32) &&
		       !munmap(self->pages, 2 * page_size()));
}

/* A mapping is split: each part keeps the lane, or there is one as before. */
static int map_and_split(FIXTURE_DATA(fail_nth) *self)
{
	int ret = map_own_ring(self);

	return ret ? ret : (mprotect(self->pages, page_size(), PROT_READ) ? -errno : 0);
}

static bool split(FIXTURE_DATA(fail_nth) *self, int ret)
{
	(void)ret;
	return !self->pages || mapped_ring(self, 0);
}

static bool as_it_is(FIXTURE_DATA(fail_nth) *self)
{
	(void)self;
	return true;
}

static const struct {
	unsigned int cmd;
	const char *name;
	bool (*prepare)(FIXTURE_DATA(fail_nth) *self);
	int (*run)(FIXTURE_DATA(fail_nth) *self);
	bool (*judge)(FIXTURE_DATA(fail_nth) *self, int ret);
} commands[] = {
	{ IPCMBOX_IOC_OPEN, "create as consumer", as_it_is, create_consumer, opened },
	{ IPCMBOX_IOC_OPEN, "create as producer", as_it_is, create_producer, opened },
	{ IPCMBOX_IOC_OPEN, "create as both", as_it_is, create_both, opened },
	{ IPCMBOX_IOC_OPEN, "create named", as_it_is, create_named, created_named },
	{ IPCMBOX_IOC_OPEN, "create what exists", as_it_is, create_what_exists, joined },
	{ IPCMBOX_IOC_OPEN, "join", as_it_is, join, joined },
	{ IPCMBOX_IOC_OPEN, "open to look", as_it_is, look_only, opened },
	{ IPCMBOX_IOC_OPEN, "open a second consumer", as_it_is, consume_too, nothing },
	{ IPCMBOX_IOC_CHANNEL_INFO, "info", as_it_is, info, nothing },
	{ IPCMBOX_IOC_CHANNEL_LANES, "lanes", as_it_is, lanes, nothing },
	{ IPCMBOX_IOC_STAT, "stat", as_it_is, stat_it, nothing },
	{ IPCMBOX_IOC_SET, "set", as_it_is, set, changed },
	{ IPCMBOX_IOC_CHANNEL_WAIT, "wait, not blocking", as_it_is, wait_for_nothing, nothing },
	{ IPCMBOX_IOC_CHANNEL_WAIT, "wait until a deadline", as_it_is, wait_until, nothing },
	{ IPCMBOX_IOC_CHANNEL_WAIT, "wait for room", as_it_is, wait_for_room, nothing },
	{ IPCMBOX_IOC_CHANNEL_KICK, "kick", as_it_is, kick_both, nothing },
	{ 0, "poll", as_it_is, poll_both, nothing },
	{ IPCMBOX_IOC_CHANNEL_EVICT, "evict", leave_message, evict_it, evicted },
	{ 0, "map board", as_it_is, map_board, mapped },
	{ 0, "map acks", as_it_is, map_acks, mapped },
	{ 0, "map header", as_it_is, map_header, mapped },
	{ 0, "map own ring", as_it_is, map_own_ring, mapped_ring },
	{ 0, "map foreign ring", as_it_is, map_foreign_ring, mapped_ring },
	{ 0, "map and split", as_it_is, map_and_split, split },
};

TEST_F_TIMEOUT(fail_nth, commands, 200)
{
	int i, n, ret;
	bool fired;

	if (self->nth < 0)
		return;
	ASSERT_TRUE(as_before(self));
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		fired = true;
		for (n = 1; fired && n < MOST_FAULTS; n++) {
			ASSERT_TRUE(commands[i].prepare(self)) TH_LOG("%s", commands[i].name);
			consumer_look(&self->c);
			self->pages = NULL;
			arm(self->nth, n);
			ret = commands[i].run(self);
			fired = disarm(self->nth);
			ASSERT_TRUE(ret >= 0 || (fired && known_failure(ret)))
				TH_LOG("%s, fault %d: %d", commands[i].name, n, ret);
			ASSERT_TRUE(commands[i].judge(self, ret))
				TH_LOG("%s, fault %d: %d", commands[i].name, n, ret);
			ASSERT_TRUE(as_before(self))
				TH_LOG("%s, fault %d: %d", commands[i].name, n, ret);
		}
		EXPECT_LT(n, MOST_FAULTS) TH_LOG("%s", commands[i].name);
		TH_LOG("%s: %d faults", commands[i].name, n - 2);
	}
}

TEST_HARNESS_MAIN
