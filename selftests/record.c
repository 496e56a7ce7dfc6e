// SPDX-License-Identifier: GPL-2.0-only
/*
 * The flight recorder: ioctl(IPCMBOX_IOC_RECORD), IPCMBOX_SET_RECORDER.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "ipcmbox_test.h"

#define SOMEBODY	1000
#define ROOM		32

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME	0x00000080
#endif

FIXTURE(record) {
	int dev, fd;
	__u64 id;
	struct call *calls;
	struct ipcmbox_record *list;	/* shared */
};

FIXTURE_SETUP(record)
{
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->fd = mailbox_new(self->dev, .max_messages = 2, .mode = 0666);
	ASSERT_GE(self->fd, 0);
	self->id = mailbox_id(self->fd);
	self->calls = calls_alloc(4);
	self->list = mmap(NULL, ROOM * sizeof(*self->list), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->list);
}

FIXTURE_TEARDOWN(record)
{
	close(self->fd);
	close(self->dev);
}

static int record_list(int fd, struct ipcmbox_record_list *arg)
{
	int ret = ioctl(fd, IPCMBOX_IOC_RECORD, arg);

	return ret < 0 ? -errno : ret;
}

/* How many are in @list, or -errno. */
static int records(int fd, __u64 after, struct ipcmbox_record *list, __u32 count)
{
	struct ipcmbox_record_list arg = {
		.after = after,
		.buf_ptr = ptr_u64(list),
		.count = count,
		.element_size = sizeof(*list),
	};
	int ret;

	memset(list, POISON, count * sizeof(*list));
	ret = record_list(fd, &arg);
	return ret ? ret : (int)arg.count;
}

static int read_all(FIXTURE_DATA(record) *self)
{
	return records(self->fd, 0, self->list, ROOM);
}

static int record(int fd, __u32 steps)
{
	return mailbox_change(fd, .mask = IPCMBOX_SET_RECORDER, .recorder = steps);
}

/* What happened to message @seq, a letter for each step. */
static const char *steps_of(FIXTURE_DATA(record) *self, __u64 seq)
{
	static const char letters[] = "?SBTRHDWX";
	static char steps[ROOM + 1];
	int n = read_all(self), i, len = 0;

	for (i = 0; i < n; i++) {
		if (self->list[i].seq == seq)
			steps[len++] = letters[self->list[i].step < 9 ? self->list[i].step : 0];
	}
	steps[len] = 0;
	return steps;
}

static __u64 user_bytes(int dev)
{
	struct ipcmbox_query query;

	return query_budget(dev, &query) ? ~0ULL : query.user_bytes;
}

TEST_F(record, feature)
{
	struct ipcmbox_query query;

	ASSERT_EQ(0, query_budget(self->dev, &query));
	EXPECT_EQ(IPCMBOX_FEATURE_RECORD, query.features & IPCMBOX_FEATURE_RECORD);
}

TEST_F(record, off)
{
	EXPECT_EQ(0, mailbox_info(self->fd).recorder);
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(0, read_all(self));
	EXPECT_EQ(POISON32, self->list[0].step);
}

TEST_F(record, what_a_record_says)
{
	__u64 before, after;
	int i;

	ASSERT_EQ(0, record(self->fd, 8));
	EXPECT_EQ(8, mailbox_info(self->fd).recorder);
	before = now_ns(IPCMBOX_CLOCK_MONOTONIC);
	ASSERT_EQ(0, message_send(self->fd, .buf_ptr = ptr_u64("hello"), .buf_len = 5,
				  .priority = IPCMBOX_PRIORITY_MAX, .events = 1ULL << 60 | 1));
	ASSERT_EQ(5, message_recv(self->fd, .buf_ptr = ptr_u64(self->calls[0].data),
				  .buf_len = 5));
	after = now_ns(IPCMBOX_CLOCK_MONOTONIC);

	ASSERT_EQ(2, read_all(self));
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(1 + i, self->list[i].serial);
		EXPECT_LE(before, self->list[i].time_ns);
		EXPECT_GE(after, self->list[i].time_ns);
		EXPECT_EQ(1, self->list[i].seq);
		EXPECT_EQ(1ULL << 60 | 1, self->list[i].events);
		EXPECT_EQ(getpid(), self->list[i].pid);
		EXPECT_EQ(getpid(), self->list[i].tid);
		EXPECT_EQ(geteuid(), self->list[i].uid);
		EXPECT_EQ(5, self->list[i].length);
		EXPECT_EQ(IPCMBOX_PRIORITY_MAX, self->list[i].priority);
	}
	EXPECT_EQ(IPCMBOX_STEP_SENT, self->list[0].step);
	EXPECT_EQ(IPCMBOX_STEP_TAKEN, self->list[1].step);
	EXPECT_LE(self->list[0].time_ns, self->list[1].time_ns);
	EXPECT_EQ(POISON32, self->list[2].step);
}

/*
 * Steps
 */

TEST_F(record, blocked_for_room)
{
	ASSERT_EQ(0, record(self->fd, ROOM));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	ASSERT_EQ(0, put(self->fd, 0, 2));
	put_start(self->calls, self->fd, 0, 3);
	ASSERT_TRUE(await_senders(self->fd, 1));
	EXPECT_STREQ("B", steps_of(self, 3));
	EXPECT_EQ(self->calls->tid, self->list[2].tid);
	EXPECT_EQ(getpid(), self->list[2].pid);
	EXPECT_EQ(1, take(self->fd));
	EXPECT_EQ(0, call_join(self->calls));
	EXPECT_STREQ("BS", steps_of(self, 3));
	EXPECT_STREQ("ST", steps_of(self, 1));
	EXPECT_EQ(2, take(self->fd));
	EXPECT_EQ(3, take(self->fd));
	EXPECT_STREQ("BST", steps_of(self, 3));
}

TEST_F(record, handed_over)
{
	ASSERT_EQ(0, record(self->fd, ROOM));
	recv_start(self->calls, self->fd);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(4, call_join(self->calls));
	EXPECT_STREQ("ST", steps_of(self, 1));
}

TEST_F(record, put_back)
{
	ASSERT_EQ(0, record(self->fd, ROOM));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(-EFAULT, message_recv(self->fd, .buf_ptr = 8, .buf_len = 4));
	EXPECT_STREQ("STR", steps_of(self, 1));
	EXPECT_EQ(1, take(self->fd));
	EXPECT_STREQ("STRT", steps_of(self, 1));
}

TEST_F(record, peeked)
{
	ASSERT_EQ(0, record(self->fd, ROOM));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(4, message_recv(self->fd, .buf_ptr = ptr_u64(self->calls[0].data), .buf_len = 4,
				  .flags = IPCMBOX_PEEK));
	EXPECT_STREQ("S", steps_of(self, 1));
}

TEST_F(record, dropped)
{
	ASSERT_EQ(0, record(self->fd, ROOM));
	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_OVERFLOW,
				    .overflow = IPCMBOX_OVERFLOW_DROP_OLDEST));
	ASSERT_EQ(0, put(self->fd, 1, 1));
	ASSERT_EQ(0, put(self->fd, 1, 2));
	ASSERT_EQ(0, put(self->fd, 1, 3));
	EXPECT_STREQ("SD", steps_of(self, 1));
	EXPECT_STREQ("S", steps_of(self, 3));
	ASSERT_EQ(IPCMBOX_SENT_DROPPED, put(self->fd, 0, 4));
	EXPECT_STREQ("D", steps_of(self, 4));
	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_OVERFLOW,
				    .overflow = IPCMBOX_OVERFLOW_DROP_NEWEST));
	ASSERT_EQ(IPCMBOX_SENT_DROPPED, put(self->fd, 0, 5));
	EXPECT_STREQ("D", steps_of(self, 5));
}

/* What is not even numbered leaves no trace. */
TEST_F(record, failed)
{
	ASSERT_EQ(0, record(self->fd, ROOM));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	ASSERT_EQ(0, put(self->fd, 0, 2));
	EXPECT_EQ(-EAGAIN, put(self->fd, 0, 3));
	EXPECT_EQ(2, read_all(self));
}

TEST_F(record, withdrawn)
{
	ASSERT_EQ(0, record(self->fd, ROOM));
	EXPECT_EQ(-ETIMEDOUT, message_send(self->fd, .completion = IPCMBOX_RECEIVED,
					   .flags = IPCMBOX_DEADLINE, .deadline_ns = 1));
	EXPECT_STREQ("SW", steps_of(self, 1));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	ASSERT_EQ(0, put(self->fd, 0, 2));
	EXPECT_EQ(-ETIMEDOUT, message_send(self->fd, .flags = IPCMBOX_DEADLINE, .deadline_ns = 1));
	EXPECT_STREQ("BW", steps_of(self, 4));
}

/* The last receiver goes, and with it what senders wait for. */
TEST_F(record, withdrawn_for_good)
{
	int sender = mailbox_by_id(self->dev, self->id, IPCMBOX_WRITE);

	ASSERT_GE(sender, 0);
	ASSERT_EQ(0, record(self->fd, ROOM));
	send_start(self->calls, sender, .completion = IPCMBOX_RECEIVED);
	ASSERT_TRUE(await_senders(self->fd, 1));
	close(self->fd);
	self->fd = sender;
	EXPECT_EQ(-EPIPE, call_join(self->calls));
	EXPECT_STREQ("SW", steps_of(self, 1));
}

TEST_F(record, replied)
{
	struct ipcmbox_recv recv = {};

	ASSERT_EQ(0, record(self->fd, ROOM));
	call_prepare(self->calls, self->fd);
	call_start(self->calls);
	ASSERT_TRUE(await_senders(self->fd, 1));
	ASSERT_EQ(0, mailbox_receive(self->fd, &recv));
	EXPECT_STREQ("ST", steps_of(self, 1));
	EXPECT_EQ(0, message_reply(self->fd, .token = recv.token));
	EXPECT_EQ(0, call_join(self->calls));
	EXPECT_STREQ("STH", steps_of(self, 1));

	/* Handled by the receive alone. */
	call_prepare(self->calls, self->fd);
	call_start(self->calls);
	ASSERT_TRUE(await_senders(self->fd, 1));
	ASSERT_EQ(0, message_recv(self->fd));
	EXPECT_EQ(0, call_join(self->calls));
	EXPECT_STREQ("STH", steps_of(self, 2));
}

TEST_F(record, refused_and_dead)
{
	struct ipcmbox_recv recv;
	int i;

	ASSERT_EQ(0, mailbox_change(self->fd, .max_deliveries = 2,
				    .mask = IPCMBOX_SET_DEAD_LETTER | IPCMBOX_SET_RECORDER,
				    .recorder = ROOM));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	for (i = 0; i < 2; i++) {
		recv = (struct ipcmbox_recv){
			.flags = IPCMBOX_LEASE,
			.lease_ns = 100 * NSEC_PER_SEC,
			.buf_ptr = ptr_u64(self->calls[0].data),
			.buf_len = 4,
		};
		ASSERT_EQ(4, mailbox_receive(self->fd, &recv));
		ASSERT_EQ(0, mailbox_settle(self->fd, recv.token, IPCMBOX_SETTLE_REFUSE, 0));
	}
	EXPECT_STREQ("STRTX", steps_of(self, 1));
}

/*
 * The ring
 */

TEST_F(record, wraps_around)
{
	int i, size;

	for (size = 1; size <= 5; size++) {
		ASSERT_EQ(0, record(self->fd, size));
		for (i = 0; i < 7; i++) {
			ASSERT_EQ(0, put(self->fd, 0, i));
			ASSERT_EQ(i, take(self->fd));
		}
		ASSERT_EQ(size, read_all(self));
		for (i = 0; i < size; i++) {
			__u64 serial = 14 * size - size + 1 + i;

			EXPECT_EQ(serial, self->list[i].serial);
			EXPECT_EQ((serial + 1) / 2, self->list[i].seq);
			EXPECT_EQ(serial & 1 ? IPCMBOX_STEP_SENT : IPCMBOX_STEP_TAKEN,
				  self->list[i].step);
		}
	}
}

TEST_F(record, after)
{
	__u64 after = 0;
	int i, n;

	ASSERT_EQ(0, record(self->fd, 20));
	for (i = 0; i < 8; i++) {
		ASSERT_EQ(0, put(self->fd, 0, i));
		ASSERT_EQ(i, take(self->fd));
	}
	for (i = 0; (n = records(self->fd, after, self->list, 3)) > 0; i++) {
		EXPECT_EQ(i == 5 ? 1 : 3, n);
		EXPECT_EQ(after + 1, self->list[0].serial);
		after = self->list[n - 1].serial;
	}
	EXPECT_EQ(0, n);
	EXPECT_EQ(6, i);
	EXPECT_EQ(16, after);
	EXPECT_EQ(0, records(self->fd, 17, self->list, 3));
	EXPECT_EQ(0, records(self->fd, ~0ULL, self->list, 3));

	/* What comes later is found, what was overwritten is passed over. */
	ASSERT_EQ(0, put(self->fd, 0, 99));
	ASSERT_EQ(1, records(self->fd, after, self->list, 3));
	EXPECT_EQ(17, self->list[0].serial);
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, put(self->fd, 1, i));
		ASSERT_EQ(i, take(self->fd));
	}
	ASSERT_EQ(3, records(self->fd, 17, self->list, 3));
	EXPECT_EQ(57 - 20 + 1, self->list[0].serial);
}

/* More than the kernel reads at a time. */
TEST_F(record, many_at_once)
{
	struct ipcmbox_record *list = calloc(1000, sizeof(*list));
	int i;

	ASSERT_EQ(0, record(self->fd, 777));
	for (i = 0; i < 600; i++) {
		ASSERT_EQ(0, put(self->fd, 0, i));
		ASSERT_EQ(i, take(self->fd));
	}
	ASSERT_EQ(777, records(self->fd, 0, list, 1000));
	for (i = 0; i < 777; i++)
		ASSERT_EQ(1200 - 777 + 1 + i, list[i].serial);
	ASSERT_EQ(100, records(self->fd, 500, list, 100));
	EXPECT_EQ(501, list[0].serial);
	EXPECT_EQ(600, list[99].serial);
	free(list);
}

TEST_F(record, set_anew)
{
	ASSERT_EQ(0, record(self->fd, 4));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	ASSERT_EQ(1, read_all(self));
	ASSERT_EQ(0, record(self->fd, 4));
	EXPECT_EQ(0, read_all(self));
	EXPECT_EQ(1, take(self->fd));
	ASSERT_EQ(1, read_all(self));
	EXPECT_EQ(2, self->list[0].serial);

	ASSERT_EQ(0, record(self->fd, 0));
	EXPECT_EQ(0, mailbox_info(self->fd).recorder);
	EXPECT_EQ(0, read_all(self));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(0, read_all(self));

	/* The numbers go on: whoever reads after the last one misses nothing. */
	ASSERT_EQ(0, record(self->fd, 9));
	EXPECT_EQ(1, take(self->fd));
	ASSERT_EQ(1, records(self->fd, 2, self->list, 1));
	EXPECT_EQ(3, self->list[0].serial);
}

/*
 * Limits and rights
 */

TEST_F(record, bad_values)
{
	EXPECT_EQ(-EINVAL, record(self->fd, IPCMBOX_RECORDER_MAX + 1));
	EXPECT_EQ(-EINVAL, record(self->fd, ~0U));
	EXPECT_EQ(-EINVAL, mailbox_change(self->fd, .mask = IPCMBOX_SET_MODE, .mode = 0600,
					  .recorder = 8));
	/* All or nothing. */
	EXPECT_EQ(-EINVAL, mailbox_change(self->fd, .recorder = 8, .overflow = 77,
					  .mask = IPCMBOX_SET_RECORDER | IPCMBOX_SET_OVERFLOW));
	EXPECT_EQ(-ENOENT, mailbox_change(self->fd, .recorder = 8, .dead_letter = ~0ULL,
					  .mask = IPCMBOX_SET_RECORDER | IPCMBOX_SET_DEAD_LETTER));
	EXPECT_EQ(0, mailbox_info(self->fd).recorder);
}

TEST_F(record, largest)
{
	__u64 bytes = user_bytes(self->dev);

	ASSERT_EQ(0, record(self->fd, IPCMBOX_RECORDER_MAX));
	EXPECT_EQ(IPCMBOX_RECORDER_MAX, mailbox_info(self->fd).recorder);
	/* It is charged to the user, and given back. */
	EXPECT_LE(bytes + IPCMBOX_RECORDER_MAX * 32, user_bytes(self->dev));
	ASSERT_EQ(0, record(self->fd, 1));
	EXPECT_GT(bytes + 1000, user_bytes(self->dev));
	ASSERT_EQ(0, record(self->fd, 0));
	EXPECT_EQ(bytes, user_bytes(self->dev));
	ASSERT_EQ(0, record(self->fd, IPCMBOX_RECORDER_MAX));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	close(self->fd);
	EXPECT_EQ(bytes, user_bytes(self->dev));
}

TEST_F(record, budget)
{
	static const char path[] = "/sys/module/ipcmbox/parameters/user_bytes";
	char saved[32];

	ASSERT_EQ(0, geteuid()) TH_LOG("needs root");
	ASSERT_TRUE(read_file(path, saved, sizeof(saved)));
	ASSERT_TRUE(write_file(path, "100000"));
	EXPECT_EQ(-EDQUOT, record(self->fd, IPCMBOX_RECORDER_MAX));
	EXPECT_EQ(0, mailbox_info(self->fd).recorder);
	EXPECT_EQ(0, record(self->fd, 100));
	EXPECT_EQ(-EDQUOT, record(self->fd, IPCMBOX_RECORDER_MAX));
	EXPECT_EQ(100, mailbox_info(self->fd).recorder);
	EXPECT_TRUE(write_file(path, saved));
}

/* A descriptor that was inherited is no right to administer. */
static int as_somebody(void *arg)
{
	FIXTURE_DATA(record) *self = arg;

	if (become(SOMEBODY, SOMEBODY))
		return 1;
	if (read_all(self) != -EPERM || record(self->fd, 8) != -EPERM)
		return 2;
	self->fd = mailbox_by_id(self->dev, self->id, IPCMBOX_READ);
	if (self->fd < 0)
		return 3;
	return read_all(self) == -EPERM ? 0 : 4;
}

TEST_F(record, rights)
{
	ASSERT_EQ(0, geteuid()) TH_LOG("needs root");
	ASSERT_EQ(0, record(self->fd, 4));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(0, child_run(as_somebody, self));
	EXPECT_EQ(4, mailbox_info(self->fd).recorder);
	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_UID, .uid = SOMEBODY));
	EXPECT_EQ(2, child_run(as_somebody, self));
}

/* The owner can look with a descriptor of any access. */
TEST_F(record, access)
{
	static const __u32 accesses[] = { 0, IPCMBOX_READ, IPCMBOX_WRITE };
	size_t i;

	ASSERT_EQ(0, record(self->fd, 4));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	for (i = 0; i < ARRAY_SIZE(accesses); i++) {
		int fd = mailbox_by_id(self->dev, self->id, accesses[i]);

		ASSERT_GE(fd, 0);
		EXPECT_EQ(1, records(fd, 0, self->list, ROOM));
		close(fd);
	}
}

TEST_F(record, other_element_sizes)
{
	struct {
		struct ipcmbox_record known;
		__u8 tail[24];
	} list[2];
	struct ipcmbox_record_list arg = {
		.buf_ptr = ptr_u64(list),
		.count = 2,
		.element_size = sizeof(list[0]),
	};
	int i;

	ASSERT_EQ(0, record(self->fd, 4));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	ASSERT_EQ(1, take(self->fd));
	memset(list, POISON, sizeof(list));
	ASSERT_EQ(0, record_list(self->fd, &arg));
	ASSERT_EQ(2, arg.count);
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(1 + i, list[i].known.serial);
		EXPECT_EQ(0, memcmp(list[i].tail, (char [24]){}, 24));
	}
}

TEST_F(record, array_partly_mapped)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct ipcmbox_record_list arg = {
		.buf_ptr = ptr_u64(map + page - sizeof(struct ipcmbox_record)),
		.count = 1,
		.element_size = sizeof(struct ipcmbox_record),
	};

	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(0, mprotect(map + page, page, PROT_NONE));
	ASSERT_EQ(0, record(self->fd, 4));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	ASSERT_EQ(1, take(self->fd));
	EXPECT_EQ(0, record_list(self->fd, &arg));
	EXPECT_EQ(1, arg.count);
	arg.count = 2;
	EXPECT_EQ(-EFAULT, record_list(self->fd, &arg));
	munmap(map, 2 * page);
}

/*
 * As the reader sees it
 */

struct inside {
	FIXTURE_DATA(record) *self;
	int count;
};

static int send_and_read_inside(void *arg)
{
	struct inside *inside = arg;

	if (put(inside->self->fd, 0, 2))
		return 1;
	inside->count = read_all(inside->self);
	return getpid() == 1 ? 0 : 2;
}

static int in_pid_namespace(void *arg)
{
	if (unshare(CLONE_NEWPID))
		return 3;
	return child_run(send_and_read_inside, arg);
}

TEST_F(record, pid_namespace)
{
	struct inside *inside = mmap(NULL, sizeof(*inside), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ASSERT_EQ(0, geteuid()) TH_LOG("needs root");
	inside->self = self;
	ASSERT_EQ(0, record(self->fd, 4));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	ASSERT_EQ(0, child_run(in_pid_namespace, inside));
	ASSERT_EQ(2, inside->count);
	EXPECT_EQ(0, self->list[0].pid);
	EXPECT_EQ(0, self->list[0].tid);
	EXPECT_EQ(1, self->list[1].pid);
	EXPECT_EQ(1, self->list[1].tid);

	/* The sender and its namespace have ended; it has not had another number. */
	ASSERT_EQ(2, read_all(self));
	EXPECT_EQ(getpid(), self->list[0].pid);
	EXPECT_GT(self->list[1].pid, 1);
	EXPECT_EQ(self->list[1].pid, self->list[1].tid);
}

static int send_as_somebody(void *arg)
{
	FIXTURE_DATA(record) *self = arg;

	return become(SOMEBODY, SOMEBODY) ? 1 : -put(self->fd, 0, 1);
}

/* In a user namespace that knows nobody but root. */
static int in_user_namespace(void *arg)
{
	FIXTURE_DATA(record) *self = arg;

	if (unshare(CLONE_NEWUSER) || !write_file("/proc/self/uid_map", "5 0 1"))
		return 1;
	/* Still the owner, by another number. */
	if (read_all(self) != 2)
		return 2;
	return self->list[0].uid == 5 && self->list[1].uid == 65534 ? 0 : 3;
}

TEST_F(record, user_namespace)
{
	ASSERT_EQ(0, geteuid()) TH_LOG("needs root");
	ASSERT_EQ(0, record(self->fd, 4));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	ASSERT_EQ(0, child_run(send_as_somebody, self));
	ASSERT_EQ(2, read_all(self));
	EXPECT_EQ(0, self->list[0].uid);
	EXPECT_EQ(SOMEBODY, self->list[1].uid);
	EXPECT_EQ(0, child_run(in_user_namespace, self));
}

static int read_inside(void *arg)
{
	FIXTURE_DATA(record) *self = arg;
	__u64 now = now_ns(IPCMBOX_CLOCK_MONOTONIC);

	if (read_all(self) != 1)
		return 1;
	/* A million seconds ahead, as this process's clock is. */
	return self->list[0].time_ns > 1000000 * NSEC_PER_SEC && self->list[0].time_ns < now ?
	       0 : 2;
}

static int in_time_namespace(void *arg)
{
	if (unshare(CLONE_NEWTIME))
		return 3;
	if (!write_file("/proc/self/timens_offsets", "monotonic 1000000 0\n"))
		return 4;
	return child_run(read_inside, arg);
}

TEST_F(record, time_namespace)
{
	ASSERT_EQ(0, geteuid()) TH_LOG("needs root");
	if (access("/proc/self/ns/time", F_OK))
		SKIP(return, "no time namespaces in this kernel");
	ASSERT_EQ(0, record(self->fd, 4));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(0, child_run(in_time_namespace, self));
}

/*
 * Everything at once
 */

static int send_and_receive(void *arg)
{
	int fd = *(int *)arg, i;

	for (i = 0; getppid() != 1; i++) {
		put(fd, i & 3, i);
		take(fd);
	}
	return 0;
}

/* On a slow machine fewer rounds must do. */
static bool is_enough(__u64 start, __u32 seen)
{
	return seen && now_ns(IPCMBOX_CLOCK_MONOTONIC) - start > 5 * NSEC_PER_SEC;
}

static int set_and_unset(void *arg)
{
	int fd = *(int *)arg, i;

	for (i = 0; getppid() != 1; i++)
		record(fd, i % 7);
	return 0;
}

TEST_F(record, while_it_changes)
{
	pid_t pids[3], setter;
	__u64 after = 0, start = now_ns(IPCMBOX_CLOCK_MONOTONIC);
	__u32 i, rounds = scaled(3000), seen = 0;
	int n, j;

	ASSERT_EQ(0, record(self->fd, 5));
	for (j = 0; j < 3; j++)
		pids[j] = child_start(send_and_receive, &self->fd);
	setter = child_start(set_and_unset, &self->fd);
	for (i = 0; !seen || (i < rounds && !is_enough(start, seen)); i++) {
		n = records(self->fd, after, self->list, ROOM);
		ASSERT_GE(n, 0);
		for (j = 0; j < n; j++) {
			struct ipcmbox_record *r = &self->list[j];

			ASSERT_GT(r->serial, after);
			ASSERT_TRUE(r->pid == pids[0] || r->pid == pids[1] || r->pid == pids[2]);
			ASSERT_EQ(4, r->length);
			ASSERT_TRUE(r->step >= IPCMBOX_STEP_SENT && r->step <= IPCMBOX_STEP_TAKEN);
			after = r->serial;
			seen++;
		}
	}
	for (j = 0; j < 3; j++) {
		kill(pids[j], SIGKILL);
		child_wait(pids[j]);
	}
	kill(setter, SIGKILL);
	child_wait(setter);
	EXPECT_TRUE(mailbox_balanced(self->fd));
}

TEST_HARNESS_MAIN
