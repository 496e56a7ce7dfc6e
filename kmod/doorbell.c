// SPDX-License-Identifier: GPL-2.0-only
/*
 * Doorbells: sleeping, polling and waking at a channel.
 */
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/nospec.h>
#include <linux/poll.h>
#include <linux/spinlock.h>

#include <uapi/linux/ipcmbox.h>

#include "channel.h"
#include "doorbell.h"
#include "handle.h"
#include "ioctl.h"
#include "lane.h"
#include "mailbox.h"
#include "messaging.h"
#include "mutation.h"
#include "port.h"
#include "trace.h"
#include "wait.h"

#define WAIT_FLAGS	(IPCMBOX_NONBLOCK | IPCMBOX_DEADLINE)

/* Waking. */

/* Ends the waits of a side: of the consumer, or of the producer of @lane. */
static void claim_all(struct ipcmbox_port *port, const struct ipcmbox_lane *lane, int result,
		      struct ipcmbox_wakes *wakes)
{
	struct list_head *waiters = lane ? &port->senders : &port->receivers;
	u32 *count = lane ? &port->nr_senders : &port->nr_receivers;
	struct ipcmbox_waiter *waiter, *next;

	lockdep_assert_held(&port->lock);

	list_for_each_entry_safe(waiter, next, waiters, link) {
		if (waiter->lane != lane)
			continue;
		--*count;
		port->wakeups++;
		ipcmbox_waiter_claim(waiter, result, wakes);
		trace_ipcmbox_wake(port, waiter, NULL);
	}
}

/**
 * ipcmbox_doorbell_wake_consumer() - make the consumer look
 * @mailbox: the channel
 * @wakes: to flush, to the pollers of the port
 *
 * Context: the port's lock is held.
 */
void ipcmbox_doorbell_wake_consumer(struct ipcmbox_mailbox *mailbox, struct ipcmbox_wakes *wakes)
{
	WRITE_ONCE(mailbox->channel->board->consumer_waits, 0);
	claim_all(&mailbox->port, NULL, 0, wakes);
	wakes->poll |= IPCMBOX_POLL_RECEIVE;
}

static void wake_producer(struct ipcmbox_mailbox *mailbox, struct ipcmbox_lane *lane,
			  struct ipcmbox_wakes *wakes)
{
	WRITE_ONCE(mailbox->channel->board->lane[lane->slot].producer_waits, 0);
	claim_all(&mailbox->port, lane, 0, wakes);
	wakes->poll |= IPCMBOX_POLL_SEND;
}

/**
 * ipcmbox_doorbell_hang_up() - tell a producer that nobody is going to receive
 * @port: of the channel
 * @lane: whose
 * @wakes: to flush, to the pollers of the lane
 *
 * Context: the port's lock is held.
 */
void ipcmbox_doorbell_hang_up(struct ipcmbox_port *port, const struct ipcmbox_lane *lane,
			      struct ipcmbox_wakes *wakes)
{
	claim_all(port, lane, -EPIPE, wakes);
	wakes->poll |= EPOLLHUP;
	wakes->rare |= IPCMBOX_WAKES_POLL_ALL;
}

/* Looking. */

static bool has_message(const struct ipcmbox_channel *channel)
{
	unsigned long slot;

	for_each_set_bit(slot, channel->taken, IPCMBOX_CHANNEL_LANES_MAX)
		if (channel->lanes[slot]->state != IPCMBOX_LANE_EVICTED &&
		    ipcmbox_channel_used(channel, channel->lanes[slot]))
			return true;
	return false;
}

/* If the positions are nonsense, the producer has to see that rather than wait. */
static bool has_room(const struct ipcmbox_channel *channel, const struct ipcmbox_lane *lane,
		     u64 bytes)
{
	u64 used = ipcmbox_channel_used(channel, lane);

	return used > channel->ring_bytes || channel->ring_bytes - used >= bytes;
}

static bool is_cut_off(const struct ipcmbox_port *port, const struct ipcmbox_lane *lane)
{
	return port->receivers_gone || lane->state == IPCMBOX_LANE_EVICTED;
}

static void kick_consumer(struct ipcmbox_mailbox *mailbox)
{
	struct ipcmbox_port *port = &mailbox->port;
	struct ipcmbox_wakes wakes;

	ipcmbox_wakes_init(&wakes);
	spin_lock(&port->lock);
	ipcmbox_doorbell_wake_consumer(mailbox, &wakes);
	spin_unlock(&port->lock);
	ipcmbox_wakes_flush(&wakes, &port->pollers);
}

/**
 * ipcmbox_doorbell_kick_producer() - make the producer of a lane look
 * @mailbox: the channel
 * @slot: the lane, if there is one
 *
 * Context: takes the port's lock.
 */
void ipcmbox_doorbell_kick_producer(struct ipcmbox_mailbox *mailbox, u32 slot)
{
	struct ipcmbox_port *port = &mailbox->port;
	struct ipcmbox_wakes wakes;
	struct ipcmbox_lane *lane;

	ipcmbox_wakes_init(&wakes);
	spin_lock(&port->lock);
	lane = mailbox->channel->lanes[slot];
	if (lane) {
		ipcmbox_lane_get(lane);
		wake_producer(mailbox, lane, &wakes);
	}
	spin_unlock(&port->lock);
	if (lane)
		ipcmbox_wakes_flush(&wakes, &lane->pollers);
	ipcmbox_lane_put(lane);
}

/**
 * ipcmbox_doorbell_poll() - poll(2) of a channel's descriptor
 * @file: of a channel's handle
 * @wait: of the poll
 *
 * The words are set whether or not there is something: an edge must come for what comes later.
 *
 * Return: EPOLLIN, EPOLLOUT, EPOLLHUP and relatives.
 */
__poll_t ipcmbox_doorbell_poll(struct file *file, poll_table *wait)
{
	struct ipcmbox_handle *handle = file->private_data;
	struct ipcmbox_channel *channel = handle->mailbox->channel;
	struct ipcmbox_port *port = &handle->mailbox->port;
	struct ipcmbox_lane *lane = handle->lane;
	u64 longest = IPCMBOX_CHANNEL_RECORD_SIZE(handle->mailbox->max_length);
	__poll_t events = 0;

	/* Queues before it looks under the lock; see port.h. */
	if (handle->access & IPCMBOX_READ)
		poll_wait(file, &port->pollers, wait);
	if (lane)
		poll_wait(file, &lane->pollers, wait);

	spin_lock(&port->lock);
	if (handle->access & IPCMBOX_READ)
		WRITE_ONCE(channel->board->consumer_waits, 1);
	if (lane)
		WRITE_ONCE(channel->board->lane[lane->slot].producer_waits, 1);
	/* (K1) and (K2), see channel.h. */
	smp_mb();
	if (handle->access & IPCMBOX_READ) {
		if (has_message(channel))
			events |= IPCMBOX_POLL_RECEIVE;
		if (port->senders_gone)
			events |= EPOLLHUP | IPCMBOX_POLL_RECEIVE;
	}
	if (lane) {
		if (is_cut_off(port, lane))
			events |= EPOLLHUP | IPCMBOX_POLL_SEND;
		else if (has_room(channel, lane, longest))
			events |= IPCMBOX_POLL_SEND;
	}
	spin_unlock(&port->lock);
	return events;
}

/* ioctl(CHANNEL_WAIT). */

/* Returns 1: there is what @arg waits for; 0: not yet; -EPIPE: never. */
static int look(const struct ipcmbox_handle *handle, const struct ipcmbox_channel_wait *arg)
{
	const struct ipcmbox_channel *channel = handle->mailbox->channel;
	const struct ipcmbox_port *port = &handle->mailbox->port;

	lockdep_assert_held(&port->lock);

	if (arg->what == IPCMBOX_CHANNEL_ROOM)
		return is_cut_off(port, handle->lane) ? -EPIPE :
							has_room(channel, handle->lane, arg->bytes);
	if (arg->lanes_serial != channel->board->lanes_serial || has_message(channel))
		return 1;
	return port->senders_gone ? -EPIPE : 0;
}

/* Looks with the other side being told that there is somebody to kick. */
static int look_again(const struct ipcmbox_handle *handle, const struct ipcmbox_channel_wait *arg)
{
	struct ipcmbox_channel_board *board = handle->mailbox->channel->board;

	if (mutated(kick_unasked))
		return look(handle, arg);
	if (arg->what == IPCMBOX_CHANNEL_ROOM)
		WRITE_ONCE(board->lane[handle->lane->slot].producer_waits, 1);
	else
		WRITE_ONCE(board->consumer_waits, 1);
	/*
	 * (K1) and (K2): either this sees the position that the other side has written, or the
	 * other side, which has a full fence between the two as well, sees the word and kicks.
	 */
	smp_mb();
	return look(handle, arg);
}

/* Returns as look(); 0: @waiter is linked. */
static int look_or_await(struct ipcmbox_handle *handle, const struct ipcmbox_channel_wait *arg,
			 bool nonblock, struct ipcmbox_waiter *waiter)
{
	struct ipcmbox_port *port = &handle->mailbox->port;
	int ret;

	spin_lock(&port->lock);
	ret = look(handle, arg);
	if (!ret && nonblock)
		ret = -EAGAIN;
	if (!ret)
		ret = look_again(handle, arg);
	if (!ret)
		trace_ipcmbox_channel_sleep(port, waiter->lane);
	if (!ret && arg->what == IPCMBOX_CHANNEL_ROOM) {
		list_add_tail(&waiter->link, &port->senders);
		port->nr_senders++;
	} else if (!ret) {
		list_add_tail(&waiter->link, &port->receivers);
		port->nr_receivers++;
	}
	spin_unlock(&port->lock);
	return ret;
}

/* Returns whether the waiter was still linked; else its outcome is on its way. */
static bool cancel(struct ipcmbox_port *port, const struct ipcmbox_channel_wait *arg,
		   struct ipcmbox_waiter *waiter)
{
	bool is_linked;

	spin_lock(&port->lock);
	is_linked = !waiter->claimed;
	if (is_linked) {
		list_del(&waiter->link);
		if (arg->what == IPCMBOX_CHANNEL_ROOM)
			port->nr_senders--;
		else
			port->nr_receivers--;
	}
	spin_unlock(&port->lock);
	return is_linked;
}

static int await(struct ipcmbox_handle *handle, const struct ipcmbox_channel_wait *arg,
		 const struct ipcmbox_deadline *deadline)
{
	struct ipcmbox_waiter waiter = {
		.lane = arg->what == IPCMBOX_CHANNEL_ROOM ? handle->lane : NULL,
	};
	int ret;

	ipcmbox_waiter_init(&waiter);
	ret = look_or_await(handle, arg, deadline->nonblock, &waiter);
	if (ret)
		return ret < 0 ? ret : 0;
	ret = ipcmbox_waiter_sleep(&waiter, deadline);
	if (!ret)
		return waiter.result;
	if (cancel(&handle->mailbox->port, arg, &waiter))
		return ret;
	ipcmbox_waiter_join(&waiter);
	return waiter.result;
}

static int check_wait(const struct ipcmbox_handle *handle, const struct ipcmbox_channel_wait *arg)
{
	if (arg->flags & ~WAIT_FLAGS)
		return -EINVAL;
	switch (arg->what) {
	case IPCMBOX_CHANNEL_RECEIVE:
		if (arg->bytes)
			return -EINVAL;
		return handle->access & IPCMBOX_READ ? 0 : -EACCES;
	case IPCMBOX_CHANNEL_ROOM:
		if (arg->lanes_serial || !arg->bytes ||
		    arg->bytes > handle->mailbox->channel->ring_bytes)
			return -EINVAL;
		return handle->access & IPCMBOX_WRITE ? 0 : -EACCES;
	}
	return -EINVAL;
}

/**
 * ipcmbox_doorbell_wait() - ioctl(CHANNEL_WAIT) on a channel
 * @call: the command
 *
 * Return: 0, or an error of struct ipcmbox_channel_wait.
 */
long ipcmbox_doorbell_wait(struct ipcmbox_ioctl *call)
{
	struct ipcmbox_handle *handle = call->file->private_data;
	const struct ipcmbox_channel_wait *arg = &call->arg.channel_wait;
	struct ipcmbox_deadline deadline;
	int ret;

	ret = ipcmbox_messaging_deadline(&deadline, call->file_flags, arg->flags, arg->clock,
					 arg->deadline_ns);
	if (!ret)
		ret = check_wait(handle, arg);
	return ret ?: await(handle, arg, &deadline);
}

/* ioctl(CHANNEL_KICK). */

/**
 * ipcmbox_doorbell_kick() - ioctl(CHANNEL_KICK) on a channel
 * @call: the command
 *
 * Return: 0, or an error of struct ipcmbox_channel_kick.
 */
long ipcmbox_doorbell_kick(struct ipcmbox_ioctl *call)
{
	struct ipcmbox_handle *handle = call->file->private_data;
	const struct ipcmbox_channel_kick *arg = &call->arg.channel_kick;
	u32 slot;

	switch (arg->whom) {
	case IPCMBOX_CHANNEL_CONSUMER:
		if (arg->lane)
			return -EINVAL;
		if (!(handle->access & IPCMBOX_WRITE))
			return -EACCES;
		kick_consumer(handle->mailbox);
		return 0;
	case IPCMBOX_CHANNEL_PRODUCER:
		if (arg->lane >= IPCMBOX_CHANNEL_LANES_MAX)
			return -EINVAL;
		if (!(handle->access & IPCMBOX_READ))
			return -EACCES;
		slot = array_index_nospec(arg->lane, IPCMBOX_CHANNEL_LANES_MAX);
		ipcmbox_doorbell_kick_producer(handle->mailbox, slot);
		return 0;
	}
	return -EINVAL;
}
