// SPDX-License-Identifier: GPL-2.0-only
/*
 * libipck: a peer of a channel that writes what it wants gets an error, and no more.
 *
 * hostile/ does the same for longer, without the kernel and under sanitizers.
 */
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "lib_test.h"

#define RING	4096U
#define LONGEST	2040U

static const struct ipck_attr small = { .discipline = IPCK_CHANNEL, .max_bytes = RING };
static const struct ipck_send_opt now = { .wait = IPCK_WAIT_NEVER };

FIXTURE(hostile) {
	int dev;
	struct ipck *in, *out;
	struct ipcmbox_channel_acks *acks;
};

static void *map_of(struct ipck *mb, __u64 offset, size_t size)
{
	void *area = mmap64(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ipck_fd(mb), offset);

	return area == MAP_FAILED ? NULL : area;
}

FIXTURE_SETUP(hostile)
{
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	mailbox_unlink_tests(self->dev);
	ASSERT_EQ(0, ipck_open(&self->in, "test", O_RDONLY | O_CREAT | O_EXCL, &small));
	ASSERT_EQ(0, ipck_open(&self->out, "test", O_WRONLY, NULL));
	self->acks = map_of(self->in, IPCMBOX_CHANNEL_ACKS, getpagesize());
	ASSERT_NE(NULL, self->acks);
}

FIXTURE_TEARDOWN(hostile)
{
	munmap(self->acks, getpagesize());
	ipck_close(self->out);
	ipck_close(self->in);
	mailbox_unlink_tests(self->dev);
	close(self->dev);
}

struct nonsense {
	const char *what;
	__u64 tail;
	__u32 length;
	int ret;
};

static const struct nonsense nonsense[] = {
	{ "nothing wrong", 16, 8, 8 },
	{ "nothing", 0, 0, -EAGAIN },
	{ "the longest message", 2048, LONGEST, LONGEST },
	{ "an empty message", RING, 0, 0 },
	{ "the tail is too far", RING + 8, 8, -EPROTO },
	{ "the tail is far away", 1ULL << 63, 8, -EPROTO },
	{ "the tail went back", -8ULL, 8, -EPROTO },
	{ "the tail is not aligned", 20, 8, -EPROTO },
	{ "the tail is too near", 4, 0, -EPROTO },
	{ "the record is beyond the tail", 16, 9, -EPROTO },
	{ "the message is too long", RING, LONGEST + 1, -EPROTO },
	{ "the message is much too long", RING, -1, -EPROTO },
	{ "the length wraps", 16, -8, -EPROTO },
};

static int lane_of(struct ipck *out)
{
	struct ipcmbox_channel_info info;

	return ioctl(ipck_fd(out), IPCMBOX_IOC_CHANNEL_INFO, &info) ? -1 : info.lane;
}

/* Leaves a record of which not all is right. */
static bool write_nonsense(struct ipck *out, const struct nonsense *wrong)
{
	int lane = lane_of(out);
	struct ipcmbox_channel_header *header = map_of(out, IPCMBOX_CHANNEL_HEADER(lane),
						       getpagesize());
	struct ipcmbox_channel_record *ring = map_of(out, IPCMBOX_CHANNEL_RING(lane), RING);

	if (!header || !ring)
		return false;
	ring->length = wrong->length;
	__atomic_store_n(&header->tail, wrong->tail, __ATOMIC_RELEASE);
	munmap(header, getpagesize());
	munmap(ring, RING);
	return true;
}

/* Once, and then the lane is gone, while the others go on. */
TEST_F(hostile, producer_is_judged)
{
	const struct ipck_recv_opt there = { .wait = IPCK_WAIT_NEVER };
	static char buf[LONGEST];
	struct ipck *out;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(nonsense); i++) {
		ASSERT_EQ(0, ipck_open(&out, "test", O_WRONLY, NULL));
		ASSERT_TRUE(write_nonsense(out, &nonsense[i]));
		EXPECT_EQ(nonsense[i].ret, ipck_recv_opt(self->in, buf, LONGEST, &there, NULL))
			TH_LOG("%s", nonsense[i].what);
		if (nonsense[i].ret == -EPROTO) {
			EXPECT_EQ(0, ipck_send(self->out, "honest", 7, 0));
			EXPECT_EQ(7, ipck_recv_opt(self->in, buf, LONGEST, &there, NULL));
			EXPECT_STREQ("honest", buf);
			EXPECT_EQ(-EAGAIN, ipck_recv_opt(self->in, buf, LONGEST, &there, NULL));
			EXPECT_EQ(-EPIPE, send_number(out, 1));
		}
		ipck_close(out);
		/* What is right may be followed by what is left in the ring. */
		while (ipck_recv_opt(self->in, buf, LONGEST, &there, NULL) != -EAGAIN)
			;
	}
}

TEST_F(hostile, consumer_is_judged)
{
	__u32 i;

	EXPECT_EQ(0, send_number(self->out, 1));
	self->acks->lane[0].head = 24;
	for (i = 1; i < RING / 16; i++)
		EXPECT_EQ(0, ipck_send_opt(self->out, &i, 4, &now, NULL));
	/* Whoever has room need not look at the head. */
	self->acks->lane[0].head = RING + 8;
	EXPECT_EQ(-EPROTO, ipck_send_opt(self->out, &i, 4, &now, NULL));
	EXPECT_EQ(-EPROTO, ipck_send(self->out, &i, 4, 0));
	self->acks->lane[0].head = -8ULL;
	EXPECT_EQ(-EPROTO, ipck_send(self->out, &i, 4, 0));
	self->acks->lane[0].head = 16;
	EXPECT_EQ(0, ipck_send(self->out, &i, 4, 0));
}

/* What it leaves is where the next consumer begins. */
TEST_F(hostile, former_consumer_is_judged)
{
	static const __u64 heads[] = { 4, 20, 24, -RING - 8ULL };
	struct ipck *out;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(heads); i++) {
		ASSERT_EQ(0, ipck_open(&out, "test", O_WRONLY, NULL));
		EXPECT_EQ(0, send_number(out, 1));
		EXPECT_EQ(0, send_number(self->out, 2));
		self->acks->lane[lane_of(out)].head = heads[i];
		/* A mapping is as good as a descriptor. */
		munmap(self->acks, getpagesize());
		ipck_close(self->in);
		ASSERT_EQ(0, ipck_open(&self->in, "test", O_RDONLY, NULL));
		self->acks = map_of(self->in, IPCMBOX_CHANNEL_ACKS, getpagesize());
		ASSERT_NE(NULL, self->acks);
		EXPECT_EQ(2, recv_number(self->in));
		EXPECT_EQ(-EPROTO, recv_number(self->in)) TH_LOG("head %lld", heads[i]);
		EXPECT_EQ(-EAGAIN, recv_number(self->in));
		EXPECT_EQ(-EPIPE, send_number(out, 1));
		ipck_close(out);
	}
}

static __u32 next_random(__u32 *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

/* Scribbles over what a producer can write, with a new lane when it is evicted. */
static void scribble_as_producer(__u64 id, __u32 seed)
{
	struct ipcmbox_channel_header *header;
	struct ipck *out;
	__u8 *ring;
	__u32 i;

	for (;;) {
		if (ipck_open_id(&out, id, O_WRONLY))
			_exit(1);
		header = map_of(out, IPCMBOX_CHANNEL_HEADER(lane_of(out)), getpagesize());
		ring = map_of(out, IPCMBOX_CHANNEL_RING(lane_of(out)), RING);
		for (i = 0; i < 200 || ipck_send_opt(out, "", 0, &now, NULL) != -EPIPE; i++) {
			ring[next_random(&seed) % RING] = next_random(&seed) % 4;
			if (next_random(&seed) % 4 == 0)
				header->tail = header->tail + next_random(&seed) % 32 * 8;
			if (next_random(&seed) % 64 == 0)
				((__u8 *)header)[next_random(&seed) % 128] = next_random(&seed);
			sched_yield();
		}
		munmap(header, getpagesize());
		munmap(ring, RING);
		ipck_close(out);
	}
}

TEST_F_TIMEOUT(hostile, producer_scribbles, 120)
{
	const struct ipck_recv_opt shortly = { .wait = IPCK_WAIT_FOR, .wait_ns = NSEC_PER_MSEC };
	__u32 i, count = scaled(20000), refused = 0, received = 0, honest = 0;
	static char buf[LONGEST];
	struct ipck_msg msg;
	int status, ret;
	pid_t pid;

	pid = fork();
	if (!pid)
		scribble_as_producer(ipck_id(self->in), 1);
	for (i = 0; i < count; i++) {
		ipck_send_opt(self->out, &i, 4, &now, NULL);
		ret = ipck_recv_opt(self->in, buf, LONGEST, &shortly, &msg);
		sched_yield();
		refused += ret == -EPROTO;
		received += ret >= 0;
		if (ret < 0)
			ASSERT_TRUE(ret == -EPROTO || ret == -ETIMEDOUT) TH_LOG("%d", ret);
		if (ret >= 0 && msg.pid == getpid())
			ASSERT_EQ(++honest, msg.seq);
	}
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status)) TH_LOG("status %x", status);
	TH_LOG("%u received, %u of them honest, %u refused", received, honest, refused);
	EXPECT_GT(honest, 0);
}

/* Mostly the head makes sense, as far as whoever lies about it can tell. */
static void scribble_as_consumer(struct ipcmbox_channel_acks *acks, int fd, __u32 seed)
{
	const struct ipcmbox_channel_kick kick = { .whom = IPCMBOX_CHANNEL_PRODUCER };
	const struct ipcmbox_channel_header *header;

	header = mmap64(NULL, getpagesize(), PROT_READ, MAP_SHARED, fd, IPCMBOX_CHANNEL_HEADER(0));
	if (header == MAP_FAILED)
		_exit(1);
	for (;;) {
		if (next_random(&seed) % 4 == 0)
			((__u8 *)acks)[next_random(&seed) % sizeof(*acks)] = next_random(&seed);
		else
			acks->lane[0].head = header->tail - next_random(&seed) % RING;
		sched_yield();
		if (next_random(&seed) % 16 == 0 && ioctl(fd, IPCMBOX_IOC_CHANNEL_KICK, &kick))
			_exit(1);
	}
}

TEST_F_TIMEOUT(hostile, consumer_scribbles, 120)
{
	const struct ipck_send_opt shortly = { .wait = IPCK_WAIT_FOR, .wait_ns = NSEC_PER_MSEC };
	__u32 i, count = scaled(20000), refused = 0, sent = 0;
	static char buf[LONGEST];
	int status, ret;
	pid_t pid;

	pid = fork();
	if (!pid)
		scribble_as_consumer(self->acks, ipck_fd(self->in), 1);
	for (i = 0; i < count; i++) {
		ret = ipck_send_opt(self->out, buf, i % LONGEST, &shortly, NULL);
		sched_yield();
		refused += ret == -EPROTO;
		sent += !ret;
		if (ret)
			ASSERT_TRUE(ret == -EPROTO || ret == -ETIMEDOUT) TH_LOG("%d", ret);
	}
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status)) TH_LOG("status %x", status);
	TH_LOG("%u sent, %u refused", sent, refused);
	EXPECT_GT(sent, 0);
}

TEST_HARNESS_MAIN
