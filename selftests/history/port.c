// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ports.
 */
#include <errno.h>
#include <string.h>

#include <linux/ipcmbox.h>

#include "model.h"

#define DROP_MAX	64

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

void port_begin(struct port *port, __u32 capacity, __u32 overflow)
{
	port->capacity = capacity;
	port->overflow = overflow;
	memset(port->leaver, NONE, sizeof(port->leaver));
	memset(port->receiver, NONE, sizeof(port->receiver));
}

/* Would the receive, if it returned with the message now, return what was recorded? */
static bool fits(const struct model *model, const struct port *port, int nr, int message,
		 __u32 lost)
{
	const struct operation *op = at(model, nr);

	return op->state == KILLED ||
	       (!op->result && op->got == message &&
		op->seq == model->history->first_seq + model->seq[message] && op->lost == lost &&
		(op->redelivered < 0 || op->redelivered == port->redelivered[message]));
}

static bool is_awaited(const struct model *model, int message)
{
	return call_waiter(model, message) != NONE;
}

static bool is_wanted(const struct model *model, int receiver, int message)
{
	const struct operation *op = at(model, receiver), *send = at(model, message);

	return send->priority >= op->priority && (!op->events || op->events & send->events);
}

static bool would_have_room(const struct port *port, __u32 dropped)
{
	return port->capacity == IPCMBOX_UNBOUNDED ||
	       port->queue.nr - dropped < port->capacity;
}

bool port_has_room(const struct port *port)
{
	return would_have_room(port, 0);
}

bool port_drop_first(struct port *port)
{
	return port->queue.nr && list_remove(&port->queue, port->queue.at[0]);
}

bool port_drops(const struct port *port)
{
	return port->overflow == IPCMBOX_OVERFLOW_DROP_OLDEST ||
	       port->overflow == IPCMBOX_OVERFLOW_DROP_NEWEST;
}

static void insert(const struct model *model, struct list *list, int message)
{
	int i, other;

	for (i = 0; i < list->nr; i++) {
		other = list->at[i];
		if (at(model, other)->priority < at(model, message)->priority ||
		    (at(model, other)->priority == at(model, message)->priority &&
		     model->seq[other] > model->seq[message]))
			break;
	}
	list_insert(list, i, message);
}

/* Receives that only look are shown what comes to stay. */
static void show(struct model *model, struct port *port, int message)
{
	__u32 lost = port->lost_first;
	int i, nr;

	lost += port->place[message] == PENDING ? port->lost_next : port->lost[message];
	for (i = 0; i < port->receivers.nr;) {
		nr = port->receivers.at[i];
		if (at(model, nr)->kind == PEEK && is_wanted(model, nr, message)) {
			list_remove(&port->receivers, nr);
			/* One that had to wait for its memory looks again. */
			model->phase[nr] = fits(model, port, nr, message, lost) ? OVER : NEW;
		} else {
			i++;
		}
	}
}

static void enqueue(struct model *model, struct port *port, int message)
{
	port->place[message] = QUEUED;
	insert(model, &port->queue, message);
}

static void accept(struct port *port, int message)
{
	port->lost[message] = port->lost_next;
	port->lost_next = 0;
}

static bool accept_pending(struct model *model, struct port *port, int message)
{
	list_remove(&port->pending, message);
	accept(port, message);
	return at(model, message)->completion != IPCMBOX_QUEUED ||
	       model_conclude(model, message, 0);
}

bool port_admit(struct model *model, struct port *port)
{
	int message;

	while (port->pending.nr && port_has_room(port)) {
		message = port->pending.at[0];
		if (!accept_pending(model, port, message))
			return false;
		enqueue(model, port, message);
	}
	return true;
}

/* Receiving. */

/* Its message is received all the same. */
static bool can_leave(struct model *model, int message, int leaver, bool is_leased)
{
	if (at(model, message)->completion != IPCMBOX_HANDLED)
		return false;
	if (leaver == DEAD)
		return true;
	if (is_leased)
		return call_leave(model, leaver, true);
	return at(model, leaver)->state == KILLED;
}

bool port_finish(struct model *model, struct port *port, int receiver)
{
	int message = model->message[receiver];
	const struct operation *op = at(model, receiver);
	__u32 completion = at(model, message)->completion;
	bool is_leased = op->flags & IPCMBOX_LEASE;
	int leaver = port->leaver[message];

	if (!fits(model, port, receiver, message, port->lost[message]))
		return false;
	/* Whose sender has left word was not received; but it can be held, or the sender dead. */
	if (leaver != NONE && !can_leave(model, message, leaver, is_leased))
		return false;
	model->phase[receiver] = OVER;
	model->message[receiver] = NONE;
	port->leaver[message] = NONE;
	port->place[message] = is_leased ? HELD : NOWHERE;
	if (!is_leased)
		port->receiver[message] = NONE;
	if (is_awaited(model, message) && (!is_leased || completion == IPCMBOX_RECEIVED))
		return call_conclude(model, port, message, 0, NONE);
	return true;
}

static bool take(struct model *model, struct port *port, int receiver, int message)
{
	const struct operation *op = at(model, receiver);

	port->lost[message] += port->lost_first;
	port->lost_first = 0;
	port->place[message] = TAKEN;
	port->receiver[message] = receiver;
	model->message[receiver] = message;
	model->phase[receiver] = TAKING;
	/* What nobody can see need not be a step. */
	if (op->state == ENDED && !op->result && !is_awaited(model, message) &&
	    !(op->flags & IPCMBOX_LEASE))
		return port_finish(model, port, receiver);
	return true;
}

bool port_hand_over(struct model *model, struct port *port, int message)
{
	int i, nr;

	for (i = 0; i < port->receivers.nr; i++) {
		nr = port->receivers.at[i];
		if (at(model, nr)->kind == RECEIVE && is_wanted(model, nr, message)) {
			list_remove(&port->receivers, nr);
			return take(model, port, nr, message);
		}
	}
	enqueue(model, port, message);
	show(model, port, message);
	return true;
}

bool port_has_taker(const struct model *model, const struct port *port, int message)
{
	int i, nr;

	for (i = 0; i < port->receivers.nr; i++) {
		nr = port->receivers.at[i];
		if (at(model, nr)->kind == RECEIVE && is_wanted(model, nr, message))
			return true;
	}
	return false;
}

static int find(const struct model *model, const struct list *list, int receiver)
{
	int i;

	for (i = 0; i < list->nr; i++)
		if (is_wanted(model, receiver, list->at[i]))
			return list->at[i];
	return NONE;
}

static bool await(struct model *model, struct port *port, int receiver)
{
	model->phase[receiver] = WAITING;
	list_insert(&port->receivers, port->receivers.nr, receiver);
	/* An event need not wait for room where somebody waits for it. */
	if (is_member(model, port) && at(model, receiver)->kind == RECEIVE && !port_has_room(port))
		event_make_room(model, receiver);
	return true;
}

static bool remove_queued(struct model *model, struct port *port, int receiver, int message)
{
	if (is_member(model, port) && !port_has_room(port) && !port_drops(port))
		event_make_room(model, receiver);
	list_remove(&port->queue, message);
	return port_admit(model, port);
}

bool port_receive(struct model *model, struct port *port, int nr)
{
	const struct operation *op = at(model, nr);
	int message = find(model, &port->queue, nr);
	__u32 lost;

	if (message == NONE)
		message = find(model, &port->pending, nr);
	if (message == NONE) {
		if (is_nonblocking(op))
			return model_conclude(model, nr, -EAGAIN);
		return await(model, port, nr);
	}
	if (op->kind == PEEK) {
		lost = port->lost_first;
		lost += port->place[message] == PENDING ? port->lost_next : port->lost[message];
		model->phase[nr] = OVER;
		return fits(model, port, nr, message, lost);
	}
	if (port->place[message] == PENDING) {
		if (!accept_pending(model, port, message))
			return false;
	} else if (!remove_queued(model, port, nr, message)) {
		return false;
	}
	return take(model, port, nr, message);
}

/* It was accepted, and does not count as sent after all. */
static void retract(struct port *port, int message)
{
	port->lost_first += port->lost[message];
	port->place[message] = NOWHERE;
	port->receiver[message] = NONE;
}

bool port_put_back(struct model *model, struct port *port, int receiver)
{
	int message = model->message[receiver], leaver = port->leaver[message];

	if (at(model, receiver)->state == ENDED && at(model, receiver)->result != -EFAULT)
		return false;
	model->phase[receiver] = FAILED;
	model->message[receiver] = NONE;
	if (leaver != NONE) {
		port->leaver[message] = NONE;
		retract(port, message);
		return leaver == DEAD || call_leave(model, leaver, false);
	}
	port->receiver[message] = NONE;
	return port_hand_over(model, port, message);
}

/* Sending. */

bool port_number(struct model *model, struct port *port, int message)
{
	int i;

	model->seq[message] = port->next_seq++;
	/* Who received it knows better. */
	for (i = 0; i < model->history->nr; i++) {
		const struct operation *op = at(model, i);

		if (op->state == ENDED && !op->result && op->got == message)
			return op->seq == model->history->first_seq + model->seq[message];
	}
	return true;
}

static bool drop(struct model *model, struct port *port, int victim)
{
	list_remove(&port->queue, victim);
	if (is_awaited(model, victim)) {
		retract(port, victim);
		return call_conclude(model, port, victim, -EAGAIN, NONE);
	}
	port->place[victim] = NOWHERE;
	port->lost_first += port->lost[victim] + 1;
	return true;
}

/* The oldest of the lowest priority, but for those @skipped that would be dropped before it. */
static int find_victim(const struct model *model, const struct port *port, int skipped)
{
	int i, end = port->queue.nr, begin = end;
	__u32 priority;

	while (begin) {
		priority = at(model, port->queue.at[begin - 1])->priority;
		while (begin && at(model, port->queue.at[begin - 1])->priority == priority)
			begin--;
		for (i = begin; i < end; i++)
			if (!skipped--)
				return port->queue.at[i];
		end = begin;
	}
	return NONE;
}

static bool make_room(struct model *model, struct port *port, int message)
{
	__u32 priority = at(model, message)->priority;
	int n, victim;

	if (port->pending.nr && at(model, port->pending.at[0])->priority >= priority)
		return true;
	for (n = 0; !would_have_room(port, n); n++) {
		victim = find_victim(model, port, n);
		if (n == DROP_MAX || victim == NONE || at(model, victim)->priority > priority)
			return true;
	}
	while (n--)
		if (!drop(model, port, find_victim(model, port, 0)))
			return false;
	return true;
}

void port_suspend(struct model *model, struct port *port, int message)
{
	model->phase[message] = WAITING;
	port->place[message] = PENDING;
	insert(model, &port->pending, message);
}

bool port_resume(struct port *port, int message)
{
	if (port->place[message] != PENDING)
		return false;
	port->place[message] = NOWHERE;
	return list_remove(&port->pending, message);
}

static bool overflow(struct model *model, struct port *port, int nr)
{
	const struct operation *op = at(model, nr);

	switch (port->overflow) {
	case IPCMBOX_OVERFLOW_FAIL:
		return model_conclude(model, nr, -EAGAIN);
	case IPCMBOX_OVERFLOW_DROP_OLDEST:
	case IPCMBOX_OVERFLOW_DROP_NEWEST:
		if (op->completion != IPCMBOX_QUEUED)
			return model_conclude(model, nr, -EAGAIN);
		port->lost_next++;
		return port_number(model, port, nr) &&
		       model_conclude(model, nr, IPCMBOX_SENT_DROPPED);
	}
	if (is_nonblocking(op))
		return model_conclude(model, nr, -EAGAIN);
	if (!port_number(model, port, nr))
		return false;
	port_suspend(model, port, nr);
	show(model, port, nr);
	return true;
}

bool port_send(struct model *model, struct port *port, int nr)
{
	const struct operation *op = at(model, nr);
	bool waits = op->completion != IPCMBOX_QUEUED;

	if (!port_has_taker(model, port, nr)) {
		if (waits && is_nonblocking(op))
			return model_conclude(model, nr, -EAGAIN);
		if (port->overflow == IPCMBOX_OVERFLOW_DROP_OLDEST &&
		    !make_room(model, port, nr))
			return false;
		/* Who waits for room already goes first, but for more urgent messages. */
		if (!port_has_room(port) ||
		    (port->pending.nr &&
		     at(model, port->pending.at[0])->priority >= op->priority))
			return overflow(model, port, nr);
	}
	if (!port_number(model, port, nr))
		return false;
	accept(port, nr);
	if (waits && !is_nonblocking(op))
		model->phase[nr] = WAITING;
	else if (!model_conclude(model, nr, 0))
		return false;
	return port_hand_over(model, port, nr) && port_admit(model, port);
}

bool port_deliver(struct model *model, struct port *port, int message)
{
	if (!port_has_taker(model, port, message) && port_drops(port)) {
		if (port->overflow == IPCMBOX_OVERFLOW_DROP_OLDEST &&
		    !make_room(model, port, message))
			return false;
		if (!port_has_room(port)) {
			port->lost_next++;
			return true;
		}
	}
	accept(port, message);
	return port_hand_over(model, port, message);
}

/* Leaving. */

bool port_cancel(struct port *port, int receiver)
{
	return list_remove(&port->receivers, receiver);
}

void port_withdraw(struct port *port, int message)
{
	if (list_remove(&port->queue, message))
		retract(port, message);
	else
		list_remove(&port->pending, message);
	port->place[message] = NOWHERE;
}

bool port_leave_taken(struct model *model, struct port *port, int nr, enum step step)
{
	int message = call_message(model, nr), receiver = port->receiver[message];

	switch (step) {
	case LEAVE_WORD:
		port->leaver[message] = nr;
		model->calls.resumer[message] = NONE;
		return true;
	case DIE:
		/* For whom should it be handled? */
		if (at(model, message)->completion == IPCMBOX_HANDLED)
			port->leaver[message] = DEAD;
		return call_die(model, nr);
	default:
		/* The receiver waits for its memory, and begins anew when it has that. */
		retract(port, message);
		model->phase[receiver] = NEW;
		model->message[receiver] = NONE;
		return call_leave(model, nr, false);
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

void port_print(const struct port *port)
{
	int i;

	list_print("queue", &port->queue);
	list_print("waiting for room", &port->pending);
	list_print("waiting to receive", &port->receivers);
	for (i = 0; i < OPERATIONS_MAX; i++) {
		if (port->place[i] == TAKEN || port->place[i] == HELD)
			fprintf(stderr, " %d %s by %d;", i,
				port->place[i] == HELD ? "held" : "taken", port->receiver[i]);
	}
}
