/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_PORT_H
#define _IPCMBOX_PORT_H

#include <linux/atomic.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/poll.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <uapi/linux/ipcmbox.h>

#include "index.h"
#include "mutation.h"
#include "patience.h"
#include "queue.h"

struct ipcmbox_handle;
struct ipcmbox_info;
struct ipcmbox_notification;
struct ipcmbox_recorder;
struct pid;

/**
 * DOC: Ports
 *
 * Everything that holds messages is a port: queued messages, waiting receivers, waiting senders,
 * one lock. A port knows nothing of user space, descriptors or names. What happens at it is in
 * exchange.h.
 *
 * Invariants, under the lock:
 *
 * - No receiver waits for a message that is queued or pending: a message is handed to the first
 *   waiting receiver that takes it, and queued only if there is none.
 * - A message is pending only while its sender waits for room. The first pending message does not
 *   fit, and a new one passes it only with a higher priority.
 * - sent == taken + dropped + queue.count. A taken message counts as received unless a receiver
 *   still has it in its hands, which is told apart when somebody looks.
 * - The capacity bounds what is queued. A message that was handed to a receiver and put back is
 *   queued beyond it if need be, as it has been sent; but nothing more is let in before it is
 *   gone, so that there are never more of these than there were receivers at once.
 */

/**
 * DOC: Locking
 *
 * Lock order, outer to inner, and why each is what it is::
 *
 *	registries_lock	(mutex)	list of registries; open and last close of the device
 *	registry->lock	(mutex)	names, ids, rights, descriptor counts of mailboxes; sleeping is
 *				allowed inside, as allocations are needed
 *	event->lock	(mutex)	who is a member of an event mailbox, and the order of events:
 *				held while one is given to all members, each under its port's
 *				lock in turn
 *	endpoint->lock	(spin)	who waits elsewhere for messages of its owner; when the endpoint
 *				ends it is held to end these waits, whose tasks are thus still there
 *	size_mutex	(mutex)	of a segment: its size and charge; outside of the inode's lock of
 *				its memory and the allocation of that, never with the registry's
 *	port->lock	(spin)	queue and waiters; held for a few list operations per message
 *				and a look at waiting receivers it is too long or not urgent
 *				enough for; never two at once, never in interrupts
 *	segment->lock	(spin)	who is charged for a segment, and who may write it; a leaf
 *	users->lock	(spin)	accounts of users; a leaf that is not taken under port->lock, as
 *				charging and uncharging happen outside of it
 *
 * User memory is never touched under any of them, and no message is freed under port->lock.
 *
 * Field protection is said at each structure. Shared structures: &struct ipcmbox_registry,
 * &struct ipcmbox_entry, &struct ipcmbox_mailbox, &struct ipcmbox_port, &struct ipcmbox_message,
 * &struct ipcmbox_waiter, &struct ipcmbox_endpoint, &struct ipcmbox_user, &struct ipcmbox_event,
 * &struct ipcmbox_member, &struct ipcmbox_segment, &struct ipcmbox_channel, &struct ipcmbox_lane.
 * The queue's fields are protected by the port's lock.
 *
 * Removal paths. (A) A waiter leaves by a claim (somebody had what it waited for, or the other
 * side is gone) or by itself (signal, deadline): the port's lock decides, the loser of the race
 * follows the winner, see wait.h. (B) A message leaves a port when a receiver takes it (and does
 * not put it back), when its sender withdraws it, when the policy drops it, or with the port.
 * Taken messages are touched by their receiver only; a killed sender disowns such a message under
 * the lock. (C) A mailbox ends with its last reference: descriptors and a lasting name. Calls hold
 * the descriptor, so nobody waits in, and no message is taken from, a port that ends. (D) A
 * registry ends with its last reference: device descriptors and mailboxes; names in a dead IPC
 * namespace are removed by a worker, see registry.c. (E) An endpoint ends, under the registry's
 * lock, with its owner or its last receiving descriptor, and is found no more; its mailbox lives on
 * for the descriptors and sends that refer to it. Whoever found it before under RCU only, to stamp
 * a message, still tells its id. A receive that waits for its owner is on its list from after it
 * was linked into the port it waits at until before its task unlinks it there, so that the end,
 * which holds the list, finds it linked or claimed.
 *
 * Barriers. (1) waiter_park() sets the task state, then the waiter's state by cmpxchg; its partner
 * ipcmbox_wakes_complete() changes the waiter's state, then wakes: one of them sees the other's
 * write. The exchange also releases the outcome to the load-acquires of waiter_park() and
 * is_completed_by(). (2) None is needed for pollers: ipcmbox_wakes_flush() looks for them after a
 * change under the port's lock, and handle_poll() queues the poller before it looks under that
 * lock; whichever has the lock second sees what the other did before. For the room in an event
 * mailbox the pollers look at the ports of its members, under the lock of each; who makes room
 * there announces it after that, see event.c. (3) Those of channels, whose partners are in user
 * space, are in doorbell.h.
 */

/**
 * DOC: Cache lines
 *
 * As scripts/layout shows them, of a port that begins with one::
 *
 *	0 1 2	what messages and waits change, under the lock: queue, lists, counters
 *	3	bounds, policy and other facts: read by all, hardly ever changed
 *	4	@pollers, under its own lock, and the patiences, by those who wait, without it: read
 *		after the lock was dropped, changed for a poller or when something is learned
 *	5	what those change under the lock who choose, reply or record
 *	6 7	@receiving, see below; what only leases do
 *
 * @receiving goes down without the lock for each message that no sender waits to see received, on
 * the receiver's CPU, while the next sender may hold the lock. So it is beside what is rare.
 */

/**
 * struct ipcmbox_port - queued messages, waiting receivers, waiting senders
 * @lock: protects everything here but @receiving, @pollers and what says so
 * @nr_receivers: length of @receivers
 * @nr_senders: length of @senders (of an endpoint's port read without @lock, too)
 * @nr_held: of @held, those that are HELD
 * @queue: accepted messages nobody has taken
 * @receivers: waiters in order of arrival
 * @senders: waiters with a pending message, or with an accepted one whose receipt they wait for
 * @next_seq: number of the next message
 * @sent: messages accepted, less those withdrawn
 * @taken: messages taken by receivers, less those put back
 * @reported: of @dropped, those that taken messages tell of
 * @lost_before_first: losses to report with the next message taken
 * @lost_before_next: losses to report with the next message sent
 * @wakeups: waiters claimed
 * @pending: messages of senders that are blocked for room
 * @peak_messages: highest queue.count
 * @peak_bytes: highest queue.bytes
 * @dropped: messages dropped by the policy
 * @id: of the mailbox (constant once that can be found)
 * @max_bytes: capacity in bytes, 0 unbounded
 * @max_messages: capacity; 0 rendezvous, IPCMBOX_UNBOUNDED
 * @max_length: bytes of the longest message (constant)
 * @overflow: IPCMBOX_OVERFLOW_* (of a member, and by who had no room, read without @lock, too)
 * @receivers_gone: nobody can receive: sends fail with EPIPE
 * @refuses_files: messages with descriptors are not accepted, see files.h
 * @senders_gone: nobody can send: receives that find nothing fail with EPIPE
 * @many_receivers: several threads have taken messages
 * @of_event: of an event mailbox or a member: who may enter is decided by event.c (constant)
 * @only_receiver: the thread that has taken all messages so far, reference; NULL: none or several
 * @notification: who wants to be told when there is something to receive, or NULL (likewise)
 * @recorder: the flight recorder, or NULL
 * @redelivered: leased messages that came back
 * @pollers: for poll and epoll; lives as long as the descriptors, as the port does
 * @receive_patience: what receivers do before they sleep (see patience.h; not @lock)
 * @send_patience: what senders do, whatever they wait for (likewise)
 * @dead_letters: leased messages that were given up
 * @index: of @queue, for receivers that choose
 * @held: messages received and not settled, and what is kept for callers that are away, by token
 * @last_token: the last token that was given out
 * @last_holder: the handle that has held a message last, NULL if it is closed
 * @steps: recorded so far
 * @receiving: of @taken, those in the hands of receivers or held (atomic; raised under @lock only)
 * @max_deliveries: how often a leased message is delivered before it is a dead letter, 0: no limit
 * @next_expiry: when @lease_work is going to look, KTIME_MAX: not at all
 * @next_to_shed: the next in @queue to be looked at for descriptors, or NULL
 * @withdrawn: accepted messages withdrawn by their senders
 * @lease_work: returns messages whose lease is over; set up and stopped by the mailbox
 */
struct ipcmbox_port {
	/* Under the lock, with each message or wait. */
	spinlock_t lock;
	u32 nr_receivers;
	u32 nr_senders;
	u32 nr_held;
	struct ipcmbox_queue queue;
	struct list_head receivers;

	struct list_head senders;
	u64 next_seq;
	u64 sent;
	u64 taken;
	u64 reported;
	u64 lost_before_first;
	u64 lost_before_next;

	u64 wakeups;
	struct ipcmbox_queue pending;
	u64 peak_messages;
	u64 peak_bytes;
	u64 dropped;

	/* Looked at by all, hardly ever changed. */
	u64 id;
	u64 max_bytes;
	u32 max_messages;
	u32 max_length;
	u8 overflow;
	bool receivers_gone;
	bool refuses_files;
	bool senders_gone;
	bool many_receivers;
	bool of_event;
	struct pid *only_receiver;
	struct ipcmbox_notification *notification;
	struct ipcmbox_recorder *recorder;
	u64 redelivered;

	wait_queue_head_t pollers;
	struct ipcmbox_patience receive_patience;
	struct ipcmbox_patience send_patience;
	u64 dead_letters;

	/* Under the lock, by those who choose, reply, lease. */
	struct ipcmbox_index index;
	struct rb_root held;
	u64 last_token;
	struct ipcmbox_handle *last_holder;
	u64 steps;

	/* Without the lock, by receivers; beside it what is rare. */
	atomic_t receiving;
	u32 max_deliveries;
	ktime_t next_expiry;
	struct ipcmbox_message *next_to_shed;
	u64 withdrawn;
	struct delayed_work lease_work;
};

#define IPCMBOX_POLL_RECEIVE	(EPOLLIN | EPOLLRDNORM)
#define IPCMBOX_POLL_SEND	(EPOLLOUT | EPOLLWRNORM)

/**
 * ipcmbox_port_has_room() - would one more message fit?
 * @port: the port, locked
 * @length: bytes of the message
 * @dropped: how many others would be dropped for it
 * @dropped_bytes: their payload
 *
 * Return: whether it fits.
 */
static inline bool ipcmbox_port_has_room(const struct ipcmbox_port *port, u32 length,
					 unsigned long dropped, u64 dropped_bytes)
{
	if (port->max_messages != IPCMBOX_UNBOUNDED &&
	    port->queue.count - dropped >= port->max_messages + mutated(capacity_off_by_one))
		return false;
	return !port->max_bytes || port->queue.bytes - dropped_bytes + length <= port->max_bytes;
}

/* The policy drops a message rather than make its sender wait, or fail. */
static inline bool ipcmbox_port_never_blocks(const struct ipcmbox_port *port)
{
	return port->overflow == IPCMBOX_OVERFLOW_DROP_OLDEST ||
	       port->overflow == IPCMBOX_OVERFLOW_DROP_NEWEST;
}

/*
 * Many share the port, or its events: who gives way to one of them does not give way to the one it
 * waits for.
 */
static inline void ipcmbox_port_shun_yields(struct ipcmbox_port *port)
{
	WRITE_ONCE(port->receive_patience.never_yields, true);
	WRITE_ONCE(port->send_patience.never_yields, true);
}

void ipcmbox_port_init(struct ipcmbox_port *port, u32 max_messages, u32 max_length, u64 max_bytes,
		       u32 overflow);
void ipcmbox_port_drain(struct ipcmbox_port *port);
void ipcmbox_port_change_receiver(struct ipcmbox_port *port, struct pid *receiver);
__poll_t ipcmbox_port_poll(struct ipcmbox_port *port);
void ipcmbox_port_report(struct ipcmbox_port *port, struct ipcmbox_info *info);

#endif /* _IPCMBOX_PORT_H */
