// SPDX-License-Identifier: GPL-2.0-only
/*
 * libipck: many messages at once, payloads in parts and descriptors in messages do what ipck.h
 * says.
 */
#include <sys/socket.h>
#include <sys/uio.h>

#include "lib_test.h"

#define MANY	100	/* more than the library takes at once, and no multiple of that */
#define ROOM	40	/* ... that are there for it */

struct many {
	__u32 out[MANY], in[MANY];
	struct ipck_send_item sends[MANY];
	struct ipck_recv_item recvs[MANY];
};

static struct many many;

static void many_prepare(void)
{
	__u32 i;

	memset(&many, 0, sizeof(many));
	for (i = 0; i < MANY; i++) {
		many.out[i] = i;
		many.sends[i] = (struct ipck_send_item){
			.buf = &many.out[i], .len = 4, .priority = i % 3, .result = 77,
		};
		many.recvs[i] = (struct ipck_recv_item){
			.buf = &many.in[i], .size = 4, .result = 77,
		};
	}
}

TEST_F(lib, many_messages)
{
	struct ipck *mb = unnamed(&(struct ipck_attr){ .capacity = MANY });
	__u32 i, last[3] = { 0 };

	many_prepare();
	EXPECT_EQ(MANY, ipck_sendv(mb, many.sends, MANY, NULL));
	EXPECT_EQ(MANY, info_of(mb).messages);
	EXPECT_EQ(MANY, ipck_recvv(mb, many.recvs, MANY, NULL));
	for (i = 0; i < MANY; i++) {
		const struct ipck_recv_item *item = &many.recvs[i];

		EXPECT_EQ(0, many.sends[i].result);
		EXPECT_EQ(4, item->result);
		EXPECT_EQ(4, item->msg.length);
		EXPECT_EQ(many.in[i] % 3, item->msg.priority);
		EXPECT_EQ(many.in[i] + 1, item->msg.seq);
		EXPECT_EQ(getpid(), item->msg.pid);
		EXPECT_GT(item->msg.seq, last[item->msg.priority]);
		last[item->msg.priority] = item->msg.seq;
	}
	ipck_close(mb);
}

TEST_F(lib, some_of_many)
{
	const struct ipck_send_opt now = { .wait = IPCK_WAIT_NEVER };
	const struct ipck_recv_opt there = { .wait = IPCK_WAIT_NEVER };
	struct ipck *mb = unnamed(&(struct ipck_attr){ .capacity = ROOM });

	many_prepare();
	EXPECT_EQ(ROOM, ipck_sendv(mb, many.sends, MANY, &now));
	EXPECT_EQ(0, many.sends[ROOM - 1].result);
	EXPECT_EQ(-EAGAIN, many.sends[ROOM].result);
	EXPECT_EQ(IPCK_LIMIT_CAPACITY, many.sends[ROOM].limit);
	EXPECT_EQ(77, many.sends[ROOM + 1].result);
	EXPECT_EQ(-EAGAIN, ipck_sendv(mb, many.sends + ROOM, 1, &now));

	EXPECT_EQ(ROOM, ipck_recvv(mb, many.recvs, MANY, &there));
	EXPECT_EQ(4, many.recvs[ROOM - 1].result);
	EXPECT_EQ(-EAGAIN, many.recvs[ROOM].result);
	EXPECT_EQ(0, many.recvs[ROOM].msg.length);
	EXPECT_EQ(77, many.recvs[ROOM + 1].result);
	EXPECT_EQ(-EAGAIN, ipck_recvv(mb, many.recvs, MANY, &there));
	ipck_close(mb);
}

TEST_F(lib, wait_for_one_of_many)
{
	const struct ipck_recv_opt opt = { .flags = IPCK_WAIT_FOR_ONE };
	const struct ipck_recv_opt short_wait = {
		.flags = IPCK_WAIT_FOR_ONE, .wait = IPCK_WAIT_FOR, .wait_ns = NSEC_PER_MSEC,
	};
	struct ipck *mb = unnamed(&(struct ipck_attr){ .capacity = MANY });

	many_prepare();
	EXPECT_EQ(-ETIMEDOUT, ipck_recvv(mb, many.recvs, MANY, &short_wait));
	/* As many as the library takes at once must not make it wait again. */
	EXPECT_EQ(32, ipck_sendv(mb, many.sends, 32, NULL));
	EXPECT_EQ(32, ipck_recvv(mb, many.recvs, MANY, &opt));
	EXPECT_EQ(3, ipck_sendv(mb, many.sends, 3, NULL));
	EXPECT_EQ(3, ipck_recvv(mb, many.recvs, MANY, &opt));
	ipck_close(mb);
}

TEST_F(lib, bad_one_of_many)
{
	struct ipck *mb = unnamed(&(struct ipck_attr){ .capacity = MANY, .max_length = 8 });
	static const size_t places[] = { 0, 1, 31, 32, 33, 99 };
	size_t i, place;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		place = places[i];
		many_prepare();
		many.sends[place].len = 9;
		EXPECT_EQ(place ? (int)place : -EMSGSIZE,
			  ipck_sendv(mb, many.sends, MANY, NULL)) TH_LOG("item %zu", place);
		EXPECT_EQ(-EMSGSIZE, many.sends[place].result);
		EXPECT_EQ(IPCK_LIMIT_LENGTH, many.sends[place].limit);
		if (place)
			EXPECT_EQ(place, ipck_recvv(mb, many.recvs, place, NULL));

		/* What the library itself can see. */
		many_prepare();
		many.sends[place].reserved[1] = 1;
		EXPECT_EQ(place ? (int)place : -EINVAL,
			  ipck_sendv(mb, many.sends, MANY, NULL)) TH_LOG("item %zu", place);
		EXPECT_EQ(-EINVAL, many.sends[place].result);
		many.sends[place].reserved[1] = 0;
		many.sends[place].len = IPCK_LENGTH_MAX + 1UL;
		EXPECT_EQ(-EMSGSIZE, ipck_sendv(mb, many.sends + place, 1, NULL));
		if (!place)
			continue;
		many.recvs[place - 1].size = 3;
		EXPECT_EQ(place > 1 ? (int)place - 1 : -EMSGSIZE,
			  ipck_recvv(mb, many.recvs, place, NULL));
		EXPECT_EQ(-EMSGSIZE, many.recvs[place - 1].result);
		EXPECT_EQ(4, many.recvs[place - 1].msg.length);
		EXPECT_EQ(IPCK_LIMIT_BUFFER, many.recvs[place - 1].msg.limit);
		EXPECT_LE(0, recv_number(mb));
	}
	ipck_close(mb);
}

TEST_F(lib, bad_vectors)
{
	const struct ipck_send_opt prio = { .priority = 1 }, iovec = { .flags = IPCK_IOVEC };
	const struct ipck_recv_opt peek = { .flags = IPCK_PEEK };
	const struct ipck_recv_opt fds = { .max_fds = 1, .fds = (int[1]){} };

	many_prepare();
	EXPECT_EQ(-EINVAL, ipck_sendv(NULL, many.sends, 1, NULL));
	EXPECT_EQ(-EINVAL, ipck_sendv(self->mb, NULL, 1, NULL));
	EXPECT_EQ(-EINVAL, ipck_sendv(self->mb, many.sends, 0, NULL));
	EXPECT_EQ(-EINVAL, ipck_sendv(self->mb, many.sends, 1U << 31, NULL));
	EXPECT_EQ(-EINVAL, ipck_sendv(self->mb, many.sends, 1, &prio));
	EXPECT_EQ(-EINVAL, ipck_sendv(self->mb, many.sends, 1, &iovec));
	EXPECT_EQ(0, info_of(self->mb).sent);
	ASSERT_EQ(1, ipck_sendv(self->mb, many.sends, 1, NULL));
	EXPECT_EQ(-EINVAL, ipck_recvv(NULL, many.recvs, 1, NULL));
	EXPECT_EQ(-EINVAL, ipck_recvv(self->mb, NULL, 1, NULL));
	EXPECT_EQ(-EINVAL, ipck_recvv(self->mb, many.recvs, 0, NULL));
	EXPECT_EQ(-EINVAL, ipck_recvv(self->mb, many.recvs, 1, &peek));
	EXPECT_EQ(-EINVAL, ipck_recvv(self->mb, many.recvs, 1, &fds));
	EXPECT_EQ(0, info_of(self->mb).received);
}

static int handled_body(void *arg)
{
	const struct ipck_send_opt opt = { .completion = IPCK_HANDLED };

	return ipck_send_opt(arg, "1234", 4, &opt, NULL);
}

TEST_F(lib, tokens_of_many)
{
	const struct ipck_recv_opt with_token = { .flags = IPCK_TOKEN };
	struct job jobs[3];
	int i;

	many_prepare();
	for (i = 0; i < 3; i++)
		ASSERT_TRUE(job_start(&jobs[i], handled_body, self->mb));
	EXPECT_EQ(2, ipck_recvv(self->mb, many.recvs, 2, NULL));
	EXPECT_EQ(0, many.recvs[0].msg.token);
	EXPECT_EQ(1, ipck_recvv(self->mb, many.recvs, 1, &with_token));
	EXPECT_NE(0, many.recvs[0].msg.token);
	EXPECT_EQ(0, ipck_ack(self->mb, many.recvs[0].msg.token));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, job_join(&jobs[i]));
}

/*
 * A payload in parts
 */

/* Nothing but payloads, in more than one system call. */
TEST_F(lib, many_plain_messages)
{
	struct ipck *mb = unnamed(&(struct ipck_attr){ .capacity = MANY });
	struct ipck_plain items[MANY];
	__u32 numbers[MANY], i;
	int n, got = 0;

	for (i = 0; i < MANY; i++) {
		numbers[i] = i;
		items[i] = (struct ipck_plain){ &numbers[i], sizeof(numbers[i]), 77 };
	}
	EXPECT_EQ(MANY, ipck_send_many(mb, items, MANY));
	for (i = 0; i < MANY; i++)
		EXPECT_EQ(0, items[i].result);
	EXPECT_EQ(MANY, info_of(mb).messages);
	memset(numbers, 0xff, sizeof(numbers));
	while (got < MANY) {
		n = ipck_recv_many(mb, items + got, MANY - got);
		ASSERT_GT(n, 0);
		got += n;
	}
	for (i = 0; i < MANY; i++) {
		EXPECT_EQ(4, items[i].result);
		EXPECT_EQ(i, numbers[i]);
	}
	ipck_close(mb);
}

TEST_F(lib, some_plain_messages)
{
	struct ipck *mb = unnamed(&(struct ipck_attr){ .capacity = 4 });
	char text[3][4] = { "abc", "def", "ghi" };
	struct ipck_plain items[3] = {
		{ text[0], 4, 77 }, { text[1], 1 << 20, 77 }, { text[2], 4, 77 },
	};

	EXPECT_EQ(-EINVAL, ipck_send_many(NULL, items, 3));
	EXPECT_EQ(-EINVAL, ipck_send_many(mb, NULL, 3));
	EXPECT_EQ(-EINVAL, ipck_send_many(mb, items, 0));
	EXPECT_EQ(-EINVAL, ipck_recv_many(mb, items, 0));
	EXPECT_EQ(1, ipck_send_many(mb, items, 3));
	EXPECT_EQ(-EMSGSIZE, items[1].result);
	EXPECT_EQ(77, items[2].result);
	items[0].size = 3;
	EXPECT_EQ(-EMSGSIZE, ipck_recv_many(mb, items, 3));
	EXPECT_EQ(-EMSGSIZE, items[0].result);
	items[0].size = 4;
	EXPECT_EQ(1, ipck_recv_many(mb, items, 3));
	EXPECT_EQ(4, items[0].result);
	EXPECT_EQ(-EAGAIN, items[1].result);
	ipck_close(mb);
}

TEST_F(lib, plain_messages_of_a_channel)
{
	struct ipck *mb = unnamed(&(struct ipck_attr){ .discipline = IPCK_CHANNEL });
	__u32 numbers[3] = { 1, 2, 3 }, i;
	struct ipck_plain items[3] = {
		{ &numbers[0], 4, 77 }, { &numbers[1], 4, 77 }, { &numbers[2], 4, 77 },
	};

	EXPECT_EQ(3, ipck_send_many(mb, items, 3));
	memset(numbers, 0, sizeof(numbers));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(1, ipck_recv_many(mb, &items[i], 3 - i));
		EXPECT_EQ(i + 1, numbers[i]);
	}
	ipck_close(mb);
}

TEST_F(lib, parts)
{
	const struct ipck_send_opt send = { .flags = IPCK_IOVEC };
	const struct ipck_recv_opt recv = { .flags = IPCK_IOVEC };
	struct iovec out[] = { { "ab", 2 }, { "", 0 }, { "cdef", 4 }, { "g", 1 } };
	char one[3] = "", two[8] = "";
	struct iovec in[] = { { one, 3 }, { two, 8 } };
	struct ipck_msg msg;

	ASSERT_EQ(0, ipck_send_opt(self->mb, out, 4, &send, NULL));
	EXPECT_EQ(7, ipck_recv_opt(self->mb, in, 2, &recv, &msg));
	EXPECT_EQ(7, msg.length);
	EXPECT_EQ(0, memcmp("abc", one, 3));
	EXPECT_STREQ("defg", two);

	ASSERT_EQ(0, ipck_send(self->mb, "0123456789ab", 12, 0));
	EXPECT_EQ(-EMSGSIZE, ipck_recv_opt(self->mb, in, 2, &recv, &msg));
	EXPECT_EQ(12, msg.length);
	EXPECT_EQ(IPCK_LIMIT_BUFFER, msg.limit);
	EXPECT_EQ(12, ipck_recv(self->mb, (char[12]){}, 12));

	/* None at all is an empty payload. */
	EXPECT_EQ(0, ipck_send_opt(self->mb, NULL, 0, &send, NULL));
	EXPECT_EQ(0, ipck_recv_opt(self->mb, NULL, 0, &recv, NULL));
}

TEST_F(lib, too_many_parts)
{
	const struct ipck_send_opt send = { .flags = IPCK_IOVEC };
	const struct ipck_recv_opt recv = { .flags = IPCK_IOVEC, .wait = IPCK_WAIT_NEVER };
	struct iovec parts[IPCK_IOVEC_MAX + 1];
	char bytes[IPCK_IOVEC_MAX + 1];
	size_t i;

	for (i = 0; i <= IPCK_IOVEC_MAX; i++)
		parts[i] = (struct iovec){ &bytes[i], 1 };
	memset(bytes, 'x', sizeof(bytes));
	EXPECT_EQ(-EINVAL, ipck_send_opt(self->mb, parts, IPCK_IOVEC_MAX + 1, &send, NULL));
	EXPECT_EQ(-EFAULT, ipck_send_opt(self->mb, NULL, 1, &send, NULL));
	EXPECT_EQ(0, ipck_send_opt(self->mb, parts, IPCK_IOVEC_MAX, &send, NULL));
	EXPECT_EQ(-EINVAL, ipck_recv_opt(self->mb, parts, IPCK_IOVEC_MAX + 1, &recv, NULL));
	EXPECT_EQ(IPCK_IOVEC_MAX, ipck_recv_opt(self->mb, parts, IPCK_IOVEC_MAX, &recv, NULL));
}

/*
 * Descriptors
 */

static struct ipck *mailbox_with_fds(void)
{
	return unnamed(&(struct ipck_attr){ .capacity = 8, .flags = IPCK_ATTR_FDS });
}

static int send_fds(struct ipck *mb, const int *fds, uint32_t count)
{
	const struct ipck_send_opt opt = { .fds = fds, .nr_fds = count };

	return ipck_send_opt(mb, "x", 1, &opt, NULL);
}

TEST_F(lib, descriptors)
{
	int pipefd[2], fds[4] = { -1, -1, -1, -1 };
	const struct ipck_recv_opt opt = { .fds = fds, .max_fds = 4 };
	const struct ipck_recv_opt one = { .fds = fds, .max_fds = 1 };
	struct ipck *mb = mailbox_with_fds();
	struct ipck_msg msg;
	char byte;

	ASSERT_NE(NULL, mb);
	EXPECT_EQ(IPCK_INFO_FDS, info_of(mb).flags);
	ASSERT_EQ(0, pipe(pipefd));
	ASSERT_EQ(0, send_fds(mb, pipefd, 2));
	EXPECT_EQ(-EMSGSIZE, ipck_recv_opt(mb, &byte, 1, &one, &msg));
	EXPECT_EQ(IPCK_LIMIT_FDS, msg.limit);
	EXPECT_EQ(2, msg.nr_fds);
	EXPECT_EQ(1, ipck_recv_opt(mb, &byte, 1, &opt, &msg));
	EXPECT_EQ(2, msg.nr_fds);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fds[0], F_GETFD));
	EXPECT_EQ(-1, fds[2]);
	EXPECT_EQ(1, write(fds[1], "y", 1));
	EXPECT_EQ(1, read(pipefd[0], &byte, 1));
	EXPECT_EQ('y', byte);
	close(fds[0]);
	close(fds[1]);
	close(pipefd[0]);
	close(pipefd[1]);
	ipck_close(mb);
}

TEST_F(lib, descriptors_refused)
{
	int sockets[2], pipefd[2], bad = -1, i, many_fds[IPCK_FDS_MAX + 1];
	struct ipck *mb = mailbox_with_fds(), *writer;
	int fd;

	ASSERT_EQ(0, pipe(pipefd));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	for (i = 0; i <= IPCK_FDS_MAX; i++)
		many_fds[i] = pipefd[0];
	EXPECT_EQ(-EACCES, send_fds(self->mb, pipefd, 1));
	EXPECT_EQ(-EBADF, send_fds(mb, &bad, 1));
	EXPECT_EQ(-ELOOP, send_fds(mb, sockets, 1));
	fd = ipck_fd(mb);
	EXPECT_EQ(-ELOOP, send_fds(mb, &fd, 1));
	EXPECT_EQ(-EINVAL, send_fds(mb, many_fds, IPCK_FDS_MAX + 1));
	EXPECT_EQ(0, info_of(mb).sent);
	/* What can only send closes no circle. */
	ASSERT_EQ(0, ipck_open(&writer, "test", O_WRONLY, NULL));
	fd = ipck_fd(writer);
	EXPECT_EQ(0, send_fds(mb, &fd, 1));
	EXPECT_EQ(0, send_fds(mb, many_fds, IPCK_FDS_MAX));
	ipck_close(writer);
	ipck_close(mb);
}

TEST_F(lib, descriptors_of_many)
{
	struct ipck *mb = mailbox_with_fds();
	int pipefd[2], fds[2] = { -1, -1 };

	many_prepare();
	ASSERT_EQ(0, pipe(pipefd));
	many.sends[1].fds = pipefd;
	many.sends[1].nr_fds = 1;
	many.recvs[0].fds = fds;
	many.recvs[0].max_fds = 2;
	many.sends[1].priority = 9;
	EXPECT_EQ(2, ipck_sendv(mb, many.sends, 2, NULL));
	EXPECT_EQ(2, ipck_recvv(mb, many.recvs, 2, NULL));
	EXPECT_EQ(1, many.recvs[0].msg.nr_fds);
	EXPECT_EQ(0, many.recvs[1].msg.nr_fds);
	EXPECT_LE(0, fds[0]);
	EXPECT_EQ(-1, fds[1]);
	close(fds[0]);
	close(pipefd[0]);
	close(pipefd[1]);
	ipck_close(mb);
}

static int serve_fd(void *arg)
{
	const struct ipck_recv_opt with_token = { .flags = IPCK_TOKEN };
	struct ipck_reply_opt opt = { .nr_fds = 1 };
	int fd = STDERR_FILENO;
	struct ipck_msg msg;
	char byte;

	opt.fds = &fd;
	if (ipck_recv_opt(arg, &byte, 1, &with_token, &msg) != 1)
		return -1;
	return ipck_reply_opt(arg, msg.token, "ok", 2, &opt, NULL);
}

TEST_F(lib, descriptors_in_a_reply)
{
	struct ipck *mb = mailbox_with_fds();
	struct ipck_answer answer = {};
	int fd = -1;
	const struct ipck_call_opt opt = { .reply_fds = &fd, .max_reply_fds = 1 };
	char reply[4];
	struct job job;

	ASSERT_TRUE(job_start(&job, serve_fd, mb));
	EXPECT_EQ(2, ipck_call_opt(mb, "x", 1, reply, 4, &opt, &answer));
	EXPECT_EQ(1, answer.nr_fds);
	EXPECT_LE(0, fd);
	EXPECT_EQ(0, close(fd));
	EXPECT_EQ(0, job_join(&job));
	ipck_close(mb);
}

TEST_HARNESS_MAIN
