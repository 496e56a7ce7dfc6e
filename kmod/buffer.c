// SPDX-License-Identifier: GPL-2.0-only
/*
 * Buffers: payload in several pieces of memory.
 */
#include <linux/limits.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include <uapi/linux/ipcmbox.h>

#include "buffer.h"
#include "quota.h"

/* The layout is the same for all callers, so this is not what import_iovec() does. */
static ssize_t read_pieces(struct iovec *pieces, const struct ipcmbox_iovec __user *array,
			   u32 count)
{
	u64 base, length, total = 0;
	int ret = -EFAULT;
	u32 i;

	if (!user_read_access_begin(array, count * sizeof(*array)))
		return -EFAULT;
	for (i = 0; i < count; i++) {
		unsafe_get_user(base, &array[i].base, out);
		unsafe_get_user(length, &array[i].length, out);
		if (base != (unsigned long)base)
			goto out;
		if (length > SSIZE_MAX - total) {
			ret = -EINVAL;
			goto out;
		}
		total += length;
		pieces[i].iov_base = (void __user *)(unsigned long)base;
		pieces[i].iov_len = length;
	}
	user_read_access_end();

	for (i = 0; i < count; i++)
		if (!access_ok(pieces[i].iov_base, pieces[i].iov_len))
			return -EFAULT;
	return total;
out:
	user_read_access_end();
	return ret;
}

/* The rest of ipcmbox_buffer_import(), for a caller who gives pieces. */
int ipcmbox_buffer_import_pieces(struct ipcmbox_buffer *buffer, unsigned int direction,
				 const struct ipcmbox_iovec __user *array, u32 count)
{
	struct iovec *pieces = buffer->few;
	ssize_t total;

	if (count > IPCMBOX_IOVEC_MAX)
		return -EINVAL;
	if (count > ARRAY_SIZE(buffer->few)) {
		buffer->many = kmalloc_array(count, sizeof(*pieces), IPCMBOX_GFP);
		if (!buffer->many)
			return -ENOMEM;
		pieces = buffer->many;
	}

	total = read_pieces(pieces, array, count);
	if (total < 0) {
		ipcmbox_buffer_release(buffer);
		return total;
	}
	if (count == 1)
		iov_iter_ubuf(&buffer->iter, direction, pieces->iov_base, total);
	else
		iov_iter_init(&buffer->iter, direction, pieces, count, total);
	/* Lengths of messages are of 32 bits: more than enough room, or too much to send. */
	iov_iter_truncate(&buffer->iter, U32_MAX);
	return 0;
}
