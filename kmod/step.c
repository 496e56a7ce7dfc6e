// SPDX-License-Identifier: GPL-2.0-only
/*
 * Steps of a message, for those who listen.
 */
#include <linux/lockdep.h>

#include <uapi/linux/ipcmbox.h>

#include "record.h"
#include "step.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

static void trace(const struct ipcmbox_port *port, const struct ipcmbox_message *message, u32 step)
{
	switch (step) {
	case IPCMBOX_STEP_SENT:
		return trace_ipcmbox_send(port, message);
	case IPCMBOX_STEP_BLOCKED:
		return trace_ipcmbox_block(port, message);
	case IPCMBOX_STEP_TAKEN:
		return trace_ipcmbox_take(port, message);
	case IPCMBOX_STEP_RETURNED:
		return trace_ipcmbox_return(port, message);
	case IPCMBOX_STEP_REPLIED:
		return trace_ipcmbox_reply(port, message);
	case IPCMBOX_STEP_DROPPED:
		return trace_ipcmbox_drop(port, message);
	case IPCMBOX_STEP_WITHDRAWN:
		return trace_ipcmbox_withdraw(port, message);
	case IPCMBOX_STEP_DEAD:
		return trace_ipcmbox_dead(port, message);
	}
}

/* Somebody listens, or has just stopped to. */
void ipcmbox_step_tell(struct ipcmbox_port *port, const struct ipcmbox_message *message, u32 step)
{
	lockdep_assert_held(&port->lock);

	trace(port, message, step);
	if (port->recorder)
		ipcmbox_recorder_add(port, message, step);
}

void ipcmbox_step_tell_finish(const struct ipcmbox_port *port,
			      const struct ipcmbox_message *message)
{
	trace_ipcmbox_finish(port, message);
}

void ipcmbox_step_tell_wake(const struct ipcmbox_port *port, const struct ipcmbox_waiter *waiter,
			    const struct ipcmbox_message *message)
{
	trace_ipcmbox_wake(port, waiter, message);
}
