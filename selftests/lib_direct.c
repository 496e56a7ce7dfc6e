// SPDX-License-Identifier: GPL-2.0-only
/*
 * libipck: endpoints and messages to processes and threads do what ipck.h says.
 */
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "lib_test.h"

#define USER		1000
#define NO_HANDLE	((struct ipck *)8)	/* what must not be left after a failure */

static struct ipck *own_endpoint(uint32_t flags)
{
	const struct ipck_attr attr = { .capacity = 8, .flags = flags };
	struct ipck *mb;

	return ipck_endpoint(&mb, 0, &attr) ? NULL : mb;
}

/* An id that no process has any more. */
static pid_t dead_pid(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
	return pid;
}

TEST_F(lib, endpoint)
{
	const struct ipck_attr attr = { .capacity = 3, .max_length = 10, .mode = 0620 };
	struct ipck *mb, *other = NO_HANDLE;
	struct ipck_info info;

	ASSERT_EQ(0, ipck_endpoint(&mb, O_NONBLOCK | O_CLOEXEC, &attr));
	info = info_of(mb);
	EXPECT_EQ(ipck_id(mb), info.id);
	EXPECT_EQ(IPCK_ENDPOINT, info.discipline);
	EXPECT_EQ(getpid(), info.pid);
	EXPECT_EQ(0, info.tid);
	EXPECT_EQ(0, info.flags);
	EXPECT_EQ(3, info.capacity);
	EXPECT_EQ(10, info.max_length);
	EXPECT_EQ(0620, info.mode);
	EXPECT_EQ(O_NONBLOCK, fcntl(ipck_fd(mb), F_GETFL) & O_NONBLOCK);
	EXPECT_EQ(FD_CLOEXEC, fcntl(ipck_fd(mb), F_GETFD));
	/* There is one only, and it can be made anew when it is gone. */
	EXPECT_EQ(-EEXIST, ipck_endpoint(&other, 0, NULL));
	EXPECT_EQ(NULL, other);
	ipck_close(mb);
	ASSERT_EQ(0, ipck_endpoint(&mb, 0, NULL));
	EXPECT_NE(info.id, ipck_id(mb));
	EXPECT_EQ(IPCK_MODE_DEFAULT, info_of(mb).mode);
	EXPECT_EQ(IPCK_CAPACITY_DEFAULT, info_of(mb).capacity);

	/* The thread's is another one. */
	other = own_endpoint(IPCK_ATTR_THREAD);
	ASSERT_NE(NULL, other);
	info = info_of(other);
	EXPECT_EQ(getpid(), info.pid);
	EXPECT_EQ(gettid(), info.tid);
	EXPECT_EQ(IPCK_INFO_THREAD, info.flags);
	ipck_close(other);
	ipck_close(mb);
}

TEST_F(lib, bad_endpoints)
{
	static const struct ipck_attr bad[] = {
		{ .capacity = 1, .discipline = IPCK_EVENT },
		{ .capacity = 1, .discipline = IPCK_MEMBER },
		{ .capacity = 1, .flags = 1U << 30 },
		{ .capacity = 1, .reserved = { 1 } },
	};
	struct ipck *mb;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		mb = NO_HANDLE;
		EXPECT_EQ(-EINVAL, ipck_endpoint(&mb, 0, &bad[i])) TH_LOG("attributes %zu", i);
		EXPECT_EQ(NULL, mb);
	}
	EXPECT_EQ(-EINVAL, ipck_endpoint(NULL, 0, NULL));
	EXPECT_EQ(-EINVAL, ipck_endpoint(&mb, O_RDWR, NULL));
	EXPECT_EQ(-EINVAL, ipck_endpoint(&mb, O_CREAT, NULL));
}

static int send_to_parent(void *arg)
{
	__u32 number = *(__u32 *)arg;
	struct ipck *mine;
	int ret;

	mine = own_endpoint(0);
	if (!mine)
		return 1;
	ret = ipck_send_to(mine, IPCK_PROCESS, getppid(), &number, sizeof(number), 0);
	pause();
	return ret ? 2 : 3;
}

/* receive(Q) and receive(ANY) */
TEST_F(lib, receive_from)
{
	struct ipck *mine = own_endpoint(0);
	__u32 numbers[] = { 11, 12, 13 }, number;
	pid_t pids[3];
	int i;

	ASSERT_NE(NULL, mine);
	/* Nobody can be waited for before it has an endpoint. */
	for (i = 0; i < 3; i++) {
		pids[i] = child_start(send_to_parent, &numbers[i]);
		while (info_of(mine).messages <= i)
			usleep(1000);
	}
	EXPECT_EQ(4, ipck_recv_from(mine, IPCK_PROCESS, pids[1], &number, sizeof(number)));
	EXPECT_EQ(12, number);
	EXPECT_EQ(4, ipck_recv_from(mine, IPCK_PROCESS, pids[2], &number, sizeof(number)));
	EXPECT_EQ(13, number);
	EXPECT_EQ(4, ipck_recv_from(mine, IPCK_ANY, 0, &number, sizeof(number)));
	EXPECT_EQ(11, number);
	for (i = 0; i < 3; i++) {
		kill(pids[i], SIGKILL);
		child_wait(pids[i]);
	}
	/* Nobody is there to wait for any more. */
	EXPECT_GT(0, ipck_recv_from(mine, IPCK_PROCESS, pids[0], &number, sizeof(number)));
	ipck_close(mine);
}

static int wait_for_parent(void *arg)
{
	struct ipck *mine = own_endpoint(0);
	__u32 number;

	if (!mine || ipck_send_to(mine, IPCK_PROCESS, getppid(), "", 0, 0))
		return 1;
	if (ipck_recv_from(mine, IPCK_PROCESS, getppid(), &number, sizeof(number)) != 4)
		return 2;
	(void)arg;
	return number == 77 ? 0 : 3;
}

TEST_F(lib, identity_of_the_sender)
{
	struct ipck *mine = own_endpoint(0);
	struct ipck_msg msg;
	__u32 number = 77;
	pid_t pid;

	ASSERT_NE(NULL, mine);
	pid = child_start(wait_for_parent, NULL);
	EXPECT_EQ(0, ipck_recv_opt(mine, NULL, 0, NULL, &msg));
	EXPECT_EQ(pid, msg.pid);
	EXPECT_NE(0, msg.sender_endpoint);
	EXPECT_NE(ipck_id(mine), msg.sender_endpoint);
	/* An answer to this very process, whatever becomes of its number. */
	EXPECT_EQ(0, ipck_send_to(mine, IPCK_ENDPOINT_ID, msg.sender_endpoint, &number,
				  sizeof(number), 0));
	EXPECT_EQ(0, child_wait(pid));
	EXPECT_GT(0, ipck_send_to(mine, IPCK_ENDPOINT_ID, msg.sender_endpoint, &number,
				  sizeof(number), 0));
	ipck_close(mine);
}

TEST_F(lib, connected)
{
	struct ipck *mine = own_endpoint(0), *peer;
	uint64_t id = ipck_id(mine);

	ASSERT_EQ(0, ipck_connect(&peer, IPCK_PROCESS, getpid(), O_NONBLOCK));
	EXPECT_EQ(id, ipck_id(peer));
	EXPECT_EQ(O_NONBLOCK, fcntl(ipck_fd(peer), F_GETFL) & O_NONBLOCK);
	EXPECT_EQ(-EACCES, recv_number(peer));
	EXPECT_EQ(0, send_number(peer, 5));
	EXPECT_EQ(5, recv_number(mine));
	ipck_close(peer);
	ASSERT_EQ(0, ipck_connect(&peer, IPCK_ENDPOINT_ID, id, 0));
	EXPECT_EQ(0, send_number(peer, 6));
	EXPECT_EQ(6, recv_number(mine));
	/* It does not follow the process to another endpoint. */
	ipck_close(mine);
	mine = own_endpoint(0);
	EXPECT_EQ(-EPIPE, send_number(peer, 7));
	ipck_close(peer);
	ipck_close(mine);
}

static int thread_inbox(void *arg)
{
	struct ipck **mb = arg;
	__s64 number = -1;
	__u32 got;

	*mb = own_endpoint(IPCK_ATTR_THREAD);
	if (!*mb)
		return -1;
	if (ipck_recv(*mb, &got, sizeof(got)) == sizeof(got))
		number = got;
	ipck_close(*mb);
	return number;
}

TEST_F(lib, thread)
{
	struct ipck *volatile inbox = NULL;
	struct ipck *peer;
	struct job job;
	int ret;

	ASSERT_TRUE(job_start(&job, thread_inbox, (void *)&inbox));
	do
		ret = ipck_connect(&peer, IPCK_THREAD, job.tid, 0);
	while (ret == -ESRCH && !job.done);
	ASSERT_EQ(0, ret);
	EXPECT_EQ(0, send_number(peer, 33));
	EXPECT_EQ(33, job_join(&job));
	ipck_close(peer);
	EXPECT_EQ(-ESRCH, ipck_connect(&peer, IPCK_THREAD, job.tid, 0));
}

TEST_F(lib, nobody_there)
{
	struct ipck *peer = NO_HANDLE, *mine = own_endpoint(0);
	pid_t pid = dead_pid();
	char byte;

	EXPECT_EQ(-ESRCH, ipck_connect(&peer, IPCK_PROCESS, pid, 0));
	EXPECT_EQ(NULL, peer);
	EXPECT_EQ(-ESRCH, ipck_connect(&peer, IPCK_THREAD, pid, 0));
	/* This one lives, but has no inbox. */
	EXPECT_EQ(-ESRCH, ipck_connect(&peer, IPCK_PROCESS, getppid(), 0));
	EXPECT_GT(0, ipck_connect(&peer, IPCK_ENDPOINT_ID, ipck_id(mine) + 100000, 0));
	EXPECT_EQ(-ESRCH, ipck_send_to(mine, IPCK_PROCESS, pid, "x", 1, 0));
	EXPECT_EQ(-ESRCH, ipck_send_to(mine, IPCK_PROCESS, getppid(), "x", 1, 0));
	EXPECT_EQ(-ESRCH, ipck_recv_from(mine, IPCK_PROCESS, getppid(), &byte, 1));
	ipck_close(mine);
}

TEST_F(lib, bad_peers)
{
	struct ipck *mine = own_endpoint(0), *peer;
	char byte;

	EXPECT_EQ(-EINVAL, ipck_connect(NULL, IPCK_PROCESS, getpid(), 0));
	EXPECT_EQ(-EINVAL, ipck_connect(&peer, IPCK_ANY, 0, 0));
	EXPECT_EQ(-EINVAL, ipck_connect(&peer, (enum ipck_peer)5, getpid(), 0));
	EXPECT_EQ(-EINVAL, ipck_connect(&peer, IPCK_PROCESS, getpid(), O_RDWR));
	EXPECT_EQ(-EINVAL, ipck_send_to(mine, IPCK_ANY, 0, "x", 1, 0));
	EXPECT_EQ(-EINVAL, ipck_send_to(mine, IPCK_PIDFD, 0, "x", 1, 0));
	EXPECT_EQ(-EINVAL, ipck_send_to(NULL, IPCK_PROCESS, getpid(), "x", 1, 0));
	EXPECT_EQ(-EINVAL, ipck_recv_from(mine, IPCK_ANY, getpid(), &byte, 1));
	EXPECT_EQ(-EINVAL, ipck_recv_from(NULL, IPCK_ANY, 0, &byte, 1));
	/* Only an endpoint is an address to send from. */
	EXPECT_EQ(-EINVAL, ipck_send_to(self->mb, IPCK_PROCESS, getpid(), "x", 1, 0));
	EXPECT_EQ(0, info_of(mine).sent);
	ipck_close(mine);
}

static int be_connected_to(void *arg)
{
	struct ipck *mine = own_endpoint(0);

	if (!mine || send_number(arg, 1))
		return 1;
	pause();
	return 2;
}

TEST_F(lib, peer_dies)
{
	pid_t pid = child_start(be_connected_to, self->mb);
	struct ipck *peer, *mine = own_endpoint(0);
	char byte;

	ASSERT_EQ(4, ipck_recv(self->mb, (char[4]){}, 4));
	ASSERT_EQ(0, ipck_connect(&peer, IPCK_PROCESS, pid, 0));
	EXPECT_EQ(0, send_number(peer, 1));
	kill(pid, SIGKILL);
	child_wait(pid);
	EXPECT_EQ(-EPIPE, send_number(peer, 2));
	EXPECT_GT(0, ipck_recv_from(mine, IPCK_PROCESS, pid, &byte, 1));
	ipck_close(peer);
	ipck_close(mine);
}

static int pidfd_of(pid_t pid)
{
	return syscall(SYS_pidfd_open, pid, 0);
}

TEST_F(lib, pidfd)
{
	pid_t pid = child_start(be_connected_to, self->mb);
	int pidfd = pidfd_of(pid);
	struct ipck *peer;

	ASSERT_LE(0, pidfd);
	ASSERT_EQ(4, ipck_recv(self->mb, (char[4]){}, 4));
	ASSERT_EQ(0, ipck_connect(&peer, IPCK_PIDFD, pidfd, 0));
	EXPECT_EQ(pid, info_of(peer).pid);
	EXPECT_EQ(0, send_number(peer, 1));
	ipck_close(peer);
	kill(pid, SIGKILL);
	child_wait(pid);
	peer = NO_HANDLE;
	EXPECT_EQ(-ESRCH, ipck_connect(&peer, IPCK_PIDFD, pidfd, 0));
	EXPECT_EQ(NULL, peer);
	close(pidfd);
	EXPECT_EQ(-EBADF, ipck_connect(&peer, IPCK_PIDFD, pidfd, 0));
	EXPECT_EQ(-EBADF, ipck_connect(&peer, IPCK_PIDFD, ipck_fd(self->mb), 0));
	EXPECT_EQ(-EBADF, ipck_connect(&peer, IPCK_PIDFD, UINT64_MAX, 0));
}

/* It is dead for the pidfd as soon as its number could be used again, and before. */
TEST_F(lib, pidfd_of_a_zombie)
{
	pid_t pid = child_start(be_connected_to, self->mb);
	int pidfd = pidfd_of(pid);
	siginfo_t info;
	struct ipck *peer;

	ASSERT_LE(0, pidfd);
	ASSERT_EQ(4, ipck_recv(self->mb, (char[4]){}, 4));
	kill(pid, SIGKILL);
	ASSERT_EQ(0, waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	EXPECT_EQ(-ESRCH, ipck_connect(&peer, IPCK_PIDFD, pidfd, 0));
	child_wait(pid);
	close(pidfd);
}

static int be_somebody(void *arg)
{
	pid_t pid = *(pid_t *)arg;
	struct ipck *peer, *mine;

	if (become(USER, USER))
		return 1;
	if (ipck_connect(&peer, IPCK_PROCESS, pid, 0) != -EACCES || peer)
		return 2;
	mine = own_endpoint(0);
	if (!mine || ipck_send_to(mine, IPCK_PROCESS, pid, "x", 1, 0) != -EACCES)
		return 3;
	return 0;
}

TEST_F(lib, mode)
{
	struct ipck *mine = own_endpoint(0);
	pid_t pid = getpid();

	EXPECT_EQ(0, child_run(be_somebody, &pid));
	EXPECT_EQ(0, info_of(mine).sent);
	ipck_close(mine);
}

TEST_HARNESS_MAIN
