// SPDX-License-Identifier: GPL-2.0-only
/*
 * A mailbox as it is meant to be.
 */
#include <errno.h>
#include <string.h>

#include <linux/ipcmbox.h>

#include "model.h"

#define DROP_MAX	64

static const struct operation *at(const struct history *history, int nr)
{
	return &history->operations[nr];
}

static void list_insert(struct list *list, int position, int nr)
{
	memmove(&list->at[position + 1], &list->at[position], list->nr - position);
	list->at[position] = nr;
	list->nr++;
}

static bool list_remove(struct list *list, int nr)
{
	char *found = memchr(list->at, nr, list->nr);

	if (!found)
		return false;
	list->nr--;
	memmove(found, found + 1, list->at + list->nr - (__s8 *)found);
	/* Models that are the same look the same. */
	list->at[list->nr] = 0;
	return true;
}

void model_begin(struct model *model, const struct history *history)
{
	memset(model, 0, sizeof(*model));
	model->capacity = history->capacity;
	model->overflow = history->overflow;
	memset(model->receiver, NONE, sizeof(model->receiver));
	memset(model->message, NONE, sizeof(model->message));
}

/* The outcome of an operation is decided. Returns whether it is the one that was recorded. */
static bool conclude(struct model *model, const struct history *history, int nr, int result)
{
	model->phase[nr] = OVER;
	return at(history, nr)->state == KILLED || at(history, nr)->result == result;
}

/* Would the receive, if it returned with the message now, return what was recorded? */
static bool fits(const struct model *model, const struct history *history, int nr, int message,
		 __u32 lost)
{
	const struct operation *op = at(history, nr);

	return op->state == KILLED ||
	       (!op->result && op->got == message &&
		op->seq == history->first_seq + model->seq[message] && op->lost == lost &&
		(op->redelivered < 0 || op->redelivered == model->redelivered[message]));
}

static bool is_awaited(const struct model *model, int message)
{
	return model->phase[message] == WAITING;
}

static bool is_wanted(const struct history *history, int receiver, int message)
{
	const struct operation *op = at(history, receiver), *send = at(history, message);

	return send->priority >= op->priority && (!op->events || op->events & send->events);
}

static bool has_room(const struct model *model, __u32 dropped)
{
	return model->capacity == IPCMBOX_UNBOUNDED ||
	       model->queue.nr - dropped < model->capacity;
}

static void insert(const struct model *model, const struct history *history, struct list *list,
		   int message)
{
	int i, other;

	for (i = 0; i < list->nr; i++) {
		other = list->at[i];
		if (at(history, other)->priority < at(history, message)->priority ||
		    (at(history, other)->priority == at(history, message)->priority &&
		     model->seq[other] > model->seq[message]))
			break;
	}
	list_insert(list, i, message);
}

/* Receives that only look are shown what comes to stay. */
static void show(struct model *model, const struct history *history, int message)
{
	__u32 lost = model->lost_first;
	int i, nr;

	lost += model->place[message] == PENDING ? model->lost_next : model->lost[message];
	for (i = 0; i < model->receivers.nr;) {
		nr = model->receivers.at[i];
		if (at(history, nr)->kind == PEEK && is_wanted(history, nr, message)) {
			list_remove(&model->receivers, nr);
			/* One that had to wait for its memory looks again. */
			model->phase[nr] = fits(model, history, nr, message, lost) ? OVER : NEW;
		} else {
			i++;
		}
	}
}

static void enqueue(struct model *model, const struct history *history, int message)
{
	model->place[message] = QUEUED;
	insert(model, history, &model->queue, message);
}

static void accept(struct model *model, int message)
{
	model->lost[message] = model->lost_next;
	model->lost_next = 0;
}

static bool accept_pending(struct model *model, const struct history *history, int message)
{
	list_remove(&model->pending, message);
	accept(model, message);
	return at(history, message)->completion != IPCMBOX_QUEUED ||
	       conclude(model, history, message, 0);
}

/* There may be room: blocked senders are let in, in their order. */
static bool admit(struct model *model, const struct history *history)
{
	int message;

	while (model->pending.nr && has_room(model, 0)) {
		message = model->pending.at[0];
		if (!accept_pending(model, history, message))
			return false;
		enqueue(model, history, message);
	}
	return true;
}

/* Receiving. */

static bool finish(struct model *model, const struct history *history, int receiver)
{
	int message = model->message[receiver];
	const struct operation *op = at(history, receiver);
	__u32 completion = at(history, message)->completion;
	bool is_leased = op->flags & IPCMBOX_LEASE;

	if (!fits(model, history, receiver, message, model->lost[message]))
		return false;
	/* Whose sender has left word was not received; but it can be held, or the sender dead. */
	if (model->unwanted[message] &&
	    (completion != IPCMBOX_HANDLED ||
	     !(is_leased || at(history, message)->state == KILLED)))
		return false;
	model->phase[receiver] = OVER;
	model->message[receiver] = NONE;
	model->unwanted[message] = false;
	model->place[message] = is_leased ? HELD : NOWHERE;
	if (!is_leased)
		model->receiver[message] = NONE;
	if (is_awaited(model, message) && (!is_leased || completion == IPCMBOX_RECEIVED))
		return conclude(model, history, message, 0);
	return true;
}

static bool take(struct model *model, const struct history *history, int receiver, int message)
{
	const struct operation *op = at(history, receiver);

	model->lost[message] += model->lost_first;
	model->lost_first = 0;
	model->place[message] = TAKEN;
	model->receiver[message] = receiver;
	model->message[receiver] = message;
	model->phase[receiver] = TAKING;
	/* What nobody can see need not be a step. */
	if (op->state == ENDED && !op->result && !is_awaited(model, message) &&
	    !(op->flags & IPCMBOX_LEASE))
		return finish(model, history, receiver);
	return true;
}

static bool hand_over(struct model *model, const struct history *history, int message)
{
	int i, nr;

	for (i = 0; i < model->receivers.nr; i++) {
		nr = model->receivers.at[i];
		if (at(history, nr)->kind == RECEIVE && is_wanted(history, nr, message)) {
			list_remove(&model->receivers, nr);
			return take(model, history, nr, message);
		}
	}
	enqueue(model, history, message);
	show(model, history, message);
	return true;
}

static bool has_taker(const struct model *model, const struct history *history, int message)
{
	int i, nr;

	for (i = 0; i < model->receivers.nr; i++) {
		nr = model->receivers.at[i];
		if (at(history, nr)->kind == RECEIVE && is_wanted(history, nr, message))
			return true;
	}
	return false;
}

static int find(const struct list *list, const struct history *history, int receiver)
{
	int i;

	for (i = 0; i < list->nr; i++)
		if (is_wanted(history, receiver, list->at[i]))
			return list->at[i];
	return NONE;
}

static bool arrive_receive(struct model *model, const struct history *history, int nr)
{
	const struct operation *op = at(history, nr);
	int message = find(&model->queue, history, nr);
	__u32 lost;

	if (message == NONE)
		message = find(&model->pending, history, nr);
	if (message == NONE) {
		if (is_nonblocking(op))
			return conclude(model, history, nr, -EAGAIN);
		model->phase[nr] = WAITING;
		list_insert(&model->receivers, model->receivers.nr, nr);
		return true;
	}
	if (op->kind == PEEK) {
		lost = model->lost_first;
		lost += model->place[message] == PENDING ? model->lost_next : model->lost[message];
		model->phase[nr] = OVER;
		return fits(model, history, nr, message, lost);
	}
	if (model->place[message] == PENDING) {
		if (!accept_pending(model, history, message))
			return false;
	} else {
		list_remove(&model->queue, message);
		if (!admit(model, history))
			return false;
	}
	return take(model, history, nr, message);
}

/* It was accepted, and does not count as sent after all. */
static void retract(struct model *model, int message)
{
	model->lost_first += model->lost[message];
	model->place[message] = NOWHERE;
	model->receiver[message] = NONE;
}

static bool put_back(struct model *model, const struct history *history, int receiver)
{
	int message = model->message[receiver];

	if (at(history, receiver)->state == ENDED && at(history, receiver)->result != -EFAULT)
		return false;
	model->phase[receiver] = OVER;
	model->message[receiver] = NONE;
	if (model->unwanted[message]) {
		model->unwanted[message] = false;
		retract(model, message);
		return true;
	}
	model->receiver[message] = NONE;
	return hand_over(model, history, message);
}

/* Sending. */

static bool number(struct model *model, const struct history *history, int message)
{
	int i;

	model->seq[message] = model->next_seq++;
	/* Who received it knows better. */
	for (i = 0; i < history->nr; i++) {
		const struct operation *op = at(history, i);

		if (op->state == ENDED && !op->result && op->got == message)
			return op->seq == history->first_seq + model->seq[message];
	}
	return true;
}

static bool drop(struct model *model, const struct history *history, int victim)
{
	list_remove(&model->queue, victim);
	if (is_awaited(model, victim)) {
		retract(model, victim);
		return conclude(model, history, victim, -EAGAIN);
	}
	model->place[victim] = NOWHERE;
	model->lost_first += model->lost[victim] + 1;
	return true;
}

/* The oldest of the lowest priority, but for those @skipped that would be dropped before it. */
static int find_victim(const struct model *model, const struct history *history, int skipped)
{
	int i, end = model->queue.nr, begin = end;
	__u32 priority;

	while (begin) {
		priority = at(history, model->queue.at[begin - 1])->priority;
		while (begin && at(history, model->queue.at[begin - 1])->priority == priority)
			begin--;
		for (i = begin; i < end; i++)
			if (!skipped--)
				return model->queue.at[i];
		end = begin;
	}
	return NONE;
}

static bool make_room(struct model *model, const struct history *history, int message)
{
	__u32 priority = at(history, message)->priority;
	int n, victim;

	if (model->pending.nr && at(history, model->pending.at[0])->priority >= priority)
		return true;
	for (n = 0; !has_room(model, n); n++) {
		victim = find_victim(model, history, n);
		if (n == DROP_MAX || victim == NONE || at(history, victim)->priority > priority)
			return true;
	}
	while (n--)
		if (!drop(model, history, find_victim(model, history, 0)))
			return false;
	return true;
}

static bool overflow(struct model *model, const struct history *history, int nr)
{
	const struct operation *op = at(history, nr);

	switch (model->overflow) {
	case IPCMBOX_OVERFLOW_FAIL:
		return conclude(model, history, nr, -EAGAIN);
	case IPCMBOX_OVERFLOW_DROP_OLDEST:
	case IPCMBOX_OVERFLOW_DROP_NEWEST:
		if (op->completion != IPCMBOX_QUEUED)
			return conclude(model, history, nr, -EAGAIN);
		model->lost_next++;
		return number(model, history, nr) &&
		       conclude(model, history, nr, IPCMBOX_SENT_DROPPED);
	}
	if (is_nonblocking(op))
		return conclude(model, history, nr, -EAGAIN);
	if (!number(model, history, nr))
		return false;
	model->phase[nr] = WAITING;
	model->place[nr] = PENDING;
	insert(model, history, &model->pending, nr);
	show(model, history, nr);
	return true;
}

static bool arrive_send(struct model *model, const struct history *history, int nr)
{
	const struct operation *op = at(history, nr);
	bool waits = op->completion != IPCMBOX_QUEUED;

	if (!has_taker(model, history, nr)) {
		if (waits && is_nonblocking(op))
			return conclude(model, history, nr, -EAGAIN);
		if (model->overflow == IPCMBOX_OVERFLOW_DROP_OLDEST &&
		    !make_room(model, history, nr))
			return false;
		/* Who waits for room already goes first, but for more urgent messages. */
		if (!has_room(model, 0) ||
		    (model->pending.nr &&
		     at(history, model->pending.at[0])->priority >= op->priority))
			return overflow(model, history, nr);
	}
	if (!number(model, history, nr))
		return false;
	accept(model, nr);
	if (waits && !is_nonblocking(op))
		model->phase[nr] = WAITING;
	else if (!conclude(model, history, nr, 0))
		return false;
	return hand_over(model, history, nr) && admit(model, history);
}

/* Leases. */

static bool give_back(struct model *model, const struct history *history, int message)
{
	model->place[message] = NOWHERE;
	model->receiver[message] = NONE;
	if (at(history, message)->completion == IPCMBOX_HANDLED && !is_awaited(model, message))
		return true;
	model->redelivered[message]++;
	return hand_over(model, history, message);
}

static int find_held(const struct model *model, const struct history *history, int receiver)
{
	int i;

	for (i = 0; i < history->nr; i++)
		if (model->place[i] == HELD && model->receiver[i] == receiver)
			return i;
	return NONE;
}

static bool settle(struct model *model, const struct history *history, int nr)
{
	const struct operation *op = at(history, nr);
	int message = find_held(model, history, op->of);
	bool is_given_up;

	if (message == NONE)
		return conclude(model, history, nr, -ESTALE);
	is_given_up = at(history, message)->completion == IPCMBOX_HANDLED &&
		      !is_awaited(model, message);
	if (!conclude(model, history, nr, is_given_up ? -EPIPE : 0))
		return false;
	if (op->action == IPCMBOX_SETTLE_REFUSE)
		return give_back(model, history, message);
	model->place[message] = NOWHERE;
	model->receiver[message] = NONE;
	return at(history, message)->completion != IPCMBOX_HANDLED || is_given_up ||
	       conclude(model, history, message, 0);
}

static bool expire(struct model *model, const struct history *history, int nr)
{
	int message = find_held(model, history, at(history, nr)->of);

	model->phase[nr] = OVER;
	return message != NONE && give_back(model, history, message);
}

/* Administration. */

static bool set(struct model *model, const struct history *history, int nr)
{
	model->capacity = at(history, nr)->capacity;
	model->overflow = at(history, nr)->overflow;
	return conclude(model, history, nr, 0) && admit(model, history);
}

static bool stat(struct model *model, const struct history *history, int nr)
{
	const struct sight *sight = &at(history, nr)->sight;
	__u32 senders = 0, held = 0;
	int i;

	for (i = 0; i < history->nr; i++) {
		senders += at(history, i)->kind == SEND && model->phase[i] == WAITING;
		held += model->place[i] == HELD;
	}
	return conclude(model, history, nr, 0) && sight->queued == model->queue.nr &&
	       sight->receivers == model->receivers.nr && sight->senders == senders &&
	       sight->held == held &&
	       sight->next_seq == history->first_seq + model->next_seq;
}

/* Leaving. */

/* Its message is in the hands of a receiver. */
static bool leave_taken(struct model *model, const struct history *history, int message,
			enum step step)
{
	int receiver = model->receiver[message];

	switch (step) {
	case LEAVE_WORD:
		model->unwanted[message] = true;
		return true;
	case DIE:
		/* For whom should it be handled? */
		model->unwanted[message] = at(history, message)->completion == IPCMBOX_HANDLED;
		return at(history, message)->state == KILLED;
	default:
		/* The receiver waits for its memory, and begins anew when it has that. */
		retract(model, message);
		model->phase[receiver] = NEW;
		model->message[receiver] = NONE;
		return true;
	}
}

static bool leave(struct model *model, const struct history *history, int nr, enum step step)
{
	const struct operation *op = at(history, nr);

	if (op->state == ENDED && op->result != -ETIMEDOUT && op->result != -EINTR)
		return false;
	model->phase[nr] = OVER;
	if (list_remove(&model->receivers, nr))
		return step == LEAVE;
	if (model->place[nr] == TAKEN)
		return leave_taken(model, history, nr, step);
	if (step != LEAVE)
		return false;
	/* What is held was received; its receiver goes on with it. */
	if (model->place[nr] == HELD)
		return true;
	if (list_remove(&model->queue, nr))
		retract(model, nr);
	else
		list_remove(&model->pending, nr);
	model->place[nr] = NOWHERE;
	return admit(model, history);
}

static bool arrive(struct model *model, const struct history *history, int nr)
{
	switch (at(history, nr)->kind) {
	case SEND:
		return arrive_send(model, history, nr);
	case RECEIVE:
	case PEEK:
		return arrive_receive(model, history, nr);
	case SETTLE:
		return settle(model, history, nr);
	case EXPIRE:
		return expire(model, history, nr);
	case SET:
		return set(model, history, nr);
	case STAT:
		return stat(model, history, nr);
	}
	return false;
}

bool model_step(struct model *model, const struct history *history, int nr, enum step step)
{
	switch (step) {
	case ARRIVE:
		return model->phase[nr] == NEW && arrive(model, history, nr);
	case TAKE:
		return model->phase[nr] == TAKING && finish(model, history, nr);
	case PUT_BACK:
		return model->phase[nr] == TAKING && put_back(model, history, nr);
	default:
		return model->phase[nr] == WAITING && leave(model, history, nr, step);
	}
}

static void list_print(const char *name, const struct list *list)
{
	int i;

	fprintf(stderr, " %s", name);
	for (i = 0; i < list->nr; i++)
		fprintf(stderr, " %d", list->at[i]);
	fprintf(stderr, ";");
}

void model_print(const struct model *model)
{
	int i;

	fprintf(stderr, "#   then:");
	list_print("queue", &model->queue);
	list_print("waiting for room", &model->pending);
	list_print("waiting to receive", &model->receivers);
	for (i = 0; i < OPERATIONS_MAX; i++) {
		if (model->place[i] == TAKEN || model->place[i] == HELD)
			fprintf(stderr, " %d %s by %d;", i,
				model->place[i] == HELD ? "held" : "taken", model->receiver[i]);
	}
	fprintf(stderr, "\n");
}
