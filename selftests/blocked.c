// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who waits for whom: ioctl(IPCMBOX_IOC_BLOCKED).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "kselftest_harness.h"
#include "ipcmbox_test.h"

#define SOMEBODY	1000
#define ROOM		8

FIXTURE(blocked) {
	int dev, fd;
	struct call *calls;
	struct ipcmbox_blocked list[ROOM];
	__u32 total;
};

FIXTURE_SETUP(blocked)
{
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->fd = mailbox_new(self->dev, .max_messages = 1);
	ASSERT_GE(self->fd, 0);
	self->calls = calls_alloc(ROOM);
}

FIXTURE_TEARDOWN(blocked)
{
	close(self->fd);
	close(self->dev);
}

static int blocked_list(int dev, struct ipcmbox_blocked_list *arg)
{
	int ret = ioctl(dev, IPCMBOX_IOC_BLOCKED, arg);

	return ret < 0 ? -errno : ret;
}

/* How many are in @list, or -errno. */
static int look_at(int dev, __u64 id, struct ipcmbox_blocked *list, __u32 *total)
{
	struct ipcmbox_blocked_list arg = {
		.id = id,
		.buf_ptr = ptr_u64(list),
		.count = ROOM,
		.element_size = sizeof(*list),
		.total = POISON32,
	};
	int ret;

	memset(list, POISON, ROOM * sizeof(*list));
	ret = blocked_list(dev, &arg);
	*total = arg.total;
	return ret ? ret : (int)arg.count;
}

static int look(FIXTURE_DATA(blocked) *self)
{
	return look_at(self->dev, mailbox_id(self->fd), self->list, &self->total);
}

/* The only one that waits; all zero if there is not exactly one. */
static struct ipcmbox_blocked only(FIXTURE_DATA(blocked) *self)
{
	if (look(self) != 1 || self->total != 1)
		return (struct ipcmbox_blocked){};
	return self->list[0];
}

static pid_t pid_of(const struct call *call)
{
	return call->pid ? call->pid : getpid();
}

/* What every element says of a call that waits. */
static bool is_of(const struct ipcmbox_blocked *blocked, const struct call *call)
{
	return blocked->mailbox == mailbox_id(call->fd) && blocked->pid == pid_of(call) &&
	       blocked->tid == call->tid && blocked->since_ns < PATIENCE_NS;
}

static bool has_no_peer(const struct ipcmbox_blocked *blocked)
{
	return !blocked->peer_pid && !blocked->peer_tid;
}

TEST_F(blocked, feature)
{
	struct ipcmbox_query query;

	ASSERT_EQ(0, query_budget(self->dev, &query));
	EXPECT_EQ(IPCMBOX_FEATURE_BLOCKED, query.features & IPCMBOX_FEATURE_BLOCKED);
}

TEST_F(blocked, nobody)
{
	EXPECT_EQ(0, look(self));
	EXPECT_EQ(0, self->total);
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(0, look(self));
	/* What it does not fill it leaves alone. */
	EXPECT_EQ(POISON32, self->list[0].what);
}

TEST_F(blocked, receiver)
{
	struct ipcmbox_blocked blocked;

	recv_start(self->calls, self->fd, .min_priority = 7);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	blocked = only(self);
	EXPECT_TRUE(is_of(&blocked, self->calls));
	EXPECT_EQ(IPCMBOX_BLOCKED_RECV, blocked.what);
	EXPECT_EQ(7, blocked.priority);
	EXPECT_EQ(0, blocked.seq);
	EXPECT_TRUE(has_no_peer(&blocked));
	ASSERT_EQ(0, put(self->fd, 7, 1));
	EXPECT_EQ(4, call_join(self->calls));
	EXPECT_EQ(0, look(self));
}

TEST_F(blocked, peeker)
{
	recv_start(self->calls, self->fd, .flags = IPCMBOX_PEEK);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	EXPECT_EQ(IPCMBOX_BLOCKED_RECV, only(self).what);
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(4, call_join(self->calls));
}

TEST_F(blocked, room)
{
	struct ipcmbox_blocked blocked;

	ASSERT_EQ(0, put(self->fd, 0, 1));
	put_start(self->calls, self->fd, 9, 2);
	ASSERT_TRUE(await_senders(self->fd, 1));
	blocked = only(self);
	EXPECT_TRUE(is_of(&blocked, self->calls));
	EXPECT_EQ(IPCMBOX_BLOCKED_ROOM, blocked.what);
	EXPECT_EQ(9, blocked.priority);
	EXPECT_EQ(2, blocked.seq);
	EXPECT_TRUE(has_no_peer(&blocked));
	EXPECT_EQ(1, take(self->fd));
	EXPECT_EQ(0, call_join(self->calls));
	EXPECT_EQ(0, look(self));
}

TEST_F(blocked, receipt)
{
	struct ipcmbox_blocked blocked;

	send_start(self->calls, self->fd, .priority = 3, .completion = IPCMBOX_RECEIVED);
	ASSERT_TRUE(await_senders(self->fd, 1));
	blocked = only(self);
	EXPECT_TRUE(is_of(&blocked, self->calls));
	EXPECT_EQ(IPCMBOX_BLOCKED_RECEIPT, blocked.what);
	EXPECT_EQ(3, blocked.priority);
	EXPECT_EQ(1, blocked.seq);
	EXPECT_TRUE(has_no_peer(&blocked));
	EXPECT_EQ(0, take_info(self->fd, &(__u32){ 0 }, &(struct ipcmbox_recv){}));
	EXPECT_EQ(0, call_join(self->calls));
}

/* A message without room is not even queued, whatever its sender waits for in the end. */
TEST_F(blocked, room_before_receipt)
{
	ASSERT_EQ(0, put(self->fd, 0, 1));
	send_start(self->calls, self->fd, .completion = IPCMBOX_RECEIVED);
	ASSERT_TRUE(await_senders(self->fd, 1));
	EXPECT_EQ(IPCMBOX_BLOCKED_ROOM, only(self).what);
	EXPECT_EQ(1, take(self->fd));
	EXPECT_EQ(IPCMBOX_BLOCKED_RECEIPT, only(self).what);
	EXPECT_EQ(0, take_info(self->fd, &(__u32){ 0 }, &(struct ipcmbox_recv){}));
	EXPECT_EQ(0, call_join(self->calls));
}

TEST_F(blocked, rendezvous)
{
	int fd = mailbox_new(self->dev, .max_messages = 0);

	ASSERT_GE(fd, 0);
	put_start(self->calls, fd, 0, 5);
	ASSERT_TRUE(await_senders(fd, 1));
	ASSERT_EQ(1, look_at(self->dev, mailbox_id(fd), self->list, &self->total));
	EXPECT_EQ(IPCMBOX_BLOCKED_ROOM, self->list[0].what);
	EXPECT_EQ(0, look(self));
	EXPECT_EQ(5, take(fd));
	EXPECT_EQ(0, call_join(self->calls));
	close(fd);
}

/* All of a mailbox, receivers and senders, each in order of arrival. */
TEST_F(blocked, many)
{
	int i;

	for (i = 0; i < 3; i++) {
		recv_start(&self->calls[i], self->fd, .min_priority = 100);
		ASSERT_TRUE(await_receivers(self->fd, i + 1));
	}
	ASSERT_EQ(0, put(self->fd, 0, 0));
	for (i = 3; i < 5; i++) {
		put_start(&self->calls[i], self->fd, 10 - i, i);
		ASSERT_TRUE(await_senders(self->fd, i - 2));
	}
	ASSERT_EQ(5, look(self));
	EXPECT_EQ(5, self->total);
	for (i = 0; i < 5; i++)
		EXPECT_TRUE(is_of(&self->list[i], &self->calls[i])) TH_LOG("call %d", i);

	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, put(self->fd, 100, i));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(4, call_join(&self->calls[i]));
	EXPECT_EQ(0, take(self->fd));
	EXPECT_EQ(3, take(self->fd));
	EXPECT_EQ(4, take(self->fd));
	for (i = 3; i < 5; i++)
		EXPECT_EQ(0, call_join(&self->calls[i]));
}

TEST_F(blocked, more_than_there_is_room_for)
{
	struct ipcmbox_blocked_list arg = {
		.id = mailbox_id(self->fd),
		.buf_ptr = ptr_u64(self->list),
		.count = 2,
		.element_size = sizeof(self->list[0]),
	};
	int i;

	for (i = 0; i < 3; i++) {
		recv_start(&self->calls[i], self->fd);
		ASSERT_TRUE(await_receivers(self->fd, i + 1));
	}
	memset(self->list, POISON, sizeof(self->list));
	ASSERT_EQ(0, blocked_list(self->dev, &arg));
	EXPECT_EQ(2, arg.count);
	EXPECT_EQ(3, arg.total);
	EXPECT_TRUE(is_of(&self->list[1], &self->calls[1]));
	EXPECT_EQ(POISON32, self->list[2].what);
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, put(self->fd, 0, i));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(4, call_join(&self->calls[i]));
}

TEST_F(blocked, as_many_as_allowed)
{
	size_t size = 4096 * sizeof(struct ipcmbox_blocked);
	struct ipcmbox_blocked_list arg = {
		.id = mailbox_id(self->fd),
		.buf_ptr = ptr_u64(malloc(size)),
		.count = 4096,
		.element_size = sizeof(self->list[0]),
	};

	EXPECT_EQ(0, blocked_list(self->dev, &arg));
	EXPECT_EQ(0, arg.count);
	free((void *)(uintptr_t)arg.buf_ptr);
}

TEST_F(blocked, since)
{
	struct timespec tenth = { .tv_nsec = 100 * NSEC_PER_MSEC };
	__u64 first, before;

	recv_start(self->calls, self->fd);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	before = now_ns(IPCMBOX_CLOCK_MONOTONIC);
	first = only(self).since_ns;
	/* Not to wait for anything: time is what is tested. */
	nanosleep(&tenth, NULL);
	/* A tick exact, which may be 10 ms. */
	EXPECT_GE(only(self).since_ns, first + 80 * NSEC_PER_MSEC);
	EXPECT_LE(only(self).since_ns, first + 20 * NSEC_PER_MSEC +
		  now_ns(IPCMBOX_CLOCK_MONOTONIC) - before);
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(4, call_join(self->calls));
}

TEST_F(blocked, killed_one_is_gone)
{
	recv_fork(self->calls, self->fd);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	EXPECT_EQ(self->calls->pid, only(self).pid);
	call_kill(self->calls);
	EXPECT_EQ(0, look(self));
	EXPECT_EQ(0, self->total);
}

/*
 * For whom
 */

/* A process that receives @count messages when told to, and goes on living. */
struct server {
	int fd;
	volatile int wanted, received;
	pid_t pid;
};

static int serve(void *arg)
{
	struct server *server = arg;

	while (await_value(&server->wanted, server->received + 1)) {
		if (take(server->fd) < 0)
			return 1;
		server->received++;
	}
	return 0;
}

static struct server *server_start(int fd)
{
	struct server *server = mmap(NULL, sizeof(*server), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	server->fd = fd;
	server->pid = child_start(serve, server);
	return server;
}

/* Sends one message and has it received. */
static bool server_receives(struct server *server)
{
	if (put(server->fd, 0, 1))
		return false;
	server->wanted++;
	return await_value(&server->received, server->wanted);
}

static void server_kill(struct server *server)
{
	kill(server->pid, SIGKILL);
	child_wait(server->pid);
}

TEST_F(blocked, waits_for_the_only_receiver)
{
	struct server *server = server_start(self->fd);
	struct ipcmbox_blocked blocked;
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_TRUE(server_receives(server));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	put_start(self->calls, self->fd, 0, 2);
	ASSERT_TRUE(await_senders(self->fd, 1));
	blocked = only(self);
	EXPECT_EQ(IPCMBOX_BLOCKED_ROOM, blocked.what);
	EXPECT_EQ(server->pid, blocked.peer_pid);
	EXPECT_EQ(server->pid, blocked.peer_tid);

	/* A dead one is nobody. */
	server_kill(server);
	blocked = only(self);
	EXPECT_TRUE(has_no_peer(&blocked));
	EXPECT_EQ(1, take(self->fd));
	EXPECT_EQ(2, take(self->fd));
	EXPECT_EQ(0, call_join(self->calls));
}

TEST_F(blocked, receipt_by_the_only_receiver)
{
	struct server *server = server_start(self->fd);

	ASSERT_TRUE(server_receives(server));
	send_start(self->calls, self->fd, .completion = IPCMBOX_RECEIVED,
		   .buf_ptr = ptr_u64("four"), .buf_len = 4);
	ASSERT_TRUE(await_senders(self->fd, 1));
	EXPECT_EQ(IPCMBOX_BLOCKED_RECEIPT, only(self).what);
	EXPECT_EQ(server->pid, only(self).peer_pid);
	server->wanted++;
	EXPECT_EQ(0, call_join(self->calls));
	server_kill(server);
}

/* Handed over to a receiver that waits, the message was taken by that, not by its sender. */
TEST_F(blocked, only_receiver_that_waited)
{
	recv_fork(self->calls, self->fd);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	/* A zombie until it is waited for, which is no peer either. */
	ASSERT_TRUE(await_value(&self->calls->done, 1));
	ASSERT_EQ(4, call_wait(self->calls));

	recv_start(self->calls, self->fd);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(4, call_join(self->calls));
	/* The thread has ended: this one is the only receiver now. */
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(1, take(self->fd));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	put_start(self->calls, self->fd, 0, 2);
	ASSERT_TRUE(await_senders(self->fd, 1));
	EXPECT_EQ(getpid(), only(self).peer_pid);
	EXPECT_EQ(getpid(), only(self).peer_tid);
	EXPECT_EQ(1, take(self->fd));
	EXPECT_EQ(2, take(self->fd));
	EXPECT_EQ(0, call_join(self->calls));
}

TEST_F(blocked, one_of_several_receivers)
{
	struct server *server = server_start(self->fd);
	struct ipcmbox_blocked blocked;

	ASSERT_TRUE(server_receives(server));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(1, take(self->fd));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	put_start(self->calls, self->fd, 0, 2);
	ASSERT_TRUE(await_senders(self->fd, 1));
	blocked = only(self);
	EXPECT_TRUE(has_no_peer(&blocked));
	server_kill(server);
	blocked = only(self);
	EXPECT_TRUE(has_no_peer(&blocked));
	EXPECT_EQ(1, take(self->fd));
	EXPECT_EQ(2, take(self->fd));
	EXPECT_EQ(0, call_join(self->calls));
}

TEST_F(blocked, receiver_that_was_started_anew)
{
	struct server *server = server_start(self->fd);

	ASSERT_TRUE(server_receives(server));
	server_kill(server);
	server = server_start(self->fd);
	ASSERT_TRUE(server_receives(server));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	put_start(self->calls, self->fd, 0, 2);
	ASSERT_TRUE(await_senders(self->fd, 1));
	EXPECT_EQ(server->pid, only(self).peer_pid);
	server->wanted += 2;
	EXPECT_EQ(0, call_join(self->calls));
	server_kill(server);
}

static int own_endpoint(int flags)
{
	int dev = device_open();

	return endpoint_new(dev, .flags = flags) < 0;
}

/* Who owns an endpoint is known before it has received anything. */
TEST_F(blocked, endpoint)
{
	static const int kinds[] = { IPCMBOX_PROCESS, IPCMBOX_THREAD };
	struct ipcmbox_blocked blocked;
	struct actor *actor;
	int i, fd;

	for (i = 0; i < 2; i++) {
		actor = actor_start();
		ASSERT_EQ(0, actor_ask(actor, own_endpoint, i ? IPCMBOX_OPEN_THREAD : 0));
		fd = endpoint_connect(self->dev, kinds[i], actor->pid);
		ASSERT_GE(fd, 0);
		put_start(self->calls, fd, 0, 1);
		ASSERT_TRUE(await_senders(fd, 1));
		ASSERT_EQ(1, look_at(self->dev, mailbox_id(fd), self->list, &self->total));
		blocked = self->list[0];
		EXPECT_EQ(IPCMBOX_BLOCKED_ROOM, blocked.what);
		EXPECT_EQ(actor->pid, blocked.peer_pid);
		EXPECT_EQ(i ? actor->pid : 0, blocked.peer_tid);
		actor_end(actor);
		EXPECT_EQ(-EPIPE, call_join(self->calls));
		close(fd);
	}
}

static int event_id;

static int join_event(int unused)
{
	int dev = device_open();

	(void)unused;
	return member_new(mailbox_by_id(dev, event_id, IPCMBOX_READ), .max_messages = 1) < 0;
}

/* Of several members the one that is not ready is waited for. */
TEST_F(blocked, member)
{
	int event = mailbox_new(self->dev, .discipline = IPCMBOX_EVENT, .max_messages = 4);
	struct ipcmbox_blocked blocked;
	struct actor *actor;
	int quick;

	ASSERT_GE(event, 0);
	event_id = mailbox_id(event);
	quick = member_new(event);
	ASSERT_GE(quick, 0);
	actor = actor_start();
	ASSERT_EQ(0, actor_ask(actor, join_event, 0));
	ASSERT_EQ(0, put(event, 0, 1));
	put_start(self->calls, event, 3, 2);
	ASSERT_TRUE(await_senders(event, 1));
	ASSERT_EQ(1, look_at(self->dev, event_id, self->list, &self->total));
	blocked = self->list[0];
	EXPECT_TRUE(is_of(&blocked, self->calls));
	EXPECT_EQ(IPCMBOX_BLOCKED_ROOM, blocked.what);
	EXPECT_EQ(2, blocked.seq);
	EXPECT_EQ(actor->pid, blocked.peer_pid);
	EXPECT_EQ(0, blocked.peer_tid);
	actor_end(actor);
	EXPECT_EQ(0, call_join(self->calls));
	close(quick);
	close(event);
}

TEST_F(blocked, receiver_from_one_sender)
{
	struct actor *actor;
	int i;

	for (i = 0; i < 2; i++) {
		actor = actor_start();
		ASSERT_EQ(0, actor_ask(actor, own_endpoint, i ? IPCMBOX_OPEN_THREAD : 0));
		receive_start(self->calls, self->fd, .from = actor->pid,
			      .from_kind = i ? IPCMBOX_THREAD : IPCMBOX_PROCESS);
		ASSERT_TRUE(await_receivers(self->fd, 1));
		EXPECT_EQ(actor->pid, only(self).peer_pid);
		EXPECT_EQ(i ? actor->pid : 0, only(self).peer_tid);
		actor_end(actor);
		EXPECT_EQ(-EPIPE, call_join(self->calls));
	}
}

/* A peek takes nothing. */
TEST_F(blocked, peeker_is_no_receiver)
{
	struct server *server = server_start(self->fd);

	ASSERT_TRUE(server_receives(server));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(4, take_info(self->fd, &(__u32){ 0 },
			       &(struct ipcmbox_recv){ .flags = IPCMBOX_PEEK }));
	put_start(self->calls, self->fd, 0, 2);
	ASSERT_TRUE(await_senders(self->fd, 1));
	EXPECT_EQ(server->pid, only(self).peer_pid);
	server->wanted += 2;
	EXPECT_EQ(0, call_join(self->calls));
	server_kill(server);
}

/* Once it is received, a call waits for its server, whoever else receives. */
TEST_F(blocked, reply)
{
	struct call *call = &self->calls[0];
	struct ipcmbox_blocked blocked;
	struct ipcmbox_recv recv = {};

	call_prepare(call, self->fd, .priority = 6);
	call_start(call);
	ASSERT_TRUE(await_senders(self->fd, 1));
	EXPECT_EQ(IPCMBOX_BLOCKED_RECEIPT, only(self).what);
	receive_start(&self->calls[1], self->fd);
	EXPECT_EQ(0, call_join(&self->calls[1]));
	/* The thread that received it has ended. */
	blocked = only(self);
	EXPECT_TRUE(is_of(&blocked, call));
	EXPECT_EQ(IPCMBOX_BLOCKED_REPLY, blocked.what);
	EXPECT_EQ(6, blocked.priority);
	EXPECT_EQ(1, blocked.seq);
	EXPECT_TRUE(has_no_peer(&blocked));
	EXPECT_EQ(0, message_reply(self->fd, .token = self->calls[1].recv.token));
	EXPECT_EQ(0, call_join(call));

	call_prepare(call, self->fd);
	call_start(call);
	ASSERT_TRUE(await_senders(self->fd, 1));
	EXPECT_EQ(0, mailbox_receive(self->fd, &recv));
	blocked = only(self);
	EXPECT_EQ(IPCMBOX_BLOCKED_REPLY, blocked.what);
	EXPECT_EQ(2, blocked.seq);
	EXPECT_EQ(getpid(), blocked.peer_pid);
	EXPECT_EQ(getpid(), blocked.peer_tid);
	EXPECT_EQ(0, message_reply(self->fd, .token = recv.token));
	EXPECT_EQ(0, call_join(call));
	EXPECT_EQ(0, look(self));
}

/* Who waits for its own memory has the message: it is the peer, whoever else receives. */
TEST_F(blocked, receiver_that_waits_for_memory)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct call *recv = &self->calls[0], *send = &self->calls[1];
	size_t page = sysconf(_SC_PAGESIZE);
	struct ipcmbox_blocked blocked;
	struct uffdio_zeropage zero = {};
	void *map;
	int uffd;

	uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	ASSERT_GE(uffd, 0);
	ASSERT_EQ(0, ioctl(uffd, UFFDIO_API, &api));
	map = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, map);
	reg.range.start = ptr_u64(map);
	reg.range.len = page;
	ASSERT_EQ(0, ioctl(uffd, UFFDIO_REGISTER, &reg));

	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(1, take(self->fd));
	recv_start(recv, self->fd, .buf_ptr = ptr_u64(map), .buf_len = page);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	send_start(send, self->fd, .completion = IPCMBOX_RECEIVED,
		   .buf_ptr = ptr_u64("four"), .buf_len = 4);
	ASSERT_TRUE(await_receivers(self->fd, 0));
	ASSERT_TRUE(call_await_asleep(recv));
	blocked = only(self);
	EXPECT_TRUE(is_of(&blocked, send));
	EXPECT_EQ(IPCMBOX_BLOCKED_RECEIPT, blocked.what);
	EXPECT_EQ(getpid(), blocked.peer_pid);
	EXPECT_EQ(recv->tid, blocked.peer_tid);

	zero.range = reg.range;
	ASSERT_EQ(0, ioctl(uffd, UFFDIO_ZEROPAGE, &zero));
	EXPECT_EQ(4, call_join(recv));
	EXPECT_EQ(0, call_join(send));
	close(uffd);
	munmap(map, page);
}

/*
 * Who looks
 */

static int look_as_somebody(void *arg)
{
	FIXTURE_DATA(blocked) *self = arg;

	if (become(SOMEBODY, SOMEBODY))
		return 1;
	self->dev = device_open();
	return look(self) != 1 || self->list[0].what != IPCMBOX_BLOCKED_RECV;
}

TEST_F(blocked, looking_needs_no_right)
{
	recv_start(self->calls, self->fd);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	EXPECT_EQ(0, child_run(look_as_somebody, self));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(4, call_join(self->calls));
}

struct inside {
	FIXTURE_DATA(blocked) *self;
	struct call *outer, *inner;
	int ret, pid, tid, what;
	struct ipcmbox_blocked list[2];
};

/* The first process of a pid namespace, with a sender of its own. */
static int look_from_inside(void *arg)
{
	struct inside *inside = arg;
	int fd = inside->self->fd;

	put_start(inside->inner, fd, 0, 2);
	if (!await_senders(fd, 2))
		return 1;
	inside->ret = look(inside->self);
	memcpy(inside->list, inside->self->list, sizeof(inside->list));
	inside->pid = getpid();
	inside->tid = inside->inner->tid;
	if (take(fd) != 1 || take(fd) != 3 || take(fd) != 2)
		return 2;
	return call_join(inside->inner);
}

static int in_pid_namespace(void *arg)
{
	if (unshare(CLONE_NEWPID))
		return 3;
	return child_run(look_from_inside, arg);
}

TEST_F(blocked, pid_namespace)
{
	struct inside *inside = mmap(NULL, sizeof(*inside), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ASSERT_EQ(0, geteuid()) TH_LOG("needs root");
	inside->self = self;
	inside->outer = &self->calls[0];
	inside->inner = &self->calls[1];
	/* This thread is the only receiver. */
	ASSERT_EQ(0, put(self->fd, 0, 0));
	EXPECT_EQ(0, take(self->fd));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	put_start(inside->outer, self->fd, 0, 3);
	ASSERT_TRUE(await_senders(self->fd, 1));

	ASSERT_EQ(0, child_run(in_pid_namespace, inside));
	EXPECT_EQ(0, call_join(inside->outer));
	ASSERT_EQ(2, inside->ret);
	EXPECT_EQ(1, inside->pid);
	/* From outside nothing has a number there, the receiver neither. */
	EXPECT_EQ(IPCMBOX_BLOCKED_ROOM, inside->list[0].what);
	EXPECT_EQ(0, inside->list[0].pid);
	EXPECT_EQ(0, inside->list[0].tid);
	EXPECT_TRUE(has_no_peer(&inside->list[0]));
	EXPECT_EQ(1, inside->list[1].pid);
	EXPECT_EQ(inside->tid, inside->list[1].tid);
	EXPECT_NE(1, inside->tid);
}

TEST_F(blocked, other_ipc_namespace)
{
	__u64 id = mailbox_id(self->fd);
	int dev;

	ASSERT_EQ(0, geteuid()) TH_LOG("needs root");
	ASSERT_EQ(0, unshare(CLONE_NEWIPC));
	dev = device_open();
	ASSERT_GE(dev, 0);
	EXPECT_EQ(-ENOENT, look_at(dev, id, self->list, &self->total));
	EXPECT_EQ(0, look_at(self->dev, id, self->list, &self->total));
	close(dev);
}

/*
 * Wrong arguments; more of them in abi.c
 */

TEST_F(blocked, no_such_mailbox)
{
	__u64 id = mailbox_id(self->fd);

	EXPECT_EQ(-ENOENT, look_at(self->dev, 0, self->list, &self->total));
	EXPECT_EQ(-ENOENT, look_at(self->dev, id + 1000000, self->list, &self->total));
	EXPECT_EQ(-ENOENT, look_at(self->dev, ~0ULL, self->list, &self->total));
	EXPECT_EQ(0, look_at(self->dev, id, self->list, &self->total));
	close(self->fd);
	EXPECT_EQ(-ENOENT, look_at(self->dev, id, self->list, &self->total));
}

TEST_F(blocked, longer_element)
{
	struct {
		struct ipcmbox_blocked known;
		__u8 tail[16];
	} list[2];
	struct ipcmbox_blocked_list arg = {
		.id = mailbox_id(self->fd),
		.buf_ptr = ptr_u64(list),
		.count = 2,
		.element_size = sizeof(list[0]),
	};
	int i;

	for (i = 0; i < 2; i++) {
		recv_start(&self->calls[i], self->fd);
		ASSERT_TRUE(await_receivers(self->fd, i + 1));
	}
	memset(list, POISON, sizeof(list));
	ASSERT_EQ(0, blocked_list(self->dev, &arg));
	ASSERT_EQ(2, arg.count);
	for (i = 0; i < 2; i++) {
		EXPECT_TRUE(is_of(&list[i].known, &self->calls[i]));
		EXPECT_EQ(0, memcmp(list[i].tail, (char [16]){}, 16));
	}
	for (i = 0; i < 2; i++)
		EXPECT_EQ(0, put(self->fd, 0, i));
	for (i = 0; i < 2; i++)
		EXPECT_EQ(4, call_join(&self->calls[i]));
}

/* The array ends where the mapping does, and one element later. */
TEST_F(blocked, array_partly_mapped)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct ipcmbox_blocked_list arg = {
		.id = mailbox_id(self->fd),
		.buf_ptr = ptr_u64(map + page - sizeof(self->list[0])),
		.count = ROOM,
		.element_size = sizeof(self->list[0]),
	};
	int i;

	ASSERT_NE(MAP_FAILED, map);
	/* No hole, as the stack of a thread may come to lie in it. */
	ASSERT_EQ(0, mprotect(map + page, page, PROT_NONE));
	recv_start(&self->calls[0], self->fd);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	EXPECT_EQ(0, blocked_list(self->dev, &arg));
	EXPECT_EQ(1, arg.count);
	recv_start(&self->calls[1], self->fd);
	ASSERT_TRUE(await_receivers(self->fd, 2));
	arg.count = ROOM;
	EXPECT_EQ(-EFAULT, blocked_list(self->dev, &arg));
	for (i = 0; i < 2; i++)
		EXPECT_EQ(0, put(self->fd, 0, i));
	for (i = 0; i < 2; i++)
		EXPECT_EQ(4, call_join(&self->calls[i]));
	munmap(map, 2 * page);
}

/*
 * Looking while they come and go
 */

struct traffic {
	int fd;
	volatile int stop;
};

static int receive_all(void *arg)
{
	struct traffic *traffic = arg;
	char byte;

	while (!traffic->stop)
		message_recv(traffic->fd, .buf_ptr = ptr_u64(&byte), .buf_len = 1);
	return 0;
}

static int send_all(void *arg)
{
	struct traffic *traffic = arg;
	unsigned int i;

	for (i = 0; !traffic->stop; i++)
		message_send(traffic->fd, .completion = i & 1, .priority = i & 3);
	return 0;
}

/* On a slow machine fewer rounds must do. */
static bool is_enough(__u64 start, __u32 seen)
{
	return seen && now_ns(IPCMBOX_CLOCK_MONOTONIC) - start > 5 * NSEC_PER_SEC;
}

TEST_F(blocked, while_they_come_and_go)
{
	struct traffic *traffic = mmap(NULL, sizeof(*traffic), PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	__u64 id = mailbox_id(self->fd), start = now_ns(IPCMBOX_CLOCK_MONOTONIC);
	__u32 i, rounds = scaled(2000), seen = 0;
	pid_t pids[4];
	int n, j;

	traffic->fd = self->fd;
	for (j = 0; j < 4; j++)
		pids[j] = child_start(j & 1 ? send_all : receive_all, traffic);
	for (i = 0; i < rounds && !is_enough(start, seen); i++) {
		n = look_at(self->dev, id, self->list, &self->total);
		ASSERT_GE(n, 0);
		ASSERT_EQ(n, self->total);
		ASSERT_LE(n, 4);
		for (j = 0; j < n; j++) {
			struct ipcmbox_blocked *b = &self->list[j];

			seen++;
			ASSERT_EQ(id, b->mailbox);
			ASSERT_TRUE(b->pid == pids[0] || b->pid == pids[1] ||
				    b->pid == pids[2] || b->pid == pids[3]);
			ASSERT_EQ(b->pid, b->tid);
			ASSERT_EQ(b->what == IPCMBOX_BLOCKED_RECV, !b->seq);
		}
		if (i % 200 == 199) {
			kill(pids[i / 200 % 4], SIGKILL);
			child_wait(pids[i / 200 % 4]);
			pids[i / 200 % 4] = child_start(i / 200 % 4 & 1 ? send_all : receive_all,
							traffic);
		}
	}
	EXPECT_GT(seen, 0);
	for (j = 0; j < 4; j++) {
		kill(pids[j], SIGKILL);
		child_wait(pids[j]);
	}
	EXPECT_EQ(0, look(self));
	EXPECT_TRUE(mailbox_balanced(self->fd));
}

TEST_F(blocked, debugfs)
{
	char text[4096], line[128];

	ASSERT_EQ(0, geteuid()) TH_LOG("needs root");
	recv_start(self->calls, self->fd, .min_priority = 3);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	ASSERT_TRUE(read_file("/sys/kernel/debug/ipcmbox/blocked", text, sizeof(text)));
	snprintf(line, sizeof(line), "\t%llu\trecv\t0\t3\t",
		 (unsigned long long)mailbox_id(self->fd));
	EXPECT_NE(NULL, strstr(text, line)) TH_LOG("%s", text);
	snprintf(line, sizeof(line), "\t%d\t%d\t0\t0\n", getpid(), self->calls->tid);
	EXPECT_NE(NULL, strstr(text, line)) TH_LOG("%s", text);
	ASSERT_EQ(0, put(self->fd, 3, 1));
	EXPECT_EQ(4, call_join(self->calls));
}

TEST_HARNESS_MAIN
