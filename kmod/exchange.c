// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exchanges: how messages and waiters meet at a port.
 */
#include <linux/jiffies.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/sched.h>

#include <uapi/linux/ipcmbox.h>

#include "exchange.h"
#include "hold.h"
#include "index.h"
#include "message.h"
#include "mutation.h"
#include "notify.h"
#include "port.h"
#include "selection.h"
#include "step.h"
#include "transfer.h"
#include "wait.h"

/* How many messages are dropped at most to make room for one; says the UAPI header. */
#define DROP_MAX	64

/* How many messages are looked at for descriptors under one hold of the lock. */
#define SHED_MAX	64

/* Who waits for room already goes first, unless the new message is more urgent than all of them. */
static bool may_enter(const struct ipcmbox_port *port, const struct ipcmbox_message *message)
{
	const struct ipcmbox_message *first = ipcmbox_queue_first(&port->pending);

	return ipcmbox_port_has_room(port, message->length, 0, 0) &&
	       (!first || message->priority > first->priority);
}

/* However long the next message is, and whatever its priority. */
static bool is_writable(const struct ipcmbox_port *port)
{
	return !ipcmbox_queue_first(&port->pending) &&
	       ipcmbox_port_has_room(port, port->max_length, 0, 0);
}

/* Steps of a message. Each leaves sent == taken + dropped + queue.count. */

static void number(struct ipcmbox_port *port, struct ipcmbox_message *message)
{
	message->seq = port->next_seq++;
	message->queued_at = jiffies;
}

/* From now on it counts as sent. */
static void accept(struct ipcmbox_port *port, struct ipcmbox_message *message)
{
	message->lost = port->lost_before_next;
	port->lost_before_next = 0;
	port->sent++;
	ipcmbox_step(port, message, IPCMBOX_STEP_SENT);
}

static void enqueue(struct ipcmbox_port *port, struct ipcmbox_message *message)
{
	message->place = IPCMBOX_MESSAGE_QUEUED;
	ipcmbox_queue_insert(&port->queue, message);
	if (unlikely(port->index.is_used))
		ipcmbox_index_insert(&port->index, message);
	else
		RB_CLEAR_NODE(&message->index_node);
	if (unlikely(port->peak_messages < port->queue.count))
		port->peak_messages = port->queue.count;
	if (unlikely(port->peak_bytes < port->queue.bytes))
		port->peak_bytes = port->queue.bytes;
}

static void dequeue(struct ipcmbox_port *port, struct ipcmbox_message *message)
{
	if (unlikely(port->index.is_used))
		ipcmbox_index_remove(port, message);
	ipcmbox_queue_remove(&port->queue, message);
	message->place = IPCMBOX_MESSAGE_OWNED;
}

/* As dequeue(), where somebody may be going through the queue: nobody who receives. */
static void pull(struct ipcmbox_port *port, struct ipcmbox_message *message)
{
	if (port->next_to_shed == message)
		port->next_to_shed = ipcmbox_queue_next(message);
	dequeue(port, message);
}

static void suspend(struct ipcmbox_port *port, struct ipcmbox_message *message)
{
	message->place = IPCMBOX_MESSAGE_PENDING;
	ipcmbox_queue_insert(&port->pending, message);
	ipcmbox_step(port, message, IPCMBOX_STEP_BLOCKED);
}

static void unsuspend(struct ipcmbox_port *port, struct ipcmbox_message *message)
{
	ipcmbox_queue_remove(&port->pending, message);
	message->place = IPCMBOX_MESSAGE_OWNED;
}

/* Into the hands of a receiver. */
static void hold(struct ipcmbox_port *port, struct ipcmbox_message *message, struct pid *receiver)
{
	if (unlikely(port->only_receiver != receiver && !port->many_receivers))
		ipcmbox_port_change_receiver(port, receiver);
	message->place = IPCMBOX_MESSAGE_TAKEN;
	message->lost += port->lost_before_first;
	port->lost_before_first = 0;
	port->reported += message->lost;
	port->taken++;
	atomic_inc(&port->receiving);
	ipcmbox_step(port, message, IPCMBOX_STEP_TAKEN);
}

static void unhold(struct ipcmbox_port *port, struct ipcmbox_message *message)
{
	message->place = IPCMBOX_MESSAGE_OWNED;
	port->reported -= message->lost;
	port->taken--;
	atomic_dec(&port->receiving);
}

/* An accepted message, neither queued nor taken any more, does not count as sent after all. */
static void retract(struct ipcmbox_port *port, struct ipcmbox_message *message)
{
	port->lost_before_first += message->lost;
	port->sent--;
	port->withdrawn++;
}

/* Waiters. */

static void claim_receiver(struct ipcmbox_port *port, struct ipcmbox_waiter *waiter, int result,
			   struct ipcmbox_wakes *wakes)
{
	port->nr_receivers--;
	port->wakeups++;
	ipcmbox_waiter_claim(waiter, result, wakes);
	ipcmbox_step_wake(port, waiter, result ? NULL : waiter->message);
}

static void count_senders(struct ipcmbox_port *port, int change)
{
	WRITE_ONCE(port->nr_senders, port->nr_senders + change);
}

static void claim_sender(struct ipcmbox_port *port, struct ipcmbox_message *message, int result,
			 struct ipcmbox_wakes *wakes)
{
	struct ipcmbox_waiter *waiter = message->sender;

	if (!waiter)
		return;
	message->sender = NULL;
	count_senders(port, -1);
	port->wakeups++;
	ipcmbox_waiter_claim(waiter, result, wakes);
	ipcmbox_step_wake(port, waiter, message);
}

/* Called by the sender. */
static void await_sender(struct ipcmbox_port *port, struct ipcmbox_message *message,
			 struct ipcmbox_waiter *waiter)
{
	ipcmbox_waiter_init(waiter);
	waiter->leaving = 0;
	waiter->token = 0;
	waiter->reply = NULL;
	waiter->message = message;
	message->sender = waiter;
	list_add_tail(&waiter->link, &port->senders);
	count_senders(port, 1);
}

static void leave_sender(struct ipcmbox_port *port, struct ipcmbox_waiter *waiter)
{
	waiter->message->sender = NULL;
	list_del_init(&waiter->link);
	count_senders(port, -1);
}

static bool is_wanted(const struct ipcmbox_reception *reception,
		      const struct ipcmbox_message *message)
{
	return (message->priority >= reception->min_priority || mutated(priority_ignored)) &&
	       (likely(!reception->selection) ||
		ipcmbox_selection_admits(reception->selection, message));
}

/* Who only looks at the message does not get its descriptors. */
static bool has_room(const struct ipcmbox_reception *reception,
		     const struct ipcmbox_message *message)
{
	return likely(message->length <= reception->room &&
		      (message->nr_fds <= reception->max_fds || reception->peek));
}

static void tell_need(struct ipcmbox_reception *reception, const struct ipcmbox_message *message)
{
	reception->needed = message->length;
	reception->needed_fds = message->nr_fds;
}

/* The first waiting receiver that can take the message. */
static struct ipcmbox_waiter *find_taker(const struct ipcmbox_port *port,
					 const struct ipcmbox_message *message)
{
	const struct ipcmbox_reception *reception;
	struct ipcmbox_waiter *waiter;

	list_for_each_entry(waiter, &port->receivers, link) {
		reception = waiter->reception;
		if (!reception->peek && is_wanted(reception, message) &&
		    has_room(reception, message))
			return waiter;
	}
	return NULL;
}

/* What is more than copying a message: its sender waits, or it will be held. */
static noinline void prepare_hold(struct ipcmbox_port *port, struct ipcmbox_message *message,
				  struct ipcmbox_waiter *taker)
{
	taker->conclude = true;
	taker->token = 0;
	/* It must be able to learn the token. */
	if (!ipcmbox_reception_is_extended(taker->reception))
		return;

	taker->call_deadline.expires = IPCMBOX_FOREVER;
	if (message->completion == IPCMBOX_HANDLED && message->sender)
		taker->call_deadline = *message->sender->sending->deadline;
	if (message->completion == IPCMBOX_HANDLED || taker->reception->lease_ns)
		taker->token = ++port->last_token;
}

static void prepare_conclusion(struct ipcmbox_port *port, struct ipcmbox_message *message,
			       struct ipcmbox_waiter *taker)
{
	if (unlikely(message->sender || taker->reception->lease_ns))
		prepare_hold(port, message, taker);
	else
		taker->conclude = false;
}

static void hand_over(struct ipcmbox_port *port, struct ipcmbox_message *message,
		      struct ipcmbox_waiter *taker, struct ipcmbox_wakes *wakes)
{
	hold(port, message, taker->reception->thread);
	taker->message = message;
	taker->lost = message->lost;
	prepare_conclusion(port, message, taker);
	claim_receiver(port, taker, 0, wakes);
}

/* What a receiver would be told if it took the message now. */
static u64 losses_before(const struct ipcmbox_port *port, const struct ipcmbox_message *message)
{
	if (message->place == IPCMBOX_MESSAGE_PENDING)
		return port->lost_before_next + port->lost_before_first;
	return message->lost + port->lost_before_first;
}

/*
 * A message that stays is shown to the waiting receivers that only look, and ends the wait of those
 * that have not enough room for it.
 */
static noinline void show_waiting(struct ipcmbox_port *port, struct ipcmbox_message *message,
				  struct ipcmbox_wakes *wakes)
{
	struct ipcmbox_waiter *waiter, *next;
	struct ipcmbox_reception *reception;

	list_for_each_entry_safe(waiter, next, &port->receivers, link) {
		reception = waiter->reception;
		if (!is_wanted(reception, message))
			continue;
		if (!has_room(reception, message)) {
			tell_need(reception, message);
			claim_receiver(port, waiter, -EMSGSIZE, wakes);
		} else if (reception->peek) {
			refcount_inc(&message->refs);
			waiter->message = message;
			waiter->lost = losses_before(port, message);
			claim_receiver(port, waiter, 0, wakes);
		}
	}
}

static void show(struct ipcmbox_port *port, struct ipcmbox_message *message,
		 struct ipcmbox_wakes *wakes)
{
	if (unlikely(!list_empty(&port->receivers)))
		show_waiting(port, message, wakes);
	if (unlikely(port->notification))
		ipcmbox_notify_arrival(port, message, wakes);
	wakes->poll |= IPCMBOX_POLL_RECEIVE;
}

/* A pending message leaves the sender's hands: it has to wait for its receipt at most. */
static void accept_pending(struct ipcmbox_port *port, struct ipcmbox_message *message,
			   struct ipcmbox_wakes *wakes)
{
	unsuspend(port, message);
	accept(port, message);
	if (message->completion == IPCMBOX_QUEUED)
		claim_sender(port, message, 0, wakes);
}

/* Room has come free: let blocked senders in, in their order. */
static noinline void admit(struct ipcmbox_port *port, struct ipcmbox_wakes *wakes)
{
	struct ipcmbox_message *message;

	if (port->of_event) {
		/* What makes others wait is only a member that does not drop. */
		if (!ipcmbox_port_never_blocks(port))
			wakes->rare |= IPCMBOX_WAKES_ROOM;
		return;
	}

	while ((message = ipcmbox_queue_first(&port->pending)) &&
	       ipcmbox_port_has_room(port, message->length, 0, 0)) {
		accept_pending(port, message, wakes);
		enqueue(port, message);
	}
	if (!message && is_writable(port)) {
		wakes->poll |= IPCMBOX_POLL_SEND;
		/* One long message makes room for many short ones. */
		if (port->max_bytes)
			wakes->rare |= IPCMBOX_WAKES_POLL_ALL;
	}
}

/* Takes a message out for good: that is news only where it makes room. */
static void remove(struct ipcmbox_port *port, struct ipcmbox_message *message,
		   struct ipcmbox_wakes *wakes)
{
	bool was_writable = is_writable(port);

	dequeue(port, message);
	if (!was_writable)
		admit(port, wakes);
}

/* Posting. */

/**
 * ipcmbox_port_lose() - a message does not even come to be there
 * @port: the port
 * @message: numbered; NULL: there was no memory for it
 *
 * It counts as sent and dropped. Context: the port's lock is held.
 */
void ipcmbox_port_lose(struct ipcmbox_port *port, const struct ipcmbox_message *message)
{
	port->sent++;
	port->dropped++;
	port->lost_before_next++;
	if (message)
		ipcmbox_step(port, message, IPCMBOX_STEP_DROPPED);
}

/**
 * ipcmbox_port_suspend() - a message has to wait until it may enter
 * @port: its destination
 * @message: owned by the port afterwards
 * @waiter: of the calling sender, made ready
 *
 * Context: the port's lock is held.
 */
void ipcmbox_port_suspend(struct ipcmbox_port *port, struct ipcmbox_message *message,
			  struct ipcmbox_waiter *waiter)
{
	number(port, message);
	suspend(port, message);
	await_sender(port, message, waiter);
}

static void drop(struct ipcmbox_port *port, struct ipcmbox_message *victim,
		 struct ipcmbox_wakes *wakes)
{
	pull(port, victim);
	ipcmbox_step(port, victim, IPCMBOX_STEP_DROPPED);
	if (victim->sender) {
		/* It will not be received, and its sender waits to hear just that. */
		retract(port, victim);
		claim_sender(port, victim, -EAGAIN, wakes);
	} else {
		port->dropped++;
		port->lost_before_first += victim->lost + 1;
	}
	ipcmbox_wakes_add_victim(wakes, victim);
}

static int drop_new(struct ipcmbox_port *port, struct ipcmbox_message *message)
{
	if (message->completion != IPCMBOX_QUEUED)
		return -EAGAIN;
	number(port, message);
	ipcmbox_port_lose(port, message);
	return IPCMBOX_POSTED_DROPPED;
}

/*
 * Drops what must go for the message, or nothing if that would not be enough, or too much to be
 * done under the lock.
 */
static noinline void make_room(struct ipcmbox_port *port, const struct ipcmbox_message *message,
			       struct ipcmbox_wakes *wakes)
{
	const struct ipcmbox_message *first = ipcmbox_queue_first(&port->pending);
	struct ipcmbox_message *victim = ipcmbox_queue_least(&port->queue);
	u64 bytes = 0;
	int n;

	/* Senders that blocked under another policy come first, whatever is dropped. */
	if (first && first->priority >= message->priority)
		return;

	for (n = 0; !ipcmbox_port_has_room(port, message->length, n, bytes); n++) {
		if (n == DROP_MAX || !victim || victim->priority > message->priority)
			return;
		bytes += victim->length;
		victim = ipcmbox_queue_next_least(victim);
	}
	while (n--)
		drop(port, ipcmbox_queue_least(&port->queue), wakes);
}

static noinline int overflow(struct ipcmbox_port *port, struct ipcmbox_message *message,
			     struct ipcmbox_waiter *waiter, struct ipcmbox_wakes *wakes)
{
	if (port->overflow == IPCMBOX_OVERFLOW_FAIL)
		return -EAGAIN;
	if (port->overflow != IPCMBOX_OVERFLOW_BLOCK)
		return drop_new(port, message);

	if (!waiter)
		return -EAGAIN;
	ipcmbox_port_suspend(port, message, waiter);
	show(port, message, wakes);
	return IPCMBOX_POSTED_WAIT;
}

/**
 * ipcmbox_port_post() - a message arrives
 * @port: its destination
 * @message: owned by the caller, and by the port or a receiver on POSTED and POSTED_WAIT
 * @waiter: of the calling sender, made ready if it must wait; NULL: it must not
 * @wakes: to flush, whatever is returned
 *
 * Context: the port's lock is held.
 * Return: &enum ipcmbox_posted; -EAGAIN no room and no waiting, -EPIPE nobody will ever receive.
 */
int ipcmbox_port_post(struct ipcmbox_port *port, struct ipcmbox_message *message,
		      struct ipcmbox_waiter *waiter, struct ipcmbox_wakes *wakes)
{
	struct ipcmbox_waiter *taker;
	int ret = IPCMBOX_POSTED;

	lockdep_assert_held(&port->lock);

	if (port->receivers_gone || (unlikely(message->nr_fds) && port->refuses_files))
		return -EPIPE;

	taker = find_taker(port, message);
	if (!taker) {
		if (unlikely(message->completion != IPCMBOX_QUEUED) && !waiter)
			return -EAGAIN;
		if (port->overflow == IPCMBOX_OVERFLOW_DROP_OLDEST)
			make_room(port, message, wakes);
		if (!may_enter(port, message))
			return overflow(port, message, waiter, wakes);
	}

	number(port, message);
	accept(port, message);
	if (unlikely(message->completion != IPCMBOX_QUEUED) && waiter) {
		await_sender(port, message, waiter);
		ret = IPCMBOX_POSTED_WAIT;
	}
	if (taker) {
		hand_over(port, message, taker, wakes);
	} else {
		enqueue(port, message);
		show(port, message, wakes);
		/* What was dropped for it may have been longer than it is. */
		if (unlikely(wakes->victims))
			admit(port, wakes);
	}
	return ret;
}

/**
 * ipcmbox_port_withdraw() - a blocked sender gives up
 * @port: the port
 * @waiter: of the sender
 * @error: what its send fails with
 * @wakes: to flush
 *
 * While a receiver copies the message, the outcome is the receiver's: the waiter will be completed
 * with 0, or with @error when the copy fails.
 *
 * Context: the port's lock is held.
 * Return: &enum ipcmbox_withdrawal.
 */
enum ipcmbox_withdrawal ipcmbox_port_withdraw(struct ipcmbox_port *port,
					      struct ipcmbox_waiter *waiter, int error,
					      struct ipcmbox_wakes *wakes)
{
	struct ipcmbox_message *message = waiter->message;

	lockdep_assert_held(&port->lock);

	if (waiter->claimed)
		return IPCMBOX_WITHDRAWN_CLAIMED;

	switch (message->place) {
	case IPCMBOX_MESSAGE_TAKEN:
		waiter->leaving = error;
		return IPCMBOX_WITHDRAWN_TAKEN;
	case IPCMBOX_MESSAGE_QUEUED:
		if (mutated(withdrawn_delivered)) {
			leave_sender(port, waiter);
			return IPCMBOX_WITHDRAWN_RECEIVED;
		}
		pull(port, message);
		retract(port, message);
		break;
	case IPCMBOX_MESSAGE_PENDING:
		unsuspend(port, message);
		break;
	case IPCMBOX_MESSAGE_PAUSED:
		message->pauser->message = NULL;
		unhold(port, message);
		retract(port, message);
		break;
	case IPCMBOX_MESSAGE_HELD:
		leave_sender(port, waiter);
		ipcmbox_hold_leave(message, waiter);
		return IPCMBOX_WITHDRAWN_RECEIVED;
	}
	leave_sender(port, waiter);
	ipcmbox_step(port, message, IPCMBOX_STEP_WITHDRAWN);
	admit(port, wakes);
	return IPCMBOX_WITHDRAWN;
}

/**
 * ipcmbox_port_disown() - a killed sender leaves its taken message to the receiver
 * @port: the port
 * @waiter: of the sender
 *
 * Context: the port's lock is held.
 * Return: whether the waiter is free to go; else it is claimed.
 */
bool ipcmbox_port_disown(struct ipcmbox_port *port, struct ipcmbox_waiter *waiter)
{
	lockdep_assert_held(&port->lock);

	if (waiter->claimed)
		return false;
	waiter->message->is_disowned = true;
	leave_sender(port, waiter);
	return true;
}

/* Events. */

/**
 * ipcmbox_port_is_ready() - can an event be dealt with at once?
 * @port: of a member
 * @message: the event
 *
 * Context: the port's lock is held.
 * Return: whether there is room, or a receiver that waits for it, or the policy does without.
 */
bool ipcmbox_port_is_ready(const struct ipcmbox_port *port, const struct ipcmbox_message *message)
{
	lockdep_assert_held(&port->lock);

	return ipcmbox_port_never_blocks(port) ||
	       ipcmbox_port_has_room(port, message->length, 0, 0) || find_taker(port, message);
}

/**
 * ipcmbox_port_pass() - an event goes to the members
 * @port: of the event mailbox, which keeps nothing: the event counts as sent and as received
 * @message: owned by its sender afterwards, who is claimed if it has been suspended
 * @wakes: to flush
 *
 * Context: the port's lock is held.
 */
void ipcmbox_port_pass(struct ipcmbox_port *port, struct ipcmbox_message *message,
		       struct ipcmbox_wakes *wakes)
{
	lockdep_assert_held(&port->lock);

	if (message->place == IPCMBOX_MESSAGE_PENDING) {
		unsuspend(port, message);
		claim_sender(port, message, 0, wakes);
	} else {
		number(port, message);
	}
	port->sent++;
	port->taken++;
	ipcmbox_step(port, message, IPCMBOX_STEP_SENT);
}

/**
 * ipcmbox_port_deliver() - an event arrives at a member
 * @port: of the member
 * @message: numbered by the event mailbox; owned by the port or a receiver on success
 * @wakes: to flush
 *
 * Cannot fail for want of room: the member was ready for the event, so that if it is not any more,
 * a receiver that waited has left or put a message back, and one more is borne.
 *
 * Context: the port's lock is held.
 * Return: whether the member gets it; else it was dropped by the policy and counted, or nobody can
 * receive, and the caller still owns it.
 */
bool ipcmbox_port_deliver(struct ipcmbox_port *port, struct ipcmbox_message *message,
			  struct ipcmbox_wakes *wakes)
{
	struct ipcmbox_waiter *taker;

	lockdep_assert_held(&port->lock);

	if (port->receivers_gone)
		return false;

	taker = find_taker(port, message);
	if (!taker && ipcmbox_port_never_blocks(port)) {
		if (port->overflow == IPCMBOX_OVERFLOW_DROP_OLDEST)
			make_room(port, message, wakes);
		if (!may_enter(port, message)) {
			ipcmbox_port_lose(port, message);
			return false;
		}
	}

	accept(port, message);
	if (taker) {
		hand_over(port, message, taker, wakes);
	} else {
		enqueue(port, message);
		show(port, message, wakes);
	}
	return true;
}

/* Receiving. */

/**
 * ipcmbox_port_take() - find a message for a receiver
 * @port: the port
 * @waiter: of the receiver, not linked; @message and @lost are set on success, what is needed on
 *	-EMSGSIZE
 * @wakes: to flush
 *
 * The message goes into the receiver's hands, who must finish it or put it back; a peek gets a
 * reference instead.
 *
 * Context: the port's lock is held.
 * Return: 0; -EAGAIN there is none, -EPIPE and there will be none, -EMSGSIZE it is too long or
 * brings too many descriptors, -EBUSY an index must be built to find out.
 */
int ipcmbox_port_take(struct ipcmbox_port *port, struct ipcmbox_waiter *waiter,
		      struct ipcmbox_wakes *wakes)
{
	struct ipcmbox_message *message = ipcmbox_queue_first(&port->queue);
	struct ipcmbox_reception *reception = waiter->reception;

	lockdep_assert_held(&port->lock);

	if (unlikely(reception->selection)) {
		if (ipcmbox_selection_find(reception->selection, port, reception->min_priority,
					   &message))
			return -EBUSY;
	} else if (!message || message->priority < reception->min_priority) {
		message = ipcmbox_queue_first(&port->pending);
		if (message && message->priority < reception->min_priority)
			message = NULL;
	}
	if (!message)
		return port->senders_gone ? -EPIPE : -EAGAIN;

	if (!has_room(reception, message)) {
		tell_need(reception, message);
		return -EMSGSIZE;
	}

	waiter->message = message;
	if (unlikely(reception->peek)) {
		refcount_inc(&message->refs);
		waiter->lost = losses_before(port, message);
		return 0;
	}
	if (message->place == IPCMBOX_MESSAGE_PENDING)
		accept_pending(port, message, wakes);
	else
		remove(port, message, wakes);
	hold(port, message, reception->thread);
	waiter->lost = message->lost;
	prepare_conclusion(port, message, waiter);
	return 0;
}

/**
 * ipcmbox_port_await() - a receiver waits for a message
 * @port: the port, which had none
 * @waiter: of the calling receiver
 * @wakes: to flush
 *
 * Context: the port's lock is held, and has been since ipcmbox_port_take().
 */
void ipcmbox_port_await(struct ipcmbox_port *port, struct ipcmbox_waiter *waiter,
			struct ipcmbox_wakes *wakes)
{
	lockdep_assert_held(&port->lock);

	ipcmbox_waiter_init(waiter);
	list_add_tail(&waiter->link, &port->receivers);
	port->nr_receivers++;
	/* Where there is no room, a send need not wait now. */
	if (!waiter->reception->peek &&
	    !ipcmbox_port_has_room(port, port->max_length, 0, 0)) {
		wakes->poll |= IPCMBOX_POLL_SEND;
		if (port->of_event)
			wakes->rare |= IPCMBOX_WAKES_ROOM;
	}
}

/**
 * ipcmbox_port_cancel() - a waiting receiver gives up
 * @port: the port
 * @waiter: of the receiver
 *
 * Context: the port's lock is held.
 * Return: whether the waiter is free to go; else it is claimed.
 */
bool ipcmbox_port_cancel(struct ipcmbox_port *port, struct ipcmbox_waiter *waiter)
{
	lockdep_assert_held(&port->lock);

	if (waiter->claimed)
		return false;
	list_del_init(&waiter->link);
	port->nr_receivers--;
	return true;
}

/**
 * ipcmbox_port_fail() - what a receiver waits for will not come
 * @port: the port
 * @waiter: of the receiver, linked or claimed
 * @error: what its wait shall return
 * @wakes: to flush
 *
 * Context: the port's lock is held.
 */
void ipcmbox_port_fail(struct ipcmbox_port *port, struct ipcmbox_waiter *waiter, int error,
		       struct ipcmbox_wakes *wakes)
{
	lockdep_assert_held(&port->lock);

	if (!waiter->claimed)
		claim_receiver(port, waiter, error, wakes);
}

/**
 * ipcmbox_port_finish() - a receiver has copied its message
 * @port: the port
 * @waiter: of the receiver, whose message must be finished under the lock
 * @wakes: to flush
 *
 * Context: the port's lock is held.
 * Return: whether the port holds the message until it is settled; else the caller must put it.
 */
bool ipcmbox_port_finish(struct ipcmbox_port *port, struct ipcmbox_waiter *waiter,
			 struct ipcmbox_wakes *wakes)
{
	struct ipcmbox_message *message = waiter->message;

	lockdep_assert_held(&port->lock);

	if (waiter->token)
		ipcmbox_hold_begin(port, message, waiter, wakes);
	else
		atomic_dec(&port->receiving);
	if (!waiter->token && message->completion == IPCMBOX_HANDLED)
		ipcmbox_step(port, message, IPCMBOX_STEP_REPLIED);
	if (!waiter->token || message->completion == IPCMBOX_RECEIVED)
		claim_sender(port, message, 0, wakes);
	return waiter->token;
}

/**
 * ipcmbox_port_end_send() - the outcome of a send whose message is held
 * @port: the port
 * @message: held
 * @result: what the send returns
 * @wakes: to flush
 *
 * Context: the port's lock is held.
 */
void ipcmbox_port_end_send(struct ipcmbox_port *port, struct ipcmbox_message *message, int result,
			   struct ipcmbox_wakes *wakes)
{
	lockdep_assert_held(&port->lock);

	claim_sender(port, message, result, wakes);
}

/**
 * ipcmbox_port_resume_send() - a caller that has left comes back to wait for the reply
 * @port: the port
 * @message: held
 * @waiter: of the caller
 *
 * Context: the port's lock is held.
 */
void ipcmbox_port_resume_send(struct ipcmbox_port *port, struct ipcmbox_message *message,
			      struct ipcmbox_waiter *waiter)
{
	lockdep_assert_held(&port->lock);

	await_sender(port, message, waiter);
}

/*
 * The sender of a taken message waits for nothing but to be told that it can go; or it was killed,
 * and there is nobody to handle the message for.
 */
static bool is_abandoned(const struct ipcmbox_message *message)
{
	if (!message->sender)
		return message->completion == IPCMBOX_HANDLED;
	return message->sender->leaving;
}

static void discard(struct ipcmbox_port *port, struct ipcmbox_message *message,
		    struct ipcmbox_wakes *wakes)
{
	unhold(port, message);
	retract(port, message);
	ipcmbox_step(port, message, IPCMBOX_STEP_WITHDRAWN);
	if (message->sender)
		claim_sender(port, message, message->sender->leaving, wakes);
}

/**
 * ipcmbox_port_pause() - a receiver must wait for memory before it can copy
 * @port: the port
 * @waiter: of the receiver, with the message it has taken
 * @wakes: to flush
 *
 * Context: the port's lock is held.
 * Return: true if the receiver keeps the message, and must resume; false if the sender has given
 * up, and the caller must put the message.
 */
bool ipcmbox_port_pause(struct ipcmbox_port *port, struct ipcmbox_waiter *waiter,
			struct ipcmbox_wakes *wakes)
{
	struct ipcmbox_message *message = waiter->message;

	lockdep_assert_held(&port->lock);

	if (is_abandoned(message)) {
		discard(port, message, wakes);
		return false;
	}
	message->place = IPCMBOX_MESSAGE_PAUSED;
	message->pauser = waiter;
	/* It may have got the message without waiting. */
	waiter->task = current;
	return true;
}

/**
 * ipcmbox_port_resume() - a receiver has its memory
 * @port: the port
 * @waiter: of the receiver, paused
 *
 * Context: the port's lock is held.
 * Return: whether the receiver still has the message; else its sender has withdrawn it.
 */
bool ipcmbox_port_resume(struct ipcmbox_port *port, struct ipcmbox_waiter *waiter)
{
	lockdep_assert_held(&port->lock);

	if (!waiter->message)
		return false;
	waiter->message->place = IPCMBOX_MESSAGE_TAKEN;
	return true;
}

/**
 * ipcmbox_port_put_back() - a receiver could not receive its message
 * @port: the port
 * @message: taken by the caller
 * @wakes: to flush
 *
 * The message returns to its old place, or goes to a receiver that has begun to wait meanwhile. If
 * its sender has given up, this is where the message is withdrawn.
 *
 * Context: the port's lock is held.
 * Return: true if the port or another receiver has it, false if the caller must put it.
 */
bool ipcmbox_port_put_back(struct ipcmbox_port *port, struct ipcmbox_message *message,
			   struct ipcmbox_wakes *wakes)
{
	struct ipcmbox_waiter *taker;

	lockdep_assert_held(&port->lock);

	if (is_abandoned(message)) {
		discard(port, message, wakes);
		return false;
	}

	unhold(port, message);
	if (mutated(reordered_put_back))
		message->seq = port->next_seq++;
	ipcmbox_step(port, message, IPCMBOX_STEP_RETURNED);
	taker = find_taker(port, message);
	if (taker) {
		hand_over(port, message, taker, wakes);
	} else {
		enqueue(port, message);
		show(port, message, wakes);
	}
	return true;
}

/* Administration. */

void ipcmbox_port_set_capacity(struct ipcmbox_port *port, u32 max_messages, u64 max_bytes,
			       u32 overflow, struct ipcmbox_wakes *wakes)
{
	lockdep_assert_held(&port->lock);

	port->max_messages = max_messages;
	port->max_bytes = max_bytes;
	WRITE_ONCE(port->overflow, overflow);
	admit(port, wakes);
	if (port->of_event)
		wakes->rare |= IPCMBOX_WAKES_ROOM;
	if (ipcmbox_port_never_blocks(port))
		wakes->poll |= IPCMBOX_POLL_SEND;
	wakes->rare |= IPCMBOX_WAKES_POLL_ALL;
}

/*
 * There is nobody to receive what a blocked sender sends, or to reply. Where that ends with the
 * owner of an endpoint, another process may have the message in its hands, with a descriptor it has
 * inherited: what is being copied is received if that succeeds, what is held is not waited for.
 */
static void bounce(struct ipcmbox_port *port, struct ipcmbox_message *message,
		   struct ipcmbox_wakes *wakes)
{
	switch (message->place) {
	case IPCMBOX_MESSAGE_TAKEN:
		message->sender->leaving = -EPIPE;
		return;
	case IPCMBOX_MESSAGE_QUEUED:
		pull(port, message);
		retract(port, message);
		break;
	case IPCMBOX_MESSAGE_PENDING:
		unsuspend(port, message);
		break;
	case IPCMBOX_MESSAGE_PAUSED:
		message->pauser->message = NULL;
		unhold(port, message);
		retract(port, message);
		break;
	case IPCMBOX_MESSAGE_HELD:
		claim_sender(port, message, -EPIPE, wakes);
		return;
	}
	ipcmbox_step(port, message, IPCMBOX_STEP_WITHDRAWN);
	claim_sender(port, message, -EPIPE, wakes);
	ipcmbox_wakes_add_victim(wakes, message);
}

/**
 * ipcmbox_port_set_gone() - the other side is there, or gone for good
 * @port: the port
 * @receivers_gone: nobody can receive: blocked sends are withdrawn and fail with EPIPE
 * @senders_gone: nobody can send: waiting receives fail with EPIPE
 * @wakes: to flush
 *
 * Context: the port's lock is held.
 */
void ipcmbox_port_set_gone(struct ipcmbox_port *port, bool receivers_gone, bool senders_gone,
			   struct ipcmbox_wakes *wakes)
{
	struct ipcmbox_waiter *waiter, *next;

	lockdep_assert_held(&port->lock);

	if ((receivers_gone && !port->receivers_gone) || (senders_gone && !port->senders_gone)) {
		wakes->poll |= EPOLLHUP;
		wakes->rare |= IPCMBOX_WAKES_POLL_ALL;
	}
	port->receivers_gone = receivers_gone;
	port->senders_gone = senders_gone;

	if (receivers_gone)
		list_for_each_entry_safe(waiter, next, &port->senders, link)
			bounce(port, waiter->message, wakes);
	if (senders_gone)
		list_for_each_entry_safe(waiter, next, &port->receivers, link)
			claim_receiver(port, waiter, -EPIPE, wakes);
}

/**
 * ipcmbox_port_refuse_files() - messages with descriptors are welcome, or not any more
 * @port: the port; of a mailbox without receivers if they are not
 * @refuse: they are dropped; senders that wait get EPIPE, and so do those to come
 * @wakes: to flush
 *
 * Nobody receives while this is going on, so messages leave the queue by pull() only.
 *
 * Context: the port's lock is held, and the registry's until all is done.
 * Return: true: drop the lock for a moment and call again.
 */
bool ipcmbox_port_refuse_files(struct ipcmbox_port *port, bool refuse, struct ipcmbox_wakes *wakes)
{
	struct ipcmbox_waiter *waiter, *next;
	struct ipcmbox_message *message;
	int n;

	lockdep_assert_held(&port->lock);

	if (refuse && !port->refuses_files) {
		list_for_each_entry_safe(waiter, next, &port->senders, link)
			if (waiter->message->nr_fds)
				bounce(port, waiter->message, wakes);
		port->next_to_shed = ipcmbox_queue_first(&port->queue);
	}
	port->refuses_files = refuse;

	for (n = 0; n < SHED_MAX && port->next_to_shed; n++) {
		message = port->next_to_shed;
		port->next_to_shed = ipcmbox_queue_next(message);
		if (message->nr_fds)
			drop(port, message, wakes);
	}
	if (wakes->victims)
		admit(port, wakes);
	return port->next_to_shed;
}
