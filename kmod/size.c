// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sizes of segments, and who pays for them.
 */
#include <linux/cred.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>

#include "memory.h"
#include "quota.h"
#include "registry.h"
#include "segment.h"
#include "trace.h"

static int charge(struct ipcmbox_segment *segment, struct ipcmbox_user *user, u64 bytes,
		  u32 *limit)
{
	u64 already = segment->payer == user ? segment->charged : 0;

	return ipcmbox_user_charge_segment_bytes(user, bytes - already, limit);
}

/* Ends the charge there was; @user has been charged for what is more, or all that is different. */
static void take_over(struct ipcmbox_segment *segment, struct ipcmbox_user *user, u64 bytes)
{
	struct ipcmbox_user *former = segment->payer;
	u64 charged = segment->charged;

	if (former != user)
		ipcmbox_user_get(user);
	spin_lock(&segment->lock);
	segment->payer = user;
	segment->charged = bytes;
	spin_unlock(&segment->lock);
	if (former && former != user) {
		ipcmbox_user_uncharge_segment_bytes(former, charged);
		ipcmbox_user_put(former);
	}
}

static int grow(struct ipcmbox_segment *segment, struct ipcmbox_user *user, u64 size, u32 *limit)
{
	u64 bytes = PAGE_ALIGN(size);
	int ret;

	ret = charge(segment, user, bytes, limit);
	if (ret)
		return ret;
	ret = ipcmbox_memory_reserve(segment->backing, size);
	if (!ret)
		ret = ipcmbox_memory_set_size(segment->backing, size);
	if (ret) {
		u64 already = segment->payer == user ? segment->charged : 0;

		ipcmbox_user_uncharge_segment_bytes(user, bytes - already);
		return ret;
	}
	take_over(segment, user, bytes);
	return 0;
}

static int shrink(struct ipcmbox_segment *segment, u64 size)
{
	u64 bytes = PAGE_ALIGN(size), less = segment->charged - bytes;
	int ret;

	ret = ipcmbox_memory_set_size(segment->backing, size);
	if (ret)
		return ret;
	spin_lock(&segment->lock);
	segment->charged = bytes;
	spin_unlock(&segment->lock);
	if (less)
		ipcmbox_user_uncharge_segment_bytes(segment->payer, less);
	return 0;
}

static int resize(struct ipcmbox_segment *segment, struct ipcmbox_user *user, u64 size, u32 *limit)
{
	u64 now = ipcmbox_memory_size(segment->backing);
	unsigned int seals = ipcmbox_memory_seals(segment->backing);
	int ret;

	lockdep_assert_held(&segment->size_mutex);

	/* In whole pages: that is what memory is got and charged for. */
	if (size > round_down(MAX_LFS_FILESIZE, PAGE_SIZE))
		return -EFBIG;
	if (size == now)
		return 0;
	/* Looked at once more when the size is set. */
	if (seals & (size < now ? F_SEAL_SHRINK : F_SEAL_GROW))
		return -EPERM;
	ret = size < now ? shrink(segment, size) : grow(segment, user, size, limit);
	/* Its first size is told when it is published. */
	if (!ret && segment->entry.id)
		trace_ipcmbox_segment_resize(segment);
	return ret;
}

/* Returns 0 with @user set to the account of the calling task, or -ENOMEM, -EINTR. */
static int lock_size(struct ipcmbox_segment *segment, struct ipcmbox_user **user)
{
	int ret;

	*user = ipcmbox_user_find(&segment->registry->users, current_uid());
	if (!*user)
		return -ENOMEM;
	ret = mutex_lock_killable(&segment->size_mutex);
	if (ret)
		ipcmbox_user_put(*user);
	return ret;
}

static void unlock_size(struct ipcmbox_segment *segment, struct ipcmbox_user *user)
{
	mutex_unlock(&segment->size_mutex);
	ipcmbox_user_put(user);
}

/**
 * ipcmbox_segment_resize() - change the size of a segment
 * @segment: the segment
 * @size: in bytes
 * @limit: set to the limit that was hit
 *
 * Context: may sleep; neither the registry's nor the inode's lock is held.
 * Return: 0, -EPERM, -EDQUOT, -ENOMEM, -ENOSPC, -EFBIG, -EINTR, -ERESTARTNOINTR.
 */
int ipcmbox_segment_resize(struct ipcmbox_segment *segment, u64 size, u32 *limit)
{
	struct ipcmbox_user *user;
	int ret;

	ret = lock_size(segment, &user);
	if (ret)
		return ret;
	ret = resize(segment, user, size, limit);
	unlock_size(segment, user);
	return ret;
}

/**
 * ipcmbox_segment_grow() - make a segment at least so long
 * @segment: the segment
 * @size: in bytes
 *
 * Context, return: as ipcmbox_segment_resize().
 */
int ipcmbox_segment_grow(struct ipcmbox_segment *segment, u64 size)
{
	struct ipcmbox_user *user;
	u32 limit;
	int ret;

	ret = lock_size(segment, &user);
	if (ret)
		return ret;
	if (size > ipcmbox_memory_size(segment->backing))
		ret = resize(segment, user, size, &limit);
	unlock_size(segment, user);
	return ret;
}

/**
 * ipcmbox_segment_append() - make a segment longer
 * @segment: the segment
 * @count: by how many bytes
 * @pos: set to where they are
 *
 * Context, return: as ipcmbox_segment_resize().
 */
int ipcmbox_segment_append(struct ipcmbox_segment *segment, size_t count, loff_t *pos)
{
	struct ipcmbox_user *user;
	u32 limit;
	u64 size;
	int ret;

	ret = lock_size(segment, &user);
	if (ret)
		return ret;
	size = ipcmbox_memory_size(segment->backing);
	ret = resize(segment, user, size + count, &limit);
	if (!ret)
		*pos = size;
	unlock_size(segment, user);
	return ret;
}
