// SPDX-License-Identifier: GPL-2.0-only
/*
 * Everything that can happen to a channel, in every order: sequences of two and of three operations
 * by two producers and a consumer, each a process of its own. A model says what each of them
 * answers and what is there afterwards: messages and lanes as the kernel reports them, as the
 * survivors see them in their pages, and as the next consumer finds them; and that nothing is left.
 */
#include "kselftest_harness.h"
#include "order_test.h"
#include "channel_test.h"

#define CHANNEL		"test order"

/* Two messages fill a ring. */
#define MESSAGE		(SMALLEST / 2 - sizeof(struct ipcmbox_channel_record))
#define RECORD		(SMALLEST / 2)
#define FULL		2

enum { FIRST, SECOND, CONSUMER, ACTORS };

/* Each of these for each actor; beside them the consumer evicts the first lane. */
enum deed {
	PASS,		/* sends, or receives, a message */
	ATTACH,
	CLOSE,		/* the descriptor, but not the mappings */
	UNMAP,		/* all mappings, but goes on: what passes maps anew */
	LEAVE,		/* both */
	EXEC,
	FORK,		/* a child, which keeps everything */
	KILL,
	DEEDS
};

static const char * const actor_names[ACTORS] = { "producer", "second producer", "consumer" };
static const char * const deed_names[DEEDS] = {
	"passes", "attaches", "closes", "unmaps", "leaves", "executes", "forks", "is killed",
};

#define OP(actor, deed)	((deed) * ACTORS + (actor))
#define EVICT		(DEEDS * ACTORS)
#define UNLINK		(EVICT + 1)
#define OPS		(UNLINK + 1)
/* Not one of the operations: what an actor sees in its pages. */
#define LOOK		OPS

/* By its lane and its place there. */
static __u32 number_of(__u32 lane_id, __u64 position)
{
	return lane_id * 100 + position / RECORD;
}

static void message_fill(char *message, __u32 number)
{
	memcpy(message, &number, sizeof(number));
	fill_pattern(message + sizeof(number), MESSAGE - sizeof(number), number);
}

static bool message_is(const char *message, __u32 number)
{
	return !memcmp(message, &number, sizeof(number)) &&
	       check_pattern(message + sizeof(number), MESSAGE - sizeof(number), number);
}

/*
 * The actors
 */

static struct order_actor actor;
static int dev, fd;		/* of the channel, -1: none */
static bool mapped;
static struct producer producer;
static struct consumer consumer;

static bool is_consumer(void)
{
	return actor.role == CONSUMER;
}

static short polled(void)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN | POLLOUT };

	return poll(&pollfd, 1, 0) < 0 ? -1 : pollfd.revents;
}

static int do_map(void)
{
	if (is_consumer()) {
		mapped = consumer_init(&consumer, fd);
		if (mapped)
			consumer_look(&consumer);
	} else {
		mapped = producer_init(&producer, fd);
		if (mapped)
			producer.tail = producer.header->tail;
	}
	return mapped ? 0 : -EFAULT;
}

/* Descriptors are closed apart from mappings here. */
static int do_unmap(void)
{
	if (!mapped)
		return DONE;
	if (is_consumer()) {
		consumer.fd = -1;
		consumer_exit(&consumer);
	} else {
		producer.fd = -1;
		producer_exit(&producer);
	}
	mapped = false;
	return 0;
}

static int do_close(void)
{
	int ret = close(fd) ? -errno : 0;

	fd = -1;
	consumer.fd = -1;
	producer.fd = -1;
	return ret;
}

static int do_leave(void)
{
	if (fd < 0 && !mapped)
		return DONE;
	if (mapped)
		do_unmap();
	if (fd >= 0)
		do_close();
	return 0;
}

static int do_attach(void)
{
	int ret;

	if (fd >= 0 || mapped)
		return DONE;
	ret = mailbox_find(dev, CHANNEL, is_consumer() ? IPCMBOX_READ : IPCMBOX_WRITE);
	if (ret < 0)
		return ret;
	fd = ret;
	return do_map();
}

/* Whether WAIT and poll(2) say the same as a look at the pages. */
static bool is_agreed(int looked, int waited, short events, short ready)
{
	if (waited != looked)
		return false;
	return events == (looked == -EAGAIN ? 0 : looked == -EPIPE ? ready | POLLHUP : ready);
}

static int do_send(void)
{
	char message[MESSAGE];
	int ret = producer_look(&producer, RECORD);

	if (fd >= 0 && !is_agreed(ret, wait_room(fd, IPCMBOX_NONBLOCK, RECORD), polled(), POLLOUT))
		return -EILSEQ;
	if (ret)
		return ret;
	message_fill(message, number_of(producer.info.lane_id, producer.tail));
	producer_write(&producer, message, MESSAGE);
	producer_publish(&producer, MESSAGE);
	/* There is no kicking by mappings alone. */
	return fd < 0 ? 0 : producer_kick(&producer);
}

/* As the protocol has it: a lane whose producer is gone is evicted when it is read. */
static int evict_what_is_read(void)
{
	int ret = 0;
	__u32 i;

	for (i = 0; i < LANES && !ret; i++)
		if (consumer.lane[i].id && consumer.lane[i].id == consumer_lane_id(&consumer, i) &&
		    consumer_lane_state(&consumer, i) == IPCMBOX_LANE_GONE &&
		    consumer.lane[i].head == consumer.lane[i].header->tail)
			ret = evict(fd, i, consumer.lane[i].id);
	return ret;
}

static int do_receive(void)
{
	char message[MESSAGE];
	short events = 0;
	int ret, waited = 0;
	__u32 number;

	consumer_look(&consumer);
	if (fd >= 0) {
		waited = wait_message(fd, IPCMBOX_NONBLOCK, consumer.serial);
		events = polled();
	}
	ret = consumer_try(&consumer, message, sizeof(message), NULL);
	if (fd >= 0 && !is_agreed(ret < 0 ? ret : 0, waited, events & ~POLLHUP ? events : 0,
				  POLLIN | (events & POLLHUP)))
		return -EILSEQ;
	if (fd >= 0 && evict_what_is_read())
		return -EILSEQ;
	if (ret < 0)
		return ret;
	memcpy(&number, message, sizeof(number));
	return ret == MESSAGE && message_is(message, number) ? (int)number : -EBADMSG;
}

static int do_pass(void)
{
	int ret;

	if (!mapped) {
		if (fd < 0)
			return -EBADF;
		ret = do_map();
		if (ret)
			return ret;
	}
	return is_consumer() ? do_receive() : do_send();
}

static int do_evict(void)
{
	int ret = evict(fd, 0, 1);

	if (!ret && mapped && consumer.lane[0].id == 1)
		consumer.lane[0].evicted = true;
	return ret;
}

static bool records_are_right(const char *ring, __u32 lane_id, __u64 head, __u64 tail)
{
	const struct ipcmbox_channel_record *record;

	for (; head != tail; head += RECORD) {
		record = (const void *)(ring + head % SMALLEST);
		if (record->length != MESSAGE ||
		    !message_is((const char *)(record + 1), number_of(lane_id, head)))
			return false;
	}
	return true;
}

/* Digits: produced, consumed, state, whether the consumer is gone. */
static int look_of_producer(void)
{
	const struct ipcmbox_channel_lane *lane = &producer.board->lane[producer.info.lane];
	__u64 head = producer.acks->lane[producer.info.lane].head, tail = producer.header->tail;

	if (lane->id != producer.info.lane_id || tail != producer.tail || tail - head > SMALLEST ||
	    !records_are_right(producer.ring, lane->id, head, tail))
		return -EILSEQ;
	return tail / RECORD * 1000 + head / RECORD * 100 + lane->state * 10 +
	       producer.board->consumer_gone;
}

/* Digits: unread messages it can see, whether the producers are gone. */
static int look_of_consumer(void)
{
	int i, unread = 0;
	__u64 tail;

	for (i = 0; i < LANES; i++) {
		if (!consumer.lane[i].id || consumer.lane[i].evicted)
			continue;
		tail = consumer.lane[i].header->tail;
		unread += (tail - consumer.lane[i].head) / RECORD;
		if (!records_are_right(consumer.lane[i].ring, consumer.lane[i].id,
				       consumer.lane[i].head, tail))
			return -EILSEQ;
	}
	return unread * 10 + consumer.board->producers_gone;
}

static int do_look(void)
{
	if (!mapped)
		return DONE;
	return is_consumer() ? look_of_consumer() : look_of_producer();
}

static int act(int op)
{
	if (op == EVICT)
		return do_evict();
	if (op == LOOK)
		return do_look();
	switch (op / ACTORS) {
	case PASS:
		return do_pass();
	case ATTACH:
		return do_attach();
	case CLOSE:
		return do_close();
	case UNMAP:
		return do_unmap();
	case LEAVE:
		return do_leave();
	case EXEC:
		return order_exec(&actor);
	case FORK:
		return order_fork();
	}
	return -EINVAL;
}

static void __attribute__((noreturn)) actor_loop(void)
{
	dev = device_open();
	fd = -1;
	order_serve(&actor, act);
}

static void __attribute__((constructor)) executed(void)
{
	if (order_executed(&actor))
		actor_loop();
}

/*
 * The model
 */

#define LANES_OF_MODEL	(2 + LENGTH)

struct model {
	struct {
		bool alive, fd, map;
		int lane;		/* of a producer: its last one */
	} actor[ACTORS];
	/* In the order of their ids, which begin with 1. */
	struct {
		int owner, kin;		/* children that have it */
		__u32 state, slot;
		int sent, received;
	} lane[LANES_OF_MODEL];
	int lanes;
	int consumer_kin;
	int seen[LANES_OF_MODEL];	/* by slot: what the consumer has mapped, -1: nothing */
	__u32 next;
	bool named;
};

static bool has(const struct model *m, int who)
{
	return m->actor[who].fd || m->actor[who].map;
}

static bool lane_is_held(const struct model *m, int lane)
{
	int owner = m->lane[lane].owner;

	return m->lane[lane].kin || (m->actor[owner].lane == lane && has(m, owner));
}

static int writers(const struct model *m)
{
	int lane, count = 0;

	for (lane = 0; lane < m->lanes; lane++)
		count += lane_is_held(m, lane);
	return count;
}

static int readers(const struct model *m)
{
	return m->consumer_kin || has(m, CONSUMER);
}

static bool consumer_gone(const struct model *m)
{
	return !m->named && !readers(m);
}

static bool producers_gone(const struct model *m)
{
	return !m->named && !writers(m);
}

static int unread(const struct model *m, int lane)
{
	return m->lane[lane].sent - m->lane[lane].received;
}

/* The lane that is there, or -1. */
static int lane_at(const struct model *m, __u32 slot)
{
	int lane;

	for (lane = 0; lane < m->lanes; lane++)
		if (m->lane[lane].state != IPCMBOX_LANE_FREE && m->lane[lane].slot == slot)
			return lane;
	return -1;
}

/* Producers that are not there any more leave lanes. */
static void model_settle(struct model *m)
{
	int lane;

	for (lane = 0; lane < m->lanes; lane++) {
		if (lane_is_held(m, lane))
			continue;
		if (m->lane[lane].state == IPCMBOX_LANE_EVICTED || !unread(m, lane))
			if (m->lane[lane].state != IPCMBOX_LANE_GONE)
				m->lane[lane].state = IPCMBOX_LANE_FREE;
		if (m->lane[lane].state == IPCMBOX_LANE_OPEN)
			m->lane[lane].state = IPCMBOX_LANE_GONE;
	}
}

/* With a descriptor it maps what is new. */
static void model_look(struct model *m)
{
	int slot, lane;

	for (slot = 0; slot < LANES_OF_MODEL; slot++) {
		lane = lane_at(m, slot);
		if (m->actor[CONSUMER].fd || m->seen[slot] != lane)
			m->seen[slot] = m->actor[CONSUMER].fd ? lane : -1;
	}
}

static void model_map(struct model *m, int who)
{
	m->actor[who].map = true;
	if (who != CONSUMER)
		return;
	m->next = 0;
	model_look(m);
}

static void model_new_lane(struct model *m, int who)
{
	int lane = m->lanes++;
	__u32 slot = 0;

	while (lane_at(m, slot) >= 0)
		slot++;
	m->lane[lane].owner = who;
	m->lane[lane].slot = slot;
	m->lane[lane].state = IPCMBOX_LANE_OPEN;
	m->actor[who].lane = lane;
}

static int model_attach(struct model *m, int who)
{
	if (has(m, who))
		return DONE;
	if (!m->named)
		return -ENOENT;
	if (who == CONSUMER && m->consumer_kin)
		return -EBUSY;
	m->actor[who].fd = true;
	if (who != CONSUMER)
		model_new_lane(m, who);
	model_map(m, who);
	return 0;
}

static int model_send(struct model *m, int lane)
{
	if (m->lane[lane].state == IPCMBOX_LANE_EVICTED || consumer_gone(m))
		return -EPIPE;
	if (unread(m, lane) == FULL)
		return -EAGAIN;
	m->lane[lane].sent++;
	return 0;
}

static void model_evict_what_is_read(struct model *m)
{
	int slot, lane;

	for (slot = 0; slot < LANES_OF_MODEL; slot++) {
		lane = m->seen[slot];
		if (lane >= 0 && m->lane[lane].state == IPCMBOX_LANE_GONE && !unread(m, lane))
			m->lane[lane].state = IPCMBOX_LANE_FREE;
	}
}

/* From the lanes in turn. */
static int model_take(struct model *m)
{
	int i, slot, lane;

	for (i = 0; i < LANES; i++) {
		slot = (m->next + i) % LANES;
		lane = slot < LANES_OF_MODEL ? m->seen[slot] : -1;
		if (lane < 0 || m->lane[lane].state == IPCMBOX_LANE_EVICTED || !unread(m, lane))
			continue;
		m->next = slot + 1;
		return number_of(lane + 1, m->lane[lane].received++ * RECORD);
	}
	return producers_gone(m) ? -EPIPE : -EAGAIN;
}

static int model_receive(struct model *m)
{
	int ret;

	model_look(m);
	ret = model_take(m);
	if (m->actor[CONSUMER].fd)
		model_evict_what_is_read(m);
	return ret;
}

static int model_pass(struct model *m, int who)
{
	if (!has(m, who))
		return -EBADF;
	if (!m->actor[who].map)
		model_map(m, who);
	return who == CONSUMER ? model_receive(m) : model_send(m, m->actor[who].lane);
}

static int model_evict(struct model *m)
{
	__u32 state = m->lane[0].state;

	if (!m->actor[CONSUMER].fd)
		return -EBADF;
	if (state == IPCMBOX_LANE_FREE || state == IPCMBOX_LANE_EVICTED)
		return -ESTALE;
	m->lane[0].state = state == IPCMBOX_LANE_GONE ? IPCMBOX_LANE_FREE : IPCMBOX_LANE_EVICTED;
	return 0;
}

static int model_fork(struct model *m, int who)
{
	if (has(m, who))
		++*(who == CONSUMER ? &m->consumer_kin : &m->lane[m->actor[who].lane].kin);
	return 0;
}

static int model_lose(struct model *m, int who)
{
	int ret = has(m, who) ? 0 : DONE;

	m->actor[who].fd = false;
	m->actor[who].map = false;
	return ret;
}

static int model_deed(struct model *m, int who, enum deed deed)
{
	switch (deed) {
	case PASS:
		return model_pass(m, who);
	case ATTACH:
		return model_attach(m, who);
	case CLOSE:
		return order_take_away(&m->actor[who].fd, -EBADF);
	case UNMAP:
		return order_take_away(&m->actor[who].map, DONE);
	case LEAVE:
		return model_lose(m, who);
	case EXEC:
		model_lose(m, who);
		return 0;
	case FORK:
		return model_fork(m, who);
	case KILL:
		model_lose(m, who);
		return order_take_away(&m->actor[who].alive, DEAD);
	default:
		return -EINVAL;
	}
}

/* Whose operation it is, or -1. */
static int actor_of(int op)
{
	if (op == UNLINK)
		return -1;
	return op == EVICT ? CONSUMER : op % ACTORS;
}

/* What an operation is going to answer, and what is so afterwards. */
static int predict(struct model *m, int op)
{
	int who = actor_of(op), ret;

	if (op == UNLINK)
		return order_take_away(&m->named, -ENOENT);
	if (!m->actor[who].alive)
		return DEAD;
	ret = op == EVICT ? model_evict(m) : model_deed(m, who, op / ACTORS);
	model_settle(m);
	return ret;
}

static int expected_look(const struct model *m, int who)
{
	int lane = m->actor[who].lane, slot, count = 0;

	if (!m->actor[who].alive)
		return DEAD;
	if (!m->actor[who].map)
		return DONE;
	if (who != CONSUMER)
		return m->lane[lane].sent * 1000 + m->lane[lane].received * 100 +
		       m->lane[lane].state * 10 + consumer_gone(m);
	for (slot = 0; slot < LANES_OF_MODEL; slot++) {
		lane = m->seen[slot];
		if (lane >= 0 && m->lane[lane].state != IPCMBOX_LANE_EVICTED &&
		    m->lane[lane].state != IPCMBOX_LANE_FREE)
			count += unread(m, lane);
	}
	return count * 10 + producers_gone(m);
}

/* All have attached, and the first producer has sent a message. */
static void model_init(struct model *m)
{
	int i;

	memset(m, 0, sizeof(*m));
	m->named = true;
	memset(m->seen, -1, sizeof(m->seen));
	for (i = 0; i < ACTORS; i++)
		m->actor[i].alive = true;
}

/* Each operation but the last changes something, as the model has it. */
static bool all_matter(const struct model *start, const int *ops, int length)
{
	struct model before, m = *start;
	int i;

	for (i = 0; i < length - 1; i++) {
		memcpy(&before, &m, sizeof(m));
		predict(&m, ops[i]);
		if (!memcmp(&before, &m, sizeof(m)))
			return false;
	}
	return true;
}

/*
 * The test
 */

static const int prelude[] = {
	OP(FIRST, ATTACH), OP(SECOND, ATTACH), OP(CONSUMER, ATTACH), OP(FIRST, PASS),
};

FIXTURE(order) {
	int dev, count;
	struct order_pipes pipes[ACTORS];
	struct ipcmbox_query before;
	/* Of one sequence. */
	int fd;			/* to look only */
	pid_t pids[ACTORS], children[LENGTH];
	int nr_children;
	bool succeeds;		/* the test itself is the consumer */
	struct model model;
};

FIXTURE_VARIANT(order) {
	int length;
	int step, slow_step;	/* of the sequences that are run; prime to OPS */
};

FIXTURE_VARIANT_ADD(order, pairs) {
	.length = 2,
	.step = 1,
	.slow_step = 3,
};

FIXTURE_VARIANT_ADD(order, triples) {
	.length = 3,
	.step = 29,
	.slow_step = 101,
};

FIXTURE_SETUP(order)
{
	int i;

	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->count = mailbox_count(self->dev);
	ASSERT_EQ(0, query_budget(self->dev, &self->before));
	for (i = 0; i < ACTORS; i++)
		ASSERT_TRUE(order_pipes_init(&self->pipes[i]));
	/* Children that have lost their parent come here. */
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
}

FIXTURE_TEARDOWN(order)
{
	mailbox_unlink_tests(self->dev);
	close(self->dev);
}

static int ask(FIXTURE_DATA(order) *self, int who, int op)
{
	if (who == CONSUMER && self->succeeds)
		return act(op);
	return self->model.actor[who].alive ? order_ask(&self->pipes[who], op) : DEAD;
}

static int perform(FIXTURE_DATA(order) *self, int op)
{
	int who = actor_of(op), ret;

	if (op == UNLINK)
		return mailbox_unlink(self->dev, CHANNEL);
	if (op == OP(who, KILL))
		return self->model.actor[who].alive ? order_end_process(self->pids[who]) : DEAD;
	ret = ask(self, who, op);
	if (op != OP(who, FORK) || ret < 0)
		return ret;
	self->children[self->nr_children++] = ret;
	return 0;
}

static bool agree(const char *what, long long is, long long expected)
{
	if (is != expected)
		fprintf(stderr, "# %s: %lld instead of %lld\n", what, is, expected);
	return is == expected;
}

/* What the kernel says of the channel. */
static bool reported(const FIXTURE_DATA(order) *self)
{
	const struct model *m = &self->model;
	struct ipcmbox_info info = mailbox_info(self->fd);
	int lane, sent = 0, received = 0, left = 0;

	for (lane = 0; lane < m->lanes; lane++) {
		sent += m->lane[lane].sent;
		received += m->lane[lane].received;
		if (m->lane[lane].state != IPCMBOX_LANE_FREE)
			left += unread(m, lane);
	}
	return agree("flags", info.flags, m->named ? IPCMBOX_INFO_NAMED : 0) &
	       agree("readers", info.readers, readers(m)) &
	       agree("writers", info.writers, writers(m)) &
	       agree("messages", info.messages, left) &
	       agree("bytes", info.bytes, left * RECORD) &
	       agree("sent", info.sent, sent) & agree("received", info.received, received);
}

/* And of each of its lanes. */
static bool lanes_are_right(const FIXTURE_DATA(order) *self)
{
	const struct model *m = &self->model;
	struct ipcmbox_channel_sender senders[LANES_OF_MODEL];
	struct ipcmbox_channel_lanes arg;
	int i, lane, n = channel_lanes(self->fd, senders, LANES_OF_MODEL, &arg), taken = 0;

	for (i = 0; i < n; i++) {
		lane = lane_at(m, senders[i].lane);
		if (lane < 0 || !agree("id", senders[i].id, lane + 1) ||
		    !agree("state", senders[i].state, m->lane[lane].state) ||
		    !agree("pid", senders[i].pid, self->pids[m->lane[lane].owner]))
			return false;
	}
	for (lane = 0; lane < m->lanes; lane++)
		taken += m->lane[lane].state != IPCMBOX_LANE_FREE;
	return agree("lanes", n, taken) & agree("total", arg.total, taken);
}

/* What those that are there see in their pages. */
static bool pages_are_right(FIXTURE_DATA(order) *self)
{
	bool right = true;
	int who;

	for (who = 0; who < ACTORS; who++)
		right &= agree(actor_names[who], ask(self, who, LOOK),
			       expected_look(&self->model, who));
	return right;
}

/* One operation, and a look at everything afterwards. */
static bool step(FIXTURE_DATA(order) *self, int op)
{
	struct model after = self->model;
	int expected = predict(&after, op), ret = perform(self, op);

	self->model = after;
	return agree("answer", ret, expected) && reported(self) && lanes_are_right(self) &&
	       pages_are_right(self);
}

static bool begin(FIXTURE_DATA(order) *self)
{
	int i;

	self->nr_children = 0;
	model_init(&self->model);
	self->fd = channel_new(self->dev, NAME(CHANNEL), .flags = IPCMBOX_OPEN_EXCL);
	if (self->fd < 0)
		return false;
	for (i = 0; i < ACTORS; i++) {
		self->pids[i] = fork();
		if (self->pids[i])
			continue;
		actor.orders = self->pipes[i].orders[0];
		actor.results = self->pipes[i].results[1];
		actor.role = i;
		close(self->fd);
		close(self->dev);
		actor_loop();
	}
	for (i = 0; i < ARRAY_SIZE(prelude); i++)
		if (perform(self, prelude[i]) != predict(&self->model, prelude[i]))
			return false;
	return true;
}

/* The test itself receives: what there is, and nothing more. */
static bool drain(struct model *m)
{
	int ret, expected;

	do {
		expected = predict(m, OP(CONSUMER, PASS));
		ret = act(OP(CONSUMER, PASS));
		if (!agree("next consumer", ret, expected))
			return false;
	} while (ret >= 0);
	return true;
}

/* The test comes after the consumer, finds what is unread, and gets on with the survivors. */
static bool succeed(FIXTURE_DATA(order) *self)
{
	struct model *m = &self->model;
	bool right;
	int who;

	m->actor[CONSUMER].alive = true;
	m->actor[CONSUMER].fd = true;
	self->succeeds = true;
	actor.role = CONSUMER;
	dev = self->dev;
	fd = mailbox_by_id(dev, mailbox_id(self->fd), IPCMBOX_READ);
	right = fd >= 0 && drain(m);
	for (who = 0; right && who < CONSUMER; who++)
		right = step(self, OP(who, PASS));
	right = right && drain(m);
	do_leave();
	model_lose(m, CONSUMER);
	m->actor[CONSUMER].alive = false;
	self->succeeds = false;
	return right;
}

/* Ends the consumer and all children, so that the consumer's place is free. */
static bool end_some(FIXTURE_DATA(order) *self)
{
	struct model *m = &self->model;
	int lane;

	while (self->nr_children)
		if (order_end_process(self->children[--self->nr_children]))
			return false;
	if (m->actor[CONSUMER].alive && order_end_process(self->pids[CONSUMER]))
		return false;
	model_lose(m, CONSUMER);
	m->actor[CONSUMER].alive = false;
	m->consumer_kin = 0;
	for (lane = 0; lane < m->lanes; lane++)
		m->lane[lane].kin = 0;
	model_settle(m);
	return reported(self) && lanes_are_right(self);
}

/* Ends everything; and then there is nothing, and the name is free. */
static bool end_all(FIXTURE_DATA(order) *self)
{
	int who, fd;

	for (who = 0; who < ACTORS; who++)
		if (self->model.actor[who].alive)
			order_end_process(self->pids[who]);
	close(self->fd);
	if (self->model.named && mailbox_unlink(self->dev, CHANNEL))
		return false;
	if (!agree("left", mailbox_count(self->dev), self->count) ||
	    !channel_is_even(self->dev, &self->before))
		return false;
	fd = channel_new(self->dev, NAME(CHANNEL), .access = RW,
			 .flags = IPCMBOX_OPEN_EXCL | IPCMBOX_OPEN_TRANSIENT);
	return fd >= 0 && !close(fd) && channel_is_even(self->dev, &self->before);
}

static void tell(const int *ops, int count)
{
	int i;

	fprintf(stderr, "# in:");
	for (i = 0; i < count; i++) {
		if (ops[i] == UNLINK)
			fprintf(stderr, " unlink");
		else if (ops[i] == EVICT)
			fprintf(stderr, " consumer evicts");
		else
			fprintf(stderr, " %s %s", actor_names[ops[i] % ACTORS],
				deed_names[ops[i] / ACTORS]);
		fprintf(stderr, i + 1 < count ? "," : "\n");
	}
}

/* One sequence. */
static bool run(FIXTURE_DATA(order) *self, const int *ops, int length)
{
	bool right = begin(self);
	int i;

	for (i = 0; right && i < length; i++)
		right = step(self, ops[i]);
	right = right && end_some(self) && succeed(self);
	/* Whatever happened. */
	if (!right)
		end_some(self);
	if (end_all(self) && right)
		return true;
	tell(ops, i);
	return false;
}

/* A triple whose first or second operation changes nothing is a pair. */
TEST_F_TIMEOUT(order, of_operations, 280)
{
	int all = variant->length == 2 ? OPS * OPS : OPS * OPS * OPS, i, n = 0;
	int step = order_is_slow() ? variant->slow_step : variant->step;
	int ops[LENGTH];
	struct model start;

	model_init(&start);
	for (i = 0; i < ARRAY_SIZE(prelude); i++)
		predict(&start, prelude[i]);
	for (i = 0; i < all; i += step) {
		order_sequence(i, OPS, ops, variant->length);
		if (variant->length > 2 && !all_matter(&start, ops, variant->length))
			continue;
		ASSERT_TRUE(run(self, ops, variant->length));
		n++;
	}
	TH_LOG("%d sequences", n);
}

TEST_HARNESS_MAIN
