// SPDX-License-Identifier: GPL-2.0-only
/*
 * A storm of signals over every call that can block: nothing is lost, nothing comes twice, and
 * what a signal has cut short can be done again, or goes on by its cookie.
 *
 * One process sends numbers, others receive them, and each is hit by signals all the time, with
 * SA_RESTART or without it. What one signal does at a known point is in signal.c and resume.c.
 */
#include <fcntl.h>
#include <signal.h>
#include <sched.h>
#include <sys/mman.h>

#include "call_test.h"

/* In the last number. */
#define LAST		0x80000000U
#define ROUNDS_MAX	4000
#define BATCH		7
#define HOUR_NS		(3600 * NSEC_PER_SEC)
/* Enough, even if it was slow. */
#define TIME_NS		(2 * NSEC_PER_SEC)

/* Between two signals; the parties are soon out of step. */
#define INTERVAL_NS	(140 * (NSEC_PER_MSEC / 1000))
/* Of what is counted, before the rounds can end. */
#define ENOUGH		20
#define HURRY_NS		(NSEC_PER_MSEC / 4)

#define CONSUMERS_MAX	2

/**
 * struct report - what a party has to say in the end
 * @signals: handled
 * @interrupted: calls that returned EINTR
 * @count: numbers sent or received
 * @repeated: numbers that were refused, or came again after that
 */
struct report {
	__u32 signals, interrupted, count, repeated;
};

/**
 * struct shared - memory of all parties
 * @producer: what was sent
 * @consumers: what each has received
 * @inbox_of: pid of the consumer, when it has an endpoint
 * @may_begin: the producer may
 * @exposed: parties that can be hit
 * @sheltered: parties that need not be hit any more
 * @sent_well: send returned 0, for each number
 * @acknowledged: its settlement did
 */
struct shared {
	struct report producer, consumers[CONSUMERS_MAX];
	volatile int inbox_of, may_begin;
	volatile int exposed, sheltered;
	bool sent_well[ROUNDS_MAX], acknowledged[ROUNDS_MAX];
};

/**
 * struct party - the producer or a consumer, in its own process
 * @fd: what it sends or receives on
 * @restart: EINTR must not be seen
 * @report: in shared memory
 * @shared: the memory of all
 * @batch: vectors: numbers that are to be sent, or have been received
 * @batched: how many
 * @next: vectors, receiving: the next in @batch
 * @reply: of a server: what it will answer
 * @number: what is in @reply
 */
struct party {
	int fd;
	bool restart;
	struct report *report;
	struct shared *shared;
	__u32 batch[BATCH];
	int batched, next;
	struct ipcmbox_reply reply;
	__u32 number;
};

/* Sends a number so that it comes exactly once; returns 0 or an error. */
typedef int (*produce_fn)(struct party *party, __u32 number);
/* Receives the next; returns 0 or an error. */
typedef int (*consume_fn)(struct party *party, __u32 *number);

static volatile __u32 signals;

static void handler(int sig)
{
	(void)sig;
	signals++;
}

static void storm_begin(struct party *party)
{
	struct sigaction action = {
		.sa_handler = handler, .sa_flags = party->restart ? SA_RESTART : 0,
	};

	sigaction(SIGALRM, &action, NULL);
	__atomic_add_fetch(&party->shared->exposed, 1, __ATOMIC_SEQ_CST);
}

static void storm_end(struct party *party)
{
	signal(SIGALRM, SIG_IGN);
	party->report->signals = signals;
	__atomic_add_fetch(&party->shared->sheltered, 1, __ATOMIC_SEQ_CST);
}

/* Whether a call has to be made again. */
static bool was_interrupted(struct party *party, int ret)
{
	if (ret != -EINTR)
		return false;
	party->report->interrupted++;
	return !party->restart;
}

/*
 * Messages one by one
 */

static int send_arg(struct party *party, struct ipcmbox_send *arg, __u32 number)
{
	int ret;

	arg->buf_ptr = ptr_u64(&number);
	arg->buf_len = sizeof(number);
	do {
		ret = mailbox_send(party->fd, arg);
	} while (was_interrupted(party, ret));
	return ret;
}

static int send_queued(struct party *party, __u32 number)
{
	return send_arg(party, &(struct ipcmbox_send){}, number);
}

static int send_received(struct party *party, __u32 number)
{
	return send_arg(party, &(struct ipcmbox_send){ .completion = IPCMBOX_RECEIVED }, number);
}

static int send_event(struct party *party, __u32 number)
{
	return send_arg(party, &(struct ipcmbox_send){ .events = 1 }, number);
}

static int send_direct(struct party *party, __u32 number)
{
	return send_arg(party, &(struct ipcmbox_send){
		.to_kind = IPCMBOX_PROCESS, .to = party->shared->inbox_of,
	}, number);
}

static int send_file(struct party *party, __u32 number)
{
	int fds[] = { open("/dev/null", O_RDONLY | O_CLOEXEC) };
	int ret;

	ret = send_arg(party, &(struct ipcmbox_send){
		.fds_ptr = ptr_u64(fds), .nr_fds = 1,
	}, number);
	close(fds[0]);
	return ret;
}

/* With so little time that it is over now and then, in the middle of something else. */
static __u64 soon(void)
{
	return now_ns(IPCMBOX_CLOCK_MONOTONIC) + HURRY_NS;
}

static int send_hurried(struct party *party, __u32 number)
{
	int ret;

	do {
		ret = message_send(party->fd, .buf_ptr = ptr_u64(&number),
				   .buf_len = sizeof(number), .flags = IPCMBOX_DEADLINE,
				   .deadline_ns = soon());
	} while (ret == -ETIMEDOUT || was_interrupted(party, ret));
	return ret;
}

static int write_number(struct party *party, __u32 number)
{
	int ret;

	do {
		ret = write(party->fd, &number, sizeof(number)) < 0 ? -errno : 0;
	} while (was_interrupted(party, ret));
	return ret;
}

static int receive_arg(struct party *party, struct ipcmbox_recv *arg, __u32 *number)
{
	int ret;

	arg->buf_ptr = ptr_u64(number);
	arg->buf_len = sizeof(*number);
	do {
		ret = mailbox_receive(party->fd, arg);
	} while (was_interrupted(party, ret));
	return ret == sizeof(*number) ? 0 : ret < 0 ? ret : -EMSGSIZE;
}

static int receive(struct party *party, __u32 *number)
{
	return receive_arg(party, &(struct ipcmbox_recv){}, number);
}

static int receive_hurried(struct party *party, __u32 *number)
{
	int ret;

	do {
		ret = receive_arg(party, &(struct ipcmbox_recv){
			.flags = IPCMBOX_DEADLINE, .deadline_ns = soon(),
		}, number);
	} while (ret == -ETIMEDOUT);
	return ret;
}

static int receive_direct(struct party *party, __u32 *number)
{
	return receive_arg(party, &(struct ipcmbox_recv){
		.from_kind = IPCMBOX_PROCESS, .from = party->shared->may_begin,
	}, number);
}

static int receive_file(struct party *party, __u32 *number)
{
	struct ipcmbox_recv recv = { .max_fds = 1 };
	int fd = -1, ret;

	recv.fds_ptr = ptr_u64(&fd);
	ret = receive_arg(party, &recv, number);
	if (ret)
		return ret;
	return recv.nr_fds == 1 && !close(fd) ? 0 : -EBADF;
}

static int read_number(struct party *party, __u32 *number)
{
	int ret;

	do {
		ret = read(party->fd, number, sizeof(*number)) < 0 ? -errno : 0;
	} while (was_interrupted(party, ret));
	return ret;
}

/* What was looked at is still there. */
static int peek_and_receive(struct party *party, __u32 *number)
{
	__u32 seen;
	int ret;

	ret = receive_arg(party, &(struct ipcmbox_recv){ .flags = IPCMBOX_PEEK }, &seen);
	if (!ret)
		ret = receive_arg(party, &(struct ipcmbox_recv){ .flags = IPCMBOX_NONBLOCK },
				  number);
	return ret ? ret : seen == *number ? 0 : -EBADMSG;
}

/* Some go back, and come again before any other. */
static int receive_lease(struct party *party, __u32 *number)
{
	struct ipcmbox_recv recv;
	__u32 refused = 0;
	int ret;

	for (;;) {
		recv = (struct ipcmbox_recv){ .flags = IPCMBOX_LEASE, .lease_ns = HOUR_NS };
		ret = receive_arg(party, &recv, number);
		if (ret)
			return ret;
		if (recv.redelivered != !!refused || (refused && *number != refused))
			return -EBADMSG;
		if (refused || *number % 5)
			return acknowledge(party->fd, recv.token);
		ret = refuse(party->fd, recv.token);
		if (ret)
			return ret;
		refused = *number;
		party->report->repeated++;
	}
}

/*
 * To be handled. A send that was interrupted after its receipt is over, and its server is told; so
 * a number is used once, whatever has become of it, and both sides must say the same of it.
 */

static int send_handled(struct party *party, __u32 number)
{
	int ret = message_send(party->fd, .buf_ptr = ptr_u64(&number), .buf_len = sizeof(number),
			       .completion = IPCMBOX_HANDLED);

	party->shared->sent_well[number & ~LAST] = !ret;
	if (ret != -EINTR)
		return ret;
	party->report->interrupted++;
	return number & LAST ? -EAGAIN : 0;
}

static int receive_to_handle(struct party *party, __u32 *number)
{
	struct ipcmbox_recv recv = {};
	int ret;

	ret = receive_arg(party, &recv, number);
	if (ret)
		return ret;
	ret = acknowledge(party->fd, recv.token);
	party->shared->acknowledged[*number & ~LAST] = !ret;
	if (ret == -EPIPE)
		*number &= ~LAST;
	return ret == -EPIPE ? 0 : ret;
}

/*
 * Calls, which go on by their cookie
 */

static int call_arg(struct party *party, struct ipcmbox_call *call, __u32 number)
{
	__u32 answer = 0;
	int ret;

	call->buf_ptr = ptr_u64(&number);
	call->buf_len = sizeof(number);
	call->reply_ptr = ptr_u64(&answer);
	call->reply_len = sizeof(answer);
	do {
		call->deadline_ns = call->flags ? soon() : 0;
		ret = mailbox_call(party->fd, call);
	} while (ret == -ETIMEDOUT || was_interrupted(party, ret));
	if (ret != sizeof(answer))
		return ret < 0 ? ret : -EMSGSIZE;
	return answer == ~number && call->status == 5 && !call->cookie ? 0 : -EBADMSG;
}

static int call_number_back(struct party *party, __u32 number)
{
	return call_arg(party, &(struct ipcmbox_call){}, number);
}

static int call_hurried(struct party *party, __u32 number)
{
	return call_arg(party, &(struct ipcmbox_call){ .flags = IPCMBOX_DEADLINE }, number);
}

static void reply_prepare(struct party *party, __u64 token, __u32 number)
{
	party->number = ~number;
	party->reply = (struct ipcmbox_reply){
		.token = token, .buf_ptr = ptr_u64(&party->number),
		.buf_len = sizeof(party->number), .status = 5,
	};
}

static int serve_number(struct party *party, __u32 *number)
{
	struct ipcmbox_recv recv = {};
	int ret;

	ret = receive_arg(party, &recv, number);
	if (ret)
		return ret;
	reply_prepare(party, recv.token, *number);
	return mailbox_reply(party->fd, &party->reply);
}

/* The loop of a server. The token in the reply says whether that is still to be done. */
static int serve_in_a_loop(struct party *party, __u32 *number)
{
	struct ipcmbox_recv recv = { .buf_ptr = ptr_u64(number), .buf_len = sizeof(*number) };
	int ret;

	do {
		ret = mailbox_reply_recv(party->fd, &party->reply, &recv);
		if (ret == -EINTR && party->reply.token)
			return -EBADMSG;
	} while (was_interrupted(party, ret));
	if (ret != sizeof(*number))
		return ret < 0 ? ret : -EMSGSIZE;
	reply_prepare(party, recv.token, *number);
	return *number & LAST ? mailbox_reply(party->fd, &party->reply) : 0;
}

/*
 * Vectors
 */

static int send_batch(struct party *party, __u32 completion)
{
	struct ipcmbox_send sends[BATCH] = {};
	int i, done = 0, ret;

	for (i = 0; i < party->batched; i++) {
		sends[i].buf_ptr = ptr_u64(&party->batch[i]);
		sends[i].buf_len = sizeof(party->batch[i]);
		sends[i].completion = completion;
	}
	while (done < party->batched) {
		ret = mailbox_sendv(party->fd, &(struct ipcmbox_vector){
			.array_ptr = ptr_u64(&sends[done]), .count = party->batched - done,
		});
		if (ret > 0) {
			done += ret;
			/* One that a signal has cut short has a result beyond what is done. */
			party->report->interrupted += done < party->batched;
		} else if (!was_interrupted(party, ret)) {
			return ret ? ret : -ENODATA;
		}
	}
	party->batched = 0;
	return 0;
}

static int send_vector(struct party *party, __u32 number)
{
	party->batch[party->batched++] = number;
	if (party->batched < BATCH && !(number & LAST))
		return 0;
	return send_batch(party, IPCMBOX_QUEUED);
}

static int send_vector_received(struct party *party, __u32 number)
{
	party->batch[party->batched++] = number;
	if (party->batched < BATCH && !(number & LAST))
		return 0;
	return send_batch(party, IPCMBOX_RECEIVED);
}

/* Of the last vector only signals make an end. */
static int receive_batch(struct party *party)
{
	struct ipcmbox_recv recvs[BATCH] = {};
	int i, ret;

	for (i = 0; i < BATCH; i++) {
		recvs[i].buf_ptr = ptr_u64(&party->batch[i]);
		recvs[i].buf_len = sizeof(party->batch[i]);
	}
	do {
		ret = mailbox_recvv(party->fd, &(struct ipcmbox_vector){
			.array_ptr = ptr_u64(recvs), .count = BATCH,
		});
	} while (was_interrupted(party, ret));
	if (ret <= 0)
		return ret ? ret : -ENODATA;
	party->report->interrupted += ret < BATCH;
	party->batched = ret;
	party->next = 0;
	return ret < BATCH && recvs[ret].result != -EINTR ? recvs[ret].result : 0;
}

static int receive_vector(struct party *party, __u32 *number)
{
	int ret;

	if (party->next == party->batched) {
		ret = receive_batch(party);
		if (ret)
			return ret;
	}
	*number = party->batch[party->next++];
	return 0;
}

/*
 * The parties
 */

FIXTURE(storm) {
	int dev, fd;
	int members[CONSUMERS_MAX];
	struct shared *shared;
	struct ipcmbox_query before;
};

FIXTURE_VARIANT(storm) {
	produce_fn produce;
	consume_fn consume;
	__u32 capacity;
	bool event, direct;
};

FIXTURE_VARIANT_ADD(storm, queued) { send_queued, receive, 2 };
FIXTURE_VARIANT_ADD(storm, rendezvous) { send_queued, receive, 0 };
FIXTURE_VARIANT_ADD(storm, received) { send_received, receive, 2 };
FIXTURE_VARIANT_ADD(storm, hurried) { send_hurried, receive_hurried, 1 };
FIXTURE_VARIANT_ADD(storm, hurried_rendezvous) { send_hurried, receive_hurried, 0 };
FIXTURE_VARIANT_ADD(storm, written) { write_number, read_number, 1 };
FIXTURE_VARIANT_ADD(storm, peeked) { send_queued, peek_and_receive, 1 };
FIXTURE_VARIANT_ADD(storm, leased) { send_received, receive_lease, 2 };
FIXTURE_VARIANT_ADD(storm, with_files) { send_file, receive_file, 2 };
FIXTURE_VARIANT_ADD(storm, handled) { send_handled, receive_to_handle, 2 };
FIXTURE_VARIANT_ADD(storm, called) { call_number_back, serve_number, 2 };
FIXTURE_VARIANT_ADD(storm, called_hurried) { call_hurried, serve_number, 2 };
FIXTURE_VARIANT_ADD(storm, called_rendezvous) { call_number_back, serve_number, 0 };
FIXTURE_VARIANT_ADD(storm, reply_recv) { call_number_back, serve_in_a_loop, 2 };
FIXTURE_VARIANT_ADD(storm, vector) { send_vector, receive_vector, 2 };
FIXTURE_VARIANT_ADD(storm, vector_received) { send_vector_received, receive_vector, 2 };
FIXTURE_VARIANT_ADD(storm, event) { send_event, receive, 1, .event = true };
FIXTURE_VARIANT_ADD(storm, event_vector) { send_vector, receive_vector, 1, .event = true };
FIXTURE_VARIANT_ADD(storm, direct) { send_direct, receive_direct, 1, .direct = true };
FIXTURE_VARIANT_ADD(storm, direct_rendezvous) { send_direct, receive_direct, 0, .direct = true };

FIXTURE_SETUP(storm)
{
	int i;

	signal(SIGPIPE, SIG_IGN);
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	ASSERT_EQ(0, query_budget(self->dev, &self->before));
	self->shared = mmap(NULL, sizeof(*self->shared), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->shared);
	self->fd = -1;
	if (variant->direct)
		return;
	self->fd = mailbox_new(self->dev, .max_messages = variant->capacity,
			       .discipline = variant->event ? IPCMBOX_EVENT : IPCMBOX_QUEUE,
			       .flags = IPCMBOX_OPEN_FDS);
	ASSERT_GE(self->fd, 0);
	for (i = 0; variant->event && i < CONSUMERS_MAX; i++) {
		self->members[i] = member_new(self->fd);
		ASSERT_GE(self->members[i], 0);
	}
}

FIXTURE_TEARDOWN(storm)
{
	int i;

	for (i = 0; variant->event && i < CONSUMERS_MAX; i++)
		close(self->members[i]);
	close(self->fd);
	EXPECT_TRUE(is_even(self->dev, &self->before));
	close(self->dev);
}

/* Both what a child is to do, and what it finds. */
struct role {
	FIXTURE_DATA(storm) *self;
	const FIXTURE_VARIANT(storm) *variant;
	struct party party;
};

static __u32 rounds(void)
{
	__u32 n = scaled(400);

	return n < ROUNDS_MAX / 2 ? n : ROUNDS_MAX / 2;
}

/* On a busy host the storm can fall silent for as long as all rounds take. */
static bool has_blown(const struct role *role)
{
	const struct shared *shared = role->self->shared;
	__u32 interrupted = shared->producer.interrupted;
	int i;

	for (i = 0; i < CONSUMERS_MAX; i++)
		interrupted += __atomic_load_n(&shared->consumers[i].interrupted, __ATOMIC_RELAXED);
	return (role->party.restart ? signals : interrupted) >= ENOUGH;
}

static int produce_all(struct role *role)
{
	struct party *party = &role->party;
	__u64 start = now_ns(IPCMBOX_CLOCK_MONOTONIC);
	__u32 i, n = rounds();
	bool last;
	int ret;

	for (i = 1;; i++) {
		last = (i >= n && (has_blown(role) || i >= ROUNDS_MAX / 2)) ||
		       now_ns(IPCMBOX_CLOCK_MONOTONIC) - start > TIME_NS;
		ret = role->variant->produce(party, last ? i | LAST : i);
		/* Whether the end was heard is not known: once more. */
		if (ret == -EAGAIN && i < ROUNDS_MAX - 1)
			continue;
		party->report->count = i;
		if (ret || last)
			return ret;
	}
}

static int consume_all(struct role *role)
{
	struct party *party = &role->party;
	bool may_skip = role->variant->produce == send_handled;
	__u32 number = 0, before;
	int ret;

	do {
		before = number;
		ret = role->variant->consume(party, &number);
		if (ret)
			return ret;
		party->report->count++;
		if (may_skip ? (number & ~LAST) <= before : (number & ~LAST) != before + 1) {
			fprintf(stderr, "# %u after %u\n", number & ~LAST, before);
			return -EBADMSG;
		}
	} while (!(number & LAST));
	return 0;
}

/* Exit codes are small: errors are positive, and 0 is success. */
static int producer_body(void *arg)
{
	struct role *role = arg;
	int ret;

	if (role->variant->direct) {
		role->party.fd = endpoint_new(role->self->dev, .max_messages = 1);
		role->self->shared->may_begin = getpid();
	}
	storm_begin(&role->party);
	ret = produce_all(role);
	storm_end(&role->party);
	return -ret;
}

static int consumer_body(void *arg)
{
	struct role *role = arg;
	struct shared *shared = role->self->shared;
	int ret;

	if (role->variant->direct) {
		role->party.fd = endpoint_new(role->self->dev,
					      .max_messages = role->variant->capacity);
		shared->inbox_of = getpid();
		if (!await_value(&shared->may_begin, 1))
			return 1;
	}
	storm_begin(&role->party);
	ret = consume_all(role);
	storm_end(&role->party);
	return -ret;
}

static pid_t party_start(FIXTURE_DATA(storm) *self, const FIXTURE_VARIANT(storm) *variant,
			 bool restart, int consumer)
{
	struct role role = {
		.self = self, .variant = variant,
		.party = {
			.fd = variant->event && consumer >= 0 ? self->members[consumer] : self->fd,
			.restart = restart, .shared = self->shared,
			.report = consumer < 0 ? &self->shared->producer :
						 &self->shared->consumers[consumer],
		},
	};

	return child_start(consumer < 0 ? producer_body : consumer_body, &role);
}

/* A mailbox that has been through the storm: all that came has gone, once. */
static bool is_even_with(int fd, __u32 count, __u32 redelivered)
{
	struct ipcmbox_info info = mailbox_info(fd);

	if (info.sent == count && info.received == count && !info.dropped &&
	    info.redelivered == redelivered)
		return is_at_rest(fd);
	fprintf(stderr, "# %u: sent %llu, received %llu, dropped %llu, redelivered %llu\n", count,
		(unsigned long long)info.sent, (unsigned long long)info.received,
		(unsigned long long)info.dropped, (unsigned long long)info.redelivered);
	return false;
}

/*
 * Hits all parties until none is left. Not by timers of their own: those of an emulated machine
 * come late, all at once, or not for a while, when its host is busy.
 */
static void blow_at(const struct shared *shared, const pid_t *pids, int n)
{
	__u64 next = 0, end = now_ns(IPCMBOX_CLOCK_MONOTONIC) + PATIENCE_NS;
	__u64 now = 0;
	int i;

	while (shared->sheltered < n && now < end) {
		now = now_ns(IPCMBOX_CLOCK_MONOTONIC);
		if (now < next || shared->exposed < n) {
			sched_yield();
			continue;
		}
		for (i = 0; i < n; i++)
			kill(pids[i], SIGALRM);
		next = now + INTERVAL_NS;
	}
}

static void blow(struct __test_metadata *_metadata, FIXTURE_DATA(storm) *self,
		 const FIXTURE_VARIANT(storm) *variant, bool restart)
{
	const struct report *producer = &self->shared->producer;
	const struct report *consumers = self->shared->consumers;
	int n = variant->event ? CONSUMERS_MAX : 1, i;
	__u32 hits, interrupted, received;
	pid_t pids[1 + CONSUMERS_MAX];

	for (i = 0; i < n; i++)
		pids[1 + i] = party_start(self, variant, restart, i);
	if (variant->direct) {
		ASSERT_TRUE(await_value(&self->shared->inbox_of, 1));
		self->fd = endpoint_connect(self->dev, IPCMBOX_PROCESS, pids[1]);
		ASSERT_GE(self->fd, 0);
	}
	pids[0] = party_start(self, variant, restart, -1);
	blow_at(self->shared, pids, 1 + n);
	for (i = 0; i <= n; i++)
		EXPECT_EQ(0, child_wait(pids[i])) TH_LOG("party %d", i);

	hits = producer->signals;
	interrupted = producer->interrupted;
	for (i = 0; i < n; i++) {
		hits += consumers[i].signals;
		interrupted += consumers[i].interrupted;
		EXPECT_TRUE(producer->count == consumers[i].count ||
			    variant->produce == send_handled);
	}
	TH_LOG("%u messages, %u signals, %u calls interrupted", producer->count, hits, interrupted);
	EXPECT_GT(hits, 0);
	EXPECT_TRUE(interrupted || restart);

	received = consumers->count;
	EXPECT_TRUE(is_even_with(self->fd, received, consumers->repeated));
	for (i = 0; variant->event && i < n; i++)
		EXPECT_TRUE(is_even_with(self->members[i], consumers[i].count, 0));
	EXPECT_EQ(0, memcmp(self->shared->sent_well, self->shared->acknowledged,
			    sizeof(self->shared->sent_well)));
}

TEST_F_TIMEOUT(storm, interrupts, 60)
{
	blow(_metadata, self, variant, false);
}

TEST_F_TIMEOUT(storm, restarts, 60)
{
	blow(_metadata, self, variant, true);
}

TEST_HARNESS_MAIN
