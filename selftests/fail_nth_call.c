// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults in calls, replies, leases and in messages whose sender waits: each side succeeds or has
 * changed nothing, and whoever waits for the other hears what has really happened.
 */
#include <errno.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "lease_test.h"
#include "fail_nth_test.h"

#define ROOM	20000	/* more than what is copied once, from the sender's own pages */

static int dev, box, payload, next, nth;
static struct ipcmbox_query before;
static char out[ROOM], in[ROOM];

FIXTURE(fail_nth) {
};

FIXTURE_SETUP(fail_nth)
{
	dev = device_open();
	ASSERT_GE(dev, 0);
	box = mailbox_new(dev, .max_messages = 8, .flags = IPCMBOX_OPEN_FDS);
	ASSERT_GE(box, 0);
	payload = memfd_create("payload", MFD_CLOEXEC);
	ASSERT_GE(payload, 0);
	fill_pattern(out, ROOM, 1);
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
	close(box);
	close(dev);
}

static bool as_before(void)
{
	return is_at_rest(box) && is_even(dev, &before) && next_descriptor() == next &&
	       !put(box, 0, 7) && take(box) == 7;
}

/*
 * Calling: another thread serves, until a request of no bytes tells it to end. The reply is the
 * request, and a descriptor if one came.
 */

static pthread_t server;
static size_t size;
static struct ipcmbox_call request;

static void *serve_all(void *unused)
{
	static char buf[ROOM];
	struct ipcmbox_reply reply = { 0 };
	int fd = -1;

	(void)unused;
	for (;;) {
		struct ipcmbox_recv recv = {
			.buf_ptr = ptr_u64(buf), .buf_len = ROOM, .max_fds = 1,
			.fds_ptr = ptr_u64(&fd),
		};
		int ret = mailbox_reply_recv(box, &reply, &recv);

		if (reply.nr_fds)
			close(*(int *)(uintptr_t)reply.fds_ptr);
		if (ret <= 0)
			return (void *)(intptr_t)ret;
		reply = (struct ipcmbox_reply){
			.token = recv.token, .buf_ptr = ptr_u64(buf), .buf_len = ret,
			.fds_ptr = ptr_u64(&fd), .nr_fds = recv.nr_fds,
		};
	}
}

static bool server_waits(void)
{
	return !pthread_create(&server, NULL, serve_all, NULL) && await_receivers(box, 1);
}

static int call_server(size_t length, int *fd)
{
	size = length;
	request = (struct ipcmbox_call){
		.buf_ptr = ptr_u64(out), .buf_len = length, .reply_ptr = ptr_u64(in),
		.reply_len = ROOM, .fds_ptr = ptr_u64(&payload), .nr_fds = fd ? 1 : 0,
		.reply_fds_ptr = ptr_u64(fd), .max_reply_fds = fd ? 1 : 0,
	};
	memset(in, POISON, ROOM);
	return mailbox_call(box, &request);
}

static int call_short(void)
{
	return call_server(4, NULL);
}

static int call_long(void)
{
	return call_server(ROOM, NULL);
}

static int reply_fd;

static int call_with_descriptor(void)
{
	reply_fd = -1;
	return call_server(4, &reply_fd);
}

/* What failed after the request was received can be resumed, or else the request never was. */
static bool called(int ret)
{
	void *end;

	if (ret < 0 && request.cookie)
		ret = mailbox_call(box, &request);
	if (ret >= 0 && (ret != size || request.cookie || !check_pattern(in, size, 1)))
		return false;
	if (ret >= 0 && request.nr_fds && (request.nr_reply_fds != 1 || close(reply_fd)))
		return false;
	return !message_send(box, .buf_len = 0) && !pthread_join(server, &end) && !end;
}

/*
 * Answering: another thread calls. The request has been received where that is not what fails.
 */

static struct call *caller;
static struct ipcmbox_recv received;

static bool caller_waits(void)
{
	caller = calls_alloc(1);
	ask(caller, box, "request");
	return await_senders(box, 1);
}

static bool request_is_received(void)
{
	return caller_waits() && serve(box, &received, in, ROOM) == 7;
}

static bool answered(void)
{
	bool ok = call_join(caller) == 6 && !memcmp(caller->data, "answer", 6);

	munmap(caller, sizeof(*caller));
	return ok;
}

static int receive_request(void)
{
	return serve(box, &received, in, ROOM);
}

static bool request_received(int ret)
{
	if (ret < 0)
		ret = receive_request();
	return ret == 7 && !answer(box, received.token, "answer", 6, 0) && answered();
}

/* Whoever takes no token has handled the request. */
static int read_request(void)
{
	int ret = ioctl(box, IPCMBOX_IOC_READ(ROOM > IPCMBOX_PLAIN_MAX ? 100 : ROOM), in);

	return ret < 0 ? -errno : ret;
}

static bool request_read(int ret)
{
	bool ok;

	if (ret < 0)
		ret = read_request();
	ok = ret == 7 && call_join(caller) == 0;
	munmap(caller, sizeof(*caller));
	return ok;
}

static int reply(void)
{
	return answer(box, received.token, "answer", 6, 0);
}

static bool replied(int ret)
{
	if (ret)
		ret = reply();
	return !ret && reply() == -ESTALE && answered();
}

/* A reply in pieces with a descriptor, which the caller has no room for: it is thrown away. */
static int reply_with_all(void)
{
	struct ipcmbox_iovec pieces[] = {
		{ ptr_u64("answ"), 4 }, { ptr_u64("er"), 2 },
	};

	return message_reply(box, .token = received.token, .buf_ptr = ptr_u64(pieces),
			     .buf_len = 2, .flags = IPCMBOX_IOVEC, .status = 5);
}

static int acknowledge_request(void)
{
	return acknowledge(box, received.token);
}

static bool acknowledged(int ret)
{
	bool ok;

	if (ret)
		ret = acknowledge_request();
	ok = !ret && call_join(caller) == 0;
	munmap(caller, sizeof(*caller));
	return ok;
}

/* The one request is answered, and the next one received; they succeed or fail in this order. */

static struct ipcmbox_reply answer_first;

static bool request_and_next(void)
{
	answer_first = (struct ipcmbox_reply){ .buf_ptr = ptr_u64("answer"), .buf_len = 6 };
	if (!request_is_received() || put(box, 0, 8))
		return false;
	answer_first.token = received.token;
	return true;
}

static int reply_and_receive(void)
{
	received = (struct ipcmbox_recv){
		.buf_ptr = ptr_u64(in), .buf_len = ROOM, .flags = IPCMBOX_NONBLOCK,
	};
	return mailbox_reply_recv(box, &answer_first, &received);
}

static bool replied_and_received(int ret)
{
	__u32 number;

	if (ret < 0)
		ret = reply_and_receive();
	memcpy(&number, in, sizeof(number));
	return ret == 4 && number == 8 && answered();
}

/*
 * Leasing
 */

static bool number_is_there(void)
{
	return !put(box, 0, 5);
}

static bool number_is_leased(void)
{
	return number_is_there() && take_lease(box, &received, LONG) == 5;
}

static int lease_it(void)
{
	return take_lease(box, &received, LONG);
}

static bool leased(int ret)
{
	if (ret < 0)
		ret = lease_it();
	return ret == 5 && !acknowledge(box, received.token) && take(box) == -EAGAIN;
}

static bool settled(int ret)
{
	return (ret ? !acknowledge(box, received.token) : is_stale(box, received.token)) &&
	       take(box) == -EAGAIN;
}

static int refuse_it(void)
{
	return refuse(box, received.token);
}

static bool refused(int ret)
{
	if (ret && refuse_it())
		return false;
	return take(box) == 5 && is_stale(box, received.token);
}

static int renew_it(void)
{
	return renew(box, received.token, LONG);
}

static bool renewed(int ret)
{
	(void)ret;
	return !acknowledge(box, received.token);
}

/*
 * Messages that are lent: the receiver reads them from the sender's own pages.
 */

static struct call *peer;

static bool receiver_waits(void)
{
	peer = calls_alloc(1);
	receive_start(peer, box, .buf_ptr = ptr_u64(in), .buf_len = ROOM);
	return await_receivers(box, 1);
}

static int lend(void)
{
	return message_send(box, .buf_ptr = ptr_u64(out), .buf_len = ROOM,
			    .completion = IPCMBOX_RECEIVED);
}

/* What failed was not received: whoever waits goes on waiting for what comes next. */
static bool lent(int ret)
{
	bool ok;

	if (ret && lend())
		return false;
	ok = call_join(peer) == ROOM && check_pattern(in, ROOM, 1);
	munmap(peer, sizeof(*peer));
	return ok;
}

static bool lender_waits(void)
{
	peer = calls_alloc(1);
	send_start(peer, box, .buf_ptr = ptr_u64(out), .buf_len = ROOM,
		   .completion = IPCMBOX_RECEIVED);
	return await_senders(box, 1);
}

static int borrow(void)
{
	memset(in, POISON, ROOM);
	return message_recv(box, .buf_ptr = ptr_u64(in), .buf_len = ROOM);
}

static bool borrowed(int ret)
{
	bool ok;

	if (ret < 0)
		ret = borrow();
	ok = ret == ROOM && check_pattern(in, ROOM, 1) && call_join(peer) == 0;
	munmap(peer, sizeof(*peer));
	return ok;
}

static const struct command commands[] = {
	{ IPCMBOX_IOC_CALL, "call", server_waits, call_short, called },
	{ IPCMBOX_IOC_CALL, "call with much", server_waits, call_long, called },
	{ IPCMBOX_IOC_CALL, "call with a descriptor", server_waits, call_with_descriptor, called },
	{ IPCMBOX_IOC_RECV, "receive a request", caller_waits, receive_request, request_received },
	{ IPCMBOX_IOC_READ(0), "receive a request plain", caller_waits, read_request,
	  request_read },
	{ IPCMBOX_IOC_REPLY, "reply", request_is_received, reply, replied },
	{ IPCMBOX_IOC_REPLY, "reply in pieces", request_is_received, reply_with_all, replied },
	{ IPCMBOX_IOC_REPLY_RECV, "reply and receive", request_and_next, reply_and_receive,
	  replied_and_received },
	{ IPCMBOX_IOC_SETTLE, "acknowledge a request", request_is_received, acknowledge_request,
	  acknowledged },
	{ IPCMBOX_IOC_RECV, "lease", number_is_there, lease_it, leased },
	{ IPCMBOX_IOC_SETTLE, "acknowledge", number_is_leased, acknowledge_request, settled },
	{ IPCMBOX_IOC_SETTLE, "refuse", number_is_leased, refuse_it, refused },
	{ IPCMBOX_IOC_SETTLE, "renew", number_is_leased, renew_it, renewed },
	{ IPCMBOX_IOC_SEND_V0, "lend to who waits", receiver_waits, lend, lent },
	{ IPCMBOX_IOC_RECV_V0, "receive what is lent", lender_waits, borrow, borrowed },
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
