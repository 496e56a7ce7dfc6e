// SPDX-License-Identifier: GPL-2.0-only
/*
 * Long messages whose senders wait: the receiver reads them from the pages of the sender. A sender
 * that changes its memory while it waits shows where a message lies.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "call_test.h"
#include "uffd_test.h"

/* Longer than the shortest loan; and what a message would be copied at. */
#define LONG	(64U << 10)
#define SHORT	4096U

FIXTURE(loan) {
	int dev, fd;
	size_t page;
	char *out, *in;
	struct call *call;
	struct ipcmbox_query before;
	long pins;
};

/* Pages pinned and not unpinned in the whole system, by the kernel's own counters. */
static long pinned_pages(void)
{
	long acquired = 0, released = 0, value;
	char name[64];
	FILE *file;

	/* Each CPU counts for itself, until it is asked to tell. */
	write_file("/proc/sys/vm/stat_refresh", "1");
	file = fopen("/proc/vmstat", "re");
	while (file && fscanf(file, "%63s %ld", name, &value) == 2) {
		if (!strcmp(name, "nr_foll_pin_acquired"))
			acquired = value;
		if (!strcmp(name, "nr_foll_pin_released"))
			released = value;
	}
	if (file)
		fclose(file);
	return acquired - released;
}

static bool await_pinned_pages(long pages)
{
	__u64 end = now_ns(IPCMBOX_CLOCK_MONOTONIC) + PATIENCE_NS;

	while (pinned_pages() != pages) {
		if (now_ns(IPCMBOX_CLOCK_MONOTONIC) > end) {
			fprintf(stderr, "# %ld pages are pinned\n", pinned_pages() - pages);
			return false;
		}
		usleep(1000);
	}
	return true;
}

static char *map_memory(size_t size, int flags)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
}

FIXTURE_SETUP(loan)
{
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	ASSERT_EQ(0, query_budget(self->dev, &self->before));
	self->fd = mailbox_new(self->dev, .max_messages = 8, .max_length = IPCMBOX_LENGTH_MAX);
	ASSERT_GE(self->fd, 0);
	self->page = sysconf(_SC_PAGESIZE);
	self->out = map_memory(IPCMBOX_LENGTH_MAX, MAP_PRIVATE);
	self->in = map_memory(IPCMBOX_LENGTH_MAX, MAP_PRIVATE);
	self->call = calls_alloc(2);
	ASSERT_TRUE(self->call);
	ASSERT_TRUE(self->out != MAP_FAILED && self->in != MAP_FAILED);
	fill_pattern(self->out, LONG, 1);
	self->pins = pinned_pages();
}

FIXTURE_TEARDOWN(loan)
{
	EXPECT_TRUE(is_at_rest(self->fd));
	EXPECT_TRUE(await_pinned_pages(self->pins));
	EXPECT_TRUE(is_even(self->dev, &self->before));
	close(self->fd);
	close(self->dev);
}

static void start(FIXTURE_DATA(loan) *self, const void *buf, __u32 length, __u32 completion)
{
	send_start(self->call, self->fd, .buf_ptr = ptr_u64(buf), .buf_len = length,
		   .completion = completion);
}

static int get(FIXTURE_DATA(loan) *self)
{
	memset(self->in, 0xcc, LONG);
	return message_recv(self->fd, .buf_ptr = ptr_u64(self->in),
			    .buf_len = IPCMBOX_LENGTH_MAX);
}

TEST_F(loan, long_messages_of_who_waits_are_lent)
{
	start(self, self->out, LONG, IPCMBOX_RECEIVED);
	ASSERT_TRUE(await_senders(self->fd, 1));
	fill_pattern(self->out, LONG, 2);
	ASSERT_EQ(LONG, get(self));
	EXPECT_TRUE(check_pattern(self->in, LONG, 2));
	EXPECT_EQ(0, call_join(self->call));

	start(self, self->out, LONG, IPCMBOX_HANDLED);
	ASSERT_TRUE(await_senders(self->fd, 1));
	fill_pattern(self->out, LONG, 3);
	ASSERT_EQ(LONG, get(self));
	EXPECT_TRUE(check_pattern(self->in, LONG, 3));
	EXPECT_EQ(0, call_join(self->call));
}

TEST_F(loan, others_are_copied_at_once)
{
	struct ipcmbox_iovec parts[] = {
		{ ptr_u64(self->out), LONG / 2 }, { ptr_u64(self->out + LONG / 2), LONG / 2 },
	};

	start(self, self->out, SHORT, IPCMBOX_RECEIVED);
	ASSERT_TRUE(await_senders(self->fd, 1));
	ASSERT_EQ(0, message_send(self->fd, .buf_ptr = ptr_u64(self->out), .buf_len = LONG));
	fill_pattern(self->out, LONG, 2);
	ASSERT_EQ(SHORT, get(self));
	EXPECT_TRUE(check_pattern(self->in, SHORT, 1));
	EXPECT_EQ(0, call_join(self->call));
	ASSERT_EQ(LONG, get(self));
	EXPECT_TRUE(check_pattern(self->in, LONG, 1));

	send_start(self->call, self->fd, .buf_ptr = ptr_u64(parts), .buf_len = 2,
		   .flags = IPCMBOX_IOVEC, .completion = IPCMBOX_RECEIVED);
	ASSERT_TRUE(await_senders(self->fd, 1));
	fill_pattern(self->out, LONG, 3);
	ASSERT_EQ(LONG, get(self));
	EXPECT_TRUE(check_pattern(self->in, LONG, 2));
	EXPECT_EQ(0, call_join(self->call));
}

TEST_F(loan, any_length_from_and_to_anywhere)
{
	const __u32 lengths[] = {
		8191, 8192, 8193, 16383, 16384, 16385, 20481, LONG - 1, LONG + 1, (1U << 20) + 17,
		IPCMBOX_LENGTH_MAX - 4096,
	};
	const unsigned int offsets[] = { 0, 1, 8, 4093, 4095 };
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		for (j = 0; j < ARRAY_SIZE(offsets); j++) {
			char *out = self->out + offsets[j];
			char *in = self->in + offsets[ARRAY_SIZE(offsets) - 1 - j];

			fill_pattern(out, lengths[i], i + j);
			start(self, out, lengths[i], IPCMBOX_RECEIVED);
			ASSERT_EQ(lengths[i], message_recv(self->fd, .buf_ptr = ptr_u64(in),
							   .buf_len = lengths[i]));
			ASSERT_EQ(0, call_join(self->call));
			ASSERT_TRUE(check_pattern(in, lengths[i], i + j))
				TH_LOG("%u bytes from %u", lengths[i], offsets[j]);
		}
	}
}

TEST_F(loan, into_pieces)
{
	const __u32 length = 3 * LONG + 17;
	struct ipcmbox_iovec parts[] = {
		{ ptr_u64(self->in), 5 }, { ptr_u64(self->in + 5), LONG },
		{ ptr_u64(self->in + 5 + LONG), 0 },
		{ ptr_u64(self->in + 5 + LONG), 2 * LONG + 12 },
	};
	struct ipcmbox_iovec hole[] = { parts[0], { 8, length } };

	fill_pattern(self->out, length, 1);
	start(self, self->out, length, IPCMBOX_RECEIVED);
	ASSERT_TRUE(await_senders(self->fd, 1));
	fill_pattern(self->out, length, 2);
	EXPECT_EQ(-EFAULT, message_recv(self->fd, .buf_ptr = ptr_u64(hole), .buf_len = 2,
					.flags = IPCMBOX_IOVEC));
	memset(self->in, 0xcc, length);
	ASSERT_EQ(length, message_recv(self->fd, .buf_ptr = ptr_u64(parts),
				       .buf_len = ARRAY_SIZE(parts), .flags = IPCMBOX_IOVEC));
	EXPECT_TRUE(check_pattern(self->in, length, 2));
	EXPECT_EQ(0, call_join(self->call));
}

TEST_F(loan, memory_of_every_kind)
{
	char *shared = map_memory(LONG, MAP_SHARED);
	char *constant = map_memory(LONG, MAP_PRIVATE);
	char *untouched = map_memory(LONG, MAP_PRIVATE);
	char zeroes[64] = {};

	ASSERT_TRUE(shared != MAP_FAILED && constant != MAP_FAILED && untouched != MAP_FAILED);
	fill_pattern(shared, LONG, 4);
	fill_pattern(constant, LONG, 5);
	ASSERT_EQ(0, mprotect(constant, LONG, PROT_READ));

	start(self, shared, LONG, IPCMBOX_RECEIVED);
	ASSERT_EQ(LONG, get(self));
	EXPECT_TRUE(check_pattern(self->in, LONG, 4));
	EXPECT_EQ(0, call_join(self->call));
	start(self, constant, LONG, IPCMBOX_RECEIVED);
	ASSERT_EQ(LONG, get(self));
	EXPECT_TRUE(check_pattern(self->in, LONG, 5));
	EXPECT_EQ(0, call_join(self->call));
	start(self, untouched, LONG, IPCMBOX_RECEIVED);
	ASSERT_EQ(LONG, get(self));
	EXPECT_EQ(0, memcmp(self->in + LONG - sizeof(zeroes), zeroes, sizeof(zeroes)));
	EXPECT_EQ(0, call_join(self->call));
}

TEST_F(loan, bad_memory)
{
	char *map = map_memory(2 * LONG, MAP_PRIVATE);

	ASSERT_NE(MAP_FAILED, map);
	memset(map, 1, 2 * LONG);
	ASSERT_EQ(0, munmap(map + LONG, LONG));
	EXPECT_EQ(-EFAULT, message_send(self->fd, .buf_ptr = ptr_u64(map + self->page),
					.buf_len = LONG, .completion = IPCMBOX_RECEIVED));
	EXPECT_EQ(-EFAULT, message_send(self->fd, .buf_ptr = ptr_u64(map + LONG),
					.buf_len = LONG, .completion = IPCMBOX_HANDLED));
	EXPECT_EQ(-EFAULT, message_send(self->fd, .buf_ptr = 8, .buf_len = LONG,
					.completion = IPCMBOX_RECEIVED));
	EXPECT_EQ(0, mailbox_info(self->fd).sent);
	munmap(map, LONG);
}

TEST_F(loan, mapping_goes_while_it_waits)
{
	char *map = map_memory(LONG, MAP_PRIVATE);

	ASSERT_NE(MAP_FAILED, map);
	fill_pattern(map, LONG, 6);
	start(self, map, LONG, IPCMBOX_RECEIVED);
	ASSERT_TRUE(await_senders(self->fd, 1));
	ASSERT_EQ(0, munmap(map, LONG));
	/* The pages would be used again, were they free. */
	map = map_memory(LONG, MAP_PRIVATE | MAP_POPULATE);
	ASSERT_NE(MAP_FAILED, map);
	memset(map, 0x55, LONG);
	ASSERT_EQ(LONG, get(self));
	EXPECT_TRUE(check_pattern(self->in, LONG, 6));
	EXPECT_EQ(0, call_join(self->call));
}

static int scribble(void *arg)
{
	memset(arg, 0x77, LONG);
	return 0;
}

TEST_F(loan, child_writes_to_its_copy)
{
	start(self, self->out, LONG, IPCMBOX_RECEIVED);
	ASSERT_TRUE(await_senders(self->fd, 1));
	ASSERT_EQ(0, child_run(scribble, self->out));
	ASSERT_EQ(LONG, get(self));
	EXPECT_TRUE(check_pattern(self->in, LONG, 1));
	EXPECT_EQ(0, call_join(self->call));
	EXPECT_TRUE(check_pattern(self->out, LONG, 1));
}

/* Memory that somebody holds back holds up its own sender, and nobody else. */
TEST_F(loan, page_that_does_not_come)
{
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct hold hold;

	if (!hold_begin(&hold))
		SKIP(return, "no userfaultfd in this kernel");
	/* Registered with its neighbours, which are there. */
	munmap(hold.page, hold.size);
	hold.page = map_memory(LONG, MAP_PRIVATE);
	ASSERT_NE(MAP_FAILED, hold.page);
	memset(hold.page, 1, LONG);
	reg.range.start = ptr_u64(hold.page);
	reg.range.len = LONG;
	ASSERT_EQ(0, ioctl(hold.uffd, UFFDIO_REGISTER, &reg));
	hold.page += LONG - hold.size;
	ASSERT_EQ(0, madvise(hold.page, hold.size, MADV_DONTNEED));

	start(self, hold.page + hold.size - LONG, LONG, IPCMBOX_RECEIVED);
	ASSERT_TRUE(hold_await(&hold));
	EXPECT_EQ(0, mailbox_info(self->fd).messages);
	ASSERT_EQ(0, put(self->fd, 0, 7));
	EXPECT_EQ(7, take(self->fd));
	ASSERT_TRUE(hold_end(&hold));
	ASSERT_EQ(LONG, get(self));
	EXPECT_EQ(1, self->in[LONG - self->page - 1]);
	EXPECT_EQ(0, self->in[LONG - 1]);
	EXPECT_EQ(0, call_join(self->call));
	close(hold.uffd);
}

TEST_F(loan, killed_while_it_waits)
{
	send_prepare(self->call, self->fd, .buf_ptr = ptr_u64(self->out), .buf_len = LONG,
		     .completion = IPCMBOX_RECEIVED);
	call_fork(self->call);
	ASSERT_TRUE(await_senders(self->fd, 1));
	call_kill(self->call);
	EXPECT_EQ(-EAGAIN, message_recv(self->fd, .buf_ptr = ptr_u64(self->in), .buf_len = LONG,
					.flags = IPCMBOX_NONBLOCK));
	EXPECT_EQ(1, mailbox_info(self->fd).withdrawn);
}

/* Received under a lease, the message outlives its send. */
TEST_F(loan, leased_message_comes_back_as_it_was)
{
	struct ipcmbox_recv recv;

	start(self, self->out, LONG, IPCMBOX_RECEIVED);
	ASSERT_EQ(LONG, lease(self->fd, &recv, self->in, LONG, PATIENCE_NS));
	EXPECT_TRUE(check_pattern(self->in, LONG, 1));
	EXPECT_EQ(0, call_join(self->call));
	fill_pattern(self->out, LONG, 2);
	ASSERT_EQ(0, refuse(self->fd, recv.token));
	ASSERT_EQ(LONG, get(self));
	EXPECT_TRUE(check_pattern(self->in, LONG, 1));
}

/* A refused request is received again, whether its caller was there all the time or not. */
TEST_F(loan, refused_request_comes_back_as_it_was)
{
	struct ipcmbox_recv recv;

	call_prepare(self->call, self->fd, .buf_ptr = ptr_u64(self->out), .buf_len = LONG,
		     .flags = IPCMBOX_DEADLINE,
		     .deadline_ns = now_ns(IPCMBOX_CLOCK_MONOTONIC) + NSEC_PER_SEC / 2);
	call_start(self->call);
	ASSERT_EQ(LONG, serve(self->fd, &recv, self->in, LONG));
	ASSERT_EQ(0, refuse(self->fd, recv.token));
	ASSERT_EQ(LONG, serve(self->fd, &recv, self->in, LONG));
	EXPECT_TRUE(check_pattern(self->in, LONG, 1));
	EXPECT_EQ(1, recv.redelivered);

	EXPECT_EQ(-ETIMEDOUT, call_join(self->call));
	fill_pattern(self->out, LONG, 2);
	self->call->call.flags = 0;
	self->call->call.deadline_ns = 0;
	ask_on(self->call);
	ASSERT_TRUE(await_senders(self->fd, 1));
	ASSERT_EQ(0, refuse(self->fd, recv.token));
	ASSERT_EQ(LONG, serve(self->fd, &recv, self->in, LONG));
	EXPECT_TRUE(check_pattern(self->in, LONG, 1));
	EXPECT_EQ(0, acknowledge(self->fd, recv.token));
	EXPECT_EQ(0, call_join(self->call));
}

TEST_F(loan, dead_letter_is_as_it_was)
{
	int dead = mailbox_new(self->dev, .max_messages = 8);
	struct ipcmbox_recv recv;

	ASSERT_GE(dead, 0);
	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_DEAD_LETTER,
				    .dead_letter = mailbox_info(dead).id, .max_deliveries = 1));
	start(self, self->out, LONG, IPCMBOX_HANDLED);
	ASSERT_EQ(LONG, serve(self->fd, &recv, self->in, LONG));
	ASSERT_EQ(0, refuse(self->fd, recv.token));
	EXPECT_EQ(-EPIPE, call_join(self->call));
	fill_pattern(self->out, LONG, 2);
	ASSERT_EQ(LONG, message_recv(dead, .buf_ptr = ptr_u64(self->in), .buf_len = LONG));
	EXPECT_TRUE(check_pattern(self->in, LONG, 1));
	close(dead);
}

TEST_F(loan, peek)
{
	start(self, self->out, LONG, IPCMBOX_RECEIVED);
	ASSERT_TRUE(await_senders(self->fd, 1));
	EXPECT_EQ(LONG, message_recv(self->fd, .buf_ptr = ptr_u64(self->in), .buf_len = LONG,
				     .flags = IPCMBOX_PEEK));
	EXPECT_TRUE(check_pattern(self->in, LONG, 1));
	ASSERT_EQ(LONG, get(self));
	EXPECT_EQ(0, call_join(self->call));
}

/* Senders come and go while others look: nobody sees half of one message and half of another. */
TEST_F(loan, peeks_of_many)
{
	__u32 round, length, seen = 0;
	char *other = map_memory(LONG, MAP_PRIVATE);

	ASSERT_NE(MAP_FAILED, other);
	for (round = 0; round < scaled(200); round++) {
		memset(self->out, round, LONG);
		start(self, self->out, LONG, IPCMBOX_RECEIVED);
		recv_start(self->call + 1, self->fd, .buf_ptr = ptr_u64(other), .buf_len = LONG);
		length = message_recv(self->fd, .buf_ptr = ptr_u64(self->in), .buf_len = LONG,
				      .flags = IPCMBOX_PEEK | IPCMBOX_NONBLOCK);
		call_join(self->call);
		memset(self->out, ~round, LONG);
		ASSERT_EQ(LONG, call_join(self->call + 1));
		ASSERT_EQ(0, self->call->result);
		if (length != LONG)
			continue;
		seen++;
		ASSERT_EQ((char)round, self->in[0]);
		ASSERT_EQ(0, memcmp(self->in, self->in + 1, LONG - 1));
	}
	TH_LOG("%u of %u were seen", seen, round);
}

static int little_memory_to_lock(void *arg)
{
	struct rlimit limit = { 128 << 10, 128 << 10 };
	struct call *calls = calls_alloc(3);
	int *fd = arg, got, i, round;
	char *out, *in;

	if (setrlimit(RLIMIT_MEMLOCK, &limit) || become(1000, 1000))
		return 1;
	out = map_memory(3 * LONG, MAP_PRIVATE | MAP_POPULATE);
	in = map_memory(LONG, MAP_PRIVATE | MAP_POPULATE);
	/* Each time it takes what it had given back. */
	for (round = 0; round < 3; round++) {
		for (i = 0; i < 3; i++) {
			memset(out + i * LONG, 1, LONG);
			send_start(&calls[i], *fd, .buf_ptr = ptr_u64(out + i * LONG),
				   .buf_len = LONG, .completion = IPCMBOX_RECEIVED);
			if (!await_senders(*fd, i + 1))
				return 2;
		}
		memset(out, 2, 3 * LONG);
		for (i = 0; i < 3; i++) {
			got = message_recv(*fd, .buf_ptr = ptr_u64(in), .buf_len = LONG);
			if (got != LONG || call_join(&calls[i]))
				return 3;
			/* Two fit into the limit, the third is copied. */
			if (in[0] != (i < 2 ? 2 : 1))
				return 10 + i;
		}
	}
	return 0;
}

TEST_F(loan, counts_as_locked_memory)
{
	EXPECT_EQ(0, child_run(little_memory_to_lock, &self->fd));
}

TEST_HARNESS_MAIN
