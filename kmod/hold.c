// SPDX-License-Identifier: GPL-2.0-only
/*
 * Held messages: received, and not settled.
 */
#include <linux/jiffies.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/pid.h>
#include <linux/sched.h>

#include <uapi/linux/ipcmbox.h>

#include "compat.h"
#include "deadlock.h"
#include "exchange.h"
#include "hold.h"
#include "message.h"
#include "port.h"
#include "step.h"
#include "transfer.h"
#include "wait.h"

/* How many messages are looked at under one hold of the lock. */
#define SWEEP_MAX	64

/* A timer for fewer ticks than this is in time. */
#define EXACT_TICKS	60

static struct ipcmbox_message *by_token(const struct rb_node *node)
{
	return rb_entry_safe(node, struct ipcmbox_message, node);
}

static bool token_less(struct rb_node *a, const struct rb_node *b)
{
	return by_token(a)->token < by_token(b)->token;
}

static struct ipcmbox_message *find(const struct ipcmbox_port *port, u64 token)
{
	struct rb_node *node = port->held.rb_node;
	struct ipcmbox_message *message;

	lockdep_assert_held(&port->lock);

	while (node) {
		message = by_token(node);
		if (message->token == token)
			return message;
		node = token < message->token ? node->rb_left : node->rb_right;
	}
	return NULL;
}

/* The message with the greatest token that is smaller than @below. */
static struct ipcmbox_message *find_below(const struct ipcmbox_port *port, u64 below)
{
	struct rb_node *node = port->held.rb_node;
	struct ipcmbox_message *message, *found = NULL;

	lockdep_assert_held(&port->lock);

	while (node) {
		message = by_token(node);
		if (message->token < below) {
			found = message;
			node = node->rb_right;
		} else {
			node = node->rb_left;
		}
	}
	return found;
}

/* What to say of a token that is not there. */
static int why_not(const struct ipcmbox_port *port, u64 token)
{
	return token && token <= port->last_token ? -ESTALE : -EINVAL;
}

/* Returns the message, or NULL with *@error set. */
static struct ipcmbox_message *find_held(const struct ipcmbox_port *port, u64 token, int *error)
{
	struct ipcmbox_message *message = find(port, token);

	if (message && message->place == IPCMBOX_MESSAGE_HELD)
		return message;
	*error = why_not(port, token);
	return NULL;
}

static bool is_leased(const struct ipcmbox_message *message)
{
	return message->lease_expires != KTIME_MAX;
}

/* It was to be handled for somebody who will not come back. */
static bool is_given_up(const struct ipcmbox_message *message)
{
	return message->completion == IPCMBOX_HANDLED && !message->sender && !message->caller;
}

/* It waits for its settlement no more, and is still in the tree. */
static void let_go(struct ipcmbox_port *port, struct ipcmbox_message *message)
{
	message->place = IPCMBOX_MESSAGE_OWNED;
	if (message->completion == IPCMBOX_HANDLED && message->sender)
		WRITE_ONCE(message->sender->sending->caller->server, NULL);
	put_pid(message->server);
	port->nr_held--;
}

/* From now on it counts as received. */
static void settle(struct ipcmbox_port *port, struct ipcmbox_message *message)
{
	let_go(port, message);
	atomic_dec(&port->receiving);
}

static void end(struct ipcmbox_port *port, struct ipcmbox_message *message,
		struct ipcmbox_wakes *wakes)
{
	rb_erase(&message->node, &port->held);
	ipcmbox_wakes_add_victim(wakes, message);
}

/*
 * When to look. The kernel's timers are in time for the next few ticks only, and for longer up to
 * an eighth late: they are set to be early, and set again then.
 */
static unsigned long delay_of(u64 ns)
{
	unsigned long delay = nsecs_to_jiffies(ns);

	if (delay >= EXACT_TICKS)
		delay -= delay / 8;
	return min(delay + 1, MAX_JIFFY_OFFSET);
}

/* Looks for ended leases at @expires, or earlier if that is planned. */
static void look_at(struct ipcmbox_port *port, ktime_t expires, ktime_t now)
{
	if (expires >= port->next_expiry)
		return;
	port->next_expiry = expires;
	mod_delayed_work(ipcmbox_unbound_wq, &port->lease_work,
			 delay_of(max_t(ktime_t, expires - now, 0)));
}

static void set_lease(struct ipcmbox_port *port, struct ipcmbox_message *message, u64 lease_ns)
{
	ktime_t now = ktime_get();

	/* The greatest of all means that there is no lease. */
	message->lease_expires = min(ktime_add_safe(now, min_t(u64, lease_ns, KTIME_MAX)),
				     KTIME_MAX - 1);
	look_at(port, message->lease_expires, now);
}

/**
 * ipcmbox_hold_begin() - a receiver has copied a message that it must settle
 * @port: the port
 * @message: taken; owned by the port afterwards
 * @receiver: the calling receiver, with a token
 * @wakes: to flush
 *
 * Context: the port's lock is held.
 */
void ipcmbox_hold_begin(struct ipcmbox_port *port, struct ipcmbox_message *message,
			const struct ipcmbox_waiter *receiver, struct ipcmbox_wakes *wakes)
{
	const struct ipcmbox_reception *reception = receiver->reception;
	struct ipcmbox_waiter *sender = message->sender;

	lockdep_assert_held(&port->lock);

	message->place = IPCMBOX_MESSAGE_HELD;
	message->lease_expires = KTIME_MAX;
	message->caller = NULL;
	message->token = receiver->token;
	message->holder = reception->handle;
	port->last_holder = reception->handle;
	message->server = get_pid(reception->thread);
	rb_add(&message->node, &port->held, token_less);
	port->nr_held++;
	if (reception->lease_ns)
		set_lease(port, message, reception->lease_ns);

	if (message->completion != IPCMBOX_HANDLED || !sender)
		return;
	WRITE_ONCE(sender->sending->caller->server, message->server);
	/*
	 * A caller that wanted to leave meanwhile goes now, and knows that it was received. One
	 * that leaves because the owner of the endpoint has died need not come back.
	 */
	if (sender->leaving) {
		if (sender->leaving != -EPIPE)
			ipcmbox_hold_leave(message, sender);
		ipcmbox_port_end_send(port, message, sender->leaving, wakes);
	}
}

/**
 * ipcmbox_hold_leave() - a sender goes away, its message was received
 * @message: held
 * @sender: its waiter
 *
 * Context: the port's lock is held.
 */
void ipcmbox_hold_leave(struct ipcmbox_message *message, struct ipcmbox_waiter *sender)
{
	message->caller = sender->sending->home;
	sender->token = message->token;
}

/* Settling. */

/* What the caller will find when it comes back; nothing if it does not. */
static void tell_later(struct ipcmbox_port *port, struct ipcmbox_message *message,
		       enum ipcmbox_message_place place, struct ipcmbox_wakes *wakes)
{
	if (message->caller)
		message->place = place;
	else
		end(port, message, wakes);
}

static void insert_answer(struct ipcmbox_port *port, u64 token, struct ipcmbox_message *reply,
			  struct ipcmbox_handle *caller)
{
	reply->place = IPCMBOX_MESSAGE_ANSWERED;
	reply->token = token;
	reply->caller = caller;
	rb_add(&reply->node, &port->held, token_less);
}

/**
 * ipcmbox_hold_reply() - a held message is handled
 * @port: the port
 * @token: of the message
 * @reply: what its sender gets, on success not the caller's any more; NULL: an acknowledgment
 * @wakes: to flush
 *
 * Context: the port's lock is held.
 * Return: 0, -ESTALE, -EINVAL; -EPIPE nobody waits for it, the message has ended.
 */
int ipcmbox_hold_reply(struct ipcmbox_port *port, u64 token, struct ipcmbox_message *reply,
		       struct ipcmbox_wakes *wakes)
{
	struct ipcmbox_message *message;
	struct ipcmbox_waiter *sender;
	int error;

	lockdep_assert_held(&port->lock);

	message = find_held(port, token, &error);
	if (!message)
		return error;
	settle(port, message);
	ipcmbox_step(port, message, IPCMBOX_STEP_REPLIED);

	sender = message->sender;
	if (sender) {
		sender->reply = reply;
		sender->token = token;
		ipcmbox_port_end_send(port, message, 0, wakes);
		end(port, message, wakes);
		return 0;
	}
	if (is_given_up(message)) {
		end(port, message, wakes);
		return -EPIPE;
	}
	if (!reply) {
		tell_later(port, message, IPCMBOX_MESSAGE_ACKNOWLEDGED, wakes);
		return 0;
	}
	end(port, message, wakes);
	if (message->caller) {
		insert_answer(port, token, reply, message->caller);
	} else {
		/* A leased message, whose sender is content already. */
		ipcmbox_wakes_add_victim(wakes, reply);
	}
	return 0;
}

static void to_dead(struct ipcmbox_port *port, struct ipcmbox_message *message,
		    struct ipcmbox_message **dead, struct ipcmbox_wakes *wakes)
{
	atomic_dec(&port->receiving);
	port->dead_letters++;
	ipcmbox_step(port, message, IPCMBOX_STEP_DEAD);
	if (message->sender)
		ipcmbox_port_end_send(port, message, -EPIPE, wakes);
	message->next_victim = *dead;
	*dead = message;
}

static void add_in_order(struct ipcmbox_message **list, struct ipcmbox_message *message)
{
	while (*list && ipcmbox_message_is_before(*list, message))
		list = &(*list)->next_victim;
	message->next_victim = *list;
	*list = message;
}

/*
 * To be put back in its old place; or, if that was too often, to the dead; or nowhere, if nobody
 * cares.
 */
static void give_back(struct ipcmbox_port *port, struct ipcmbox_message *message,
		      struct ipcmbox_message **back, struct ipcmbox_message **dead,
		      struct ipcmbox_wakes *wakes)
{
	if (message->completion == IPCMBOX_HANDLED && !message->sender) {
		settle(port, message);
		tell_later(port, message, IPCMBOX_MESSAGE_BROKEN, wakes);
		return;
	}

	let_go(port, message);
	rb_erase(&message->node, &port->held);
	port->redelivered++;
	if (message->redelivered < U16_MAX)
		message->redelivered++;
	if (port->max_deliveries && message->redelivered >= port->max_deliveries)
		to_dead(port, message, dead, wakes);
	else
		add_in_order(back, message);
}

/*
 * First what is received first: a waiting receiver gets it. Pollers that want to be woken one at a
 * time are so for one message.
 */
static void put_back(struct ipcmbox_port *port, struct ipcmbox_message *back,
		     struct ipcmbox_wakes *wakes)
{
	struct ipcmbox_message *next;

	for (; back; back = next) {
		next = back->next_victim;
		ipcmbox_port_put_back(port, back, wakes);
		if (next)
			wakes->rare |= IPCMBOX_WAKES_POLL_ALL;
	}
}

/**
 * ipcmbox_hold_refuse() - a held message goes back
 * @port: the port
 * @token: of the message
 * @dead: the message is added to this list if it was delivered too often
 * @wakes: to flush
 *
 * Context: the port's lock is held.
 * Return: 0, -ESTALE, -EINVAL; -EPIPE nobody waits for it, the message has ended.
 */
int ipcmbox_hold_refuse(struct ipcmbox_port *port, u64 token, struct ipcmbox_message **dead,
			struct ipcmbox_wakes *wakes)
{
	struct ipcmbox_message *message, *back = NULL;
	int ret = 0;

	message = find_held(port, token, &ret);
	if (!message)
		return ret;
	if (is_given_up(message))
		ret = -EPIPE;
	give_back(port, message, &back, dead, wakes);
	put_back(port, back, wakes);
	return ret;
}

/**
 * ipcmbox_hold_renew() - a lease begins anew
 * @port: the port
 * @token: of the message
 * @lease_ns: for how long
 *
 * Context: the port's lock is held.
 * Return: 0, -ESTALE, -EINVAL (also: it is not leased).
 */
int ipcmbox_hold_renew(struct ipcmbox_port *port, u64 token, u64 lease_ns)
{
	struct ipcmbox_message *message;
	int error;

	message = find_held(port, token, &error);
	if (!message)
		return error;
	if (!is_leased(message))
		return -EINVAL;
	set_lease(port, message, lease_ns);
	return 0;
}

/* Callers that come back. */

/**
 * ipcmbox_hold_resume() - a caller asks what has become of its request
 * @port: the port
 * @token: of the request
 * @caller: waiter of the calling task, made ready if it must wait
 * @may_wait: it may
 * @wakes: to flush
 *
 * Context: the port's lock is held.
 * Return: 0, @caller has the reply; -EINPROGRESS it must wait; -EAGAIN it would have to; -EPIPE
 * there will be no reply; -ESTALE no such request of the caller's.
 */
int ipcmbox_hold_resume(struct ipcmbox_port *port, u64 token, struct ipcmbox_waiter *caller,
			bool may_wait, struct ipcmbox_wakes *wakes)
{
	struct ipcmbox_message *message = find(port, token);

	lockdep_assert_held(&port->lock);

	if (!message || message->caller != caller->sending->home)
		return -ESTALE;

	caller->token = token;
	caller->reply = NULL;
	switch (message->place) {
	case IPCMBOX_MESSAGE_ANSWERED:
		rb_erase(&message->node, &port->held);
		message->place = IPCMBOX_MESSAGE_OWNED;
		caller->reply = message;
		return 0;
	case IPCMBOX_MESSAGE_ACKNOWLEDGED:
		end(port, message, wakes);
		return 0;
	case IPCMBOX_MESSAGE_BROKEN:
		end(port, message, wakes);
		return -EPIPE;
	}
	if (port->receivers_gone) {
		message->caller = NULL;
		return -EPIPE;
	}
	WRITE_ONCE(caller->sending->caller->server, message->server);
	if (!may_wait)
		return -EAGAIN;
	message->caller = NULL;
	ipcmbox_port_resume_send(port, message, caller);
	return -EINPROGRESS;
}

/**
 * ipcmbox_hold_cancel() - a caller will not come back
 * @port: the port
 * @token: of the request
 * @caller: the handle the call was made on
 * @wakes: to flush
 *
 * Context: the port's lock is held.
 * Return: 0, -ESTALE.
 */
int ipcmbox_hold_cancel(struct ipcmbox_port *port, u64 token, const struct ipcmbox_handle *caller,
			struct ipcmbox_wakes *wakes)
{
	struct ipcmbox_message *message = find(port, token);

	lockdep_assert_held(&port->lock);

	if (!message || message->caller != caller)
		return -ESTALE;
	if (message->place == IPCMBOX_MESSAGE_HELD)
		message->caller = NULL;
	else
		end(port, message, wakes);
	return 0;
}

/**
 * ipcmbox_hold_keep() - a caller could not receive its reply, and may try again
 * @port: the port
 * @token: of its request
 * @reply: owned by the port afterwards
 * @caller: the handle the call was made on
 *
 * Context: the port's lock is held.
 */
void ipcmbox_hold_keep(struct ipcmbox_port *port, u64 token, struct ipcmbox_message *reply,
		       struct ipcmbox_handle *caller)
{
	lockdep_assert_held(&port->lock);

	insert_answer(port, token, reply, caller);
}

/* Walking through everything. */

/* Returns the next message of this part, or NULL at its end. */
static struct ipcmbox_message *sweep_next(struct ipcmbox_port *port, struct ipcmbox_sweep *sweep,
					  int *looked)
{
	struct ipcmbox_message *message;

	if ((*looked)++ == SWEEP_MAX)
		return NULL;
	message = find_below(port, sweep->below);
	sweep->below = message ? message->token : 0;
	return message;
}

/**
 * ipcmbox_hold_expire() - leases end
 * @port: the port
 * @sweep: where it is; @now is set
 * @wakes: to flush
 *
 * Context: the port's lock is held; to be dropped before the next part.
 */
void ipcmbox_hold_expire(struct ipcmbox_port *port, struct ipcmbox_sweep *sweep,
			 struct ipcmbox_wakes *wakes)
{
	struct ipcmbox_message *message, *back = NULL;
	int looked = 0;

	lockdep_assert_held(&port->lock);

	/* What begins meanwhile makes its own plans. */
	if (sweep->below == U64_MAX)
		port->next_expiry = KTIME_MAX;

	while ((message = sweep_next(port, sweep, &looked))) {
		if (message->place != IPCMBOX_MESSAGE_HELD)
			continue;
		if (message->lease_expires <= sweep->now)
			give_back(port, message, &back, &sweep->dead, wakes);
		else
			sweep->next = min(sweep->next, message->lease_expires);
	}
	put_back(port, back, wakes);
	if (!sweep->below)
		look_at(port, sweep->next, sweep->now);
}

static void close_held(struct ipcmbox_port *port, struct ipcmbox_message *message,
		       struct ipcmbox_message **back, struct ipcmbox_message **dead,
		       struct ipcmbox_wakes *wakes)
{
	if (is_leased(message)) {
		give_back(port, message, back, dead, wakes);
		return;
	}
	settle(port, message);
	if (message->sender)
		ipcmbox_port_end_send(port, message, -EPIPE, wakes);
	tell_later(port, message, IPCMBOX_MESSAGE_BROKEN, wakes);
}

/**
 * ipcmbox_hold_close() - a handle is closed: what it held, and what was kept for it
 * @port: the port
 * @handle: it; nobody uses it any more
 * @sweep: where it is
 * @wakes: to flush
 *
 * Context: the port's lock is held; to be dropped before the next part.
 */
void ipcmbox_hold_close(struct ipcmbox_port *port, const struct ipcmbox_handle *handle,
			struct ipcmbox_sweep *sweep, struct ipcmbox_wakes *wakes)
{
	struct ipcmbox_message *message, *back = NULL;
	int looked = 0;

	lockdep_assert_held(&port->lock);

	if (port->last_holder == handle)
		port->last_holder = NULL;
	while ((message = sweep_next(port, sweep, &looked))) {
		if (message->caller == handle) {
			if (message->place != IPCMBOX_MESSAGE_HELD) {
				end(port, message, wakes);
				continue;
			}
			message->caller = NULL;
		}
		if (message->place == IPCMBOX_MESSAGE_HELD && message->holder == handle)
			close_held(port, message, &back, &sweep->dead, wakes);
	}
	put_back(port, back, wakes);
}
