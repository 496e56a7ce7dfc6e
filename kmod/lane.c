// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lanes: their pages, and the mapping of these and of their channel's.
 */
#include <linux/bits.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/overflow.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include <uapi/linux/ipcmbox.h>

#include "channel.h"
#include "compat.h"
#include "endpoint.h"
#include "handle.h"
#include "lane.h"
#include "mailbox.h"
#include "quota.h"

/* Pages. */

static void free_pages_of(struct ipcmbox_lane *lane, unsigned long count)
{
	while (count--)
		put_page(lane->pages[count]);
}

static int alloc_pages_of(struct ipcmbox_lane *lane)
{
	unsigned long i;

	for (i = 0; i < lane->nr_pages; i++) {
		if (!fatal_signal_pending(current))
			lane->pages[i] = alloc_page(IPCMBOX_GFP | __GFP_ZERO);
		if (!lane->pages[i]) {
			free_pages_of(lane, i);
			return -ENOMEM;
		}
		cond_resched();
	}
	lane->header = page_address(lane->pages[0]);
	return 0;
}

/* What a user is charged for a lane. */
static size_t charge_of(const struct ipcmbox_lane *lane)
{
	return (lane->nr_pages << PAGE_SHIFT) + struct_size(lane, pages, lane->nr_pages);
}

/**
 * ipcmbox_lane_new() - make a lane of the calling task
 * @user: its account
 * @endpoints: of the registry the channel is in
 * @ring_bytes: a power of two of at least a page
 * @limit: set to the limit that was hit
 *
 * Context: may sleep.
 * Return: a lane without a slot, or -EDQUOT, -ENOMEM.
 */
struct ipcmbox_lane *ipcmbox_lane_new(struct ipcmbox_user *user,
				      struct ipcmbox_endpoints *endpoints, u64 ring_bytes,
				      u32 *limit)
{
	unsigned long nr_pages = 1 + (ring_bytes >> PAGE_SHIFT);
	struct ipcmbox_lane *lane;
	int ret = -EDQUOT;

	lane = kvzalloc(struct_size(lane, pages, nr_pages), IPCMBOX_GFP);
	if (!lane)
		return ERR_PTR(-ENOMEM);
	lane->nr_pages = nr_pages;
	lane->ring_bytes = ring_bytes;
	*limit = IPCMBOX_LIMIT_USER_BYTES;
	if (!ipcmbox_user_charge_bytes(user, charge_of(lane)))
		goto free_lane;
	*limit = IPCMBOX_LIMIT_NONE;
	ret = alloc_pages_of(lane);
	if (ret)
		goto uncharge;

	refcount_set(&lane->refs, 1);
	lane->user = ipcmbox_user_get(user);
	lane->tgid = get_pid(task_tgid(current));
	lane->tid = get_pid(task_pid(current));
	current_euid_egid(&lane->uid, &lane->gid);
	lane->endpoint = ipcmbox_endpoint_of_sender(endpoints, lane->tid);
	lane->state = IPCMBOX_LANE_FREE;
	init_waitqueue_head(&lane->pollers);
	return lane;

uncharge:
	ipcmbox_user_uncharge_bytes(user, charge_of(lane));
free_lane:
	kvfree(lane);
	return ERR_PTR(ret);
}

/**
 * ipcmbox_lane_put() - drop a reference
 * @lane: or NULL
 *
 * Context: may sleep; the registry still exists.
 */
void ipcmbox_lane_put(struct ipcmbox_lane *lane)
{
	if (!lane || !refcount_dec_and_test(&lane->refs))
		return;
	free_pages_of(lane, lane->nr_pages);
	ipcmbox_user_uncharge_bytes(lane->user, charge_of(lane));
	ipcmbox_user_put(lane->user);
	put_pid(lane->tgid);
	put_pid(lane->tid);
	kvfree(lane);
}

/* Mapping. */

/* Areas of a mapping, in pages. */
#define AREA_SHIFT	(28 - PAGE_SHIFT)
#define AREA_MASK	(BIT(AREA_SHIFT) - 1)
#define ACKS_PAGE	((unsigned long)(IPCMBOX_CHANNEL_ACKS >> PAGE_SHIFT))
#define RING_PAGE	BIT(AREA_SHIFT - 1)

static_assert(IPCMBOX_CHANNEL_HEADER(0) == 1ULL << 28);
static_assert(IPCMBOX_CHANNEL_RING(0) - IPCMBOX_CHANNEL_HEADER(0) == 1ULL << 27);

/*
 * The page of a channel at an offset. @lane is what the area is of, if it is a lane's. Returns NULL
 * if there is none.
 */
static struct page *page_at(const struct ipcmbox_channel *channel, const struct ipcmbox_lane *lane,
			    unsigned long pgoff)
{
	unsigned long in_area = pgoff & AREA_MASK;

	if (!lane) {
		if (!pgoff)
			return channel->board_page;
		return pgoff == ACKS_PAGE ? channel->acks_page : NULL;
	}
	if (!in_area)
		return lane->pages[0];
	if (in_area < RING_PAGE || in_area - RING_PAGE >= lane->nr_pages - 1)
		return NULL;
	return lane->pages[1 + in_area - RING_PAGE];
}

static vm_fault_t lane_fault(struct vm_fault *vmf)
{
	const struct ipcmbox_handle *handle = vmf->vma->vm_file->private_data;
	struct page *page;

	page = page_at(handle->mailbox->channel, vmf->vma->vm_private_data, vmf->pgoff);
	if (!page)
		return VM_FAULT_SIGBUS;
	get_page(page);
	vmf->page = page;
	return 0;
}

/* A mapping is split, moved, or inherited. */
static void lane_vma_open(struct vm_area_struct *vma)
{
	if (vma->vm_private_data)
		ipcmbox_lane_get(vma->vm_private_data);
}

static void lane_vma_close(struct vm_area_struct *vma)
{
	ipcmbox_lane_put(vma->vm_private_data);
}

static const struct vm_operations_struct lane_vm_ops = {
	.open = lane_vma_open,
	.close = lane_vma_close,
	.fault = lane_fault,
};

/* Returns a reference to the lane at @pgoff, NULL if that is of no lane, or an error. */
static struct ipcmbox_lane *find_lane(struct ipcmbox_handle *handle, unsigned long pgoff)
{
	struct ipcmbox_channel *channel = handle->mailbox->channel;
	struct ipcmbox_port *port = &handle->mailbox->port;
	unsigned long slot = pgoff >> AREA_SHIFT;
	struct ipcmbox_lane *lane;

	if (!slot)
		return NULL;
	if (--slot >= IPCMBOX_CHANNEL_LANES_MAX)
		return ERR_PTR(-EINVAL);
	slot = array_index_nospec(slot, IPCMBOX_CHANNEL_LANES_MAX);

	spin_lock(&port->lock);
	lane = channel->lanes[slot];
	if (!(handle->access & IPCMBOX_READ) && (!lane || lane != handle->lane))
		lane = ERR_PTR(-EACCES);
	else if (!lane)
		lane = ERR_PTR(-ENOENT);
	else
		ipcmbox_lane_get(lane);
	spin_unlock(&port->lock);
	return lane;
}

static bool is_writable(const struct ipcmbox_handle *handle, const struct ipcmbox_lane *lane,
			unsigned long pgoff)
{
	if (lane)
		return lane == handle->lane;
	return pgoff == ACKS_PAGE && handle->access & IPCMBOX_READ;
}

static int check_area(const struct ipcmbox_handle *handle, const struct ipcmbox_lane *lane,
		      struct vm_area_struct *vma)
{
	const struct ipcmbox_channel *channel = handle->mailbox->channel;
	unsigned long last = vma->vm_pgoff + vma_pages(vma) - 1;

	/* Areas are not next to each other: what begins and ends in one is in it. */
	if (last < vma->vm_pgoff || (last ^ vma->vm_pgoff) >> (AREA_SHIFT - 1) ||
	    !page_at(channel, lane, vma->vm_pgoff) || !page_at(channel, lane, last))
		return -EINVAL;
	if (!lane && last != vma->vm_pgoff)
		return -EINVAL;
	if (vma->vm_flags & VM_WRITE && !is_writable(handle, lane, vma->vm_pgoff))
		return -EACCES;
	return 0;
}

/**
 * ipcmbox_lane_mmap() - mmap(2) of a channel's descriptor
 * @file: of a channel's handle
 * @vma: what is to be mapped
 *
 * What the caller cannot write now it cannot make writable later.
 *
 * Context: the caller's mmap_lock is held.
 * Return: 0, -EINVAL, -EPERM, -EACCES, -ENOENT; see the UAPI header.
 */
int ipcmbox_lane_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct ipcmbox_handle *handle = file->private_data;
	struct ipcmbox_lane *lane;
	int ret;

	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	if (vma->vm_flags & VM_EXEC)
		return -EPERM;
	lane = find_lane(handle, vma->vm_pgoff);
	if (IS_ERR(lane))
		return PTR_ERR(lane);
	ret = check_area(handle, lane, vma);
	if (ret) {
		ipcmbox_lane_put(lane);
		return ret;
	}

	ipcmbox_vm_flags_set(vma, VM_DONTEXPAND);
	ipcmbox_vm_flags_clear(vma, VM_MAYEXEC);
	if (!is_writable(handle, lane, vma->vm_pgoff))
		ipcmbox_vm_flags_clear(vma, VM_MAYWRITE);
	vma->vm_private_data = lane;
	vma->vm_ops = &lane_vm_ops;
	return 0;
}
