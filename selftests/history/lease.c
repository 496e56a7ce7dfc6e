// SPDX-License-Identifier: GPL-2.0-only
/*
 * Leases.
 */
#include <errno.h>

#include <linux/ipcmbox.h>

#include "lease.h"
#include "model.h"

static bool give_back(struct model *model, struct port *port, int message)
{
	port->place[message] = NOWHERE;
	port->receiver[message] = NONE;
	if (call_break(model, port, message))
		return true;
	port->redelivered[message]++;
	return port_hand_over(model, port, message);
}

static int find_held(const struct model *model, const struct port *port, int receiver)
{
	int i;

	for (i = 0; i < model->history->nr; i++)
		if (port->place[i] == HELD && port->receiver[i] == receiver)
			return i;
	return NONE;
}

bool lease_settle(struct model *model, struct port *port, int nr)
{
	const struct operation *op = at(model, nr);
	int message = find_held(model, port, op->of);

	if (message == NONE)
		return model_conclude(model, nr, -ESTALE);
	if (!model_conclude(model, nr, call_is_given_up(model, message) ? -EPIPE : 0))
		return false;
	if (op->action == IPCMBOX_SETTLE_REFUSE)
		return give_back(model, port, message);
	port->place[message] = NOWHERE;
	port->receiver[message] = NONE;
	return at(model, message)->completion != IPCMBOX_HANDLED ||
	       call_answer(model, port, message, op->action == REPLY ? nr : NONE);
}

bool lease_expire(struct model *model, struct port *port, int nr)
{
	int message = find_held(model, port, at(model, nr)->of);

	model->phase[nr] = OVER;
	return message != NONE && give_back(model, port, message);
}

