// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of segments: what this module has to do with tmpfs.
 */
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pagemap.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/shmem_fs.h>
#include <linux/signal.h>
#include <linux/slab.h>

#include <uapi/linux/falloc.h>

#include "compat.h"
#include "memory.h"
#include "rights.h"

/* Of tmpfs, and of an inode that cannot be opened. */
static const struct file_operations *shmem_fops __ro_after_init;
static const struct inode_operations *shmem_iops __ro_after_init;
static const struct file_operations *no_open_fops __ro_after_init;

/* What a new inode has until its file system gives it something else. */
static int __init learn_no_open(struct super_block *sb)
{
	struct inode *inode;
	int ret;

	inode = kzalloc(sizeof(*inode), GFP_KERNEL);
	if (!inode)
		return -ENOMEM;
	inode_init_once(inode);
	ret = inode_init_always(sb, inode);
	if (!ret) {
		no_open_fops = inode->i_fop;
		__destroy_inode(inode);
	}
	kfree(inode);
	return ret;
}

/* Of an empty file tmpfs says that it has no space when it has no memory for the inode. */
static struct file *new_file(void)
{
	struct file *file = ipcmbox_shmem_file_setup("ipcmbox");

	return file == ERR_PTR(-ENOSPC) ? ERR_PTR(-ENOMEM) : file;
}

/**
 * ipcmbox_memory_init() - learn from tmpfs
 *
 * Return: 0, -ENOMEM, -ENFILE, -EOPNOTSUPP.
 */
int __init ipcmbox_memory_init(void)
{
	struct file *file;
	int ret;

	file = new_file();
	if (IS_ERR(file))
		return PTR_ERR(file);
	shmem_fops = file->f_op;
	shmem_iops = file_inode(file)->i_op;
	ret = learn_no_open(file_inode(file)->i_sb);
	fput(file);
	if (ret)
		return ret;
	if (!shmem_fops->fallocate || !shmem_fops->llseek || !shmem_fops->read_iter ||
	    !shmem_fops->splice_read || !shmem_fops->get_unmapped_area ||
	    !shmem_iops->setattr || !no_open_fops || !no_open_fops->open)
		return -EOPNOTSUPP;
	return 0;
}

/**
 * ipcmbox_memory_exit() - no segment is left, and nobody reads our inode operations any more
 */
void ipcmbox_memory_exit(void)
{
	/* Whoever reads the pointer does not sleep between that and what it points to. */
	synchronize_rcu_tasks();
}

/* File operations that are tmpfs's own. */

loff_t ipcmbox_memory_llseek(struct file *file, loff_t offset, int whence)
{
	return shmem_fops->llseek(file, offset, whence);
}

ssize_t ipcmbox_memory_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	return shmem_fops->read_iter(iocb, to);
}

ssize_t ipcmbox_memory_splice_read(struct file *in, loff_t *pos, struct pipe_inode_info *pipe,
				   size_t len, unsigned int flags)
{
	return shmem_fops->splice_read(in, pos, pipe, len, flags);
}

unsigned long ipcmbox_memory_get_unmapped_area(struct file *file, unsigned long addr,
					       unsigned long len, unsigned long pgoff,
					       unsigned long flags)
{
	return shmem_fops->get_unmapped_area(file, addr, len, pgoff, flags);
}

/**
 * ipcmbox_memory_new() - make a backing, empty and sealed against seals
 * @iops: inode operations
 *
 * Context: may sleep.
 * Return: the backing, or -ENOMEM, -ENFILE.
 */
struct file *ipcmbox_memory_new(const struct inode_operations *iops)
{
	struct file *backing = new_file();
	struct inode *inode;

	if (IS_ERR(backing))
		return backing;
	inode = file_inode(backing);
	inode->i_op = iops;
	inode->i_fop = no_open_fops;
	inode->i_opflags &= ~IOP_XATTR;
	return backing;
}

/**
 * ipcmbox_memory_end() - free the content of a backing, and the backing
 * @backing: no other file of its inode is left, but O_PATH descriptors may be
 *
 * Context: may sleep; the registry's lock is not held.
 */
void ipcmbox_memory_end(struct file *backing)
{
	struct inode *inode = file_inode(backing);

	inode_lock(inode);
	shmem_truncate_range(inode, 0, (loff_t)-1);
	i_size_write(inode, 0);
	SHMEM_I(inode)->seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
	inode->i_op = shmem_iops;
	inode_unlock(inode);
	fput(backing);
}

/**
 * ipcmbox_memory_open() - make a file of the inode of a backing
 * @backing: the backing
 * @name: what the file is called where it is shown
 * @flags: O_RDONLY, O_RDWR, or O_ACCMODE: neither
 * @fops: file operations; their release is called for the file
 * @private_data: for them
 *
 * Context: may sleep.
 * Return: the file, or -ENOMEM, -ENFILE.
 */
struct file *ipcmbox_memory_open(struct file *backing, const char *name, unsigned int flags,
				 const struct file_operations *fops, void *private_data)
{
	struct inode *inode = file_inode(backing);
	struct file *file;

	/* Put with the file. */
	__module_get(fops->owner);
	file = alloc_file_pseudo(inode, backing->f_path.mnt, name, flags, fops);
	if (IS_ERR(file)) {
		module_put(fops->owner);
		return file;
	}
	/* The file has taken over a reference, which was the backing's. */
	ihold(inode);
	file->f_mode |= FMODE_LSEEK | FMODE_PREAD | FMODE_PWRITE;
	file->f_flags |= O_LARGEFILE;
	file->private_data = private_data;
	return file;
}

/**
 * ipcmbox_memory_set_rights() - tell fstat(2) whose a segment is
 * @backing: its backing
 * @rights: its rights, which are what counts
 *
 * Context: the registry's lock is held, under which alone they are set.
 */
void ipcmbox_memory_set_rights(struct file *backing, const struct ipcmbox_rights *rights)
{
	struct inode *inode = file_inode(backing);

	inode->i_uid = rights->uid;
	inode->i_gid = rights->gid;
	WRITE_ONCE(inode->i_mode, S_IFREG | rights->mode);
}

/**
 * ipcmbox_memory_set_seals() - set the first seals
 * @backing: nobody has a file of it yet
 * @seals: F_SEAL_*
 *
 * Return: 0 or -EBUSY.
 */
int ipcmbox_memory_set_seals(struct file *backing, unsigned int seals)
{
	struct inode *inode = file_inode(backing);
	int ret = 0;

	if (seals & F_SEAL_WRITE)
		ret = mapping_deny_writable(inode->i_mapping);
	if (!ret)
		SHMEM_I(inode)->seals = seals;
	return ret;
}

unsigned int ipcmbox_memory_seals(const struct file *backing)
{
	return READ_ONCE(SHMEM_I(file_inode(backing))->seals);
}

u64 ipcmbox_memory_size(const struct file *backing)
{
	return i_size_read(file_inode(backing));
}

/* Runs to its end unless the task is killed; returns -ERESTARTNOINTR if it must be done again. */
static int allocate(struct file *backing, u64 from, u64 to)
{
	struct address_space *mapping = backing->f_mapping;
	gfp_t gfp = mapping_gfp_mask(mapping);
	sigset_t wait, old;
	int ret;

	siginitsetinv(&wait, sigmask(SIGKILL));
	sigprocmask(SIG_BLOCK, &wait, &old);
	mapping_set_gfp_mask(mapping, gfp | __GFP_RETRY_MAYFAIL | __GFP_NOWARN);
	ret = shmem_fops->fallocate(backing, FALLOC_FL_KEEP_SIZE, from, to - from);
	mapping_set_gfp_mask(mapping, gfp);
	sigprocmask(SIG_SETMASK, &old, NULL);

	/* Work for the task, which is no signal, ends it as well. */
	if (ret == -EINTR && !fatal_signal_pending(current))
		return -ERESTARTNOINTR;
	return ret;
}

/**
 * ipcmbox_memory_reserve() - get the memory a backing will have with another size
 * @backing: the backing
 * @size: greater than what it has
 *
 * Context: may sleep; calls for the same backing exclude each other.
 * Return: 0, and the memory is there, beyond the end; or -ENOMEM, -ENOSPC, -EFBIG, -EPERM (sealed),
 * -EINTR, -ERESTARTNOINTR.
 */
int ipcmbox_memory_reserve(struct file *backing, u64 size)
{
	u64 from = PAGE_ALIGN(ipcmbox_memory_size(backing)), to = PAGE_ALIGN(size);

	return from < to ? allocate(backing, from, to) : 0;
}

/**
 * ipcmbox_memory_set_size() - set the size of a backing
 * @backing: the backing
 * @size: if it is greater than now, the memory has been reserved; this is given back on failure
 *
 * Context: as ipcmbox_memory_reserve().
 * Return: 0, -EPERM (sealed), -EFBIG.
 */
int ipcmbox_memory_set_size(struct file *backing, u64 size)
{
	struct iattr attr = { .ia_valid = ATTR_SIZE, .ia_size = size };
	struct inode *inode = file_inode(backing);
	int ret;

	inode_lock(inode);
	ret = shmem_iops->setattr(ipcmbox_nop_idmap, backing->f_path.dentry, &attr);
	if (ret && size > inode->i_size)
		shmem_truncate_range(inode, PAGE_ALIGN(inode->i_size), (loff_t)-1);
	inode_unlock(inode);
	return ret;
}
