// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channels.
 */
#include <errno.h>

#include <linux/ipcmbox.h>

#include "model.h"

/* Returns false if the lane has no room. */
static bool try_send(struct port *lane, int nr)
{
	if (!port_has_room(lane))
		return false;
	lane->queue.at[lane->queue.nr++] = nr;
	return true;
}

static int first_of(const struct port *lane)
{
	return lane->queue.nr ? lane->queue.at[0] : NONE;
}

static bool is_empty(const struct model *model)
{
	int i;

	for (i = 1; i <= model->history->nr_parts; i++)
		if (first_of(&model->ports[i]) != NONE)
			return false;
	return true;
}

/* Returns false if what was received is not the first in any lane. */
static bool take(struct model *model, int nr)
{
	int got = at(model, nr)->got, i;

	for (i = 1; i <= model->history->nr_parts; i++)
		if (got != NONE && first_of(&model->ports[i]) == got)
			return port_drop_first(&model->ports[i]) && model_conclude(model, nr, 0);
	return false;
}

static bool await(struct model *model, int nr)
{
	if (is_nonblocking(at(model, nr)))
		return model_conclude(model, nr, -EAGAIN);
	model->phase[nr] = WAITING;
	return true;
}

bool channel_send(struct model *model, struct port *lane, int nr)
{
	return try_send(lane, nr) ? model_conclude(model, nr, 0) : await(model, nr);
}

bool channel_receive(struct model *model, int nr)
{
	return is_empty(model) ? await(model, nr) : take(model, nr);
}

static bool has_killed_sender(const struct model *model)
{
	int i;

	for (i = 0; i < model->history->nr; i++)
		if (at(model, i)->kind == SEND && at(model, i)->state == KILLED)
			return true;
	return false;
}

static bool can_sleep(const struct model *model, int nr)
{
	const struct operation *op = at(model, nr);

	if (model->phase[nr] != WAITING)
		return false;
	if (op->kind == SEND)
		return !port_has_room(&model->ports[op->port]);
	return is_empty(model) || has_killed_sender(model);
}

static __u32 count_sleepers(const struct model *model, enum operation_kind kind)
{
	__u32 n = 0;
	int i;

	for (i = 0; i < model->history->nr; i++)
		n += at(model, i)->kind == kind && can_sleep(model, i);
	return n;
}

bool channel_stat(struct model *model, int nr)
{
	const struct sight *sight = &at(model, nr)->sight;

	return sight->receivers <= count_sleepers(model, RECEIVE) &&
	       sight->senders <= count_sleepers(model, SEND) && model_conclude(model, nr, 0);
}

bool channel_go_on(struct model *model, int nr)
{
	const struct operation *op = at(model, nr);

	if (model->phase[nr] != WAITING)
		return false;
	if (op->kind == SEND)
		return try_send(&model->ports[op->port], nr) && model_conclude(model, nr, 0);
	return take(model, nr);
}
