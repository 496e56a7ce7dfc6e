/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_EXCHANGE_H
#define _IPCMBOX_EXCHANGE_H

#include <linux/types.h>

struct ipcmbox_message;
struct ipcmbox_port;
struct ipcmbox_waiter;
struct ipcmbox_wakes;

/**
 * DOC: Exchanges
 *
 * Messages and waiters meet at a port. Every function here is one step from a consistent state of
 * the port to another, taken under its lock, and touches no user memory; whom it has to wake it
 * collects in a &struct ipcmbox_wakes, to be flushed when the lock is dropped.
 *
 * A sender posts, and withdraws or disowns if it must leave before the outcome. A receiver takes
 * or awaits, cancels if it must leave, and is done with the message it got (and finishes it if the
 * sender waits for that) or puts it back. While it
 * copies a message the sender cannot withdraw it; a receiver that has to wait for memory pauses,
 * and finds out when it resumes whether it still has the message.
 *
 * An event passes through the port of its mailbox, or is suspended there until all members are
 * ready for it, and is delivered to the ports of the members, see event.h.
 */

/**
 * enum ipcmbox_posted - what became of a posted message
 * @IPCMBOX_POSTED: the port or a receiver has it, the send is complete
 * @IPCMBOX_POSTED_WAIT: the port or a receiver has it, the sender must wait
 * @IPCMBOX_POSTED_DROPPED: dropped by the policy and counted; the caller still owns it
 */
enum ipcmbox_posted {
	IPCMBOX_POSTED,
	IPCMBOX_POSTED_WAIT,
	IPCMBOX_POSTED_DROPPED,
};

/**
 * enum ipcmbox_withdrawal - what became of a send that its sender gives up
 * @IPCMBOX_WITHDRAWN: nobody has the message, the caller owns it
 * @IPCMBOX_WITHDRAWN_TAKEN: a receiver copies it; the completion will tell whether it succeeded
 * @IPCMBOX_WITHDRAWN_RECEIVED: it was received, and its receiver goes on; the sender has left
 * @IPCMBOX_WITHDRAWN_CLAIMED: the outcome is decided, the completion on its way
 */
enum ipcmbox_withdrawal {
	IPCMBOX_WITHDRAWN,
	IPCMBOX_WITHDRAWN_TAKEN,
	IPCMBOX_WITHDRAWN_RECEIVED,
	IPCMBOX_WITHDRAWN_CLAIMED,
};

int ipcmbox_port_post(struct ipcmbox_port *port, struct ipcmbox_message *message,
		      struct ipcmbox_waiter *waiter, struct ipcmbox_wakes *wakes);
enum ipcmbox_withdrawal ipcmbox_port_withdraw(struct ipcmbox_port *port,
					      struct ipcmbox_waiter *waiter, int error,
					      struct ipcmbox_wakes *wakes);
bool ipcmbox_port_disown(struct ipcmbox_port *port, struct ipcmbox_waiter *waiter);

int ipcmbox_port_take(struct ipcmbox_port *port, struct ipcmbox_waiter *waiter,
		      struct ipcmbox_wakes *wakes);
void ipcmbox_port_await(struct ipcmbox_port *port, struct ipcmbox_waiter *waiter,
			struct ipcmbox_wakes *wakes);
bool ipcmbox_port_cancel(struct ipcmbox_port *port, struct ipcmbox_waiter *waiter);
void ipcmbox_port_fail(struct ipcmbox_port *port, struct ipcmbox_waiter *waiter, int error,
		       struct ipcmbox_wakes *wakes);
bool ipcmbox_port_finish(struct ipcmbox_port *port, struct ipcmbox_waiter *waiter,
			 struct ipcmbox_wakes *wakes);
bool ipcmbox_port_pause(struct ipcmbox_port *port, struct ipcmbox_waiter *waiter,
			struct ipcmbox_wakes *wakes);
bool ipcmbox_port_resume(struct ipcmbox_port *port, struct ipcmbox_waiter *waiter);
bool ipcmbox_port_put_back(struct ipcmbox_port *port, struct ipcmbox_message *message,
			   struct ipcmbox_wakes *wakes);

void ipcmbox_port_end_send(struct ipcmbox_port *port, struct ipcmbox_message *message, int result,
			   struct ipcmbox_wakes *wakes);
void ipcmbox_port_resume_send(struct ipcmbox_port *port, struct ipcmbox_message *message,
			      struct ipcmbox_waiter *waiter);

bool ipcmbox_port_is_ready(const struct ipcmbox_port *port, const struct ipcmbox_message *message);
void ipcmbox_port_suspend(struct ipcmbox_port *port, struct ipcmbox_message *message,
			  struct ipcmbox_waiter *waiter);
void ipcmbox_port_pass(struct ipcmbox_port *port, struct ipcmbox_message *message,
		       struct ipcmbox_wakes *wakes);
bool ipcmbox_port_deliver(struct ipcmbox_port *port, struct ipcmbox_message *message,
			  struct ipcmbox_wakes *wakes);
void ipcmbox_port_lose(struct ipcmbox_port *port, const struct ipcmbox_message *message);

void ipcmbox_port_set_capacity(struct ipcmbox_port *port, u32 max_messages, u64 max_bytes,
			       u32 overflow, struct ipcmbox_wakes *wakes);
bool ipcmbox_port_refuse_files(struct ipcmbox_port *port, bool refuse, struct ipcmbox_wakes *wakes);
void ipcmbox_port_set_gone(struct ipcmbox_port *port, bool receivers_gone, bool senders_gone,
			   struct ipcmbox_wakes *wakes);

#endif /* _IPCMBOX_EXCHANGE_H */
