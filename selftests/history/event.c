// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events.
 */
#include <errno.h>

#include <linux/ipcmbox.h>

#include "model.h"

void event_begin(struct model *model)
{
	model->fanout.holder = NONE;
	model->fanout.message = NONE;
}

bool is_member(const struct model *model, const struct port *port)
{
	return port != model->ports;
}

static void let_go(struct model *model)
{
	model->fanout.holder = NONE;
	model->fanout.message = NONE;
	model->fanout.pass = LOOK;
	model->fanout.member = 0;
}

static struct port *pending_port(struct model *model)
{
	return &model->ports[0];
}

static int first_pending(const struct model *model)
{
	return model->ports[0].pending.nr ? model->ports[0].pending.at[0] : NONE;
}

/* Members who get the event, in turn; false: there is none any more. */
static bool next_member(struct model *model)
{
	const struct history *history = model->history;
	__u32 events = at(model, model->fanout.message)->events;
	__u8 *member = &model->fanout.member;

	while (++*member <= history->nr_parts)
		if (!events || events & history->masks[*member])
			return true;
	return false;
}

static struct port *this_member(struct model *model)
{
	return &model->ports[model->fanout.member];
}

static void begin_pass(struct model *model, enum pass pass)
{
	model->fanout.pass = pass;
	model->fanout.member = 0;
}

/* The first of those who wait may go on, and @nr sees to it; or there is none. */
static bool look_after_pending(struct model *model, int nr)
{
	int first = first_pending(model);

	if (first == NONE) {
		let_go(model);
		return true;
	}
	model->fanout.holder = nr;
	model->fanout.message = first;
	begin_pass(model, LOOK);
	return event_go_on(model, nr);
}

static bool is_ready(const struct model *model, const struct port *port, int message)
{
	return port_drops(port) || port_has_room(port) || port_has_taker(model, port, message);
}

static bool give_up(struct model *model)
{
	int message = model->fanout.message;

	let_go(model);
	return model_conclude(model, message, -EAGAIN);
}

/* A new event may pass those that wait only if it is more urgent. */
static bool is_behind(const struct model *model)
{
	int message = model->fanout.message, first = first_pending(model);

	return first != NONE && first != message &&
	       at(model, first)->priority >= at(model, message)->priority;
}

static bool meet_blocker(struct model *model)
{
	int message = model->fanout.message;

	if (message != model->fanout.holder) {
		let_go(model);
		return true;
	}
	if (is_nonblocking(at(model, message)))
		return give_up(model);
	begin_pass(model, REFUSE);
	return true;
}

static bool look(struct model *model)
{
	int message = model->fanout.message;

	if (next_member(model)) {
		if (!is_ready(model, this_member(model), message))
			return meet_blocker(model);
		return true;
	}
	if (is_behind(model) && is_nonblocking(at(model, message)))
		return give_up(model);
	begin_pass(model, is_behind(model) ? SUSPEND : COMMIT);
	return true;
}

static bool refuse(struct model *model)
{
	while (next_member(model)) {
		if (this_member(model)->overflow != IPCMBOX_OVERFLOW_FAIL)
			continue;
		if (!is_ready(model, this_member(model), model->fanout.message))
			return give_up(model);
		return true;
	}
	begin_pass(model, SUSPEND);
	return true;
}

static bool suspend(struct model *model)
{
	int message = model->fanout.message;

	let_go(model);
	if (!port_number(model, pending_port(model), message))
		return false;
	port_suspend(model, pending_port(model), message);
	return true;
}

static bool commit(struct model *model)
{
	int message = model->fanout.message;

	begin_pass(model, DELIVER);
	if (!port_resume(pending_port(model), message) &&
	    !port_number(model, pending_port(model), message))
		return false;
	return model_conclude(model, message, 0);
}

static bool deliver(struct model *model)
{
	int holder = model->fanout.holder;

	if (next_member(model))
		return port_deliver(model, this_member(model), model->fanout.message);
	if (holder != model->fanout.message)
		return look_after_pending(model, holder);
	let_go(model);
	return true;
}

static bool pass(struct model *model)
{
	switch (model->fanout.pass) {
	case LOOK:
		return look(model);
	case REFUSE:
		return refuse(model);
	case SUSPEND:
		return suspend(model);
	case COMMIT:
		return commit(model);
	default:
		return deliver(model);
	}
}

bool event_go_on(struct model *model, int nr)
{
	struct fanout *fanout = &model->fanout;

	if (fanout->holder == nr)
		return pass(model);
	if (fanout->holder != NONE || !fanout->is_owing[nr])
		return false;
	fanout->is_owing[nr] = false;
	return look_after_pending(model, nr);
}

bool event_arrive(struct model *model, int nr)
{
	if (model->fanout.holder != NONE)
		return false;
	model->phase[nr] = BUSY;
	model->fanout.holder = nr;
	model->fanout.message = nr;
	return look(model);
}

bool event_leave(struct model *model, int nr)
{
	if (model->fanout.holder != NONE)
		return false;
	port_withdraw(pending_port(model), nr);
	return look_after_pending(model, nr);
}

void event_make_room(struct model *model, int nr)
{
	/* What comes later sees the room itself. */
	if (model->fanout.holder != NONE || first_pending(model) != NONE)
		model->fanout.is_owing[nr] = true;
}

bool event_is_over(const struct model *model, int nr)
{
	const struct fanout *fanout = &model->fanout;

	return fanout->holder != nr && fanout->message != nr && !fanout->is_owing[nr];
}

void event_print(const struct model *model)
{
	static const char * const passes[] = {
		[LOOK] = "looked at", [REFUSE] = "asked", [SUSPEND] = "waited for",
		[COMMIT] = "sent to", [DELIVER] = "delivered to",
	};
	const struct fanout *fanout = &model->fanout;

	if (fanout->holder != NONE)
		fprintf(stderr, " %d of %d, members %s up to %d;", fanout->message, fanout->holder,
			passes[fanout->pass], fanout->member);
}
