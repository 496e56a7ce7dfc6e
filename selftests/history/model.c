// SPDX-License-Identifier: GPL-2.0-only
/*
 * A mailbox as it is meant to be.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <linux/ipcmbox.h>

#include "channel.h"
#include "lease.h"
#include "model.h"

/* Those that are there. */
static int nr_ports(const struct model *model)
{
	return 1 + model->history->nr_parts;
}

void model_begin(struct model *model, const struct history *history)
{
	int i;

	memset(model, 0, sizeof(*model));
	model->history = history;
	memset(model->message, NONE, sizeof(model->message));
	call_begin(model);
	event_begin(model);
	for (i = 0; i < nr_ports(model); i++)
		port_begin(&model->ports[i], history->bounds[i].capacity,
			   history->bounds[i].overflow);
}

size_t model_size(const struct model *model)
{
	return offsetof(struct model, ports) + nr_ports(model) * sizeof(model->ports[0]);
}

static bool is_event(const struct model *model)
{
	return model->history->discipline == IPCMBOX_EVENT;
}

static bool is_channel(const struct model *model)
{
	return model->history->discipline == IPCMBOX_CHANNEL;
}

bool model_is_over(const struct model *model, int nr)
{
	return model->phase[nr] >= OVER && event_is_over(model, nr);
}

/* The outcome of an operation is decided. Returns whether it is the one that was recorded. */
bool model_conclude(struct model *model, int nr, int result)
{
	model->phase[nr] = result < 0 ? FAILED : OVER;
	return at(model, nr)->state == KILLED || at(model, nr)->result == result;
}

/* Administration. */

static bool set(struct model *model, struct port *port, int nr)
{
	port->capacity = at(model, nr)->capacity;
	port->overflow = at(model, nr)->overflow;
	if (is_member(model, port))
		event_make_room(model, nr);
	return model_conclude(model, nr, 0) && port_admit(model, port);
}

static __u32 count_senders(const struct model *model)
{
	__u32 n = 0;
	int i;

	for (i = 0; i < model->history->nr; i++)
		n += at(model, i)->kind == SEND && call_waiter(model, i) != NONE;
	return n;
}

static __u32 count_held(const struct port *port)
{
	__u32 n = 0;
	int i;

	for (i = 0; i < OPERATIONS_MAX; i++)
		n += port->place[i] == HELD;
	return n;
}

static bool stat(struct model *model, struct port *port, int nr)
{
	const struct sight *sight = &at(model, nr)->sight;

	if (!model_conclude(model, nr, 0) || sight->queued != port->queue.nr ||
	    sight->receivers != port->receivers.nr || sight->held != count_held(port))
		return false;
	/* Who sends to members waits elsewhere. */
	return is_member(model, port) ||
	       (sight->senders == count_senders(model) &&
		sight->next_seq == model->history->first_seq + port->next_seq);
}

/* Leaving. */

static bool leave(struct model *model, struct port *port, int nr, enum step step)
{
	const struct operation *op = at(model, nr);
	int message = call_message(model, nr);

	if (op->state == ENDED && op->result != -ETIMEDOUT && op->result != -EINTR)
		return false;
	model->phase[nr] = FAILED;
	if (is_channel(model) || port_cancel(port, nr))
		return step == LEAVE;
	if (port->place[message] == TAKEN)
		return port_leave_taken(model, port, nr, step);
	/* What is held was received; its receiver goes on with it. */
	if (port->place[message] == HELD && step != LEAVE_WORD)
		return step == DIE ? call_die(model, nr) : call_leave(model, nr, true);
	if (step != LEAVE)
		return false;
	if (is_event(model))
		return event_leave(model, nr);
	port_withdraw(port, message);
	return call_leave(model, nr, false) && port_admit(model, port);
}

static bool arrive(struct model *model, struct port *port, int nr)
{
	switch (at(model, nr)->kind) {
	case SEND:
		if (is_event(model))
			return event_arrive(model, nr);
		if (is_channel(model))
			return channel_send(model, port, nr);
		return port_send(model, port, nr);
	case RECEIVE:
		if (is_channel(model))
			return channel_receive(model, nr);
		return port_receive(model, port, nr);
	case PEEK:
		return port_receive(model, port, nr);
	case RESUME:
		return call_resume(model, port, nr);
	case CANCEL:
		return call_cancel(model, port, nr);
	case SETTLE:
		return lease_settle(model, port, nr);
	case EXPIRE:
		return lease_expire(model, port, nr);
	case SET:
		return set(model, port, nr);
	case STAT:
		return is_channel(model) ? channel_stat(model, nr) : stat(model, port, nr);
	}
	return false;
}

bool model_step(struct model *model, int nr, enum step step)
{
	struct port *port = &model->ports[at(model, nr)->port];

	if (step == GO_ON && is_channel(model))
		return channel_go_on(model, nr);
	if (step == GO_ON)
		return event_go_on(model, nr);
	if (step != ARRIVE && !event_is_over(model, nr))
		return false;
	switch (step) {
	case ARRIVE:
		return model->phase[nr] == NEW && arrive(model, port, nr);
	case TAKE:
		return model->phase[nr] == TAKING && port_finish(model, port, nr);
	case PUT_BACK:
		return model->phase[nr] == TAKING && port_put_back(model, port, nr);
	default:
		return model->phase[nr] == WAITING && leave(model, port, nr, step);
	}
}

void model_print(const struct model *model)
{
	int i;

	fprintf(stderr, "#   then:");
	event_print(model);
	for (i = 0; i < nr_ports(model); i++) {
		if (i)
			fprintf(stderr, "\n#   member or lane %d:", i);
		port_print(&model->ports[i]);
	}
	fprintf(stderr, "\n");
}
