/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_STEP_H
#define _IPCMBOX_STEP_H

#include <linux/compiler.h>
#include <linux/tracepoint-defs.h>
#include <linux/types.h>

#include <uapi/linux/ipcmbox.h>

#include "port.h"

struct ipcmbox_message;
struct ipcmbox_waiter;

/**
 * DOC: Steps of a message
 *
 * Whatever happens to a message at a port is said once, where it happens, and told to two listeners
 * if they are there: the tracepoint of the step, for all ports, and the flight recorder of the
 * port. While nobody listens that costs an instruction that does nothing, and a test.
 */

DECLARE_TRACEPOINT(ipcmbox_send);
DECLARE_TRACEPOINT(ipcmbox_block);
DECLARE_TRACEPOINT(ipcmbox_take);
DECLARE_TRACEPOINT(ipcmbox_finish);
DECLARE_TRACEPOINT(ipcmbox_return);
DECLARE_TRACEPOINT(ipcmbox_reply);
DECLARE_TRACEPOINT(ipcmbox_drop);
DECLARE_TRACEPOINT(ipcmbox_withdraw);
DECLARE_TRACEPOINT(ipcmbox_dead);
DECLARE_TRACEPOINT(ipcmbox_wake);

/* @step is a constant, and what is left of this a branch that is patched in when it is traced. */
static __always_inline bool ipcmbox_step_is_traced(u32 step)
{
	switch (step) {
	case IPCMBOX_STEP_SENT:
		return tracepoint_enabled(ipcmbox_send);
	case IPCMBOX_STEP_BLOCKED:
		return tracepoint_enabled(ipcmbox_block);
	case IPCMBOX_STEP_TAKEN:
		return tracepoint_enabled(ipcmbox_take);
	case IPCMBOX_STEP_RETURNED:
		return tracepoint_enabled(ipcmbox_return);
	case IPCMBOX_STEP_REPLIED:
		return tracepoint_enabled(ipcmbox_reply);
	case IPCMBOX_STEP_DROPPED:
		return tracepoint_enabled(ipcmbox_drop);
	case IPCMBOX_STEP_WITHDRAWN:
		return tracepoint_enabled(ipcmbox_withdraw);
	case IPCMBOX_STEP_DEAD:
		return tracepoint_enabled(ipcmbox_dead);
	}
	return false;
}

void ipcmbox_step_tell(struct ipcmbox_port *port, const struct ipcmbox_message *message, u32 step);
void ipcmbox_step_tell_finish(const struct ipcmbox_port *port,
			      const struct ipcmbox_message *message);
void ipcmbox_step_tell_wake(const struct ipcmbox_port *port, const struct ipcmbox_waiter *waiter,
			    const struct ipcmbox_message *message);

/**
 * ipcmbox_step() - something happens to a message
 * @port: where, locked
 * @message: with its number
 * @step: IPCMBOX_STEP_*, a constant
 */
static __always_inline void ipcmbox_step(struct ipcmbox_port *port,
					 const struct ipcmbox_message *message, u32 step)
{
	if (unlikely(port->recorder) || ipcmbox_step_is_traced(step))
		ipcmbox_step_tell(port, message, step);
}

/**
 * ipcmbox_step_finish() - a receiver has copied its message, which is no step the recorder has
 * @port: where
 * @message: in the caller's hands
 */
static __always_inline void ipcmbox_step_finish(const struct ipcmbox_port *port,
						const struct ipcmbox_message *message)
{
	if (tracepoint_enabled(ipcmbox_finish))
		ipcmbox_step_tell_finish(port, message);
}

/**
 * ipcmbox_step_wake() - a waiting call has been claimed
 * @port: where, locked
 * @waiter: of the call
 * @message: that it sends or has got, or NULL
 */
static __always_inline void ipcmbox_step_wake(const struct ipcmbox_port *port,
					      const struct ipcmbox_waiter *waiter,
					      const struct ipcmbox_message *message)
{
	if (tracepoint_enabled(ipcmbox_wake))
		ipcmbox_step_tell_wake(port, waiter, message);
}

#endif /* _IPCMBOX_STEP_H */
