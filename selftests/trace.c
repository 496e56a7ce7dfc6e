// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tracepoints: a message can be followed from send to reply, a channel by who comes and goes, and
 * a segment from its creation to its end.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>

#include "kselftest_harness.h"
#include "ipcmbox_test.h"
#include "channel_test.h"

#define TRACING		"/sys/kernel/tracing"

FIXTURE(trace) {
	int dev, fd;
	__u64 id;
	struct call *calls;
	bool on;
};

/*
 * Emptied by opening it so; a clock that counts what happens knows the order on all processors. To
 * know the names of commands the kernel would trace every switch of tasks, and patch its scheduler
 * for that each time: a CPU that QEMU 7.2 translates was seen to run into the breakpoint that is
 * set meanwhile for ever, while no memory changed.
 */
static bool trace_start(void)
{
	close(open(TRACING "/trace", O_WRONLY | O_TRUNC | O_CLOEXEC));
	return write_file(TRACING "/options/record-cmd", "0") &&
	       write_file(TRACING "/trace_clock", "counter") &&
	       write_file(TRACING "/events/ipcmbox/enable", "1");
}

FIXTURE_SETUP(trace)
{
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->fd = mailbox_new(self->dev, .max_messages = 1);
	ASSERT_GE(self->fd, 0);
	self->id = mailbox_id(self->fd);
	self->calls = calls_alloc(2);
	ASSERT_EQ(0, geteuid()) TH_LOG("needs root");
	if (access(TRACING "/events", F_OK))
		SKIP(return, "no tracing in this kernel");
	self->on = true;
	ASSERT_TRUE(trace_start());
}

FIXTURE_TEARDOWN(trace)
{
	if (self->on) {
		write_file(TRACING "/events/ipcmbox/enable", "0");
		write_file(TRACING "/events/ipcmbox/filter", "0");
		write_file(TRACING "/trace_clock", "local");
		write_file(TRACING "/options/record-cmd", "1");
	}
	close(self->fd);
	close(self->dev);
}

static char text[1 << 20];

/* The lines of the trace, once for all that is asked of them. */
static bool read_trace(void)
{
	size_t done = 0;
	ssize_t ret;
	int fd = open(TRACING "/trace", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	while ((ret = read(fd, text + done, sizeof(text) - 1 - done)) > 0)
		done += ret;
	text[done] = 0;
	close(fd);
	return !ret;
}

/* Finds the next line of a message. */
static char *next_line(char *from, __u64 id, __u64 seq)
{
	char key[64];
	char *at;

	snprintf(key, sizeof(key), ": mailbox=%llu seq=%llu ", (unsigned long long)id,
		 (unsigned long long)seq);
	at = strstr(from, key);
	return at;
}

/* The names of the events of a message, with a space after each, but for those of wake-ups. */
static const char *events_of(FIXTURE_DATA(trace) *self, __u64 seq)
{
	static char events[256];
	char *at = text, *name;

	events[0] = 0;
	if (!read_trace())
		return "no trace";
	while ((at = next_line(at, self->id, seq))) {
		name = at;
		while (name > text && name[-1] != ' ')
			name--;
		if (!strncmp(name, "ipcmbox_", 8) && strncmp(name, "ipcmbox_wake", 12)) {
			strncat(events, name + 8, at - name - 8);
			strcat(events, " ");
		}
		at++;
	}
	return events;
}

/* What the event @name of a message says after its number. */
static const char *said(FIXTURE_DATA(trace) *self, const char *name, __u64 seq)
{
	static char line[256];
	char key[128];
	char *at;

	snprintf(key, sizeof(key), " ipcmbox_%s: mailbox=%llu seq=%llu ", name,
		 (unsigned long long)self->id, (unsigned long long)seq);
	if (!read_trace())
		return "no trace";
	at = strstr(text, key);
	if (!at)
		return "no such event";
	at += strlen(key);
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"), at);
	return line;
}

TEST_F(trace, all_events_are_there)
{
	static const char * const names[] = {
		"send", "block", "take", "finish", "return", "reply", "drop", "withdraw", "dead",
		"wake", "channel_create", "producer_join", "producer_leave", "producer_evict",
		"consumer_join", "consumer_leave", "channel_sleep", "segment_create",
		"segment_resize", "segment_move", "segment_return", "segment_destroy",
	};
	char path[128];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), TRACING "/events/ipcmbox/ipcmbox_%s/format",
			 names[i]);
		EXPECT_EQ(0, access(path, R_OK)) TH_LOG("%s", path);
	}
}

TEST_F(trace, sent_and_received)
{
	char expected[128];

	ASSERT_EQ(0, message_send(self->fd, .buf_ptr = ptr_u64("hello"), .buf_len = 5,
				  .priority = 7, .events = 0x30));
	EXPECT_STREQ("send ", events_of(self, 1));
	snprintf(expected, sizeof(expected), "priority=7 length=5 events=0x30 pid=%d tid=%d",
		 getpid(), getpid());
	EXPECT_STREQ(expected, said(self, "send", 1));
	ASSERT_EQ(5, message_recv(self->fd, .buf_ptr = ptr_u64(self->calls[0].data),
				  .buf_len = 5));
	EXPECT_STREQ("send take finish ", events_of(self, 1));
	EXPECT_STREQ(expected, said(self, "finish", 1));
}

TEST_F(trace, blocked)
{
	char expected[64];

	ASSERT_EQ(0, put(self->fd, 0, 1));
	put_start(self->calls, self->fd, 0, 2);
	ASSERT_TRUE(await_senders(self->fd, 1));
	EXPECT_STREQ("block ", events_of(self, 2));
	ASSERT_EQ(1, take(self->fd));
	ASSERT_EQ(0, call_join(self->calls));
	ASSERT_EQ(2, take(self->fd));
	EXPECT_STREQ("block send take finish ", events_of(self, 2));
	snprintf(expected, sizeof(expected), "tid=%d result=0", self->calls->tid);
	EXPECT_STREQ(expected, said(self, "wake", 2));
}

TEST_F(trace, handed_over)
{
	char expected[64];

	recv_start(self->calls, self->fd);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	ASSERT_EQ(4, call_join(self->calls));
	EXPECT_STREQ("send take finish ", events_of(self, 1));
	snprintf(expected, sizeof(expected), "tid=%d result=0", self->calls->tid);
	EXPECT_STREQ(expected, said(self, "wake", 1));
}

TEST_F(trace, called)
{
	struct ipcmbox_recv recv = {};

	call_prepare(self->calls, self->fd);
	call_start(self->calls);
	ASSERT_TRUE(await_senders(self->fd, 1));
	ASSERT_EQ(0, mailbox_receive(self->fd, &recv));
	ASSERT_EQ(0, message_reply(self->fd, .token = recv.token));
	ASSERT_EQ(0, call_join(self->calls));
	EXPECT_STREQ("send take finish reply ", events_of(self, 1));
}

TEST_F(trace, put_back)
{
	ASSERT_EQ(0, put(self->fd, 0, 1));
	ASSERT_EQ(-EFAULT, message_recv(self->fd, .buf_ptr = 8, .buf_len = 4));
	EXPECT_STREQ("send take return ", events_of(self, 1));
}

TEST_F(trace, dropped)
{
	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_OVERFLOW,
				    .overflow = IPCMBOX_OVERFLOW_DROP_OLDEST));
	ASSERT_EQ(0, put(self->fd, 1, 1));
	ASSERT_EQ(0, put(self->fd, 1, 2));
	ASSERT_EQ(IPCMBOX_SENT_DROPPED, put(self->fd, 0, 3));
	EXPECT_STREQ("send drop ", events_of(self, 1));
	EXPECT_STREQ("send ", events_of(self, 2));
	EXPECT_STREQ("drop ", events_of(self, 3));
}

TEST_F(trace, withdrawn)
{
	ASSERT_EQ(-ETIMEDOUT, message_send(self->fd, .completion = IPCMBOX_RECEIVED,
					   .flags = IPCMBOX_DEADLINE, .deadline_ns = 1));
	EXPECT_STREQ("send withdraw ", events_of(self, 1));
}

TEST_F(trace, dead)
{
	struct ipcmbox_recv recv = { .flags = IPCMBOX_LEASE, .lease_ns = 100 * NSEC_PER_SEC };

	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_DEAD_LETTER,
				    .max_deliveries = 1));
	ASSERT_EQ(0, message_send(self->fd, .flags = IPCMBOX_NONBLOCK));
	ASSERT_EQ(0, mailbox_receive(self->fd, &recv));
	ASSERT_EQ(0, mailbox_settle(self->fd, recv.token, IPCMBOX_SETTLE_REFUSE, 0));
	EXPECT_STREQ("send take finish dead ", events_of(self, 1));
}

/* A wait that ends without a message. */
TEST_F(trace, woken_for_nothing)
{
	char expected[64];
	int receiver = mailbox_by_id(self->dev, self->id, IPCMBOX_READ);

	ASSERT_GE(receiver, 0);
	recv_start(self->calls, receiver);
	ASSERT_TRUE(await_receivers(receiver, 1));
	close(self->fd);
	self->fd = receiver;
	ASSERT_EQ(-EPIPE, call_join(self->calls));
	snprintf(expected, sizeof(expected), "tid=%d result=-32", self->calls->tid);
	EXPECT_STREQ(expected, said(self, "wake", 0));
}

TEST_F(trace, filtered_by_mailbox)
{
	char filter[64];
	int other = mailbox_new(self->dev, .max_messages = 1);

	ASSERT_GE(other, 0);
	snprintf(filter, sizeof(filter), "mailbox==%llu", (unsigned long long)self->id);
	ASSERT_TRUE(write_file(TRACING "/events/ipcmbox/filter", filter));
	ASSERT_EQ(0, put(other, 0, 1));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_STREQ("send ", events_of(self, 1));
	EXPECT_EQ(NULL, next_line(text, mailbox_id(other), 1));
	close(other);
}

TEST_F(trace, off_again)
{
	ASSERT_EQ(0, put(self->fd, 0, 1));
	ASSERT_TRUE(write_file(TRACING "/events/ipcmbox/enable", "0"));
	ASSERT_EQ(1, take(self->fd));
	EXPECT_STREQ("send ", events_of(self, 1));
}

/*
 * Channels and segments: the events of one, with what each says, and a semicolon after it.
 */

static const char *story_of(const char *what, __u64 id)
{
	static char story[2048];
	char key[64], *at = text, *name;

	snprintf(key, sizeof(key), ": %s=%llu ", what, (unsigned long long)id);
	story[0] = 0;
	if (!read_trace())
		return "no trace";
	while ((at = strstr(at, key))) {
		name = at;
		while (name > text && name[-1] != ' ')
			name--;
		strncat(story, name + 8, at - name - 8);
		at += strlen(key) - 1;
		strncat(story, at, strcspn(at, "\n"));
		strcat(story, "; ");
	}
	return story;
}

TEST_F(trace, channel)
{
	char expected[1024];
	int consumer = channel_new(self->dev, .access = IPCMBOX_READ), lane[2], pid = getpid();
	__u64 id = mailbox_id(consumer);
	struct producer p;

	ASSERT_GE(consumer, 0);
	ASSERT_TRUE(producer_init(&p, mailbox_by_id(self->dev, id, IPCMBOX_WRITE)));
	lane[1] = mailbox_by_id(self->dev, id, IPCMBOX_WRITE);
	ASSERT_GE(lane[1], 0);
	ASSERT_EQ(0, producer_put(&p, 1));
	ASSERT_EQ(0, evict(consumer, 1, 2));
	close(lane[1]);
	producer_exit(&p);
	close(consumer);
	snprintf(expected, sizeof(expected),
		 "channel_create ring_bytes=4096; consumer_join pid=%d exiting=0; "
		 "producer_join lane=0 lane_id=1 unread=0 pid=%d tid=%d exiting=0; "
		 "producer_join lane=1 lane_id=2 unread=0 pid=%d tid=%d exiting=0; "
		 "producer_evict lane=1 lane_id=2 unread=0 pid=%d tid=%d exiting=0; "
		 "producer_leave lane=1 lane_id=2 unread=0 pid=%d tid=%d exiting=0; "
		 "producer_leave lane=0 lane_id=1 unread=16 pid=%d tid=%d exiting=0; "
		 "consumer_leave pid=%d exiting=0; ",
		 pid, pid, pid, pid, pid, pid, pid, pid, pid, pid, pid, pid);
	EXPECT_STREQ(expected, story_of("mailbox", id));
}

/* Both sides sleep, one after the other, and are woken by a kick. */
TEST_F(trace, channel_asleep)
{
	char expected[512];
	int consumer = channel_new(self->dev, .access = IPCMBOX_READ), pid = getpid();
	struct sleeper sleepers[2];
	__u64 id = mailbox_id(consumer);
	struct producer p;

	ASSERT_GE(consumer, 0);
	ASSERT_TRUE(producer_init(&p, mailbox_by_id(self->dev, id, IPCMBOX_WRITE)));
	ASSERT_TRUE(sleep_start(&sleepers[0], consumer, .what = IPCMBOX_CHANNEL_RECEIVE,
				.lanes_serial = p.board->lanes_serial));
	ASSERT_TRUE(await_receivers(consumer, 1));
	ASSERT_EQ(0, kick(p.fd, IPCMBOX_CHANNEL_CONSUMER, 0));
	ASSERT_EQ(0, sleeper_join(&sleepers[0]));
	producer_fill(&p, 0);
	ASSERT_TRUE(sleep_start(&sleepers[1], p.fd, .what = IPCMBOX_CHANNEL_ROOM, .bytes = 8));
	ASSERT_TRUE(await_senders(consumer, 1));
	ASSERT_EQ(0, kick(consumer, IPCMBOX_CHANNEL_PRODUCER, 0));
	ASSERT_EQ(0, sleeper_join(&sleepers[1]));
	close(consumer);
	producer_exit(&p);
	snprintf(expected, sizeof(expected),
		 "channel_create ring_bytes=4096; consumer_join pid=%d exiting=0; "
		 "producer_join lane=0 lane_id=1 unread=0 pid=%d tid=%d exiting=0; "
		 "channel_sleep lane=-1; wake seq=0 tid=%d result=0; "
		 "channel_sleep lane=0; wake seq=0 tid=%d result=0; consumer_leave pid=%d",
		 pid, pid, pid, sleepers[0].tid, sleepers[1].tid, pid);
	EXPECT_EQ(0, strncmp(expected, story_of("mailbox", id), strlen(expected)))
		TH_LOG("%s", story_of("mailbox", id));
}

static void ignore(int sig)
{
	(void)sig;
}

/* A sleep that is not ended by a wake-up: no event tells, the next sleep does. */
TEST_F(trace, channel_sleep_given_up)
{
	struct sigaction action = { .sa_handler = ignore };
	char expected[512];
	int consumer = channel_new(self->dev, .access = IPCMBOX_READ), pid = getpid();
	struct sleeper sleeper;
	__u64 id = mailbox_id(consumer);
	struct producer p;

	ASSERT_GE(consumer, 0);
	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	ASSERT_TRUE(producer_init(&p, mailbox_by_id(self->dev, id, IPCMBOX_WRITE)));
	EXPECT_EQ(-ETIMEDOUT, channel_wait(consumer, &(struct ipcmbox_channel_wait){
		.what = IPCMBOX_CHANNEL_RECEIVE, .flags = IPCMBOX_DEADLINE,
		.lanes_serial = p.board->lanes_serial,
	}));
	producer_fill(&p, 0);
	ASSERT_TRUE(sleep_start(&sleeper, p.fd, .what = IPCMBOX_CHANNEL_ROOM, .bytes = 8));
	ASSERT_TRUE(await_senders(consumer, 1));
	ASSERT_EQ(0, pthread_kill(sleeper.thread, SIGUSR1));
	EXPECT_EQ(-EINTR, sleeper_join(&sleeper));
	close(consumer);
	producer_exit(&p);
	snprintf(expected, sizeof(expected),
		 "channel_create ring_bytes=4096; consumer_join pid=%d exiting=0; "
		 "producer_join lane=0 lane_id=1 unread=0 pid=%d tid=%d exiting=0; "
		 "channel_sleep lane=-1; channel_sleep lane=0; consumer_leave pid=%d",
		 pid, pid, pid, pid);
	EXPECT_EQ(0, strncmp(expected, story_of("mailbox", id), strlen(expected)))
		TH_LOG("%s", story_of("mailbox", id));
}

static int die_at_both_ends(void *arg)
{
	__u64 id = *(__u64 *)arg;

	if (mailbox_by_id(device_open(), id, RW) < 0)
		return 1;
	raise(SIGKILL);
	return 2;
}

TEST_F(trace, channel_of_the_dead)
{
	int fd = channel_new(self->dev, NAME("test trace"), .access = 0);
	__u64 id = mailbox_id(fd);
	const char *story;

	ASSERT_GE(fd, 0);
	EXPECT_EQ(255, child_run(die_at_both_ends, &id));
	story = story_of("mailbox", id);
	EXPECT_NE(NULL, strstr(story, "; consumer_leave pid=")) TH_LOG("%s", story);
	EXPECT_NE(NULL, strstr(story, "; producer_leave lane=0 lane_id=1 unread=0 "));
	EXPECT_EQ(NULL, strstr(strstr(story, "consumer_leave"), "exiting=0"));
	close(fd);
	mailbox_unlink_tests(self->dev);
}

static int segment_new(int dev)
{
	struct ipcmbox_segment_open arg = {
		.flags = IPCMBOX_OPEN_CREATE, .access = RW, .mode = 0600, .size = 8192,
	};

	return ioctl(dev, IPCMBOX_IOC_SEGMENT_OPEN, &arg);
}

TEST_F(trace, segment)
{
	int box = mailbox_new(self->dev, .max_messages = 1, .flags = IPCMBOX_OPEN_FDS);
	int fd = segment_new(self->dev), got = -1;
	struct ipcmbox_segment_info info;

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, ioctl(fd, IPCMBOX_IOC_SEGMENT_STAT, &info));
	ASSERT_EQ(0, ftruncate(fd, 4096));
	ASSERT_EQ(0, ftruncate(fd, 4096));
	ASSERT_EQ(4, pwrite(fd, "more", 4, 12288));
	ASSERT_EQ(0, message_send(box, .fds_ptr = ptr_u64(&fd), .nr_fds = 1,
				  .flags = IPCMBOX_MOVE));
	ASSERT_EQ(0, message_receive(box, .fds_ptr = ptr_u64(&got), .max_fds = 1));
	close(got);
	close(fd);
	close(box);
	EXPECT_STREQ("segment_create size=8192; segment_resize size=4096; "
		     "segment_resize size=12292; segment_move size=12292; "
		     "segment_return size=12292; segment_destroy size=12292; ",
		     story_of("segment", info.id));
}

TEST_HARNESS_MAIN
