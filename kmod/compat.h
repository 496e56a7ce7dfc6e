/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every difference between the kernels this module supports (6.1 and later).
 *
 * Version tests live here and nowhere else. Each entry says what changed and when, so that it can
 * go when the oldest supported kernel moves past it.
 */
#ifndef _IPCMBOX_COMPAT_H
#define _IPCMBOX_COMPAT_H

#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#error "ipcmbox needs Linux 6.1 or later"
#endif

/*
 * The name space of an object is the mount of the IPC namespace's message queue file system; see
 * registry.c. Without it there is nothing a module could hold on to.
 */
#ifndef CONFIG_POSIX_MQUEUE
#error "ipcmbox needs a kernel with CONFIG_POSIX_MQUEUE"
#endif

#ifndef CONFIG_IPC_NS
#error "ipcmbox needs a kernel with CONFIG_IPC_NS"
#endif

/* The memory of segments; see memory.h. */
#if !defined(CONFIG_TMPFS) || !defined(CONFIG_MMU)
#error "ipcmbox needs a kernel with CONFIG_TMPFS and CONFIG_MMU"
#endif

/* Up to 6.3 there was an allocator whose kfree() does not take objects of any cache. */
#ifdef CONFIG_SLOB
#error "ipcmbox needs a kernel with SLUB or SLAB"
#endif

/*
 * On 32-bit ARM it is the mitigation of Spectre that lets unsafe_get_user() load 64 bits, as
 * ipcmbox_ioctl_import() does; without it that refers to a function there is not.
 */
#if defined(CONFIG_ARM) && !defined(CONFIG_CPU_SPECTRE)
#error "ipcmbox needs, on ARM, a kernel with CONFIG_CPU_SPECTRE"
#endif

/* Since 6.2, and some 6.1.y: which way an iov_iter goes. */
#ifndef ITER_SOURCE
#define ITER_SOURCE	1	/* == WRITE */
#define ITER_DEST	0	/* == READ */
#endif

/* Since 6.18: another name, and later a warning for who uses the old one. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
#define ipcmbox_unbound_wq	system_dfl_wq
#else
#define ipcmbox_unbound_wq	system_unbound_wq
#endif

/* Up to 6.7: eventfd_signal() says what to add. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
#define ipcmbox_eventfd_signal(ctx)	eventfd_signal(ctx, 1)
#else
#define ipcmbox_eventfd_signal(ctx)	eventfd_signal(ctx)
#endif

/* Since 6.8 it can write the number, too. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
#define ipcmbox_receive_fd(file, o_flags)	receive_fd(file, o_flags)
#else
#define ipcmbox_receive_fd(file, o_flags)	receive_fd(file, NULL, o_flags)
#endif

/*
 * Commands of rings. Since 6.8 they have a header of their own; since 6.5 the whole of the ring's
 * entry is there, and not only what is the command's; since 6.18 there is one way to be done for
 * each size of the answer.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
#define IPCMBOX_URING_HEADER		"linux/io_uring.h"
#define ipcmbox_uring_task(cmd)		(cmd_to_io_kiocb(cmd)->task)
#else
#define IPCMBOX_URING_HEADER		"linux/io_uring/cmd.h"
#define ipcmbox_uring_task(cmd)		io_uring_cmd_get_task(cmd)
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
#define ipcmbox_uring_payload(uring)	((const void *)(uring)->cmd)
#else
#define ipcmbox_uring_payload(uring)	((const void *)(uring)->sqe->cmd)
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 18, 0)
#define ipcmbox_uring_done(cmd, ret, issue_flags)	io_uring_cmd_done(cmd, ret, 0, issue_flags)
#else
#define ipcmbox_uring_done(cmd, ret, issue_flags)	io_uring_cmd_done(cmd, ret, issue_flags)
#endif

/* Up to 6.2 the owner of the mount said how ids are mapped. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
#define ipcmbox_idmap		user_namespace
#define ipcmbox_nop_idmap	(&init_user_ns)
#else
#define ipcmbox_idmap		mnt_idmap
#define ipcmbox_nop_idmap	(&nop_mnt_idmap)
#endif

/* Up to 6.2 the flags of a mapping could be written. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
#define ipcmbox_vm_flags_set(vma, flags)	((vma)->vm_flags |= (flags))
#define ipcmbox_vm_flags_clear(vma, flags)	((vma)->vm_flags &= ~(flags))
#else
#define ipcmbox_vm_flags_set(vma, flags)	vm_flags_set(vma, flags)
#define ipcmbox_vm_flags_clear(vma, flags)	vm_flags_clear(vma, flags)
#endif

/* Since 7.0: another type of flags. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 0, 0)
#define ipcmbox_shmem_file_setup(name)	shmem_file_setup(name, 0, VM_NORESERVE)
#else
#define ipcmbox_shmem_file_setup(name)	\
	shmem_file_setup(name, 0, mk_vma_flags(VMA_NORESERVE_BIT))
#endif

/* Since 6.16: there are two ways to map a file, and this does whichever it has. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 16, 0)
#define ipcmbox_mmap_file(file, vma)	call_mmap(file, vma)
#else
#define ipcmbox_mmap_file(file, vma)	vfs_mmap(file, vma)
#endif

/*
 * Up to 6.1 the count for a folio is not there for modules, and a large one's is the sum of its
 * pages'.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#include <linux/mm.h>
static inline int ipcmbox_folio_mapcount(struct folio *folio)
{
	int entire, count, i;

	if (likely(!folio_test_large(folio)))
		return atomic_read(&folio->_mapcount) + 1;
	entire = folio_entire_mapcount(folio);
	count = entire;
	for (i = 0; i < folio_nr_pages(folio); i++)
		count += page_mapcount(folio_page(folio, i)) - entire;
	return count;
}
#else
#define ipcmbox_folio_mapcount(folio)	folio_mapcount(folio)
#endif

/* In 7.x the header of folio_batch got another name; by 6.12 there is one that includes it. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
#include <linux/pagevec.h>
#else
#include <linux/writeback.h>
#endif

/* Up to 6.4 it was a pagevec. What matters is that it drains this CPU's lists of new pages. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
static inline void ipcmbox_lru_drain(void)
{
	struct pagevec pvec;

	pagevec_init(&pvec);
	__pagevec_release(&pvec);
}
#else
static inline void ipcmbox_lru_drain(void)
{
	struct folio_batch batch;

	folio_batch_init(&batch);
	__folio_batch_release(&batch);
}
#endif

#endif /* _IPCMBOX_COMPAT_H */
