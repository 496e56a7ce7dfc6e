/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_BUFFER_H
#define _IPCMBOX_BUFFER_H

#include <linux/compiler.h>
#include <linux/slab.h>
#include <linux/types.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include <uapi/linux/ipcmbox.h>

/**
 * DOC: Buffers
 *
 * A buffer is memory of the caller for one payload: one piece, or, with %IPCMBOX_IOVEC, several.
 * Where the pieces are is read once, when the buffer is imported, and every address is checked to
 * be the user's then; what is there is looked at when the payload is copied. Everything behind the
 * import sees an iov_iter and does not care.
 */

/**
 * struct ipcmbox_buffer - memory of the caller for one payload
 * @iter: goes over all of it
 * @many: the pieces, if they are too many for @few, else NULL
 * @few: the pieces, if there is more than one
 *
 * On the stack of the calling task, private to it. Only @iter and @many are always written.
 */
struct ipcmbox_buffer {
	struct iov_iter iter;
	struct iovec *many;
	struct iovec few[UIO_FASTIOV];
};

int ipcmbox_buffer_import_pieces(struct ipcmbox_buffer *buffer, unsigned int direction,
				 const struct ipcmbox_iovec __user *array, u32 count);

/**
 * ipcmbox_buffer_import() - validate what a caller says about a buffer
 * @buffer: filled in, to be released if this succeeds
 * @direction: ITER_SOURCE or ITER_DEST
 * @ptr: address, of the buffer or of an array of struct ipcmbox_iovec
 * @length: bytes, or elements
 * @flags: IPCMBOX_IOVEC says which; others are not looked at
 *
 * Return: 0, or -EFAULT: not the user's memory; -EINVAL: too many pieces, or longer together than
 * anything can be; -ENOMEM.
 */
static inline int ipcmbox_buffer_import(struct ipcmbox_buffer *buffer, unsigned int direction,
					u64 ptr, u32 length, u32 flags)
{
	void __user *at = u64_to_user_ptr(ptr);

	/* A 64-bit address on a 32-bit kernel. */
	if (ptr != (unsigned long)ptr)
		return -EFAULT;
	buffer->many = NULL;
	if (unlikely(flags & IPCMBOX_IOVEC))
		return ipcmbox_buffer_import_pieces(buffer, direction, at, length);
	if (!access_ok(at, length))
		return -EFAULT;
	iov_iter_ubuf(&buffer->iter, direction, at, length);
	return 0;
}

/* Nobody uses the iov_iter, or a copy of it, any more. */
static inline void ipcmbox_buffer_release(struct ipcmbox_buffer *buffer)
{
	if (unlikely(buffer->many))
		kfree(buffer->many);
}

#endif /* _IPCMBOX_BUFFER_H */
