// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Many: plain messages, many of them in one system call.
 *
 * What they are is converted in batches on the stack, as for vectors.  There is
 * nothing in an item that can be bad already here.
 */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>

#include <linux/ipcmbox.h>

#include "channel.h"
#include "export.h"
#include "ioctl.h"
#include "ipck.h"
#include "mailbox.h"

/* Messages of one system call; what of them is on the stack is 1 KiB. */
#define BATCH 64

static uint32_t clamp_length(size_t size)
{
	return size < UINT32_MAX ? size : UINT32_MAX;
}

/* Return: how many are done; if not all, *error is what the next failed with. */
static unsigned int run_batch(struct ipck *mb, unsigned long cmd,
			      struct ipck_plain *items, unsigned int count,
			      uint32_t flags, int *error)
{
	struct ipcmbox_part parts[BATCH];
	struct ipcmbox_vector vector = {
		.array_ptr = (uintptr_t)parts,
		.count = count,
		.element_size = sizeof(parts[0]),
		.flags = IPCMBOX_VECTOR_PLAIN | flags,
	};
	unsigned int i, done;
	int ret;

	for (i = 0; i < count; i++) {
		parts[i].buf_ptr = (uintptr_t)items[i].buf;
		parts[i].buf_len = clamp_length(items[i].size);
		parts[i].result = 0;
	}
	ret = ipck_ioctl(mb->fd, cmd, &vector);
	done = ret < 0 ? 0 : ret;
	for (i = 0; i < done; i++)
		items[i].result = parts[i].result;
	*error = 0;
	if (done < count) {
		*error = ret < 0 ? ret : parts[done].result;
		items[done].result = *error;
	}
	return done;
}

static int channel_run(struct ipck *mb, bool sends, struct ipck_plain *item)
{
	if (sends)
		return ipck_channel_send_plain(mb->channel, item->buf,
					       item->size);
	return ipck_channel_recv_plain(mb->channel, item->buf, item->size);
}

static int channel_many(struct ipck *mb, bool sends, struct ipck_plain *items,
			unsigned int count)
{
	unsigned int done;

	for (done = 0; done < count; done++) {
		items[done].result = channel_run(mb, sends, &items[done]);
		if (items[done].result < 0)
			break;
	}
	return done ? (int)done : items[0].result;
}

IPCK_API int ipck_send_many(struct ipck *mb, struct ipck_plain *items,
			    unsigned int count)
{
	unsigned int done = 0, n, want;
	int error;

	if (!mb || !items || !count || count > INT_MAX)
		return -EINVAL;
	if (mb->channel)
		return channel_many(mb, true, items, count);
	do {
		want = count - done < BATCH ? count - done : BATCH;
		n = run_batch(mb, IPCMBOX_IOC_SENDV, items + done, want, 0,
			      &error);
		done += n;
	} while (n == want && done < count);
	return done ? (int)done : error;
}

IPCK_API int ipck_recv_many(struct ipck *mb, struct ipck_plain *items,
			    unsigned int count)
{
	int error;

	if (!mb || !items || !count || count > INT_MAX)
		return -EINVAL;
	if (mb->channel)
		return channel_many(mb, false, items, 1);
	if (count > BATCH)
		count = BATCH;
	count = run_batch(mb, IPCMBOX_IOC_RECVV, items, count,
			  IPCMBOX_VECTOR_WAIT_FOR_ONE, &error);
	return count ? (int)count : error;
}
