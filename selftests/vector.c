// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many messages in one system call (SENDV, RECVV): each as if it were sent and received alone, the
 * first that fails ends the call, and what went before it is done.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "kselftest_harness.h"
#include "ipcmbox_test.h"

#define MOST	IPCMBOX_VECTOR_MAX
#define FEW	5
#define UNTOUCHED ((__s32)POISON32)

static volatile int handled;

static void handler(int sig)
{
	(void)sig;
	handled++;
}

static void handle(int sig, int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	handled = 0;
	sigaction(sig, &action, NULL);
}

/* In memory that children share. */
FIXTURE(vector) {
	int dev, fd;
	struct ipcmbox_send *sends;
	struct ipcmbox_recv *recvs;
	__u32 *out, *in;
	struct call *call;
};

static void *shared(size_t size)
{
	void *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return map == MAP_FAILED ? NULL : map;
}

static void prepare(FIXTURE_DATA(vector) *self)
{
	__u32 i;

	for (i = 0; i < MOST; i++) {
		self->out[i] = 100 + i;
		self->in[i] = POISON32;
		self->sends[i] = (struct ipcmbox_send){
			.buf_ptr = ptr_u64(&self->out[i]), .buf_len = 4, .result = POISON32,
			.limit = POISON32,
		};
		self->recvs[i] = (struct ipcmbox_recv){
			.buf_ptr = ptr_u64(&self->in[i]), .buf_len = 4, .result = POISON32,
			.length = POISON32, .limit = POISON32, .events = ~0ULL, .token = ~0ULL,
		};
	}
}

FIXTURE_SETUP(vector)
{
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->fd = mailbox_new(self->dev, .max_messages = MOST);
	ASSERT_GE(self->fd, 0);
	self->sends = shared(MOST * sizeof(*self->sends));
	self->recvs = shared(MOST * sizeof(*self->recvs));
	self->out = shared(MOST * sizeof(*self->out));
	self->in = shared(MOST * sizeof(*self->in));
	self->call = calls_alloc(1);
	ASSERT_TRUE(self->sends && self->recvs && self->out && self->in && self->call);
	prepare(self);
}

FIXTURE_TEARDOWN(vector)
{
	close(self->fd);
	close(self->dev);
	munmap(self->sends, MOST * sizeof(*self->sends));
	munmap(self->recvs, MOST * sizeof(*self->recvs));
	munmap(self->out, MOST * sizeof(*self->out));
	munmap(self->in, MOST * sizeof(*self->in));
}

static struct ipcmbox_vector vector_of(const void *array, __u32 count, __u32 flags)
{
	return (struct ipcmbox_vector){
		.array_ptr = ptr_u64(array), .count = count, .flags = flags,
	};
}

static int sendv(FIXTURE_DATA(vector) *self, __u32 count)
{
	struct ipcmbox_vector arg = vector_of(self->sends, count, 0);

	return mailbox_sendv(self->fd, &arg);
}

static int recvv(FIXTURE_DATA(vector) *self, __u32 count, __u32 flags)
{
	struct ipcmbox_vector arg = vector_of(self->recvs, count, flags);

	return mailbox_recvv(self->fd, &arg);
}

static void sendv_start(FIXTURE_DATA(vector) *self, __u32 count)
{
	*self->call = (struct call){
		.kind = CALL_SENDV, .fd = self->fd, .vector = vector_of(self->sends, count, 0),
	};
	call_start(self->call);
}

static void recvv_start(FIXTURE_DATA(vector) *self, __u32 count, __u32 flags)
{
	*self->call = (struct call){
		.kind = CALL_RECVV, .fd = self->fd,
		.vector = vector_of(self->recvs, count, flags),
	};
	call_start(self->call);
}

static bool set_capacity(FIXTURE_DATA(vector) *self, __u32 capacity, __u32 overflow)
{
	return mailbox_change(self->fd, .max_messages = capacity, .overflow = overflow,
			      .mask = IPCMBOX_SET_MAX_MESSAGES | IPCMBOX_SET_OVERFLOW) == 0;
}

static bool all_nonblocking(FIXTURE_DATA(vector) *self)
{
	return fcntl(self->fd, F_SETFL, O_NONBLOCK) == 0;
}

TEST_F(vector, sends_and_receives)
{
	static const __u32 counts[] = { 1, 2, 32, MOST };
	__u64 seq = 0;
	__u32 i, j;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		prepare(self);
		ASSERT_EQ(counts[i], sendv(self, counts[i]));
		for (j = 0; j < counts[i]; j++)
			ASSERT_EQ(0, self->sends[j].result);
		ASSERT_EQ(counts[i], recvv(self, counts[i], 0));
		for (j = 0; j < counts[i]; j++) {
			const struct ipcmbox_recv *recv = &self->recvs[j];

			ASSERT_EQ(4, recv->result);
			ASSERT_EQ(100 + j, self->in[j]);
			ASSERT_EQ(4, recv->length);
			ASSERT_EQ(++seq, recv->seq);
			ASSERT_EQ(getpid(), recv->pid);
			ASSERT_EQ(0, recv->events);
			ASSERT_EQ(0, recv->token);
			ASSERT_EQ(0, recv->nr_fds);
			ASSERT_EQ(IPCMBOX_QUEUED, recv->completion);
		}
		if (counts[i] == MOST)
			continue;
		EXPECT_EQ(UNTOUCHED, self->sends[counts[i]].result);
		EXPECT_EQ(UNTOUCHED, self->recvs[counts[i]].result);
		EXPECT_EQ(POISON32, self->recvs[counts[i]].length);
	}
	EXPECT_TRUE(mailbox_balanced(self->fd));
}

/* As in SEND and RECV, fields of the element say how. */
TEST_F(vector, elements_are_whole_commands)
{
	char text[8] = "";
	struct ipcmbox_iovec pieces[2] = { { ptr_u64("ab"), 2 }, { ptr_u64("cde"), 3 } };
	struct ipcmbox_iovec rooms[2] = { { ptr_u64(text), 1 }, { ptr_u64(text + 1), 6 } };

	self->sends[0].priority = 1;
	self->sends[1].priority = 9;
	self->sends[1].events = 6;
	self->sends[2].buf_ptr = ptr_u64(pieces);
	self->sends[2].buf_len = 2;
	self->sends[2].flags = IPCMBOX_IOVEC;
	ASSERT_EQ(3, sendv(self, 3));

	self->recvs[0].select_events = 4;
	self->recvs[1].min_priority = 1;
	self->recvs[1].flags = IPCMBOX_PEEK;
	self->recvs[2].buf_ptr = ptr_u64(rooms);
	self->recvs[2].buf_len = 2;
	self->recvs[2].min_priority = 0;
	self->recvs[2].flags = IPCMBOX_IOVEC | IPCMBOX_PEEK;
	self->recvs[3] = self->recvs[1];
	self->recvs[3].flags = 0;
	self->recvs[4] = self->recvs[2];
	self->recvs[4].flags = IPCMBOX_IOVEC;
	ASSERT_EQ(5, recvv(self, 5, 0));
	EXPECT_EQ(101, self->in[0]);
	EXPECT_EQ(9, self->recvs[0].priority);
	EXPECT_EQ(6, self->recvs[0].events);
	EXPECT_EQ(100, self->in[1]);
	EXPECT_EQ(4, self->recvs[1].result);
	EXPECT_EQ(4, self->recvs[2].result) TH_LOG("the same as the peek before it");
	EXPECT_EQ(4, self->recvs[3].result);
	EXPECT_EQ(5, self->recvs[4].result);
	EXPECT_STREQ("abcde", text);
	EXPECT_EQ(0, mailbox_info(self->fd).messages);
}

TEST_F(vector, first_fails)
{
	self->recvs[0].flags = IPCMBOX_NONBLOCK;
	EXPECT_EQ(-EAGAIN, recvv(self, 3, 0));
	EXPECT_EQ(-EAGAIN, self->recvs[0].result);
	EXPECT_EQ(UNTOUCHED, self->recvs[1].result);

	self->sends[0].priority = IPCMBOX_PRIORITY_MAX + 1;
	EXPECT_EQ(-EINVAL, sendv(self, 3));
	EXPECT_EQ(-EINVAL, self->sends[0].result);
	EXPECT_EQ(UNTOUCHED, self->sends[1].result);
	EXPECT_EQ(0, mailbox_info(self->fd).sent);
}

TEST_F(vector, send_fails_in_the_middle)
{
	ASSERT_TRUE(set_capacity(self, 3, IPCMBOX_OVERFLOW_FAIL));
	EXPECT_EQ(3, sendv(self, FEW));
	EXPECT_EQ(0, self->sends[2].result);
	EXPECT_EQ(-EAGAIN, self->sends[3].result);
	EXPECT_EQ(IPCMBOX_LIMIT_CAPACITY, self->sends[3].limit);
	EXPECT_EQ(UNTOUCHED, self->sends[4].result);
	EXPECT_EQ(POISON32, self->sends[4].limit);
	EXPECT_EQ(3, mailbox_info(self->fd).messages);

	/* Going on where it ended is up to the caller. */
	EXPECT_EQ(3, recvv(self, 3, 0));
	self->sends[3].buf_len = 70000;
	EXPECT_EQ(-EMSGSIZE, mailbox_sendv(self->fd, &(struct ipcmbox_vector){
		.array_ptr = ptr_u64(&self->sends[3]), .count = 2 }));
	EXPECT_EQ(-EMSGSIZE, self->sends[3].result);
	EXPECT_EQ(IPCMBOX_LIMIT_LENGTH, self->sends[3].limit);
	EXPECT_EQ(0, mailbox_info(self->fd).messages);
}

TEST_F(vector, receive_fails_in_the_middle)
{
	ASSERT_EQ(FEW, sendv(self, FEW));
	self->recvs[2].buf_len = 3;
	EXPECT_EQ(2, recvv(self, FEW, 0));
	EXPECT_EQ(-EMSGSIZE, self->recvs[2].result);
	EXPECT_EQ(4, self->recvs[2].length);
	EXPECT_EQ(IPCMBOX_LIMIT_BUFFER, self->recvs[2].limit);
	EXPECT_EQ(UNTOUCHED, self->recvs[3].result);
	EXPECT_EQ(102, take(self->fd)) TH_LOG("it stays in its place");

	self->recvs[1].buf_ptr = 8;
	EXPECT_EQ(1, recvv(self, FEW, 0));
	EXPECT_EQ(-EFAULT, self->recvs[1].result);
	EXPECT_EQ(104, take(self->fd));
	EXPECT_TRUE(mailbox_balanced(self->fd));
}

TEST_F(vector, dropped_messages_are_done)
{
	ASSERT_TRUE(set_capacity(self, 2, IPCMBOX_OVERFLOW_DROP_NEWEST));
	EXPECT_EQ(FEW, sendv(self, FEW));
	EXPECT_EQ(0, self->sends[1].result);
	EXPECT_EQ(IPCMBOX_SENT_DROPPED, self->sends[2].result);
	EXPECT_EQ(IPCMBOX_SENT_DROPPED, self->sends[4].result);
	EXPECT_EQ(3, mailbox_info(self->fd).dropped);
}

TEST_F(vector, send_blocks_in_the_middle)
{
	int i;

	ASSERT_TRUE(set_capacity(self, 2, IPCMBOX_OVERFLOW_BLOCK));
	sendv_start(self, FEW);
	ASSERT_TRUE(await_senders(self->fd, 1));
	for (i = 0; i < FEW; i++)
		EXPECT_EQ(4, message_recv(self->fd, .buf_ptr = ptr_u64(&self->in[i]),
					  .buf_len = 4));
	EXPECT_EQ(FEW, call_join(self->call));
	for (i = 0; i < FEW; i++)
		EXPECT_EQ(100 + i, self->in[i]);
}

TEST_F(vector, receive_blocks_in_the_middle)
{
	int i;

	ASSERT_EQ(0, put(self->fd, 0, 100));
	recvv_start(self, FEW, 0);
	for (i = 1; i < FEW; i++) {
		ASSERT_TRUE(await_receivers(self->fd, 1));
		ASSERT_EQ(0, put(self->fd, 0, 100 + i));
	}
	EXPECT_EQ(FEW, call_join(self->call));
	for (i = 0; i < FEW; i++)
		EXPECT_EQ(100 + i, self->in[i]);
}

/* Each element waits for its receipt before the next is sent. */
TEST_F(vector, completion)
{
	int i;

	for (i = 0; i < 3; i++)
		self->sends[i].completion = IPCMBOX_RECEIVED;
	sendv_start(self, 3);
	for (i = 0; i < 3; i++) {
		ASSERT_TRUE(await_senders(self->fd, 1));
		EXPECT_EQ(1, mailbox_info(self->fd).messages);
		EXPECT_EQ(4, message_recv(self->fd, .buf_ptr = ptr_u64(self->in), .buf_len = 4));
	}
	EXPECT_EQ(3, call_join(self->call));
}

TEST_F(vector, deadlines)
{
	ASSERT_TRUE(set_capacity(self, 1, IPCMBOX_OVERFLOW_BLOCK));
	self->sends[1].flags = IPCMBOX_DEADLINE;
	EXPECT_EQ(1, sendv(self, 3));
	EXPECT_EQ(-ETIMEDOUT, self->sends[1].result);
	EXPECT_EQ(UNTOUCHED, self->sends[2].result);

	self->recvs[1].flags = IPCMBOX_DEADLINE;
	self->recvs[1].deadline_ns = now_ns(IPCMBOX_CLOCK_MONOTONIC) + 10 * NSEC_PER_MSEC;
	EXPECT_EQ(1, recvv(self, 3, 0));
	EXPECT_EQ(-ETIMEDOUT, self->recvs[1].result);
	EXPECT_GE(now_ns(IPCMBOX_CLOCK_MONOTONIC), self->recvs[1].deadline_ns);
	EXPECT_EQ(0, mailbox_info(self->fd).messages);
}

TEST_F(vector, nonblocking_descriptor)
{
	ASSERT_TRUE(all_nonblocking(self));
	ASSERT_TRUE(set_capacity(self, 2, IPCMBOX_OVERFLOW_BLOCK));
	EXPECT_EQ(2, sendv(self, FEW));
	EXPECT_EQ(-EAGAIN, self->sends[2].result);
	EXPECT_EQ(2, recvv(self, FEW, 0));
	EXPECT_EQ(-EAGAIN, self->recvs[2].result);
	EXPECT_EQ(-EAGAIN, recvv(self, FEW, IPCMBOX_VECTOR_WAIT_FOR_ONE));
}

TEST_F(vector, wait_for_one)
{
	ASSERT_EQ(2, sendv(self, 2));
	self->recvs[2].flags = IPCMBOX_DEADLINE;
	self->recvs[2].deadline_ns = ~0ULL;
	EXPECT_EQ(2, recvv(self, FEW, IPCMBOX_VECTOR_WAIT_FOR_ONE));
	EXPECT_EQ(-EAGAIN, self->recvs[2].result);
	EXPECT_EQ(UNTOUCHED, self->recvs[3].result);
	EXPECT_EQ(2, mailbox_info(self->fd).received);

	recvv_start(self, FEW, IPCMBOX_VECTOR_WAIT_FOR_ONE);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	ASSERT_EQ(0, put(self->fd, 0, 42));
	EXPECT_EQ(1, call_join(self->call));
	EXPECT_EQ(42, self->in[0]);
	EXPECT_EQ(-EAGAIN, self->recvs[1].result);
}

static void interrupt(struct call *call)
{
	syscall(SYS_tgkill, getpid(), call->tid, SIGUSR1);
}

TEST_F(vector, signal_in_the_middle)
{
	int flags;

	/* There is nothing to restart: what is done is done. */
	for (flags = 0; flags <= SA_RESTART; flags += SA_RESTART) {
		prepare(self);
		handle(SIGUSR1, flags);
		ASSERT_TRUE(set_capacity(self, 2, IPCMBOX_OVERFLOW_BLOCK));
		sendv_start(self, FEW);
		ASSERT_TRUE(await_senders(self->fd, 1));
		interrupt(self->call);
		EXPECT_EQ(2, call_join(self->call));
		EXPECT_EQ(1, handled);
		EXPECT_EQ(-EINTR, self->sends[2].result);
		EXPECT_EQ(UNTOUCHED, self->sends[3].result);
		EXPECT_EQ(2, mailbox_info(self->fd).messages);

		handled = 0;
		recvv_start(self, FEW, 0);
		ASSERT_TRUE(await_receivers(self->fd, 1));
		interrupt(self->call);
		EXPECT_EQ(2, call_join(self->call));
		EXPECT_EQ(-EINTR, self->recvs[2].result);
		EXPECT_EQ(0, mailbox_info(self->fd).messages);
	}
	EXPECT_TRUE(mailbox_balanced(self->fd));
}

TEST_F(vector, signal_to_the_first)
{
	handle(SIGUSR1, 0);
	recvv_start(self, FEW, 0);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	interrupt(self->call);
	EXPECT_EQ(-EINTR, call_join(self->call));
	EXPECT_EQ(-EINTR, self->recvs[0].result);

	handle(SIGUSR1, SA_RESTART);
	recvv_start(self, 1, 0);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	interrupt(self->call);
	ASSERT_TRUE(await_value(&handled, 1));
	ASSERT_TRUE(await_receivers(self->fd, 1));
	ASSERT_EQ(0, put(self->fd, 0, 7));
	EXPECT_EQ(1, call_join(self->call));
	EXPECT_EQ(4, self->recvs[0].result);
	EXPECT_EQ(7, self->in[0]);
}

TEST_F(vector, killed_in_the_middle)
{
	ASSERT_TRUE(set_capacity(self, 2, IPCMBOX_OVERFLOW_BLOCK));
	*self->call = (struct call){
		.kind = CALL_SENDV, .fd = self->fd, .vector = vector_of(self->sends, FEW, 0),
	};
	call_fork(self->call);
	ASSERT_TRUE(await_senders(self->fd, 1));
	EXPECT_EQ(255, call_kill(self->call));
	EXPECT_EQ(2, mailbox_info(self->fd).messages);
	EXPECT_EQ(0, mailbox_info(self->fd).waiting_senders);
	EXPECT_EQ(100, take(self->fd));
	EXPECT_EQ(101, take(self->fd));
	EXPECT_EQ(-EAGAIN, take(self->fd));
}

TEST_F(vector, rights)
{
	__u64 id = mailbox_id(self->fd);
	int reader = mailbox_by_id(self->dev, id, IPCMBOX_READ);
	int writer = mailbox_by_id(self->dev, id, IPCMBOX_WRITE);
	struct ipcmbox_vector arg = vector_of(self->sends, 1, 0);

	EXPECT_EQ(-EACCES, mailbox_sendv(reader, &arg));
	EXPECT_EQ(-EACCES, self->sends[0].result);
	arg = vector_of(self->recvs, 1, 0);
	EXPECT_EQ(-EACCES, mailbox_recvv(writer, &arg));
	EXPECT_EQ(-EACCES, self->recvs[0].result);
	close(reader);
	close(writer);
}

/* An element as a newer program knows it. */
struct long_send {
	struct ipcmbox_send send;
	__u64 more[2];
};

struct long_recv {
	struct ipcmbox_recv recv;
	__u64 more[2];
};

TEST_F(vector, longer_elements)
{
	struct long_send sends[3] = {
		{ .send = self->sends[0] }, { .send = self->sends[1] }, { .send = self->sends[2] },
	};
	struct long_recv recvs[3] = {
		{ .recv = self->recvs[0] }, { .recv = self->recvs[1] }, { .recv = self->recvs[2] },
	};
	struct ipcmbox_vector arg = vector_of(sends, 3, 0);

	arg.element_size = sizeof(sends[0]);
	EXPECT_EQ(3, mailbox_sendv(self->fd, &arg));
	EXPECT_EQ(0, sends[2].send.result);
	sends[1].more[1] = 1ULL << 63;
	EXPECT_EQ(1, mailbox_sendv(self->fd, &arg));
	EXPECT_EQ(-E2BIG, sends[1].send.result);
	sends[0].more[0] = 1;
	EXPECT_EQ(-E2BIG, mailbox_sendv(self->fd, &arg));
	EXPECT_EQ(4, mailbox_info(self->fd).messages);

	arg = vector_of(recvs, 3, 0);
	arg.element_size = sizeof(recvs[0]);
	recvs[2].more[0] = 1;
	EXPECT_EQ(2, mailbox_recvv(self->fd, &arg));
	EXPECT_EQ(-E2BIG, recvs[2].recv.result);
	EXPECT_EQ(4, recvs[1].recv.result);
	EXPECT_EQ(101, self->in[1]);
	EXPECT_EQ(2, mailbox_info(self->fd).messages);
}

TEST_F(vector, element_sizes)
{
	static const __u32 bad_send[] = { 1, 40, 72, 79, 8192, ~0U };
	static const __u32 bad_recv[] = { 1, 88, 160, 167, 8192, ~0U };
	struct ipcmbox_vector arg;
	int i;

	for (i = 0; i < ARRAY_SIZE(bad_send); i++) {
		arg = vector_of(self->sends, 1, 0);
		arg.element_size = bad_send[i];
		EXPECT_EQ(-EINVAL, mailbox_sendv(self->fd, &arg)) TH_LOG("%u", bad_send[i]);
	}
	EXPECT_EQ(0, mailbox_info(self->fd).sent);
	ASSERT_EQ(0, put(self->fd, 0, 1));
	for (i = 0; i < ARRAY_SIZE(bad_recv); i++) {
		arg = vector_of(self->recvs, 1, 0);
		arg.element_size = bad_recv[i];
		EXPECT_EQ(-EINVAL, mailbox_recvv(self->fd, &arg)) TH_LOG("%u", bad_recv[i]);
	}
	EXPECT_EQ(UNTOUCHED, self->sends[0].result);
	EXPECT_EQ(UNTOUCHED, self->recvs[0].result);
	EXPECT_EQ(1, take(self->fd));
}

TEST_F(vector, counts_and_flags)
{
	EXPECT_EQ(-EINVAL, sendv(self, 0));
	EXPECT_EQ(-EINVAL, sendv(self, MOST + 1));
	EXPECT_EQ(-EINVAL, sendv(self, ~0U));
	EXPECT_EQ(-EINVAL, recvv(self, 0, 0));
	EXPECT_EQ(-EINVAL, recvv(self, MOST + 1, 0));
	EXPECT_EQ(-EINVAL, recvv(self, 1, 2));
	EXPECT_EQ(-EINVAL, mailbox_sendv(self->fd, &(struct ipcmbox_vector){
		.array_ptr = ptr_u64(self->sends), .count = 1,
		.flags = IPCMBOX_VECTOR_WAIT_FOR_ONE }));
	EXPECT_EQ(-EINVAL, mailbox_sendv(self->fd, &(struct ipcmbox_vector){
		.array_ptr = ptr_u64(self->sends), .count = 1, .__reserved = 1 }));
	EXPECT_EQ(UNTOUCHED, self->sends[0].result);
	EXPECT_EQ(0, mailbox_info(self->fd).sent);
}

/* Elements as far as the mapping goes are done. */
TEST_F(vector, array_ends_in_the_middle)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct ipcmbox_send *sends = (void *)(map + page - 2 * sizeof(*sends) - 8);
	struct ipcmbox_recv *recvs = (void *)(map + page - sizeof(*recvs) - 8);
	struct ipcmbox_vector arg;
	const __u64 bad[] = { 8, 0xffff888000000000ULL, 0xffffffffffffff00ULL };
	int i;

	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(0, munmap(map + page, page));
	memcpy(sends, self->sends, 2 * sizeof(*sends));
	arg = vector_of(sends, 3, 0);
	EXPECT_EQ(2, mailbox_sendv(self->fd, &arg));
	EXPECT_EQ(2, mailbox_info(self->fd).messages);
	memcpy(recvs, self->recvs, sizeof(*recvs));
	arg = vector_of(recvs, 2, 0);
	EXPECT_EQ(1, mailbox_recvv(self->fd, &arg));
	arg = vector_of(map + page - 8, 2, 0);
	EXPECT_EQ(-EFAULT, mailbox_recvv(self->fd, &arg));
	EXPECT_EQ(-EFAULT, mailbox_sendv(self->fd, &arg));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		arg = (struct ipcmbox_vector){ .array_ptr = bad[i], .count = 1 };
		EXPECT_EQ(-EFAULT, mailbox_sendv(self->fd, &arg));
		arg = (struct ipcmbox_vector){ .array_ptr = bad[i], .count = 1 };
		EXPECT_EQ(-EFAULT, mailbox_recvv(self->fd, &arg));
	}
	EXPECT_EQ(101, take(self->fd));
	EXPECT_EQ(-EAGAIN, take(self->fd));
	munmap(map, page);
}

/* What cannot be told must not happen. */
TEST_F(vector, result_cannot_be_written)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct ipcmbox_send *sends = (void *)(map + page - sizeof(*sends));
	struct ipcmbox_recv *recvs = (void *)(map + page - sizeof(*recvs));
	struct ipcmbox_vector arg;

	ASSERT_NE(MAP_FAILED, map);
	memcpy(sends, self->sends, 2 * sizeof(*sends));
	ASSERT_EQ(0, mprotect(map + page, page, PROT_READ));
	arg = vector_of(sends, 2, 0);
	EXPECT_EQ(1, mailbox_sendv(self->fd, &arg));
	EXPECT_EQ(1, mailbox_info(self->fd).sent);
	arg = vector_of(sends + 1, 1, 0);
	EXPECT_EQ(-EFAULT, mailbox_sendv(self->fd, &arg));
	EXPECT_EQ(1, mailbox_info(self->fd).sent);

	ASSERT_EQ(0, put(self->fd, 0, 2));
	ASSERT_EQ(0, mprotect(map + page, page, PROT_READ | PROT_WRITE));
	memcpy(recvs, self->recvs, 2 * sizeof(*recvs));
	ASSERT_EQ(0, mprotect(map + page, page, PROT_READ));
	arg = vector_of(recvs, 2, 0);
	EXPECT_EQ(1, mailbox_recvv(self->fd, &arg));
	arg = vector_of(recvs + 1, 1, 0);
	EXPECT_EQ(-EFAULT, mailbox_recvv(self->fd, &arg));
	EXPECT_EQ(2, take(self->fd)) TH_LOG("it is still there");
	EXPECT_TRUE(mailbox_balanced(self->fd));
	munmap(map, 2 * page);
}

/* Elements that were not touched since they were mapped, swapped in as needed. */
TEST_F(vector, fresh_memory)
{
	size_t size = FEW * sizeof(struct ipcmbox_recv) + FEW * 8192;
	char *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct ipcmbox_recv *recvs = (void *)map;
	struct ipcmbox_vector arg;
	int i;

	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(FEW, sendv(self, FEW));
	for (i = 0; i < FEW; i++) {
		recvs[i] = self->recvs[i];
		recvs[i].buf_ptr = ptr_u64(map + (i + 1) * 8192 - 2);
	}
	arg = vector_of(recvs, FEW, 0);
	EXPECT_EQ(FEW, mailbox_recvv(self->fd, &arg));
	for (i = 0; i < FEW; i++) {
		EXPECT_EQ(4, recvs[i].result);
		EXPECT_EQ(0, memcmp(map + (i + 1) * 8192 - 2, &self->out[i], 4));
	}
	munmap(map, size);
}

/* Both sides with vectors of their own sizes, in parallel. */
TEST_F(vector, streams)
{
	__u32 total = 0, i;
	int n;

	ASSERT_TRUE(set_capacity(self, 7, IPCMBOX_OVERFLOW_BLOCK));
	sendv_start(self, MOST);
	while (total < MOST) {
		n = recvv(self, 32, IPCMBOX_VECTOR_WAIT_FOR_ONE);
		ASSERT_GE(n, 1);
		for (i = 0; i < n; i++)
			ASSERT_EQ(100 + total + i, self->in[i]);
		total += n;
	}
	EXPECT_EQ(MOST, call_join(self->call));
	EXPECT_EQ(-EAGAIN, take(self->fd));
	EXPECT_TRUE(mailbox_balanced(self->fd));
}

TEST_HARNESS_MAIN
