// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rounds.
 */
#include <errno.h>
#include <sched.h>

#include "ipcmbox_test.h"

#include "crew.h"
#include "perform.h"
#include "ring.h"
#include "round.h"
#include "search.h"

#define USEC		1000
/* Of a channel; a killed one could have received what nobody knows of. */
#define RECEIVER	0
/* Room for what the master does at last: receive all that is left, and look. */
#define RESERVE		(OPERATIONS_MAX / 2)

/**
 * struct character - what there is in a round, in percent of the operations where it can be
 */
struct character {
	__u32 nonblocking;
	__u32 deadlines;
	__u32 waiting;		/* sends that wait until received, */
	__u32 handled;		/* of these: until handled */
	__u32 leases;
	__u32 bad;
	__u32 peeks;
	__u32 selective;
	__u32 long_ones;
	__u32 priorities;	/* how many there are */
	__u32 signals;
	__u32 kills;
	__u32 changes;
	__u32 vectors;
	__u32 calls;		/* of sends that wait until handled */
	bool drops;
};

static __u32 state;
static struct character character;

/* Deterministic; what races is the order among the workers. */
static __u32 dice(__u32 sides)
{
	state = state * 1664525 + 1013904223;
	return (state >> 8) % sides;
}

static bool chance(__u32 percent)
{
	return dice(100) < percent;
}

/* Most rounds have none of it, some a little and some a lot. */
static __u32 some(void)
{
	static const __u32 percents[] = { 0, 0, 10, 40 };

	return percents[dice(4)];
}

static bool is_event(void)
{
	return stage->history.discipline == IPCMBOX_EVENT;
}

static bool is_channel(void)
{
	return stage->history.discipline == IPCMBOX_CHANNEL;
}

static __u32 random_capacity(void)
{
	static const __u32 capacities[] = { 0, 0, 1, 1, 2, 3, IPCMBOX_UNBOUNDED };

	return is_event() ? capacities[2 + dice(5)] : capacities[dice(7)];
}

static __u32 random_overflow(void)
{
	return character.drops ? dice(4) : IPCMBOX_OVERFLOW_BLOCK;
}

/* So that callers leave, and come back. */
static void choose_calls(void)
{
	character.calls = 40 * (1 + dice(2));
	character.waiting = 60;
	character.handled = 70;
	character.leases = 80;
	character.signals = 40;
	character.deadlines = 70;
	character.selective = 0;
}

static void choose_character(void)
{
	character = (struct character){
		.nonblocking = 10 + some(), .deadlines = some() * 2, .waiting = some() * 2,
		.leases = some(), .bad = some(), .peeks = some() / 2, .selective = some(),
		.long_ones = some() / 2, .priorities = 1 + dice(3), .signals = some(),
		.kills = dice(8) ? 0 : 25, .changes = some() / 2, .drops = !dice(3),
		.vectors = some(),
	};
	/* Who receives what is to be handled either leases it, or handles it at once. */
	if (character.leases)
		character.handled = dice(2) * 50;
	if (character.handled)
		character.selective = 0;
	if (!dice(4))
		choose_calls();
	/* Of when the losses before a message withdrawn while it is taken are told again. */
	if (character.drops && character.waiting)
		character.bad = 0;
	/* There is nothing else. */
	if (is_channel())
		character = (struct character){
			.nonblocking = character.nonblocking, .deadlines = character.deadlines,
			.signals = character.signals, .kills = dice(3) ? 0 : 40, .priorities = 1,
		};
	/* Nobody waits for an event to be received. */
	if (is_event()) {
		character.waiting = 0;
		character.leases = 0;
		character.selective += 10;
	}
}

/* Where something is. */
static int first_port(void)
{
	return stage->history.nr_parts ? 1 : 0;
}

static int random_port(void)
{
	return is_event() ? 1 + dice(stage->history.nr_parts) : 0;
}

static int random_place(void)
{
	return is_channel() ? 0 : dice(1 + stage->history.nr_parts);
}

/* Lanes are not where something is to be received, or to be seen. */
static bool next_port(int *port)
{
	return !is_channel() && ++*port <= stage->history.nr_parts;
}

/* Planning. */

static struct operation *plan(enum operation_kind kind, int worker)
{
	struct history *history = &stage->history;
	struct operation *op = &history->operations[history->nr++];

	*op = (struct operation){
		.kind = kind, .worker = worker, .vector = 1, .of = NONE, .got = NONE,
		.redelivered = -1,
		.pause = dice(3) ? dice(2) : dice(3000),
	};
	return op;
}

static void plan_waiting(struct operation *op)
{
	if (chance(character.nonblocking)) {
		op->flags = IPCMBOX_NONBLOCK;
	} else if (chance(character.deadlines)) {
		op->flags = IPCMBOX_DEADLINE;
		op->deadline_ns = dice(4) ? dice(300 * USEC) : dice(5000 * USEC);
	}
}

static void plan_send(int worker)
{
	struct operation *op = plan(SEND, worker);

	/* Each has a lane, but the first worker, who receives. */
	if (is_channel())
		op->port = worker;
	plan_waiting(op);
	op->priority = dice(character.priorities);
	if (character.selective)
		op->events = dice(4);
	op->is_long = chance(character.long_ones);
	if (!chance(character.waiting))
		return;
	op->completion = IPCMBOX_RECEIVED;
	if (chance(character.handled) && !(op->flags & IPCMBOX_NONBLOCK))
		op->completion = IPCMBOX_HANDLED;
}

static void plan_receive(int worker)
{
	struct operation *op = plan(chance(character.peeks) ? PEEK : RECEIVE, worker);

	op->port = random_port();
	plan_waiting(op);
	if (chance(character.selective))
		op->events = 1 + dice(3);
	if (chance(20))
		op->priority = dice(character.priorities);
	op->is_bad = op->kind == RECEIVE && chance(character.bad);
}

static void plan_lease(int worker)
{
	int of = stage->history.nr - 1;
	struct operation *op = &stage->history.operations[of];

	op->flags |= IPCMBOX_LEASE;
	op->lease_ns = 200 * USEC + dice(4000 * USEC);
	if (!dice(4))
		return;
	op = plan(SETTLE, worker);
	if (character.calls)
		op->pause = 50000 + dice(400000);
	op->of = of;
	op->port = stage->history.operations[of].port;
	switch (dice(4)) {
	case 0:
		op->action = IPCMBOX_SETTLE_REFUSE;
		break;
	case 1:
		op->action = IPCMBOX_SETTLE_ACK;
		break;
	default:
		op->action = REPLY;
	}
}

/* Whoever calls is not left away: it would never come back. */
static void plan_call(int worker)
{
	int of = stage->history.nr - 1, n = 1 + dice(2);
	struct operation *op = &stage->history.operations[of];

	op->is_call = true;
	op->is_bad = chance(character.bad);
	while (n--) {
		op = plan(RESUME, worker);
		op->of = of;
		op->is_bad = chance(character.bad);
		plan_waiting(op);
	}
	op = plan(CANCEL, worker);
	op->of = of;
}

/* What has a deadline goes on without help: all of a vector have one, or none. */
static void follow(struct operation *op, const struct operation *first)
{
	op->vector = 0;
	op->port = first->port;
	if (first->flags & IPCMBOX_DEADLINE)
		op->flags = IPCMBOX_DEADLINE;
	else
		op->flags &= IPCMBOX_NONBLOCK;
	if (first->waits_for_one)
		op->flags = IPCMBOX_NONBLOCK;
	op->deadline_ns = op->flags & IPCMBOX_DEADLINE ? first->deadline_ns : 0;
}

static void plan_vector(int worker, void (*plan_one)(int worker))
{
	struct operation *first = &stage->history.operations[stage->history.nr];
	int n = 2 + dice(VECTOR_MAX - 1), i;

	plan_one(worker);
	first->vector = n;
	first->waits_for_one = first->kind != SEND && dice(2);
	for (i = 1; i < n; i++) {
		plan_one(worker);
		follow(&first[i], first);
	}
}

static void plan_command(int worker, bool sends)
{
	const struct operation *op = &stage->history.operations[stage->history.nr];
	void (*plan_one)(int worker) = sends ? plan_send : plan_receive;

	/* As with what is selective: each receive of a vector could settle. */
	if (chance(character.vectors) && (sends || !character.handled)) {
		plan_vector(worker, plan_one);
		return;
	}
	plan_one(worker);
	if (op->kind == RECEIVE && chance(character.leases))
		plan_lease(worker);
	if (op->completion == IPCMBOX_HANDLED && chance(character.calls))
		plan_call(worker);
}

static void plan_worker(int worker)
{
	struct duty *duty = &stage->duties[worker];
	__u32 sends = 20 + dice(60);
	int n = dice(5);

	/* What is sent once is received often. */
	if (is_event())
		n = (n + 1) / 2;
	if (is_channel() && worker == RECEIVER)
		n *= 4;
	duty->first = stage->history.nr;
	while (n-- && stage->history.nr < OPERATIONS_MAX - RESERVE - VECTOR_MAX)
		plan_command(worker, is_channel() ? worker != RECEIVER : chance(sends));
	duty->count = stage->history.nr - duty->first;
}

/* What the master does. */

static bool has_reserve(int n)
{
	return stage->history.nr + n <= OPERATIONS_MAX;
}

static int do_now(const struct operation *op)
{
	perform(op - stage->history.operations);
	return op->result;
}

static void look(int port)
{
	struct operation *op = plan(STAT, MASTER);

	op->port = port;
	do_now(op);
}

static void look_around(void)
{
	int port = 0;

	do
		look(port);
	while (next_port(&port));
}

static void change(void)
{
	struct operation *op = plan(SET, MASTER);

	op->port = random_port();
	op->capacity = random_capacity();
	op->overflow = random_overflow();
	do_now(op);
}

static void help_receiver(void)
{
	struct operation *op = plan(SEND, MASTER);

	if (is_channel())
		op->port = MASTER;
	op->flags = IPCMBOX_NONBLOCK;
	op->priority = dice(2) * character.priorities;
	op->events = dice(2) ? 3 : 0;
	do_now(op);
}

static int help_sender(int port)
{
	struct operation *op = plan(RECEIVE, MASTER);

	op->port = port;
	op->flags = IPCMBOX_NONBLOCK;
	return do_now(op);
}

/* While the crew is at it. */
static void meddle(void)
{
	int n = dice(8);

	while (n--) {
		sched_yield();
		if (chance(20))
			look(random_place());
		if (chance(character.signals))
			crew_signal(dice(WORKERS));
		if (chance(character.changes))
			change();
		if (chance(character.kills))
			crew_kill(is_channel() ? 1 + dice(PROCESSES - 1) : dice(PROCESSES));
	}
}

/* Coming to rest. */

static bool goes_on(int worker)
{
	return !crew_is_done(worker);
}

static int count_busy(void)
{
	int worker, n = 0;

	for (worker = 0; worker < WORKERS; worker++)
		n += goes_on(worker);
	return n;
}

/* Somebody will go on without help. */
static bool is_any_temporary(void)
{
	int worker, nr;

	for (worker = 0; worker < WORKERS; worker++) {
		nr = goes_on(worker) ? crew_operation(worker, NONE) : NONE;
		if (nr != NONE && stage->history.operations[nr].flags & IPCMBOX_DEADLINE)
			return true;
	}
	return false;
}

/* All that are busy wait, and nothing will change before somebody helps. */
static bool is_at_rest(void)
{
	struct ipcmbox_info info;
	__u32 waiting = 0;
	int port = 0;

	do {
		info = mailbox_info(stage->fds[port]);
		waiting += info.waiting_receivers + info.waiting_senders;
		if (info.held)
			return false;
	} while (next_port(&port));
	return waiting == (__u32)count_busy() && !is_any_temporary();
}

static void signal_one(void)
{
	int worker, first = dice(WORKERS), i;

	for (i = 0; i < WORKERS; i++) {
		worker = (first + i) % WORKERS;
		if (goes_on(worker)) {
			crew_signal(worker);
			return;
		}
	}
}

static void help(void)
{
	/* It is known exactly who waits, and that nobody waits for what is there. */
	if (has_reserve(RESERVE / 2))
		look_around();
	if (!has_reserve(RESERVE / 2) || !dice(3))
		signal_one();
	else if (dice(2) || (is_channel() && goes_on(RECEIVER)))
		help_receiver();
	else
		help_sender(random_port());
}

/* Returns whether the round comes to its end. */
static bool await_end(void)
{
	__u64 start = now_ns(IPCMBOX_CLOCK_MONOTONIC);

	while (count_busy()) {
		if (is_at_rest()) {
			help();
			start = now_ns(IPCMBOX_CLOCK_MONOTONIC);
		}
		sched_yield();
		if (now_ns(IPCMBOX_CLOCK_MONOTONIC) - start > PATIENCE_NS)
			return false;
	}
	/* Leases of killed ones, too, end. */
	while (mailbox_info(stage->fds[0]).held) {
		sched_yield();
		if (now_ns(IPCMBOX_CLOCK_MONOTONIC) - start > PATIENCE_NS)
			return false;
	}
	return true;
}

static void drain(void)
{
	int port = is_channel() ? 0 : first_port();

	do {
		while (has_reserve(2 + stage->history.nr_parts) && !help_sender(port))
			;
	} while (next_port(&port));
	look_around();
}

static bool is_leased(const struct operation *op)
{
	return op->flags & IPCMBOX_LEASE &&
	       (op->state == KILLED || (op->state == ENDED && !op->result));
}

/* The end of a lease is nobody's operation, and need not have been seen. */
static void add_ends_of_leases(void)
{
	struct history *history = &stage->history;
	struct operation *op;
	int i, n = history->nr;

	for (i = 0; i < n && has_reserve(1); i++) {
		if (!is_leased(&history->operations[i]))
			continue;
		op = plan(EXPIRE, NONE);
		op->of = i;
		op->state = KILLED;
		op->invoked = history->operations[i].invoked + history->operations[i].lease_ns;
		op->returned = UINT64_MAX;
	}
}

static void count(struct tally *tally, const struct search *search)
{
	const struct operation *op;
	int i;

	tally->rounds++;
	tally->models += search->looked;
	for (i = 0; i < stage->history.nr; i++) {
		op = &stage->history.operations[i];
		if (op->kind == EXPIRE)
			continue;
		tally->operations += op->state != PLANNED;
		tally->kills += op->state == KILLED;
		if (op->state != ENDED)
			continue;
		tally->timeouts += op->result == -ETIMEDOUT;
		tally->interrupts += op->result == -EINTR;
		tally->faults += op->result == -EFAULT;
		tally->drops += op->result == IPCMBOX_SENT_DROPPED;
		tally->redeliveries += op->redelivered > 0;
		tally->vectors += op->vector > 1;
		tally->resumed += op->kind == RESUME;
	}
}

static void set_bounds(int port, const struct bounds *bounds)
{
	mailbox_change(stage->fds[port], .mask = IPCMBOX_SET_MAX_MESSAGES | IPCMBOX_SET_OVERFLOW,
		       .max_messages = bounds->capacity, .overflow = bounds->overflow);
}

/* Whatever it is. */
static bool discard(int port)
{
	static char buf[LENGTH_MAX];

	if (is_channel())
		return ring_receive(buf, sizeof(buf), IPCMBOX_NONBLOCK, 0) >= 0;
	return message_recv(stage->fds[port], .buf_ptr = ptr_u64(buf), .buf_len = sizeof(buf),
			    .flags = IPCMBOX_NONBLOCK) >= 0;
}

/* One message is told of what was lost before, so that the round begins with nothing. */
static void forget(void)
{
	static const struct bounds none = { .capacity = IPCMBOX_UNBOUNDED };
	int port;

	if (is_channel()) {
		while (discard(0))
			;
		return;
	}
	for (port = first_port(); port <= stage->history.nr_parts; port++)
		set_bounds(port, &none);
	put(stage->send_fd, 0, 0);
	for (port = first_port(); port <= stage->history.nr_parts; port++)
		while (discard(port))
			;
}

static void bound(int port)
{
	struct bounds *bounds = &stage->history.bounds[port];

	if (is_channel()) {
		bounds->capacity = 2 << dice(3);
		return;
	}
	bounds->capacity = random_capacity();
	bounds->overflow = random_overflow();
	set_bounds(port, bounds);
}

static void prepare(__u32 seed)
{
	struct history *history = &stage->history;
	int worker, port;

	forget();
	state = seed;
	choose_character();
	history->nr = 0;
	history->first_seq = mailbox_info(stage->fds[0]).next_seq;
	for (port = first_port(); port <= history->nr_parts; port++)
		bound(port);
	for (worker = 0; worker < WORKERS; worker++)
		plan_worker(worker);
}

bool round_play(__u32 seed, struct tally *tally)
{
	static struct search search;
	enum verdict verdict;

	if (!crew_replace())
		return false;
	prepare(seed);
	crew_go();
	meddle();
	if (!await_end()) {
		fprintf(stderr, "# seed %u: somebody waits for ever\n", seed);
		history_print(&stage->history);
		return false;
	}
	drain();
	add_ends_of_leases();
	verdict = search_history(&search, &stage->history);
	count(tally, &search);
	tally->undecided += verdict == UNDECIDED;
	if (verdict != WRONG)
		return true;
	fprintf(stderr, "# seed %u: not linearizable\n", seed);
	search_print(&search);
	return false;
}
