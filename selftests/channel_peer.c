// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channels between processes: traffic without a lost wake-up, the death of either side between any
 * two steps of the protocol, and peers that write whatever they like.
 */
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "channel_test.h"

#define MANY	4	/* producers */

/* What a peer may wait once there is nobody to wait for. */
#define BOUND_NS	(100 * NSEC_PER_MSEC)

FIXTURE(peer) {
	int dev, fd;
	__u64 id;
	struct consumer c;
	struct ipcmbox_query before;
};

FIXTURE_SETUP(peer)
{
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	ASSERT_EQ(0, query_budget(self->dev, &self->before));
	/* Kept by a name, so that either side can go and come. */
	self->fd = channel_new(self->dev, NAME("test peer"), .access = 0);
	ASSERT_GE(self->fd, 0);
	self->id = mailbox_id(self->fd);
	ASSERT_TRUE(consumer_init(&self->c, mailbox_by_id(self->dev, self->id, IPCMBOX_READ)));
}

FIXTURE_TEARDOWN(peer)
{
	if (self->c.fd >= 0)
		consumer_exit(&self->c);
	close(self->fd);
	mailbox_unlink_tests(self->dev);
	EXPECT_TRUE(channel_is_even(self->dev, &self->before));
	close(self->dev);
}

/* What a child is told: it opens a device and a side of its own. */
struct job {
	__u64 id;
	__u32 count;
	__u32 number;
	volatile int ready;
	volatile int stop;
};

static struct job *job_new(__u64 id, __u32 count)
{
	struct job *job = mmap(NULL, sizeof(*job), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	*job = (struct job){ .id = id, .count = count };
	return job;
}

static bool job_producer(const struct job *job, struct producer *p)
{
	return producer_init(p, mailbox_by_id(device_open(), job->id, IPCMBOX_WRITE));
}

/* Traffic. */

static int answer(void *arg)
{
	struct job *job = arg;
	struct consumer c;
	struct producer p;
	__u32 i;

	close_all_but(2);
	if (!consumer_init(&c, mailbox_by_id(device_open(), job->id, IPCMBOX_READ)) ||
	    !producer_init(&p, mailbox_by_id(device_open(), job->number, IPCMBOX_WRITE)))
		return 1;
	for (i = 0; i < job->count; i++) {
		if (consumer_await(&c) != i)
			return 2;
		if (producer_send(&p, &i, sizeof(i)))
			return 3;
	}
	return 0;
}

/* Each message finds the other side asleep, or about to: a lost wake-up would be the last. */
TEST_F_TIMEOUT(peer, ping_pong, 280)
{
	__u32 count = scaled(50000), i;
	struct producer p;
	struct job *job;
	pid_t pid;

	ASSERT_TRUE(producer_init(&p, channel_new(self->dev, NAME("test ping"),
						  .access = IPCMBOX_WRITE)));
	/* It receives from the new channel, and sends to that of the fixture. */
	job = job_new(p.info.id, count);
	job->number = self->id;
	pid = child_start(answer, job);
	for (i = 0; i < count; i++) {
		ASSERT_EQ(0, producer_send(&p, &i, sizeof(i)));
		ASSERT_EQ(i, consumer_await(&self->c));
	}
	EXPECT_EQ(0, child_wait(pid));
	producer_exit(&p);
}

/* The length and the contents of message @i of producer @number. */
static __u32 length_of(__u32 number, __u32 i, __u32 max)
{
	return 8 + (i * 7919 + number * 104729) % (i % 5 ? 64 : max - 8);
}

static int produce(void *arg)
{
	struct job *job = arg;
	__u32 message[SMALLEST / sizeof(__u32)], length, i;
	struct producer p;

	close_all_but(2);
	if (!job_producer(job, &p))
		return 1;
	for (i = 0; i < job->count; i++) {
		length = length_of(job->number, i, p.info.max_length);
		message[0] = job->number;
		message[1] = i;
		fill_pattern(message + 2, length - 8, i);
		if (producer_send(&p, message, length))
			return 2;
	}
	/* Leaves with records unread. */
	return 0;
}

TEST_F_TIMEOUT(peer, several_producers, 200)
{
	__u32 message[SMALLEST / sizeof(__u32)], next[MANY] = {}, count = scaled(4000), n, i;
	pid_t pids[MANY];
	struct job *job;
	int ret;

	for (i = 0; i < MANY; i++) {
		job = job_new(self->id, count);
		job->number = i;
		pids[i] = child_start(produce, job);
	}
	for (n = 0; n < MANY * count; n++) {
		ret = consumer_recv(&self->c, message, sizeof(message), NULL);
		ASSERT_LE(8, ret);
		i = message[0];
		ASSERT_GT(MANY, i);
		ASSERT_EQ(next[i], message[1]);
		ASSERT_EQ(length_of(i, next[i], self->c.info.max_length), ret);
		ASSERT_TRUE(check_pattern(message + 2, ret - 8, next[i]));
		next[i]++;
	}
	for (i = 0; i < MANY; i++)
		EXPECT_EQ(0, child_wait(pids[i]));
	EXPECT_EQ(-EAGAIN, consumer_take(&self->c));
	EXPECT_EQ(0, mailbox_info(self->fd).bytes);
	EXPECT_EQ(MANY * count, mailbox_info(self->fd).sent);
	EXPECT_EQ(MANY * count, mailbox_info(self->fd).received);
}

/* The same with epoll, edge-triggered, instead of WAIT. */
TEST_F_TIMEOUT(peer, several_producers_by_edges, 200)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int epfd = epoll_create1(EPOLL_CLOEXEC), ret;
	__u32 message[SMALLEST / sizeof(__u32)], count = scaled(2000), n = 0, i;
	pid_t pids[MANY];
	struct job *job;

	ASSERT_EQ(0, epoll_ctl(epfd, EPOLL_CTL_ADD, self->c.fd, &event));
	for (i = 0; i < MANY; i++) {
		job = job_new(self->id, count);
		job->number = i;
		pids[i] = child_start(produce, job);
	}
	while (n < MANY * count) {
		ASSERT_EQ(1, epoll_wait(epfd, &event, 1, PATIENCE_NS / NSEC_PER_MSEC))
			TH_LOG("after %u messages", n);
		for (;;) {
			ret = consumer_try(&self->c, message, sizeof(message), NULL);
			if (ret < 0)
				break;
			n++;
		}
		ASSERT_EQ(-EAGAIN, ret);
	}
	for (i = 0; i < MANY; i++)
		EXPECT_EQ(0, child_wait(pids[i]));
	EXPECT_EQ(MANY * count, n);
	close(epfd);
}

/* Death of a producer. */

enum step { NOTHING, LOOKED, WRITTEN, PUBLISHED, KICKED, WAITING };

static int produce_until(void *arg)
{
	struct job *job = arg;
	struct producer p;
	__u32 number = 77;

	close_all_but(2);
	if (!job_producer(job, &p))
		return 1;
	if (job->number == WAITING)
		producer_fill(&p, 0);
	job->ready = 1;
	/* Whoever is to wait waits before the step that might wake it. */
	while (!job->stop)
		sched_yield();
	if (job->number >= LOOKED && job->number < WAITING)
		producer_look(&p, RECORD_SIZE(sizeof(number)));
	if (job->number >= WRITTEN && job->number < WAITING)
		producer_write(&p, &number, sizeof(number));
	if (job->number >= PUBLISHED && job->number < WAITING)
		producer_publish(&p, sizeof(number));
	if (job->number == KICKED)
		producer_kick(&p);
	job->ready = 2;
	if (job->number == WAITING)
		wait_room(p.fd, 0, 8);
	for (;;)
		pause();
}

static void *await_number(void *arg)
{
	return (void *)(long)consumer_await(arg);
}

/*
 * kill -9 of a producer after each step, while the consumer sleeps: it is told in time, finds what
 * was published, kicked or not, and nothing else.
 */
TEST_F(peer, producer_dies)
{
	struct producer helper;
	pthread_t thread;
	struct job *job;
	void *result;
	__u64 killed;
	__u32 step;
	pid_t pid;

	ASSERT_TRUE(producer_init(&helper, mailbox_by_id(self->dev, self->id, IPCMBOX_WRITE)));
	for (step = NOTHING; step < WAITING; step++) {
		job = job_new(self->id, 0);
		job->number = step;
		pid = child_start(produce_until, job);
		ASSERT_TRUE(await_value(&job->ready, 1));
		consumer_look(&self->c);
		ASSERT_EQ(0, pthread_create(&thread, NULL, await_number, &self->c));
		ASSERT_TRUE(await_receivers(self->fd, 1));
		job->stop = 1;
		ASSERT_TRUE(await_value(&job->ready, 2));
		kill(pid, SIGKILL);
		EXPECT_EQ(255, child_wait(pid));
		killed = now_ns(IPCMBOX_CLOCK_MONOTONIC);
		if (step < PUBLISHED)
			ASSERT_EQ(0, producer_put(&helper, 1000 + step));
		ASSERT_EQ(0, pthread_join(thread, &result));
		EXPECT_EQ(step < PUBLISHED ? 1000 + step : 77, (long)result)
			TH_LOG("step %u", step);
		EXPECT_GE(killed + 10 * BOUND_NS, now_ns(IPCMBOX_CLOCK_MONOTONIC));
		EXPECT_EQ(-EAGAIN, consumer_take(&self->c));
		EXPECT_EQ(step < PUBLISHED ? IPCMBOX_LANE_FREE : IPCMBOX_LANE_GONE,
			  self->c.board->lane[1].state) TH_LOG("step %u", step);
	}
	producer_exit(&helper);
}

TEST_F(peer, producer_dies_while_it_waits)
{
	struct job *job = job_new(self->id, 0);
	pid_t pid;
	__u32 n;

	job->number = WAITING;
	job->stop = 1;
	pid = child_start(produce_until, job);
	ASSERT_TRUE(await_senders(self->fd, 1));
	kill(pid, SIGKILL);
	EXPECT_EQ(255, child_wait(pid));
	EXPECT_EQ(0, mailbox_info(self->fd).waiting_senders);
	for (n = 0; n < SMALLEST / 16; n++)
		EXPECT_EQ(n, consumer_take(&self->c));
	EXPECT_EQ(-EAGAIN, consumer_take(&self->c));
	EXPECT_EQ(IPCMBOX_LANE_GONE, self->c.board->lane[0].state);
	EXPECT_EQ(0, evict(self->c.fd, 0, self->c.lane[0].id));
}

/* Death of the consumer. */

enum { READ_IT = 1, RELEASED, TOLD, ASLEEP };

static int consume_until(void *arg)
{
	struct job *job = arg;
	struct consumer c;
	__u32 number, n;

	close_all_but(2);
	if (!consumer_init(&c, mailbox_by_id(device_open(), job->id, IPCMBOX_READ)))
		return 1;
	job->ready = 1;
	while (!job->stop)
		sched_yield();
	consumer_look(&c);
	if (job->number == ASLEEP)
		wait_message(c.fd, 0, c.serial);
	/* All of it, so that nothing is left by which a successor would come to kick. */
	for (n = 0; n < job->count; n++) {
		if (consumer_read(&c, 0, &number, sizeof(number)) != sizeof(number))
			return 2;
		if (job->number >= RELEASED)
			consumer_release(&c, 0, sizeof(number));
	}
	if (job->number == TOLD)
		consumer_kick(&c, 0);
	job->ready = 2;
	for (;;)
		pause();
}

/*
 * kill -9 of the consumer after each step, while the producer sleeps: another goes on where this
 * one has been, and the producer does not sleep on in front of an empty ring.
 */
TEST_F(peer, consumer_dies)
{
	struct sleeper sleeper;
	struct producer p;
	struct job *job;
	__u32 step, n, i;
	pid_t pid;

	for (step = READ_IT; step <= TOLD; step++) {
		consumer_exit(&self->c);
		ASSERT_TRUE(producer_init(&p, mailbox_by_id(self->dev, self->id, IPCMBOX_WRITE)));
		n = producer_fill(&p, 0);
		ASSERT_TRUE(sleep_start(&sleeper, p.fd, .what = IPCMBOX_CHANNEL_ROOM,
					.bytes = 16));
		ASSERT_TRUE(await_senders(self->fd, 1));
		job = job_new(self->id, n);
		job->number = step;
		pid = child_start(consume_until, job);
		ASSERT_TRUE(await_value(&job->ready, 1));
		job->stop = 1;
		ASSERT_TRUE(await_value(&job->ready, 2));
		EXPECT_EQ(-EBUSY, mailbox_by_id(self->dev, self->id, IPCMBOX_READ));
		kill(pid, SIGKILL);
		EXPECT_EQ(255, child_wait(pid));
		/* Woken to look; if there is no room it would wait on. */
		EXPECT_EQ(0, sleeper_join(&sleeper)) TH_LOG("step %u", step);
		EXPECT_EQ(step >= RELEASED ? 0 : -EAGAIN, producer_look(&p, 16));

		ASSERT_TRUE(consumer_init(&self->c, mailbox_by_id(self->dev, self->id,
								  IPCMBOX_READ)));
		for (i = 0; step < RELEASED && i < n; i++)
			EXPECT_EQ(i, consumer_take(&self->c));
		EXPECT_EQ(-EAGAIN, consumer_take(&self->c));
		EXPECT_EQ(0, producer_put(&p, 500 + step));
		EXPECT_EQ(500 + step, consumer_take(&self->c));
		producer_exit(&p);
	}
}

TEST_F(peer, consumer_dies_while_it_waits)
{
	struct job *job = job_new(self->id, 0);
	struct producer p;
	pid_t pid;

	consumer_exit(&self->c);
	ASSERT_TRUE(producer_init(&p, mailbox_by_id(self->dev, self->id, IPCMBOX_WRITE)));
	job->number = ASLEEP;
	job->stop = 1;
	pid = child_start(consume_until, job);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	kill(pid, SIGKILL);
	EXPECT_EQ(255, child_wait(pid));
	EXPECT_EQ(0, mailbox_info(self->fd).waiting_receivers);
	ASSERT_EQ(0, producer_put(&p, 1));
	ASSERT_TRUE(consumer_init(&self->c, mailbox_by_id(self->dev, self->id, IPCMBOX_READ)));
	EXPECT_EQ(1, consumer_take(&self->c));
	producer_exit(&p);
}

/* Hostile peers. */

/* One position wrong at a time, so that it is known what is found out. */
TEST_F(peer, nonsense_of_a_producer)
{
	static const struct { const char *what; __u64 tail; __u32 length; } cases[] = {
		{ "less than a record", 4, 0 },
		{ "odd", 17, 0 },
		{ "more than the ring", SMALLEST + 8, 0 },
		{ "before the head", -8, 0 },
		{ "far away", 1ULL << 63, 0 },
		{ "length beyond the tail", 16, 9 },
		{ "length beyond the limit", SMALLEST, 2041 },
		{ "length of everything", SMALLEST, ~0U },
		{ "length that overflows", 16, ~0U - 7 },
	};
	struct producer p, other;
	__u32 from, number;
	int i;

	ASSERT_TRUE(producer_init(&other, mailbox_by_id(self->dev, self->id, IPCMBOX_WRITE)));
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		ASSERT_TRUE(producer_init(&p, mailbox_by_id(self->dev, self->id, IPCMBOX_WRITE)));
		((struct ipcmbox_channel_record *)p.ring)->length = cases[i].length;
		__atomic_store_n(&p.header->tail, cases[i].tail, __ATOMIC_RELEASE);
		/* The kernel says that there is something to see, and believes nothing of it. */
		EXPECT_EQ(0, wait_message(self->c.fd, IPCMBOX_NONBLOCK,
					  self->c.board->lanes_serial));
		EXPECT_GE(SMALLEST, mailbox_info(self->fd).bytes) TH_LOG("%s", cases[i].what);
		from = POISON32;
		EXPECT_EQ(-EPROTO, consumer_try(&self->c, &number, sizeof(number), &from))
			TH_LOG("%s", cases[i].what);
		EXPECT_EQ(1, from);
		EXPECT_EQ(IPCMBOX_LANE_EVICTED, self->c.board->lane[1].state);
		EXPECT_EQ(-EPIPE, producer_put(&p, 1));
		/* Once, and nobody else has anything of it. */
		ASSERT_EQ(0, producer_put(&other, i));
		EXPECT_EQ(i, consumer_take(&self->c));
		EXPECT_EQ(-EAGAIN, consumer_take(&self->c));
		producer_exit(&p);
	}
	producer_exit(&other);
}

TEST_F(peer, nonsense_of_a_consumer)
{
	static const __u64 heads[] = { 8, SMALLEST, -SMALLEST - 8ULL, 1ULL << 63 };
	struct producer p;
	int i;

	ASSERT_TRUE(producer_init(&p, mailbox_by_id(self->dev, self->id, IPCMBOX_WRITE)));
	for (i = 0; i < ARRAY_SIZE(heads); i++) {
		self->c.acks->lane[0].head = heads[i];
		EXPECT_EQ(-EPROTO, producer_put(&p, 1)) TH_LOG("case %d", i);
		/* There is no sleeping on it. */
		EXPECT_EQ(0, wait_room(p.fd, 0, SMALLEST)) TH_LOG("case %d", i);
		EXPECT_GE(SMALLEST, mailbox_info(self->fd).bytes);
	}
	self->c.acks->lane[0].head = 0;
	EXPECT_EQ(0, producer_put(&p, 1));
	producer_exit(&p);
}

/* Writes what comes to mind wherever it can, until it is told to stop. */
static int scribble(void *arg)
{
	struct job *job = arg;
	unsigned int seed = job->number;
	struct consumer c = {};
	struct producer p = {};
	__u64 *words;

	close_all_but(2);
	if (job->number ? !job_producer(job, &p) :
			  !consumer_init(&c, mailbox_by_id(device_open(), job->id, IPCMBOX_READ)))
		return 1;
	job->ready = 1;
	while (!job->stop) {
		words = job->number ? (rand_r(&seed) % 4 ? (__u64 *)p.header : (__u64 *)p.ring) :
				      (__u64 *)&c.acks->lane[rand_r(&seed) % MANY];
		words[rand_r(&seed) % (job->number ? 9 : 8)] =
			(__u64)rand_r(&seed) << (rand_r(&seed) % 64) >> (rand_r(&seed) % 64);
		if (rand_r(&seed) % 16)
			continue;
		if (job->number)
			kick(p.fd, IPCMBOX_CHANNEL_CONSUMER, 0);
		else
			kick(c.fd, IPCMBOX_CHANNEL_PRODUCER, rand_r(&seed) % MANY);
	}
	return 0;
}

static short ready(int fd)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN | POLLOUT };

	return poll(&pollfd, 1, 0) < 0 ? -1 : pollfd.revents;
}

static int wait_a_little(int fd, __u32 what)
{
	return channel_wait(fd, &(struct ipcmbox_channel_wait){
		.what = what, .bytes = what == IPCMBOX_CHANNEL_ROOM ? 16 : 0,
		.flags = IPCMBOX_DEADLINE,
		.deadline_ns = now_ns(IPCMBOX_CLOCK_MONOTONIC) + NSEC_PER_MSEC,
	});
}

/* Random words from the producers: the consumer and the kernel get on with it. */
TEST_F_TIMEOUT(peer, scribbling_producers, 120)
{
	__u64 end = now_ns(IPCMBOX_CLOCK_MONOTONIC) + 3 * NSEC_PER_SEC;
	char buf[SMALLEST];
	struct job *jobs[MANY];
	pid_t pids[MANY];
	int i, ret;

	for (i = 0; i < MANY; i++) {
		jobs[i] = job_new(self->id, 0);
		jobs[i]->number = i + 1;
		pids[i] = child_start(scribble, jobs[i]);
		ASSERT_TRUE(await_value(&jobs[i]->ready, 1));
	}
	while (now_ns(IPCMBOX_CLOCK_MONOTONIC) < end) {
		ret = wait_a_little(self->c.fd, IPCMBOX_CHANNEL_RECEIVE);
		ASSERT_TRUE(!ret || ret == -ETIMEDOUT);
		ASSERT_LE(0, ready(self->c.fd));
		ASSERT_GE(MANY * SMALLEST, mailbox_info(self->fd).bytes);
		ret = consumer_try(&self->c, buf, sizeof(buf), NULL);
		ASSERT_TRUE(ret >= 0 || ret == -EAGAIN || ret == -EPROTO);
	}
	for (i = 0; i < MANY; i++) {
		jobs[i]->stop = 1;
		EXPECT_EQ(0, child_wait(pids[i]));
	}
}

/* And from the consumer. */
TEST_F_TIMEOUT(peer, scribbling_consumer, 120)
{
	__u64 end = now_ns(IPCMBOX_CLOCK_MONOTONIC) + 3 * NSEC_PER_SEC;
	struct job *job = job_new(self->id, 0);
	struct producer p[MANY];
	pid_t pid;
	int i, ret;

	consumer_exit(&self->c);
	self->c.fd = -1;
	for (i = 0; i < MANY; i++)
		ASSERT_TRUE(producer_init(&p[i], mailbox_by_id(self->dev, self->id,
							       IPCMBOX_WRITE)));
	pid = child_start(scribble, job);
	ASSERT_TRUE(await_value(&job->ready, 1));
	for (i = 0; now_ns(IPCMBOX_CLOCK_MONOTONIC) < end; i = (i + 1) % MANY) {
		ret = producer_put(&p[i], i);
		ASSERT_TRUE(!ret || ret == -EAGAIN || ret == -EPROTO);
		ret = wait_a_little(p[i].fd, IPCMBOX_CHANNEL_ROOM);
		ASSERT_TRUE(!ret || ret == -ETIMEDOUT);
		ASSERT_LE(0, ready(p[i].fd));
		ASSERT_GE(MANY * SMALLEST, mailbox_info(self->fd).bytes);
	}
	job->stop = 1;
	EXPECT_EQ(0, child_wait(pid));
	for (i = 0; i < MANY; i++)
		producer_exit(&p[i]);
}

/* Comes, leaves a number, and goes. */
static int visit(void *arg)
{
	struct job *job = arg;
	int dev = device_open(), fd;
	struct producer p;
	__u32 i;

	for (i = 0; i < job->count; i++) {
		while ((fd = mailbox_by_id(dev, job->id, IPCMBOX_WRITE)) == -EBUSY)
			sched_yield();
		if (!producer_init(&p, fd))
			return 1;
		if (producer_put(&p, i))
			return 2;
		/* With the record read, or unread. */
		while (i % 2 && p.acks->lane[p.info.lane].head != p.tail)
			if (wait_room(p.fd, 0, p.info.ring_bytes))
				return 3;
		producer_exit(&p);
	}
	return 0;
}

/* Lanes come and go while the consumer maps, reads and evicts them. */
TEST_F_TIMEOUT(peer, lanes_come_and_go, 120)
{
	__u32 count = scaled(60), sum = 0, n = 0, i;
	pid_t pids[MANY];
	struct job *job;
	__s64 number;

	for (i = 0; i < MANY; i++) {
		job = job_new(self->id, count);
		job->number = i;
		pids[i] = child_start(visit, job);
	}
	while (n < MANY * count) {
		number = consumer_await(&self->c);
		ASSERT_LE(0, number);
		sum += number;
		n++;
		for (i = 0; i < LANES; i++)
			if (consumer_lane_state(&self->c, i) == IPCMBOX_LANE_GONE &&
			    self->c.lane[i].id == consumer_lane_id(&self->c, i) &&
			    self->c.lane[i].head == self->c.lane[i].header->tail)
				evict(self->c.fd, i, self->c.lane[i].id);
	}
	for (i = 0; i < MANY; i++)
		EXPECT_EQ(0, child_wait(pids[i]));
	EXPECT_EQ(MANY * (count * (count - 1) / 2), sum);
	EXPECT_EQ(-EAGAIN, consumer_take(&self->c));
}

TEST_HARNESS_MAIN
