// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who comes first: messages, blocked senders, waiting receivers.
 */
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "ipcmbox_test.h"

#define N	6

FIXTURE(order) {
	int dev, fd;
	struct call *calls;
};

FIXTURE_SETUP(order)
{
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->fd = mailbox_new(self->dev, .max_messages = 1);
	ASSERT_GE(self->fd, 0);
	self->calls = calls_alloc(4 * N);
	ASSERT_NE(NULL, self->calls);
}

FIXTURE_TEARDOWN(order)
{
	close(self->fd);
	close(self->dev);
}

static bool set_capacity(int fd, __u32 capacity)
{
	return mailbox_change(fd, .mask = IPCMBOX_SET_MAX_MESSAGES, .max_messages = capacity) == 0;
}

TEST_F(order, messages_by_priority_then_arrival)
{
	static const __u32 priorities[] = { 5, 0, 9, 5, 9, 0, IPCMBOX_PRIORITY_MAX, 1, 5 };
	static const __u32 expected[] = { 6, 2, 4, 0, 3, 8, 7, 1, 5 };
	__u32 i;

	ASSERT_TRUE(set_capacity(self->fd, 100));
	for (i = 0; i < ARRAY_SIZE(priorities); i++)
		ASSERT_EQ(0, put(self->fd, priorities[i], i));
	for (i = 0; i < ARRAY_SIZE(priorities); i++)
		EXPECT_EQ(expected[i], take(self->fd));
}

/* Against a simple model: an array of counters, one queue for each of 16 priorities. */
TEST_F(order, random_messages)
{
	__u32 put_count[16] = {}, taken[16] = {}, i, n = scaled(3000);
	unsigned int seed = 12345;
	__s64 got, priority;

	ASSERT_TRUE(set_capacity(self->fd, IPCMBOX_UNBOUNDED));
	for (i = 0; i < n; i++) {
		if (rand_r(&seed) % 5 < 3) {
			priority = rand_r(&seed) % 16;
			ASSERT_EQ(0, put(self->fd, priority * 100,
					 priority << 24 | put_count[priority]));
			put_count[priority]++;
			continue;
		}
		for (priority = 15; priority >= 0; priority--) {
			if (put_count[priority] > taken[priority])
				break;
		}
		got = take(self->fd);
		ASSERT_EQ(priority < 0 ? -EAGAIN : priority << 24 | taken[priority], got);
		if (priority >= 0)
			taken[priority]++;
	}
}

TEST_F(order, blocked_senders_by_priority_then_arrival)
{
	static const __u32 priorities[N] = { 1, 3, 1, 7, 3, 0 };
	static const __u32 expected[N] = { 3, 1, 4, 0, 2, 5 };
	__u32 i;

	ASSERT_EQ(0, put(self->fd, 0, 100));
	for (i = 0; i < N; i++) {
		put_start(&self->calls[i], self->fd, priorities[i], i);
		ASSERT_TRUE(await_senders(self->fd, i + 1));
	}
	EXPECT_EQ(100, take(self->fd));
	for (i = 0; i < N; i++) {
		/* Admitted already, while the others still wait. */
		EXPECT_EQ(0, call_join(&self->calls[expected[i]]));
		EXPECT_EQ(N - 1 - i, mailbox_info(self->fd).waiting_senders);
		EXPECT_EQ(expected[i], take(self->fd));
	}
	EXPECT_EQ(-EAGAIN, take(self->fd));
	EXPECT_EQ(N, mailbox_info(self->fd).wakeups);
}

TEST_F(order, rendezvous_senders_by_priority_then_arrival)
{
	static const __u32 priorities[N] = { 1, 3, 1, 7, 3, 0 };
	static const __u32 expected[N] = { 3, 1, 4, 0, 2, 5 };
	__u32 i;

	ASSERT_TRUE(set_capacity(self->fd, 0));
	for (i = 0; i < N; i++) {
		put_start(&self->calls[i], self->fd, priorities[i], i);
		ASSERT_TRUE(await_senders(self->fd, i + 1));
	}
	for (i = 0; i < N; i++) {
		EXPECT_EQ(expected[i], take(self->fd));
		EXPECT_EQ(0, call_join(&self->calls[expected[i]]));
	}
	EXPECT_EQ(N, mailbox_info(self->fd).wakeups);
}

/* A newcomer does not overtake those who wait, unless its message is more important. */
TEST_F(order, nobody_jumps_the_queue)
{
	struct call *first = &self->calls[0], *late = &self->calls[1];

	ASSERT_TRUE(set_capacity(self->fd, 2));
	ASSERT_EQ(0, put(self->fd, 5, 1));
	ASSERT_EQ(0, put(self->fd, 5, 2));
	put_start(first, self->fd, 5, 3);
	ASSERT_TRUE(await_senders(self->fd, 1));
	put_start(late, self->fd, 5, 4);
	ASSERT_TRUE(await_senders(self->fd, 2));
	EXPECT_EQ(1, take(self->fd));
	EXPECT_EQ(0, call_join(first));
	EXPECT_EQ(-EAGAIN, put(self->fd, 5, 5));
	EXPECT_EQ(2, take(self->fd));
	EXPECT_EQ(0, call_join(late));
	EXPECT_EQ(3, take(self->fd));
	EXPECT_EQ(4, take(self->fd));
}

TEST_F(order, receivers_in_order_of_arrival)
{
	__u32 i;

	for (i = 0; i < N; i++) {
		recv_start(&self->calls[i], self->fd);
		ASSERT_TRUE(await_receivers(self->fd, i + 1));
	}
	for (i = 0; i < N; i++) {
		ASSERT_EQ(0, put(self->fd, 0, i));
		EXPECT_EQ(4, call_join(&self->calls[i]));
		EXPECT_EQ(i, call_number(&self->calls[i]));
		EXPECT_EQ(N - 1 - i, mailbox_info(self->fd).waiting_receivers);
	}
}

TEST_F(order, one_message_wakes_one_receiver)
{
	__u32 i;

	for (i = 0; i < N; i++)
		recv_start(&self->calls[i], self->fd);
	ASSERT_TRUE(await_receivers(self->fd, N));
	EXPECT_EQ(0, mailbox_info(self->fd).wakeups);
	for (i = 0; i < N; i++) {
		ASSERT_EQ(0, put(self->fd, 0, i));
		EXPECT_EQ(i + 1, mailbox_info(self->fd).wakeups);
		EXPECT_EQ(N - 1 - i, mailbox_info(self->fd).waiting_receivers);
	}
	for (i = 0; i < N; i++)
		EXPECT_EQ(4, call_join(&self->calls[i]));
	EXPECT_EQ(N, mailbox_info(self->fd).received);
}

TEST_F(order, one_receive_wakes_one_sender)
{
	__u32 i;

	ASSERT_EQ(0, put(self->fd, 0, 0));
	for (i = 0; i < N; i++)
		put_start(&self->calls[i], self->fd, 0, 1);
	ASSERT_TRUE(await_senders(self->fd, N));
	for (i = 0; i < N; i++) {
		EXPECT_LE(0, take(self->fd));
		EXPECT_EQ(i + 1, mailbox_info(self->fd).wakeups);
		EXPECT_EQ(N - 1 - i, mailbox_info(self->fd).waiting_senders);
	}
	for (i = 0; i < N; i++)
		EXPECT_EQ(0, call_join(&self->calls[i]));
}

/* The calls that waited in between are gone without a trace. */
TEST_F(order, receivers_that_give_up_lose_nothing)
{
	__u32 i;

	for (i = 0; i < N; i++) {
		recv_start(&self->calls[i], self->fd, .flags = i & 1 ? IPCMBOX_DEADLINE : 0,
			   .deadline_ns = i & 1 ? now_ns(0) + 30 * NSEC_PER_MSEC : 0);
		if (!(i & 1))
			ASSERT_TRUE(call_await_asleep(&self->calls[i]));
	}
	for (i = 1; i < N; i += 2)
		EXPECT_EQ(-ETIMEDOUT, call_join(&self->calls[i]));
	EXPECT_EQ(N / 2, mailbox_info(self->fd).waiting_receivers);
	for (i = 0; i < N; i += 2) {
		ASSERT_EQ(0, put(self->fd, 0, i));
		EXPECT_EQ(4, call_join(&self->calls[i]));
		EXPECT_EQ(i, call_number(&self->calls[i]));
	}
}

/* Small messages which would fit do not starve the large one that was there before. */
TEST_F(order, large_message_is_not_starved)
{
	struct call *large = &self->calls[0], *small = &self->calls[1];
	int fd = mailbox_new(self->dev, .max_messages = IPCMBOX_UNBOUNDED, .max_bytes = 40,
			     .max_length = 40);
	char buf[40] = "";
	int i;

	ASSERT_GE(fd, 0);
	for (i = 0; i < 10; i++)
		ASSERT_EQ(0, put(fd, 0, i));
	send_start(large, fd, .buf_ptr = ptr_u64(buf), .buf_len = 40);
	ASSERT_TRUE(await_senders(fd, 1));
	put_start(small, fd, 0, 10);
	ASSERT_TRUE(await_senders(fd, 2));
	for (i = 0; i < 9; i++) {
		EXPECT_EQ(i, take(fd));
		EXPECT_EQ(2, mailbox_info(fd).waiting_senders);
		EXPECT_EQ(-EAGAIN, put(fd, 0, 77)) TH_LOG("a later one was let in");
	}
	EXPECT_EQ(9, take(fd));
	EXPECT_EQ(0, call_join(large));
	EXPECT_EQ(40, mailbox_info(fd).bytes);
	EXPECT_EQ(40, message_recv(fd, .buf_ptr = ptr_u64(buf), .buf_len = 40));
	EXPECT_EQ(0, call_join(small));
	EXPECT_EQ(10, take(fd));
	EXPECT_TRUE(mailbox_balanced(fd));
	close(fd);
}

/* One large receive makes room for many small sends. */
TEST_F(order, room_for_many_admits_many)
{
	int fd = mailbox_new(self->dev, .max_messages = IPCMBOX_UNBOUNDED, .max_bytes = 40);
	char buf[40] = "";
	int i;

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, message_send(fd, .buf_ptr = ptr_u64(buf), .buf_len = 40));
	for (i = 0; i < N; i++) {
		put_start(&self->calls[i], fd, 0, i);
		ASSERT_TRUE(await_senders(fd, i + 1));
	}
	EXPECT_EQ(40, message_recv(fd, .buf_ptr = ptr_u64(buf), .buf_len = 40));
	for (i = 0; i < N; i++)
		EXPECT_EQ(0, call_join(&self->calls[i]));
	for (i = 0; i < N; i++)
		EXPECT_EQ(i, take(fd));
	close(fd);
}

/*
 * Many senders, many receivers: nothing lost, doubled or reordered within a sender and priority,
 * and to each receiver all numbers of a priority go up.
 */

#define SENDERS		4
#define RECEIVERS	3
#define PRIORITIES	3

struct item {
	__u32 sender, priority, number;
};

struct party {
	int fd, index;
	__u32 count, completion;
	bool cold;
	/* what this receiver got last of each sender and priority, and how many in all */
	__s64 last[SENDERS][PRIORITIES];
	__u64 sum[SENDERS][PRIORITIES];
	__u32 received;
	__u64 last_seq[PRIORITIES];
};

FIXTURE(stream) {
	int dev, fd;
	struct party *parties;
};

FIXTURE_VARIANT(stream) {
	__u32 capacity;
	__u32 completion;
	bool cold;	/* the receivers' buffers are not there when the messages come */
};

FIXTURE_VARIANT_ADD(stream, rendezvous) { .capacity = 0 };
FIXTURE_VARIANT_ADD(stream, one) { .capacity = 1 };
FIXTURE_VARIANT_ADD(stream, some) { .capacity = 7 };
FIXTURE_VARIANT_ADD(stream, unbounded) { .capacity = IPCMBOX_UNBOUNDED };
FIXTURE_VARIANT_ADD(stream, received) { .capacity = 7, .completion = IPCMBOX_RECEIVED };
FIXTURE_VARIANT_ADD(stream, cold_rendezvous) { .capacity = 0, .cold = true };
FIXTURE_VARIANT_ADD(stream, cold_one) { .capacity = 1, .cold = true };
FIXTURE_VARIANT_ADD(stream, cold_some) { .capacity = 7, .cold = true };
FIXTURE_VARIANT_ADD(stream, cold_unbounded) { .capacity = IPCMBOX_UNBOUNDED, .cold = true };

FIXTURE_VARIANT_ADD(stream, cold_received) {
	.capacity = 7, .completion = IPCMBOX_RECEIVED, .cold = true
};

FIXTURE_SETUP(stream)
{
	size_t size = (SENDERS + RECEIVERS) * sizeof(*self->parties);

	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->fd = mailbox_new(self->dev, .max_messages = variant->capacity);
	ASSERT_GE(self->fd, 0);
	self->parties = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->parties);
}

FIXTURE_TEARDOWN(stream)
{
	close(self->fd);
	close(self->dev);
}

static int sender_body(void *arg)
{
	struct party *party = arg;
	__u32 numbers[PRIORITIES] = {}, i;
	unsigned int seed = party->index;

	for (i = 0; i < party->count; i++) {
		__u32 priority = rand_r(&seed) % PRIORITIES;
		struct item item = { party->index, priority, numbers[priority]++ };
		int ret = message_send(party->fd, .buf_ptr = ptr_u64(&item),
				       .buf_len = sizeof(item), .priority = priority,
				       .completion = party->completion);

		if (ret)
			return 1;
	}
	return 0;
}

/* Until it is told by a message without content that there is no more. */
static int receiver_body(void *arg)
{
	struct party *party = arg;
	size_t page = sysconf(_SC_PAGESIZE);
	struct item item;
	void *room;
	int ret;

	room = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (room == MAP_FAILED)
		return 4;
	for (;;) {
		struct ipcmbox_recv recv = {
			.buf_ptr = ptr_u64(room), .buf_len = sizeof(item),
		};

		if (party->cold && madvise(room, page, MADV_DONTNEED))
			return 5;
		ret = mailbox_recv(party->fd, &recv);
		if (!ret)
			return 0;
		memcpy(&item, room, sizeof(item));
		if (ret != sizeof(item) || recv.priority != item.priority)
			return 1;
		if (item.number <= party->last[item.sender][item.priority])
			return 2;
		if (recv.seq <= party->last_seq[item.priority])
			return 3;
		party->last[item.sender][item.priority] = item.number;
		party->last_seq[item.priority] = recv.seq;
		party->sum[item.sender][item.priority] += item.number + 1;
		party->received++;
	}
}

/* The sum of 1 to n of what all receivers got, and no receiver got any out of order. */
static bool complete(const struct party *receivers, __u32 index, __u32 count)
{
	__u64 numbers[PRIORITIES] = {}, sum;
	unsigned int seed = index;
	__u32 i, j;

	for (i = 0; i < count; i++)
		numbers[rand_r(&seed) % PRIORITIES]++;
	for (i = 0; i < PRIORITIES; i++) {
		for (sum = 0, j = 0; j < RECEIVERS; j++)
			sum += receivers[j].sum[index][i];
		if (sum != numbers[i] * (numbers[i] + 1) / 2)
			return false;
	}
	return true;
}

TEST_F_TIMEOUT(stream, many_to_many, 120)
{
	struct party *senders = self->parties, *receivers = senders + SENDERS;
	pid_t pids[SENDERS + RECEIVERS];
	__u32 count = scaled(400), i, total = 0;

	for (i = 0; i < SENDERS + RECEIVERS; i++) {
		struct party *party = &self->parties[i];

		*party = (struct party){
			.fd = self->fd, .index = i, .count = count,
			.completion = variant->completion, .cold = variant->cold,
		};
		memset(party->last, 0xff, sizeof(party->last));
		pids[i] = child_start(i < SENDERS ? sender_body : receiver_body, party);
	}
	for (i = 0; i < SENDERS; i++)
		EXPECT_EQ(0, child_wait(pids[i]));
	for (i = 0; i < RECEIVERS; i++)
		ASSERT_EQ(0, message_send(self->fd));
	for (i = 0; i < RECEIVERS; i++) {
		EXPECT_EQ(0, child_wait(pids[SENDERS + i]));
		total += receivers[i].received;
	}
	EXPECT_EQ(SENDERS * count, total);
	for (i = 0; i < SENDERS; i++)
		EXPECT_TRUE(complete(receivers, i, count));
	EXPECT_EQ(SENDERS * count + RECEIVERS, mailbox_info(self->fd).received);
	EXPECT_EQ(0, mailbox_info(self->fd).messages);
	EXPECT_TRUE(mailbox_balanced(self->fd));
}

TEST_HARNESS_MAIN
