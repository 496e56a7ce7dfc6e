// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults in all ways of sending and receiving: a send has sent all or nothing, a receive has
 * received or left the message in its place, and the mailbox can be used as before.
 */
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "fail_nth_test.h"
#include "uring_test.h"

#define LONG	30000
#define FEW	3
#define PIECES	IPCMBOX_IOVEC_MAX	/* more than the kernel has room for on its stack */

static int dev, box, epoll, payload, next, nth;
static struct ipcmbox_query before;
static char out[LONG], in[LONG];

/* What was sent last: so many messages, of that length, of the pattern's beginning. */
static int sent;
static size_t length;

FIXTURE(fail_nth) {
};

FIXTURE_SETUP(fail_nth)
{
	dev = device_open();
	ASSERT_GE(dev, 0);
	box = mailbox_new(dev, .max_messages = 8, .flags = IPCMBOX_OPEN_FDS);
	ASSERT_GE(box, 0);
	epoll = epoll_create1(EPOLL_CLOEXEC);
	payload = memfd_create("payload", MFD_CLOEXEC);
	ASSERT_TRUE(epoll >= 0 && payload >= 0);
	fill_pattern(out, LONG, 1);
	ASSERT_EQ(0, query_budget(dev, &before));
	nth = injection_begin();
	next = next_descriptor();
	if (nth < 0)
		SKIP(return, "no fault injection in this kernel");
}

FIXTURE_TEARDOWN(fail_nth)
{
	close(nth);
	close(payload);
	close(epoll);
	close(box);
	close(dev);
}

static bool as_before(void)
{
	struct ipcmbox_info info = mailbox_info(box);
	struct ipcmbox_query now;

	return !query_budget(dev, &now) && now.user_messages == before.user_messages &&
	       now.user_bytes == before.user_bytes && now.user_fds == before.user_fds &&
	       now.user_mailboxes == before.user_mailboxes && next_descriptor() == next &&
	       !(info.messages | info.bytes | info.receiving | info.held | info.waiting_receivers |
		 info.waiting_senders) && mailbox_balanced(box) &&
	       !put(box, 0, 7) && take(box) == 7;
}

/* As many as these are there, whole and in one piece, and no more. */
static bool takes(int count)
{
	int fd, ret;

	for (; count; count--) {
		fd = -1;
		memset(in, POISON, sizeof(in));
		ret = message_receive(box, .buf_ptr = ptr_u64(in), .buf_len = LONG, .max_fds = 1,
				      .fds_ptr = ptr_u64(&fd), .flags = IPCMBOX_NONBLOCK);
		if (ret != length || !check_pattern(in, length, 1))
			return false;
		if (fd >= 0)
			close(fd);
	}
	return take(box) == -EAGAIN;
}

static int errno_of(long ret)
{
	return ret < 0 ? -errno : ret;
}

static bool as_it_is(void)
{
	return true;
}

static bool nothing(int ret)
{
	(void)ret;
	return true;
}

/* A payload of @pieces pieces, or one, from or to @buf. */
static struct ipcmbox_iovec pieces[PIECES];

static __u64 in_pieces(char *buf, size_t size)
{
	int i;

	for (i = 0; i < PIECES; i++)
		pieces[i] = (struct ipcmbox_iovec){
			.base = ptr_u64(buf + i * (size / PIECES)), .length = size / PIECES,
		};
	return ptr_u64(pieces);
}

/*
 * Sending
 */

static int send_it(size_t size)
{
	sent = 1;
	length = size;
	return message_send(box, .buf_ptr = ptr_u64(out), .buf_len = size);
}

static int send_short(void)
{
	return send_it(4);
}

static int send_long(void)
{
	return send_it(LONG);
}

static int send_event_bits(void)
{
	sent = 1;
	length = 300;
	return message_send(box, .buf_ptr = ptr_u64(out), .buf_len = 300, .events = 1,
			    .priority = 7);
}

static int send_in_pieces(void)
{
	sent = 1;
	length = PIECES * 100;
	return message_send(box, .buf_ptr = in_pieces(out, length), .buf_len = PIECES,
			    .flags = IPCMBOX_IOVEC);
}

static int send_descriptor(void)
{
	sent = 1;
	length = 4;
	return message_send(box, .buf_ptr = ptr_u64(out), .buf_len = 4, .nr_fds = 1,
			    .fds_ptr = ptr_u64(&payload));
}

static int plain_write(void)
{
	sent = 1;
	length = IPCMBOX_PLAIN_MAX;
	return errno_of(ioctl(box, IPCMBOX_IOC_WRITE(IPCMBOX_PLAIN_MAX), out));
}

static int write_it(void)
{
	int ret;

	sent = 1;
	length = 300;
	ret = errno_of(write(box, out, 300));
	return ret < 0 ? ret : 0;
}

static int send_few(void)
{
	struct ipcmbox_send sends[FEW];
	int i;

	sent = FEW;
	length = 300;
	for (i = 0; i < FEW; i++)
		sends[i] = (struct ipcmbox_send){ .buf_ptr = ptr_u64(out), .buf_len = 300 };
	return mailbox_sendv(box, &(struct ipcmbox_vector){
		.array_ptr = ptr_u64(sends), .count = FEW });
}

static int send_few_plain(void)
{
	struct ipcmbox_part parts[FEW];
	int i;

	sent = FEW;
	length = 300;
	for (i = 0; i < FEW; i++)
		parts[i] = (struct ipcmbox_part){ ptr_u64(out), 300, 0 };
	return mailbox_sendv(box, &(struct ipcmbox_vector){
		.array_ptr = ptr_u64(parts), .count = FEW, .element_size = sizeof(parts[0]),
		.flags = IPCMBOX_VECTOR_PLAIN });
}

static bool all_sent(int ret)
{
	return takes(ret < 0 ? 0 : sent);
}

static bool few_sent(int ret)
{
	return ret != 0 && takes(ret < 0 ? 0 : ret);
}

/* The mailbox is full: of what may be dropped, or until the deadline. */

static bool fill_up(void)
{
	int i;

	for (i = 0; i < 8; i++)
		if (put(box, 0, i))
			return false;
	return true;
}

static bool prepare_dropping(void)
{
	return fill_up() && !mailbox_change(box, .mask = IPCMBOX_SET_OVERFLOW,
					    .overflow = IPCMBOX_OVERFLOW_DROP_OLDEST);
}

static bool one_dropped(int ret)
{
	int i, changed = mailbox_change(box, .mask = IPCMBOX_SET_OVERFLOW);

	for (i = ret ? 0 : 1; i < 8; i++)
		if (take(box) != i)
			return false;
	return !changed && takes(ret ? 0 : 1);
}

static int send_and_wait(void)
{
	int ret = message_send(box, .buf_ptr = ptr_u64(out), .buf_len = 300,
			       .flags = IPCMBOX_DEADLINE, .deadline_ns = 1);

	return ret == -ETIMEDOUT ? 0 : ret;
}

static bool nothing_sent(int ret)
{
	int i;

	(void)ret;
	for (i = 0; i < 8; i++)
		if (take(box) != i)
			return false;
	return takes(0);
}

/* Another user, for whom the module has nothing yet, by a descriptor that came from here. */

#define SOMEBODY	1000

/* Of this thread alone, and with all capabilities still. */
static bool as_somebody(void)
{
	return !syscall(SYS_setresuid, SOMEBODY, -1, -1);
}

static bool as_oneself(void)
{
	return !syscall(SYS_setresuid, 0, -1, -1);
}

static bool somebody_sent(int ret)
{
	return as_oneself() && all_sent(ret);
}

static int create(void)
{
	return mailbox_new(dev, .max_messages = 1);
}

static bool somebody_created(int ret)
{
	return as_oneself() && (ret < 0 || !close(ret));
}

/*
 * Receiving
 */

static bool one_is_there(void)
{
	return !send_long();
}

static bool one_in_pieces_is_there(void)
{
	return !send_in_pieces();
}

static bool descriptor_is_there(void)
{
	return !send_descriptor();
}

static bool few_are_there(void)
{
	return send_few() == FEW;
}

static int recv_first_version(void)
{
	return message_recv(box, .buf_ptr = ptr_u64(in), .buf_len = LONG);
}

static int recv_selected(void)
{
	return message_receive(box, .buf_ptr = ptr_u64(in), .buf_len = LONG, .from = getpid(),
			       .from_kind = IPCMBOX_PROCESS, .flags = IPCMBOX_NONBLOCK);
}

static int recv_in_pieces(void)
{
	return message_receive(box, .buf_ptr = in_pieces(in, length), .buf_len = PIECES,
			       .flags = IPCMBOX_IOVEC);
}

static int recv_descriptor(void)
{
	int fd = -1;
	int ret = message_receive(box, .buf_ptr = ptr_u64(in), .buf_len = 4, .max_fds = 1,
				  .fds_ptr = ptr_u64(&fd));

	if (ret >= 0)
		close(fd);
	return ret;
}

static int peek(void)
{
	return message_recv(box, .buf_ptr = ptr_u64(in), .buf_len = LONG, .flags = IPCMBOX_PEEK);
}

static int plain_read(void)
{
	return errno_of(ioctl(box, IPCMBOX_IOC_READ(IPCMBOX_PLAIN_MAX), in));
}

static int read_it(void)
{
	return errno_of(read(box, in, LONG));
}

static int recv_few(void)
{
	struct ipcmbox_recv recvs[FEW];
	int i;

	for (i = 0; i < FEW; i++)
		recvs[i] = (struct ipcmbox_recv){ .buf_ptr = ptr_u64(in), .buf_len = LONG };
	return mailbox_recvv(box, &(struct ipcmbox_vector){
		.array_ptr = ptr_u64(recvs), .count = FEW });
}

static int recv_few_plain(void)
{
	struct ipcmbox_part parts[FEW];
	int i;

	for (i = 0; i < FEW; i++)
		parts[i] = (struct ipcmbox_part){ ptr_u64(in), LONG, 0 };
	return mailbox_recvv(box, &(struct ipcmbox_vector){
		.array_ptr = ptr_u64(parts), .count = FEW, .element_size = sizeof(parts[0]),
		.flags = IPCMBOX_VECTOR_PLAIN });
}

static bool received(int ret)
{
	if (ret < 0)
		return takes(1);
	return ret == length && check_pattern(in, length, 1) && takes(0);
}

static bool peeked(int ret)
{
	return (ret < 0 || (ret == length && check_pattern(in, length, 1))) && takes(1);
}

static bool few_received(int ret)
{
	return ret != 0 && takes(FEW - (ret < 0 ? 0 : ret));
}

/*
 * What else is done with descriptors
 */

static int poll_it(void)
{
	struct pollfd fd = { .fd = box, .events = POLLIN | POLLOUT };

	return errno_of(poll(&fd, 1, 0));
}

static int watch(void)
{
	return errno_of(epoll_ctl(epoll, EPOLL_CTL_ADD, box, &(struct epoll_event){
		.events = EPOLLIN }));
}

/* Whoever watches sees what comes from now on, and who could not sees nothing. */
static bool watched(int ret)
{
	struct epoll_event event;
	bool seen;

	if (put(box, 0, 1))
		return false;
	seen = epoll_wait(epoll, &event, 1, 0) == 1;
	return seen == !ret && take(box) == 1 &&
	       (ret || !epoll_ctl(epoll, EPOLL_CTL_DEL, box, NULL));
}

static int fork_and_exit(void)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	if (pid < 0)
		return -errno;
	return waitpid(pid, &status, 0) == pid && !status ? 0 : -ECHILD;
}

/*
 * By a ring of io_uring, a new one each time
 */

static struct ring ring;

static bool with_ring(void)
{
	return !ring_begin(&ring, 0);
}

static bool one_is_there_and_a_ring(void)
{
	return one_is_there() && with_ring();
}

/* The ring says EAGAIN when there was no memory for the entry. */
static int submit(void)
{
	int ret = ring_submit(&ring);

	if (ret < 0)
		return ret == -EAGAIN ? -ENOMEM : ret;
	return ring_await(&ring, ring.added - 1);
}

static int send_by_ring(void)
{
	static struct ipcmbox_send send;

	sent = 1;
	length = LONG;
	send = (struct ipcmbox_send){ .buf_ptr = ptr_u64(out), .buf_len = LONG };
	ring_send(&ring, box, &send);
	return submit();
}

static bool all_sent_by_ring(int ret)
{
	ring_end(&ring);
	return all_sent(ret);
}

static int recv_by_ring(void)
{
	static struct ipcmbox_recv recv;

	recv = (struct ipcmbox_recv){ .buf_ptr = ptr_u64(in), .buf_len = LONG };
	ring_recv(&ring, box, &recv);
	return submit();
}

static bool received_by_ring(int ret)
{
	ring_end(&ring);
	return received(ret);
}

static int another;

static bool another_with_messages(void)
{
	another = mailbox_new(dev, .max_messages = 2, .flags = IPCMBOX_OPEN_FDS);
	return another >= 0 && !put(another, 0, 1) &&
	       !message_send(another, .nr_fds = 1, .fds_ptr = ptr_u64(&payload));
}

static int close_it(void)
{
	return errno_of(close(another));
}

static const struct command commands[] = {
	{ IPCMBOX_IOC_SEND_V0, "send", as_it_is, send_short, all_sent },
	{ IPCMBOX_IOC_SEND_V0, "send much", as_it_is, send_long, all_sent },
	{ IPCMBOX_IOC_SEND_V0, "send and drop", prepare_dropping, send_short, one_dropped },
	{ IPCMBOX_IOC_SEND_V0, "send in vain", fill_up, send_and_wait, nothing_sent },
	{ IPCMBOX_IOC_SEND, "send with event bits", as_it_is, send_event_bits, all_sent },
	{ IPCMBOX_IOC_SEND, "send in pieces", as_it_is, send_in_pieces, all_sent },
	{ IPCMBOX_IOC_SEND, "send a descriptor", as_it_is, send_descriptor, all_sent },
	{ IPCMBOX_IOC_SEND_V0, "send as somebody else", as_somebody, send_long, somebody_sent },
	{ IPCMBOX_IOC_OPEN, "create as somebody else", as_somebody, create, somebody_created },
	{ IPCMBOX_IOC_SENDV, "send a few", as_it_is, send_few, few_sent },
	{ IPCMBOX_IOC_SENDV, "send a few plain", as_it_is, send_few_plain, few_sent },
	{ IPCMBOX_IOC_WRITE(0), "send plain", as_it_is, plain_write, all_sent },
	{ 0, "write", as_it_is, write_it, all_sent },
	{ IPCMBOX_IOC_RECV_V0, "receive", one_is_there, recv_first_version, received },
	{ IPCMBOX_IOC_RECV_V0, "peek", one_is_there, peek, peeked },
	{ IPCMBOX_IOC_RECV, "receive by sender", one_is_there, recv_selected, received },
	{ IPCMBOX_IOC_RECV, "receive in pieces", one_in_pieces_is_there, recv_in_pieces,
	  received },
	{ IPCMBOX_IOC_RECV, "receive a descriptor", descriptor_is_there, recv_descriptor,
	  received },
	{ IPCMBOX_IOC_RECVV, "receive a few", few_are_there, recv_few, few_received },
	{ IPCMBOX_IOC_RECVV, "receive a few plain", few_are_there, recv_few_plain, few_received },
	{ IPCMBOX_IOC_READ(0), "receive plain", one_in_pieces_is_there, plain_read, received },
	{ 0, "read", one_is_there, read_it, received },
	{ 0, "send by a ring", with_ring, send_by_ring, all_sent_by_ring },
	{ 0, "receive by a ring", one_is_there_and_a_ring, recv_by_ring, received_by_ring },
	{ 0, "poll", as_it_is, poll_it, nothing },
	{ 0, "watch", as_it_is, watch, watched },
	{ 0, "fork", as_it_is, fork_and_exit, nothing },
	{ 0, "close with messages", another_with_messages, close_it, nothing },
};

TEST_F_TIMEOUT(fail_nth, commands, 200)
{
	const char *wrong;
	int i;

	if (nth < 0)
		return;
	ASSERT_TRUE(as_before());
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		wrong = endure(nth, &commands[i], as_before);
		ASSERT_EQ(NULL, wrong) TH_LOG("%s: %s", commands[i].name, wrong);
	}
}

TEST_HARNESS_MAIN
