// SPDX-License-Identifier: GPL-2.0-only
/*
 * POSIX message queues: names, attributes, rights, opening, closing, unlinking.
 */
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "posix_test.h"

/* Not what the compiler may assume of arguments that the header says are not NULL. */
static void *volatile none;

/*
 * Opening
 */

TEST_F(mq, names)
{
	static char longest[PATH_MAX + 2], too_long[PATH_MAX + 2], slashed[PATH_MAX + 2];
	const struct {
		const char *name;
		int error;
	} names[] = {
		{ "test-queue", EINVAL }, { "", EINVAL }, { ".", EINVAL },
		{ "/", ENOENT }, { "/.", EACCES }, { "/..", EACCES }, { "/a/b", EACCES },
		{ "//test-other", EACCES }, { "/a/", EACCES },
		{ "/...", 0 }, { "/.a", 0 }, { "/ \377", 0 },
		{ longest, 0 }, { too_long, ENAMETOOLONG }, { slashed, EACCES },
	};
	size_t i;
	mqd_t mq;

	memset(longest, 'a', 1 + NAME_MAX);
	memset(too_long, 'a', 2 + NAME_MAX);
	memset(slashed, 'a', 2 + NAME_MAX);
	longest[0] = '/';
	too_long[0] = '/';
	slashed[0] = '/';
	slashed[2] = '/';
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		mq = mq_open(names[i].name, O_RDWR | O_CREAT, 0600, &small);
		EXPECT_EQ(names[i].error, error_of(mq)) TH_LOG("%.40s", names[i].name);
		EXPECT_EQ(names[i].error, error_of(mq_unlink(names[i].name)))
			TH_LOG("%.40s", names[i].name);
		if (mq >= 0)
			EXPECT_EQ(0, mq_close(mq));
	}

	/* Longer than any path, which is found out before anything else of it is looked at. */
	memset(slashed, '/', PATH_MAX);
	EXPECT_EQ(EACCES, error_of(mq_open(slashed, O_RDWR)));
	memset(slashed, '/', PATH_MAX + 1);
	EXPECT_EQ(ENAMETOOLONG, error_of(mq_open(slashed, O_RDWR)));
	EXPECT_EQ(ENAMETOOLONG, error_of(mq_unlink(slashed)));
}

TEST_F(mq, opening)
{
	mqd_t mq;

	EXPECT_EQ(ENOENT, error_of(mq_open(OTHER, O_RDWR)));
	EXPECT_EQ(ENOENT, error_of(mq_open(OTHER, O_RDWR | O_EXCL)));
	EXPECT_EQ(EEXIST, error_of(mq_open(QUEUE, O_RDWR | O_CREAT | O_EXCL, 0600, &small)));
	EXPECT_EQ(EEXIST, error_of(mq_open(QUEUE, O_RDWR | O_CREAT | O_EXCL, 0600, NULL)));

	/* EXCL alone is nothing. */
	mq = mq_open(QUEUE, O_RDWR | O_EXCL);
	ASSERT_LE(0, mq);
	EXPECT_EQ(0, send_number(mq, 0, 7));
	EXPECT_EQ(7, receive_number(self->mq));
	EXPECT_EQ(0, mq_close(mq));
	mq = mq_open(QUEUE, O_RDWR | O_CREAT, 0600, NULL);
	ASSERT_LE(0, mq);
	EXPECT_EQ(0, send_number(mq, 0, 8));
	EXPECT_EQ(8, receive_number(self->mq));
	EXPECT_EQ(0, mq_close(mq));
}

TEST_F(mq, attributes)
{
	static const struct mq_attr bad[] = {
		{ .mq_maxmsg = 0, .mq_msgsize = LENGTH },
		{ .mq_maxmsg = -1, .mq_msgsize = LENGTH },
		{ .mq_maxmsg = LONG_MIN, .mq_msgsize = LENGTH },
		{ .mq_maxmsg = LONG_MAX, .mq_msgsize = 1L << 30 },
		{ .mq_maxmsg = MESSAGES, .mq_msgsize = 0 },
		{ .mq_maxmsg = MESSAGES, .mq_msgsize = -1 },
		{ .mq_maxmsg = MESSAGES, .mq_msgsize = (16 << 20) + 1 },
		{ .mq_maxmsg = MESSAGES, .mq_msgsize = LONG_MAX },
	};
	struct mq_attr attr;
	size_t i;
	mqd_t mq;

	attr = attributes(self->mq);
	EXPECT_EQ(0, attr.mq_flags);
	EXPECT_EQ(MESSAGES, attr.mq_maxmsg);
	EXPECT_EQ(LENGTH, attr.mq_msgsize);
	EXPECT_EQ(0, attr.mq_curmsgs);

	/* Only what has a meaning is looked at, and only when a queue is made. */
	attr = small;
	attr.mq_flags = O_NONBLOCK | 1;
	attr.mq_curmsgs = 3;
	mq = mq_open(OTHER, O_RDWR | O_CREAT, 0600, &attr);
	ASSERT_LE(0, mq);
	attr = attributes(mq);
	EXPECT_EQ(0, attr.mq_flags);
	EXPECT_EQ(0, attr.mq_curmsgs);
	mq_close(mq);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		mq = mq_open(OTHER, O_RDWR | O_CREAT, 0600, &bad[i]);
		EXPECT_LE(0, mq);
		EXPECT_EQ(MESSAGES, attributes(mq).mq_maxmsg);
		mq_close(mq);
		EXPECT_EQ(EEXIST, error_of(mq_open(OTHER, O_RDWR | O_CREAT | O_EXCL, 0600,
						   &bad[i])));
	}

	EXPECT_EQ(0, mq_unlink(OTHER));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(EINVAL, error_of(mq_open(OTHER, O_RDWR | O_CREAT, 0600, &bad[i])))
			TH_LOG("%zu", i);
		EXPECT_EQ(ENOENT, error_of(mq_open(OTHER, O_RDWR)));
	}

	mq = mq_open(OTHER, O_RDWR | O_CREAT, 0600, NULL);
	ASSERT_LE(0, mq);
	attr = attributes(mq);
	EXPECT_EQ(10, attr.mq_maxmsg);
	EXPECT_EQ(8192, attr.mq_msgsize);
	mq_close(mq);
}

TEST_F(mq, descriptor_flags)
{
	mqd_t mq = mq_open(QUEUE, O_WRONLY | O_NONBLOCK);

	ASSERT_LE(0, mq);
	EXPECT_EQ(FD_CLOEXEC, fcntl(mq, F_GETFD));
	EXPECT_EQ(O_WRONLY | O_NONBLOCK, fcntl(mq, F_GETFL) & (O_ACCMODE | O_NONBLOCK));
	EXPECT_EQ(O_NONBLOCK, attributes(mq).mq_flags);
	mq_close(mq);
	EXPECT_EQ(FD_CLOEXEC, fcntl(self->mq, F_GETFD));
	EXPECT_EQ(O_RDWR, fcntl(self->mq, F_GETFL) & (O_ACCMODE | O_NONBLOCK));
}

TEST_F(mq, access)
{
	mqd_t reader = mq_open(QUEUE, O_RDONLY), writer = mq_open(QUEUE, O_WRONLY), neither;
	struct mq_attr attr;

	ASSERT_LE(0, reader);
	ASSERT_LE(0, writer);
	EXPECT_EQ(EBADF, send_number(reader, 0, 1));
	EXPECT_EQ(EBADF, error_of(mq_send(reader, self->buf, LENGTH + 1, 0)));
	EXPECT_EQ(-EBADF, receive_number(writer));
	EXPECT_EQ(EBADF, error_of(mq_receive(writer, self->buf, 1, NULL)));
	EXPECT_EQ(0, send_number(writer, 0, 2));
	EXPECT_EQ(1, attributes(writer).mq_curmsgs);
	EXPECT_EQ(2, receive_number(reader));
	EXPECT_EQ(0, attributes(reader).mq_curmsgs);
	EXPECT_EQ(0, set_nonblock(writer, true));
	EXPECT_EQ(0, set_nonblock(reader, true));

	/* Neither is only possible for who makes the queue. */
	EXPECT_EQ(EINVAL, error_of(mq_open(QUEUE, O_ACCMODE)));
	EXPECT_EQ(EINVAL, error_of(mq_open(QUEUE, O_ACCMODE | O_CREAT, 0600, NULL)));
	EXPECT_EQ(ENOENT, error_of(mq_open(OTHER, O_ACCMODE)));
	neither = mq_open(OTHER, O_ACCMODE | O_CREAT, 0600, &small);
	ASSERT_LE(0, neither);
	EXPECT_EQ(EBADF, send_number(neither, 0, 1));
	EXPECT_EQ(-EBADF, receive_number(neither));
	EXPECT_EQ(0, mq_getattr(neither, &attr));
	EXPECT_EQ(0, mq_close(neither));
}

static int open_as_somebody(void *arg)
{
	if (become(SOMEBODY, SOMEBODY))
		return 255;
	return error_of(mq_open(QUEUE, *(int *)arg));
}

static int make_as_somebody(void *arg)
{
	mqd_t mq;

	if (become(SOMEBODY, SOMEBODY))
		return 255;
	mq = mq_open(OTHER, O_RDWR | O_CREAT | O_EXCL, *(mode_t *)arg, &small);
	if (mq < 0 || send_number(mq, 0, 1) || receive_number(mq) != 1)
		return 254;
	mq_close(mq);
	/* The owner's rights are those of the mode, too. */
	return error_of(mq_open(OTHER, O_RDONLY)) << 4 | error_of(mq_open(OTHER, O_WRONLY));
}

static int unlink_as_somebody(void *arg)
{
	if (become(SOMEBODY, SOMEBODY))
		return 255;
	return error_of(mq_unlink(arg));
}

static int as_somebody(int oflag)
{
	return child_run(open_as_somebody, &oflag);
}

TEST_F(mq, rights)
{
	static const struct {
		mode_t mode, mask;
		int read, write, both;
	} rights[] = {
		{ 0600, 0, EACCES, EACCES, EACCES },
		{ 0666, 0, 0, 0, 0 },
		{ 0604, 0, 0, EACCES, EACCES },
		{ 0602, 0, EACCES, 0, EACCES },
		{ 0066, 0, 0, 0, 0 },
		{ 0000, 0, EACCES, EACCES, EACCES },
		{ 0666, 022, 0, EACCES, EACCES },
		{ 0666, 077, EACCES, EACCES, EACCES },
	};
	size_t i;
	mqd_t mq;

	for (i = 0; i < ARRAY_SIZE(rights); i++) {
		mq_unlink(QUEUE);
		umask(rights[i].mask);
		mq = mq_open(QUEUE, O_RDWR | O_CREAT, rights[i].mode, &small);
		ASSERT_LE(0, mq);
		EXPECT_EQ(rights[i].read, as_somebody(O_RDONLY)) TH_LOG("%zu", i);
		EXPECT_EQ(rights[i].write, as_somebody(O_WRONLY)) TH_LOG("%zu", i);
		EXPECT_EQ(rights[i].both, as_somebody(O_RDWR)) TH_LOG("%zu", i);
		/* Whoever makes it can use it, and root can anyway. */
		EXPECT_EQ(0, send_number(mq, 0, 1));
		mq_close(mq);
		mq = mq_open(QUEUE, O_RDWR);
		EXPECT_EQ(1, receive_number(mq));
		mq_close(mq);
	}
}

TEST_F(mq, rights_of_the_owner)
{
	static const struct {
		mode_t mode;
		int errors;
	} owned[] = {
		{ 0600, 0 }, { 0400, EACCES }, { 0200, EACCES << 4 },
		{ 0066, EACCES << 4 | EACCES },
		{ 0, EACCES << 4 | EACCES },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(owned); i++) {
		EXPECT_EQ(owned[i].errors, child_run(make_as_somebody, (void *)&owned[i].mode))
			TH_LOG("%04o", owned[i].mode);
		EXPECT_EQ(0, child_run(unlink_as_somebody, OTHER));
	}
	/* It says EACCES, not EPERM, whatever the mode. */
	EXPECT_EQ(EACCES, child_run(unlink_as_somebody, QUEUE));
	EXPECT_EQ(0, send_number(self->mq, 0, 1));
	EXPECT_EQ(0, mq_unlink(QUEUE));
}

static int change_as_somebody(void *arg)
{
	mqd_t mq = *(mqd_t *)arg;

	if (become(SOMEBODY, SOMEBODY))
		return 255;
	return error_of(fchmod(mq, 0666)) << 4 | error_of(fchown(mq, SOMEBODY, -1));
}

TEST_F(mq, rights_changed)
{
	EXPECT_EQ(0, fchmod(self->mq, 0604));
	EXPECT_EQ(0, as_somebody(O_RDONLY));
	EXPECT_EQ(EACCES, as_somebody(O_WRONLY));
	EXPECT_EQ(0, fchmod(self->mq, 0));
	EXPECT_EQ(EACCES, as_somebody(O_RDONLY));
	EXPECT_EQ(EPERM << 4 | EPERM, child_run(change_as_somebody, &self->mq));

	EXPECT_EQ(0, fchmod(self->mq, 0600));
	EXPECT_EQ(0, fchown(self->mq, SOMEBODY, -1));
	EXPECT_EQ(0, as_somebody(O_RDWR));
	EXPECT_EQ(0, fchown(self->mq, -1, -1));
	EXPECT_EQ(0, child_run(unlink_as_somebody, QUEUE));
	EXPECT_EQ(EBADF, error_of(fchmod(-1, 0)));
	EXPECT_EQ(EBADF, error_of(fchown(-1, 0, 0)));
}

TEST_F(mq, descriptors_are_used_up)
{
	struct rlimit old, limit;
	mqd_t mq;

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &old));
	limit = old;
	limit.rlim_cur = self->mq;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	mq = mq_open(QUEUE, O_RDWR);
	/* Should there be a gap before it, nothing was used up. */
	EXPECT_EQ(EMFILE, error_of(mq));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &old));
	EXPECT_EQ(EINVAL, error_of(mq_open("x", O_RDWR)));
}

TEST_F(mq, fortified)
{
	mqd_t mq = __mq_open_2(QUEUE, O_RDWR);
	pid_t pid;
	int status;

	ASSERT_LE(0, mq);
	EXPECT_EQ(0, send_number(mq, 0, 1));
	EXPECT_EQ(0, mq_close(mq));
	EXPECT_EQ(ENOENT, error_of(__mq_open_2(OTHER, O_RDWR)));

	pid = fork();
	if (!pid) {
		dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
		__mq_open_2(OTHER, O_RDWR | O_CREAT);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

/*
 * Closing and unlinking
 */

TEST_F(mq, unlinked)
{
	mqd_t mq;

	EXPECT_EQ(0, send_number(self->mq, 0, 1));
	EXPECT_EQ(0, mq_unlink(QUEUE));
	EXPECT_EQ(ENOENT, error_of(mq_unlink(QUEUE)));
	EXPECT_EQ(ENOENT, error_of(mq_open(QUEUE, O_RDWR)));

	/* Another one of that name is another one. */
	mq = mq_open(QUEUE, O_RDWR | O_CREAT | O_EXCL, 0600, &small);
	ASSERT_LE(0, mq);
	EXPECT_EQ(0, attributes(mq).mq_curmsgs);
	EXPECT_EQ(0, send_number(mq, 0, 2));
	EXPECT_EQ(0, send_number(self->mq, 0, 3));
	EXPECT_EQ(1, receive_number(self->mq));
	EXPECT_EQ(3, receive_number(self->mq));
	EXPECT_EQ(2, receive_number(mq));
	EXPECT_EQ(0, mq_close(mq));
}

TEST_F(mq, messages_stay_when_it_is_closed)
{
	EXPECT_EQ(0, send_number(self->mq, 3, 1));
	EXPECT_EQ(0, mq_close(self->mq));
	self->mq = mq_open(QUEUE, O_RDONLY);
	ASSERT_LE(0, self->mq);
	EXPECT_EQ(1, attributes(self->mq).mq_curmsgs);
	EXPECT_EQ(1, receive_number(self->mq));
}

TEST_F(mq, closed)
{
	int fds[2];
	mqd_t mq;

	EXPECT_EQ(EBADF, error_of(mq_close(-1)));
	mq = mq_open(QUEUE, O_RDWR);
	ASSERT_LE(0, mq);
	EXPECT_EQ(0, mq_close(mq));
	EXPECT_EQ(EBADF, error_of(mq_close(mq)));
	EXPECT_EQ(EBADF, send_number(mq, 0, 1));
	mq = mq_open(QUEUE, O_RDWR);
	EXPECT_EQ(0, close(mq));
	EXPECT_EQ(EBADF, error_of(mq_close(mq)));

	/* It closes what it gets. */
	ASSERT_EQ(0, pipe(fds));
	EXPECT_EQ(0, mq_close(fds[1]));
	EXPECT_EQ(0, read(fds[0], self->buf, 1));
	EXPECT_EQ(0, close(fds[0]));
}

TEST_F(mq, nobody_is_ever_gone)
{
	mqd_t reader = mq_open(QUEUE, O_RDONLY), writer = mq_open(QUEUE, O_WRONLY);
	struct pollfd poll_of = { .events = POLLIN };
	struct timespec soon;
	int i;

	EXPECT_EQ(0, mq_unlink(QUEUE));
	EXPECT_EQ(0, mq_close(self->mq));
	EXPECT_EQ(0, mq_close(writer));
	soon = in_ns(SOON_NS);
	EXPECT_EQ(ETIMEDOUT, error_of(mq_timedreceive(reader, self->buf, LENGTH, NULL, &soon)));
	poll_of.fd = reader;
	EXPECT_EQ(0, poll(&poll_of, 1, 0));
	EXPECT_EQ(0, mq_close(reader));

	self->mq = mq_open(QUEUE, O_RDWR | O_CREAT | O_EXCL, 0600, &small);
	writer = mq_open(QUEUE, O_WRONLY);
	EXPECT_EQ(0, mq_unlink(QUEUE));
	EXPECT_EQ(0, mq_close(self->mq));
	for (i = 0; i < MESSAGES; i++)
		EXPECT_EQ(0, send_number(writer, 0, i));
	EXPECT_EQ(ETIMEDOUT, send_number(writer, 0, i));
	EXPECT_EQ(MESSAGES, attributes(writer).mq_curmsgs);
	self->mq = writer;
}

/* Every call, with what is no queue. */
TEST_F(mq, no_queue)
{
	const struct sigevent event = { .sigev_notify = SIGEV_NONE };
	const struct sigevent by_signal = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	const struct timespec past = { 0 };
	struct mq_attr attr = { 0 };
	int fds[] = { -1, INT_MAX, 0, 0, 0, 0 };
	size_t i;

	ASSERT_EQ(0, pipe(&fds[2]));
	fds[4] = open("/dev/null", O_RDWR);
	fds[5] = eventfd(1, EFD_NONBLOCK);
	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		EXPECT_EQ(EBADF, error_of(mq_send(fds[i], self->buf, 1, 0))) TH_LOG("%zu", i);
		EXPECT_EQ(EBADF, error_of(mq_send(fds[i], self->buf, 1, 1)));
		EXPECT_EQ(EBADF, error_of(mq_send(fds[i], self->buf, 1 << 30, 0)));
		EXPECT_EQ(EBADF, error_of(mq_timedsend(fds[i], self->buf, 1, 0, &past)));
		EXPECT_EQ(EBADF, error_of(mq_receive(fds[i], self->buf, LENGTH, NULL)));
		EXPECT_EQ(EBADF, error_of(mq_receive(fds[i], self->buf, LENGTH, &self->priority)));
		EXPECT_EQ(EBADF, error_of(mq_receive(fds[i], self->buf, 0, NULL)));
		EXPECT_EQ(EBADF, error_of(mq_timedreceive(fds[i], self->buf, LENGTH, NULL,
							  &past)));
		EXPECT_EQ(EBADF, error_of(mq_getattr(fds[i], &attr)));
		EXPECT_EQ(EBADF, error_of(mq_setattr(fds[i], &attr, NULL)));
		EXPECT_EQ(EBADF, error_of(mq_notify(fds[i], NULL)));
		EXPECT_EQ(EBADF, error_of(mq_notify(fds[i], &event)));
		EXPECT_EQ(EBADF, error_of(mq_notify(fds[i], &by_signal)));
	}
	EXPECT_EQ(POISON32, self->priority);
}

/* What is looked at before the descriptor. */
TEST_F(mq, order_of_checks)
{
	const struct sigevent strange = { .sigev_notify = 77 };
	const struct sigevent beyond = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = 65 };
	const struct timespec wrong = { .tv_nsec = NSEC_PER_SEC }, past = { 0 };
	const struct mq_attr flags = { .mq_flags = O_NONBLOCK | 1 };

	EXPECT_EQ(EINVAL, error_of(mq_send(-1, self->buf, 1, 32768)));
	EXPECT_EQ(EINVAL, error_of(mq_timedsend(-1, self->buf, 1, 0, &wrong)));
	EXPECT_EQ(EINVAL, error_of(mq_timedreceive(-1, self->buf, 1, NULL, &wrong)));
	EXPECT_EQ(EINVAL, error_of(mq_setattr(-1, &flags, NULL)));
	EXPECT_EQ(EINVAL, error_of(mq_notify(-1, &strange)));
	EXPECT_EQ(EINVAL, error_of(mq_notify(-1, &beyond)));
	EXPECT_EQ(EINVAL, error_of(mq_timedsend(self->mq, self->buf, LENGTH + 1, 32768, &past)));
	EXPECT_EQ(EMSGSIZE, error_of(mq_send(self->mq, none, LENGTH + 1, 0)));
	EXPECT_EQ(EMSGSIZE, error_of(mq_timedreceive(self->mq, none, LENGTH - 1, NULL, &past)));
}

TEST_HARNESS_MAIN
