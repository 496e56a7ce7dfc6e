// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channels: what they are made of, who is on which side.
 */
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/lockdep.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>
#include <linux/user_namespace.h>

#include <uapi/linux/ipcmbox.h>

#include "channel.h"
#include "doorbell.h"
#include "handle.h"
#include "ioctl.h"
#include "lane.h"
#include "mailbox.h"
#include "port.h"
#include "quota.h"
#include "registry.h"
#include "show.h"
#include "trace.h"
#include "wait.h"

/* An element in the first version of the ABI. */
#define SENDER_SIZE_MIN	40

/* Whatever the page size, the board and the acks are one page each. */
static_assert(sizeof(struct ipcmbox_channel_board) <= PAGE_SIZE);
static_assert(sizeof(struct ipcmbox_channel_acks) <= PAGE_SIZE);
static_assert(!(IPCMBOX_CHANNEL_ACKS & ~PAGE_MASK));

/* What is charged for a channel without its lanes. */
#define CHANNEL_CHARGE	(2 * PAGE_SIZE + sizeof(struct ipcmbox_channel))

/* Birth and end. */

/**
 * ipcmbox_channel_ring_of() - how large the rings of a channel are going to be
 * @arg: of the ioctl, valid
 */
u64 ipcmbox_channel_ring_of(const struct ipcmbox_open *arg)
{
	u64 bytes = arg->max_bytes ?: IPCMBOX_CHANNEL_RING_DEFAULT;

	return roundup_pow_of_two(max_t(unsigned long, bytes, PAGE_SIZE));
}

/* Two messages of any length fit. */
static u32 length_limit(const struct ipcmbox_open *arg)
{
	return ipcmbox_channel_ring_of(arg) / 2 - sizeof(struct ipcmbox_channel_record);
}

/**
 * ipcmbox_channel_is_valid() - can there be such a channel?
 * @arg: of the ioctl, with CREATE
 */
bool ipcmbox_channel_is_valid(const struct ipcmbox_open *arg)
{
	return arg->max_messages == IPCMBOX_UNBOUNDED &&
	       arg->overflow <= IPCMBOX_OVERFLOW_FAIL && !(arg->flags & IPCMBOX_OPEN_FDS) &&
	       arg->max_bytes <= IPCMBOX_CHANNEL_RING_MAX && arg->max_length <= length_limit(arg);
}

/**
 * ipcmbox_channel_default_length() - bytes of the longest message if the creator does not say
 * @arg: of the ioctl, valid
 */
u32 ipcmbox_channel_default_length(const struct ipcmbox_open *arg)
{
	return min_t(u32, IPCMBOX_LENGTH_DEFAULT, length_limit(arg));
}

/**
 * ipcmbox_channel_free() - free what makes a mailbox a channel
 * @channel: without lanes and consumer; or NULL
 */
void ipcmbox_channel_free(struct ipcmbox_channel *channel)
{
	unsigned long slot;

	if (!channel)
		return;
	/* Lanes whose producers are gone, with records that nobody has read. */
	for_each_set_bit(slot, channel->taken, IPCMBOX_CHANNEL_LANES_MAX)
		ipcmbox_lane_put(channel->lanes[slot]);
	if (channel->board_page)
		put_page(channel->board_page);
	if (channel->acks_page)
		put_page(channel->acks_page);
	ipcmbox_user_uncharge_bytes(channel->creator, CHANNEL_CHARGE);
	ipcmbox_user_put(channel->creator);
	kfree(channel);
}

/**
 * ipcmbox_channel_create() - make a mailbox a channel
 * @mailbox: not published yet
 * @arg: of the ioctl, valid
 * @limit: set to the limit that was hit
 *
 * Context: may sleep.
 * Return: 0, -EDQUOT, -ENOMEM.
 */
int ipcmbox_channel_create(struct ipcmbox_mailbox *mailbox, const struct ipcmbox_open *arg,
			   u32 *limit)
{
	struct ipcmbox_channel *channel;

	if (!ipcmbox_user_charge_bytes(mailbox->creator, CHANNEL_CHARGE)) {
		*limit = IPCMBOX_LIMIT_USER_BYTES;
		return -EDQUOT;
	}
	channel = kzalloc(sizeof(*channel), IPCMBOX_GFP);
	if (!channel) {
		ipcmbox_user_uncharge_bytes(mailbox->creator, CHANNEL_CHARGE);
		return -ENOMEM;
	}
	channel->creator = ipcmbox_user_get(mailbox->creator);
	channel->ring_bytes = ipcmbox_channel_ring_of(arg);
	channel->board_page = alloc_page(IPCMBOX_GFP | __GFP_ZERO);
	channel->acks_page = alloc_page(IPCMBOX_GFP | __GFP_ZERO);
	if (!channel->board_page || !channel->acks_page) {
		ipcmbox_channel_free(channel);
		return -ENOMEM;
	}
	channel->board = page_address(channel->board_page);
	channel->acks = page_address(channel->acks_page);
	mailbox->channel = channel;
	mailbox->port.max_bytes = channel->ring_bytes;
	return 0;
}

/* Lanes. */

/* Says on the board what has become of a lane; the consumer looks when the serial has changed. */
static void tell_of(struct ipcmbox_channel *channel, const struct ipcmbox_lane *lane)
{
	struct ipcmbox_channel_board *board = channel->board;
	struct ipcmbox_channel_lane *entry = &board->lane[lane->slot];

	WRITE_ONCE(entry->state, lane->state);
	WRITE_ONCE(entry->id, lane->state == IPCMBOX_LANE_FREE ? 0 : lane->id);
	/* (K3) */
	smp_store_release(&board->lanes_serial, board->lanes_serial + 1);
}

/* Takes a lane out of its slot; the reference passes to the caller. */
static struct ipcmbox_lane *vacate(struct ipcmbox_channel *channel, struct ipcmbox_lane *lane)
{
	channel->sent += READ_ONCE(lane->header->sent);
	channel->received += READ_ONCE(channel->acks->lane[lane->slot].received);
	channel->lanes[lane->slot] = NULL;
	__clear_bit(lane->slot, channel->taken);
	lane->state = IPCMBOX_LANE_FREE;
	tell_of(channel, lane);
	return lane;
}

/* Finds a slot for one more lane; *@old is a lane that has left it, to be put. */
static int find_slot(struct ipcmbox_channel *channel, struct ipcmbox_lane **old)
{
	unsigned long slot = find_first_zero_bit(channel->taken, IPCMBOX_CHANNEL_LANES_MAX);
	struct ipcmbox_lane *lane;

	if (slot < IPCMBOX_CHANNEL_LANES_MAX)
		return slot;
	for (slot = 0; slot < IPCMBOX_CHANNEL_LANES_MAX; slot++) {
		lane = channel->lanes[slot];
		if (lane->state == IPCMBOX_LANE_GONE && !ipcmbox_channel_used(channel, lane)) {
			*old = vacate(channel, lane);
			return slot;
		}
	}
	return -EBUSY;
}

static void occupy(struct ipcmbox_channel *channel, struct ipcmbox_lane *lane, u32 slot)
{
	struct ipcmbox_channel_ack *ack = &channel->acks->lane[slot];

	lane->slot = slot;
	lane->id = ++channel->last_lane_id;
	lane->state = IPCMBOX_LANE_OPEN;
	WRITE_ONCE(ack->head, 0);
	WRITE_ONCE(ack->received, 0);
	WRITE_ONCE(channel->board->lane[slot].producer_waits, 0);
	channel->lanes[slot] = ipcmbox_lane_get(lane);
	__set_bit(slot, channel->taken);
	tell_of(channel, lane);
}

/* The producer is gone. Returns a lane to be put, or NULL. */
static struct ipcmbox_lane *abandon(struct ipcmbox_channel *channel, struct ipcmbox_lane *lane)
{
	if (lane->state == IPCMBOX_LANE_EVICTED || !ipcmbox_channel_used(channel, lane))
		return vacate(channel, lane);
	lane->state = IPCMBOX_LANE_GONE;
	tell_of(channel, lane);
	return NULL;
}

/* Handles. */

/**
 * ipcmbox_channel_enter() - give a handle its place in the channel
 * @mailbox: the channel
 * @handle: with the lane of a producer, if it is to be one; not entered yet
 *
 * Context: the registry's lock is held.
 * Return: 0 or -EBUSY: there is a consumer, or there is no slot. A new channel has place.
 */
int ipcmbox_channel_enter(struct ipcmbox_mailbox *mailbox, struct ipcmbox_handle *handle)
{
	struct ipcmbox_channel *channel = mailbox->channel;
	bool is_consumer = handle->access & IPCMBOX_READ;
	struct ipcmbox_port *port = &mailbox->port;
	struct ipcmbox_lane *old = NULL;
	struct ipcmbox_wakes wakes;
	int ret = -EBUSY;

	ipcmbox_wakes_init(&wakes);
	spin_lock(&port->lock);
	if (is_consumer && channel->consumer)
		goto unlock;
	if (handle->lane) {
		ret = find_slot(channel, &old);
		if (ret < 0)
			goto unlock;
		occupy(channel, handle->lane, ret);
		trace_ipcmbox_producer_join(port, handle->lane, 0);
		ipcmbox_doorbell_wake_consumer(mailbox, &wakes);
	}
	if (is_consumer) {
		channel->consumer = handle;
		channel->consumer_tgid = get_pid(task_tgid(current));
		trace_ipcmbox_consumer_join(port, channel->consumer_tgid);
	}
	ret = 0;
unlock:
	spin_unlock(&port->lock);
	ipcmbox_wakes_flush(&wakes, &port->pollers);
	ipcmbox_lane_put(old);
	return ret;
}

/*
 * Whoever dies may have written a position and not have kicked any more: the other side is woken to
 * look.
 */
static void leave(struct ipcmbox_mailbox *mailbox, struct ipcmbox_handle *handle)
{
	struct ipcmbox_channel *channel = mailbox->channel;
	struct ipcmbox_port *port = &mailbox->port;
	struct ipcmbox_lane *old = NULL;
	struct ipcmbox_wakes wakes;
	struct pid *tgid = NULL;
	u32 slot;

	ipcmbox_wakes_init(&wakes);
	spin_lock(&port->lock);
	if (channel->consumer == handle) {
		channel->consumer = NULL;
		tgid = channel->consumer_tgid;
		trace_ipcmbox_consumer_leave(port, tgid);
		channel->consumer_tgid = NULL;
	}
	if (handle->lane) {
		trace_ipcmbox_producer_leave(port, handle->lane,
					     ipcmbox_channel_used(channel, handle->lane));
		old = abandon(channel, handle->lane);
		ipcmbox_doorbell_wake_consumer(mailbox, &wakes);
	}
	spin_unlock(&port->lock);
	ipcmbox_wakes_flush(&wakes, &port->pollers);
	ipcmbox_lane_put(old);
	if (!tgid)
		return;
	put_pid(tgid);
	for (slot = 0; slot < IPCMBOX_CHANNEL_LANES_MAX; slot++)
		ipcmbox_doorbell_kick_producer(mailbox, slot);
}

/**
 * ipcmbox_channel_set_gone() - the other side can come, or is gone for good
 * @mailbox: the channel
 * @receivers_gone: nobody can receive
 * @senders_gone: nobody can send
 *
 * Context: the registry's lock is held.
 */
void ipcmbox_channel_set_gone(struct ipcmbox_mailbox *mailbox, bool receivers_gone,
			      bool senders_gone)
{
	struct ipcmbox_channel *channel = mailbox->channel;
	struct ipcmbox_port *port = &mailbox->port;
	struct ipcmbox_wakes wakes;
	struct ipcmbox_lane *lane;
	unsigned long slot;
	bool was_gone;

	ipcmbox_wakes_init(&wakes);
	spin_lock(&port->lock);
	WRITE_ONCE(channel->board->consumer_gone, receivers_gone);
	WRITE_ONCE(channel->board->producers_gone, senders_gone);
	was_gone = port->receivers_gone;
	port->receivers_gone = receivers_gone;
	/* What is unread must be received first: whoever waits looks once more. */
	if (senders_gone && !port->senders_gone) {
		ipcmbox_doorbell_wake_consumer(mailbox, &wakes);
		wakes.poll |= EPOLLHUP;
		wakes.rare |= IPCMBOX_WAKES_POLL_ALL;
	}
	port->senders_gone = senders_gone;
	spin_unlock(&port->lock);
	ipcmbox_wakes_flush(&wakes, &port->pollers);
	if (!receivers_gone || was_gone)
		return;

	/* Lanes come under the registry's lock only; those that go meanwhile need not be told. */
	for (slot = 0; slot < IPCMBOX_CHANNEL_LANES_MAX; slot++) {
		ipcmbox_wakes_init(&wakes);
		spin_lock(&port->lock);
		lane = channel->lanes[slot];
		if (lane) {
			ipcmbox_lane_get(lane);
			ipcmbox_doorbell_hang_up(port, lane, &wakes);
		}
		spin_unlock(&port->lock);
		if (lane)
			ipcmbox_wakes_flush(&wakes, &lane->pollers);
		ipcmbox_lane_put(lane);
	}
}

static int channel_release(struct inode *inode, struct file *file)
{
	struct ipcmbox_handle *handle = file->private_data;

	/* The account belongs to the registry, which the mailbox may be the last to hold. */
	ipcmbox_user_put(handle->user);
	if (handle->mailbox) {
		leave(handle->mailbox, handle);
		ipcmbox_lane_put(handle->lane);
		ipcmbox_mailbox_detach(handle->mailbox, ipcmbox_handle_mode(handle));
	}
	kfree(handle);
	return 0;
}

static const struct file_operations channel_fops = {
	.owner = THIS_MODULE,
	.poll = ipcmbox_doorbell_poll,
	.mmap = ipcmbox_lane_mmap,
	.unlocked_ioctl = ipcmbox_ioctl_channel,
	.compat_ioctl = compat_ptr_ioctl,
	.release = channel_release,
	.show_fdinfo = ipcmbox_show_fdinfo,
};

/* Whether the file has a handle of a channel. */
bool ipcmbox_channel_is_of(const struct file *file)
{
	return file->f_op == &channel_fops;
}

/**
 * ipcmbox_channel_handle_new() - make a file for a channel that is yet to be found
 * @registry: of the channel
 * @arg: of the ioctl
 * @ring_bytes: of the channel's lanes
 * @limit: set to the limit that was hit
 *
 * Context: may sleep.
 * Return: a file whose handle has no mailbox, but a lane if it is going to need one; or -EDQUOT,
 * -ENFILE, -ENOMEM.
 */
struct file *ipcmbox_channel_handle_new(struct ipcmbox_registry *registry,
					const struct ipcmbox_open *arg, u64 ring_bytes, u32 *limit)
{
	struct ipcmbox_handle *handle;
	struct ipcmbox_lane *lane;
	struct file *file;

	/* Who maps pages to write them must be able to read and to write the file. */
	file = ipcmbox_handle_new_of(registry, &channel_fops,
				     arg->access ? IPCMBOX_READ | IPCMBOX_WRITE : 0,
				     arg->flags & IPCMBOX_OPEN_NONBLOCK);
	if (IS_ERR(file))
		return file;
	handle = file->private_data;
	handle->access = arg->access;
	if (arg->access & IPCMBOX_WRITE) {
		lane = ipcmbox_lane_new(handle->user, &registry->endpoints, ring_bytes, limit);
		if (IS_ERR(lane)) {
			ipcmbox_handle_discard(file);
			return ERR_CAST(lane);
		}
		handle->lane = lane;
	}
	return file;
}

/* Looking. */

static u64 told_of(const struct ipcmbox_channel *channel, const struct ipcmbox_lane *lane,
		   struct ipcmbox_info *info)
{
	u64 received = READ_ONCE(channel->acks->lane[lane->slot].received);
	u64 sent = READ_ONCE(lane->header->sent);

	info->sent += sent;
	info->received += received;
	return sent > received ? sent - received : 0;
}

/**
 * ipcmbox_channel_report() - fill in what is known of what is in a channel
 * @mailbox: the channel
 * @info: filled in as of an empty mailbox
 *
 * Context: takes the port's lock.
 */
void ipcmbox_channel_report(struct ipcmbox_mailbox *mailbox, struct ipcmbox_info *info)
{
	struct ipcmbox_channel *channel = mailbox->channel;
	const struct ipcmbox_lane *lane;
	unsigned long slot;

	spin_lock(&mailbox->port.lock);
	info->sent = channel->sent;
	info->received = channel->received;
	for_each_set_bit(slot, channel->taken, IPCMBOX_CHANNEL_LANES_MAX) {
		lane = channel->lanes[slot];
		info->messages += told_of(channel, lane, info);
		info->bytes += min(ipcmbox_channel_used(channel, lane), channel->ring_bytes);
	}
	spin_unlock(&mailbox->port.lock);
}

/**
 * ipcmbox_channel_info() - ioctl(CHANNEL_INFO) on a channel
 * @call: the command
 *
 * Return: 0 or -EFAULT.
 */
long ipcmbox_channel_info(struct ipcmbox_ioctl *call)
{
	const struct ipcmbox_handle *handle = call->file->private_data;
	const struct ipcmbox_mailbox *mailbox = handle->mailbox;
	struct ipcmbox_channel_info info = {
		.ring_bytes = mailbox->channel->ring_bytes,
		.id = mailbox->entry.id,
		.max_length = mailbox->max_length,
		.overflow = mailbox->port.overflow,
		.access = handle->access,
		.lane = handle->lane ? handle->lane->slot : -1,
		.lane_id = handle->lane ? handle->lane->id : 0,
	};

	return ipcmbox_ioctl_reply(call, &info, sizeof(info));
}

static void describe(const struct ipcmbox_lane *lane, struct ipcmbox_channel_sender *sender)
{
	struct pid_namespace *pid_ns = task_active_pid_ns(current);
	struct user_namespace *user_ns = current_user_ns();

	sender->id = lane->id;
	sender->lane = lane->slot;
	sender->state = lane->state;
	sender->pid = pid_nr_ns(lane->tgid, pid_ns);
	sender->tid = pid_nr_ns(lane->tid, pid_ns);
	sender->uid = from_kuid_munged(user_ns, lane->uid);
	sender->gid = from_kgid_munged(user_ns, lane->gid);
	sender->endpoint = lane->endpoint;
}

/* Writes up to @arg->count of @senders; the other out fields of @arg are set. */
static void look_at_lanes(struct ipcmbox_mailbox *mailbox, struct ipcmbox_channel_lanes *arg,
			  struct ipcmbox_channel_sender *senders)
{
	struct ipcmbox_channel *channel = mailbox->channel;
	unsigned long slot;
	u32 n = 0;

	arg->total = 0;
	spin_lock(&mailbox->port.lock);
	for_each_set_bit(slot, channel->taken, IPCMBOX_CHANNEL_LANES_MAX) {
		arg->total++;
		if (n < arg->count)
			describe(channel->lanes[slot], &senders[n++]);
	}
	arg->lanes_serial = channel->board->lanes_serial;
	spin_unlock(&mailbox->port.lock);
	arg->count = n;
}

static int copy_out(const struct ipcmbox_channel_lanes *arg,
		    const struct ipcmbox_channel_sender *senders)
{
	void __user *to = u64_to_user_ptr(arg->buf_ptr);
	size_t size = min_t(size_t, arg->element_size, sizeof(*senders));
	u32 i;

	for (i = 0; i < arg->count; i++, to += arg->element_size)
		if (copy_to_user(to, &senders[i], size) ||
		    (arg->element_size > size && clear_user(to + size, arg->element_size - size)))
			return -EFAULT;
	return 0;
}

/**
 * ipcmbox_channel_lanes() - ioctl(CHANNEL_LANES) on a channel
 * @call: the command
 *
 * Return: 0, or an error of struct ipcmbox_channel_lanes.
 */
long ipcmbox_channel_lanes(struct ipcmbox_ioctl *call)
{
	struct ipcmbox_handle *handle = call->file->private_data;
	struct ipcmbox_channel_lanes *arg = &call->arg.channel_lanes;
	struct ipcmbox_channel_sender *senders;
	int ret;

	if (!arg->count || arg->count > IPCMBOX_CHANNEL_LANES_MAX ||
	    arg->element_size < SENDER_SIZE_MIN || arg->element_size > PAGE_SIZE)
		return -EINVAL;
	if (arg->buf_ptr != (unsigned long)arg->buf_ptr)
		return -EFAULT;

	senders = kcalloc(arg->count, sizeof(*senders), GFP_KERNEL);
	if (!senders)
		return -ENOMEM;
	look_at_lanes(handle->mailbox, arg, senders);
	ret = copy_out(arg, senders);
	kfree(senders);
	return ret ?: ipcmbox_ioctl_reply(call, arg, sizeof(*arg));
}

/* ioctl(CHANNEL_EVICT). */

/* Returns a reference to the lane, or -ESTALE. */
static struct ipcmbox_lane *evict(struct ipcmbox_mailbox *mailbox, u32 slot, u64 id,
				  struct ipcmbox_wakes *wakes)
{
	struct ipcmbox_channel *channel = mailbox->channel;
	struct ipcmbox_lane *lane = channel->lanes[slot];

	lockdep_assert_held(&mailbox->port.lock);

	if (!lane || lane->id != id || lane->state == IPCMBOX_LANE_EVICTED)
		return ERR_PTR(-ESTALE);
	trace_ipcmbox_producer_evict(&mailbox->port, lane, ipcmbox_channel_used(channel, lane));
	if (lane->state == IPCMBOX_LANE_GONE)
		return vacate(channel, lane);
	lane->state = IPCMBOX_LANE_EVICTED;
	tell_of(channel, lane);
	ipcmbox_doorbell_hang_up(&mailbox->port, lane, wakes);
	return ipcmbox_lane_get(lane);
}

/**
 * ipcmbox_channel_evict() - ioctl(CHANNEL_EVICT) on a channel
 * @call: the command
 *
 * Return: 0, or an error of struct ipcmbox_channel_evict.
 */
long ipcmbox_channel_evict(struct ipcmbox_ioctl *call)
{
	struct ipcmbox_handle *handle = call->file->private_data;
	const struct ipcmbox_channel_evict *arg = &call->arg.channel_evict;
	struct ipcmbox_port *port = &handle->mailbox->port;
	struct ipcmbox_wakes wakes;
	struct ipcmbox_lane *lane;
	u32 slot;

	if (arg->lane >= IPCMBOX_CHANNEL_LANES_MAX || arg->__reserved)
		return -EINVAL;
	if (!(handle->access & IPCMBOX_READ))
		return -EACCES;
	slot = array_index_nospec(arg->lane, IPCMBOX_CHANNEL_LANES_MAX);

	ipcmbox_wakes_init(&wakes);
	spin_lock(&port->lock);
	lane = evict(handle->mailbox, slot, arg->id, &wakes);
	spin_unlock(&port->lock);
	if (IS_ERR(lane))
		return PTR_ERR(lane);
	ipcmbox_wakes_flush(&wakes, &lane->pollers);
	ipcmbox_lane_put(lane);
	return 0;
}
