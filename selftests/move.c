// SPDX-License-Identifier: GPL-2.0-only
/*
 * Segments that are moved in messages: who has the right to write, when it comes back, and that
 * nobody keeps it by a trick.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "ipcmbox_test.h"
#include "segment_test.h"
#include "uffd_test.h"

#define READ_WRITE	(PROT_READ | PROT_WRITE)

FIXTURE(move) {
	int dev, box, fd, count;
	__u64 id;
};

FIXTURE_SETUP(move)
{
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->count = segment_count(self->dev);
	self->box = mailbox_new(self->dev, .flags = IPCMBOX_OPEN_FDS, .max_messages = 2,
				.max_length = 64);
	ASSERT_GE(self->box, 0);
	self->fd = segment_new(self->dev, NAME("test"), .size = SIZE,
			       .flags = IPCMBOX_OPEN_SEALABLE);
	ASSERT_GE(self->fd, 0);
	self->id = segment_id(self->fd);
}

FIXTURE_TEARDOWN(move)
{
	close(self->fd);
	if (self->box >= 0)
		close(self->box);
	segment_unlink_tests(self->dev);
	EXPECT_TRUE(await_segments(self->dev, self->count));
	close(self->dev);
}

static int send_by(int box, const int *fds, __u32 count, __u32 flags)
{
	return message_send(box, .fds_ptr = ptr_u64(fds), .nr_fds = count,
			    .flags = IPCMBOX_NONBLOCK | flags);
}

static int move(int box, int fd)
{
	return send_by(box, &fd, 1, IPCMBOX_MOVE);
}

static int receive(int box)
{
	int fd = -1, ret = message_receive(box, .fds_ptr = ptr_u64(&fd), .max_fds = 1,
					   .flags = IPCMBOX_NONBLOCK);

	return ret < 0 ? ret : fd;
}

/* Moved, and received here: the new descriptor. */
static int move_here(int box, int fd)
{
	int ret = move(box, fd);

	return ret ? ret : receive(box);
}

static int writes(int fd)
{
	return errno_of(pwrite(fd, "x", 1, 0));
}

static bool is_moved(int fd)
{
	return segment_info(fd).flags & IPCMBOX_INFO_MOVED;
}

/* It may do everything that changes a segment. */
static bool can_write(int fd)
{
	return !writes(fd) && !map_error(fd, SIZE, READ_WRITE, MAP_SHARED) &&
	       !resize(fd, 2 * SIZE) && !resize(fd, SIZE);
}

/* It may do nothing of the kind, but look. */
static bool can_only_read(int fd)
{
	char *p = map(fd, SIZE, PROT_READ), byte;
	bool ok = p && errno_of(mprotect(p, SIZE, READ_WRITE)) == -EACCES;

	munmap(p, SIZE);
	return ok && writes(fd) == -EPERM &&
	       resize(fd, 0) == -EPERM && resize(fd, SIZE) == -EPERM &&
	       map_error(fd, SIZE, READ_WRITE, MAP_SHARED) == -EPERM &&
	       map_error(fd, SIZE, PROT_WRITE, MAP_SHARED) == -EPERM &&
	       map_error(fd, SIZE, READ_WRITE, MAP_PRIVATE) == 0 &&
	       pread(fd, &byte, 1, 0) == 1 && segment_info(fd).size == SIZE;
}

TEST_F(move, right_goes_and_comes_back)
{
	int other = segment_by_id(self->dev, self->id, RW), got;

	ASSERT_GE(other, 0);
	EXPECT_FALSE(is_moved(self->fd));
	ASSERT_EQ(0, move(self->box, self->fd));
	EXPECT_TRUE(is_moved(self->fd)) TH_LOG("from the send on");
	EXPECT_TRUE(can_only_read(self->fd));
	EXPECT_TRUE(can_only_read(other));
	EXPECT_EQ(3, segment_info(other).writers);

	got = receive(self->box);
	ASSERT_GE(got, 0);
	EXPECT_EQ(self->id, segment_id(got));
	EXPECT_TRUE(can_only_read(self->fd));
	EXPECT_TRUE(can_write(got));
	EXPECT_TRUE(can_only_read(other));
	/* Nobody has it that comes later, either. */
	close(other);
	other = segment_find(self->dev, "test", RW);
	ASSERT_GE(other, 0);
	EXPECT_TRUE(can_only_read(other));
	EXPECT_EQ(-EPERM, segment_open(self->dev, &(struct ipcmbox_segment_open){
		NAME("test"), .access = RW, .flags = IPCMBOX_OPEN_TRUNCATE }));

	close(got);
	EXPECT_FALSE(is_moved(self->fd));
	EXPECT_TRUE(can_write(self->fd));
	EXPECT_TRUE(can_write(other));
	close(other);
}

TEST_F(move, mapping_is_as_good_as_a_descriptor)
{
	int got = move_here(self->box, self->fd);
	char *p = map(got, SIZE, READ_WRITE);

	ASSERT_NE(NULL, p);
	close(got);
	EXPECT_TRUE(can_only_read(self->fd));
	p[0] = 1;
	munmap(p, SIZE / 2);
	EXPECT_TRUE(can_only_read(self->fd));
	munmap(p + SIZE / 2, SIZE / 2);
	EXPECT_TRUE(can_write(self->fd));
}

TEST_F(move, seals_are_for_nobody_meanwhile)
{
	int got = move_here(self->box, self->fd);

	ASSERT_GE(got, 0);
	EXPECT_EQ(-EPERM, errno_of(fcntl(self->fd, F_ADD_SEALS, F_SEAL_SHRINK)));
	EXPECT_EQ(-EPERM, errno_of(fcntl(got, F_ADD_SEALS, F_SEAL_SHRINK)));
	close(got);
	EXPECT_EQ(0, fcntl(self->fd, F_GET_SEALS));
	EXPECT_EQ(0, errno_of(fcntl(self->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_SEAL)));
	/* A seal of the users' own stays. */
	got = move_here(self->box, self->fd);
	ASSERT_GE(got, 0);
	close(got);
	EXPECT_EQ(F_SEAL_SHRINK | F_SEAL_SEAL, fcntl(self->fd, F_GET_SEALS));
}

TEST_F(move, moved_on)
{
	int first = move_here(self->box, self->fd), second;

	ASSERT_GE(first, 0);
	EXPECT_EQ(-EPERM, move(self->box, self->fd));
	second = move_here(self->box, first);
	ASSERT_GE(second, 0);
	EXPECT_TRUE(can_only_read(self->fd));
	EXPECT_TRUE(can_only_read(first));
	EXPECT_TRUE(can_write(second));
	/* Who has lost it cannot give it back. */
	close(first);
	EXPECT_TRUE(can_only_read(self->fd));
	EXPECT_TRUE(can_write(second));
	first = receive(self->box);
	EXPECT_EQ(-EAGAIN, first);
	close(second);
	EXPECT_TRUE(can_write(self->fd));
}

TEST_F(move, refused)
{
	int ro = segment_by_id(self->dev, self->id, IPCMBOX_READ);
	int look = segment_by_id(self->dev, self->id, 0);
	int event = mailbox_new(self->dev, .discipline = IPCMBOX_EVENT, .flags = IPCMBOX_OPEN_FDS,
				.max_messages = 2);
	int twice[2] = { self->fd, self->fd }, fds[2] = { self->fd, ro };

	ASSERT_GE(ro, 0);
	ASSERT_GE(look, 0);
	ASSERT_GE(event, 0);
	EXPECT_EQ(-EACCES, move(self->box, ro));
	EXPECT_EQ(-EACCES, move(self->box, look));
	EXPECT_EQ(-ELOOP, move(self->box, self->dev));
	EXPECT_EQ(-EINVAL, move(self->box, STDIN_FILENO)) TH_LOG("no segment");
	EXPECT_EQ(-EINVAL, send_by(self->box, NULL, 0, IPCMBOX_MOVE));
	EXPECT_EQ(-EINVAL, move(event, self->fd));
	/* All or nothing. */
	EXPECT_EQ(-EPERM, send_by(self->box, twice, 2, IPCMBOX_MOVE));
	EXPECT_EQ(-EACCES, send_by(self->box, fds, 2, IPCMBOX_MOVE));
	EXPECT_FALSE(is_moved(self->fd));
	EXPECT_TRUE(can_write(self->fd));
	EXPECT_EQ(-EAGAIN, receive(self->box));
	close(event);
	close(look);
	close(ro);
}

TEST_F(move, busy_while_it_is_mapped)
{
	int ro = segment_by_id(self->dev, self->id, IPCMBOX_READ);
	char *p = map(self->fd, SIZE, READ_WRITE), *q;

	ASSERT_NE(NULL, p);
	EXPECT_EQ(-EBUSY, move(self->box, self->fd));
	EXPECT_EQ(0, writes(self->fd));
	/* Even if it cannot be written just now: that can be changed. */
	EXPECT_EQ(0, mprotect(p, SIZE, PROT_READ));
	EXPECT_EQ(-EBUSY, move(self->box, self->fd));
	munmap(p + PAGE, SIZE - PAGE);
	EXPECT_EQ(-EBUSY, move(self->box, self->fd));
	munmap(p, PAGE);

	/* Who reads is not in the way. */
	p = map(ro, SIZE, PROT_READ);
	q = map_at(self->fd, 0, SIZE, READ_WRITE, MAP_PRIVATE);
	ASSERT_NE(NULL, p);
	ASSERT_NE(NULL, q);
	EXPECT_EQ(0, p[0] + q[0] - 'x' - 'x');
	EXPECT_EQ(0, move(self->box, self->fd));
	q[0] = 'y';
	EXPECT_EQ('x', p[0]);
	munmap(p, SIZE);
	munmap(q, SIZE);
	close(ro);
}

static int hold_mapping(void *arg)
{
	int *pipes = arg;
	char byte;

	return read(pipes[0], &byte, 1) == 1 ? 0 : 1;
}

/* The mapping of another process counts, and that of a dead one does not. */
TEST_F(move, busy_while_a_child_has_it_mapped)
{
	char *p = map(self->fd, SIZE, READ_WRITE);
	int pipes[2];
	pid_t pid;

	ASSERT_NE(NULL, p);
	ASSERT_EQ(0, pipe(pipes));
	p[0] = 1;
	pid = child_start(hold_mapping, pipes);
	munmap(p, SIZE);
	EXPECT_EQ(-EBUSY, move(self->box, self->fd));
	kill(pid, SIGKILL);
	EXPECT_EQ(255, child_wait(pid));
	EXPECT_EQ(0, move(self->box, self->fd));
	close(pipes[0]);
	close(pipes[1]);
}

/* A page that a pipe holds could be one that a device writes to. */
TEST_F(move, busy_while_a_page_is_pinned)
{
	char *p = map(self->fd, SIZE, READ_WRITE), buf[PAGE];
	struct iovec iov = { p + 3 * PAGE, PAGE };
	int pipes[2];

	ASSERT_NE(NULL, p);
	ASSERT_EQ(0, pipe(pipes));
	memset(p, 5, SIZE);
	ASSERT_EQ(PAGE, vmsplice(pipes[1], &iov, 1, 0));
	munmap(p, SIZE);
	EXPECT_EQ(-EBUSY, move(self->box, self->fd));
	EXPECT_FALSE(is_moved(self->fd));
	EXPECT_TRUE(can_write(self->fd));
	ASSERT_EQ(PAGE, read(pipes[0], buf, PAGE));
	EXPECT_EQ(0, move(self->box, self->fd));
	close(pipes[0]);
	close(pipes[1]);
}

/* Whoever has the right alone keeps it when it cannot be moved on. */
TEST_F(move, busy_when_it_is_moved_on)
{
	struct iovec iov = { NULL, PAGE };
	int got, pipes[2];
	char buf[PAGE];

	got = move_here(self->box, self->fd);
	ASSERT_GE(got, 0);
	iov.iov_base = map(got, SIZE, READ_WRITE);
	ASSERT_NE(NULL, iov.iov_base);
	ASSERT_EQ(0, pipe(pipes));
	memset(iov.iov_base, 5, PAGE);
	ASSERT_EQ(PAGE, vmsplice(pipes[1], &iov, 1, 0));
	munmap(iov.iov_base, SIZE);
	EXPECT_EQ(-EBUSY, move(self->box, got));
	EXPECT_EQ(-EAGAIN, receive(self->box));
	EXPECT_TRUE(can_write(got));
	EXPECT_TRUE(can_only_read(self->fd));
	ASSERT_EQ(PAGE, read(pipes[0], buf, PAGE));
	EXPECT_EQ(0, move(self->box, got));
	EXPECT_TRUE(can_only_read(got));
	close(got);
	close(pipes[0]);
	close(pipes[1]);
}

/* Pages that are new are on lists of the CPU they came on, which looks as if they were pinned. */
TEST_F(move, memory_just_written_is_not_busy)
{
	int i, fd, got;
	char *p;

	for (i = 0; i < 50; i++) {
		fd = segment_new(self->dev, .size = (i + 1) * PAGE);
		ASSERT_GE(fd, 0);
		p = map(fd, (i + 1) * PAGE, READ_WRITE);
		ASSERT_NE(NULL, p);
		memset(p, 1, (i + 1) * PAGE);
		munmap(p, (i + 1) * PAGE);
		got = move_here(self->box, fd);
		EXPECT_GE(got, 0);
		close(got);
		close(fd);
	}
}

struct writer {
	int fd;
	char *from;
	ssize_t result;
};

static void *write_slowly(void *arg)
{
	struct writer *writer = arg;

	writer->result = pwrite(writer->fd, writer->from, PAGE, 0);
	return NULL;
}

TEST_F(move, busy_while_it_is_written)
{
	struct writer writer = { .fd = self->fd };
	pthread_t thread;
	struct hold hold;

	if (!hold_begin(&hold))
		SKIP(return, "no userfaultfd");
	writer.from = hold.page;
	ASSERT_EQ(0, pthread_create(&thread, NULL, write_slowly, &writer));
	ASSERT_TRUE(hold_await(&hold));
	EXPECT_EQ(-EBUSY, move(self->box, self->fd)) TH_LOG("at once");
	ASSERT_TRUE(hold_end(&hold));
	pthread_join(thread, NULL);
	EXPECT_EQ(PAGE, writer.result);
	EXPECT_EQ(0, move(self->box, self->fd));
}

/*
 * What becomes of the message
 */

TEST_F(move, comes_back_from_a_send_that_fails)
{
	char data[128] = {};

	ASSERT_EQ(0, put(self->box, 0, 1));
	ASSERT_EQ(0, put(self->box, 0, 2));
	EXPECT_EQ(-EAGAIN, move(self->box, self->fd));
	EXPECT_TRUE(can_write(self->fd));
	EXPECT_EQ(1, take(self->box));
	EXPECT_EQ(-EMSGSIZE, message_send(self->box, .buf_ptr = ptr_u64(data), .buf_len = 65,
					  .fds_ptr = ptr_u64(&self->fd), .nr_fds = 1,
					  .flags = IPCMBOX_MOVE));
	EXPECT_TRUE(can_write(self->fd));
	EXPECT_EQ(-EFAULT, message_send(self->box, .buf_ptr = 8, .buf_len = 8,
					.fds_ptr = ptr_u64(&self->fd), .nr_fds = 1,
					.flags = IPCMBOX_MOVE));
	EXPECT_TRUE(can_write(self->fd));
	EXPECT_EQ(-ETIMEDOUT, message_send(self->box, .fds_ptr = ptr_u64(&self->fd), .nr_fds = 1,
					   .completion = IPCMBOX_RECEIVED, .deadline_ns = 1,
					   .flags = IPCMBOX_MOVE | IPCMBOX_DEADLINE));
	EXPECT_TRUE(can_write(self->fd));
}

TEST_F(move, comes_back_from_a_dropped_message)
{
	ASSERT_EQ(0, move(self->box, self->fd));
	EXPECT_TRUE(can_only_read(self->fd));
	close(self->box);
	self->box = -1;
	EXPECT_FALSE(is_moved(self->fd));
	EXPECT_TRUE(can_write(self->fd));
}

static int receive_and_die(void *arg)
{
	int fd = receive(*(int *)arg);
	char *p = map(fd, SIZE, READ_WRITE);

	if (!p)
		return 1;
	p[0] = 'd';
	raise(SIGKILL);
	return 2;
}

TEST_F(move, comes_back_from_a_killed_receiver)
{
	ASSERT_EQ(0, move(self->box, self->fd));
	EXPECT_EQ(255, child_run(receive_and_die, &self->box));
	EXPECT_EQ(0, writes(self->fd));
	EXPECT_TRUE(can_write(self->fd));
}

TEST_F(move, in_call_and_reply)
{
	struct call *call = calls_alloc(1);
	struct ipcmbox_recv recv = { .max_fds = 1 };
	int there = -1, back = -1;

	call_prepare(call, self->box, .fds_ptr = ptr_u64(&self->fd), .nr_fds = 1,
		     .reply_fds_ptr = ptr_u64(&back), .max_reply_fds = 1, .flags = IPCMBOX_MOVE);
	call_start(call);
	recv.fds_ptr = ptr_u64(&there);
	ASSERT_EQ(0, mailbox_receive(self->box, &recv));
	ASSERT_GE(there, 0);
	EXPECT_TRUE(can_write(there));
	EXPECT_TRUE(can_only_read(self->fd));
	EXPECT_EQ(-EINVAL, message_reply(self->box, .token = recv.token, .flags = IPCMBOX_MOVE));
	EXPECT_EQ(-EPERM, message_reply(self->box, .token = recv.token, .flags = IPCMBOX_MOVE,
					.fds_ptr = ptr_u64(&self->fd), .nr_fds = 1));
	EXPECT_EQ(0, message_reply(self->box, .token = recv.token, .flags = IPCMBOX_MOVE,
				   .fds_ptr = ptr_u64(&there), .nr_fds = 1));
	EXPECT_EQ(0, call_join(call));
	ASSERT_GE(back, 0);
	EXPECT_TRUE(can_write(back));
	EXPECT_TRUE(can_only_read(there));
	close(there);
	EXPECT_TRUE(can_only_read(self->fd));
	close(back);
	EXPECT_TRUE(can_write(self->fd));
}

/*
 * No moment in which two can write
 */

struct race {
	int fd;
	volatile int stop, mapped, writes;
	/* Odd while the segment is moved, as the mover knows. */
	volatile unsigned int moved;
	unsigned int violations;
};

/* What succeeds while the segment is moved all the time should not have. */
static void *cheat(void *arg)
{
	struct race *race = arg;

	while (!race->stop) {
		unsigned int before = race->moved;
		char *p = map(race->fd, PAGE, READ_WRITE);
		int ret;

		if (p && before & 1 && race->moved == before)
			race->violations++;
		if (p) {
			p[0] = 1;
			munmap(p, PAGE);
			race->mapped++;
		}
		before = race->moved;
		ret = writes(race->fd);
		if (!ret && before & 1 && race->moved == before)
			race->violations++;
		race->writes += !ret;
	}
	return NULL;
}

TEST_F(move, nobody_writes_while_it_is_moved)
{
	struct race race = { .fd = self->fd };
	__u64 end = now_ns(CLOCK_MONOTONIC) + 2 * NSEC_PER_SEC;
	int moves = 0, busy = 0;
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, cheat, &race));
	while (now_ns(CLOCK_MONOTONIC) < end || !moves || !race.mapped || !race.writes) {
		int got, ret = move(self->box, self->fd);

		if (ret) {
			EXPECT_EQ(-EBUSY, ret);
			busy++;
			continue;
		}
		__atomic_add_fetch(&race.moved, 1, __ATOMIC_SEQ_CST);
		got = receive(self->box);
		EXPECT_EQ(0, writes(got));
		__atomic_add_fetch(&race.moved, 1, __ATOMIC_SEQ_CST);
		close(got);
		moves++;
	}
	race.stop = 1;
	pthread_join(thread, NULL);
	TH_LOG("%d moves, %d times busy, %d mappings, %d writes", moves, busy, race.mapped,
	       race.writes);
	EXPECT_EQ(0, race.violations);
}

TEST_HARNESS_MAIN
