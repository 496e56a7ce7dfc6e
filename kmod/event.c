// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events: to all members or to none.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/lockdep.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include <uapi/linux/ipcmbox.h>

#include "compat.h"
#include "event.h"
#include "exchange.h"
#include "kept.h"
#include "mailbox.h"
#include "member.h"
#include "message.h"
#include "mutation.h"
#include "port.h"
#include "quota.h"
#include "transfer.h"
#include "wait.h"

/**
 * struct fanout - an event on its way to the members
 * @waiter: of its sender, if it is suspended
 * @message: as it was imported, owned by the sender, or NULL: the kernel had no memory for it
 *	or, when it is committed, a member has it
 * @copies: one for each member to come that does not get @message itself, and in the end what the
 *	sender has to put; linked by &ipcmbox_message.next_victim
 * @nr_copies: length of @copies, as long as nothing is committed
 * @seq: of @message, once it is committed
 * @queued_at: likewise
 * @events: event bits
 * @except: a member that does not get it, or NULL
 * @never_waits: members that are not ready lose it
 *
 * On the stack of the sender; protected by the lock of the event while the sender is suspended.
 */
struct fanout {
	struct ipcmbox_waiter waiter;
	struct ipcmbox_message *message;
	struct ipcmbox_message *copies;
	unsigned int nr_copies;
	u64 seq;
	unsigned long queued_at;
	u64 events;
	const struct ipcmbox_member *except;
	bool never_waits;
};

static struct fanout *fanout_of(const struct ipcmbox_message *pending)
{
	return container_of(pending->sender, struct fanout, waiter);
}

static void push(struct fanout *fanout, struct ipcmbox_message *message)
{
	message->next_victim = fanout->copies;
	fanout->copies = message;
}

static struct ipcmbox_message *pop(struct fanout *fanout)
{
	struct ipcmbox_message *message = fanout->copies;

	if (message)
		fanout->copies = message->next_victim;
	return message;
}

static bool is_for(const struct fanout *fanout, const struct ipcmbox_member *member)
{
	return (!fanout->events || fanout->events & member->mask) && member != fanout->except;
}

/* Birth and end. */

struct ipcmbox_event *ipcmbox_event_new(bool keeps_last)
{
	struct ipcmbox_event *event;

	event = kzalloc(sizeof(*event), IPCMBOX_GFP);
	if (!event)
		return NULL;
	if (keeps_last) {
		event->kept = ipcmbox_kept_new();
		if (!event->kept) {
			kfree(event);
			return NULL;
		}
	}
	mutex_init(&event->lock);
	INIT_LIST_HEAD(&event->members);
	return event;
}

void ipcmbox_event_free(struct ipcmbox_event *event)
{
	if (!event)
		return;
	ipcmbox_kept_free(event->kept);
	mutex_destroy(&event->lock);
	kfree(event);
}

/* Delivering. */

/*
 * How many members are served before the processor is offered. Whoever was woken would take it, and
 * the sender had to be switched to again for each of them; served together they run one after the
 * other.
 */
#define MEMBERS_AT_ONCE	64

/* Nobody keeps the event, so that a member can have it. */
static bool can_give_away(const struct ipcmbox_event *event, const struct fanout *fanout)
{
	return !event->kept && !fanout->never_waits;
}

/*
 * What a member gets: a copy, or, when there is none left, the event itself. One that has joined
 * since it was suspended may find nothing.
 */
static struct ipcmbox_message *take_copy(const struct ipcmbox_event *event, struct fanout *fanout)
{
	struct ipcmbox_message *copy = pop(fanout);

	if (!copy && can_give_away(event, fanout)) {
		copy = fanout->message;
		fanout->message = NULL;
	}
	return copy;
}

static void deliver_locked(struct ipcmbox_event *event, struct ipcmbox_member *member,
			   struct fanout *fanout)
{
	struct ipcmbox_port *port = &member->mailbox->port;
	struct ipcmbox_message *copy = take_copy(event, fanout);
	struct ipcmbox_wakes wakes __uninitialized;
	bool delivered = false;

	if (copy) {
		copy->seq = fanout->seq;
		copy->queued_at = fanout->queued_at;
	}

	ipcmbox_wakes_init(&wakes);
	spin_lock(&port->lock);
	if (copy && (!fanout->never_waits || ipcmbox_port_is_ready(port, copy)))
		delivered = ipcmbox_port_deliver(port, copy, &wakes);
	else
		ipcmbox_port_lose(port, copy);
	spin_unlock(&port->lock);
	ipcmbox_wakes_flush(&wakes, &port->pollers);

	if (copy && !delivered)
		push(fanout, copy);
}

/* Nothing here fails. A suspended sender is woken, and takes @fanout with it. */
static void commit_locked(struct ipcmbox_mailbox *mailbox, struct fanout *fanout)
{
	struct ipcmbox_event *event = mailbox->event;
	struct ipcmbox_port *port = &mailbox->port;
	struct ipcmbox_member *member;
	struct ipcmbox_wakes wakes __uninitialized;
	unsigned int n = 0;

	lockdep_assert_held(&event->lock);

	ipcmbox_wakes_init(&wakes);
	if (fanout->message) {
		spin_lock(&port->lock);
		ipcmbox_port_pass(port, fanout->message, &wakes);
		spin_unlock(&port->lock);
		fanout->seq = fanout->message->seq;
		fanout->queued_at = fanout->message->queued_at;
	}

	list_for_each_entry(member, &event->members, link) {
		if (is_for(fanout, member) &&
		    !(mutated(event_incomplete) && list_is_last(&member->link, &event->members)))
			deliver_locked(event, member, fanout);
		if (!(++n % MEMBERS_AT_ONCE))
			cond_resched();
	}
	if (event->kept && fanout->message && !(event->refuses_files && fanout->message->nr_fds) &&
	    ipcmbox_kept_replace(event->kept, fanout->message, &fanout->copies))
		fanout->message = NULL;
	ipcmbox_wakes_flush(&wakes, &port->pollers);
}

/* Would the event, or any if it is NULL, have to wait for the member? */
static bool is_blocker(struct ipcmbox_member *member, const struct fanout *fanout)
{
	struct ipcmbox_port *port = &member->mailbox->port;
	bool ready;

	if (!fanout)
		return !(ipcmbox_port_poll(port) & IPCMBOX_POLL_SEND);
	if (!is_for(fanout, member))
		return false;

	spin_lock(&port->lock);
	ready = ipcmbox_port_is_ready(port, fanout->message);
	spin_unlock(&port->lock);
	return !ready;
}

/*
 * Looks first where it was found the last time: as long as one member blocks, it does not matter
 * how many others make room, nor how many there are.
 */
static bool is_blocked_locked(struct ipcmbox_event *event, const struct fanout *fanout)
{
	struct ipcmbox_member *member;

	lockdep_assert_held(&event->lock);

	if (event->blocker && is_blocker(event->blocker, fanout))
		return true;

	event->blocker = NULL;
	list_for_each_entry(member, &event->members, link) {
		if (is_blocker(member, fanout)) {
			event->blocker = member;
			return true;
		}
		cond_resched();
	}
	return false;
}

/* One of those it would have to wait for is not to be waited for. */
static bool is_refused_locked(struct ipcmbox_event *event, const struct fanout *fanout)
{
	struct ipcmbox_member *member;

	list_for_each_entry(member, &event->members, link)
		if (READ_ONCE(member->mailbox->port.overflow) == IPCMBOX_OVERFLOW_FAIL &&
		    is_blocker(member, fanout))
			return true;
	return false;
}

static bool is_writable_locked(struct ipcmbox_mailbox *mailbox)
{
	return !ipcmbox_queue_first(&mailbox->port.pending) &&
	       !is_blocked_locked(mailbox->event, NULL);
}

/**
 * ipcmbox_event_admit() - let suspended events in, in their order
 * @mailbox: the event mailbox
 *
 * Context: may sleep; the lock of the event is held.
 */
void ipcmbox_event_admit(struct ipcmbox_mailbox *mailbox)
{
	struct ipcmbox_event *event = mailbox->event;
	struct ipcmbox_port *port = &mailbox->port;
	struct ipcmbox_message *first;
	struct ipcmbox_wakes wakes;

	lockdep_assert_held(&event->lock);

	while ((first = ipcmbox_queue_first(&port->pending))) {
		if (is_blocked_locked(event, fanout_of(first)))
			return;
		commit_locked(mailbox, fanout_of(first));
	}

	/* The pollers have been queued before they looked at the members, see port.h. */
	if (waitqueue_active(&port->pollers) && is_writable_locked(mailbox)) {
		ipcmbox_wakes_init(&wakes);
		wakes.poll = IPCMBOX_POLL_SEND;
		if (port->max_bytes)
			wakes.rare |= IPCMBOX_WAKES_POLL_ALL;
		ipcmbox_wakes_announce(&wakes, &port->pollers);
	}
}

/**
 * ipcmbox_event_make_room() - something has changed that an event may wait for
 * @pollers: of the port where it has
 *
 * Context: may sleep; the lock of the event is not held.
 */
void ipcmbox_event_make_room(wait_queue_head_t *pollers)
{
	struct ipcmbox_mailbox *mailbox;

	mailbox = container_of(pollers, struct ipcmbox_mailbox, port.pollers);
	if (mailbox->parent)
		mailbox = mailbox->parent;

	mutex_lock(&mailbox->event->lock);
	ipcmbox_event_admit(mailbox);
	mutex_unlock(&mailbox->event->lock);
}

/* Sending. */

static unsigned int count_locked(const struct ipcmbox_event *event, const struct fanout *fanout)
{
	const struct ipcmbox_member *member;
	unsigned int count = 0;

	list_for_each_entry(member, &event->members, link)
		count += is_for(fanout, member);
	return count;
}

static int add_copies(struct fanout *fanout, unsigned int count, u32 *limit)
{
	int made;

	for (; count; count -= made) {
		made = ipcmbox_message_copy(fanout->message, count, &fanout->copies, limit);
		if (made < 0)
			return made;
		fanout->nr_copies += made;
		cond_resched();
	}
	return 0;
}

/* Returns 0 with the lock held and something for each member; or, without, an error of copying. */
static int lock_with_copies(struct ipcmbox_event *event, struct fanout *fanout, u32 *limit)
{
	unsigned int count;
	int ret;

	for (;;) {
		mutex_lock(&event->lock);
		count = count_locked(event, fanout);
		if (count && can_give_away(event, fanout))
			count--;
		if (count <= fanout->nr_copies)
			return 0;
		mutex_unlock(&event->lock);

		ret = add_copies(fanout, count - fanout->nr_copies, limit);
		if (ret)
			return ret;
	}
}

/* Returns 0: it is done; -EINPROGRESS: it is suspended; -EAGAIN, -EPIPE. */
static int post_locked(struct ipcmbox_sending *sending, struct fanout *fanout)
{
	struct ipcmbox_mailbox *mailbox = sending->mailbox;
	const struct ipcmbox_message *first = ipcmbox_queue_first(&mailbox->port.pending);
	struct ipcmbox_message *message = fanout->message;
	struct ipcmbox_event *event = mailbox->event;
	struct ipcmbox_port *port = &mailbox->port;

	if (port->receivers_gone)
		return -EPIPE;

	if (is_blocked_locked(event, fanout)) {
		sending->refused = is_refused_locked(event, fanout);
		if (sending->deadline->nonblock || sending->refused)
			return -EAGAIN;
	} else if (!first || message->priority > first->priority) {
		commit_locked(mailbox, fanout);
		return 0;
	} else if (sending->deadline->nonblock) {
		return -EAGAIN;
	}

	spin_lock(&port->lock);
	ipcmbox_port_suspend(port, message, &fanout->waiter);
	spin_unlock(&port->lock);
	return -EINPROGRESS;
}

static int give_up(struct ipcmbox_mailbox *mailbox, struct fanout *fanout, int error)
{
	struct ipcmbox_port *port = &mailbox->port;
	enum ipcmbox_withdrawal how;
	struct ipcmbox_wakes wakes;

	ipcmbox_wakes_init(&wakes);
	mutex_lock(&mailbox->event->lock);
	spin_lock(&port->lock);
	how = ipcmbox_port_withdraw(port, &fanout->waiter, error, &wakes);
	spin_unlock(&port->lock);
	/* Nobody is to be woken for what is withdrawn, but others may have waited behind it. */
	if (how == IPCMBOX_WITHDRAWN)
		ipcmbox_event_admit(mailbox);
	mutex_unlock(&mailbox->event->lock);

	if (how == IPCMBOX_WITHDRAWN)
		return error;
	ipcmbox_waiter_join(&fanout->waiter);
	return fanout->waiter.result;
}

static int await_admission(struct ipcmbox_mailbox *mailbox, struct fanout *fanout,
			   const struct ipcmbox_deadline *deadline)
{
	int ret;

	ret = ipcmbox_waiter_wait(&fanout->waiter, deadline, &mailbox->port.send_patience);
	ret = ret ? give_up(mailbox, fanout, ret) : fanout->waiter.result;
	/* Who tells this has put the message, see ipcmbox_port_set_gone(). */
	if (ret == -EPIPE)
		fanout->message = NULL;
	return ret;
}

/**
 * ipcmbox_event_send() - send an event
 * @sending: where to, and how; @limit is set to the limit that was hit
 * @message: the event, put
 *
 * Context: process context, no locks held.
 * Return: 0, or an error of struct ipcmbox_send.
 */
int ipcmbox_event_send(struct ipcmbox_sending *sending, struct ipcmbox_message *message)
{
	struct ipcmbox_mailbox *mailbox = sending->mailbox;
	struct fanout fanout __uninitialized;
	int ret;

	fanout.waiter.sending = sending;
	fanout.message = message;
	fanout.copies = NULL;
	fanout.nr_copies = 0;
	fanout.events = sending->events;
	fanout.except = NULL;
	fanout.never_waits = false;

	ret = lock_with_copies(mailbox->event, &fanout, &sending->limit);
	if (!ret) {
		ret = post_locked(sending, &fanout);
		mutex_unlock(&mailbox->event->lock);
		if (ret == -EINPROGRESS)
			ret = await_admission(mailbox, &fanout, sending->deadline);
		if (ret == -EAGAIN)
			sending->limit = IPCMBOX_LIMIT_CAPACITY;
	}
	ipcmbox_message_put_victims(fanout.copies);
	ipcmbox_message_put(fanout.message);
	return ret;
}

/* Returns a message without payload from a member, or NULL. */
static struct ipcmbox_message *make_notice(struct ipcmbox_mailbox *mailbox,
					   const struct ipcmbox_member *from, u64 events)
{
	struct ipcmbox_sending sending = {
		.mailbox = mailbox, .thread = task_pid(current), .events = events,
	};
	struct ipcmbox_message *message;
	struct iov_iter empty;

	iov_iter_kvec(&empty, ITER_SOURCE, NULL, 0, 0);
	sending.from = &empty;
	message = ipcmbox_message_import(from->mailbox->creator, mailbox->creator, &sending);
	if (IS_ERR(message))
		return NULL;
	ipcmbox_message_set_sender(message, from->tgid, from->tid, from->uid, from->gid);
	return message;
}

/**
 * ipcmbox_event_announce() - the kernel tells the members of one of them
 * @mailbox: the event mailbox
 * @about: the member, which is not told itself
 * @bit: IPCMBOX_EVENT_JOINED, _LEFT, _DIED
 *
 * Context: may sleep, no locks held.
 */
void ipcmbox_event_announce(struct ipcmbox_mailbox *mailbox, const struct ipcmbox_member *about,
			    u64 bit)
{
	struct ipcmbox_event *event = mailbox->event;
	struct fanout fanout = { .events = bit, .except = about, .never_waits = true };
	unsigned int count;
	u32 limit;

	mutex_lock(&event->lock);
	count = count_locked(event, &fanout);
	mutex_unlock(&event->lock);
	if (!count)
		return;

	fanout.message = make_notice(mailbox, about, bit);
	/* Who gets no copy loses it. */
	if (!fanout.message || lock_with_copies(event, &fanout, &limit))
		mutex_lock(&event->lock);
	commit_locked(mailbox, &fanout);
	mutex_unlock(&event->lock);

	ipcmbox_message_put_victims(fanout.copies);
	ipcmbox_message_put(fanout.message);
}

/* Joining and leaving. */

/* Gives a member that is about to join a copy, or counts a loss. */
static void welcome_with(struct ipcmbox_event *event, struct ipcmbox_member *member,
			 struct ipcmbox_message *message)
{
	struct fanout fanout = {
		.message = message, .seq = message->seq, .queued_at = message->queued_at,
	};
	u32 limit;

	add_copies(&fanout, 1, &limit);
	deliver_locked(event, member, &fanout);
}

/* Those who wait need one copy more then; if there is none, the member loses the event. */
static void share_pending_locked(struct ipcmbox_mailbox *mailbox,
				 const struct ipcmbox_member *member)
{
	struct ipcmbox_message *message;
	u32 limit;

	for (message = ipcmbox_queue_first(&mailbox->port.pending); message;
	     message = ipcmbox_queue_next(message))
		if (is_for(fanout_of(message), member))
			add_copies(fanout_of(message), 1, &limit);
}

/**
 * ipcmbox_event_add() - a member joins
 * @mailbox: the event mailbox
 * @member: its port is known to nobody yet
 * @overflow: its policy from now on; capacity does not matter for what is kept
 *
 * Context: may sleep; the registry's lock is held.
 */
void ipcmbox_event_add(struct ipcmbox_mailbox *mailbox, struct ipcmbox_member *member,
		       u32 overflow)
{
	struct ipcmbox_event *event = mailbox->event;
	struct ipcmbox_message *message;
	u64 after;

	mutex_lock(&event->lock);
	WRITE_ONCE(member->mailbox->port.overflow, IPCMBOX_OVERFLOW_BLOCK);
	for (after = 0; event->kept; after = message->seq) {
		message = ipcmbox_kept_next(event->kept, member->mask, after);
		if (!message)
			break;
		welcome_with(event, member, message);
	}
	WRITE_ONCE(member->mailbox->port.overflow, overflow);
	share_pending_locked(mailbox, member);
	list_add_tail(&member->link, &event->members);
	event->nr_members++;
	mutex_unlock(&event->lock);
}

static void set_gone(struct ipcmbox_port *port, bool receivers_gone, bool senders_gone)
{
	struct ipcmbox_wakes wakes;

	ipcmbox_wakes_init(&wakes);
	spin_lock(&port->lock);
	ipcmbox_port_set_gone(port, receivers_gone, senders_gone, &wakes);
	spin_unlock(&port->lock);
	ipcmbox_wakes_flush(&wakes, &port->pollers);
}

static bool is_deserted_locked(const struct ipcmbox_event *event)
{
	return event->is_closed && !event->nr_members;
}

/**
 * ipcmbox_event_remove() - a member leaves
 * @mailbox: the event mailbox
 * @member: may have left before
 *
 * Context: may sleep, no locks held.
 * Return: whether it has left now.
 */
bool ipcmbox_event_remove(struct ipcmbox_mailbox *mailbox, struct ipcmbox_member *member)
{
	struct ipcmbox_event *event = mailbox->event;
	struct ipcmbox_port *port = &member->mailbox->port;

	mutex_lock(&event->lock);
	if (list_empty(&member->link)) {
		mutex_unlock(&event->lock);
		return false;
	}
	list_del_init(&member->link);
	event->nr_members--;
	if (event->blocker == member)
		event->blocker = NULL;
	set_gone(port, port->receivers_gone, true);
	if (is_deserted_locked(event))
		set_gone(&mailbox->port, true, mailbox->port.senders_gone);
	else
		ipcmbox_event_admit(mailbox);
	mutex_unlock(&event->lock);
	return true;
}

static void set_event_gone_locked(struct ipcmbox_mailbox *mailbox, bool joiners_gone,
				  bool senders_gone)
{
	struct ipcmbox_event *event = mailbox->event;
	bool news = senders_gone != mailbox->port.senders_gone;
	struct ipcmbox_member *member;

	event->is_closed = joiners_gone;
	set_gone(&mailbox->port, is_deserted_locked(event), senders_gone);
	if (!news)
		return;
	list_for_each_entry(member, &event->members, link)
		set_gone(&member->mailbox->port, member->mailbox->port.receivers_gone,
			 senders_gone);
}

/**
 * ipcmbox_event_set_gone() - the other side is there, or gone for good
 * @mailbox: an event mailbox or a member
 * @joiners_gone: nobody can join; of a member: nobody can receive
 * @senders_gone: event mailbox: nobody can send
 *
 * Context: may sleep; the registry's lock is held.
 */
void ipcmbox_event_set_gone(struct ipcmbox_mailbox *mailbox, bool joiners_gone, bool senders_gone)
{
	struct ipcmbox_mailbox *parent = mailbox->parent ?: mailbox;

	mutex_lock(&parent->event->lock);
	if (mailbox == parent)
		set_event_gone_locked(mailbox, joiners_gone, senders_gone);
	else
		set_gone(&mailbox->port, joiners_gone,
			 list_empty(&mailbox->member->link) || parent->port.senders_gone);
	mutex_unlock(&parent->event->lock);
}

/**
 * ipcmbox_event_refuse_files() - messages with descriptors are not kept any more, or again
 * @event: the event
 * @refuse: what is kept of them is dropped, and what follows is not kept
 *
 * Context: may sleep; the registry's lock is held.
 */
void ipcmbox_event_refuse_files(struct ipcmbox_event *event, bool refuse)
{
	struct ipcmbox_message *victims = NULL;

	mutex_lock(&event->lock);
	event->refuses_files = refuse;
	if (refuse && event->kept)
		ipcmbox_kept_drop_files(event->kept, &victims);
	mutex_unlock(&event->lock);
	ipcmbox_message_put_victims(victims);
}

/* Polling. */

static bool would_not_block(struct ipcmbox_mailbox *mailbox)
{
	bool ready;

	mutex_lock(&mailbox->event->lock);
	ready = mailbox->port.receivers_gone || is_writable_locked(mailbox);
	mutex_unlock(&mailbox->event->lock);
	return ready;
}

/**
 * ipcmbox_event_poll() - what would not block
 * @mailbox: an event mailbox or a member, whose port's pollers know of @wait already
 * @file: its descriptor
 * @wait: who wants to be woken
 *
 * Whether a send would block depends on all members, as long as nothing is known of the message.
 *
 * Context: may sleep, no locks held.
 * Return: EPOLLIN, EPOLLOUT, EPOLLHUP and relatives.
 */
__poll_t ipcmbox_event_poll(struct ipcmbox_mailbox *mailbox, struct file *file, poll_table *wait)
{
	struct ipcmbox_mailbox *parent = mailbox->parent ?: mailbox;
	__poll_t events = ipcmbox_port_poll(&mailbox->port) & ~IPCMBOX_POLL_SEND;

	if (mailbox == parent)
		events &= ~IPCMBOX_POLL_RECEIVE;
	else
		poll_wait(file, &parent->port.pollers, wait);

	if (file->f_mode & FMODE_WRITE && would_not_block(parent))
		events |= IPCMBOX_POLL_SEND;
	return events;
}
