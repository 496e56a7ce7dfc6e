// SPDX-License-Identifier: GPL-2.0-only
/*
 * Direct messages: endpoints of processes and threads, sending to them by number and by id.
 *
 * Receiving from one sender is in select.c, the end of an owner in owner.c.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>

#include "kselftest_harness.h"
#include "endpoint_test.h"

FIXTURE(direct) {
	struct actor *peer;
	struct call *calls;
};

FIXTURE_SETUP(direct)
{
	umask(0);
	signal(SIGPIPE, SIG_IGN);
	dev = device_open();
	ASSERT_GE(dev, 0);
	self->peer = actor_start();
	ASSERT_NE(NULL, self->peer);
	self->calls = calls_alloc(4);
}

FIXTURE_TEARDOWN(direct)
{
	actor_end(self->peer);
	close(dev);
}

static int open_public_inbox(int mode)
{
	inbox = endpoint_new(dev, .mode = mode, .max_messages = 4);
	return inbox < 0 ? inbox : (int)mailbox_id(inbox);
}

/*
 * Birth
 */

TEST_F(direct, endpoint_of_a_process)
{
	int fd = endpoint_new(dev, .max_messages = 3, .max_length = 100, .max_bytes = 1000);
	struct ipcmbox_info info;

	ASSERT_GE(fd, 0);
	info = mailbox_info(fd);
	EXPECT_EQ(IPCMBOX_ENDPOINT, info.discipline);
	EXPECT_NE(0, info.id);
	EXPECT_EQ(getpid(), info.pid);
	EXPECT_EQ(0, info.tid);
	EXPECT_EQ(0, info.flags);
	EXPECT_EQ(0600, info.mode);
	EXPECT_EQ(3, info.max_messages);
	EXPECT_EQ(100, info.max_length);
	EXPECT_EQ(1000, info.max_bytes);
	EXPECT_EQ(1, info.readers);
	EXPECT_EQ(0, info.writers);
	EXPECT_EQ(0, info.name[0]);
	EXPECT_TRUE(mailbox_listed(dev, info.id));
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	close(fd);
	EXPECT_FALSE(mailbox_listed(dev, info.id));
}

TEST_F(direct, endpoint_of_a_thread)
{
	int fd = endpoint_new(dev, .flags = IPCMBOX_OPEN_THREAD, .max_messages = 1);
	struct ipcmbox_info info;

	ASSERT_GE(fd, 0);
	info = mailbox_info(fd);
	EXPECT_EQ(getpid(), info.pid);
	EXPECT_EQ(gettid_(), info.tid);
	EXPECT_EQ(IPCMBOX_INFO_THREAD, info.flags);
	close(fd);
}

TEST_F(direct, one_of_each_kind)
{
	int process = endpoint_new(dev), thread = endpoint_new(dev, .flags = IPCMBOX_OPEN_THREAD);
	__u64 first = mailbox_id(process);
	struct ipcmbox_query before, after;

	EXPECT_GE(process, 0);
	EXPECT_GE(thread, 0);
	ASSERT_EQ(0, query_budget(dev, &before));
	EXPECT_EQ(-EEXIST, endpoint_new(dev));
	EXPECT_EQ(-EEXIST, endpoint_new(dev, .flags = IPCMBOX_OPEN_THREAD));
	ASSERT_EQ(0, query_budget(dev, &after));
	EXPECT_EQ(before.user_mailboxes, after.user_mailboxes);
	close(process);
	EXPECT_EQ(-EEXIST, endpoint_new(dev, .flags = IPCMBOX_OPEN_THREAD));
	process = endpoint_new(dev);
	EXPECT_GE(process, 0);
	EXPECT_GT(mailbox_id(process), first) TH_LOG("ids are not used again");
	close(process);
	close(thread);
}

/* Another process has its own, and another thread too. */
static void *other_thread(void *arg)
{
	int *result = arg;
	int process = endpoint_new(dev), thread = endpoint_new(dev, .flags = IPCMBOX_OPEN_THREAD);

	*result = process == -EEXIST && thread >= 0 && mailbox_info(thread).tid == gettid_() &&
		  mailbox_info(thread).pid == getpid();
	close(thread);
	return NULL;
}

TEST_F(direct, others_have_their_own)
{
	pthread_t thread;
	int result = 0;

	ASSERT_GT(open_inbox(0), 0);
	ASSERT_GT(open_inbox(IPCMBOX_OPEN_THREAD), 0);
	EXPECT_GT(actor_ask(self->peer, open_inbox, 0), 0);
	EXPECT_GT(actor_ask(self->peer, open_inbox, IPCMBOX_OPEN_THREAD), 0);
	pthread_create(&thread, NULL, other_thread, &result);
	pthread_join(thread, NULL);
	EXPECT_EQ(1, result);
}

TEST_F(direct, arguments_of_creation)
{
	static const struct ipcmbox_open wrong[] = {
		{ .access = IPCMBOX_WRITE },
		{ .access = RW },
		{ .flags = IPCMBOX_OPEN_EXCL },
		{ .flags = IPCMBOX_OPEN_TRANSIENT },
		{ .flags = IPCMBOX_OPEN_KEEP_LAST },
		{ .flags = IPCMBOX_OPEN_BY_PID },
		{ .flags = IPCMBOX_OPEN_BY_ID },
		{ .id = 1 },
		{ .mode = 0700 },
		{ .overflow = 4 },
		{ .max_length = 10, .max_bytes = 9 },
	};
	struct ipcmbox_open arg;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		arg = wrong[i];
		EXPECT_EQ(-EINVAL, endpoint_create(dev, &arg)) TH_LOG("case %zu", i);
	}
	EXPECT_EQ(-EINVAL, endpoint_new(dev, NAME("test")));
	EXPECT_EQ(-EINVAL, mailbox_open(dev, &(struct ipcmbox_open){
		.flags = IPCMBOX_OPEN_CREATE, .discipline = IPCMBOX_ENDPOINT }));
	EXPECT_EQ(-EINVAL, mailbox_new(dev, .flags = IPCMBOX_OPEN_THREAD));
	EXPECT_GT(open_inbox(IPCMBOX_OPEN_NONBLOCK), 0);
	EXPECT_TRUE(fcntl(inbox, F_GETFL) & O_NONBLOCK);
}

TEST_F(direct, arguments_of_opening)
{
	int id = actor_ask(self->peer, open_inbox, 0);
	struct ipcmbox_open wrong[] = {
		{ .flags = IPCMBOX_OPEN_BY_PID, .access = IPCMBOX_READ },
		{ .flags = IPCMBOX_OPEN_BY_PID, .access = RW },
		{ .flags = IPCMBOX_OPEN_BY_PID },
		{ .flags = IPCMBOX_OPEN_BY_PID | IPCMBOX_OPEN_BY_TID, .access = IPCMBOX_WRITE },
		{ .flags = IPCMBOX_OPEN_BY_PID | IPCMBOX_OPEN_BY_ID, .access = IPCMBOX_WRITE },
		{ .flags = IPCMBOX_OPEN_BY_PID | IPCMBOX_OPEN_THREAD, .access = IPCMBOX_WRITE },
		{ .flags = IPCMBOX_OPEN_BY_PID | IPCMBOX_OPEN_EXCL, .access = IPCMBOX_WRITE },
		{ .flags = IPCMBOX_OPEN_BY_PID, .access = IPCMBOX_WRITE, .mode = 0600 },
		{ .flags = IPCMBOX_OPEN_BY_PID, .access = IPCMBOX_WRITE, .discipline = 3 },
		{ .access = IPCMBOX_WRITE },
	};
	size_t i;
	int fd;

	ASSERT_GT(id, 0);
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		wrong[i].id = self->peer->pid;
		EXPECT_EQ(-EINVAL, mailbox_open(dev, &wrong[i])) TH_LOG("case %zu", i);
	}
	EXPECT_EQ(-EINVAL, mailbox_by_id(dev, id, IPCMBOX_READ));
	EXPECT_EQ(-EINVAL, mailbox_by_id(dev, id, RW));
	EXPECT_EQ(-EINVAL, mailbox_by_id(dev, id, 0));
	fd = mailbox_open(dev, &(struct ipcmbox_open){
		.flags = IPCMBOX_OPEN_BY_PID | IPCMBOX_OPEN_NONBLOCK, .id = self->peer->pid,
		.access = IPCMBOX_WRITE });
	ASSERT_GE(fd, 0);
	EXPECT_TRUE(fcntl(fd, F_GETFL) & O_NONBLOCK);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_EQ(id, mailbox_id(fd));
	EXPECT_EQ(1, mailbox_info(fd).writers);
	EXPECT_EQ(-EACCES, take(fd));
	close(fd);
}

/*
 * Sending
 */

TEST_F(direct, connect_and_send)
{
	int process = actor_ask(self->peer, open_inbox, 0), fd;

	fd = endpoint_connect(dev, IPCMBOX_PROCESS, self->peer->pid);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(0, put(fd, 0, 1));
	close(fd);
	fd = endpoint_connect(dev, IPCMBOX_ENDPOINT_ID, process);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(0, put(fd, 0, 2));
	EXPECT_EQ(2, mailbox_info(fd).messages);
	EXPECT_EQ(1, actor_ask(self->peer, take_inbox, 0));
	EXPECT_EQ(2, actor_ask(self->peer, take_inbox, 0));
	EXPECT_EQ(-EAGAIN, actor_ask(self->peer, take_inbox, 0));
	EXPECT_TRUE(mailbox_balanced(fd));
	close(fd);

	/* A descriptor that sends comes and goes; the owner goes on waiting. */
	actor_tell(self->peer, take_waiting, 0);
	fd = endpoint_connect(dev, IPCMBOX_PROCESS, self->peer->pid);
	ASSERT_TRUE(await_receivers(fd, 1));
	close(fd);
	fd = endpoint_connect(dev, IPCMBOX_PROCESS, self->peer->pid);
	EXPECT_EQ(1, mailbox_info(fd).waiting_receivers);
	EXPECT_EQ(0, put(fd, 0, 3));
	EXPECT_EQ(3, actor_hear(self->peer));
	close(fd);
}

/* The thread that leads a process has the number of that, and an inbox of its own. */
TEST_F(direct, thread_and_process_are_told_apart)
{
	int process = open_inbox(0), first = inbox, fd;
	int thread = open_inbox(IPCMBOX_OPEN_THREAD), second = inbox;

	fd = endpoint_connect(dev, IPCMBOX_PROCESS, getpid());
	EXPECT_EQ(process, mailbox_id(fd));
	EXPECT_EQ(0, put(fd, 0, 1));
	close(fd);
	fd = endpoint_connect(dev, IPCMBOX_THREAD, gettid_());
	EXPECT_EQ(thread, mailbox_id(fd));
	EXPECT_EQ(0, put(fd, 0, 2));
	close(fd);
	EXPECT_EQ(1, take(first));
	EXPECT_EQ(2, take(second));
	close(first);
	EXPECT_EQ(-ESRCH, endpoint_connect(dev, IPCMBOX_PROCESS, getpid()));
	EXPECT_GE(endpoint_connect(dev, IPCMBOX_THREAD, getpid()), 0);
}

TEST_F(direct, nobody_there)
{
	static const __u64 numbers[] = {
		0, 4194304, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000001, ~0ULL,
	};
	int kind, box;
	size_t i;

	ASSERT_GT(open_inbox(0), 0);
	for (kind = IPCMBOX_PROCESS; kind <= IPCMBOX_THREAD; kind++) {
		for (i = 0; i < ARRAY_SIZE(numbers); i++) {
			EXPECT_EQ(-ESRCH, endpoint_connect(dev, kind, numbers[i]));
			EXPECT_EQ(-ESRCH, put_to(kind, numbers[i], 1));
		}
		EXPECT_EQ(-ESRCH, endpoint_connect(dev, kind, self->peer->pid));
		EXPECT_EQ(-ESRCH, put_to(kind, self->peer->pid, 1)) TH_LOG("has no endpoint");
	}
	EXPECT_EQ(-ESRCH, put_to(IPCMBOX_ENDPOINT_ID, 0, 1));
	EXPECT_EQ(-ESRCH, put_to(IPCMBOX_ENDPOINT_ID, ~0ULL, 1));
	EXPECT_EQ(-ENOENT, endpoint_connect(dev, IPCMBOX_ENDPOINT_ID, ~0ULL));

	/* Not an endpoint. */
	box = mailbox_new(dev, .max_messages = 1);
	EXPECT_EQ(-ESRCH, put_to(IPCMBOX_ENDPOINT_ID, mailbox_id(box), 1));
	close(box);

	/* The process has one, the thread that leads it does not. */
	EXPECT_EQ(-ESRCH, put_to(IPCMBOX_THREAD, getpid(), 1));
	EXPECT_EQ(-EAGAIN, take(inbox));
}

/* The number of a thread is not that of a process. */
static void *idle_thread(void *arg)
{
	volatile int *tid = arg;

	tid[0] = gettid_();
	while (!tid[1])
		usleep(1000);
	return NULL;
}

TEST_F(direct, thread_is_no_process)
{
	volatile int tid[2] = {};
	pthread_t thread;

	ASSERT_GT(open_inbox(0), 0);
	pthread_create(&thread, NULL, idle_thread, (void *)tid);
	ASSERT_TRUE(await_value(&tid[0], 1));
	EXPECT_EQ(-ESRCH, endpoint_connect(dev, IPCMBOX_PROCESS, tid[0]));
	EXPECT_EQ(-ESRCH, put_to(IPCMBOX_PROCESS, tid[0], 1));
	EXPECT_EQ(-ESRCH, put_to(IPCMBOX_THREAD, tid[0], 1));
	tid[1] = 1;
	pthread_join(thread, NULL);
}

TEST_F(direct, send_without_connecting)
{
	int id = actor_ask(self->peer, open_inbox, 0);

	ASSERT_GT(open_inbox(0), 0);
	EXPECT_EQ(0, put_to(IPCMBOX_PROCESS, self->peer->pid, 11));
	EXPECT_EQ(0, put_to(IPCMBOX_ENDPOINT_ID, id, 12));
	EXPECT_EQ(11, actor_ask(self->peer, take_inbox, 0));
	EXPECT_EQ(12, actor_ask(self->peer, take_inbox, 0));
	EXPECT_EQ(-EAGAIN, take(inbox));
	EXPECT_EQ(0, mailbox_info(inbox).sent);

	/* Back, and to oneself. */
	EXPECT_EQ(0, actor_ask(self->peer, put_to_parent, 13));
	EXPECT_EQ(13, take(inbox));
	EXPECT_EQ(0, put_to(IPCMBOX_PROCESS, getpid(), 14));
	EXPECT_EQ(14, take(inbox));

	/* It is the target that has a capacity. */
	actor_ask(self->peer, close_inbox, 0);
	ASSERT_GT(actor_ask(self->peer, open_rendezvous, 0), 0);
	EXPECT_EQ(-EAGAIN, put_to(IPCMBOX_PROCESS, self->peer->pid, 15));
	actor_tell(self->peer, take_waiting, 0);
	while (put_to(IPCMBOX_PROCESS, self->peer->pid, 16) == -EAGAIN)
		sched_yield();
	EXPECT_EQ(16, actor_hear(self->peer));
}

TEST_F(direct, to_needs_an_inbox_of_ones_own)
{
	int box = mailbox_new(dev, .max_messages = 1), own = open_inbox(0), fd, kind;
	int id = actor_ask(self->peer, open_inbox, 0);

	ASSERT_GT(own, 0);
	ASSERT_GT(id, 0);
	fd = endpoint_connect(dev, IPCMBOX_PROCESS, getpid());
	for (kind = IPCMBOX_PROCESS; kind <= IPCMBOX_ENDPOINT_ID; kind++) {
		EXPECT_EQ(-EINVAL, message_send(box, .to_kind = kind, .to = self->peer->pid));
		EXPECT_EQ(-EINVAL, message_send(fd, .to_kind = kind, .to = self->peer->pid));
	}
	EXPECT_EQ(-EINVAL, message_send(inbox, .to = self->peer->pid));
	EXPECT_EQ(-EINVAL, message_send(inbox, .to_kind = 4, .to = self->peer->pid));
	EXPECT_EQ(-EACCES, put(inbox, 0, 1)) TH_LOG("it receives only");
	EXPECT_EQ(-1, write(inbox, "x", 1));
	EXPECT_EQ(EBADF, errno);
	EXPECT_EQ(0, mailbox_info(inbox).sent | mailbox_info(box).sent);
	close(fd);
	close(box);
}

static int put_with_inherited(int to)
{
	return put_to(IPCMBOX_PROCESS, to, 1);
}

TEST_F(direct, inherited_inbox_is_not_ones_own)
{
	struct actor *child;

	ASSERT_GT(actor_ask(self->peer, open_inbox, 0), 0);
	ASSERT_GT(open_inbox(0), 0);
	child = actor_start();
	EXPECT_EQ(-EINVAL, actor_ask(child, put_with_inherited, self->peer->pid));
	EXPECT_EQ(-EAGAIN, actor_ask(self->peer, take_inbox, 0));
	/* But receive it may. */
	EXPECT_EQ(0, put_to(IPCMBOX_PROCESS, getpid(), 5));
	EXPECT_EQ(5, actor_ask(child, take_inbox, 0));
	actor_end(child);
}

/* All that a send can do, it does on the way to an endpoint, too. */
TEST_F(direct, to_is_a_send_like_any)
{
	struct call *call = self->calls;
	char data[16] = "0123456789";
	int i;

	ASSERT_GT(actor_ask(self->peer, open_inbox, 0), 0);
	ASSERT_GT(open_inbox(0), 0);
	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, put_to(IPCMBOX_PROCESS, self->peer->pid, i));
	EXPECT_EQ(-EAGAIN, put_to(IPCMBOX_PROCESS, self->peer->pid, 4));
	EXPECT_EQ(-ETIMEDOUT, message_send(inbox, .to_kind = IPCMBOX_PROCESS,
					   .to = self->peer->pid, .flags = IPCMBOX_DEADLINE));
	EXPECT_EQ(-EFAULT, message_send(inbox, .to_kind = IPCMBOX_PROCESS, .buf_len = 1,
					.to = self->peer->pid));
	EXPECT_EQ(-EMSGSIZE, message_send(inbox, .to_kind = IPCMBOX_PROCESS,
					  .to = self->peer->pid,
					  .buf_ptr = ptr_u64(data), .buf_len = 1 << 17));

	send_start(call, inbox, .buf_ptr = ptr_u64(data), .buf_len = 4, .priority = 7,
		   .to_kind = IPCMBOX_PROCESS, .to = self->peer->pid,
		   .completion = IPCMBOX_RECEIVED);
	ASSERT_TRUE(call_await_asleep(call));
	/* The most urgent of those that wait, and it is received. */
	EXPECT_EQ(0, actor_ask(self->peer, take_inbox, 0));
	EXPECT_EQ(0x33323130, actor_ask(self->peer, take_inbox, 0));
	EXPECT_EQ(0, call_join(call));
	for (i = 1; i < 4; i++)
		EXPECT_EQ(i, actor_ask(self->peer, take_inbox, 0));
}

TEST_F(direct, overflow_policies_hold)
{
	int fd = endpoint_new(dev, .max_messages = 1, .overflow = IPCMBOX_OVERFLOW_DROP_OLDEST);
	struct ipcmbox_recv recv = {};
	__u32 number;

	inbox = fd;
	EXPECT_EQ(0, put_to(IPCMBOX_PROCESS, getpid(), 1));
	EXPECT_EQ(0, put_to(IPCMBOX_PROCESS, getpid(), 2));
	EXPECT_EQ(4, take_info(fd, &number, &recv));
	EXPECT_EQ(2, number);
	EXPECT_EQ(1, recv.lost);
	EXPECT_TRUE(mailbox_balanced(fd));
	close(fd);
}

/*
 * Identity
 */

static __u64 sender_of_next(int fd)
{
	struct ipcmbox_recv recv = {};
	__u32 number;

	return take_info(fd, &number, &recv) == 4 ? recv.sender_endpoint : ~0ULL;
}

TEST_F(direct, messages_tell_the_senders_endpoint)
{
	int box = mailbox_new(dev, .max_messages = 8), process, thread;
	struct actor *peer = actor_start();

	EXPECT_EQ(0, actor_ask(peer, put_box, box));
	EXPECT_EQ(0, sender_of_next(box)) TH_LOG("it has none");
	ASSERT_GT(open_inbox(0), 0);
	EXPECT_EQ(0, actor_ask(peer, put_box, box));
	EXPECT_EQ(0, sender_of_next(box)) TH_LOG("others have");

	process = actor_ask(peer, open_inbox, 0);
	EXPECT_EQ(0, actor_ask(peer, put_box, box));
	EXPECT_EQ(process, sender_of_next(box));
	thread = actor_ask(peer, open_inbox, IPCMBOX_OPEN_THREAD);
	EXPECT_EQ(0, actor_ask(peer, put_box, box));
	EXPECT_EQ(thread, sender_of_next(box)) TH_LOG("the thread's own comes first");
	EXPECT_EQ(0, actor_ask(peer, close_inbox, 0));
	EXPECT_EQ(0, actor_ask(peer, put_box, box));
	EXPECT_EQ(process, sender_of_next(box));
	actor_end(peer);
	close(box);
}

struct in_thread {
	int (*deed)(int arg);
	int arg, result;
};

static void *in_thread_body(void *arg)
{
	struct in_thread *it = arg;

	it->result = it->deed(it->arg);
	return NULL;
}

static int in_thread(int (*deed)(int), int arg)
{
	struct in_thread it = { deed, arg };
	pthread_t thread;

	if (pthread_create(&thread, NULL, in_thread_body, &it))
		return -EAGAIN;
	pthread_join(thread, NULL);
	return it.result;
}

TEST_F(direct, other_threads_tell_that_of_the_process)
{
	int box = mailbox_new(dev, .max_messages = 8), process = open_inbox(0);

	ASSERT_GT(open_inbox(IPCMBOX_OPEN_THREAD), 0);
	EXPECT_EQ(0, in_thread(put_box, box));
	EXPECT_EQ(process, sender_of_next(box));
	close(box);
}

/* An answer needs nothing but what came with the question. */
TEST_F(direct, answer_to_the_sender)
{
	struct ipcmbox_recv recv = {};
	__u32 number;

	ASSERT_GT(open_inbox(0), 0);
	ASSERT_GT(actor_ask(self->peer, open_inbox, 0), 0);
	ASSERT_EQ(0, actor_ask(self->peer, put_to_parent, 1));
	ASSERT_EQ(4, take_info(inbox, &number, &recv));
	EXPECT_EQ(self->peer->pid, recv.pid);
	EXPECT_EQ(self->peer->pid, recv.tid);
	EXPECT_EQ(0, put_to(IPCMBOX_ENDPOINT_ID, recv.sender_endpoint, 2));
	EXPECT_EQ(2, actor_ask(self->peer, take_inbox, 0));
}

/* Each waits for what the other would have to answer. */
static int call_back(int thread)
{
	int fd = endpoint_connect(dev, IPCMBOX_THREAD, thread), ret;

	ret = message_call(fd, .buf_ptr = ptr_u64("back"), .buf_len = 4);
	close(fd);
	return ret;
}

TEST_F(direct, calls_in_a_cycle)
{
	struct call *call = self->calls;
	int fd;

	ASSERT_GT(open_inbox(IPCMBOX_OPEN_THREAD), 0);
	EXPECT_EQ(-EDEADLK, call_back(gettid_()));
	ASSERT_GT(actor_ask(self->peer, open_inbox, IPCMBOX_OPEN_THREAD), 0);
	fd = endpoint_connect(dev, IPCMBOX_THREAD, self->peer->pid);
	call_prepare(call, fd, .buf_ptr = ptr_u64("call"), .buf_len = 4);
	call_start(call);
	ASSERT_TRUE(await_senders(fd, 1));
	/* It is not this thread that waits, but one that has no inbox. */
	actor_tell(self->peer, call_back, gettid_());
	ASSERT_TRUE(await_senders(inbox, 1));
	close(inbox);
	EXPECT_EQ(-EPIPE, actor_hear(self->peer));
	EXPECT_EQ(0, actor_ask(self->peer, close_inbox, 0));
	EXPECT_EQ(-EPIPE, call_join(call));
	close(fd);
}

/*
 * Rights
 */

static int become_other(int uid)
{
	return become(uid, uid);
}

static int connect_by_pid(int pid)
{
	int fd = endpoint_connect(dev, IPCMBOX_PROCESS, pid);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

static int connect_by_id(int id)
{
	int fd = endpoint_connect(dev, IPCMBOX_ENDPOINT_ID, id);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

static int put_by_pid(int pid)
{
	return put_to(IPCMBOX_PROCESS, pid, 1);
}

static int put_by_id(int id)
{
	return put_to(IPCMBOX_ENDPOINT_ID, id, 1);
}

TEST_F(direct, rights)
{
	static const struct {
		int mode, uid, expected;
	} cases[] = {
		{ 0600, 1000, 0 }, { 0600, 1001, -EACCES }, { 0600, 0, 0 },
		{ 0606, 1001, 0 }, { 0404, 1001, -EACCES }, { 0400, 1000, -EACCES },
		{ 0402, 1001, 0 }, { 0060, 1001, -EACCES },
	};
	size_t i;
	int id;

	ASSERT_EQ(0, geteuid()) TH_LOG("needs root");
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct actor *owner = actor_start(), *other = actor_start();

		EXPECT_EQ(0, actor_ask(owner, become_other, 1000));
		if (cases[i].uid)
			EXPECT_EQ(0, actor_ask(other, become_other, cases[i].uid));
		id = actor_ask(owner, open_public_inbox, cases[i].mode);
		ASSERT_GT(id, 0);
		EXPECT_EQ(cases[i].expected, actor_ask(other, connect_by_pid, owner->pid))
			TH_LOG("case %zu", i);
		EXPECT_EQ(cases[i].expected, actor_ask(other, connect_by_id, id));
		ASSERT_GT(actor_ask(other, open_inbox, 0), 0);
		EXPECT_EQ(cases[i].expected, actor_ask(other, put_by_pid, owner->pid));
		EXPECT_EQ(cases[i].expected, actor_ask(other, put_by_id, id));
		EXPECT_EQ(cases[i].expected ? -EAGAIN : 1, actor_ask(owner, take_inbox, 0));
		actor_end(owner);
		actor_end(other);
	}
}

/* A descriptor is the right, but who sends without one is asked each time. */
static int fd_of_peer;

static int connect_and_keep(int pid)
{
	fd_of_peer = endpoint_connect(dev, IPCMBOX_PROCESS, pid);
	return fd_of_peer < 0 ? fd_of_peer : 0;
}

static int put_connected(int number)
{
	return put(fd_of_peer, 0, number);
}

TEST_F(direct, rights_change)
{
	int id = open_public_inbox(0606);

	ASSERT_EQ(0, geteuid()) TH_LOG("needs root");
	ASSERT_GT(id, 0);
	ASSERT_EQ(0, actor_ask(self->peer, become_other, 1001));
	ASSERT_GT(actor_ask(self->peer, open_inbox, 0), 0);
	EXPECT_EQ(0, actor_ask(self->peer, connect_and_keep, getpid()));
	EXPECT_EQ(0, actor_ask(self->peer, put_by_id, id));
	ASSERT_EQ(0, mailbox_change(inbox, .mask = IPCMBOX_SET_MODE, .mode = 0600));
	EXPECT_EQ(-EACCES, actor_ask(self->peer, put_by_id, id));
	EXPECT_EQ(-EACCES, actor_ask(self->peer, connect_by_pid, getpid()));
	EXPECT_EQ(0, actor_ask(self->peer, put_connected, 2));
	EXPECT_EQ(1, take(inbox));
	EXPECT_EQ(2, take(inbox));
}

/*
 * Many
 */

static int own_and_end(void *arg)
{
	int fd = endpoint_new(*(int *)arg, .max_messages = 2);

	return put(endpoint_connect(*(int *)arg, IPCMBOX_PROCESS, getpid()), 0, 1) || fd < 0;
}

TEST_F_TIMEOUT(direct, nothing_is_left, 90)
{
	struct ipcmbox_query before, after;
	int count = mailbox_count(dev), i;

	ASSERT_EQ(0, query_budget(dev, &before));
	for (i = 0; i < 200; i++)
		ASSERT_EQ(0, child_run(own_and_end, &dev));
	EXPECT_EQ(count, mailbox_count(dev));
	ASSERT_EQ(0, query_budget(dev, &after));
	EXPECT_EQ(before.user_mailboxes, after.user_mailboxes);
	EXPECT_EQ(before.user_messages, after.user_messages);
	EXPECT_EQ(before.user_bytes, after.user_bytes);
}

/* Threads that come and go, each with an inbox, while others send to whom there is. */
struct crowd {
	volatile int tid, stop;
	int failures;
};

static void *come_and_go(void *arg)
{
	struct crowd *crowd = arg;
	__u32 number;
	int fd, ret;

	fd = endpoint_new(dev, .flags = IPCMBOX_OPEN_THREAD);
	if (fd < 0)
		__atomic_add_fetch(&crowd->failures, 1, __ATOMIC_RELAXED);
	crowd->tid = gettid_();
	ret = message_recv(fd, .buf_ptr = ptr_u64(&number), .buf_len = 4);
	if (ret != 4)
		__atomic_add_fetch(&crowd->failures, 1, __ATOMIC_RELAXED);
	/* The descriptor stays, for the next to close. */
	return (void *)(long)fd;
}

static void *send_to_whom_there_is(void *arg)
{
	struct crowd *crowd = arg;
	int fd, ret;

	while (!crowd->stop) {
		fd = endpoint_connect(dev, IPCMBOX_THREAD, crowd->tid);
		if (fd < 0) {
			if (fd != -ESRCH)
				__atomic_add_fetch(&crowd->failures, 1, __ATOMIC_RELAXED);
			continue;
		}
		ret = message_send(fd, .buf_ptr = ptr_u64(&fd), .buf_len = 4);
		if (ret && ret != -EPIPE)
			__atomic_add_fetch(&crowd->failures, 1, __ATOMIC_RELAXED);
		close(fd);
	}
	return NULL;
}

TEST_F_TIMEOUT(direct, threads_come_and_go, 90)
{
	struct crowd crowd = {};
	pthread_t senders[3], owner;
	__u32 i, rounds = scaled(100);
	void *fd;

	for (i = 0; i < 3; i++)
		pthread_create(&senders[i], NULL, send_to_whom_there_is, &crowd);
	for (i = 0; i < rounds; i++) {
		pthread_create(&owner, NULL, come_and_go, &crowd);
		pthread_join(owner, &fd);
		close((long)fd);
	}
	crowd.stop = 1;
	for (i = 0; i < 3; i++)
		pthread_join(senders[i], NULL);
	EXPECT_EQ(0, crowd.failures);
}

TEST_HARNESS_MAIN
