// SPDX-License-Identifier: GPL-2.0-only
/*
 * libipck: handles and administration do what ipck.h says. How the module behaves beneath it is
 * what the other tests are about.
 */
#include <limits.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "lib_test.h"

#define USER		1000
#define NO_HANDLE	((struct ipck *)8)	/* what must not be left after a failure */

TEST_F(lib, defaults)
{
	struct ipck_info info = info_of(self->mb);

	EXPECT_EQ(ipck_id(self->mb), info.id);
	EXPECT_EQ(mailbox_id(ipck_fd(self->mb)), info.id);
	EXPECT_STREQ("test", info.name);
	EXPECT_EQ(IPCK_INFO_NAMED, info.flags);
	EXPECT_EQ(0, info.uid);
	EXPECT_EQ(0, info.gid);
	EXPECT_EQ(IPCK_MODE_DEFAULT, info.mode);
	EXPECT_EQ(IPCK_CAPACITY_DEFAULT, info.capacity);
	EXPECT_EQ(IPCK_LENGTH_DEFAULT, info.max_length);
	EXPECT_EQ(0, info.max_bytes);
	EXPECT_EQ(IPCK_OVERFLOW_BLOCK, info.overflow);
	EXPECT_EQ(0, info.discipline);
	EXPECT_EQ(1, info.readers);
	EXPECT_EQ(1, info.writers);
	EXPECT_EQ(1, info.next_seq);
	EXPECT_EQ(FD_CLOEXEC, fcntl(ipck_fd(self->mb), F_GETFD));
	EXPECT_EQ(0, fcntl(ipck_fd(self->mb), F_GETFL) & O_NONBLOCK);
}

TEST_F(lib, attributes)
{
	const struct ipck_attr attr = {
		.capacity = 5, .max_length = 10, .max_bytes = 100, .mode = 0642,
		.overflow = IPCK_OVERFLOW_DROP_OLDEST,
	};
	struct ipck *mb = unnamed(&attr);
	struct ipck_info info = info_of(mb);

	EXPECT_EQ(5, info.capacity);
	EXPECT_EQ(10, info.max_length);
	EXPECT_EQ(100, info.max_bytes);
	EXPECT_EQ(0642, info.mode);
	EXPECT_EQ(IPCK_OVERFLOW_DROP_OLDEST, info.overflow);
	ipck_close(mb);

	/* 0 is the default of all but the capacity. */
	mb = unnamed(&(struct ipck_attr){ .max_bytes = 77 });
	info = info_of(mb);
	EXPECT_EQ(0, info.capacity);
	EXPECT_EQ(77, info.max_length);
	EXPECT_EQ(IPCK_MODE_DEFAULT, info.mode);
	ipck_close(mb);

	umask(066);
	mb = unnamed(&attr);
	EXPECT_EQ(0600, info_of(mb).mode);
	ipck_close(mb);
}

TEST_F(lib, bad_attributes)
{
	static const struct ipck_attr bad[] = {
		{ .max_length = IPCK_LENGTH_MAX + 1 },
		{ .max_length = 10, .max_bytes = 9 },
		{ .overflow = (enum ipck_overflow)4 },
		{ .mode = 01600 },
		{ .mode = 0700 },
		{ .flags = 1U << 4 },
		{ .flags = 1U << 31 },
		{ .discipline = IPCK_MEMBER },
		{ .reserved = { 1 } },
		{ .reserved = { 0, 0, 0, 1 } },
	};
	struct ipck *mb;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		mb = NO_HANDLE;
		EXPECT_EQ(-EINVAL, ipck_open(&mb, "test2", O_RDWR | O_CREAT, &bad[i]))
			TH_LOG("attributes %zu", i);
		EXPECT_EQ(NULL, mb);
		/* They are for a new one. */
		ASSERT_EQ(0, ipck_open(&mb, "test", O_RDWR, &bad[i]));
		ipck_close(mb);
	}
	EXPECT_EQ(-ENOENT, ipck_unlink("test2"));
}

TEST_F(lib, open_flags)
{
	static const int bad[] = {
		O_RDWR | O_EXCL, O_RDWR | IPCK_O_TRANSIENT, O_ACCMODE, O_ACCMODE | O_CREAT,
		O_RDWR | O_CREAT | O_TRUNC, O_RDWR | O_APPEND, O_RDWR | O_DIRECTORY,
	};
	struct ipck *mb;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		mb = NO_HANDLE;
		EXPECT_EQ(-EINVAL, ipck_open(&mb, "test", bad[i], NULL))
			TH_LOG("flags 0%o", bad[i]);
		EXPECT_EQ(NULL, mb);
	}
	mb = NO_HANDLE;
	EXPECT_EQ(-EEXIST, ipck_open(&mb, "test", O_RDWR | O_CREAT | O_EXCL, NULL));
	EXPECT_EQ(NULL, mb);
	mb = NO_HANDLE;
	EXPECT_EQ(-ENOENT, ipck_open(&mb, "test2", O_RDWR, NULL));
	EXPECT_EQ(NULL, mb);

	ASSERT_EQ(0, ipck_open(&mb, "test", O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, NULL));
	EXPECT_EQ(ipck_id(self->mb), ipck_id(mb));
	EXPECT_EQ(O_NONBLOCK, fcntl(ipck_fd(mb), F_GETFL) & O_NONBLOCK);
	EXPECT_EQ(FD_CLOEXEC, fcntl(ipck_fd(mb), F_GETFD));
	ipck_close(mb);
}

TEST_F(lib, access)
{
	struct ipck *reader, *writer;
	char byte = 'x';

	ASSERT_EQ(0, ipck_open(&reader, "test", O_RDONLY, NULL));
	ASSERT_EQ(0, ipck_open_id(&writer, ipck_id(self->mb), O_WRONLY));
	EXPECT_EQ(-EACCES, ipck_send(reader, &byte, 1, 0));
	EXPECT_EQ(-EACCES, ipck_recv(writer, &byte, 1));
	EXPECT_EQ(0, ipck_send(writer, &byte, 1, 0));
	EXPECT_EQ(1, ipck_recv(reader, &byte, 1));
	EXPECT_EQ(2, info_of(reader).readers);
	EXPECT_EQ(2, info_of(writer).writers);
	ipck_close(reader);
	ipck_close(writer);
	EXPECT_EQ(1, info_of(self->mb).readers);
	EXPECT_EQ(1, info_of(self->mb).writers);
}

static int administer(void *arg)
{
	uint64_t *id = arg;
	struct ipck *mb;

	if (become(USER, USER))
		return 1;
	return ipck_open_id(&mb, *id, IPCK_O_ADMIN) == -EACCES ? 0 : 2;
}

/* Whoever may administer a mailbox can, even if the mode takes all rights away. */
TEST_F(lib, admin)
{
	struct ipck_change change = { .mask = IPCK_SET_MODE };
	uint64_t id = ipck_id(self->mb);
	struct ipck *mb;
	char byte;

	ASSERT_EQ(0, ipck_set(self->mb, &change));
	ASSERT_EQ(0, ipck_open(&mb, "test", IPCK_O_ADMIN, NULL));
	EXPECT_EQ(1, info_of(mb).readers);
	EXPECT_EQ(1, info_of(mb).writers);
	EXPECT_EQ(-EACCES, ipck_recv(mb, &byte, 1));
	EXPECT_EQ(-EACCES, ipck_send(mb, "", 0, 0));
	change = (struct ipck_change){ .mask = IPCK_SET_CAPACITY, .capacity = 3 };
	EXPECT_EQ(0, ipck_set(mb, &change));
	EXPECT_EQ(3, info_of(mb).capacity);
	ipck_close(mb);
	EXPECT_EQ(0, child_run(administer, &id));
}

TEST_F(lib, names)
{
	static const char * const bad[] = {
		"", "/", "//test", "test/", "tes/t", ".", "..", "/.", "/..",
	};
	char longest[IPCK_NAME_MAX + 2];
	struct ipck *mb;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		mb = NO_HANDLE;
		EXPECT_EQ(-EINVAL, ipck_open(&mb, bad[i], O_RDWR | O_CREAT, NULL))
			TH_LOG("'%s'", bad[i]);
		EXPECT_EQ(NULL, mb);
		EXPECT_EQ(-EINVAL, ipck_unlink(bad[i])) TH_LOG("'%s'", bad[i]);
	}

	/* As mq_open(3) wants them. */
	ASSERT_EQ(0, ipck_open(&mb, "/test", O_RDWR, NULL));
	EXPECT_EQ(ipck_id(self->mb), ipck_id(mb));
	ipck_close(mb);

	longest[0] = '/';
	memset(longest + 1, '\xff', IPCK_NAME_MAX);
	longest[IPCK_NAME_MAX + 1] = '\0';
	ASSERT_EQ(0, ipck_open(&mb, longest, O_RDWR | O_CREAT | IPCK_O_TRANSIENT, NULL));
	EXPECT_STREQ(longest + 1, info_of(mb).name);
	EXPECT_EQ(0, ipck_unlink(longest + 1));
	ipck_close(mb);
	longest[0] = 't';
	mb = NO_HANDLE;
	EXPECT_EQ(-ENAMETOOLONG, ipck_open(&mb, longest, O_RDWR | O_CREAT, NULL));
	EXPECT_EQ(NULL, mb);
	EXPECT_EQ(-ENAMETOOLONG, ipck_unlink(longest));
}

TEST_F(lib, open_id)
{
	uint64_t id = ipck_id(self->mb);
	struct ipck *mb;

	ASSERT_EQ(0, ipck_open_id(&mb, id, O_RDWR | O_NONBLOCK | O_CLOEXEC));
	EXPECT_EQ(id, ipck_id(mb));
	EXPECT_EQ(O_NONBLOCK, fcntl(ipck_fd(mb), F_GETFL) & O_NONBLOCK);
	ipck_close(mb);

	mb = NO_HANDLE;
	EXPECT_EQ(-EINVAL, ipck_open_id(&mb, id, O_RDWR | O_CREAT));
	EXPECT_EQ(NULL, mb);
	EXPECT_EQ(-EINVAL, ipck_open_id(&mb, id, O_ACCMODE));
	EXPECT_EQ(-EINVAL, ipck_open_id(&mb, id, O_RDWR | IPCK_O_TRANSIENT));
	EXPECT_EQ(-EINVAL, ipck_open_id(&mb, id, O_RDWR | IPCK_O_ADMIN));
	EXPECT_EQ(-ENOENT, ipck_open_id(&mb, 0, O_RDWR));
	mb = NO_HANDLE;
	EXPECT_EQ(-ENOENT, ipck_open_id(&mb, id + 1000000, O_RDWR));
	EXPECT_EQ(NULL, mb);
}

TEST_F(lib, unlink)
{
	uint64_t id = ipck_id(self->mb);
	struct ipck *mb;

	EXPECT_EQ(0, ipck_unlink("/test"));
	EXPECT_EQ(-ENOENT, ipck_unlink("test"));
	EXPECT_EQ(-ENOENT, ipck_unlink_id(id));
	EXPECT_EQ(-ENOENT, ipck_unlink_id(0));
	EXPECT_EQ(-ENOENT, ipck_open(&mb, "test", O_RDWR, NULL));
	EXPECT_EQ(0, info_of(self->mb).flags);
	EXPECT_EQ(0, send_number(self->mb, 7));
	EXPECT_EQ(7, recv_number(self->mb));

	ASSERT_EQ(0, ipck_open(&mb, "test", O_RDWR | O_CREAT, NULL));
	EXPECT_NE(id, ipck_id(mb));
	EXPECT_EQ(0, ipck_unlink_id(ipck_id(mb)));
	ipck_close(mb);
}

TEST_F(lib, unnamed)
{
	struct ipck *mb = unnamed(NULL), *other;
	struct ipck_info info = info_of(mb);

	ASSERT_NE(NULL, mb);
	EXPECT_EQ(0, info.flags);
	EXPECT_STREQ("", info.name);
	EXPECT_EQ(IPCK_CAPACITY_DEFAULT, info.capacity);
	EXPECT_EQ(-ENOENT, ipck_unlink_id(ipck_id(mb)));
	ASSERT_EQ(0, ipck_open_id(&other, ipck_id(mb), O_RDWR));
	EXPECT_EQ(0, send_number(mb, 5));
	ipck_close(mb);
	EXPECT_EQ(5, recv_number(other));
	ipck_close(other);
	EXPECT_EQ(-ENOENT, ipck_open_id(&mb, info.id, O_RDWR));
}

TEST_F(lib, transient)
{
	struct ipck *mb, *other;

	ASSERT_EQ(0, ipck_open(&mb, "test2", O_RDWR | O_CREAT | IPCK_O_TRANSIENT, NULL));
	EXPECT_EQ(IPCK_INFO_NAMED | IPCK_INFO_TRANSIENT, info_of(mb).flags);
	ASSERT_EQ(0, ipck_open(&other, "test2", O_RDWR, NULL));
	EXPECT_EQ(0, send_number(mb, 5));
	ipck_close(mb);
	EXPECT_EQ(5, recv_number(other));
	ipck_close(other);
	EXPECT_EQ(-ENOENT, ipck_open(&mb, "test2", O_RDWR, NULL));
}

/*
 * Descriptors that come from elsewhere
 */

TEST_F(lib, from_fd)
{
	int fd = dup(ipck_fd(self->mb));
	struct ipck *mb;

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, ipck_from_fd(&mb, fd));
	EXPECT_EQ(fd, ipck_fd(mb));
	EXPECT_EQ(ipck_id(self->mb), ipck_id(mb));
	EXPECT_EQ(0, fcntl(fd, F_GETFD)) TH_LOG("the flags are no longer as they were");
	EXPECT_EQ(0, send_number(mb, 5));
	EXPECT_EQ(5, recv_number(self->mb));
	ipck_close(mb);
	EXPECT_EQ(-1, fcntl(fd, F_GETFD)) TH_LOG("the handle did not own it");
}

TEST_F(lib, from_a_wrong_fd)
{
	struct ipck *mb = NO_HANDLE;
	int pipefd[2];

	EXPECT_EQ(-EBADF, ipck_from_fd(&mb, -1));
	EXPECT_EQ(NULL, mb);
	EXPECT_EQ(-ENOTTY, ipck_from_fd(&mb, self->dev));
	ASSERT_EQ(0, pipe(pipefd));
	mb = NO_HANDLE;
	EXPECT_EQ(-ENOTTY, ipck_from_fd(&mb, pipefd[0]));
	EXPECT_EQ(NULL, mb);
	EXPECT_EQ(0, close(pipefd[0])) TH_LOG("the failure has closed it");
	EXPECT_EQ(0, close(pipefd[1]));
	EXPECT_EQ(-EBADF, ipck_from_fd(&mb, pipefd[0]));
}

/* All the child has got is the descriptor, whose number it is told. */
static int use_inherited_fd(void *arg)
{
	struct ipck *mb;
	int fd = *(int *)arg, ret;

	close_all_but(fd);
	if (ipck_from_fd(&mb, fd))
		return 1;
	ret = send_number(mb, 42);
	ipck_close(mb);
	return ret ? 2 : 0;
}

TEST_F(lib, from_an_inherited_fd)
{
	int fd = ipck_fd(self->mb);

	EXPECT_EQ(0, child_run(use_inherited_fd, &fd));
	EXPECT_EQ(42, recv_number(self->mb));
}

union control {
	struct cmsghdr align;
	char buf[CMSG_SPACE(sizeof(int))];
};

static bool pass_fd(int socket, int fd)
{
	struct iovec iov = { .iov_base = "", .iov_len = 1 };
	union control control = {};
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	return sendmsg(socket, &msg, 0) == 1;
}

static int passed_fd(int socket)
{
	char byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	union control control;
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	int fd = -1;

	if (recvmsg(socket, &msg, 0) == 1 && CMSG_FIRSTHDR(&msg))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

/* Its right to receive comes from whoever passed the descriptor. */
static int use_passed_fd(void *arg)
{
	int socket = *(int *)arg, fd;
	struct ipck *mb;
	__s64 number;

	close_all_but(socket);
	if (become(USER, USER))
		return 1;
	if (ipck_open(&mb, "test", O_RDONLY, NULL) != -EACCES)
		return 2;
	fd = passed_fd(socket);
	if (ipck_from_fd(&mb, fd))
		return 3;
	number = recv_number(mb);
	ipck_close(mb);
	return number == 43 ? 0 : 4;
}

TEST_F(lib, from_a_passed_fd)
{
	int sockets[2];
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	ASSERT_EQ(0, send_number(self->mb, 43));
	pid = child_start(use_passed_fd, &sockets[1]);
	EXPECT_TRUE(pass_fd(sockets[0], ipck_fd(self->mb)));
	EXPECT_EQ(0, child_wait(pid));
	EXPECT_EQ(-EAGAIN, recv_number(self->mb));
}

static int use_inherited_handle(void *arg)
{
	struct ipck *mb = arg;

	if (send_number(mb, 44))
		return 1;
	ipck_close(mb);
	return 0;
}

TEST_F(lib, handle_after_fork)
{
	EXPECT_EQ(0, child_run(use_inherited_handle, self->mb));
	EXPECT_EQ(44, recv_number(self->mb));
	EXPECT_EQ(0, send_number(self->mb, 45));
	EXPECT_EQ(45, recv_number(self->mb));
}

/*
 * NULL
 */

TEST_F(lib, null)
{
	struct ipck_change change = {};
	struct ipck_limits limits;
	struct ipck_info info;
	unsigned int limit = 77;
	struct ipck_msg msg;
	struct ipck *mb;
	char byte = 'x';

	ipck_close(NULL);
	EXPECT_EQ(-EINVAL, ipck_open(NULL, "test", O_RDWR, NULL));
	EXPECT_EQ(-EINVAL, ipck_open(&mb, NULL, O_RDWR, NULL));
	EXPECT_EQ(-EINVAL, ipck_open_id(NULL, ipck_id(self->mb), O_RDWR));
	EXPECT_EQ(-EINVAL, ipck_from_fd(NULL, ipck_fd(self->mb)));
	EXPECT_EQ(-EINVAL, ipck_fd(NULL));
	EXPECT_EQ(0, ipck_id(NULL));
	EXPECT_EQ(-EINVAL, ipck_unlink(NULL));
	EXPECT_EQ(-EINVAL, ipck_send(NULL, &byte, 1, 0));
	EXPECT_EQ(-EINVAL, ipck_recv(NULL, &byte, 1));
	EXPECT_EQ(-EINVAL, ipck_send_opt(NULL, &byte, 1, NULL, &limit));
	EXPECT_EQ(IPCK_LIMIT_NONE, limit);
	memset(&msg, POISON, sizeof(msg));
	EXPECT_EQ(-EINVAL, ipck_recv_opt(NULL, &byte, 1, NULL, &msg));
	EXPECT_EQ(0, msg.length | msg.priority | msg.seq | msg.lost | msg.pid | msg.limit);
	EXPECT_EQ(-EINVAL, ipck_stat(NULL, &info));
	EXPECT_EQ(-EINVAL, ipck_stat(self->mb, NULL));
	EXPECT_EQ(-EINVAL, ipck_list(0, NULL, 1));
	EXPECT_EQ(-EINVAL, ipck_set(NULL, &change));
	EXPECT_EQ(-EINVAL, ipck_set(self->mb, NULL));
	EXPECT_EQ(-EINVAL, ipck_limits(NULL));
	EXPECT_EQ(0, ipck_limits(&limits));

	/* Where a payload should be it is a bad address. */
	EXPECT_EQ(-EFAULT, ipck_send(self->mb, NULL, 1, 0));
	EXPECT_EQ(0, info_of(self->mb).sent);
	EXPECT_EQ(0, ipck_send(self->mb, NULL, 0, 0));
	EXPECT_EQ(0, ipck_send_opt(self->mb, "x", 1, NULL, NULL));
	EXPECT_EQ(0, ipck_recv_opt(self->mb, NULL, 0, NULL, NULL));
	EXPECT_EQ(-EFAULT, ipck_recv(self->mb, NULL, 1));
	EXPECT_EQ(1, ipck_recv_opt(self->mb, &byte, 1, NULL, NULL));
	EXPECT_EQ('x', byte);
}

/*
 * Messages
 */

TEST_F(lib, stat)
{
	struct ipcmbox_info raw;
	struct ipck_info info;

	ASSERT_EQ(0, send_number(self->mb, 1));
	ASSERT_EQ(0, send_number(self->mb, 2));
	ASSERT_EQ(0, ipck_send(self->mb, "12", 2, 9));
	ASSERT_EQ(2, ipck_recv(self->mb, &info, sizeof(info)));
	info = info_of(self->mb);
	raw = mailbox_info(ipck_fd(self->mb));
	EXPECT_EQ(2, info.messages);
	EXPECT_EQ(8, info.bytes);
	EXPECT_EQ(3, info.sent);
	EXPECT_EQ(1, info.received);
	EXPECT_EQ(3, info.peak_messages);
	EXPECT_EQ(10, info.peak_bytes);
	EXPECT_EQ(4, info.next_seq);
	EXPECT_EQ(0, info.receiving | info.dropped | info.withdrawn | info.unreported);
	EXPECT_EQ(0, info.waiting_receivers | info.waiting_senders);
	EXPECT_EQ(raw.id, info.id);
	EXPECT_EQ(raw.max_length, info.max_length);
	EXPECT_EQ(raw.wakeups, info.wakeups);
	EXPECT_LE(info.oldest_ns, raw.oldest_ns);
}

#define MANY	20

TEST_F(lib, list)
{
	static const unsigned int counts[] = { 1, 3, 8, 9, 16, 17, 100 };
	struct ipck_info infos[100];
	struct ipck *mbs[MANY];
	uint64_t last;
	size_t i;
	int n, j, found;

	for (i = 0; i < MANY; i++) {
		mbs[i] = unnamed(NULL);
		ASSERT_NE(NULL, mbs[i]);
	}
	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		last = ipck_id(mbs[0]) - 1;
		found = 0;
		while ((n = ipck_list(last, infos, counts[i])) > 0) {
			EXPECT_LE(n, counts[i]);
			for (j = 0; j < n; j++) {
				EXPECT_GT(infos[j].id, last);
				last = infos[j].id;
				ASSERT_LT(found, MANY);
				EXPECT_EQ(ipck_id(mbs[found]), last);
				found++;
			}
		}
		EXPECT_EQ(0, n);
		EXPECT_EQ(MANY, found) TH_LOG("%u at once", counts[i]);
	}
	n = ipck_list(ipck_id(self->mb) - 1, infos, 1);
	ASSERT_EQ(1, n);
	EXPECT_STREQ("test", infos[0].name);
	EXPECT_EQ(IPCK_CAPACITY_DEFAULT, infos[0].capacity);
	EXPECT_EQ(-EINVAL, ipck_list(0, infos, 0));
	EXPECT_EQ(-EINVAL, ipck_list(0, infos, INT_MAX + 1U));
	for (i = 0; i < MANY; i++)
		ipck_close(mbs[i]);
}

TEST_F(lib, set)
{
	struct ipck_change change = {
		.mask = IPCK_SET_MODE | IPCK_SET_UID | IPCK_SET_GID | IPCK_SET_CAPACITY |
			IPCK_SET_MAX_BYTES | IPCK_SET_OVERFLOW,
		.mode = 0264, .uid = 11, .gid = 22, .capacity = 33, .max_bytes = 1 << 20,
		.overflow = IPCK_OVERFLOW_DROP_NEWEST,
	};
	struct ipck_info info;

	ASSERT_EQ(0, ipck_set(self->mb, &change));
	info = info_of(self->mb);
	EXPECT_EQ(0264, info.mode);
	EXPECT_EQ(11, info.uid);
	EXPECT_EQ(22, info.gid);
	EXPECT_EQ(33, info.capacity);
	EXPECT_EQ(1 << 20, info.max_bytes);
	EXPECT_EQ(IPCK_OVERFLOW_DROP_NEWEST, info.overflow);

	/* Here, 0 is no default. */
	change = (struct ipck_change){ .mask = IPCK_SET_MODE | IPCK_SET_CAPACITY };
	ASSERT_EQ(0, ipck_set(self->mb, &change));
	EXPECT_EQ(0, info_of(self->mb).mode);
	EXPECT_EQ(0, info_of(self->mb).capacity);
	EXPECT_EQ(1 << 20, info_of(self->mb).max_bytes);
}

TEST_F(lib, bad_changes)
{
	static const struct ipck_change bad[] = {
		{ .mask = 1U << 31 },
		{ .mode = 0600 },
		{ .mask = IPCK_SET_MODE, .capacity = 5 },
		{ .mask = IPCK_SET_MODE, .mode = 01000 },
		{ .mask = IPCK_SET_OVERFLOW, .overflow = (enum ipck_overflow)4 },
		{ .mask = IPCK_SET_MAX_BYTES, .max_bytes = 1 },
		{ .mask = IPCK_SET_CAPACITY, .capacity = 5, .reserved = { 0, 1 } },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(-EINVAL, ipck_set(self->mb, &bad[i])) TH_LOG("change %zu", i);
	EXPECT_EQ(IPCK_CAPACITY_DEFAULT, info_of(self->mb).capacity);
}

static int be_nobody(void *arg)
{
	const struct ipck_change change = { .mask = IPCK_SET_CAPACITY, .capacity = 5 };
	struct ipck *mb = arg, *other;

	if (become(USER, USER))
		return 1;
	if (ipck_set(mb, &change) != -EPERM)
		return 2;
	if (ipck_unlink("test") != -EPERM || ipck_unlink_id(ipck_id(mb)) != -EPERM)
		return 3;
	if (ipck_open(&other, "test", O_RDONLY, NULL) != -EACCES || other)
		return 4;
	if (ipck_open_id(&other, ipck_id(mb), O_WRONLY) != -EACCES || other)
		return 5;
	/* Looking needs no right. */
	return info_of(mb).capacity == IPCK_CAPACITY_DEFAULT ? 0 : 6;
}

TEST_F(lib, rights)
{
	EXPECT_EQ(0, child_run(be_nobody, self->mb));
}

TEST_F(lib, limits)
{
	struct ipck_limits limits;
	struct ipcmbox_query raw;

	ASSERT_EQ(0, send_number(self->mb, 1));
	ASSERT_EQ(0, query_budget(self->dev, &raw));
	memset(&limits, POISON, sizeof(limits));
	ASSERT_EQ(0, ipck_limits(&limits));
	EXPECT_EQ(IPCK_FEATURE_QUEUE, limits.features & IPCK_FEATURE_QUEUE);
	EXPECT_EQ(IPCK_LENGTH_MAX, limits.length_max);
	EXPECT_EQ(IPCK_PRIORITY_MAX, limits.priority_max);
	EXPECT_EQ(IPCK_NAME_MAX, limits.name_max);
	EXPECT_EQ(raw.max_mailboxes, limits.max_mailboxes);
	EXPECT_EQ(raw.max_user_messages, limits.max_user_messages);
	EXPECT_EQ(raw.max_user_bytes, limits.max_user_bytes);
	EXPECT_EQ(raw.user_mailboxes, limits.user_mailboxes);
	EXPECT_EQ(raw.user_messages, limits.user_messages);
	EXPECT_EQ(raw.user_bytes, limits.user_bytes);
	EXPECT_GE(limits.user_mailboxes, 1);
	EXPECT_GE(limits.user_messages, 1);
	EXPECT_GT(limits.user_bytes, 4);
}

/*
 * Which limit it was
 */

/* What @fn returns while a parameter of the module is @value. */
static int with_parameter(const char *name, const char *value,
			  int (*fn)(struct ipck *mb, unsigned int *limit), struct ipck *mb,
			  unsigned int *limit)
{
	char path[80], saved[32];
	int ret;

	snprintf(path, sizeof(path), "/sys/module/ipcmbox/parameters/%s", name);
	if (!read_file(path, saved, sizeof(saved)) || !write_file(path, value))
		return -ENXIO;
	ret = fn(mb, limit);
	write_file(path, saved);
	return ret;
}

static int send_one(struct ipck *mb, unsigned int *limit)
{
	return ipck_send_opt(mb, "1234", 4, NULL, limit);
}

static int open_one(struct ipck *mb, unsigned int *limit)
{
	struct ipck *new;
	int ret = ipck_open(&new, "test2", O_RDWR | O_CREAT, NULL);

	(void)mb;
	(void)limit;
	ipck_close(new);
	return ret;
}

TEST_F(lib, limits_that_are_met)
{
	const struct ipck_send_opt opt = { .wait = IPCK_WAIT_NEVER };
	const struct ipck_send_opt receipt = {
		.wait = IPCK_WAIT_NEVER, .completion = IPCK_RECEIVED,
	};
	struct ipck *full = unnamed(&(struct ipck_attr){ .capacity = 1 });
	unsigned int limit = 77;

	ASSERT_EQ(0, ipck_send_opt(full, "", 0, &opt, &limit));
	EXPECT_EQ(IPCK_LIMIT_NONE, limit);
	EXPECT_EQ(-EAGAIN, ipck_send_opt(full, "", 0, &opt, &limit));
	EXPECT_EQ(IPCK_LIMIT_CAPACITY, limit);
	limit = 77;
	EXPECT_EQ(-EAGAIN, ipck_send_opt(self->mb, "", 0, &receipt, &limit));
	EXPECT_EQ(IPCK_LIMIT_CAPACITY, limit);

	EXPECT_EQ(-EDQUOT, with_parameter("user_messages", "1", send_one, self->mb, &limit));
	EXPECT_EQ(IPCK_LIMIT_USER_MESSAGES, limit);
	EXPECT_EQ(-EDQUOT, with_parameter("user_bytes", "1", send_one, self->mb, &limit));
	EXPECT_EQ(IPCK_LIMIT_USER_BYTES, limit);
	EXPECT_EQ(-EDQUOT, with_parameter("user_mailboxes", "1", open_one, self->mb, &limit));
	EXPECT_EQ(0, send_one(self->mb, &limit));
	EXPECT_EQ(IPCK_LIMIT_NONE, limit);
	EXPECT_EQ(0, open_one(self->mb, &limit));
	ipck_close(full);
}

TEST_F(lib, texts_name_the_limit)
{
	static const struct { int error; enum ipck_limit limit; const char *word; } texts[] = {
		{ EAGAIN, IPCK_LIMIT_CAPACITY, "full" },
		{ EMSGSIZE, IPCK_LIMIT_LENGTH, "mailbox allows" },
		{ EMSGSIZE, IPCK_LIMIT_BUFFER, "buffer of the receiver" },
		{ EMSGSIZE, IPCK_LIMIT_FDS, "more descriptors" },
		{ EDQUOT, IPCK_LIMIT_USER_MAILBOXES, "too many mailboxes" },
		{ EDQUOT, IPCK_LIMIT_USER_MESSAGES, "too many messages" },
		{ EDQUOT, IPCK_LIMIT_USER_BYTES, "too many bytes" },
		{ EDQUOT, IPCK_LIMIT_USER_FDS, "too many descriptors" },
		{ ENOMEM, IPCK_LIMIT_MEMORY, "memory cgroup" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		const char *text = ipck_strerror(-texts[i].error, texts[i].limit);

		EXPECT_NE(NULL, strstr(text, texts[i].word)) TH_LOG("'%s'", text);
		EXPECT_STREQ(text, ipck_strerror(texts[i].error, texts[i].limit));
		EXPECT_STRNE(text, ipck_strerror(texts[i].error, IPCK_LIMIT_NONE));
	}
}

TEST_F(lib, texts_of_errors)
{
	static const int errors[] = {
		EACCES, EAGAIN, EDQUOT, EEXIST, EFAULT, EINTR, EINVAL, EMFILE, ENFILE, EMSGSIZE,
		ENAMETOOLONG, ENODEV, ENOENT, ENOMEM, ENOTTY, EPERM, EPIPE, ETIMEDOUT, EBADF,
		EBUSY, EDEADLK, ELOOP, EOPNOTSUPP, ESRCH, ESTALE, E2BIG,
	};
	const char *unknown = ipck_strerror(-12345, 0), *text;
	size_t i, j;

	ASSERT_NE(NULL, unknown);
	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		text = ipck_strerror(-errors[i], 0);
		EXPECT_STRNE(unknown, text) TH_LOG("error %d", errors[i]);
		EXPECT_NE('.', text[strlen(text) - 1]) TH_LOG("'%s'", text);
		EXPECT_STREQ(text, ipck_strerror(errors[i], 0));
		/* A limit that does not go with it, or nobody knows. */
		EXPECT_NE(NULL, ipck_strerror(-errors[i], 12345));
		for (j = 0; j < i; j++)
			EXPECT_STRNE(ipck_strerror(-errors[j], 0), text);
	}
	EXPECT_STRNE(unknown, ipck_strerror(0, 0));
	EXPECT_NE(NULL, ipck_strerror(INT_MAX, UINT_MAX));
}

TEST_F(lib, version)
{
	unsigned int major, minor, patch;
	int n = sscanf(ipck_version(), "%u.%u.%u", &major, &minor, &patch);

	ASSERT_EQ(3, n);
	EXPECT_EQ(IPCK_VERSION_MAJOR, major);
	EXPECT_EQ(IPCK_VERSION_MINOR, minor);
}

/*
 * What is missing
 */

static int without_device(void *arg)
{
	struct ipck_limits limits;
	struct ipck *mb = arg, *other;
	struct ipck_info info;

	if (unshare(CLONE_NEWNS) || mount("", "/", "", MS_REC | MS_PRIVATE, "") ||
	    mount("test", "/dev", "tmpfs", 0, ""))
		return 1;
	if (ipck_open(&other, "test", O_RDWR, NULL) != -ENODEV || other ||
	    ipck_open(&other, "test", O_RDWR | O_CREAT, NULL) != -ENODEV ||
	    ipck_open_id(&other, ipck_id(mb), O_RDWR) != -ENODEV)
		return 2;
	if (ipck_unlink("test") != -ENODEV || ipck_unlink_id(ipck_id(mb)) != -ENODEV)
		return 3;
	if (ipck_list(0, &info, 1) != -ENODEV || ipck_limits(&limits) != -ENODEV)
		return 4;
	/* What is open needs no device. */
	return ipck_stat(mb, &info) || send_number(mb, 1) || recv_number(mb) != 1 ? 5 : 0;
}

TEST_F(lib, no_device)
{
	EXPECT_EQ(0, child_run(without_device, self->mb));
}

static int without_descriptors(void *arg)
{
	struct ipck_limits limits;
	struct ipck_info info;
	struct ipck *mb = arg, *other;
	struct rlimit rlimit;
	int next = dup(ipck_fd(mb)), i;

	close(next);
	/* None for the device, and one for it but none for the mailbox. */
	for (i = 0; i < 2; i++) {
		rlimit.rlim_cur = next + i;
		rlimit.rlim_max = next + 1;
		if (setrlimit(RLIMIT_NOFILE, &rlimit))
			return 1;
		if (ipck_open(&other, "test", O_RDWR, NULL) != -EMFILE || other ||
		    ipck_open(&other, NULL, O_RDWR | O_CREAT, NULL) != -EMFILE ||
		    ipck_open_id(&other, ipck_id(mb), O_RDWR) != -EMFILE)
			return 2;
		if (!i && (ipck_list(0, &info, 1) != -EMFILE || ipck_limits(&limits) != -EMFILE))
			return 3;
		if (i && (ipck_list(0, &info, 1) != 1 || ipck_limits(&limits)))
			return 4;
	}
	return 0;
}

TEST_F(lib, no_descriptors)
{
	EXPECT_EQ(0, child_run(without_descriptors, self->mb));
	EXPECT_EQ(1, info_of(self->mb).readers);
}

TEST_HARNESS_MAIN
