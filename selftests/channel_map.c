// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages of channels: who can map what, and that nobody can write what the other side owns.
 */
#include <sys/syscall.h>

#include "kselftest_harness.h"
#include "channel_test.h"

#define R	PROT_READ
#define W	PROT_WRITE

FIXTURE(map) {
	int dev, both, consumer, producer[2];
	size_t page;
	struct ipcmbox_query before;
};

/* Of one channel a consumer, which also has lane 2 in its own variant, and two producers. */
FIXTURE_SETUP(map)
{
	__u64 id;
	int i;

	self->page = page_size();
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	ASSERT_EQ(0, query_budget(self->dev, &self->before));
	self->consumer = channel_new(self->dev, .access = IPCMBOX_READ,
				     .max_bytes = 4 * self->page);
	ASSERT_GE(self->consumer, 0);
	id = mailbox_id(self->consumer);
	for (i = 0; i < 2; i++) {
		self->producer[i] = mailbox_by_id(self->dev, id, IPCMBOX_WRITE);
		ASSERT_GE(self->producer[i], 0);
	}
	self->both = channel_new(self->dev, .access = RW, .max_bytes = 4 * self->page);
	ASSERT_GE(self->both, 0);
}

FIXTURE_TEARDOWN(map)
{
	close(self->both);
	close(self->consumer);
	close(self->producer[0]);
	close(self->producer[1]);
	EXPECT_TRUE(channel_is_even(self->dev, &self->before));
	close(self->dev);
}

enum who { CONSUMER, PRODUCER, OTHER, BOTH };

static int descriptor(const FIXTURE_DATA(map) *self, enum who who)
{
	switch (who) {
	case CONSUMER:
		return self->consumer;
	case BOTH:
		return self->both;
	default:
		return self->producer[who - PRODUCER];
	}
}

/* 0 or -errno; what could be mapped is unmapped again. */
static int try_map(int fd, int prot, int flags, __u64 offset, size_t size)
{
	void *p = mmap64(NULL, size, prot, flags, fd, offset);

	if (p == MAP_FAILED)
		return -errno;
	munmap(p, size);
	return 0;
}

static const struct {
	enum who who;
	__u64 offset;
	size_t pages;
	int read, write;
} rights[] = {
	{ CONSUMER, IPCMBOX_CHANNEL_BOARD, 1, 0, -EACCES },
	{ CONSUMER, IPCMBOX_CHANNEL_ACKS, 1, 0, 0 },
	{ CONSUMER, IPCMBOX_CHANNEL_HEADER(0), 1, 0, -EACCES },
	{ CONSUMER, IPCMBOX_CHANNEL_RING(0), 4, 0, -EACCES },
	{ CONSUMER, IPCMBOX_CHANNEL_HEADER(1), 1, 0, -EACCES },
	{ CONSUMER, IPCMBOX_CHANNEL_RING(1), 4, 0, -EACCES },
	{ CONSUMER, IPCMBOX_CHANNEL_HEADER(2), 1, -ENOENT, -ENOENT },
	{ CONSUMER, IPCMBOX_CHANNEL_RING(LANES - 1), 1, -ENOENT, -ENOENT },
	{ PRODUCER, IPCMBOX_CHANNEL_BOARD, 1, 0, -EACCES },
	{ PRODUCER, IPCMBOX_CHANNEL_ACKS, 1, 0, -EACCES },
	{ PRODUCER, IPCMBOX_CHANNEL_HEADER(0), 1, 0, 0 },
	{ PRODUCER, IPCMBOX_CHANNEL_RING(0), 4, 0, 0 },
	{ PRODUCER, IPCMBOX_CHANNEL_HEADER(1), 1, -EACCES, -EACCES },
	{ PRODUCER, IPCMBOX_CHANNEL_RING(1), 4, -EACCES, -EACCES },
	{ PRODUCER, IPCMBOX_CHANNEL_HEADER(2), 1, -EACCES, -EACCES },
	{ OTHER, IPCMBOX_CHANNEL_HEADER(0), 1, -EACCES, -EACCES },
	{ OTHER, IPCMBOX_CHANNEL_RING(0), 4, -EACCES, -EACCES },
	{ OTHER, IPCMBOX_CHANNEL_HEADER(1), 1, 0, 0 },
	{ OTHER, IPCMBOX_CHANNEL_RING(1), 4, 0, 0 },
	{ BOTH, IPCMBOX_CHANNEL_BOARD, 1, 0, -EACCES },
	{ BOTH, IPCMBOX_CHANNEL_ACKS, 1, 0, 0 },
	{ BOTH, IPCMBOX_CHANNEL_HEADER(0), 1, 0, 0 },
	{ BOTH, IPCMBOX_CHANNEL_RING(0), 4, 0, 0 },
};

TEST_F(map, rights)
{
	size_t size;
	int fd, i;

	for (i = 0; i < ARRAY_SIZE(rights); i++) {
		fd = descriptor(self, rights[i].who);
		size = rights[i].pages * self->page;
		EXPECT_EQ(rights[i].read, try_map(fd, R, MAP_SHARED, rights[i].offset, size))
			TH_LOG("row %d", i);
		EXPECT_EQ(rights[i].read, try_map(fd, PROT_NONE, MAP_SHARED, rights[i].offset,
						  size)) TH_LOG("row %d", i);
		EXPECT_EQ(rights[i].write, try_map(fd, R | W, MAP_SHARED, rights[i].offset, size))
			TH_LOG("row %d", i);
		EXPECT_EQ(rights[i].write, try_map(fd, W, MAP_SHARED, rights[i].offset, size))
			TH_LOG("row %d", i);
		/* A private copy of what others change is of no use; nor is one to execute. */
		EXPECT_EQ(-EINVAL, try_map(fd, R, MAP_PRIVATE, rights[i].offset, size));
		EXPECT_EQ(-EINVAL, try_map(fd, R | W, MAP_PRIVATE, rights[i].offset, size));
		EXPECT_EQ(-EPERM, try_map(fd, R | PROT_EXEC, MAP_SHARED, rights[i].offset, size));
	}
}

/* What was mapped to be read stays so. */
TEST_F(map, mprotect)
{
	size_t size;
	void *p;
	int i;

	for (i = 0; i < ARRAY_SIZE(rights); i++) {
		if (rights[i].read)
			continue;
		size = rights[i].pages * self->page;
		p = map(descriptor(self, rights[i].who), R, rights[i].offset, size);
		ASSERT_NE(NULL, p);
		EXPECT_EQ(rights[i].write ? -1 : 0, mprotect(p, size, R | W)) TH_LOG("row %d", i);
		if (rights[i].write)
			EXPECT_EQ(EACCES, errno);
		EXPECT_EQ(-1, mprotect(p, size, R | PROT_EXEC));
		EXPECT_EQ(EACCES, errno);
		munmap(p, size);
	}
}

/* Nor can it be written in the way of a debugger. */
TEST_F(map, proc_mem)
{
	int mem = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	__u64 *p;

	ASSERT_GE(mem, 0);
	p = map(self->producer[0], R, IPCMBOX_CHANNEL_ACKS, self->page);
	ASSERT_NE(NULL, p);
	EXPECT_EQ(-1, pwrite64(mem, "12345678", 8, (uintptr_t)p));
	EXPECT_EQ(EIO, errno);
	EXPECT_EQ(0, *p);
	munmap(p, self->page);
	p = map(self->producer[0], R | W, IPCMBOX_CHANNEL_RING(0), self->page);
	ASSERT_NE(NULL, p);
	EXPECT_EQ(8, pwrite64(mem, "12345678", 8, (uintptr_t)p));
	EXPECT_EQ(0, memcmp(p, "12345678", 8));
	munmap(p, self->page);
	close(mem);
}

TEST_F(map, offsets)
{
	const size_t page = self->page;
	const struct { __u64 offset; size_t pages; int result; } cases[] = {
		{ IPCMBOX_CHANNEL_BOARD, 2, -EINVAL },
		{ IPCMBOX_CHANNEL_BOARD + page, 1, -EINVAL },
		{ IPCMBOX_CHANNEL_ACKS, 2, -EINVAL },
		{ IPCMBOX_CHANNEL_ACKS - page, 1, -EINVAL },
		{ IPCMBOX_CHANNEL_ACKS - page, 2, -EINVAL },
		{ IPCMBOX_CHANNEL_BOARD, IPCMBOX_CHANNEL_ACKS / page + 1, -EINVAL },
		{ IPCMBOX_CHANNEL_HEADER(0) - page, 1, -EINVAL },
		{ IPCMBOX_CHANNEL_HEADER(0) - page, 2, -EINVAL },
		{ IPCMBOX_CHANNEL_HEADER(0), 2, -EINVAL },
		{ IPCMBOX_CHANNEL_HEADER(0) + page, 1, -EINVAL },
		{ IPCMBOX_CHANNEL_HEADER(0), 1 + (1 << 27) / page, -EINVAL },
		{ IPCMBOX_CHANNEL_RING(0) - page, 1, -EINVAL },
		{ IPCMBOX_CHANNEL_RING(0) - page, 2, -EINVAL },
		{ IPCMBOX_CHANNEL_RING(0), 1, 0 },
		{ IPCMBOX_CHANNEL_RING(0), 3, 0 },
		{ IPCMBOX_CHANNEL_RING(0) + page, 3, 0 },
		{ IPCMBOX_CHANNEL_RING(0) + 3 * page, 1, 0 },
		{ IPCMBOX_CHANNEL_RING(0), 5, -EINVAL },
		{ IPCMBOX_CHANNEL_RING(0) + page, 4, -EINVAL },
		{ IPCMBOX_CHANNEL_RING(0) + 4 * page, 1, -EINVAL },
		{ IPCMBOX_CHANNEL_HEADER(1) - page, 2, -EINVAL },
		{ IPCMBOX_CHANNEL_HEADER(LANES), 1, -EINVAL },
		{ IPCMBOX_CHANNEL_RING(LANES), 1, -EINVAL },
		{ IPCMBOX_CHANNEL_HEADER(1ULL << 12), 1, -EINVAL },
		{ IPCMBOX_CHANNEL_HEADER(1) | (1 << 12), 0, -EINVAL },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		EXPECT_EQ(cases[i].result, try_map(self->consumer, R, MAP_SHARED, cases[i].offset,
						   cases[i].pages * page)) TH_LOG("case %d", i);
}

TEST_F(map, largest_ring)
{
	__u64 size = IPCMBOX_CHANNEL_RING_MAX;
	char *p;
	int fd;

	fd = channel_new(self->dev, .access = RW, .max_bytes = size);
	if (fd == -ENOMEM || fd == -EDQUOT)
		SKIP(return, "this machine has not that much memory");
	ASSERT_GE(fd, 0);
	p = map(fd, R | W, IPCMBOX_CHANNEL_RING(0), size);
	ASSERT_NE(NULL, p);
	p[size - 1] = 1;
	EXPECT_EQ(-EINVAL, try_map(fd, R, MAP_SHARED, IPCMBOX_CHANNEL_RING(0) + size, self->page));
	munmap(p, size);
	close(fd);
}

/* Nobody finds what was in the memory before, and each side finds what the other one writes. */
TEST_F(map, same_pages)
{
	size_t size = 4 * self->page, i;
	struct ipcmbox_channel_header *header;
	const char *theirs;
	char *ours;

	ours = map(self->producer[0], R | W, IPCMBOX_CHANNEL_RING(0), size);
	theirs = map_ring(self->consumer, R, 0, size);
	ASSERT_NE(NULL, ours);
	ASSERT_NE(NULL, theirs);
	for (i = 0; i < size; i++)
		ASSERT_EQ(0, theirs[i] | ours[i]);
	fill_pattern(ours, size, 1);
	EXPECT_TRUE(check_pattern(theirs, size, 1));
	EXPECT_TRUE(check_pattern(theirs + size, size, 1));
	munmap(ours, size);
	munmap((void *)theirs, 2 * size);

	/* A part of the ring is that part. */
	ours = map(self->producer[0], R | W, IPCMBOX_CHANNEL_RING(0) + 2 * self->page, self->page);
	ASSERT_NE(NULL, ours);
	*ours = 'x';
	theirs = map(self->consumer, R, IPCMBOX_CHANNEL_RING(0), size);
	ASSERT_NE(NULL, theirs);
	EXPECT_EQ('x', theirs[2 * self->page]);
	munmap(ours, self->page);
	munmap((void *)theirs, size);

	header = map(self->producer[1], R | W, IPCMBOX_CHANNEL_HEADER(1), self->page);
	ASSERT_NE(NULL, header);
	header->tail = 16;
	EXPECT_EQ(16, mailbox_info(self->consumer).bytes);
	header->tail = 0;
	munmap(header, self->page);
}

TEST_F(map, mremap)
{
	char *p, *q;

	p = map(self->producer[0], R | W, IPCMBOX_CHANNEL_RING(0), 2 * self->page);
	ASSERT_NE(NULL, p);
	p[0] = 'a';
	p[self->page] = 'b';
	EXPECT_EQ(MAP_FAILED, mremap(p, 2 * self->page, 4 * self->page, MREMAP_MAYMOVE));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(MAP_FAILED, mremap(p, 0, 2 * self->page, MREMAP_MAYMOVE));
	EXPECT_EQ(EFAULT, errno);
	/* Smaller, elsewhere, and with a hole: all that a mapping may become. */
	q = mmap(NULL, 2 * self->page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, q);
	ASSERT_EQ(q, mremap(p, 2 * self->page, 2 * self->page, MREMAP_MAYMOVE | MREMAP_FIXED, q));
	EXPECT_EQ('a', q[0]);
	EXPECT_EQ('b', q[self->page]);
	ASSERT_EQ(0, munmap(q, self->page));
	EXPECT_EQ('b', q[self->page]);
	ASSERT_EQ(0, munmap(q + self->page, self->page));
	EXPECT_EQ(-1, syscall(SYS_remap_file_pages, q, self->page, 0, 1, 0));
}

/* What is thrown away or paged out here is there again at the next touch. */
TEST_F(map, madvise)
{
	static const int advice[] = { MADV_DONTNEED, MADV_PAGEOUT, MADV_COLD, MADV_REMOVE };
	size_t size = 4 * self->page;
	char *p;
	int i;

	p = map(self->producer[0], R | W, IPCMBOX_CHANNEL_RING(0), size);
	ASSERT_NE(NULL, p);
	fill_pattern(p, size, 3);
	for (i = 0; i < ARRAY_SIZE(advice); i++) {
		madvise(p, size, advice[i]);
		EXPECT_TRUE(check_pattern(p, size, 3)) TH_LOG("advice %d", advice[i]);
	}
	munmap(p, size);
	EXPECT_EQ(-1, ftruncate(self->producer[0], 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_NE(0, fallocate(self->producer[0], FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
			       self->page));
}

/* A mapping is as good as a descriptor, and a child's as good as the parent's. */
TEST_F(map, holds_the_lane)
{
	struct ipcmbox_channel_board *board = map(self->consumer, R, 0, self->page);
	struct ipcmbox_channel_header *header;

	ASSERT_NE(NULL, board);
	header = map(self->producer[0], R | W, IPCMBOX_CHANNEL_HEADER(0), self->page);
	ASSERT_NE(NULL, header);
	close(self->producer[0]);
	self->producer[0] = -1;
	EXPECT_EQ(IPCMBOX_LANE_OPEN, board->lane[0].state);
	header->tail = 8;
	EXPECT_EQ(8, mailbox_info(self->consumer).bytes);
	munmap(header, self->page);
	EXPECT_EQ(IPCMBOX_LANE_GONE, board->lane[0].state);
	EXPECT_EQ(8, mailbox_info(self->consumer).bytes);
	munmap(board, self->page);
}

static int read_mapping(void *arg)
{
	const struct ipcmbox_channel_header *header = arg;

	return header->tail == 24 ? 0 : 1;
}

/* The consumer's mapping of a lane outlives the lane, its slot, and the slot's next lane. */
TEST_F(map, outlives_the_lane)
{
	struct ipcmbox_channel_header *theirs;
	const struct ipcmbox_channel_header *ours, *next;
	int fd;

	theirs = map(self->producer[0], R | W, IPCMBOX_CHANNEL_HEADER(0), self->page);
	ASSERT_NE(NULL, theirs);
	ours = map(self->consumer, R, IPCMBOX_CHANNEL_HEADER(0), self->page);
	ASSERT_NE(NULL, ours);
	theirs->tail = 24;
	munmap(theirs, self->page);
	close(self->producer[0]);
	ASSERT_EQ(0, evict(self->consumer, 0, 1));
	EXPECT_EQ(-ENOENT, try_map(self->consumer, R, MAP_SHARED, IPCMBOX_CHANNEL_HEADER(0),
				   self->page));

	fd = mailbox_by_id(self->dev, mailbox_id(self->consumer), IPCMBOX_WRITE);
	ASSERT_GE(fd, 0);
	self->producer[0] = fd;
	next = map(self->consumer, R, IPCMBOX_CHANNEL_HEADER(0), self->page);
	ASSERT_NE(NULL, next);
	EXPECT_EQ(0, next->tail);
	EXPECT_EQ(24, ours->tail);
	/* Also where it is touched for the first time. */
	EXPECT_EQ(0, madvise((void *)ours, self->page, MADV_DONTNEED));
	EXPECT_EQ(24, ours->tail);
	EXPECT_EQ(0, child_run(read_mapping, (void *)ours));
	munmap((void *)next, self->page);
	munmap((void *)ours, self->page);
}

/* A descriptor of a channel can travel in a message, in either role: it holds no messages. */
TEST_F(map, travels_in_a_message)
{
	int box = mailbox_new(self->dev, .max_messages = 1, .flags = IPCMBOX_OPEN_FDS);
	__s32 fds[2] = { self->consumer, self->producer[0] };
	struct ipcmbox_channel_info info;

	ASSERT_GE(box, 0);
	ASSERT_EQ(0, message_send(box, .fds_ptr = ptr_u64(fds), .nr_fds = 2));
	ASSERT_EQ(0, message_receive(box, .fds_ptr = ptr_u64(fds), .max_fds = 2));
	ASSERT_EQ(0, channel_info(fds[0], &info));
	EXPECT_EQ(IPCMBOX_READ, info.access);
	EXPECT_EQ(0, try_map(fds[0], R | W, MAP_SHARED, IPCMBOX_CHANNEL_ACKS, self->page));
	ASSERT_EQ(0, channel_info(fds[1], &info));
	EXPECT_EQ(IPCMBOX_WRITE, info.access);
	EXPECT_EQ(-EACCES, try_map(fds[1], R | W, MAP_SHARED, IPCMBOX_CHANNEL_ACKS, self->page));
	EXPECT_EQ(0, try_map(fds[1], R | W, MAP_SHARED, IPCMBOX_CHANNEL_RING(0), self->page));
	close(fds[0]);
	close(fds[1]);
	close(box);
}

TEST_HARNESS_MAIN
