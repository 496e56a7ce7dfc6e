// SPDX-License-Identifier: GPL-2.0-only
/*
 * Plain messages: an address and a length, alone (WRITE, READ) and in vectors. They are messages
 * like all others, on the same paths; what is tested here is the way in and out.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "ipcmbox_test.h"

#define FEW		5
#define UNTOUCHED	((__s32)POISON32)

FIXTURE(plain) {
	int dev, fd;
	char *out, *in;
	__u32 numbers[FEW], got[FEW];
	struct ipcmbox_part sends[FEW], recvs[FEW];
	struct ipcmbox_part *shared;	/* with children */
};

static void prepare(FIXTURE_DATA(plain) *self)
{
	int i;

	for (i = 0; i < FEW; i++) {
		self->numbers[i] = 100 + i;
		self->got[i] = POISON32;
		self->sends[i] = (struct ipcmbox_part){
			ptr_u64(&self->numbers[i]), sizeof(self->numbers[i]), POISON32
		};
		self->recvs[i] = (struct ipcmbox_part){
			ptr_u64(&self->got[i]), sizeof(self->got[i]), POISON32
		};
	}
}

FIXTURE_SETUP(plain)
{
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->fd = mailbox_new(self->dev, .max_messages = 8, .max_length = IPCMBOX_PLAIN_MAX);
	ASSERT_GE(self->fd, 0);
	self->out = malloc(IPCMBOX_PLAIN_MAX);
	self->in = malloc(IPCMBOX_PLAIN_MAX);
	ASSERT_TRUE(self->out && self->in);
	self->shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->shared);
	prepare(self);
}

FIXTURE_TEARDOWN(plain)
{
	EXPECT_TRUE(mailbox_balanced(self->fd));
	close(self->fd);
	close(self->dev);
	free(self->out);
	free(self->in);
	munmap(self->shared, 4096);
}

static int result(int ret)
{
	return ret < 0 ? -errno : ret;
}

static int plain_send(int fd, const void *buf, size_t len)
{
	return result(ioctl(fd, IPCMBOX_IOC_WRITE(len), buf));
}

static int plain_recv(int fd, void *buf, size_t room)
{
	return result(ioctl(fd, IPCMBOX_IOC_READ(room), buf));
}

static int plain_sendv(int fd, struct ipcmbox_part *parts, __u32 count)
{
	return mailbox_sendv(fd, &(struct ipcmbox_vector){
		.array_ptr = ptr_u64(parts), .count = count, .element_size = sizeof(*parts),
		.flags = IPCMBOX_VECTOR_PLAIN });
}

static int plain_recvv(int fd, struct ipcmbox_part *parts, __u32 count, __u32 flags)
{
	return mailbox_recvv(fd, &(struct ipcmbox_vector){
		.array_ptr = ptr_u64(parts), .count = count, .element_size = sizeof(*parts),
		.flags = IPCMBOX_VECTOR_PLAIN | flags });
}

static bool set_capacity(FIXTURE_DATA(plain) *self, __u32 capacity, __u32 overflow)
{
	return mailbox_change(self->fd, .max_messages = capacity, .overflow = overflow,
			      .mask = IPCMBOX_SET_MAX_MESSAGES | IPCMBOX_SET_OVERFLOW) == 0;
}

TEST_F(plain, feature)
{
	struct ipcmbox_query query;

	ASSERT_EQ(0, query_budget(self->dev, &query));
	EXPECT_TRUE(query.features & IPCMBOX_FEATURE_PLAIN);
}

/* Of any length around the sizes that are copied in different ways, with no byte beyond it. */
TEST_F(plain, all_lengths)
{
	static const __u32 around[] = { 0, 8, 32, 64, 72, 320, 1024, 4096, IPCMBOX_PLAIN_MAX };
	__u32 i, len;

	for (i = 0; i < ARRAY_SIZE(around); i++) {
		for (len = around[i] > 8 ? around[i] - 8 : 0;
		     len <= around[i] + 8 && len <= IPCMBOX_PLAIN_MAX; len++) {
			fill_pattern(self->out, len, len);
			memset(self->in, POISON, IPCMBOX_PLAIN_MAX);
			ASSERT_EQ(0, plain_send(self->fd, self->out, len));
			ASSERT_EQ(len, plain_recv(self->fd, self->in, IPCMBOX_PLAIN_MAX));
			ASSERT_TRUE(check_pattern(self->in, len, len));
			ASSERT_TRUE(len == IPCMBOX_PLAIN_MAX || (char)POISON == self->in[len]);
		}
	}
}

/* The same messages as those of the other commands. */
TEST_F(plain, messages_like_others)
{
	struct ipcmbox_recv recv = { .flags = IPCMBOX_NONBLOCK };
	__u32 number = 7;

	ASSERT_EQ(0, put(self->fd, 3, 1));
	ASSERT_EQ(0, plain_send(self->fd, &number, sizeof(number)));
	ASSERT_EQ(0, put(self->fd, 0, 2));
	EXPECT_EQ(4, plain_recv(self->fd, &number, sizeof(number)));
	EXPECT_EQ(1, number) TH_LOG("the most urgent first");
	EXPECT_EQ(4, take_info(self->fd, &number, &recv));
	EXPECT_EQ(7, number);
	EXPECT_EQ(0, recv.priority);
	EXPECT_EQ(2, recv.seq);
	EXPECT_EQ(getpid(), recv.pid);
	EXPECT_EQ(2, take(self->fd));
}

TEST_F(plain, bad_memory_loses_nothing)
{
	static const __u64 bad[] = { 8, 0xffff888000000000ULL, 0xffffffffffffff00ULL };
	__u32 number = 0;
	int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EFAULT, plain_send(self->fd, (void *)(uintptr_t)bad[i], 4));
		EXPECT_EQ(-EFAULT, plain_send(self->fd, (void *)(uintptr_t)bad[i], 4096));
	}
	EXPECT_EQ(0, mailbox_info(self->fd).sent);
	ASSERT_EQ(0, put(self->fd, 0, 5));
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(-EFAULT, plain_recv(self->fd, (void *)(uintptr_t)bad[i], 4));
	EXPECT_EQ(-EMSGSIZE, plain_recv(self->fd, &number, 3));
	EXPECT_EQ(4, plain_recv(self->fd, &number, 4));
	EXPECT_EQ(5, number);
}

/* Memory that is not there yet is made present, as by a store of the program. */
TEST_F(plain, fresh_memory)
{
	char *map = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct ipcmbox_part *parts = (void *)(map + 8192);
	int i;

	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(0, put(self->fd, 0, 5));
	EXPECT_EQ(4, plain_recv(self->fd, map + 4094, 4));
	EXPECT_EQ(0, memcmp(map + 4094, &(__u32){ 5 }, 4));

	ASSERT_EQ(FEW, plain_sendv(self->fd, self->sends, FEW));
	for (i = 0; i < FEW; i++)
		parts[i] = (struct ipcmbox_part){
			ptr_u64(map + 16384 + i * 4096 - 2), 4, POISON32
		};
	EXPECT_EQ(FEW, plain_recvv(self->fd, parts, FEW, 0));
	for (i = 0; i < FEW; i++) {
		EXPECT_EQ(4, parts[i].result);
		EXPECT_EQ(0, memcmp(map + 16384 + i * 4096 - 2, &self->numbers[i], 4));
	}
	munmap(map, 1 << 16);
}

TEST_F(plain, rights)
{
	int reader = mailbox_by_id(self->dev, mailbox_id(self->fd), IPCMBOX_READ);
	int writer = mailbox_by_id(self->dev, mailbox_id(self->fd), IPCMBOX_WRITE);
	__u32 number = 1;

	ASSERT_GE(reader, 0);
	ASSERT_GE(writer, 0);
	EXPECT_EQ(-EACCES, plain_send(reader, &number, 4));
	EXPECT_EQ(-EACCES, plain_sendv(reader, self->sends, 1));
	EXPECT_EQ(0, plain_send(writer, &number, 4));
	EXPECT_EQ(-EACCES, plain_recv(writer, &number, 4));
	EXPECT_EQ(-EACCES, plain_recvv(writer, self->recvs, 1, 0));
	EXPECT_EQ(4, plain_recv(reader, &number, 4));
	close(reader);
	close(writer);
}

/* A full mailbox and an empty one, by all policies of whoever must not wait. */
TEST_F(plain, without_waiting)
{
	__u32 number = 1;

	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-EAGAIN, plain_recv(self->fd, &number, 4));
	ASSERT_TRUE(set_capacity(self, 1, IPCMBOX_OVERFLOW_BLOCK));
	EXPECT_EQ(0, plain_send(self->fd, &number, 4));
	EXPECT_EQ(-EAGAIN, plain_send(self->fd, &number, 4));
	ASSERT_TRUE(set_capacity(self, 1, IPCMBOX_OVERFLOW_DROP_NEWEST));
	EXPECT_EQ(IPCMBOX_SENT_DROPPED, plain_send(self->fd, &number, 4));
	EXPECT_EQ(4, plain_recv(self->fd, &number, 4));
	EXPECT_EQ(-EAGAIN, plain_recv(self->fd, &number, 4));
}

TEST_F(plain, too_long)
{
	int fd = mailbox_new(self->dev, .max_messages = 1, .max_length = 16);

	ASSERT_GE(fd, 0);
	EXPECT_EQ(-EMSGSIZE, plain_send(fd, self->out, 17));
	EXPECT_EQ(0, plain_send(fd, self->out, 16));
	/* A length that the command has no room for is none that it could take for another. */
	EXPECT_EQ(-ENOTTY, plain_send(fd, self->out, IPCMBOX_PLAIN_MAX + 1));
	EXPECT_EQ(-ENOTTY, plain_recv(fd, self->in, IPCMBOX_PLAIN_MAX + 1));
	EXPECT_EQ(1, mailbox_info(fd).sent);
	EXPECT_EQ(1, mailbox_info(fd).messages);
	close(fd);
}

static int wait_plainly(void *arg)
{
	int fd = *(int *)arg;
	__u32 number = 0;

	return plain_recv(fd, &number, 4) != 4 || number != 1 || plain_send(fd, &number, 4) ||
	       plain_send(fd, &number, 4);
}

TEST_F(plain, waits)
{
	__u32 number = 1;
	pid_t pid;

	ASSERT_TRUE(set_capacity(self, 1, IPCMBOX_OVERFLOW_BLOCK));
	pid = child_start(wait_plainly, &self->fd);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	ASSERT_EQ(0, plain_send(self->fd, &number, 4));
	ASSERT_TRUE(await_senders(self->fd, 1));
	EXPECT_EQ(1, take(self->fd));
	EXPECT_EQ(1, take(self->fd));
	EXPECT_EQ(0, child_wait(pid));
}

/* READ takes no token, and so has handled what it receives: the reply is empty. */
TEST_F(plain, receives_a_request)
{
	struct call *call = calls_alloc(1);
	char text[8] = "";

	ASSERT_TRUE(call);
	call_prepare(call, self->fd, .buf_ptr = ptr_u64("request"), .buf_len = 7);
	call_start(call);
	ASSERT_TRUE(await_senders(self->fd, 1));
	EXPECT_EQ(-EMSGSIZE, plain_recv(self->fd, text, 6));
	EXPECT_EQ(-EFAULT, plain_recv(self->fd, NULL, 7));
	EXPECT_FALSE(call->done);
	ASSERT_EQ(7, plain_recv(self->fd, text, sizeof(text)));
	EXPECT_STREQ("request", text);
	EXPECT_EQ(0, call_join(call));
	EXPECT_EQ(0, call->call.status);
	EXPECT_EQ(0, call->call.reply_length);
	EXPECT_EQ(0, call->call.cookie);

	send_start(call, self->fd, .buf_ptr = ptr_u64("handle"), .buf_len = 6,
		   .completion = IPCMBOX_HANDLED);
	ASSERT_TRUE(await_senders(self->fd, 1));
	ASSERT_EQ(6, plain_recv(self->fd, text, sizeof(text)));
	EXPECT_EQ(0, call_join(call));
	EXPECT_EQ(0, mailbox_info(self->fd).held);
	munmap(call, sizeof(*call));
}

/* What is not copied until it is received: a sender that changes it meanwhile shows that. */
TEST_F(plain, receives_what_is_lent)
{
	struct call *call = calls_alloc(1);
	struct ipcmbox_part part = { ptr_u64(self->in), IPCMBOX_PLAIN_MAX, POISON32 };
	int i;

	ASSERT_TRUE(call);
	for (i = 0; i < 2; i++) {
		fill_pattern(self->out, IPCMBOX_PLAIN_MAX, 1);
		send_start(call, self->fd, .buf_ptr = ptr_u64(self->out),
			   .buf_len = IPCMBOX_PLAIN_MAX, .completion = IPCMBOX_RECEIVED);
		ASSERT_TRUE(await_senders(self->fd, 1));
		fill_pattern(self->out, IPCMBOX_PLAIN_MAX, 2);
		EXPECT_EQ(-EMSGSIZE, plain_recv(self->fd, self->in, IPCMBOX_PLAIN_MAX - 1));
		EXPECT_EQ(-EFAULT, plain_recv(self->fd, NULL, IPCMBOX_PLAIN_MAX));
		EXPECT_FALSE(call->done);
		memset(self->in, POISON, IPCMBOX_PLAIN_MAX);
		if (i) {
			ASSERT_EQ(1, plain_recvv(self->fd, &part, 1, 0));
			EXPECT_EQ(IPCMBOX_PLAIN_MAX, part.result);
		} else {
			ASSERT_EQ(IPCMBOX_PLAIN_MAX,
				  plain_recv(self->fd, self->in, IPCMBOX_PLAIN_MAX));
		}
		EXPECT_TRUE(check_pattern(self->in, IPCMBOX_PLAIN_MAX, 2));
		EXPECT_EQ(0, call_join(call));
	}
	munmap(call, sizeof(*call));
}

static int wait_for_ever(void *arg)
{
	__u32 number;

	return plain_recv(*(int *)arg, &number, 4);
}

TEST_F(plain, killed_while_it_waits)
{
	pid_t pid = child_start(wait_for_ever, &self->fd);

	ASSERT_TRUE(await_receivers(self->fd, 1));
	kill(pid, SIGKILL);
	EXPECT_NE(0, child_wait(pid));
	EXPECT_TRUE(await_receivers(self->fd, 0));
	ASSERT_EQ(0, put(self->fd, 0, 3));
	EXPECT_EQ(3, take(self->fd));
}

/* In memory that the parent sees */
static volatile int *handled;

static void handler(int sig)
{
	(void)sig;
	*handled = 1;
}

static int receive_two(void *arg)
{
	FIXTURE_DATA(plain) *self = arg;
	int ret = plain_recvv(self->fd, self->shared, 2, 0);

	self->shared[2].result = ret;
	return 0;
}

/* What was received stays so; a call that has done nothing yet is restarted if that is wanted. */
TEST_F(plain, interrupted)
{
	struct sigaction action = { .sa_handler = handler };
	pid_t pid;
	int i;

	handled = (int *)&self->shared[3];
	for (i = 0; i < 3; i++) {
		*handled = 0;
		memcpy(self->shared, self->recvs, 2 * sizeof(*self->shared));
		action.sa_flags = i == 2 ? SA_RESTART : 0;
		sigaction(SIGUSR1, &action, NULL);
		if (i == 1)
			ASSERT_EQ(0, put(self->fd, 0, 1));
		pid = child_start(receive_two, self);
		ASSERT_TRUE(await_receivers(self->fd, 1));
		ASSERT_TRUE(i != 1 || mailbox_info(self->fd).received >= 1);
		kill(pid, SIGUSR1);
		ASSERT_TRUE(await_value(handled, 1));
		if (i == 2) {
			/* Only once it waits again is there nothing left to interrupt. */
			ASSERT_TRUE(await_receivers(self->fd, 1));
			ASSERT_EQ(0, put(self->fd, 0, 1));
			ASSERT_EQ(0, put(self->fd, 0, 2));
		}
		EXPECT_EQ(0, child_wait(pid));
		EXPECT_EQ(((int[]){ -EINTR, 1, 2 })[i], self->shared[2].result);
		EXPECT_EQ(((int[]){ -EINTR, 4, 4 })[i], self->shared[0].result);
		EXPECT_EQ(((int[]){ UNTOUCHED, -EINTR, 4 })[i], self->shared[1].result);
	}
}

/* Who has no room for the descriptors of a message does not get it. */
TEST_F(plain, descriptors_stay)
{
	int fd = mailbox_new(self->dev, .flags = IPCMBOX_OPEN_FDS, .max_messages = 1);
	__s32 in = 0, out = -1;
	__u32 number;

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, message_send(fd, .fds_ptr = ptr_u64(&in), .nr_fds = 1));
	EXPECT_EQ(-EMSGSIZE, plain_recv(fd, &number, 4));
	EXPECT_EQ(0, message_receive(fd, .fds_ptr = ptr_u64(&out), .max_fds = 1));
	EXPECT_GE(out, 0);
	close(out);
	close(fd);
}

/* Nobody sends to an inbox by the descriptor that receives from it. */
TEST_F(plain, endpoint)
{
	int inbox = endpoint_new(self->dev, .max_messages = 8);
	int out = endpoint_connect(self->dev, IPCMBOX_PROCESS, getpid());
	__u32 number = 4;

	ASSERT_GE(inbox, 0);
	ASSERT_GE(out, 0);
	EXPECT_EQ(-EACCES, plain_send(inbox, &number, 4));
	EXPECT_EQ(0, plain_send(out, &number, 4));
	number = 0;
	EXPECT_EQ(4, plain_recv(inbox, &number, 4));
	EXPECT_EQ(4, number);
	close(out);
	close(inbox);
}

TEST_F(plain, only_on_mailboxes)
{
	int channel = mailbox_new(self->dev, .discipline = IPCMBOX_CHANNEL,
				  .max_messages = IPCMBOX_UNBOUNDED);
	__u32 number = 4;

	ASSERT_GE(channel, 0);
	EXPECT_EQ(-ENOTTY, plain_send(channel, &number, 4));
	EXPECT_EQ(-ENOTTY, plain_recv(channel, &number, 4));
	EXPECT_EQ(-ENOTTY, plain_send(self->dev, &number, 4));
	EXPECT_EQ(-ENOTTY, plain_recv(self->dev, &number, 4));
	close(channel);
}

TEST_F(plain, event)
{
	int event = mailbox_new(self->dev, .discipline = IPCMBOX_EVENT, .max_messages = 8);
	int member = member_new(event);
	__u32 number = 9;

	ASSERT_GE(member, 0);
	EXPECT_EQ(0, plain_send(event, &number, 4));
	EXPECT_EQ(-EINVAL, plain_recv(event, &number, 4));
	number = 0;
	EXPECT_EQ(4, plain_recv(member, &number, 4));
	EXPECT_EQ(9, number);
	close(member);
	close(event);
}

TEST_F(plain, vector_sends_and_receives)
{
	int i;

	ASSERT_EQ(FEW - 1, plain_sendv(self->fd, self->sends, FEW - 1));
	EXPECT_EQ(UNTOUCHED, self->sends[FEW - 1].result);
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(FEW - 1, plain_recvv(self->fd, self->recvs, FEW, 0));
	for (i = 0; i < FEW - 1; i++) {
		EXPECT_EQ(0, self->sends[i].result);
		EXPECT_EQ(4, self->recvs[i].result);
		EXPECT_EQ(100 + i, self->got[i]);
	}
	EXPECT_EQ(-EAGAIN, self->recvs[FEW - 1].result);
	EXPECT_EQ(POISON32, self->got[FEW - 1]);
}

TEST_F(plain, vector_fails_in_the_middle)
{
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_NONBLOCK));
	ASSERT_TRUE(set_capacity(self, 3, IPCMBOX_OVERFLOW_BLOCK));
	EXPECT_EQ(3, plain_sendv(self->fd, self->sends, FEW));
	EXPECT_EQ(-EAGAIN, self->sends[3].result);
	EXPECT_EQ(UNTOUCHED, self->sends[4].result);

	self->recvs[1].buf_len = 3;
	EXPECT_EQ(1, plain_recvv(self->fd, self->recvs, FEW, 0));
	EXPECT_EQ(-EMSGSIZE, self->recvs[1].result);
	self->recvs[1].buf_len = 4;
	self->recvs[1].buf_ptr = 8;
	EXPECT_EQ(-EFAULT, plain_recvv(self->fd, &self->recvs[1], 1, 0));
	EXPECT_EQ(-EFAULT, self->recvs[1].result);
	EXPECT_EQ(101, take(self->fd)) TH_LOG("it stays in its place");
	EXPECT_EQ(102, take(self->fd));
}

TEST_F(plain, vector_drops)
{
	ASSERT_TRUE(set_capacity(self, 2, IPCMBOX_OVERFLOW_DROP_NEWEST));
	EXPECT_EQ(FEW, plain_sendv(self->fd, self->sends, FEW));
	EXPECT_EQ(0, self->sends[1].result);
	EXPECT_EQ(IPCMBOX_SENT_DROPPED, self->sends[2].result);
	EXPECT_EQ(3, mailbox_info(self->fd).dropped);
}

TEST_F(plain, vector_waits_for_one)
{
	ASSERT_EQ(2, plain_sendv(self->fd, self->sends, 2));
	EXPECT_EQ(2, plain_recvv(self->fd, self->recvs, FEW, IPCMBOX_VECTOR_WAIT_FOR_ONE));
	EXPECT_EQ(-EAGAIN, self->recvs[2].result);
	EXPECT_EQ(UNTOUCHED, self->recvs[3].result);
}

/* What cannot be told must not happen. */
TEST_F(plain, vector_whose_result_cannot_be_written)
{
	struct ipcmbox_part *parts = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
					  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, (void *)parts);
	parts[0] = self->sends[0];
	ASSERT_EQ(0, mprotect(parts, 4096, PROT_READ));
	EXPECT_EQ(-EFAULT, plain_sendv(self->fd, parts, 1));
	EXPECT_EQ(0, mailbox_info(self->fd).sent);

	ASSERT_EQ(0, put(self->fd, 0, 6));
	ASSERT_EQ(0, mprotect(parts, 4096, PROT_READ | PROT_WRITE));
	parts[0] = self->recvs[0];
	ASSERT_EQ(0, mprotect(parts, 4096, PROT_READ));
	EXPECT_EQ(-EFAULT, plain_recvv(self->fd, parts, 1, 0));
	EXPECT_EQ(6, take(self->fd)) TH_LOG("it is still there");
	munmap(parts, 4096);
}

TEST_F(plain, vector_elements)
{
	static const __u32 sizes[] = { 8, 15, 17, 24, 80, 168, 4096 };
	struct ipcmbox_vector arg;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		arg = (struct ipcmbox_vector){ .array_ptr = ptr_u64(self->sends), .count = 1,
					       .element_size = sizes[i],
					       .flags = IPCMBOX_VECTOR_PLAIN };
		EXPECT_EQ(-EINVAL, mailbox_sendv(self->fd, &arg));
		EXPECT_EQ(-EINVAL, mailbox_recvv(self->fd, &arg));
	}
	self->sends[0].buf_len = IPCMBOX_PLAIN_MAX + 1;
	EXPECT_EQ(-EMSGSIZE, plain_sendv(self->fd, self->sends, 1));
	EXPECT_EQ(-EMSGSIZE, self->sends[0].result);
	EXPECT_EQ(0, mailbox_info(self->fd).sent);
}

TEST_HARNESS_MAIN
