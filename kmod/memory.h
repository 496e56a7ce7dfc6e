/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_MEMORY_H
#define _IPCMBOX_MEMORY_H

#include <linux/fs.h>
#include <linux/types.h>

struct iov_iter;
struct ipcmbox_rights;
struct pipe_inode_info;

/**
 * DOC: Memory of segments
 *
 * The memory of a segment is a file of the kernel's internal tmpfs, the *backing*, that nobody ever
 * gets a descriptor of. Descriptors of the segment are other files on the same inode, with file
 * operations of this module: those of tmpfs, learned from a file, but for what must be known here.
 * As it is the inode of tmpfs that is mapped, everything in the kernel that knows tmpfs pages
 * works: futexes, swap, memory cgroups, smaps, seals.
 *
 * The inode gets inode operations of this module as well, because ftruncate(2) has no other way in,
 * and the file operations of an inode that cannot be opened, which the kernel gives a new one:
 * nobody makes another file of it, by whatever path.
 *
 * O_PATH descriptors hold a dentry and so the inode, but neither a file of ours nor the module. So
 * the *end* of a backing leaves nothing behind: no content and no way to get some, and the inode
 * operations of tmpfs. Whoever has read the pointer to ours just before, for fstat(2), still reads
 * that there is none for this; the module waits for him before it goes. Setting attributes, the
 * only operation there is, is done under the inode's lock, and so is the change.
 *
 * *Reserving* memory is fallocate(2) of tmpfs beyond the end, all or nothing. It is told to fail
 * rather than to kill a task, and given the time it needs: signals other than fatal ones wait.
 *
 * The inode's lock belongs to the kernel: it is held by write(2), and so as long as a user's memory
 * takes to be faulted in. It must not be taken under the registry's lock.
 */

int ipcmbox_memory_init(void);
void ipcmbox_memory_exit(void);

loff_t ipcmbox_memory_llseek(struct file *file, loff_t offset, int whence);
ssize_t ipcmbox_memory_read_iter(struct kiocb *iocb, struct iov_iter *to);
ssize_t ipcmbox_memory_splice_read(struct file *in, loff_t *pos, struct pipe_inode_info *pipe,
				   size_t len, unsigned int flags);
unsigned long ipcmbox_memory_get_unmapped_area(struct file *file, unsigned long addr,
					       unsigned long len, unsigned long pgoff,
					       unsigned long flags);

struct file *ipcmbox_memory_new(const struct inode_operations *iops);
void ipcmbox_memory_end(struct file *backing);
struct file *ipcmbox_memory_open(struct file *backing, const char *name, unsigned int flags,
				 const struct file_operations *fops, void *private_data);

void ipcmbox_memory_set_rights(struct file *backing, const struct ipcmbox_rights *rights);
int ipcmbox_memory_set_seals(struct file *backing, unsigned int seals);
unsigned int ipcmbox_memory_seals(const struct file *backing);
u64 ipcmbox_memory_size(const struct file *backing);

int ipcmbox_memory_reserve(struct file *backing, u64 size);
int ipcmbox_memory_set_size(struct file *backing, u64 size);

#endif /* _IPCMBOX_MEMORY_H */
