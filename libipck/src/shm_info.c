// SPDX-License-Identifier: LGPL-2.1-or-later
/* Shm info: looking at segments, and changing their rights. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include <linux/ipcmbox.h>

#include "device.h"
#include "export.h"
#include "ioctl.h"
#include "ipck.h"
#include "reserved.h"
#include "shm.h"

/* Elements asked for at once: about 4 KiB of stack. */
#define BATCH 12

static_assert(IPCK_INFO_SEALABLE == IPCMBOX_INFO_SEALABLE, "ABI");
static_assert(IPCK_INFO_MAPPED == IPCMBOX_INFO_MAPPED, "ABI");
static_assert(IPCK_INFO_MOVED == IPCMBOX_INFO_MOVED, "ABI");
static_assert(sizeof(((struct ipck_shm_info *)0)->name) ==
	      sizeof(((struct ipcmbox_segment_info *)0)->name), "ABI");

static void info_from_uapi(struct ipck_shm_info *info,
			   const struct ipcmbox_segment_info *u)
{
	*info = (struct ipck_shm_info){
		.id = u->id,
		.size = u->size,
		.charged = u->charged,
		.uid = u->uid,
		.gid = u->gid,
		.mode = u->mode,
		.flags = u->flags,
		.seals = u->seals,
		.readers = u->readers,
		.writers = u->writers,
		.payer = u->payer,
		.pid = u->pid,
	};
	memcpy(info->name, u->name, sizeof(info->name));
	info->name[IPCK_NAME_MAX] = '\0';
}

IPCK_API int ipck_shm_stat(struct ipck_shm *shm, struct ipck_shm_info *info)
{
	struct ipcmbox_segment_info args = { 0 };
	int ret;

	if (!shm || !info)
		return -EINVAL;
	ret = ipck_ioctl(shm->fd, IPCMBOX_IOC_SEGMENT_STAT, &args);
	if (ret < 0)
		return ret;
	info_from_uapi(info, &args);
	return 0;
}

static int list_batch(uint64_t after_id, struct ipck_shm_info *infos,
		      unsigned int count)
{
	struct ipcmbox_segment_info batch[BATCH];
	struct ipcmbox_list args = {
		.after_id = after_id,
		.buf_ptr = (uintptr_t)batch,
		.count = count < BATCH ? count : BATCH,
		.element_size = sizeof(batch[0]),
	};
	unsigned int i;
	int ret;

	ret = ipck_device_ioctl(IPCMBOX_IOC_SEGMENT_LIST, &args);
	if (ret < 0)
		return ret;
	for (i = 0; i < args.count; i++)
		info_from_uapi(&infos[i], &batch[i]);
	return args.count;
}

IPCK_API int ipck_shm_list(uint64_t after_id, struct ipck_shm_info *infos,
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

IPCK_API int ipck_shm_set(struct ipck_shm *shm,
			  const struct ipck_shm_change *change)
{
	struct ipcmbox_segment_set args;

	if (!shm || !change || !ipck_is_reserved_zero(change))
		return -EINVAL;
	args = (struct ipcmbox_segment_set){
		.mask = change->mask,
		.mode = change->mode,
		.uid = change->uid,
		.gid = change->gid,
	};
	return ipck_ioctl(shm->fd, IPCMBOX_IOC_SEGMENT_SET, &args);
}
