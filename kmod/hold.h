/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_HOLD_H
#define _IPCMBOX_HOLD_H

#include <linux/ktime.h>
#include <linux/types.h>

struct ipcmbox_handle;
struct ipcmbox_message;
struct ipcmbox_port;
struct ipcmbox_waiter;
struct ipcmbox_wakes;

/**
 * DOC: Held messages
 *
 * A message that was copied to its receiver stays with the port if its receiver has to settle it:
 * because its sender waits until it is handled, or because the receiver took a lease. It is known
 * by its *token*, a number the port counts up, so that each is given out once, and a token that is
 * not found was used if it is not greater than the last one.
 *
 * A held message ends by a reply or an acknowledgment; it goes back to the queue when it is
 * refused, and, if it is leased, when its time is over or the handle it was received on is closed.
 * A call that is not leased is *broken* by that closing: its caller gets EPIPE.
 *
 * A caller that leaves after its request was received (signal, deadline) can come back. Until then
 * it is the handle the call was made on that the message refers to, and what happens meanwhile is
 * kept under the token: the reply (ANSWERED), that it was acknowledged, or that there will be no
 * reply (BROKEN). If that handle is closed, or the caller was killed, nobody will come back: the
 * request is *abandoned*.
 *
 * Only HELD messages count as messages of the port (&ipcmbox_port.receiving). Every function here
 * is a step under the port's lock, as those of exchange.h are; messages that have ended are added
 * to the victims of the wakes.
 */

/**
 * struct ipcmbox_sweep - a walk through all that is held, a part at a time
 * @below: what is left has smaller tokens; U64_MAX to begin with, 0 when all is done
 * @now: return what has expired then
 * @next: when the next lease ends, of what was walked through
 * @dead: dead letters, to be sent by the caller; by &ipcmbox_message.next_victim
 *
 * The greatest tokens come first: what goes back to a queue is then inserted at its front. The
 * messages of one part go back together, in the order in which they are received.
 */
struct ipcmbox_sweep {
	u64 below;
	ktime_t now;
	ktime_t next;
	struct ipcmbox_message *dead;
};

void ipcmbox_hold_begin(struct ipcmbox_port *port, struct ipcmbox_message *message,
			const struct ipcmbox_waiter *receiver, struct ipcmbox_wakes *wakes);
void ipcmbox_hold_leave(struct ipcmbox_message *message, struct ipcmbox_waiter *sender);

int ipcmbox_hold_reply(struct ipcmbox_port *port, u64 token, struct ipcmbox_message *reply,
		       struct ipcmbox_wakes *wakes);
int ipcmbox_hold_refuse(struct ipcmbox_port *port, u64 token, struct ipcmbox_message **dead,
			struct ipcmbox_wakes *wakes);
int ipcmbox_hold_renew(struct ipcmbox_port *port, u64 token, u64 lease_ns);

int ipcmbox_hold_resume(struct ipcmbox_port *port, u64 token, struct ipcmbox_waiter *caller,
			bool may_wait, struct ipcmbox_wakes *wakes);
int ipcmbox_hold_cancel(struct ipcmbox_port *port, u64 token, const struct ipcmbox_handle *caller,
			struct ipcmbox_wakes *wakes);
void ipcmbox_hold_keep(struct ipcmbox_port *port, u64 token, struct ipcmbox_message *reply,
		       struct ipcmbox_handle *caller);

void ipcmbox_hold_expire(struct ipcmbox_port *port, struct ipcmbox_sweep *sweep,
			 struct ipcmbox_wakes *wakes);
void ipcmbox_hold_close(struct ipcmbox_port *port, const struct ipcmbox_handle *handle,
			struct ipcmbox_sweep *sweep, struct ipcmbox_wakes *wakes);

#endif /* _IPCMBOX_HOLD_H */
