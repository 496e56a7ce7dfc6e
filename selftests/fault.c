// SPDX-License-Identifier: GPL-2.0-only
/*
 * Payload memory that cannot be read or written: a send has sent nothing, a receive leaves the
 * message in its old place.
 */
#include <errno.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "ipcmbox_test.h"

FIXTURE(fault) {
	int dev, fd;
	size_t page;
	char *map;		/* two pages: one to use, then a hole */
	struct call *calls;
};

FIXTURE_VARIANT(fault) {
	size_t length;		/* of the messages, 4 at least */
	size_t room;		/* mapped bytes at the start of the buffer */
	bool read_only;		/* the buffer can be read, but not written */
};

FIXTURE_VARIANT_ADD(fault, short_into_nothing) { .length = 4 };
FIXTURE_VARIANT_ADD(fault, short_into_read_only) { .length = 4, .room = 4, .read_only = true };
FIXTURE_VARIANT_ADD(fault, short_into_a_part) { .length = 64, .room = 60 };
FIXTURE_VARIANT_ADD(fault, long_into_nothing) { .length = 60000 };

FIXTURE_VARIANT_ADD(fault, long_into_read_only) {
	.length = 20000, .room = 64, .read_only = true
};

FIXTURE_VARIANT_ADD(fault, long_into_a_part) { .length = 60000, .room = 4096 };

FIXTURE_SETUP(fault)
{
	self->page = sysconf(_SC_PAGESIZE);
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->fd = mailbox_new(self->dev, .max_messages = 3);
	ASSERT_GE(self->fd, 0);
	self->calls = calls_alloc(3);
	self->map = mmap(NULL, 32 * self->page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->map);
	ASSERT_EQ(0, munmap(self->map + self->page, 31 * self->page));
	if (variant->read_only)
		ASSERT_EQ(0, mprotect(self->map, self->page, PROT_READ));
}

FIXTURE_TEARDOWN(fault)
{
	close(self->fd);
	close(self->dev);
}

/* Bad as a place to put a message of the variant's length. */
static struct ipcmbox_recv bad_recv(FIXTURE_DATA(fault) *self,
				    const FIXTURE_VARIANT(fault) *variant)
{
	return (struct ipcmbox_recv){
		.buf_ptr = ptr_u64(self->map + self->page - variant->room),
		.buf_len = variant->length,
	};
}

static void prepare(FIXTURE_DATA(fault) *self, struct call *call, char *buf, size_t length,
		    __u32 priority, __u32 seed)
{
	fill_pattern(buf, length, seed);
	send_prepare(call, self->fd, .buf_ptr = ptr_u64(buf), .buf_len = length,
		     .priority = priority);
}

static bool receive_intact(int fd, size_t length, __u32 seed)
{
	char *buf = malloc(length);
	bool ok = message_recv(fd, .buf_ptr = ptr_u64(buf), .buf_len = length,
			       .flags = IPCMBOX_NONBLOCK) == length &&
		  check_pattern(buf, length, seed);

	free(buf);
	return ok;
}

TEST_F(fault, queued_messages_keep_their_order)
{
	static const __u32 priorities[] = { 5, 9, 5 };
	static const int order[] = { 1, 0, 2 };
	char *buf = malloc(variant->length);
	int i, attempt;

	for (i = 0; i < 3; i++) {
		prepare(self, self->calls, buf, variant->length, priorities[i], i);
		ASSERT_EQ(0, mailbox_send(self->fd, &self->calls->send));
	}
	free(buf);
	for (i = 0; i < 3; i++) {
		for (attempt = 0; attempt < 3; attempt++) {
			struct ipcmbox_recv recv = bad_recv(self, variant);
			struct ipcmbox_info info;

			recv.flags = attempt == 1 ? IPCMBOX_PEEK : 0;
			EXPECT_EQ(-EFAULT, mailbox_recv(self->fd, &recv));
			info = mailbox_info(self->fd);
			EXPECT_EQ(3 - i, info.messages);
			EXPECT_EQ((3 - i) * variant->length, info.bytes);
			EXPECT_EQ(0, info.receiving);
			EXPECT_EQ(i, info.received);
		}
		EXPECT_TRUE(receive_intact(self->fd, variant->length, order[i]));
	}
	EXPECT_TRUE(mailbox_balanced(self->fd));
}

TEST_F(fault, read)
{
	struct ipcmbox_recv recv = bad_recv(self, variant);
	char *buf = malloc(variant->length);

	prepare(self, self->calls, buf, variant->length, 0, 1);
	ASSERT_EQ(0, mailbox_send(self->fd, &self->calls->send));
	EXPECT_EQ(-1, read(self->fd, (void *)(uintptr_t)recv.buf_ptr, recv.buf_len));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_TRUE(receive_intact(self->fd, variant->length, 1));
	free(buf);
}

/* Its place may have been given away meanwhile; it is taken back all the same. */
TEST_F(fault, full_mailbox_takes_it_back)
{
	struct ipcmbox_recv recv = bad_recv(self, variant);
	char *buf = malloc(variant->length);
	int i;

	for (i = 0; i < 3; i++) {
		prepare(self, self->calls, buf, variant->length, 0, i);
		ASSERT_EQ(0, mailbox_send(self->fd, &self->calls->send));
	}
	prepare(self, self->calls, buf, variant->length, 0, 3);
	call_start(self->calls);
	ASSERT_TRUE(await_senders(self->fd, 1));
	/* The blocked sender got the place; nobody gets another before it is there again. */
	EXPECT_EQ(-EFAULT, mailbox_recv(self->fd, &recv));
	EXPECT_EQ(0, call_join(self->calls));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(-EFAULT, mailbox_recv(self->fd, &recv));
		EXPECT_EQ(4, mailbox_info(self->fd).messages);
		EXPECT_EQ(-EAGAIN, put(self->fd, 0, 9));
	}
	EXPECT_TRUE(receive_intact(self->fd, variant->length, 0));
	EXPECT_EQ(-EAGAIN, put(self->fd, 0, 9));
	for (i = 1; i <= 3; i++)
		EXPECT_TRUE(receive_intact(self->fd, variant->length, i));
	free(buf);
}

/* It waits for the receipt, and there was none. */
TEST_F(fault, rendezvous_sender_waits_for_its_receipt)
{
	struct ipcmbox_recv recv = bad_recv(self, variant);
	char *buf = malloc(variant->length);
	int i;

	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_MAX_MESSAGES));
	prepare(self, self->calls, buf, variant->length, 0, 1);
	self->calls->send.completion = IPCMBOX_RECEIVED;
	call_start(self->calls);
	ASSERT_TRUE(await_senders(self->fd, 1));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(-EFAULT, mailbox_recv(self->fd, &recv));
		EXPECT_EQ(1, mailbox_info(self->fd).waiting_senders);
		EXPECT_EQ(0, self->calls->done);
	}
	EXPECT_TRUE(receive_intact(self->fd, variant->length, 1));
	EXPECT_EQ(0, call_join(self->calls));
	EXPECT_TRUE(mailbox_balanced(self->fd));
	free(buf);
}

/* It was handed over, which is all its sender waited for, and stays for the next receiver. */
TEST_F(fault, rendezvous_sender_is_done)
{
	struct ipcmbox_recv recv = bad_recv(self, variant);
	char *buf = malloc(variant->length);
	struct ipcmbox_info info;
	int i;

	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_MAX_MESSAGES));
	prepare(self, self->calls, buf, variant->length, 0, 1);
	call_start(self->calls);
	ASSERT_TRUE(await_senders(self->fd, 1));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(-EFAULT, mailbox_recv(self->fd, &recv));
		if (!i)
			EXPECT_EQ(0, call_join(self->calls));
		info = mailbox_info(self->fd);
		EXPECT_EQ(0, info.waiting_senders);
		EXPECT_EQ(1, info.messages);
		EXPECT_EQ(1, info.sent);
		EXPECT_EQ(0, info.receiving | info.received);
		EXPECT_LE(info.peak_messages, 1);
		EXPECT_EQ(-EAGAIN, put(self->fd, 9, 0)) TH_LOG("there is no room for another");
	}
	EXPECT_TRUE(receive_intact(self->fd, variant->length, 1));
	EXPECT_EQ(-EAGAIN, take(self->fd)) TH_LOG("received twice");
	EXPECT_EQ(1, mailbox_info(self->fd).received);
	EXPECT_TRUE(mailbox_balanced(self->fd));
	free(buf);
}

/* Taken for its priority while the mailbox was full: now it is one message fuller. */
TEST_F(fault, full_mailbox_gets_fuller)
{
	struct ipcmbox_recv recv = bad_recv(self, variant);
	char *buf = malloc(variant->length);
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, put(self->fd, 1, i));
	prepare(self, self->calls, buf, variant->length, 5, 7);
	call_start(self->calls);
	ASSERT_TRUE(await_senders(self->fd, 1));
	recv.min_priority = 5;
	EXPECT_EQ(-EFAULT, mailbox_recv(self->fd, &recv));
	EXPECT_EQ(0, call_join(self->calls));
	EXPECT_EQ(4, mailbox_info(self->fd).messages);
	EXPECT_EQ(0, mailbox_info(self->fd).waiting_senders);
	EXPECT_TRUE(mailbox_balanced(self->fd));
	EXPECT_TRUE(receive_intact(self->fd, variant->length, 7));
	EXPECT_EQ(-EAGAIN, put(self->fd, 1, 3)) TH_LOG("that only made it full");
	for (i = 0; i < 3; i++)
		EXPECT_EQ(i, take(self->fd));
	EXPECT_EQ(-EAGAIN, take(self->fd));
	EXPECT_TRUE(mailbox_balanced(self->fd));
	free(buf);
}

TEST_F(fault, sender_still_waits_for_its_receipt)
{
	struct ipcmbox_recv recv = bad_recv(self, variant);
	char *buf = malloc(variant->length);

	prepare(self, self->calls, buf, variant->length, 0, 1);
	self->calls->send.completion = IPCMBOX_RECEIVED;
	call_start(self->calls);
	ASSERT_TRUE(await_senders(self->fd, 1));
	EXPECT_EQ(-EFAULT, mailbox_recv(self->fd, &recv));
	EXPECT_EQ(1, mailbox_info(self->fd).waiting_senders);
	EXPECT_EQ(1, mailbox_info(self->fd).messages);
	EXPECT_TRUE(receive_intact(self->fd, variant->length, 1));
	EXPECT_EQ(0, call_join(self->calls));
	free(buf);
}

/* It is found out only when the message comes, and the next in turn gets that. */
TEST_F(fault, of_a_waiting_receiver)
{
	struct call *bad = &self->calls[0], *good = &self->calls[1], *send = &self->calls[2];
	struct ipcmbox_recv recv = bad_recv(self, variant);
	char *buf = malloc(variant->length), *room = malloc(variant->length);

	call_prepare_recv(bad, self->fd, &recv);
	call_start(bad);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	recv_start(good, self->fd, .buf_ptr = ptr_u64(room), .buf_len = variant->length);
	ASSERT_TRUE(await_receivers(self->fd, 2));
	prepare(self, send, buf, variant->length, 0, 7);
	ASSERT_EQ(0, mailbox_send(self->fd, &send->send));
	EXPECT_EQ(-EFAULT, call_join(bad));
	EXPECT_EQ(variant->length, call_join(good));
	EXPECT_TRUE(check_pattern(room, variant->length, 7));
	EXPECT_EQ(1, mailbox_info(self->fd).received);
	EXPECT_TRUE(mailbox_balanced(self->fd));
	free(buf);
	free(room);
}

/* A rendezvous sender that wants a receipt gets it of the second receiver. */
TEST_F(fault, of_a_waiting_rendezvous_receiver)
{
	struct call *bad = &self->calls[0], *send = &self->calls[1];
	struct ipcmbox_recv recv = bad_recv(self, variant);
	char *buf = malloc(variant->length);

	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_MAX_MESSAGES));
	call_prepare_recv(bad, self->fd, &recv);
	call_start(bad);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	prepare(self, send, buf, variant->length, 0, 7);
	send->send.completion = IPCMBOX_RECEIVED;
	call_start(send);
	EXPECT_EQ(-EFAULT, call_join(bad));
	ASSERT_TRUE(await_senders(self->fd, 1));
	EXPECT_TRUE(receive_intact(self->fd, variant->length, 7));
	EXPECT_EQ(0, call_join(send));
	EXPECT_TRUE(mailbox_balanced(self->fd));
	free(buf);
}

/* Payload that can be read only in part. */
TEST_F(fault, send)
{
	struct ipcmbox_recv bad = bad_recv(self, variant);
	struct ipcmbox_query before, after;
	struct ipcmbox_info info;

	if (variant->read_only)
		bad.buf_ptr = ptr_u64(self->map + self->page);
	ASSERT_EQ(0, query_budget(self->dev, &before));
	EXPECT_EQ(-EFAULT, message_send(self->fd, .buf_ptr = bad.buf_ptr, .buf_len = bad.buf_len));
	EXPECT_EQ(-1, write(self->fd, (void *)(uintptr_t)bad.buf_ptr, bad.buf_len));
	EXPECT_EQ(EFAULT, errno);
	info = mailbox_info(self->fd);
	EXPECT_EQ(0, info.sent | info.messages | info.withdrawn);
	EXPECT_EQ(-EAGAIN, take(self->fd));
	ASSERT_EQ(0, query_budget(self->dev, &after));
	EXPECT_EQ(before.user_messages, after.user_messages);
	EXPECT_EQ(before.user_bytes, after.user_bytes);
}

/* Memory that is there as soon as it is written to is good memory. */
TEST_F(fault, fresh_buffer_is_good)
{
	char *buf = malloc(variant->length), *fresh;
	size_t size = 32 * self->page;
	int i;

	fresh = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, fresh);
	for (i = 0; i < 2; i++) {
		char *at = fresh + (i ? self->page - 2 : 0);

		ASSERT_EQ(0, madvise(fresh, size, MADV_DONTNEED));
		prepare(self, self->calls, buf, variant->length, 0, i);
		ASSERT_EQ(0, mailbox_send(self->fd, &self->calls->send));
		EXPECT_EQ(variant->length, message_recv(self->fd, .buf_ptr = ptr_u64(at),
							.buf_len = variant->length));
		EXPECT_TRUE(check_pattern(at, variant->length, i));
	}
	munmap(fresh, size);
	free(buf);
}

/* So is what a stack grows into. */
TEST_F(fault, below_a_stack_is_good)
{
	char *buf = malloc(variant->length), *room, *stack;
	size_t size = 4 << 20;
	int i;

	/* Far from all other mappings, as the kernel wants it before it lets a stack grow. */
	room = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, room);
	ASSERT_EQ(0, munmap(room, size));
	stack = mmap(room + size - self->page, self->page, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED, -1, 0);
	ASSERT_NE(MAP_FAILED, stack);
	for (i = 0; i < 2; i++) {
		/* Just below its start, and across what is its start by now. */
		stack -= i ? self->page : variant->length;
		prepare(self, self->calls, buf, variant->length, 0, i);
		ASSERT_EQ(0, mailbox_send(self->fd, &self->calls->send));
		ASSERT_EQ(variant->length, message_recv(self->fd, .buf_ptr = ptr_u64(stack),
							.buf_len = variant->length));
		EXPECT_TRUE(check_pattern(stack, variant->length, i));
	}
	ASSERT_EQ(variant->length, write(self->fd, stack, variant->length));
	stack -= self->page;
	EXPECT_EQ(variant->length, read(self->fd, stack, variant->length));
	EXPECT_TRUE(check_pattern(stack, variant->length, 1));
	munmap(room, size);
	free(buf);
}

/* The zero page of untouched memory is payload, too. */
TEST_F(fault, fresh_payload_is_zeros)
{
	size_t size = 32 * self->page, i;
	char *fresh = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *buf = malloc(variant->length);

	ASSERT_NE(MAP_FAILED, fresh);
	memset(buf, POISON, variant->length);
	ASSERT_EQ(0, message_send(self->fd, .buf_ptr = ptr_u64(fresh), .buf_len = variant->length));
	ASSERT_EQ(variant->length, message_recv(self->fd, .buf_ptr = ptr_u64(buf),
						.buf_len = variant->length));
	for (i = 0; i < variant->length; i++)
		ASSERT_EQ(0, buf[i]);
	munmap(fresh, size);
	free(buf);
}

/*
 * Arguments that cannot be read or written, in whole or in part
 */

static int errno_of(long ret)
{
	return ret < 0 ? -errno : ret;
}

FIXTURE(argument) {
	int dev, fd;
	size_t page;
	char *hole;		/* where the mapped page ends */
};

FIXTURE_SETUP(argument)
{
	char *map;

	self->page = sysconf(_SC_PAGESIZE);
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->fd = mailbox_new(self->dev, .max_messages = 3);
	ASSERT_GE(self->fd, 0);
	map = mmap(NULL, 2 * self->page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		   -1, 0);
	ASSERT_NE(MAP_FAILED, map);
	self->hole = map + self->page;
	ASSERT_EQ(0, munmap(self->hole, self->page));
}

FIXTURE_TEARDOWN(argument)
{
	munmap(self->hole - self->page, self->page);
	close(self->fd);
	close(self->dev);
}

/* As far as they are there they are right; nothing is sent, or received. */
TEST_F(argument, that_cannot_be_read)
{
	const unsigned long sends[] = {
		IPCMBOX_IOC_SEND_V0, IPCMBOX_IOC_SEND, IPCMBOX_IOC_SENDV,
	};
	const unsigned long recvs[] = {
		IPCMBOX_IOC_RECV_V0, IPCMBOX_IOC_RECV, IPCMBOX_IOC_RECVV,
	};
	size_t there;
	int i;

	ASSERT_EQ(0, put(self->fd, 0, 1));
	for (i = 0; i < ARRAY_SIZE(sends); i++) {
		for (there = 0; there < _IOC_SIZE(sends[i]); there += 8) {
			memset(self->hole - there, 0, there);
			EXPECT_EQ(-EFAULT,
				  errno_of(ioctl(self->fd, sends[i], self->hole - there)));
		}
		for (there = 0; there < 16; there += 8)
			EXPECT_EQ(-EFAULT,
				  errno_of(ioctl(self->fd, recvs[i], self->hole - there)));
	}
	EXPECT_EQ(1, mailbox_info(self->fd).sent);
	EXPECT_EQ(1, take(self->fd));
}

/* The message is received as soon as there is a place to tell so. */
TEST_F(argument, that_cannot_be_written)
{
	struct ipcmbox_recv *recv = (void *)(self->hole - sizeof(*recv));
	char *start = self->hole - self->page;
	__u32 number;

	ASSERT_EQ(0, put(self->fd, 0, 1));
	*recv = (struct ipcmbox_recv){ .buf_ptr = ptr_u64(&number), .buf_len = 4 };
	ASSERT_EQ(0, mprotect(start, self->page, PROT_READ));
	EXPECT_EQ(-EFAULT, errno_of(ioctl(self->fd, IPCMBOX_IOC_RECV_V0, recv)));
	EXPECT_EQ(-EFAULT, errno_of(ioctl(self->fd, IPCMBOX_IOC_RECV, recv)));
	EXPECT_EQ(1, mailbox_info(self->fd).messages);
	ASSERT_EQ(0, mprotect(start, self->page, PROT_READ | PROT_WRITE));
	EXPECT_EQ(4, errno_of(ioctl(self->fd, IPCMBOX_IOC_RECV, recv)));
	EXPECT_EQ(0, mailbox_info(self->fd).messages);
}

/* The first version can be written, and what is behind it cannot. */
TEST_F(argument, that_can_be_written_in_part)
{
	char *map = mmap(NULL, 2 * self->page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct ipcmbox_recv *recv = (void *)(map + self->page - IPCMBOX_RECV_SIZE_V0);
	__u32 number;

	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(0, put(self->fd, 0, 1));
	*recv = (struct ipcmbox_recv){ .buf_ptr = ptr_u64(&number), .buf_len = 4 };
	ASSERT_EQ(0, mprotect(map + self->page, self->page, PROT_READ));
	EXPECT_EQ(-EFAULT, errno_of(ioctl(self->fd, IPCMBOX_IOC_RECV, recv)));
	EXPECT_EQ(1, mailbox_info(self->fd).messages);
	EXPECT_EQ(4, errno_of(ioctl(self->fd, IPCMBOX_IOC_RECV_V0, recv)));
	EXPECT_EQ(0, mailbox_info(self->fd).messages);
	munmap(map, 2 * self->page);
}

/* Plain elements likewise. */
TEST_F(argument, of_a_vector)
{
	struct ipcmbox_part *part = (void *)self->hole;
	struct ipcmbox_vector vector = {
		.array_ptr = ptr_u64(part), .count = 1, .element_size = sizeof(*part),
		.flags = IPCMBOX_VECTOR_PLAIN,
	};
	__u32 number = 5;

	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(-EFAULT, mailbox_sendv(self->fd, &vector));
	EXPECT_EQ(-EFAULT, mailbox_recvv(self->fd, &vector));
	part--;
	*part = (struct ipcmbox_part){ ptr_u64(&number), 4, 0 };
	ASSERT_EQ(0, mprotect(self->hole - self->page, self->page, PROT_READ));
	vector.array_ptr = ptr_u64(part);
	EXPECT_EQ(-EFAULT, mailbox_sendv(self->fd, &vector));
	EXPECT_EQ(-EFAULT, mailbox_recvv(self->fd, &vector));
	EXPECT_EQ(1, mailbox_info(self->fd).messages);
	EXPECT_EQ(1, take(self->fd));
}

TEST_HARNESS_MAIN
