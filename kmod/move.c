// SPDX-License-Identifier: GPL-2.0-only
/*
 * Moving segments: the right to write goes with a message.
 */
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/shmem_fs.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include <uapi/linux/ipcmbox.h>

#include "compat.h"
#include "files.h"
#include "mailbox.h"
#include "move.h"
#include "registry.h"
#include "segment.h"
#include "trace.h"
#include "transfer.h"
#include "view.h"

/*
 * How often pages that look pinned are looked at. Once, after the lists of all CPUs are drained, is
 * enough but for what reclaim has in its hands just then.
 */
#define PIN_TRIES	4

static bool may_write(const struct ipcmbox_segment *segment, const struct file *view)
{
	lockdep_assert_held(&segment->lock);

	return !segment->exclusive || segment->exclusive == view;
}

/**
 * ipcmbox_move_permits_map() - may a view be mapped so that it could be written?
 * @segment: the segment
 * @view: opened for writing
 * @could_write: the mapping is going to be one that could be written, if this permits it
 *
 * Context: while this runs the mapping is counted as one that could be written.
 */
bool ipcmbox_move_permits_map(struct ipcmbox_segment *segment, const struct file *view,
			      bool could_write)
{
	bool permitted;

	spin_lock(&segment->lock);
	permitted = may_write(segment, view);
	if (permitted && could_write)
		WRITE_ONCE(segment->was_writable, true);
	spin_unlock(&segment->lock);
	return permitted;
}

/**
 * ipcmbox_move_begin_write() - begin to change a segment other than through a mapping
 * @segment: the segment
 * @view: opened for writing
 *
 * Return: 0, and ipcmbox_move_end_write() must follow; or -EPERM: the right is elsewhere.
 */
int ipcmbox_move_begin_write(struct ipcmbox_segment *segment, const struct file *view)
{
	int ret = -EPERM;

	spin_lock(&segment->lock);
	if (may_write(segment, view)) {
		segment->writing++;
		ret = 0;
	}
	spin_unlock(&segment->lock);
	return ret;
}

void ipcmbox_move_end_write(struct ipcmbox_segment *segment)
{
	spin_lock(&segment->lock);
	segment->writing--;
	spin_unlock(&segment->lock);
}

/* Pages. */

/* Who looks has a reference. */
static bool looks_pinned(struct folio *folio)
{
	return folio_ref_count(folio) - 1 - folio_nr_pages(folio) > ipcmbox_folio_mapcount(folio);
}

/* Returns 0, -EBUSY, -EINTR. */
static int look_for_pins(struct address_space *mapping)
{
	struct folio_batch batch;
	pgoff_t index = 0;
	unsigned int i;
	int ret = 0;

	folio_batch_init(&batch);
	while (!ret && filemap_get_folios(mapping, &index, ULONG_MAX, &batch)) {
		for (i = 0; i < folio_batch_count(&batch); i++)
			if (looks_pinned(batch.folios[i]))
				ret = -EBUSY;
		if (fatal_signal_pending(current))
			ret = -EINTR;
		folio_batch_release(&batch);
		cond_resched();
	}
	return ret;
}

static long drain_this_cpu(void *unused)
{
	ipcmbox_lru_drain();
	return 0;
}

static void drain_all_cpus(void)
{
	int cpu;

	cpus_read_lock();
	for_each_online_cpu(cpu)
		work_on_cpu(cpu, drain_this_cpu, NULL);
	cpus_read_unlock();
}

static int await_pins(struct address_space *mapping)
{
	int tries = PIN_TRIES, ret;

	while ((ret = look_for_pins(mapping)) == -EBUSY && --tries)
		drain_all_cpus();
	return ret;
}

/* The right. */

/* Seals are for whoever may write; the inode's lock is held. */
static void suspend_seals(struct ipcmbox_segment *segment)
{
	unsigned int *seals = &SHMEM_I(file_inode(segment->backing))->seals;

	if (!(*seals & F_SEAL_SEAL)) {
		*seals |= F_SEAL_SEAL;
		segment->seals_suspended = true;
	}
}

static void resume_seals(struct ipcmbox_segment *segment)
{
	if (segment->seals_suspended) {
		SHMEM_I(file_inode(segment->backing))->seals &= ~F_SEAL_SEAL;
		segment->seals_suspended = false;
	}
}

/* Returns 0, with the right of @from over to @to; -EPERM, -EBUSY. */
static int hand_over(struct ipcmbox_segment *segment, const struct file *from,
		     const struct file *to)
{
	struct address_space *mapping = segment->backing->f_mapping;

	lockdep_assert_held(&segment->lock);

	if (!may_write(segment, from))
		return -EPERM;
	if (segment->writing || mapping_deny_writable(mapping))
		return -EBUSY;
	WRITE_ONCE(segment->exclusive, to);
	trace_ipcmbox_segment_move(segment);
	mapping_allow_writable(mapping);
	return 0;
}

/* As hand_over(). A write that is stalled holds the inode's lock, too: that is not waited for. */
static int revoke(struct ipcmbox_segment *segment, const struct file *from, const struct file *to)
{
	struct inode *inode = file_inode(segment->backing);
	int ret;

	if (!inode_trylock(inode))
		return -EBUSY;
	spin_lock(&segment->lock);
	ret = hand_over(segment, from, to);
	spin_unlock(&segment->lock);
	if (!ret)
		suspend_seals(segment);
	inode_unlock(inode);
	return ret;
}

/* Returns 0, -EBUSY, -EINTR. Nobody can map @to yet, and nobody else for writing. */
static int check_pins(struct ipcmbox_segment *segment)
{
	int ret;

	if (!READ_ONCE(segment->was_writable))
		return 0;
	ret = await_pins(segment->backing->f_mapping);
	if (!ret)
		WRITE_ONCE(segment->was_writable, false);
	return ret;
}

/**
 * ipcmbox_move_end() - a view ends
 * @segment: the segment
 * @view: if it alone may write, all others that were opened for writing may now
 *
 * Context: may sleep; the registry's lock is not held.
 */
void ipcmbox_move_end(struct ipcmbox_segment *segment, const struct file *view)
{
	struct inode *inode = file_inode(segment->backing);

	/* Only a view that was made for a move can be exclusive, and before anybody has it. */
	if (READ_ONCE(segment->exclusive) != view)
		return;
	inode_lock(inode);
	spin_lock(&segment->lock);
	WRITE_ONCE(segment->exclusive, NULL);
	trace_ipcmbox_segment_return(segment);
	spin_unlock(&segment->lock);
	resume_seals(segment);
	inode_unlock(inode);
}

/* Moves the right to write of @view; returns the view that has it now, or an error. */
static struct file *move(struct file *view)
{
	struct ipcmbox_segment *segment = view->private_data;
	bool moves_on = READ_ONCE(segment->exclusive) == view;
	struct file *new;
	int ret;

	if (!(view->f_mode & FMODE_WRITE))
		return ERR_PTR(-EACCES);
	mutex_lock(&segment->registry->lock);
	ipcmbox_segment_attach(segment, view->f_mode);
	mutex_unlock(&segment->registry->lock);
	new = ipcmbox_view_new(segment, IPCMBOX_READ | IPCMBOX_WRITE);
	if (IS_ERR(new))
		return new;

	ret = revoke(segment, view, new);
	if (!ret) {
		ret = check_pins(segment);
		if (ret && moves_on) {
			spin_lock(&segment->lock);
			WRITE_ONCE(segment->exclusive, view);
			trace_ipcmbox_segment_move(segment);
			spin_unlock(&segment->lock);
		}
	}
	if (!ret)
		return new;
	/* If the right is there, it is back before the caller is. */
	fput(new);
	return ERR_PTR(ret);
}

/**
 * ipcmbox_move_files() - move the segments among the files of a message
 * @sending: has @mailbox, and @files, to be put by the caller if this fails
 *
 * Context: may sleep, no locks held.
 * Return: 0; -EINVAL no segments, or too many receivers; -EACCES, -EPERM no right to write; -EBUSY;
 * -EINTR; -ENOMEM, -ENFILE.
 */
int ipcmbox_move_files(const struct ipcmbox_sending *sending)
{
	struct ipcmbox_files *files = sending->files;
	int ret = -EINVAL;
	struct file *new;
	u32 i;

	if (sending->mailbox->event)
		return -EINVAL;
	for (i = 0; i < files->nr; i++) {
		if (!ipcmbox_view_is_of(files->file[i]))
			continue;
		new = move(files->file[i]);
		if (IS_ERR(new))
			return PTR_ERR(new);
		fput(files->file[i]);
		files->file[i] = new;
		ret = 0;
	}
	return ret;
}
