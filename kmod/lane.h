/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_LANE_H
#define _IPCMBOX_LANE_H

#include <linux/refcount.h>
#include <linux/types.h>
#include <linux/uidgid.h>
#include <linux/wait.h>

#include <uapi/linux/ipcmbox.h>

struct file;
struct ipcmbox_endpoints;
struct ipcmbox_user;
struct page;
struct pid;
struct vm_area_struct;

/**
 * DOC: Lanes
 *
 * A lane is the ring of one producer of a channel, and who that is. It is made before the channel
 * is known to have a place for it, and from then on belongs to the producer's handle, to its slot
 * in the channel, and to each mapping; the last of these takes the pages with it. They are charged
 * to the user who opened it for as long as that takes.
 *
 * All pages are there from the beginning, so that nobody who touches them can fail, and stay, so
 * that there is nothing to be truncated, punched or reclaimed under a peer. They are mapped as they
 * are touched.
 */

/**
 * struct ipcmbox_lane - the ring of a producer
 * @refs: the producer's handle, the slot of the channel, mappings
 * @user: who is charged for it, reference (constant)
 * @tgid: process that opened it, reference (constant)
 * @tid: its thread, reference (constant)
 * @uid: its effective user id at that time (constant)
 * @gid: its effective group id at that time (constant)
 * @endpoint: id of its endpoint at that time, or 0 (constant)
 * @ring_bytes: size of the ring (constant)
 * @id: never used again in the channel; 0: it has never been in one (constant once it has a slot)
 * @slot: which lane of the channel it is (constant once it has one)
 * @state: IPCMBOX_LANE_*; FREE: it has no slot (lock of the channel's port)
 * @header: of @pages, the first: written by the producer at any time, whatever it likes
 * @pollers: who polls for room; lives as long as the producer's handle
 * @nr_pages: header and ring (constant)
 * @pages: header and ring (constant)
 */
struct ipcmbox_lane {
	refcount_t refs;
	struct ipcmbox_user *user;
	struct pid *tgid;
	struct pid *tid;
	kuid_t uid;
	kgid_t gid;
	u64 endpoint;
	u64 ring_bytes;
	u64 id;
	u32 slot;
	u32 state;
	const struct ipcmbox_channel_header *header;
	wait_queue_head_t pollers;
	unsigned long nr_pages;
	struct page *pages[];
};

struct ipcmbox_lane *ipcmbox_lane_new(struct ipcmbox_user *user,
				      struct ipcmbox_endpoints *endpoints, u64 ring_bytes,
				      u32 *limit);
void ipcmbox_lane_put(struct ipcmbox_lane *lane);

static inline struct ipcmbox_lane *ipcmbox_lane_get(struct ipcmbox_lane *lane)
{
	refcount_inc(&lane->refs);
	return lane;
}

/**
 * ipcmbox_lane_used() - what is between head and tail
 * @lane: the lane
 * @ack: how far the consumer is with it
 *
 * Both are written by others at any time: to be compared, and for nothing else.
 *
 * Return: bytes, more than the ring has if one of them is nonsense.
 */
static inline u64 ipcmbox_lane_used(const struct ipcmbox_lane *lane,
				    const struct ipcmbox_channel_ack *ack)
{
	return READ_ONCE(lane->header->tail) - READ_ONCE(ack->head);
}

int ipcmbox_lane_mmap(struct file *file, struct vm_area_struct *vma);

#endif /* _IPCMBOX_LANE_H */
