// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls.
 */
#include <errno.h>
#include <string.h>

#include <linux/ipcmbox.h>

#include "model.h"

void call_begin(struct model *model)
{
	memset(model->calls.resumer, NONE, sizeof(model->calls.resumer));
	memset(model->calls.answer, NONE, sizeof(model->calls.answer));
}

static bool is_call(const struct operation *op)
{
	return op->is_call || op->kind == RESUME;
}

int call_message(const struct model *model, int nr)
{
	return at(model, nr)->kind == RESUME ? at(model, nr)->of : nr;
}

int call_waiter(const struct model *model, int message)
{
	return model->phase[message] == WAITING ? message : model->calls.resumer[message];
}

bool call_is_given_up(const struct model *model, int message)
{
	return at(model, message)->completion == IPCMBOX_HANDLED &&
	       call_waiter(model, message) == NONE && !model->calls.is_away[message];
}

/* Was it told that it can come back, or not? */
static bool was_told(const struct operation *op, bool is_kept)
{
	return op->state == KILLED || !is_call(op) || op->is_kept == is_kept;
}

static void keep(struct model *model, struct port *port, int message, enum place place, int answer)
{
	model->calls.is_away[message] = true;
	model->calls.answer[message] = answer;
	port->place[message] = place;
}

static int forget(struct model *model, struct port *port, int message)
{
	int answer = model->calls.answer[message];

	model->calls.is_away[message] = false;
	model->calls.answer[message] = NONE;
	if (port->place[message] != HELD)
		port->place[message] = NOWHERE;
	return answer;
}

bool call_conclude(struct model *model, struct port *port, int message, int result, int answer)
{
	int nr = call_waiter(model, message);
	const struct operation *op = at(model, nr);

	model->calls.resumer[message] = NONE;
	if (answer != NONE && op->is_bad) {
		keep(model, port, message, ANSWERED, answer);
		return model_conclude(model, nr, -EFAULT) && was_told(op, true);
	}
	return model_conclude(model, nr, result) && was_told(op, false) &&
	       (op->state == KILLED || !is_call(op) || result || op->got == answer);
}

bool call_leave(struct model *model, int nr, bool is_kept)
{
	int message = call_message(model, nr);

	model->calls.resumer[message] = NONE;
	model->calls.is_away[message] = is_kept && is_call(at(model, nr));
	return was_told(at(model, nr), is_kept);
}

bool call_die(struct model *model, int nr)
{
	model->calls.resumer[call_message(model, nr)] = NONE;
	return at(model, nr)->state == KILLED;
}

bool call_answer(struct model *model, struct port *port, int message, int answer)
{
	if (call_waiter(model, message) != NONE)
		return call_conclude(model, port, message, 0, answer);
	if (model->calls.is_away[message])
		keep(model, port, message, ANSWERED, answer);
	return true;
}

bool call_break(struct model *model, struct port *port, int message)
{
	if (at(model, message)->completion != IPCMBOX_HANDLED ||
	    call_waiter(model, message) != NONE)
		return false;
	if (model->calls.is_away[message])
		keep(model, port, message, BROKEN, NONE);
	return true;
}

static bool conclude_resume(struct model *model, int nr, int result, bool is_kept)
{
	return model_conclude(model, nr, result) && was_told(at(model, nr), is_kept);
}

bool call_resume(struct model *model, struct port *port, int nr)
{
	int message = at(model, nr)->of;
	enum place place = port->place[message];
	int answer;

	if (!model->calls.is_away[message])
		return conclude_resume(model, nr, -ESTALE, true);
	if (place == HELD && is_nonblocking(at(model, nr)))
		return conclude_resume(model, nr, -EAGAIN, true);
	answer = forget(model, port, message);
	if (place == BROKEN)
		return conclude_resume(model, nr, -EPIPE, false);
	model->phase[nr] = WAITING;
	model->calls.resumer[message] = nr;
	return place == HELD || call_conclude(model, port, message, 0, answer);
}

bool call_cancel(struct model *model, struct port *port, int nr)
{
	int message = at(model, nr)->of;

	if (!model->calls.is_away[message])
		return model_conclude(model, nr, -ESTALE);
	forget(model, port, message);
	return model_conclude(model, nr, 0);
}
