// SPDX-License-Identifier: LGPL-2.1-or-later
/* Info: looking at mailboxes. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include <linux/ipcmbox.h>

#include "device.h"
#include "export.h"
#include "ioctl.h"
#include "ipck.h"
#include "mailbox.h"

/* Elements asked for at once: about 4 KiB of stack. */
#define BATCH 8

static_assert(IPCK_INFO_NAMED == IPCMBOX_INFO_NAMED, "ABI");
static_assert(IPCK_INFO_TRANSIENT == IPCMBOX_INFO_TRANSIENT, "ABI");
static_assert(IPCK_INFO_FDS == IPCMBOX_INFO_FDS, "ABI");
static_assert(IPCK_INFO_KEEP_LAST == IPCMBOX_INFO_KEEP_LAST, "ABI");
static_assert(IPCK_INFO_THREAD == IPCMBOX_INFO_THREAD, "ABI");
static_assert(IPCK_INFO_POSIX == IPCMBOX_INFO_POSIX, "ABI");
static_assert(sizeof(((struct ipck_info *)0)->name) ==
	      sizeof(((struct ipcmbox_info *)0)->name), "ABI");

static void info_from_uapi(struct ipck_info *info, const struct ipcmbox_info *u)
{
	*info = (struct ipck_info){
		.id = u->id,
		.uid = u->uid,
		.gid = u->gid,
		.mode = u->mode,
		.flags = u->flags,
		.discipline = (enum ipck_discipline)u->discipline,
		.overflow = (enum ipck_overflow)u->overflow,
		.capacity = u->max_messages,
		.max_length = u->max_length,
		.max_bytes = u->max_bytes,
		.messages = u->messages,
		.bytes = u->bytes,
		.receiving = u->receiving,
		.readers = u->readers,
		.writers = u->writers,
		.waiting_receivers = u->waiting_receivers,
		.waiting_senders = u->waiting_senders,
		.sent = u->sent,
		.received = u->received,
		.dropped = u->dropped,
		.withdrawn = u->withdrawn,
		.unreported = u->unreported,
		.wakeups = u->wakeups,
		.peak_messages = u->peak_messages,
		.peak_bytes = u->peak_bytes,
		.oldest_ns = u->oldest_ns,
		.next_seq = u->next_seq,
		.parent = u->parent,
		.events = u->events,
		.pid = u->pid,
		.tid = u->tid,
		.members = u->members,
		.held = u->held,
		.max_deliveries = u->max_deliveries,
		.recorder = u->recorder,
		.dead_letter = u->dead_letter,
		.redelivered = u->redelivered,
		.dead_letters = u->dead_letters,
	};
	memcpy(info->name, u->name, sizeof(info->name));
	info->name[IPCK_NAME_MAX] = '\0';
}

IPCK_API int ipck_stat(struct ipck *mb, struct ipck_info *info)
{
	struct ipcmbox_info args = { 0 };
	int ret;

	if (!mb || !info)
		return -EINVAL;
	ret = ipck_ioctl(mb->fd, IPCMBOX_IOC_STAT, &args);
	if (ret < 0)
		return ret;
	info_from_uapi(info, &args);
	return 0;
}

static int list_batch(uint64_t after_id, struct ipck_info *infos,
		      unsigned int count)
{
	struct ipcmbox_info batch[BATCH];
	struct ipcmbox_list args = {
		.after_id = after_id,
		.buf_ptr = (uintptr_t)batch,
		.count = count < BATCH ? count : BATCH,
		.element_size = sizeof(batch[0]),
	};
	unsigned int i;
	int ret;

	ret = ipck_device_ioctl(IPCMBOX_IOC_LIST, &args);
	if (ret < 0)
		return ret;
	for (i = 0; i < args.count; i++)
		info_from_uapi(&infos[i], &batch[i]);
	return args.count;
}

/* What was listed before a failure is no use: the caller would miss the rest. */
IPCK_API int ipck_list(uint64_t after_id, struct ipck_info *infos,
		       unsigned int count)
{
	unsigned int done = 0;
	int ret;

	if (!infos || !count || count > INT32_MAX)
		return -EINVAL;
	while (done < count) {
		ret = list_batch(after_id, infos + done, count - done);
		if (ret < 0)
			return ret;
		if (!ret)
			break;
		done += ret;
		after_id = infos[done - 1].id;
	}
	return done;
}
