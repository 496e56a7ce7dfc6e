// SPDX-License-Identifier: GPL-2.0-only
/*
 * The end of the owners of endpoints, what it ends, and what is not the end; and what becomes of
 * their numbers.
 */
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "endpoint_test.h"
#include "uffd_test.h"

/* How soon everybody knows that an owner has died: a process, a thread. */
#define BOUND_NS	(100 * NSEC_PER_MSEC)
#define THREAD_BOUND_NS	(150 * NSEC_PER_MSEC)

FIXTURE(owner) {
	struct actor *peer;
	struct call *calls;
};

FIXTURE_SETUP(owner)
{
	umask(0);
	signal(SIGPIPE, SIG_IGN);
	dev = device_open();
	ASSERT_GE(dev, 0);
	self->peer = actor_start();
	ASSERT_NE(NULL, self->peer);
	self->calls = calls_alloc(4);
}

FIXTURE_TEARDOWN(owner)
{
	actor_end(self->peer);
	close(dev);
}

TEST_F(owner, closing_ends_it)
{
	int id = actor_ask(self->peer, open_inbox, 0), fd;

	ASSERT_GT(open_inbox(0), 0);
	fd = endpoint_connect(dev, IPCMBOX_PROCESS, self->peer->pid);
	EXPECT_FALSE(is_hung_up(fd));
	EXPECT_EQ(0, put(fd, 0, 1));
	EXPECT_EQ(0, actor_ask(self->peer, close_inbox, 0));
	EXPECT_TRUE(is_hung_up(fd));
	EXPECT_EQ(-EPIPE, put(fd, 0, 1));
	EXPECT_EQ(-1, write(fd, "x", 1));
	EXPECT_EQ(EPIPE, errno);
	EXPECT_EQ(-ESRCH, endpoint_connect(dev, IPCMBOX_PROCESS, self->peer->pid));
	EXPECT_EQ(-ENOENT, endpoint_connect(dev, IPCMBOX_ENDPOINT_ID, id));
	EXPECT_EQ(-ESRCH, put_to(IPCMBOX_PROCESS, self->peer->pid, 1));
	EXPECT_EQ(-EPIPE, put_to(IPCMBOX_ENDPOINT_ID, id, 1));

	/* The next one is another. */
	EXPECT_GT(actor_ask(self->peer, open_inbox, 0), id);
	EXPECT_EQ(-EPIPE, put(fd, 0, 1));
	EXPECT_EQ(-EPIPE, put_to(IPCMBOX_ENDPOINT_ID, id, 1));
	EXPECT_EQ(0, put_to(IPCMBOX_PROCESS, self->peer->pid, 2));
	EXPECT_EQ(2, actor_ask(self->peer, take_inbox, 0));
	close(fd);
	EXPECT_EQ(-EPIPE, put_to(IPCMBOX_ENDPOINT_ID, id, 1)) TH_LOG("nothing is left of it");
}

/* A process that is dead and not yet waited for, and one that is gone. */
TEST_F(owner, dead_owner)
{
	int id = actor_ask(self->peer, open_inbox, 0), fd;
	pid_t pid = self->peer->pid;

	ASSERT_GT(open_inbox(0), 0);
	fd = endpoint_connect(dev, IPCMBOX_PROCESS, pid);
	EXPECT_EQ(0, put(fd, 0, 1));
	kill(pid, SIGKILL);
	ASSERT_EQ(0, waitid(P_PID, pid, NULL, WEXITED | WNOWAIT));
	EXPECT_EQ(-EPIPE, put(fd, 0, 1));
	EXPECT_TRUE(is_hung_up(fd));
	EXPECT_EQ(-EPIPE, put_to(IPCMBOX_PROCESS, pid, 1));
	EXPECT_EQ(-EPIPE, put_to(IPCMBOX_ENDPOINT_ID, id, 1));
	EXPECT_EQ(-ESRCH, endpoint_connect(dev, IPCMBOX_PROCESS, pid));

	actor_end(self->peer);
	self->peer = NULL;
	EXPECT_EQ(-EPIPE, put(fd, 0, 1));
	EXPECT_EQ(-ESRCH, put_to(IPCMBOX_PROCESS, pid, 1));
	EXPECT_EQ(-EPIPE, put_to(IPCMBOX_ENDPOINT_ID, id, 1));
	EXPECT_EQ(-ESRCH, endpoint_connect(dev, IPCMBOX_PROCESS, pid));
	EXPECT_EQ(-ENOENT, endpoint_connect(dev, IPCMBOX_ENDPOINT_ID, id));
	close(fd);
}

/*
 * The end of an owner, whoever else may have a descriptor of the inbox, and what others are blocked
 * in.
 */

/* Set before the owner begins, so that it is the same in all processes. */
static struct actor *heir;
static int strangers[2];

/* A child that goes on. */
static int leave_to_heir(int unused)
{
	(void)unused;
	return actor_run(heir) > 0 ? 0 : -EAGAIN;
}

/* The only descriptor goes to another process. */
static int leave_to_stranger(int unused)
{
	char byte = 0, control[CMSG_SPACE(sizeof(int))] = {};
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	(void)unused;
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &inbox, sizeof(int));
	return sendmsg(strangers[0], &msg, 0) == 1 ? close(inbox) : -errno;
}

/* Another process with the very same table of descriptors. */
static int share_descriptors(int unused)
{
	pid_t pid = syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, 0);

	(void)unused;
	if (!pid)
		outlive_parent();
	return pid > 0 ? 0 : -EAGAIN;
}

static pthread_t owner_thread;
static volatile int thread_result, thread_may_end;

static void *owner_thread_body(void *arg)
{
	int id = open_rendezvous(IPCMBOX_OPEN_THREAD);

	(void)arg;
	thread_result = id < 0 ? id : gettid_();
	while (!thread_may_end)
		usleep(1000);
	return NULL;
}

static int begin_thread(int unused)
{
	(void)unused;
	thread_result = 0;
	thread_may_end = 0;
	if (pthread_create(&owner_thread, NULL, owner_thread_body, NULL))
		return -EAGAIN;
	while (!thread_result)
		sched_yield();
	return thread_result;
}

static int end_thread(int unused)
{
	(void)unused;
	thread_may_end = 1;
	return pthread_join(owner_thread, NULL);
}

/* It shows its descriptor only to itself. */
static int enlarge_inbox(int max_messages)
{
	return mailbox_change(inbox, .mask = IPCMBOX_SET_MAX_MESSAGES,
			      .max_messages = max_messages);
}

static int take_with_token(int unused)
{
	char data[8];

	(void)unused;
	return message_receive(inbox, .buf_ptr = ptr_u64(data), .buf_len = sizeof(data));
}

FIXTURE(end) {
	int box, fd;
	__u64 number;
	struct actor *owner;
	struct call *calls;
};

FIXTURE_VARIANT(end) {
	__u32 kind;
	int (*legacy)(int fd);
};

FIXTURE_VARIANT_ADD(end, process) { .kind = IPCMBOX_PROCESS };

FIXTURE_VARIANT_ADD(end, process_with_heir) {
	.kind = IPCMBOX_PROCESS, .legacy = leave_to_heir
};

FIXTURE_VARIANT_ADD(end, process_that_passed_it_on) {
	.kind = IPCMBOX_PROCESS, .legacy = leave_to_stranger
};

FIXTURE_VARIANT_ADD(end, process_that_shares) {
	.kind = IPCMBOX_PROCESS, .legacy = share_descriptors
};

FIXTURE_VARIANT_ADD(end, thread) { .kind = IPCMBOX_THREAD };

FIXTURE_SETUP(end)
{
	signal(SIGPIPE, SIG_IGN);
	dev = device_open();
	ASSERT_GE(dev, 0);
	self->box = mailbox_new(dev, .max_messages = 8);
	ASSERT_GE(self->box, 0);
	self->calls = calls_alloc(8);
	self->owner = NULL;
	self->fd = -1;
	heir = NULL;
}

FIXTURE_TEARDOWN(end)
{
	close(self->fd);
	actor_end(self->owner);
	actor_end(heir);
	close(self->box);
	close(dev);
}

/* An owner with an inbox of room for @max_messages, and a descriptor to send to it. */
static bool owner_begins(FIXTURE_DATA(end) *self, const FIXTURE_VARIANT(end) *variant,
			 int max_messages)
{
	int ret;

	close(self->fd);
	actor_end(self->owner);
	actor_end(heir);
	heir = actor_prepare();
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, strangers))
		return false;
	self->owner = actor_start();
	if (variant->kind == IPCMBOX_THREAD) {
		ret = actor_ask(self->owner, begin_thread, 0);
		self->number = ret;
	} else {
		ret = actor_ask(self->owner, open_rendezvous, 0);
		self->number = self->owner->pid;
	}
	if (ret < 0 || actor_ask(self->owner, enlarge_inbox, max_messages))
		return false;
	self->fd = endpoint_connect(dev, variant->kind, self->number);
	return self->fd >= 0;
}

static bool owner_leaves_it(FIXTURE_DATA(end) *self, const FIXTURE_VARIANT(end) *variant)
{
	return !variant->legacy || !actor_ask(self->owner, variant->legacy, 0);
}

/* Returns when. */
static __u64 owner_dies(FIXTURE_DATA(end) *self, const FIXTURE_VARIANT(end) *variant)
{
	__u64 now = now_ns(IPCMBOX_CLOCK_MONOTONIC);

	if (variant->kind == IPCMBOX_THREAD)
		actor_ask(self->owner, end_thread, 0);
	else
		kill(self->owner->pid, SIGKILL);
	return now;
}

static __u64 bound(const FIXTURE_VARIANT(end) *variant)
{
	return variant->kind == IPCMBOX_THREAD ? THREAD_BOUND_NS : BOUND_NS;
}

/* The machine may be busy with something else, but not each time. */
#define for_each_attempt(took, variant) \
	for (int attempt_ = 0; attempt_ < 5 && (took) > bound(variant); attempt_++)

/* One waits for its answer, one for its receipt, two for room. */
TEST_F(end, of_what_senders_wait_for)
{
	struct call *call = self->calls;
	__u64 best = ~0ULL, start, took;
	int i;

	ASSERT_GE(open_inbox(0), 0);
	for_each_attempt(best, variant) {
		ASSERT_TRUE(owner_begins(self, variant, 2));
		call_prepare(&call[0], self->fd, .buf_ptr = ptr_u64("call"), .buf_len = 4);
		call_start(&call[0]);
		ASSERT_TRUE(await_senders(self->fd, 1));
		ASSERT_EQ(4, actor_ask(self->owner, take_with_token, 0));
		send_start(&call[1], self->fd, .buf_ptr = ptr_u64("sent"), .buf_len = 4,
			   .completion = IPCMBOX_RECEIVED);
		ASSERT_TRUE(await_senders(self->fd, 2));
		ASSERT_EQ(0, put(self->fd, 0, 1));
		put_start(&call[2], self->fd, 0, 2);
		send_start(&call[3], inbox, .buf_ptr = ptr_u64("room"), .buf_len = 4,
			   .to_kind = variant->kind, .to = self->number);
		ASSERT_TRUE(await_senders(self->fd, 4));
		ASSERT_TRUE(owner_leaves_it(self, variant));
		EXPECT_EQ(4, mailbox_info(self->fd).waiting_senders);

		start = owner_dies(self, variant);
		for (i = 0, took = 0; i < 4; i++) {
			EXPECT_EQ(-EPIPE, call_join(&call[i])) TH_LOG("call %d", i);
			if (call[i].end_ns - start > took)
				took = call[i].end_ns - start;
		}
		EXPECT_EQ(0, call[0].call.cookie);
		best = took < best ? took : best;
		EXPECT_EQ(0, mailbox_info(self->fd).waiting_senders);
		EXPECT_TRUE(mailbox_balanced(self->fd));
		EXPECT_EQ(-EPIPE, put(self->fd, 0, 3));
	}
	EXPECT_LE(best, bound(variant));
	close(inbox);
}

TEST_F(end, of_a_rendezvous)
{
	__u64 best = ~0ULL, start, took;

	for_each_attempt(best, variant) {
		ASSERT_TRUE(owner_begins(self, variant, 0));
		put_start(self->calls, self->fd, 0, 1);
		ASSERT_TRUE(await_senders(self->fd, 1));
		ASSERT_TRUE(owner_leaves_it(self, variant));
		start = owner_dies(self, variant);
		EXPECT_EQ(-EPIPE, call_join(self->calls));
		took = self->calls->end_ns - start;
		best = took < best ? took : best;
	}
	EXPECT_LE(best, bound(variant));
}

TEST_F(end, of_what_pollers_wait_for)
{
	__u64 best = ~0ULL, start, took;

	for_each_attempt(best, variant) {
		ASSERT_TRUE(owner_begins(self, variant, 1));
		ASSERT_TRUE(owner_leaves_it(self, variant));
		EXPECT_FALSE(is_hung_up(self->fd));
		start = owner_dies(self, variant);
		EXPECT_TRUE(await_hang_up(self->fd));
		took = now_ns(IPCMBOX_CLOCK_MONOTONIC) - start;
		best = took < best ? took : best;
		EXPECT_TRUE(is_hung_up(self->fd));
	}
	EXPECT_LE(best, bound(variant));
}

/* By number, by id, and in an inbox as well as in any mailbox. */
TEST_F(end, of_what_receivers_wait_for)
{
	struct call *call = self->calls;
	__u64 best = ~0ULL, start, took;
	int i;

	ASSERT_GE(open_inbox(0), 0);
	for_each_attempt(best, variant) {
		ASSERT_TRUE(owner_begins(self, variant, 1));
		ASSERT_TRUE(owner_leaves_it(self, variant));
		receive_start(&call[0], self->box, .from_kind = variant->kind,
			      .from = self->number);
		receive_start(&call[1], self->box, .from_kind = IPCMBOX_ENDPOINT_ID,
			      .from = mailbox_id(self->fd));
		receive_start(&call[2], inbox, .from_kind = variant->kind, .from = self->number,
			      .min_priority = 3, .select_events = 1);
		receive_start(&call[3], self->box, .from_kind = variant->kind,
			      .from = self->number, .flags = IPCMBOX_PEEK);
		ASSERT_TRUE(await_receivers(self->box, 3));
		ASSERT_TRUE(await_receivers(inbox, 1));
		for (i = 0; i < 4; i++)
			ASSERT_TRUE(call_await_asleep(&call[i]));

		start = owner_dies(self, variant);
		for (i = 0, took = 0; i < 4; i++) {
			EXPECT_EQ(-EPIPE, call_join(&call[i])) TH_LOG("call %d", i);
			if (call[i].end_ns - start > took)
				took = call[i].end_ns - start;
		}
		best = took < best ? took : best;
		EXPECT_EQ(0, mailbox_info(self->box).waiting_receivers);
	}
	EXPECT_LE(best, bound(variant));
	EXPECT_EQ(0, put(self->box, 0, 1));
	EXPECT_EQ(1, take(self->box));
	close(inbox);
}

/* Nobody waits, so nobody may have looked: whoever comes first finds out. */
TEST_F(end, of_an_endpoint_nobody_waits_for)
{
	int id;

	ASSERT_TRUE(owner_begins(self, variant, 1));
	id = mailbox_id(self->fd);
	ASSERT_TRUE(owner_leaves_it(self, variant));
	owner_dies(self, variant);
	if (variant->kind == IPCMBOX_PROCESS)
		ASSERT_EQ(0, waitid(P_PID, self->owner->pid, NULL, WEXITED | WNOWAIT));
	EXPECT_EQ(-EPIPE, put(self->fd, 0, 1));
	EXPECT_EQ(-ESRCH, endpoint_connect(dev, variant->kind, self->number));
	EXPECT_TRUE(is_hung_up(self->fd));
	ASSERT_GE(open_inbox(0), 0);
	EXPECT_EQ(-EPIPE, put_to(IPCMBOX_ENDPOINT_ID, id, 1));
	close(inbox);
}

/* A process that ends by itself, all of its threads at once, or one after the other. */
static void *sleep_for_ever(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return NULL;
}

static int begin_threads(int count)
{
	pthread_t thread;

	while (count--) {
		if (pthread_create(&thread, NULL, sleep_for_ever, NULL))
			return -EAGAIN;
	}
	return 0;
}

TEST_F(end, of_a_process_of_many_threads)
{
	ASSERT_TRUE(owner_begins(self, variant, 0));
	ASSERT_EQ(0, actor_ask(self->owner, begin_threads, 10));
	put_start(self->calls, self->fd, 0, 1);
	ASSERT_TRUE(await_senders(self->fd, 1));
	kill(self->owner->pid, SIGKILL);
	EXPECT_EQ(-EPIPE, call_join(self->calls));
}

/*
 * What others can do with a descriptor of an inbox that is not theirs
 */

static int take_all(int unused)
{
	int n = 0, ret;

	(void)unused;
	while ((ret = take(inbox)) >= 0)
		n++;
	return ret == -EPIPE ? n : ret;
}

TEST_F(end, leaves_what_is_queued)
{
	if (variant->legacy != leave_to_heir)
		return;
	ASSERT_TRUE(owner_begins(self, variant, 4));
	ASSERT_TRUE(owner_leaves_it(self, variant));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	ASSERT_EQ(0, put(self->fd, 0, 2));
	ASSERT_EQ(0, put(self->fd, 0, 3));
	EXPECT_EQ(1, actor_ask(heir, take_inbox, 0)) TH_LOG("a descriptor is the right");
	owner_dies(self, variant);
	ASSERT_TRUE(await_hang_up(self->fd));
	EXPECT_EQ(2, mailbox_info(self->fd).messages);
	EXPECT_EQ(2, actor_ask(heir, take_all, 0));
	EXPECT_EQ(-EPIPE, actor_ask(heir, take_waiting, 0));
	EXPECT_TRUE(mailbox_balanced(self->fd));
	EXPECT_EQ(3, mailbox_info(self->fd).received);
}

TEST_F(end, of_an_heir_that_waits)
{
	if (variant->legacy != leave_to_heir)
		return;
	ASSERT_TRUE(owner_begins(self, variant, 4));
	ASSERT_TRUE(owner_leaves_it(self, variant));
	actor_tell(heir, take_waiting, 0);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	owner_dies(self, variant);
	EXPECT_EQ(-EPIPE, actor_hear(heir));
	EXPECT_EQ(0, mailbox_info(self->fd).waiting_receivers);
}

/* Memory that the heir receives into, and that is not there until it is told so. */
static struct hold hold;
static pthread_t slow_thread;

static void *take_slowly(void *arg)
{
	(void)arg;
	return (void *)(intptr_t)message_recv(inbox, .buf_ptr = ptr_u64(hold.page), .buf_len = 4);
}

static int begin_to_take(int unused)
{
	(void)unused;
	return hold_begin(&hold) && !pthread_create(&slow_thread, NULL, take_slowly, NULL) &&
	       hold_await(&hold);
}

static int go_on_taking(int unused)
{
	void *ret;

	(void)unused;
	if (!hold_end(&hold) || pthread_join(slow_thread, &ret))
		return -EIO;
	return (intptr_t)ret;
}

/* What it has in its hands and nowhere to put it is the sender's again, who does not wait. */
TEST_F(end, of_what_an_heir_cannot_put_anywhere)
{
	if (variant->legacy != leave_to_heir)
		return;
	ASSERT_TRUE(owner_begins(self, variant, 4));
	ASSERT_TRUE(owner_leaves_it(self, variant));
	send_start(self->calls, self->fd, .buf_ptr = ptr_u64("sent"), .buf_len = 4,
		   .completion = IPCMBOX_RECEIVED);
	ASSERT_TRUE(await_senders(self->fd, 1));
	ASSERT_EQ(1, actor_ask(heir, begin_to_take, 0));
	owner_dies(self, variant);
	EXPECT_EQ(-EPIPE, call_join(self->calls));
	EXPECT_EQ(-EPIPE, actor_ask(heir, go_on_taking, 0));
	EXPECT_EQ(0, mailbox_info(self->fd).sent);
	EXPECT_EQ(1, mailbox_info(self->fd).withdrawn);
	EXPECT_TRUE(mailbox_balanced(self->fd));
}

/* The heir can have an inbox itself, and it is another. */
TEST_F(end, heir_has_its_own)
{
	int id;

	if (variant->legacy != leave_to_heir)
		return;
	ASSERT_TRUE(owner_begins(self, variant, 4));
	ASSERT_TRUE(owner_leaves_it(self, variant));
	id = actor_ask(heir, open_inbox, 0);
	EXPECT_GT(id, mailbox_id(self->fd));
	owner_dies(self, variant);
	ASSERT_TRUE(await_hang_up(self->fd));
	close(self->fd);
	self->fd = endpoint_connect(dev, IPCMBOX_PROCESS, heir->pid);
	EXPECT_EQ(id, mailbox_id(self->fd));
	EXPECT_EQ(0, put(self->fd, 0, 7));
	EXPECT_EQ(7, actor_ask(heir, take_inbox, 0));
}

/*
 * What is not the end of an owner
 */

static void *unshare_and_end(void *arg)
{
	int *result = arg;

	*result = unshare(CLONE_FILES);
	return NULL;
}

static int end_thread_with_own_table(int unused)
{
	pthread_t thread;
	int result = -1;

	(void)unused;
	pthread_create(&thread, NULL, unshare_and_end, &result);
	pthread_join(thread, NULL);
	return result;
}

static int fork_and_wait(int unused)
{
	pid_t pid = fork();

	(void)unused;
	if (!pid)
		_exit(0);
	return child_wait(pid);
}

/* A thread, or a child, closes its copies as it ends. */
TEST_F(owner, others_that_end)
{
	int fd;

	ASSERT_GT(actor_ask(self->peer, open_inbox, 0), 0);
	fd = endpoint_connect(dev, IPCMBOX_PROCESS, self->peer->pid);
	EXPECT_EQ(0, actor_ask(self->peer, end_thread_with_own_table, 0));
	EXPECT_EQ(0, actor_ask(self->peer, fork_and_wait, 0));
	EXPECT_EQ(0, put(fd, 0, 1));
	EXPECT_EQ(1, actor_ask(self->peer, take_inbox, 0));
	close(fd);
}

static volatile int *progress;

static void *receive_after_leader(void *arg)
{
	(void)arg;
	/* The leader is a zombie by now, or soon. */
	while (!*progress)
		usleep(1000);
	*progress = take_waiting(0) == 5 ? 2 : 3;
	pause();
	return NULL;
}

static int end_leader(int unused)
{
	pthread_t thread;

	(void)unused;
	if (open_rendezvous(0) < 0 || pthread_create(&thread, NULL, receive_after_leader, NULL))
		_exit(1);
	syscall(SYS_exit, 0);
	return 0;
}

/* The thread that leads a process is not the process. */
TEST_F(owner, leader_that_ends)
{
	pid_t pid = self->peer->pid;
	char path[64], text[256];
	int fd;

	progress = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	actor_end(self->peer);
	self->peer = actor_start();
	pid = self->peer->pid;
	ASSERT_GT(actor_ask(self->peer, open_inbox, IPCMBOX_OPEN_THREAD), 0);
	fd = endpoint_connect(dev, IPCMBOX_THREAD, pid);
	ASSERT_GE(fd, 0);
	actor_tell(self->peer, end_leader, 0);
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	do {
		ASSERT_TRUE(read_file(path, text, sizeof(text)));
	} while (!strstr(text, ") Z "));
	EXPECT_EQ(-EPIPE, put(fd, 0, 1)) TH_LOG("that of the thread ends with it");
	close(fd);

	fd = endpoint_connect(dev, IPCMBOX_PROCESS, pid);
	ASSERT_GE(fd, 0);
	*progress = 1;
	ASSERT_TRUE(await_receivers(fd, 1));
	EXPECT_EQ(0, put(fd, 0, 5));
	ASSERT_TRUE(await_value(progress, 2));
	EXPECT_EQ(2, *progress);
	kill(pid, SIGKILL);
	ASSERT_EQ(0, waitid(P_PID, pid, NULL, WEXITED | WNOWAIT));
	EXPECT_EQ(-EPIPE, put(fd, 0, 1));
	close(fd);
}

static int execute_sleep(int unused)
{
	(void)unused;
	execl("/bin/sleep", "sleep", "1000", NULL);
	return -errno;
}

static int keep_over_exec(int unused)
{
	(void)unused;
	return fcntl(inbox, F_SETFD, 0);
}

static bool await_command(pid_t pid, const char *name)
{
	__u64 start = now_ns(IPCMBOX_CLOCK_MONOTONIC);
	char path[64], text[32];

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	do {
		if (!read_file(path, text, sizeof(text)))
			return false;
		text[strcspn(text, "\n")] = 0;
	} while (strcmp(text, name) && now_ns(IPCMBOX_CLOCK_MONOTONIC) - start < PATIENCE_NS);
	return !strcmp(text, name);
}

TEST_F(owner, exec_closes_it)
{
	int fd;

	if (access("/bin/sleep", X_OK))
		SKIP(return, "no program to execute");
	ASSERT_GT(actor_ask(self->peer, open_rendezvous, 0), 0);
	fd = endpoint_connect(dev, IPCMBOX_PROCESS, self->peer->pid);
	put_start(self->calls, fd, 0, 1);
	ASSERT_TRUE(await_senders(fd, 1));
	actor_tell(self->peer, execute_sleep, 0);
	EXPECT_EQ(-EPIPE, call_join(self->calls));
	EXPECT_TRUE(await_command(self->peer->pid, "sleep"));
	EXPECT_EQ(-ESRCH, endpoint_connect(dev, IPCMBOX_PROCESS, self->peer->pid));
	close(fd);
}

/* It is the same process. */
TEST_F(owner, exec_keeps_it_if_told_to)
{
	int fd;

	if (access("/bin/sleep", X_OK))
		SKIP(return, "no program to execute");
	ASSERT_GT(actor_ask(self->peer, open_inbox, 0), 0);
	ASSERT_EQ(0, actor_ask(self->peer, keep_over_exec, 0));
	fd = endpoint_connect(dev, IPCMBOX_PROCESS, self->peer->pid);
	actor_tell(self->peer, execute_sleep, 0);
	ASSERT_TRUE(await_command(self->peer->pid, "sleep"));
	EXPECT_EQ(0, put(fd, 0, 1));
	kill(self->peer->pid, SIGKILL);
	EXPECT_TRUE(await_hang_up(fd));
	close(fd);
}

/*
 * Numbers
 */

/* A child with a number of the test's choice. */
static pid_t fork_as(pid_t number)
{
	struct clone_args {
		__aligned_u64 flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size;
		__aligned_u64 tls, set_tid, set_tid_size, cgroup;
	} args = {
		.exit_signal = SIGCHLD, .set_tid = ptr_u64(&number), .set_tid_size = 1,
	};
	pid_t pid = syscall(SYS_clone3, &args, sizeof(args));

	return pid < 0 ? -errno : pid;
}

static int succeed(int number)
{
	pid_t pid = fork_as(number);

	if (pid < 0)
		return pid;
	if (!pid) {
		inbox = endpoint_new(dev, .max_messages = 4);
		*progress = inbox < 0 ? inbox : 1;
		while (*progress == 1)
			usleep(1000);
		_exit(take(inbox) == -EAGAIN ? 0 : 1);
	}
	return pid;
}

/* In a pid namespace, so that no number is another's meanwhile. Returns 0, or where it failed. */
static int reuse(int unused)
{
	int box = mailbox_new(dev, .max_messages = 8), fd, id, ret, status;
	struct ipcmbox_recv recv = {};
	struct actor *former = actor_start();
	pid_t pid = former->pid;
	__u32 number;

	(void)unused;
	if (open_inbox(0) < 0)
		return 1;
	id = actor_ask(former, open_inbox, 0);
	fd = endpoint_connect(dev, IPCMBOX_PROCESS, pid);
	if (id < 0 || fd < 0 || put(fd, 0, 1) || actor_ask(former, put_box, box))
		return 2;
	actor_end(former);
	if (kill(pid, 0) != -1 || errno != ESRCH)
		return 3;

	if (succeed(pid) != pid)
		return 4;
	while (!*progress)
		usleep(1000);
	if (*progress != 1)
		return 5;
	/* Neither descriptors nor ids follow the number. */
	if (put(fd, 0, 2) != -EPIPE || put_to(IPCMBOX_ENDPOINT_ID, id, 2) != -EPIPE)
		return 6;
	if (!is_hung_up(fd))
		return 7;
	/* What the former owner has sent is not from the new one. */
	ret = message_receive(box, .buf_ptr = ptr_u64(&number), .buf_len = 4,
			      .from_kind = IPCMBOX_PROCESS, .from = pid,
			      .flags = IPCMBOX_NONBLOCK);
	if (ret != -EAGAIN)
		return 8;
	ret = message_receive(box, .buf_ptr = ptr_u64(&number), .buf_len = 4,
			      .from_kind = IPCMBOX_ENDPOINT_ID, .from = id,
			      .flags = IPCMBOX_NONBLOCK | IPCMBOX_PEEK);
	if (ret != 4)
		return 9;
	if (take_info(box, &number, &recv) != 4 || recv.pid != pid || recv.sender_endpoint != id)
		return 10;
	/* The number leads to the new owner, which has got nothing yet. */
	close(fd);
	fd = endpoint_connect(dev, IPCMBOX_PROCESS, pid);
	if (fd < 0 || (int)mailbox_id(fd) <= id || mailbox_info(fd).messages)
		return 11;
	*progress = 2;
	if (waitpid(pid, &status, 0) != pid || status)
		return 12;
	return 0;
}

static int in_pid_namespace(int (*deed)(int))
{
	struct actor *inside;
	int ret;

	progress = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (unshare(CLONE_NEWPID))
		return -errno;
	inside = actor_start();
	ret = actor_ask(inside, deed, 0);
	actor_end(inside);
	return ret;
}

TEST_F(owner, number_is_given_out_again)
{
	ASSERT_EQ(0, geteuid()) TH_LOG("needs root");
	EXPECT_EQ(0, in_pid_namespace(reuse));
}

/* Here 1, outside something else. */
static int translate(int unused)
{
	struct actor *child = actor_start();
	struct ipcmbox_recv recv = {};
	__u32 number;
	int kind, fd;

	(void)unused;
	if (getpid() != 1 || open_inbox(0) < 0 || actor_ask(child, open_inbox, 0) < 0)
		return 1;
	if (mailbox_info(inbox).pid != 1)
		return 2;
	if (actor_ask(child, put_to_parent, 3) || take_info(inbox, &number, &recv) != 4)
		return 3;
	if (recv.pid != child->pid || recv.tid != child->pid)
		return 4;
	/* Whoever is outside has no number here, and numbers outside mean nobody. */
	for (kind = IPCMBOX_PROCESS; kind <= IPCMBOX_THREAD; kind++) {
		if (endpoint_connect(dev, kind, progress[1]) != -ESRCH ||
		    put_to(kind, progress[1], 1) != -ESRCH)
			return 5;
	}
	fd = endpoint_connect(dev, IPCMBOX_ENDPOINT_ID, progress[2]);
	if (fd < 0 || mailbox_info(fd).pid != 0 || put(fd, 0, 4))
		return 6;
	if (put_to(IPCMBOX_ENDPOINT_ID, progress[2], 5))
		return 7;
	progress[3] = 1;
	while (progress[3] == 1)
		usleep(1000);
	if (take_info(inbox, &number, &recv) != 4 || number != 6 || recv.pid || recv.tid)
		return 8;
	actor_end(child);
	return 0;
}

TEST_F(owner, numbers_are_the_callers)
{
	struct ipcmbox_recv recv = {};
	struct actor *inside;
	__u32 number;
	int id;

	ASSERT_EQ(0, geteuid()) TH_LOG("needs root");
	id = open_inbox(0);
	ASSERT_GT(id, 0);
	progress = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	/* A number that is small enough to be somebody's in there would prove nothing. */
	progress[1] = getpid() > 3 ? getpid() : 4000000;
	progress[2] = id;
	ASSERT_EQ(0, unshare(CLONE_NEWPID));
	inside = actor_start();
	actor_tell(inside, translate, 0);
	if (await_value(&progress[3], 1)) {
		EXPECT_EQ(4, take_info(inbox, &number, &recv));
		EXPECT_EQ(4, number);
		EXPECT_EQ(inside->pid, recv.pid);
		recv = (struct ipcmbox_recv){};
		EXPECT_EQ(4, take_info(inbox, &number, &recv));
		EXPECT_EQ(5, number);
		EXPECT_EQ(inside->pid, recv.pid);
		EXPECT_EQ(0, put_to(IPCMBOX_PROCESS, inside->pid, 6));
		progress[3] = 2;
	}
	EXPECT_EQ(0, actor_hear(inside));
	actor_end(inside);
}

TEST_F(owner, namespaces_are_apart)
{
	int other;

	ASSERT_GT(open_inbox(0), 0);
	ASSERT_EQ(0, unshare(CLONE_NEWIPC));
	other = device_open();
	ASSERT_GE(other, 0);
	EXPECT_EQ(-ESRCH, endpoint_connect(other, IPCMBOX_PROCESS, getpid()));
	EXPECT_EQ(-ENOENT, endpoint_connect(other, IPCMBOX_ENDPOINT_ID, mailbox_id(inbox)));
	EXPECT_GE(endpoint_new(other), 0) TH_LOG("one in each");
	EXPECT_GE(endpoint_connect(other, IPCMBOX_PROCESS, getpid()), 0);
}

TEST_HARNESS_MAIN
