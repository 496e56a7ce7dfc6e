// SPDX-License-Identifier: GPL-2.0-only
/*
 * Views: files of a segment.
 */
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/personality.h>
#include <linux/sched/signal.h>
#include <linux/uio.h>

#include <uapi/linux/ipcmbox.h>

#include "compat.h"
#include "ioctl.h"
#include "memory.h"
#include "move.h"
#include "segment.h"
#include "show.h"
#include "view.h"

/* Whoever may not write may still read; core makes VM_SHARED of files opened for writing only. */
static int check_right_to_write(struct file *file, struct vm_area_struct *vma)
{
	if (!(vma->vm_flags & VM_SHARED) ||
	    ipcmbox_move_permits_map(file->private_data, file, vma->vm_flags & VM_MAYWRITE))
		return 0;
	if (vma->vm_flags & VM_WRITE)
		return -EPERM;
	ipcmbox_vm_flags_clear(vma, VM_MAYWRITE);
	return 0;
}

static int view_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct ipcmbox_segment *segment = file->private_data;
	int ret;

	/* As on a file system that is mounted noexec: who asked for it, and who always gets it. */
	if (vma->vm_flags & VM_EXEC) {
		if (!(current->personality & READ_IMPLIES_EXEC))
			return -EPERM;
		ipcmbox_vm_flags_clear(vma, VM_EXEC);
	}
	ipcmbox_vm_flags_clear(vma, VM_MAYEXEC);
	ret = check_right_to_write(file, vma);
	return ret ?: ipcmbox_mmap_file(segment->backing, vma);
}

/*
 * Makes room for a write that ends beyond the end: for as much of it as there is to be read. Who
 * appends gets a place of his own by that.
 */
static int grow_for(struct ipcmbox_segment *segment, struct kiocb *iocb, struct iov_iter *from)
{
	size_t count = iov_iter_count(from), missing = fault_in_iov_iter_readable(from, count);

	if (missing == count)
		return -EFAULT;
	count -= missing;
	iov_iter_truncate(from, count);
	if (!(iocb->ki_flags & IOCB_APPEND))
		return ipcmbox_segment_grow(segment, iocb->ki_pos + count);
	iocb->ki_flags &= ~IOCB_APPEND;
	return ipcmbox_segment_append(segment, count, &iocb->ki_pos);
}

/* Returns -EAGAIN if it is to be grown first. */
static ssize_t write_within(struct kiocb *iocb, struct iov_iter *from)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	ssize_t ret;

	inode_lock(inode);
	ret = generic_write_checks(iocb, from);
	if (ret > 0)
		ret = iocb->ki_pos + iov_iter_count(from) <= i_size_read(inode) ?
		      __generic_file_write_iter(iocb, from) : -EAGAIN;
	inode_unlock(inode);
	return ret;
}

static ssize_t write(struct ipcmbox_segment *segment, struct kiocb *iocb, struct iov_iter *from)
{
	ssize_t ret;

	while ((ret = write_within(iocb, from)) == -EAGAIN) {
		ret = grow_for(segment, iocb, from);
		if (ret)
			return ret;
		if (fatal_signal_pending(current))
			return -EINTR;
	}
	return ret;
}

static ssize_t view_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct ipcmbox_segment *segment = iocb->ki_filp->private_data;
	ssize_t ret;

	ret = ipcmbox_move_begin_write(segment, iocb->ki_filp);
	if (ret)
		return ret;
	ret = write(segment, iocb, from);
	ipcmbox_move_end_write(segment);
	return ret;
}

/**
 * ipcmbox_view_resize() - change the size of the segment of a view
 * @file: the view, opened for writing
 * @size: in bytes
 * @limit: set to the limit that was hit
 *
 * Context, return: as ipcmbox_segment_resize(); also -EPERM: the right to write is elsewhere.
 */
int ipcmbox_view_resize(struct file *file, u64 size, u32 *limit)
{
	struct ipcmbox_segment *segment = file->private_data;
	int ret;

	ret = ipcmbox_move_begin_write(segment, file);
	if (ret)
		return ret;
	ret = ipcmbox_segment_resize(segment, size, limit);
	ipcmbox_move_end_write(segment);
	return ret;
}

static int view_release(struct inode *inode, struct file *file)
{
	ipcmbox_move_end(file->private_data, file);
	ipcmbox_segment_detach(file->private_data, file->f_mode);
	return 0;
}

/* Without fallocate: there are no holes. */
static const struct file_operations view_fops = {
	.owner = THIS_MODULE,
	.llseek = ipcmbox_memory_llseek,
	.read_iter = ipcmbox_memory_read_iter,
	.write_iter = view_write_iter,
	.splice_read = ipcmbox_memory_splice_read,
	.splice_write = iter_file_splice_write,
	.fsync = noop_fsync,
	.mmap = view_mmap,
	.get_unmapped_area = ipcmbox_memory_get_unmapped_area,
	.unlocked_ioctl = ipcmbox_ioctl_segment,
	.compat_ioctl = compat_ptr_ioctl,
	.release = view_release,
	.show_fdinfo = ipcmbox_show_segment_fdinfo,
};

/* Called with the inode's lock held. */
static int view_setattr(struct ipcmbox_idmap *idmap, struct dentry *dentry, struct iattr *attr)
{
	struct inode *inode = d_inode(dentry);
	u32 limit;
	int ret;

	/* Not through a path, where the descriptor's right is not known. */
	if (!(attr->ia_valid & ATTR_SIZE) || !(attr->ia_valid & ATTR_FILE) ||
	    !ipcmbox_view_is_of(attr->ia_file))
		return -EPERM;

	inode_unlock(inode);
	ret = ipcmbox_view_resize(attr->ia_file, attr->ia_size, &limit);
	inode_lock(inode);
	return ret;
}

const struct inode_operations ipcmbox_view_iops = {
	.setattr = view_setattr,
};

/* Whether the file is one of a segment. */
bool ipcmbox_view_is_of(const struct file *file)
{
	return file->f_op == &view_fops;
}

static unsigned int flags_of(u32 access)
{
	if (!access)
		return O_ACCMODE;	/* neither */
	return access & IPCMBOX_WRITE ? O_RDWR : O_RDONLY;
}

/**
 * ipcmbox_view_mode() - the mode of the file that has an access
 * @access: 0, IPCMBOX_READ, or that and IPCMBOX_WRITE
 */
fmode_t ipcmbox_view_mode(u32 access)
{
	return OPEN_FMODE(flags_of(access));
}

/**
 * ipcmbox_view_new() - make a file of a segment
 * @segment: attached for it with ipcmbox_view_mode(); detached if this fails
 * @access: 0, IPCMBOX_READ, or that and IPCMBOX_WRITE
 *
 * Context: may sleep.
 * Return: the file, or -ENOMEM, -ENFILE.
 */
struct file *ipcmbox_view_new(struct ipcmbox_segment *segment, u32 access)
{
	char name[sizeof("ipcmbox:") + IPCMBOX_NAME_MAX];
	struct file *file;

	snprintf(name, sizeof(name), "ipcmbox:%s", segment->name);
	file = ipcmbox_memory_open(segment->backing, name, flags_of(access), &view_fops, segment);
	if (IS_ERR(file))
		ipcmbox_segment_detach(segment, ipcmbox_view_mode(access));
	return file;
}
