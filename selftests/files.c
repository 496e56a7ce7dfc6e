// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptors in messages: what arrives, what is refused, and that nothing is left open whatever
 * becomes of the message. A pipe tells: its reader sees the end when the last writer is closed.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "kselftest_harness.h"
#include "ipcmbox_test.h"
#include "uffd_test.h"

#define MOST	IPCMBOX_FDS_MAX
#define MANY	200		/* more than the kernel looks at in one go */
#define CHAIN	1000

FIXTURE(files) {
	int dev, box, end;	/* @end: reading end of the pipe */
	__u64 id;
	int count;		/* mailboxes there were before */
	int open;		/* descriptors of this process, once all is set up */
	struct call *calls;
	struct ipcmbox_query before;
};

static int open_descriptors(void)
{
	int fd, count = 0;

	for (fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* The writing end, or -1. */
static int new_pipe(int *end)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK))
		return -1;
	*end = fds[0];
	return fds[1];
}

FIXTURE_SETUP(files)
{
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->count = mailbox_count(self->dev);
	ASSERT_EQ(0, query_budget(self->dev, &self->before));
	self->box = mailbox_new(self->dev, .flags = IPCMBOX_OPEN_FDS, .max_messages = MANY + 8);
	ASSERT_GE(self->box, 0);
	self->id = mailbox_id(self->box);
	self->calls = calls_alloc(4);
	self->end = -1;
	self->open = open_descriptors();
}

FIXTURE_TEARDOWN(files)
{
	struct ipcmbox_query after;

	if (self->box >= 0)
		close(self->box);
	if (self->end >= 0)
		close(self->end);
	mailbox_unlink_tests(self->dev);
	EXPECT_EQ(self->count, mailbox_count(self->dev)) TH_LOG("mailboxes that nobody has");
	ASSERT_EQ(0, query_budget(self->dev, &after));
	EXPECT_EQ(self->before.user_fds, after.user_fds);
	EXPECT_EQ(self->before.user_messages, after.user_messages);
	close(self->dev);
}

static int send_fds(int box, const int *fds, __u32 count)
{
	return message_send(box, .buf_ptr = ptr_u64("data"), .buf_len = 4,
			    .fds_ptr = ptr_u64(fds), .nr_fds = count, .flags = IPCMBOX_NONBLOCK);
}

/* One that this process does not need any more. */
static int give_fd(int box, int fd)
{
	int ret = send_fds(box, &fd, 1);

	close(fd);
	return ret;
}

/* Returns how many came, or the error. */
static int recv_fds(int box, int *fds, __u32 room)
{
	struct ipcmbox_recv recv = {
		.fds_ptr = ptr_u64(fds), .max_fds = room, .flags = IPCMBOX_NONBLOCK,
	};
	char data[64];
	int ret;

	recv.buf_ptr = ptr_u64(data);
	recv.buf_len = sizeof(data);
	ret = mailbox_receive(box, &recv);
	return ret < 0 ? ret : (int)recv.nr_fds;
}

static int recv_fd(int box)
{
	int fd, ret = recv_fds(box, &fd, 1);

	return ret == 1 ? fd : ret < 0 ? ret : -EBADE;
}

/* The writing end of the pipe goes into the mailbox, and no other is left. */
static int give_pipe(FIXTURE_DATA(files) *self)
{
	return give_fd(self->box, new_pipe(&self->end));
}

/* The last writer of the pipe is gone, or will be soon: a killed process takes its time. */
static bool at_end(int end)
{
	struct pollfd pollfd = { .fd = end, .events = POLLIN };

	return poll(&pollfd, 1, PATIENCE_NS / NSEC_PER_MSEC) == 1 && pollfd.revents == POLLHUP;
}

static bool still_open(int end)
{
	struct pollfd pollfd = { .fd = end, .events = POLLIN };

	return poll(&pollfd, 1, 0) == 0;
}

static bool same_file(int a, int b)
{
	struct stat sa, sb;

	return fstat(a, &sa) == 0 && fstat(b, &sb) == 0 && sa.st_ino == sb.st_ino &&
	       sa.st_dev == sb.st_dev;
}

/*
 * What arrives
 */

TEST_F(files, one)
{
	int fd;

	ASSERT_EQ(0, give_pipe(self));
	EXPECT_TRUE(still_open(self->end));
	fd = recv_fd(self->box);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_EQ(1, write(fd, "x", 1));
	close(fd);
	EXPECT_EQ(1, read(self->end, &fd, 1));
	EXPECT_TRUE(at_end(self->end));
}

TEST_F(files, sixteen_in_their_order)
{
	int out[MOST], in[MOST + 1], i;
	eventfd_t value;

	for (i = 0; i < MOST; i++)
		out[i] = eventfd(i + 1, EFD_CLOEXEC);
	ASSERT_EQ(0, send_fds(self->box, out, MOST));
	memset(in, POISON, sizeof(in));
	ASSERT_EQ(MOST, recv_fds(self->box, in, MOST + 1));
	for (i = 0; i < MOST; i++) {
		EXPECT_EQ(0, eventfd_read(in[i], &value));
		EXPECT_EQ(i + 1, value);
		close(in[i]);
		close(out[i]);
	}
	EXPECT_EQ(POISON32, in[MOST]);
	EXPECT_EQ(self->open, open_descriptors());
}

/* Not another of the same file, as open(2) would make it. */
TEST_F(files, same_open_file_description)
{
	int fd = memfd_create("test", MFD_CLOEXEC), got;

	ASSERT_EQ(4, write(fd, "abcd", 4));
	ASSERT_EQ(0, send_fds(self->box, &fd, 1));
	got = recv_fd(self->box);
	ASSERT_GE(got, 0);
	EXPECT_NE(fd, got);
	EXPECT_TRUE(same_file(fd, got));
	EXPECT_EQ(1, lseek(fd, 1, SEEK_SET));
	EXPECT_EQ(1, lseek(got, 0, SEEK_CUR));
	close(got);
	close(fd);
}

TEST_F(files, same_twice)
{
	int fds[2], in[2];

	fds[0] = new_pipe(&self->end);
	fds[1] = fds[0];
	ASSERT_EQ(0, send_fds(self->box, fds, 2));
	close(fds[0]);
	ASSERT_EQ(2, recv_fds(self->box, in, 2));
	EXPECT_NE(in[0], in[1]);
	close(in[0]);
	EXPECT_TRUE(still_open(self->end));
	close(in[1]);
	EXPECT_TRUE(at_end(self->end));
}

TEST_F(files, none_among_those_with_some)
{
	int fd = -1;

	ASSERT_EQ(0, give_pipe(self));
	ASSERT_EQ(0, put(self->box, 1, 7));
	EXPECT_EQ(0, recv_fds(self->box, &fd, 1)) TH_LOG("of higher priority, and without any");
	EXPECT_EQ(-1, fd);
	fd = recv_fd(self->box);
	EXPECT_GE(fd, 0);
	close(fd);
}

static int write_received(void *arg)
{
	FIXTURE_DATA(files) *self = arg;
	int fd;

	close_all_but(self->box);
	fd = recv_fd(self->box);
	return fd < 0 ? 1 : write(fd, "child", 5) != 5;
}

TEST_F(files, to_another_process)
{
	char text[6] = "";

	ASSERT_EQ(0, give_pipe(self));
	EXPECT_EQ(0, child_run(write_received, self));
	EXPECT_EQ(5, read(self->end, text, 5));
	EXPECT_STREQ("child", text);
	EXPECT_TRUE(at_end(self->end));
}

static int give_and_exit(void *arg)
{
	FIXTURE_DATA(files) *self = arg;
	int box = mailbox_find(self->dev, "test", IPCMBOX_WRITE);

	return box < 0 || give_fd(box, self->calls->fd);
}

/* A lasting name keeps the message, and the message the file. */
TEST_F(files, of_a_sender_that_is_gone)
{
	int box, fd;

	box = mailbox_new(self->dev, NAME("test"), .flags = IPCMBOX_OPEN_FDS, .max_messages = 1);
	ASSERT_GE(box, 0);
	close(box);
	self->calls->fd = new_pipe(&self->end);
	EXPECT_EQ(0, child_run(give_and_exit, self));
	close(self->calls->fd);
	EXPECT_TRUE(still_open(self->end));

	box = mailbox_find(self->dev, "test", IPCMBOX_READ);
	ASSERT_GE(box, 0);
	fd = recv_fd(box);
	EXPECT_EQ(1, write(fd, "x", 1));
	close(fd);
	close(box);
}

TEST_F(files, with_pieces_and_receipt)
{
	struct ipcmbox_iovec pieces[2] = { { ptr_u64("ab"), 2 }, { ptr_u64("cd"), 2 } };
	int out = new_pipe(&self->end), in;

	send_start(self->calls, self->box, .buf_ptr = ptr_u64(pieces), .buf_len = 2,
		   .flags = IPCMBOX_IOVEC, .completion = IPCMBOX_RECEIVED,
		   .fds_ptr = ptr_u64(&out), .nr_fds = 1);
	ASSERT_TRUE(await_senders(self->box, 1));
	close(out);
	in = recv_fd(self->box);
	EXPECT_EQ(0, call_join(self->calls));
	EXPECT_EQ(1, write(in, "x", 1));
	close(in);
}

TEST_F(files, in_vectors)
{
	struct ipcmbox_send sends[3];
	struct ipcmbox_recv recvs[3];
	int out[3], ends[3], in[3], i;

	for (i = 0; i < 3; i++) {
		out[i] = new_pipe(&ends[i]);
		sends[i] = (struct ipcmbox_send){ .fds_ptr = ptr_u64(&out[i]), .nr_fds = 1 };
		recvs[i] = (struct ipcmbox_recv){ .fds_ptr = ptr_u64(&in[i]), .max_fds = 1 };
	}
	sends[2].nr_fds = MOST + 1;
	EXPECT_EQ(2, mailbox_sendv(self->box, &(struct ipcmbox_vector){
		.array_ptr = ptr_u64(sends), .count = 3 }));
	EXPECT_EQ(-EINVAL, sends[2].result);
	sends[2].nr_fds = 1;
	EXPECT_EQ(1, mailbox_sendv(self->box, &(struct ipcmbox_vector){
		.array_ptr = ptr_u64(&sends[2]), .count = 1 }));
	recvs[2].max_fds = 0;
	EXPECT_EQ(2, mailbox_recvv(self->box, &(struct ipcmbox_vector){
		.array_ptr = ptr_u64(recvs), .count = 3 }));
	EXPECT_EQ(-EMSGSIZE, recvs[2].result);
	EXPECT_EQ(1, recvs[2].max_fds);
	EXPECT_EQ(1, mailbox_recvv(self->box, &(struct ipcmbox_vector){
		.array_ptr = ptr_u64(&recvs[2]), .count = 1 }));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(1, recvs[i].nr_fds);
		close(out[i]);
		EXPECT_TRUE(still_open(ends[i]));
		close(in[i]);
		EXPECT_TRUE(at_end(ends[i]));
		close(ends[i]);
	}
}

TEST_F(files, is_told)
{
	int plain = mailbox_new(self->dev, .max_messages = 1);
	int again;

	EXPECT_EQ(IPCMBOX_INFO_FDS, mailbox_info(self->box).flags & IPCMBOX_INFO_FDS);
	EXPECT_EQ(0, mailbox_info(plain).flags & IPCMBOX_INFO_FDS);
	close(plain);

	/* Attributes stay as they are. */
	plain = mailbox_new(self->dev, NAME("test"), .max_messages = 1);
	again = mailbox_new(self->dev, NAME("test"), .flags = IPCMBOX_OPEN_FDS);
	EXPECT_EQ(0, mailbox_info(again).flags & IPCMBOX_INFO_FDS);
	EXPECT_EQ(-EACCES, give_fd(again, dup(self->dev)));
	EXPECT_EQ(-EINVAL, mailbox_open(self->dev, &(struct ipcmbox_open){
		NAME("test"), .access = RW, .flags = IPCMBOX_OPEN_FDS }));
	close(plain);
	close(again);
}

/*
 * Receivers that have not enough room
 */

TEST_F(files, no_room)
{
	int fd = new_pipe(&self->end), fds[2] = { fd, fd };
	struct ipcmbox_recv recv = { .buf_len = 64 };
	char data[64];

	ASSERT_EQ(0, send_fds(self->box, fds, 2));
	close(fd);
	recv.buf_ptr = ptr_u64(data);
	EXPECT_EQ(-EMSGSIZE, mailbox_receive(self->box, &recv));
	EXPECT_EQ(IPCMBOX_LIMIT_FDS, recv.limit);
	EXPECT_EQ(2, recv.max_fds);
	EXPECT_EQ(4, recv.length);
	recv.max_fds = 1;
	EXPECT_EQ(-EMSGSIZE, mailbox_receive(self->box, &recv));
	EXPECT_EQ(2, recv.max_fds);
	/* Too little of everything: the payload first. */
	recv.max_fds = 1;
	recv.buf_len = 3;
	EXPECT_EQ(-EMSGSIZE, mailbox_receive(self->box, &recv));
	EXPECT_EQ(IPCMBOX_LIMIT_BUFFER, recv.limit);
	EXPECT_EQ(1, recv.max_fds);

	/* Those that cannot say where descriptors should go. */
	recv.buf_len = 64;
	EXPECT_EQ(-EMSGSIZE, mailbox_recv(self->box, &recv));
	EXPECT_EQ(IPCMBOX_LIMIT_FDS, recv.limit);
	EXPECT_EQ(1, recv.max_fds);
	EXPECT_EQ(-1, read(self->box, data, sizeof(data)));
	EXPECT_EQ(EMSGSIZE, errno);

	EXPECT_EQ(1, mailbox_info(self->box).messages);
	EXPECT_EQ(2, recv_fds(self->box, fds, 2));
	close(fds[0]);
	close(fds[1]);
	EXPECT_TRUE(mailbox_balanced(self->box));
}

TEST_F(files, waiting_receiver_without_room)
{
	struct call *without = &self->calls[0], *with = &self->calls[1], *plain = &self->calls[2];
	int fd = -1;

	receive_start(without, self->box);
	ASSERT_TRUE(await_receivers(self->box, 1));
	receive_start(with, self->box, .fds_ptr = ptr_u64(&fd), .max_fds = 1);
	ASSERT_TRUE(await_receivers(self->box, 2));
	ASSERT_EQ(0, give_pipe(self));
	EXPECT_EQ(4, call_join(with)) TH_LOG("the next in turn gets it");
	EXPECT_TRUE(still_open(self->end));
	close(fd);
	EXPECT_TRUE(at_end(self->end));
	close(self->end);
	EXPECT_EQ(1, mailbox_info(self->box).waiting_receivers);

	/* Nobody else is there: it hears of it, as does one with the first version. */
	recv_start(plain, self->box);
	ASSERT_TRUE(await_receivers(self->box, 2));
	ASSERT_EQ(0, give_pipe(self));
	EXPECT_EQ(-EMSGSIZE, call_join(without));
	EXPECT_EQ(IPCMBOX_LIMIT_FDS, without->recv.limit);
	EXPECT_EQ(1, without->recv.max_fds);
	EXPECT_EQ(-EMSGSIZE, call_join(plain));
	EXPECT_EQ(IPCMBOX_LIMIT_FDS, plain->recv.limit);
	fd = recv_fd(self->box);
	EXPECT_GE(fd, 0);
	close(fd);
}

TEST_F(files, peek)
{
	struct ipcmbox_recv recv = {
		.buf_len = 64, .fds_ptr = 8, .max_fds = 1, .flags = IPCMBOX_PEEK,
	};
	char data[64];
	int open;

	ASSERT_EQ(0, give_pipe(self));
	open = open_descriptors();
	recv.buf_ptr = ptr_u64(data);
	EXPECT_EQ(4, mailbox_receive(self->box, &recv));
	EXPECT_EQ(1, recv.nr_fds);
	recv.max_fds = 0;
	EXPECT_EQ(4, mailbox_receive(self->box, &recv)) TH_LOG("there is nothing to make room for");
	EXPECT_EQ(1, recv.nr_fds);
	EXPECT_EQ(4, mailbox_recv(self->box, &recv));
	EXPECT_EQ(open, open_descriptors());
	EXPECT_EQ(1, mailbox_info(self->box).messages);
	EXPECT_TRUE(still_open(self->end));

	receive_start(self->calls, self->box, .flags = IPCMBOX_PEEK, .min_priority = 1);
	EXPECT_EQ(0, close(recv_fd(self->box)));
	EXPECT_TRUE(at_end(self->end));
	ASSERT_TRUE(await_receivers(self->box, 1));
	close(self->end);
	recv.fds_ptr = 0;
	open = new_pipe(&self->end);
	EXPECT_EQ(0, message_send(self->box, .buf_ptr = ptr_u64("data"), .buf_len = 4,
				  .priority = 1, .fds_ptr = ptr_u64(&open), .nr_fds = 1));
	close(open);
	EXPECT_EQ(4, call_join(self->calls));
	EXPECT_EQ(1, self->calls->recv.nr_fds);
	close(recv_fd(self->box));
	EXPECT_TRUE(at_end(self->end)) TH_LOG("the peek has kept it");
}

/*
 * Receives that fail
 */

static int exhaust(void *arg)
{
	FIXTURE_DATA(files) *self = arg;
	struct rlimit limit = { 64, 64 };
	int fds[MOST], in[MOST], i, open, spare;

	/* Number 0 to 63, but for two. */
	if (setrlimit(RLIMIT_NOFILE, &limit))
		return 1;
	while ((spare = dup(self->end)) >= 0)
		;
	close(62);
	close(63);
	open = open_descriptors();

	for (i = 0; i < 3; i++)
		fds[i] = self->end;
	if (send_fds(self->box, fds, 3) || put(self->box, 0, 5))
		return 2;
	for (i = 0; i < 3; i++) {
		if (recv_fds(self->box, in, MOST) != -EMFILE || open_descriptors() != open)
			return 3;
	}
	if (mailbox_info(self->box).messages != 2 || !mailbox_balanced(self->box))
		return 4;
	close(61);
	if (recv_fds(self->box, in, MOST) != 3 || in[0] != 61 || in[1] != 62 || in[2] != 63)
		return 5;
	return take(self->box) != 5;
}

TEST_F(files, no_free_numbers)
{
	ASSERT_GE(new_pipe(&self->end), 0);
	EXPECT_EQ(0, child_run(exhaust, self));
}

TEST_F(files, bad_memory_for_the_numbers)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	int fd, open, i, *at = (int *)(map + page - 4), out[2];
	const __u64 bad[] = {
		0, 8, ptr_u64(map + page), ptr_u64(at), 0xffff888000000000ULL,
		0xffffffffffffff00ULL,
	};
	__u32 peeked;

	ASSERT_NE(MAP_FAILED, map);
	memset(map, 0, 2 * page);
	ASSERT_EQ(0, mprotect(map + page, page, PROT_READ));
	out[0] = new_pipe(&self->end);
	out[1] = out[0];
	ASSERT_EQ(0, send_fds(self->box, out, 2));
	ASSERT_EQ(0, put(self->box, 0, 3));
	close(out[0]);
	open = open_descriptors();
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EFAULT, recv_fds(self->box, (int *)(uintptr_t)bad[i], 2))
			TH_LOG("%#jx", (uintmax_t)bad[i]);
		EXPECT_EQ(open, open_descriptors());
		EXPECT_EQ(2, mailbox_info(self->box).messages);
		EXPECT_EQ(0, mailbox_info(self->box).receiving);
	}
	EXPECT_EQ(4, message_recv(self->box, .buf_ptr = ptr_u64(&peeked), .buf_len = 4,
				  .flags = IPCMBOX_PEEK));
	EXPECT_EQ(0, memcmp(&peeked, "data", 4)) TH_LOG("it is not in its old place");

	/* Memory that is there as soon as it is written to is good memory. */
	ASSERT_EQ(0, mprotect(map + page, page, PROT_READ | PROT_WRITE));
	ASSERT_EQ(0, madvise(map, 2 * page, MADV_DONTNEED));
	EXPECT_EQ(2, recv_fds(self->box, at, 2));
	EXPECT_EQ(open + 2, open_descriptors());
	fd = at[0];
	EXPECT_TRUE(still_open(self->end));
	close(fd);
	close(at[1]);
	EXPECT_TRUE(at_end(self->end));
	EXPECT_EQ(3, take(self->box));
	munmap(map, 2 * page);
}

/* While a receiver waits for the memory of its numbers, the message is its own. */
TEST_F(files, slow_memory_for_the_numbers)
{
	struct hold hold;
	int out[1], fd;

	if (!hold_begin(&hold))
		SKIP(return, "no userfaultfd in this kernel");
	out[0] = new_pipe(&self->end);
	send_start(&self->calls[1], self->box, .completion = IPCMBOX_RECEIVED,
		   .fds_ptr = ptr_u64(out), .nr_fds = 1);
	ASSERT_TRUE(await_senders(self->box, 1));
	receive_start(self->calls, self->box, .fds_ptr = ptr_u64(hold.page), .max_fds = 1);
	ASSERT_TRUE(hold_await(&hold));
	EXPECT_EQ(1, mailbox_info(self->box).receiving);
	EXPECT_EQ(-EAGAIN, recv_fd(self->box));
	ASSERT_TRUE(hold_end(&hold));
	EXPECT_EQ(0, call_join(self->calls));
	EXPECT_EQ(0, call_join(&self->calls[1]));
	memcpy(&fd, hold.page, sizeof(fd));
	close(out[0]);
	EXPECT_TRUE(still_open(self->end));
	EXPECT_EQ(0, close(fd));
	EXPECT_TRUE(at_end(self->end));
	close(hold.uffd);
	munmap(hold.page, hold.size);
}

static void ignore(int sig)
{
	(void)sig;
}

/* ... and its sender can still take it back. */
TEST_F(files, withdrawn_while_the_receiver_waits)
{
	struct sigaction action = { .sa_handler = ignore };
	struct hold hold;
	int out[1], open;

	if (!hold_begin(&hold))
		SKIP(return, "no userfaultfd in this kernel");
	out[0] = new_pipe(&self->end);
	sigaction(SIGUSR1, &action, NULL);
	send_start(&self->calls[1], self->box, .completion = IPCMBOX_RECEIVED,
		   .fds_ptr = ptr_u64(out), .nr_fds = 1);
	ASSERT_TRUE(await_senders(self->box, 1));
	receive_start(self->calls, self->box, .fds_ptr = ptr_u64(hold.page), .max_fds = 1);
	ASSERT_TRUE(hold_await(&hold));
	syscall(SYS_tgkill, getpid(), self->calls[1].tid, SIGUSR1);
	EXPECT_EQ(-EINTR, call_join(&self->calls[1]));
	close(out[0]);
	EXPECT_TRUE(at_end(self->end));
	open = open_descriptors();
	ASSERT_TRUE(hold_end(&hold));
	/* It waits for another. */
	ASSERT_TRUE(await_receivers(self->box, 1));
	EXPECT_EQ(open, open_descriptors());
	EXPECT_EQ(0, put(self->box, 0, 1));
	EXPECT_EQ(4, call_join(self->calls));
	EXPECT_EQ(0, self->calls->recv.nr_fds);
	close(hold.uffd);
	munmap(hold.page, hold.size);
}

static int receive_slowly(void *arg)
{
	FIXTURE_DATA(files) *self = arg;
	struct hold hold;

	close_all_but(self->box);
	return hold_begin(&hold) && recv_fds(self->box, (int *)hold.page, 1);
}

TEST_F(files, receiver_killed_with_the_message_in_hand)
{
	struct hold hold;
	pid_t pid;
	int fd;

	if (!hold_begin(&hold))
		SKIP(return, "no userfaultfd in this kernel");
	ASSERT_EQ(0, give_pipe(self));
	pid = child_start(receive_slowly, self);
	ASSERT_TRUE(await_receiving(self->box, 1));
	kill(pid, SIGKILL);
	EXPECT_EQ(255, child_wait(pid));
	EXPECT_EQ(1, mailbox_info(self->box).messages);
	fd = recv_fd(self->box);
	EXPECT_GE(fd, 0);
	EXPECT_TRUE(still_open(self->end));
	close(fd);
	EXPECT_TRUE(at_end(self->end));
	close(hold.uffd);
}

/*
 * Sends that fail
 */

TEST_F(files, what_is_no_descriptor)
{
	int fds[3], plain = mailbox_new(self->dev, .max_messages = 1), pipe;
	const __u64 bad[] = { 0, 8, 0xffff888000000000ULL, 0xffffffffffffff00ULL };
	static const int closed[] = { -1, 1000, INT32_MAX, INT32_MIN };
	struct ipcmbox_send send = { .nr_fds = 1 };
	int i;

	pipe = new_pipe(&self->end);
	for (i = 0; i < ARRAY_SIZE(closed); i++) {
		fds[0] = pipe;
		fds[2] = pipe;
		fds[1] = closed[i];
		EXPECT_EQ(-EBADF, send_fds(self->box, fds, 3)) TH_LOG("%d", closed[i]);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		send.fds_ptr = bad[i];
		EXPECT_EQ(-EFAULT, mailbox_send(self->box, &send));
	}
	fds[1] = pipe;
	EXPECT_EQ(-EINVAL, send_fds(self->box, fds, MOST + 1));
	EXPECT_EQ(-EINVAL, send_fds(self->box, fds, ~0U));
	EXPECT_EQ(-EACCES, send_fds(plain, fds, 3));
	close(plain);
	close(pipe);
	EXPECT_TRUE(at_end(self->end)) TH_LOG("one of those refused is still open");
	EXPECT_EQ(0, mailbox_info(self->box).sent);
}

TEST_F(files, sends_that_fail_later)
{
	struct ipcmbox_send send = {
		.buf_ptr = ptr_u64("data"), .buf_len = 4, .nr_fds = 1, .flags = IPCMBOX_NONBLOCK,
	};
	int fd = new_pipe(&self->end);

	send.fds_ptr = ptr_u64(&fd);
	send.buf_len = IPCMBOX_LENGTH_DEFAULT + 1;
	EXPECT_EQ(-EMSGSIZE, mailbox_send(self->box, &send));
	send.buf_ptr = 8;
	send.buf_len = 4;
	EXPECT_EQ(-EFAULT, mailbox_send(self->box, &send));
	send.priority = IPCMBOX_PRIORITY_MAX + 1;
	EXPECT_EQ(-EINVAL, mailbox_send(self->box, &send));
	send.priority = 0;
	send.buf_ptr = ptr_u64("data");
	send.completion = IPCMBOX_RECEIVED;
	EXPECT_EQ(-EAGAIN, mailbox_send(self->box, &send));
	send.completion = IPCMBOX_QUEUED;
	ASSERT_EQ(0, mailbox_change(self->box, .mask = IPCMBOX_SET_MAX_MESSAGES));
	EXPECT_EQ(-EAGAIN, mailbox_send(self->box, &send));
	EXPECT_EQ(IPCMBOX_LIMIT_CAPACITY, send.limit);
	close(fd);
	EXPECT_TRUE(at_end(self->end));
	EXPECT_EQ(0, mailbox_info(self->box).sent);
}

/* What could close a cycle of references. */
TEST_F(files, refused)
{
	__u8 params[120] = {};	/* struct io_uring_params */
	int fds[8], count = 0, i, pair[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	fds[count++] = pair[0];
	fds[count++] = pair[1];
	fds[count++] = socket(AF_UNIX, SOCK_DGRAM, 0);
	fds[count++] = self->dev;
	fds[count++] = self->box;
	fds[count++] = mailbox_by_id(self->dev, self->id, IPCMBOX_READ);
	fds[count] = syscall(SYS_io_uring_setup, 4, params);
	if (fds[count] >= 0)
		count++;
	else
		TH_LOG("without io_uring: %s", strerror(errno));
	for (i = 0; i < count; i++) {
		int two[2] = { 0, fds[i] };

		EXPECT_EQ(-ELOOP, send_fds(self->box, two, 2)) TH_LOG("descriptor %d", i);
	}
	EXPECT_EQ(0, mailbox_info(self->box).sent);
	for (i = 0; i < count; i++)
		if (fds[i] != self->dev && fds[i] != self->box)
			close(fds[i]);
}

TEST_F(files, not_refused)
{
	int fds[8], in[8], count = 0, i;

	fds[count++] = mailbox_by_id(self->dev, self->id, IPCMBOX_WRITE);
	fds[count++] = mailbox_by_id(self->dev, self->id, 0);
	fds[count++] = open("/", O_PATH);
	fds[count++] = open("/", O_RDONLY);
	fds[count++] = epoll_create1(0);
	fds[count++] = memfd_create("[io_uring]", 0);
	fds[count++] = syscall(SYS_pidfd_open, getpid(), 0);
	ASSERT_EQ(0, send_fds(self->box, fds, count));
	ASSERT_EQ(count, recv_fds(self->box, in, 8));
	EXPECT_EQ(0, put(in[0], 0, 1)) TH_LOG("it can send");
	EXPECT_EQ(-EACCES, take(in[0]));
	EXPECT_EQ(self->id, mailbox_id(in[1]));
	EXPECT_EQ(1, take(self->box));
	for (i = 0; i < count; i++) {
		EXPECT_TRUE(same_file(fds[i], in[i]));
		close(fds[i]);
		close(in[i]);
	}
}

static int use_up(void *arg)
{
	FIXTURE_DATA(files) *self = arg;
	struct rlimit limit = { 40, 4096 };
	struct ipcmbox_query query;
	struct ipcmbox_send send = { .nr_fds = MOST, .flags = IPCMBOX_NONBLOCK };
	int fds[MOST], in[MOST], i;

	for (i = 0; i < MOST; i++)
		fds[i] = self->end;
	send.fds_ptr = ptr_u64(fds);
	if (setrlimit(RLIMIT_NOFILE, &limit) || query_budget(self->dev, &query) ||
	    query.max_user_fds != 40 || query.user_fds || query.fds_max != MOST)
		return 1;
	if (mailbox_send(self->box, &send) || mailbox_send(self->box, &send))
		return 2;
	if (mailbox_send(self->box, &send) != -EDQUOT || send.limit != IPCMBOX_LIMIT_USER_FDS)
		return 3;
	send.nr_fds = 8;
	if (mailbox_send(self->box, &send) || send_fds(self->box, fds, 1) != -EDQUOT)
		return 4;
	if (query_budget(self->dev, &query) || query.user_fds != 40)
		return 5;
	/* What has no descriptors does not mind. */
	if (put(self->box, 0, 1))
		return 6;
	if (recv_fds(self->box, in, MOST) != MOST || query_budget(self->dev, &query) ||
	    query.user_fds != 40 - MOST)
		return 7;
	return send_fds(self->box, fds, MOST);
}

TEST_F(files, budget)
{
	ASSERT_GE(new_pipe(&self->end), 0);
	EXPECT_EQ(0, child_run(use_up, self));
}

/*
 * What becomes of the message, becomes of the file
 */

TEST_F(files, dropped_by_the_policy)
{
	ASSERT_EQ(0, mailbox_change(self->box, .max_messages = 1, .mask = IPCMBOX_SET_MAX_MESSAGES |
				    IPCMBOX_SET_OVERFLOW,
				    .overflow = IPCMBOX_OVERFLOW_DROP_OLDEST));
	ASSERT_EQ(0, give_pipe(self));
	ASSERT_EQ(0, put(self->box, 0, 1));
	EXPECT_TRUE(at_end(self->end));
	close(self->end);

	ASSERT_EQ(0, mailbox_change(self->box, .mask = IPCMBOX_SET_OVERFLOW,
				    .overflow = IPCMBOX_OVERFLOW_DROP_NEWEST));
	ASSERT_EQ(IPCMBOX_SENT_DROPPED, give_pipe(self));
	EXPECT_TRUE(at_end(self->end));
	EXPECT_EQ(2, mailbox_info(self->box).dropped);
}

TEST_F(files, withdrawn)
{
	int fd = new_pipe(&self->end);

	send_start(self->calls, self->box, .completion = IPCMBOX_RECEIVED, .fds_ptr = ptr_u64(&fd),
		   .nr_fds = 1, .flags = IPCMBOX_DEADLINE,
		   .deadline_ns = now_ns(IPCMBOX_CLOCK_MONOTONIC) + 30 * NSEC_PER_MSEC);
	EXPECT_EQ(-ETIMEDOUT, call_join(self->calls));
	close(fd);
	EXPECT_TRUE(at_end(self->end));
	EXPECT_EQ(1, mailbox_info(self->box).withdrawn);
}

static int send_and_wait(void *arg)
{
	FIXTURE_DATA(files) *self = arg;
	int fd = self->calls->fd;

	return message_send(self->box, .completion = IPCMBOX_RECEIVED, .fds_ptr = ptr_u64(&fd),
			    .nr_fds = 1);
}

TEST_F(files, sender_killed)
{
	pid_t pid;

	self->calls->fd = new_pipe(&self->end);
	pid = child_start(send_and_wait, self);
	ASSERT_TRUE(await_senders(self->box, 1));
	close(self->calls->fd);
	EXPECT_TRUE(still_open(self->end));
	kill(pid, SIGKILL);
	EXPECT_EQ(255, child_wait(pid));
	EXPECT_TRUE(at_end(self->end));
}

TEST_F(files, mailbox_closed)
{
	ASSERT_EQ(0, give_pipe(self));
	EXPECT_TRUE(still_open(self->end));
	close(self->box);
	self->box = -1;
	EXPECT_TRUE(at_end(self->end));
}

TEST_F(files, mailbox_unlinked)
{
	int box = mailbox_new(self->dev, NAME("test"), .flags = IPCMBOX_OPEN_FDS,
			      .max_messages = 1);

	ASSERT_EQ(0, give_fd(box, new_pipe(&self->end)));
	close(box);
	EXPECT_TRUE(still_open(self->end));
	EXPECT_EQ(0, mailbox_unlink(self->dev, "test"));
	EXPECT_TRUE(at_end(self->end));
}

/*
 * Mailboxes that nobody can receive from: messages with descriptors would keep each other alive
 */

/* Only those, and they count as dropped. */
TEST_F(files, last_receiver_gone)
{
	int writer = mailbox_by_id(self->dev, self->id, IPCMBOX_WRITE), i, lost = 0, number;
	struct ipcmbox_recv recv = {};
	struct ipcmbox_info info;

	for (i = 0; i < MANY; i++)
		ASSERT_EQ(0, i % 3 ? put(self->box, i % 2, i) : give_fd(self->box, dup(1)));
	ASSERT_EQ(0, give_pipe(self));
	close(self->box);
	EXPECT_TRUE(at_end(self->end));
	info = mailbox_info(writer);
	EXPECT_EQ(MANY - (MANY + 2) / 3, info.messages);
	EXPECT_EQ((MANY + 2) / 3 + 1, info.dropped);
	EXPECT_TRUE(mailbox_balanced(writer));
	EXPECT_EQ(-EPIPE, give_fd(writer, dup(1)));

	/* Whoever comes finds the others, and hears of the loss. */
	self->box = mailbox_by_id(self->dev, self->id, RW);
	ASSERT_GE(self->box, 0);
	for (i = 0; i < info.messages; i++) {
		recv = (struct ipcmbox_recv){};
		ASSERT_EQ(4, take_info(self->box, (__u32 *)&number, &recv));
		EXPECT_NE(0, number % 3);
		lost += recv.lost;
	}
	EXPECT_EQ(info.dropped, lost);
	EXPECT_EQ(0, give_fd(writer, dup(1)));
	close(recv_fd(self->box));
	close(writer);
}

/* What an event mailbox keeps for new members, too: there are none to come by this descriptor. */
TEST_F(files, kept_when_the_last_receiver_goes)
{
	int box = mailbox_new(self->dev, .discipline = IPCMBOX_EVENT, .max_messages = 4,
			      .flags = IPCMBOX_OPEN_FDS | IPCMBOX_OPEN_KEEP_LAST);
	int writer, member, fd = new_pipe(&self->end);

	ASSERT_GE(box, 0);
	writer = mailbox_by_id(self->dev, mailbox_id(box), IPCMBOX_WRITE);
	ASSERT_GE(writer, 0);
	ASSERT_EQ(0, message_send(writer, .fds_ptr = ptr_u64(&fd), .nr_fds = 1, .events = 1));
	close(fd);
	ASSERT_EQ(0, put_event(writer, 2, 0, 7));
	EXPECT_TRUE(still_open(self->end));
	close(box);
	EXPECT_TRUE(at_end(self->end));

	/* Whoever comes finds the others. */
	box = mailbox_by_id(self->dev, mailbox_id(writer), RW);
	ASSERT_GE(box, 0);
	member = member_new(box);
	EXPECT_EQ(7, take(member));
	EXPECT_EQ(-EAGAIN, take(member));
	close(member);
	close(box);
	close(writer);
}

/* A mailbox that nobody could receive from yet has not lost its receivers: others may send. */
TEST_F(files, never_had_a_receiver)
{
	int writer = mailbox_new(self->dev, .access = IPCMBOX_WRITE, .flags = IPCMBOX_OPEN_FDS,
				 .max_messages = 4);
	int reader;

	ASSERT_GE(writer, 0);
	EXPECT_EQ(-EPIPE, give_fd(writer, new_pipe(&self->end)));
	EXPECT_TRUE(at_end(self->end));
	EXPECT_EQ(0, put(writer, 0, 1));
	reader = mailbox_by_id(self->dev, mailbox_id(writer), IPCMBOX_READ);
	EXPECT_EQ(0, give_fd(writer, dup(1)));
	EXPECT_EQ(1, take(reader));
	close(recv_fd(reader));
	close(reader);
	close(writer);
}

/* Whoever waits for room with a descriptor does so no more; others do. */
TEST_F(files, blocked_when_the_last_receiver_goes)
{
	int box = mailbox_new(self->dev, NAME("test"), .max_messages = 1, .access = IPCMBOX_READ,
			      .flags = IPCMBOX_OPEN_FDS | IPCMBOX_OPEN_TRANSIENT);
	int writer = mailbox_find(self->dev, "test", IPCMBOX_WRITE);
	int fd = new_pipe(&self->end);

	ASSERT_EQ(0, put(writer, 0, 1));
	send_start(&self->calls[0], writer, .fds_ptr = ptr_u64(&fd), .nr_fds = 1);
	ASSERT_TRUE(await_senders(writer, 1));
	put_start(&self->calls[1], writer, 0, 2);
	ASSERT_TRUE(await_senders(writer, 2));
	close(box);
	EXPECT_EQ(-EPIPE, call_join(&self->calls[0]));
	close(fd);
	EXPECT_TRUE(at_end(self->end));
	EXPECT_EQ(1, mailbox_info(writer).waiting_senders);
	box = mailbox_find(self->dev, "test", IPCMBOX_READ);
	EXPECT_EQ(1, take(box));
	EXPECT_EQ(0, call_join(&self->calls[1]));
	EXPECT_EQ(2, take(box));
	close(box);
	close(writer);
}

/* Room that comes free so is for those who wait for it. */
TEST_F(files, dropping_makes_room)
{
	int box = mailbox_new(self->dev, NAME("test"), .max_messages = 1, .access = IPCMBOX_READ,
			      .flags = IPCMBOX_OPEN_FDS | IPCMBOX_OPEN_TRANSIENT);
	int writer = mailbox_find(self->dev, "test", IPCMBOX_WRITE);

	ASSERT_EQ(0, give_fd(writer, new_pipe(&self->end)));
	put_start(self->calls, writer, 0, 2);
	ASSERT_TRUE(await_senders(writer, 1));
	close(box);
	EXPECT_EQ(0, call_join(self->calls));
	EXPECT_TRUE(at_end(self->end));
	EXPECT_EQ(1, mailbox_info(writer).messages);
	close(writer);
}

/* The teardown of each of these looks for what is left. */

/* A mailbox of its own kind: a descriptor of @of in @box, and none else. */
static bool bring(FIXTURE_DATA(files) *self, int box, int of)
{
	int writer = mailbox_by_id(self->dev, mailbox_id(of), IPCMBOX_WRITE);

	return writer >= 0 && give_fd(box, writer) == 0;
}

TEST_F(files, cycle_of_one)
{
	EXPECT_TRUE(bring(self, self->box, self->box));
	EXPECT_EQ(2, mailbox_info(self->box).writers);
	close(self->box);
	self->box = -1;
	EXPECT_EQ(self->count, mailbox_count(self->dev));
}

TEST_F(files, cycle_of_two)
{
	int other = mailbox_new(self->dev, .flags = IPCMBOX_OPEN_FDS, .max_messages = 2);

	EXPECT_TRUE(bring(self, self->box, other));
	EXPECT_TRUE(bring(self, other, self->box));
	close(other);
	close(self->box);
	self->box = -1;
	EXPECT_EQ(self->count, mailbox_count(self->dev));
}

static int leave_a_cycle(void *arg)
{
	FIXTURE_DATA(files) *self = arg;
	int a = mailbox_new(self->dev, .flags = IPCMBOX_OPEN_FDS, .max_messages = 2);
	int b = mailbox_new(self->dev, .flags = IPCMBOX_OPEN_FDS, .max_messages = 2);

	if (!bring(self, a, b) || !bring(self, b, a) || !bring(self, a, a))
		return 1;
	pause();
	return 2;
}

TEST_F(files, cycle_of_a_killed_process)
{
	__u64 start = now_ns(IPCMBOX_CLOCK_MONOTONIC);
	pid_t pid = child_start(leave_a_cycle, self);

	while (mailbox_count(self->dev) < self->count + 3)
		ASSERT_LT(now_ns(IPCMBOX_CLOCK_MONOTONIC) - start, PATIENCE_NS);
	ASSERT_TRUE(await_thread_asleep(pid, pid));
	kill(pid, SIGKILL);
	EXPECT_EQ(255, child_wait(pid));
	EXPECT_EQ(self->count + 1, mailbox_count(self->dev));
}

/* A name that goes with the last descriptor must not wait for one that goes with the name. */
TEST_F(files, cycle_with_a_transient_name)
{
	int box = mailbox_new(self->dev, NAME("test"), .max_messages = 1,
			      .flags = IPCMBOX_OPEN_FDS | IPCMBOX_OPEN_TRANSIENT);

	EXPECT_TRUE(bring(self, box, box));
	close(box);
	EXPECT_EQ(self->count + 1, mailbox_count(self->dev));
	EXPECT_EQ(-ENOENT, mailbox_find(self->dev, "test", RW));
}

/* A lasting one is there because somebody wants it to be. */
TEST_F(files, cycle_with_a_lasting_name)
{
	int box = mailbox_new(self->dev, NAME("test"), .max_messages = 1,
			      .flags = IPCMBOX_OPEN_FDS);
	int writer;

	EXPECT_TRUE(bring(self, box, box));
	close(box);
	EXPECT_EQ(self->count + 2, mailbox_count(self->dev));
	box = mailbox_find(self->dev, "test", IPCMBOX_READ);
	writer = recv_fd(box);
	EXPECT_EQ(0, put(writer, 0, 4));
	EXPECT_EQ(4, take(box));
	EXPECT_TRUE(bring(self, writer, box));
	close(writer);
	close(box);
	EXPECT_EQ(0, mailbox_unlink(self->dev, "test"));
	EXPECT_EQ(self->count + 1, mailbox_count(self->dev));
}

TEST_F(files, cycle_of_descriptors_to_look)
{
	int look = mailbox_by_id(self->dev, self->id, 0);

	EXPECT_EQ(0, give_fd(self->box, look));
	close(self->box);
	self->box = -1;
	EXPECT_EQ(self->count, mailbox_count(self->dev));
}

/* Each ends with the one before it; none of that may be a call in a call in a call. */
TEST_F_TIMEOUT(files, chain, 120)
{
	struct rlimit limit = { CHAIN + 64, CHAIN + 64 };
	int *boxes = malloc(CHAIN * sizeof(*boxes)), i;

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	for (i = 0; i < CHAIN; i++) {
		boxes[i] = mailbox_new(self->dev, .flags = IPCMBOX_OPEN_FDS, .max_messages = 1);
		ASSERT_GE(boxes[i], 0);
	}
	for (i = 1; i < CHAIN; i++)
		ASSERT_TRUE(bring(self, boxes[i - 1], boxes[i]));
	ASSERT_EQ(0, give_fd(boxes[CHAIN - 1], new_pipe(&self->end)));
	/* Those in the middle have somebody to send, and nobody to receive. */
	for (i = CHAIN - 1; i >= 0; i--)
		close(boxes[i]);
	EXPECT_TRUE(at_end(self->end));
	EXPECT_EQ(self->count + 1, mailbox_count(self->dev));
	free(boxes);
}

TEST_F_TIMEOUT(files, chain_from_its_head, 120)
{
	int a = mailbox_new(self->dev, .flags = IPCMBOX_OPEN_FDS, .max_messages = 1), b, i;
	int first = a;

	for (i = 0; i < CHAIN; i++) {
		b = mailbox_new(self->dev, .flags = IPCMBOX_OPEN_FDS, .max_messages = 1);
		ASSERT_TRUE(bring(self, a, b));
		if (a != first)
			close(a);
		a = b;
	}
	close(a);
	close(first);
	EXPECT_EQ(self->count + 1, mailbox_count(self->dev));
}

/*
 * In parallel
 */

struct traffic {
	int box, pipe;
	volatile int stop;
	volatile int received, refused;
};

/* Numbers come and go all the time, so that they change under the receivers. */
static void *churn(void *arg)
{
	struct traffic *traffic = arg;

	while (!traffic->stop)
		close(dup(0));
	return NULL;
}

static void *receive_all(void *arg)
{
	struct traffic *traffic = arg;
	int fds[4], i, n, stop;

	for (;;) {
		stop = traffic->stop;
		n = recv_fds(traffic->box, fds, 4);
		if (n == -EAGAIN && stop)
			return NULL;
		if (n == -EMFILE) {
			__atomic_add_fetch(&traffic->refused, 1, __ATOMIC_RELAXED);
			sched_yield();
		}
		for (i = 0; i < n; i++)
			if (!same_file(fds[i], traffic->pipe) || close(fds[i]))
				abort();
		if (n > 0)
			__atomic_add_fetch(&traffic->received, 1, __ATOMIC_RELAXED);
	}
}

TEST_F_TIMEOUT(files, traffic, 60)
{
	struct traffic traffic = { .box = self->box };
	struct rlimit limit, before;
	pthread_t threads[4];
	int fds[4], i, ret, sent = 0, rounds = scaled(1000);

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &before));
	fds[0] = new_pipe(&self->end);
	for (i = 1; i < 4; i++)
		fds[i] = fds[0];
	traffic.pipe = fds[0];
	limit = before;
	limit.rlim_cur = fds[0] + 8;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	for (i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, i < 2 ? receive_all : churn, &traffic);
	while (sent < rounds) {
		ret = send_fds(self->box, fds, 1 + sent % 4);
		ASSERT_TRUE(!ret || ret == -EAGAIN || ret == -EDQUOT);
		sent += !ret;
		if (ret)
			sched_yield();
	}
	traffic.stop = 1;
	setrlimit(RLIMIT_NOFILE, &before);
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(sent, traffic.received);
	TH_LOG("%d received, %d times there were no numbers", sent, traffic.refused);
	close(fds[0]);
	EXPECT_TRUE(at_end(self->end));
	EXPECT_EQ(self->open + 1, open_descriptors());
	EXPECT_TRUE(mailbox_balanced(self->box));
}

TEST_HARNESS_MAIN
