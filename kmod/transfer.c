// SPDX-License-Identifier: GPL-2.0-only
/*
 * Transfers: the send path and the receive path.
 */
#include <linux/cred.h>
#include <linux/sched/signal.h>
#include <linux/uio.h>

#include <uapi/linux/ipcmbox.h>

#include "delivery.h"
#include "endpoint.h"
#include "event.h"
#include "files.h"
#include "handle.h"
#include "index.h"
#include "mailbox.h"
#include "message.h"
#include "mutation.h"
#include "exchange.h"
#include "hold.h"
#include "port.h"
#include "quota.h"
#include "registry.h"
#include "selection.h"
#include "step.h"
#include "transfer.h"
#include "wait.h"

/*
 * How often a receive faults its buffer in before it gives up. One time is enough, but for memory
 * that is reclaimed at once, or unmapped all the time by another thread.
 */
#define FAULT_IN_TRIES	64

/* Send. */

/* From a descriptor that came from another user. */
static noinline struct ipcmbox_message *import_foreign(struct ipcmbox_sending *sending)
{
	struct ipcmbox_mailbox *mailbox = sending->mailbox;
	struct ipcmbox_user *user;
	struct ipcmbox_message *message;

	user = ipcmbox_user_find(&mailbox->registry->users, current_uid());
	if (!user) {
		sending->limit = IPCMBOX_LIMIT_MEMORY;
		return ERR_PTR(-ENOMEM);
	}
	message = ipcmbox_message_import(user, mailbox->creator, sending);
	ipcmbox_user_put(user);
	return message;
}

/**
 * ipcmbox_transfer_import() - make a message of what the caller sends
 * @handle: what it sends on
 * @sending: what it sends, and where to
 *
 * Context: may sleep and fault, no locks held.
 * Return: as ipcmbox_message_import(), or -EMSGSIZE.
 */
struct ipcmbox_message *ipcmbox_transfer_import(struct ipcmbox_handle *handle,
						struct ipcmbox_sending *sending)
{
	if (unlikely(iov_iter_count(sending->from) > sending->mailbox->max_length)) {
		sending->limit = IPCMBOX_LIMIT_LENGTH;
		return ERR_PTR(-EMSGSIZE);
	}
	if (unlikely(!uid_eq(handle->user->uid, current_uid())))
		return import_foreign(sending);
	return ipcmbox_message_import(handle->user, sending->mailbox->creator, sending);
}

static int post(struct ipcmbox_port *port, struct ipcmbox_message *message,
		struct ipcmbox_waiter *waiter)
{
	struct ipcmbox_wakes wakes __uninitialized;
	int ret;

	ipcmbox_wakes_init(&wakes);
	spin_lock(&port->lock);
	ret = ipcmbox_port_post(port, message, waiter, &wakes);
	spin_unlock(&port->lock);
	ipcmbox_wakes_flush(&wakes, &port->pollers);
	return ret;
}

/*
 * A caller that leaves after the request was received can come back; if the request is refused
 * then, it is received again, and must not be what the caller has in its buffer by then.
 */
static int keep_for_return(struct ipcmbox_port *port, const struct ipcmbox_waiter *waiter)
{
	struct ipcmbox_message *message = NULL;
	int ret;

	spin_lock(&port->lock);
	if (!waiter->claimed && ipcmbox_message_is_lent(waiter->message)) {
		message = waiter->message;
		refcount_inc(&message->refs);
	}
	spin_unlock(&port->lock);
	if (!message)
		return 0;
	ret = ipcmbox_message_keep(message);
	ipcmbox_message_put(message);
	return ret;
}

/*
 * The wait of a sender was cut short with @error. Either the message can be withdrawn, and the send
 * has never been; or somebody has decided the outcome, and that is what counts.
 */
static noinline int give_up(struct ipcmbox_port *port, struct ipcmbox_waiter *waiter, int error)
{
	enum ipcmbox_withdrawal how;
	struct ipcmbox_wakes wakes;
	bool disowned;

	if (waiter->sending->completion == IPCMBOX_HANDLED && waiter->sending->home &&
	    keep_for_return(port, waiter))
		waiter->sending->home = NULL;
	ipcmbox_wakes_init(&wakes);
	spin_lock(&port->lock);
	/* Who is killed does not come back. */
	if (fatal_signal_pending(current))
		waiter->sending->home = NULL;
	how = ipcmbox_port_withdraw(port, waiter, error, &wakes);
	spin_unlock(&port->lock);
	ipcmbox_wakes_flush(&wakes, &port->pollers);

	switch (how) {
	case IPCMBOX_WITHDRAWN:
		ipcmbox_message_put(waiter->message);
		return error;
	case IPCMBOX_WITHDRAWN_CLAIMED:
		ipcmbox_waiter_join(waiter);
		return waiter->result;
	case IPCMBOX_WITHDRAWN_RECEIVED:
		return error;
	case IPCMBOX_WITHDRAWN_TAKEN:
		break;
	}

	if (!ipcmbox_waiter_sleep_killable(waiter))
		return waiter->result;

	/* Killed: nobody will see what this returns, but the waiter must be out of reach. */
	spin_lock(&port->lock);
	disowned = ipcmbox_port_disown(port, waiter);
	spin_unlock(&port->lock);
	if (disowned)
		return -EINTR;
	/* The outcome may be a reply, which must be put. */
	ipcmbox_waiter_join(waiter);
	return waiter->result;
}

/* The outcome of a send that waits until its message is handled. */
static noinline void conclude_call(struct ipcmbox_sending *sending,
				   const struct ipcmbox_waiter *waiter)
{
	sending->reply = waiter->reply;
	sending->cookie = waiter->token;
}

static int await_completion(struct ipcmbox_port *port, struct ipcmbox_sending *sending,
			    struct ipcmbox_waiter *waiter)
{
	int ret;

	if (unlikely(sending->mailbox->endpoint))
		ipcmbox_endpoint_watch(sending->mailbox->endpoint);
	ret = ipcmbox_waiter_wait(waiter, sending->deadline, &port->send_patience);
	ret = ret ? give_up(port, waiter, ret) : waiter->result;
	if (unlikely(sending->completion == IPCMBOX_HANDLED))
		conclude_call(sending, waiter);
	return ret;
}

static noinline int send_event(struct ipcmbox_handle *handle, struct ipcmbox_sending *sending)
{
	struct ipcmbox_message *message;

	if (sending->completion != IPCMBOX_QUEUED)
		return -EINVAL;
	message = ipcmbox_transfer_import(handle, sending);
	return IS_ERR(message) ? PTR_ERR(message) : ipcmbox_event_send(sending, message);
}

/**
 * ipcmbox_transfer_send() - send one message
 * @handle: has the right to send
 * @sending: what, where to, and how; @limit is set to the limit that was hit
 *
 * Context: process context, no locks held.
 * Return: 0, IPCMBOX_SENT_DROPPED, or an error of struct ipcmbox_send.
 */
int __flatten ipcmbox_transfer_send(struct ipcmbox_handle *handle, struct ipcmbox_sending *sending)
{
	struct ipcmbox_port *port = &sending->mailbox->port;
	struct ipcmbox_waiter waiter __uninitialized;
	struct ipcmbox_message *message;
	int ret;

	if (unlikely(sending->mailbox->event))
		return send_event(handle, sending);
	if (unlikely(sending->mailbox->endpoint) &&
	    ipcmbox_endpoint_check(sending->mailbox->endpoint))
		return -EPIPE;

	message = ipcmbox_transfer_import(handle, sending);
	if (IS_ERR(message))
		return PTR_ERR(message);

	waiter.sending = sending;
	ret = post(port, message, sending->deadline->nonblock ? NULL : &waiter);
	if (likely(ret == IPCMBOX_POSTED))
		return 0;

	switch (ret) {
	case IPCMBOX_POSTED_WAIT:
		ret = await_completion(port, sending, &waiter);
		break;
	case IPCMBOX_POSTED_DROPPED:
		ipcmbox_message_put(message);
		return IPCMBOX_SENT_DROPPED;
	default:
		ipcmbox_message_put(message);
	}
	if (ret == -EAGAIN) {
		sending->limit = IPCMBOX_LIMIT_CAPACITY;
		sending->refused = READ_ONCE(port->overflow) == IPCMBOX_OVERFLOW_FAIL;
	}
	return ret;
}

/**
 * ipcmbox_transfer_resume() - go on waiting for a reply
 * @sending: @mailbox, @deadline, @completion (HANDLED), @home, @caller and @cookie are set
 * @may_wait: else it only looks, and tells @caller whom it would wait for
 *
 * Context: process context, no locks held.
 * Return: 0 with @reply and @cookie set, or an error of struct ipcmbox_call, with @cookie set.
 */
int ipcmbox_transfer_resume(struct ipcmbox_sending *sending, bool may_wait)
{
	struct ipcmbox_port *port = &sending->mailbox->port;
	struct ipcmbox_waiter waiter = { .sending = sending };
	struct ipcmbox_wakes wakes;
	int ret;

	ipcmbox_wakes_init(&wakes);
	spin_lock(&port->lock);
	ret = ipcmbox_hold_resume(port, sending->cookie, &waiter, may_wait, &wakes);
	spin_unlock(&port->lock);
	ipcmbox_wakes_flush(&wakes, &port->pollers);

	switch (ret) {
	case -EINPROGRESS:
		return await_completion(port, sending, &waiter);
	case -EAGAIN:
		return ret;
	}
	sending->reply = waiter.reply;
	if (ret == -EPIPE)
		sending->cookie = 0;
	return ret;
}

/* Receive. */

/* Returns -EINPROGRESS with the waiter linked if there is nothing for it, and it may wait. */
static int take_or_await(struct ipcmbox_port *port, struct ipcmbox_waiter *waiter,
			 const struct ipcmbox_deadline *deadline)
{
	struct ipcmbox_wakes wakes __uninitialized;
	int ret;

	ipcmbox_wakes_init(&wakes);
	spin_lock(&port->lock);
	ret = ipcmbox_port_take(port, waiter, &wakes);
	if (ret == -EAGAIN && !deadline->nonblock) {
		ipcmbox_port_await(port, waiter, &wakes);
		ret = -EINPROGRESS;
	}
	spin_unlock(&port->lock);
	ipcmbox_wakes_flush(&wakes, &port->pollers);
	return ret;
}

/* What it wants is not to be found without an index, or is not there. */
static noinline int build_and_take(struct ipcmbox_port *port, struct ipcmbox_waiter *waiter,
				   const struct ipcmbox_deadline *deadline)
{
	int ret;

	do {
		if (fatal_signal_pending(current))
			return -EINTR;
		ipcmbox_index_build(port);
		ret = take_or_await(port, waiter, deadline);
	} while (ret == -EBUSY);
	return ret;
}

/*
 * There is nothing of the sender it wants, and it may not wait. If there will never be anything
 * that is an error; but the last message may have come just before the sender went.
 */
static noinline int take_last(struct ipcmbox_port *port, struct ipcmbox_waiter *waiter,
			      const struct ipcmbox_deadline *deadline)
{
	const struct ipcmbox_selection *selection = waiter->reception->selection;
	struct ipcmbox_endpoint *endpoint = ipcmbox_selection_endpoint(selection);
	int ret;

	if (!IS_ERR(endpoint)) {
		ipcmbox_endpoint_put(endpoint);
		return -EAGAIN;
	}
	ret = take_or_await(port, waiter, deadline);
	if (ret == -EBUSY)
		ret = build_and_take(port, waiter, deadline);
	return ret == -EAGAIN ? PTR_ERR(endpoint) : ret;
}

/*
 * It waits for one sender. The waiter is linked already, so that what that sends before it goes is
 * received first.
 */
static noinline int sleep_for_sender(struct ipcmbox_port *port, struct ipcmbox_waiter *waiter,
				     const struct ipcmbox_deadline *deadline)
{
	const struct ipcmbox_selection *selection = waiter->reception->selection;
	struct ipcmbox_endpoint *endpoint = ipcmbox_selection_endpoint(selection);
	struct ipcmbox_awaiting awaiting;
	int ret;

	if (IS_ERR(endpoint))
		return PTR_ERR(endpoint);
	ret = ipcmbox_awaiting_begin(&awaiting, endpoint, port, waiter);
	if (!ret)
		ret = ipcmbox_waiter_wait(waiter, deadline, &port->receive_patience);
	ipcmbox_awaiting_end(&awaiting);
	return ret;
}

static bool is_for_sender(const struct ipcmbox_waiter *waiter)
{
	const struct ipcmbox_selection *selection = waiter->reception->selection;

	return unlikely(selection) && selection->kind;
}

/* Returns 0 with @waiter->message in the caller's hands (a peek: with a reference to it). */
static int take(struct ipcmbox_port *port, struct ipcmbox_waiter *waiter,
		const struct ipcmbox_deadline *deadline)
{
	bool cancelled;
	int ret;

	ret = take_or_await(port, waiter, deadline);
	if (!ret)
		return 0;
	if (unlikely(ret == -EBUSY))
		ret = build_and_take(port, waiter, deadline);
	if (ret == -EAGAIN && is_for_sender(waiter))
		return take_last(port, waiter, deadline);
	if (ret != -EINPROGRESS)
		return ret;

	if (is_for_sender(waiter))
		ret = sleep_for_sender(port, waiter, deadline);
	else
		ret = ipcmbox_waiter_wait(waiter, deadline, &port->receive_patience);
	if (!ret)
		return waiter->result;

	spin_lock(&port->lock);
	cancelled = ipcmbox_port_cancel(port, waiter);
	spin_unlock(&port->lock);
	if (cancelled)
		return ret;
	ipcmbox_waiter_join(waiter);
	return waiter->result;
}

static noinline void conclude(struct ipcmbox_port *port, struct ipcmbox_waiter *waiter)
{
	struct ipcmbox_wakes wakes __uninitialized;
	bool held;

	ipcmbox_wakes_init(&wakes);
	spin_lock(&port->lock);
	held = ipcmbox_port_finish(port, waiter, &wakes);
	spin_unlock(&port->lock);
	ipcmbox_wakes_flush(&wakes, &port->pollers);
	if (!held)
		ipcmbox_message_put(waiter->message);
}

/* The message has been copied. If nobody waits to hear of it that takes no lock. */
static void finish(struct ipcmbox_port *port, struct ipcmbox_waiter *waiter)
{
	ipcmbox_step_finish(port, waiter->message);
	if (unlikely(waiter->conclude)) {
		conclude(port, waiter);
		return;
	}
	atomic_dec(&port->receiving);
	ipcmbox_message_put(waiter->message);
}

static noinline void put_back(struct ipcmbox_port *port, struct ipcmbox_message *message)
{
	struct ipcmbox_wakes wakes;
	bool kept;

	ipcmbox_wakes_init(&wakes);
	spin_lock(&port->lock);
	kept = ipcmbox_port_put_back(port, message, &wakes);
	spin_unlock(&port->lock);
	ipcmbox_wakes_flush(&wakes, &port->pollers);
	if (!kept)
		ipcmbox_message_put(message);
}

/*
 * Makes the buffer present. Returns 0; -EFAULT if that is impossible; -ESTALE if the message is not
 * the caller's any more: its sender has withdrawn it, or it was only looked at.
 */
static noinline int pause_and_fault_in(struct ipcmbox_port *port, struct ipcmbox_waiter *waiter)
{
	const struct ipcmbox_reception *reception = waiter->reception;
	struct ipcmbox_message *message = waiter->message;
	size_t length = message->length;
	struct ipcmbox_wakes wakes;
	bool held;
	int ret;

	if (reception->peek) {
		/* A peek has no turn to lose, and must not keep what others have received. */
		ipcmbox_message_put(message);
		waiter->message = NULL;
		return ipcmbox_delivery_fault_in(reception, length) ?: -ESTALE;
	}

	ipcmbox_wakes_init(&wakes);
	spin_lock(&port->lock);
	held = ipcmbox_port_pause(port, waiter, &wakes);
	spin_unlock(&port->lock);
	ipcmbox_wakes_flush(&wakes, &port->pollers);
	if (!held) {
		ipcmbox_message_put(message);
		waiter->message = NULL;
		return -ESTALE;
	}

	ret = ipcmbox_delivery_fault_in(reception, length);

	spin_lock(&port->lock);
	held = ipcmbox_port_resume(port, waiter);
	spin_unlock(&port->lock);
	return held ? ret : -ESTALE;
}

/*
 * Returns the length, or -EFAULT, -EINTR (killed), -EMFILE and others of the descriptors, -ESTALE:
 * start over.
 */
static long deliver(struct ipcmbox_port *port, struct ipcmbox_waiter *waiter,
		    struct ipcmbox_numbers *numbers, int *tries)
{
	long ret;

	for (;;) {
		/* A killed process reads nothing any more: leave the message to another. */
		if (fatal_signal_pending(current))
			return -EINTR;
		if (likely(ipcmbox_delivery_export(waiter))) {
			if (likely(!waiter->message->nr_fds))
				return waiter->message->length;
			ret = ipcmbox_delivery_export_files(waiter, numbers);
			if (ret != -EAGAIN)
				return ret ?: waiter->message->length;
		}
		if (!(*tries)--)
			return -EFAULT;
		ret = pause_and_fault_in(port, waiter);
		if (ret)
			return ret;
		cond_resched();
	}
}

/*
 * Was the payload that was peeked at lent, and is its sender on its way to write there again? Then
 * the reference is put.
 */
static bool was_given_back(struct ipcmbox_port *port, struct ipcmbox_message *message)
{
	bool gone;

	if (!ipcmbox_message_is_lent(message))
		return false;
	spin_lock(&port->lock);
	/* Who was killed does not write there any more. */
	gone = !message->sender && !message->is_disowned && ipcmbox_message_is_lent(message);
	spin_unlock(&port->lock);
	if (gone)
		ipcmbox_message_put(message);
	return gone;
}

/* An event mailbox has nothing to receive; a POSIX queue wants room for its longest message. */
static noinline int check_special(struct ipcmbox_reception *reception)
{
	const struct ipcmbox_mailbox *mailbox = reception->handle->mailbox;

	if (mailbox->event)
		return -EINVAL;
	if (reception->peek || reception->room >= mailbox->max_length)
		return 0;
	reception->needed = mailbox->max_length;
	return -EMSGSIZE;
}

/**
 * ipcmbox_transfer_receive() - receive one message, or look at it
 * @reception: on what (it has the right to receive), what and where, and for how long to wait
 *
 * Context: process context, no locks held.
 * Return: the length, or an error of struct ipcmbox_recv; on -EMSGSIZE what is needed is in
 * @reception.
 */
long __flatten ipcmbox_transfer_receive(struct ipcmbox_reception *reception)
{
	struct ipcmbox_port *port = &reception->handle->mailbox->port;
	struct ipcmbox_numbers numbers __uninitialized;
	struct ipcmbox_waiter waiter __uninitialized;
	int tries = FAULT_IN_TRIES;
	long ret;

	if (unlikely(reception->handle->mailbox->is_special)) {
		ret = check_special(reception);
		if (ret)
			return ret;
	}

	numbers.nr = 0;
	waiter.reception = reception;
	do {
		ret = take(port, &waiter, reception->deadline);
		if (ret)
			return ret;
		/* Its sender is told that it was received, and then it can come back. */
		ret = unlikely(reception->lease_ns) ? ipcmbox_message_keep(waiter.message) : 0;
		if (likely(!ret))
			ret = deliver(port, &waiter, &numbers, &tries);
		if (unlikely(reception->peek) && ret >= 0 && was_given_back(port, waiter.message))
			ret = -ESTALE;
	} while (ret == -ESTALE);

	if (reception->peek) {
		ipcmbox_message_put(waiter.message);
	} else if (likely(ret >= 0) && !(mutated(double_delivery) && signal_pending(current))) {
		finish(port, &waiter);
	} else {
		put_back(port, waiter.message);
		ipcmbox_files_recall(&numbers);
	}
	return ret;
}
