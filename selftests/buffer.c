// SPDX-License-Identifier: GPL-2.0-only
/*
 * Payload in several pieces (IPCMBOX_IOVEC): gathered from them, scattered over them, and refused
 * whole when one of them is bad.
 */
#include <limits.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "ipcmbox_test.h"

#define MOST	IPCMBOX_IOVEC_MAX
#define MIB	(1U << 20)

FIXTURE(buffer) {
	int dev, fd;
	size_t page;
	char *out, *in;		/* a MiB each, and a byte */
	struct ipcmbox_iovec pieces[MOST + 1];
	struct call *call;
};

FIXTURE_SETUP(buffer)
{
	self->page = sysconf(_SC_PAGESIZE);
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->fd = mailbox_new(self->dev, .max_messages = 4, .max_length = MIB);
	ASSERT_GE(self->fd, 0);
	self->out = malloc(MIB + 1);
	self->in = malloc(MIB + 1);
	self->call = calls_alloc(1);
	ASSERT_TRUE(self->out && self->in && self->call);
	memset(self->in, POISON, MIB + 1);
}

FIXTURE_TEARDOWN(buffer)
{
	close(self->fd);
	close(self->dev);
	free(self->out);
	free(self->in);
}

static int send_pieces(FIXTURE_DATA(buffer) *self, __u32 count)
{
	return message_send(self->fd, .buf_ptr = ptr_u64(self->pieces), .buf_len = count,
			    .flags = IPCMBOX_IOVEC | IPCMBOX_NONBLOCK);
}

static int recv_pieces(FIXTURE_DATA(buffer) *self, __u32 count)
{
	return message_recv(self->fd, .buf_ptr = ptr_u64(self->pieces), .buf_len = count,
			    .flags = IPCMBOX_IOVEC | IPCMBOX_NONBLOCK);
}

static int send_whole(FIXTURE_DATA(buffer) *self, size_t length)
{
	return message_send(self->fd, .buf_ptr = ptr_u64(self->out), .buf_len = length,
			    .flags = IPCMBOX_NONBLOCK);
}

static int recv_whole(FIXTURE_DATA(buffer) *self)
{
	return message_recv(self->fd, .buf_ptr = ptr_u64(self->in), .buf_len = MIB,
			    .flags = IPCMBOX_NONBLOCK);
}

static bool nothing_sent(FIXTURE_DATA(buffer) *self)
{
	struct ipcmbox_info info = mailbox_info(self->fd);

	return !info.sent && !info.messages && !info.withdrawn;
}

/* Uneven pieces of @buf, some of them empty; returns their sum. */
static size_t cut(FIXTURE_DATA(buffer) *self, char *buf, __u32 count)
{
	size_t total = 0, length;
	__u32 i;

	for (i = 0; i < count; i++) {
		length = i % 5 == 3 ? 0 : i * 37 % 101 + 1;
		self->pieces[i] = (struct ipcmbox_iovec){ ptr_u64(buf + total), length };
		total += length;
	}
	return total;
}

TEST_F(buffer, gathers)
{
	size_t length;
	__u32 count;

	for (count = 0; count <= MOST; count++) {
		length = cut(self, self->out, count);
		fill_pattern(self->out, length, count);
		ASSERT_EQ(0, send_pieces(self, count)) TH_LOG("%u pieces", count);
		memset(self->in, POISON, length + 1);
		ASSERT_EQ(length, recv_whole(self));
		ASSERT_TRUE(check_pattern(self->in, length, count)) TH_LOG("%u pieces", count);
		ASSERT_EQ(POISON, (__u8)self->in[length]);
	}
	EXPECT_TRUE(mailbox_balanced(self->fd));
}

TEST_F(buffer, scatters)
{
	size_t length;
	__u32 count;

	for (count = 0; count <= MOST; count++) {
		length = cut(self, self->in, count);
		fill_pattern(self->out, length, count);
		ASSERT_EQ(0, send_whole(self, length));
		memset(self->in, POISON, length + 1);
		ASSERT_EQ(length, recv_pieces(self, count)) TH_LOG("%u pieces", count);
		ASSERT_TRUE(check_pattern(self->in, length, count)) TH_LOG("%u pieces", count);
		ASSERT_EQ(POISON, (__u8)self->in[length]);
	}
	EXPECT_TRUE(mailbox_balanced(self->fd));
}

/* The pieces need not follow each other, nor be in order. */
TEST_F(buffer, pieces_are_apart)
{
	__u32 i;

	for (i = 0; i < 8; i++) {
		self->out[(7 - i) * 10] = 'a' + i;
		self->pieces[i] = (struct ipcmbox_iovec){ ptr_u64(self->out + (7 - i) * 10), 1 };
	}
	ASSERT_EQ(0, send_pieces(self, 8));
	for (i = 0; i < 8; i++)
		self->pieces[i].base = ptr_u64(self->in + i * i);
	ASSERT_EQ(8, recv_pieces(self, 8));
	for (i = 0; i < 8; i++)
		EXPECT_EQ('a' + i, self->in[i * i]);
	EXPECT_EQ(POISON, (__u8)self->in[2]);
}

/* More room than needed is not touched; too little is told, and the message stays. */
TEST_F(buffer, room_is_the_sum)
{
	struct ipcmbox_recv recv = {
		.buf_ptr = ptr_u64(self->pieces), .buf_len = 3, .flags = IPCMBOX_IOVEC,
	};
	int i;

	fill_pattern(self->out, 10, 1);
	ASSERT_EQ(0, send_whole(self, 10));
	for (i = 0; i < 3; i++)
		self->pieces[i] = (struct ipcmbox_iovec){ ptr_u64(self->in + 4 * i), 3 };
	EXPECT_EQ(-EMSGSIZE, mailbox_recv(self->fd, &recv));
	EXPECT_EQ(10, recv.length);
	EXPECT_EQ(IPCMBOX_LIMIT_BUFFER, recv.limit);
	EXPECT_EQ(1, mailbox_info(self->fd).messages);
	for (i = 0; i < 3; i++)
		self->pieces[i] = (struct ipcmbox_iovec){ ptr_u64(self->in + 4 * i), 4 };
	EXPECT_EQ(10, mailbox_recv(self->fd, &recv));
	EXPECT_TRUE(check_pattern(self->in, 10, 1));
	EXPECT_EQ(POISON, (__u8)self->in[10]);
	EXPECT_EQ(POISON, (__u8)self->in[11]);
}

/* A MiB with some GiB of addresses behind it, which there may not be behind others: not on ARM. */
static __u8 *before_much_room(void)
{
	__u8 *map = mmap(NULL, (size_t)5 << 30, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return map == MAP_FAILED || mprotect(map, MIB, PROT_READ | PROT_WRITE) ? NULL : map;
}

TEST_F(buffer, longer_than_the_mailbox_allows)
{
	struct ipcmbox_send send = {
		.buf_ptr = ptr_u64(self->pieces), .buf_len = 2, .flags = IPCMBOX_IOVEC,
	};

	self->pieces[0] = (struct ipcmbox_iovec){ ptr_u64(self->out), MIB };
	self->pieces[1] = (struct ipcmbox_iovec){ ptr_u64(self->out), 1 };
	EXPECT_EQ(-EMSGSIZE, mailbox_send(self->fd, &send));
	EXPECT_EQ(IPCMBOX_LIMIT_LENGTH, send.limit);
	/* Also where 32 bits cannot count it: it must not come out as 4. */
	self->pieces[1].length = 5;
	if (sizeof(long) == 8) {
		__u8 *map = before_much_room();

		ASSERT_NE(NULL, map);
		self->pieces[0] = (struct ipcmbox_iovec){ ptr_u64(map), 0xffffffff };
		EXPECT_EQ(-EMSGSIZE, mailbox_send(self->fd, &send));
		EXPECT_EQ(IPCMBOX_LIMIT_LENGTH, send.limit);
	}
	EXPECT_TRUE(nothing_sent(self));
}

TEST_F(buffer, enormous_room)
{
	__u8 *map;

	if (sizeof(long) < 8)
		SKIP(return, "no such addresses");
	map = before_much_room();
	ASSERT_NE(NULL, map);
	fill_pattern(self->out, 10, 1);
	self->pieces[0] = (struct ipcmbox_iovec){ ptr_u64(map), 4 };
	self->pieces[1] = (struct ipcmbox_iovec){ ptr_u64(map + 4), 1ULL << 32 };
	ASSERT_EQ(0, send_whole(self, 10));
	EXPECT_EQ(10, recv_pieces(self, 2));
	EXPECT_TRUE(check_pattern(map, 10, 1));
}

TEST_F(buffer, too_many_pieces)
{
	cut(self, self->out, MOST + 1);
	EXPECT_EQ(-EINVAL, send_pieces(self, MOST + 1));
	EXPECT_EQ(-EINVAL, send_pieces(self, ~0U));
	EXPECT_TRUE(nothing_sent(self));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(-EINVAL, recv_pieces(self, MOST + 1));
	EXPECT_EQ(-EINVAL, recv_pieces(self, ~0U));
	EXPECT_EQ(1, take(self->fd));
}

TEST_F(buffer, sum_overflows)
{
	static const struct { __u64 a, b; } sums[] = {
		{ 0, 1ULL << 63 }, { 0, ~0ULL }, { 1, (1ULL << 63) - 1 }, { 8, ~0ULL - 7 },
	};
	int i;

	ASSERT_EQ(0, put(self->fd, 0, 1));
	for (i = 0; i < ARRAY_SIZE(sums); i++) {
		self->pieces[0] = (struct ipcmbox_iovec){ ptr_u64(self->in), sums[i].a };
		self->pieces[1] = (struct ipcmbox_iovec){ ptr_u64(self->in), sums[i].b };
		EXPECT_EQ(-EINVAL, send_pieces(self, 2)) TH_LOG("sum %d", i);
		EXPECT_EQ(-EINVAL, recv_pieces(self, 2)) TH_LOG("sum %d", i);
	}
	EXPECT_EQ(1, mailbox_info(self->fd).sent);
	EXPECT_EQ(1, take(self->fd));
}

/* Addresses no process may have memory at, and one where there is none. */
TEST_F(buffer, bad_piece)
{
	char *hole = mmap(NULL, self->page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const __u64 bad[] = { ptr_u64(hole), 8, 0xffff888000000000ULL, 0xffffffffffffff00ULL };
	const __u32 counts[] = { 3, MOST };
	struct ipcmbox_query before, after;
	int i, j;

	ASSERT_NE(MAP_FAILED, hole);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		for (j = 0; j < ARRAY_SIZE(counts); j++) {
			cut(self, self->out, counts[j]);
			self->pieces[1].base = bad[i];
			ASSERT_EQ(0, query_budget(self->dev, &before));
			EXPECT_EQ(-EFAULT, send_pieces(self, counts[j]))
				TH_LOG("%#jx", (uintmax_t)bad[i]);
			EXPECT_EQ(-EAGAIN, take(self->fd));
			ASSERT_EQ(0, query_budget(self->dev, &after));
			EXPECT_EQ(before.user_bytes, after.user_bytes);

			ASSERT_EQ(0, send_whole(self, 50));
			cut(self, self->in, counts[j]);
			self->pieces[1].base = bad[i];
			EXPECT_EQ(-EFAULT, recv_pieces(self, counts[j]))
				TH_LOG("%#jx", (uintmax_t)bad[i]);
			EXPECT_EQ(50, recv_whole(self));
		}
	}
	EXPECT_TRUE(mailbox_balanced(self->fd));
	munmap(hole, self->page);
}

/* A piece the message does not reach is never looked at. */
TEST_F(buffer, bad_piece_beyond_the_message)
{
	char *hole = mmap(NULL, self->page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	self->pieces[0] = (struct ipcmbox_iovec){ ptr_u64(self->in), 10 };
	self->pieces[1] = (struct ipcmbox_iovec){ ptr_u64(hole), 10 };
	fill_pattern(self->out, 10, 3);
	ASSERT_EQ(0, send_whole(self, 10));
	EXPECT_EQ(10, recv_pieces(self, 2));
	EXPECT_TRUE(check_pattern(self->in, 10, 3));
	munmap(hole, self->page);
}

TEST_F(buffer, bad_array)
{
	char *map = mmap(NULL, 2 * self->page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct ipcmbox_iovec *at = (void *)(map + self->page - 2 * sizeof(*at));
	const __u64 bad[] = { 8, 0xffff888000000000ULL, 0xffffffffffffff00ULL };
	int i;

	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(0, munmap(map + self->page, self->page));
	at[0] = (struct ipcmbox_iovec){ ptr_u64(self->out), 2 };
	at[1] = (struct ipcmbox_iovec){ ptr_u64(self->out), 2 };
	EXPECT_EQ(-EFAULT, message_send(self->fd, .buf_ptr = ptr_u64(at), .buf_len = 3,
					.flags = IPCMBOX_IOVEC));
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(-EFAULT, message_send(self->fd, .buf_ptr = bad[i], .buf_len = 1,
						.flags = IPCMBOX_IOVEC));
	EXPECT_TRUE(nothing_sent(self));
	EXPECT_EQ(0, message_send(self->fd, .buf_ptr = ptr_u64(at), .buf_len = 2,
				  .flags = IPCMBOX_IOVEC));
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(-EFAULT, message_recv(self->fd, .buf_ptr = bad[i], .buf_len = 1,
						.flags = IPCMBOX_IOVEC));
	EXPECT_EQ(4, recv_whole(self));
	munmap(map, self->page);
}

/* A MiB in 64 odd pieces, into memory that was never touched. */
TEST_F(buffer, mebibyte)
{
	size_t size = MIB / MOST + 2 * self->page, total = 0, length;
	char *map = mmap(NULL, MOST * size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int i, round;

	ASSERT_NE(MAP_FAILED, map);
	for (i = 0; i < MOST; i++) {
		length = i == MOST - 1 ? MIB - total : MIB / MOST + (i % 2 ? 13 : -13);
		self->pieces[i] = (struct ipcmbox_iovec){ ptr_u64(map + i * size + i), length };
		total += length;
	}
	for (round = 0; round < 3; round++) {
		fill_pattern(self->out, MIB, round);
		ASSERT_EQ(0, send_whole(self, MIB));
		ASSERT_EQ(0, madvise(map, MOST * size, MADV_DONTNEED));
		ASSERT_EQ(MIB, recv_pieces(self, MOST));
		ASSERT_EQ(0, send_pieces(self, MOST));
		memset(self->in, POISON, MIB + 1);
		ASSERT_EQ(MIB, recv_whole(self));
		EXPECT_TRUE(check_pattern(self->in, MIB, round));
		EXPECT_EQ(POISON, (__u8)self->in[MIB]);
	}
	munmap(map, MOST * size);
}

/* The pieces are read when the receive begins, and used when the message comes. */
TEST_F(buffer, of_a_waiting_receiver)
{
	size_t length = cut(self, self->in, MOST);

	recv_start(self->call, self->fd, .buf_ptr = ptr_u64(self->pieces), .buf_len = MOST,
		   .flags = IPCMBOX_IOVEC);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	memset(self->pieces, POISON, sizeof(self->pieces));
	fill_pattern(self->out, length, 7);
	ASSERT_EQ(0, send_whole(self, length));
	EXPECT_EQ(length, call_join(self->call));
	EXPECT_TRUE(check_pattern(self->in, length, 7));
}

TEST_F(buffer, of_a_waiting_sender)
{
	size_t length = cut(self, self->out, MOST);

	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_MAX_MESSAGES));
	fill_pattern(self->out, length, 7);
	send_start(self->call, self->fd, .buf_ptr = ptr_u64(self->pieces), .buf_len = MOST,
		   .flags = IPCMBOX_IOVEC, .completion = IPCMBOX_RECEIVED);
	ASSERT_TRUE(await_senders(self->fd, 1));
	memset(self->pieces, POISON, sizeof(self->pieces));
	memset(self->out, POISON, length);
	EXPECT_EQ(length, recv_whole(self));
	EXPECT_TRUE(check_pattern(self->in, length, 7));
	EXPECT_EQ(0, call_join(self->call));
}

TEST_F(buffer, peek)
{
	size_t length = cut(self, self->in, 9);

	fill_pattern(self->out, length, 5);
	ASSERT_EQ(0, send_whole(self, length));
	EXPECT_EQ(length, message_recv(self->fd, .buf_ptr = ptr_u64(self->pieces), .buf_len = 9,
				       .flags = IPCMBOX_IOVEC | IPCMBOX_PEEK));
	EXPECT_TRUE(check_pattern(self->in, length, 5));
	memset(self->in, POISON, length);
	EXPECT_EQ(length, recv_pieces(self, 9));
	EXPECT_TRUE(check_pattern(self->in, length, 5));
}

TEST_F(buffer, call_and_reply)
{
	size_t length = cut(self, self->out, MOST);
	struct ipcmbox_iovec rooms[3] = {
		{ ptr_u64(self->in), 7 }, { ptr_u64(self->in + 7), 0 },
		{ ptr_u64(self->in + 7), 20000 },
	};
	struct ipcmbox_recv recv = {
		.buf_ptr = ptr_u64(self->in), .buf_len = MIB, .events = 0,
	};
	struct ipcmbox_reply reply = {
		.buf_ptr = ptr_u64(self->pieces), .buf_len = MOST, .flags = IPCMBOX_IOVEC,
	};

	fill_pattern(self->out, length, 1);
	call_prepare(self->call, self->fd, .buf_ptr = ptr_u64(self->pieces), .buf_len = MOST,
		     .reply_ptr = ptr_u64(rooms), .reply_len = 3, .flags = IPCMBOX_IOVEC);
	call_start(self->call);
	ASSERT_EQ(length, mailbox_receive(self->fd, &recv));
	EXPECT_TRUE(check_pattern(self->in, length, 1));
	fill_pattern(self->out, length, 2);
	reply.token = recv.token;
	self->pieces[MOST - 1].length = MIB;
	EXPECT_EQ(-EMSGSIZE, mailbox_reply(self->fd, &reply));
	EXPECT_EQ(IPCMBOX_LIMIT_LENGTH, reply.limit);
	self->pieces[MOST - 1].length = 0;
	self->pieces[3].base = 8;
	EXPECT_EQ(0, mailbox_reply(self->fd, &reply)) TH_LOG("that piece is empty");
	length = call_join(self->call);
	EXPECT_TRUE(check_pattern(self->in, length, 2));
	EXPECT_EQ(length, self->call->call.reply_length);
	EXPECT_LT(1000, length);
}

TEST_HARNESS_MAIN
