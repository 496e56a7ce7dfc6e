// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands: dispatch, validation, results.
 */
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/minmax.h>
#include <linux/nospec.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <uapi/linux/ipcmbox.h>

#include "blocked.h"
#include "call.h"
#include "channel.h"
#include "compat.h"
#include "doorbell.h"
#include "handle.h"
#include "ioctl.h"
#include "mailbox.h"
#include "member.h"
#include "messaging.h"
#include "notify.h"
#include "opening.h"
#include "plain.h"
#include "quota.h"
#include "record.h"
#include "registry.h"
#include "rights.h"
#include "segment.h"
#include "vector.h"

/* Structures up to this size are copied word by word. */
#define FEW_BYTES	48

/* Word by word: for a few this takes less than a call. */
static __always_inline bool import_words(u64 *to, const u64 __user *from, size_t count)
{
	might_fault();
	if (!user_read_access_begin(from, count * sizeof(*from)))
		return false;
	for (; count >= 3; count -= 3, to += 3, from += 3) {
		unsafe_get_user(to[0], &from[0], fault);
		unsafe_get_user(to[1], &from[1], fault);
		unsafe_get_user(to[2], &from[2], fault);
	}
	for (; count; count--)
		unsafe_get_user(*to++, from++, fault);
	user_read_access_end();
	return true;
fault:
	user_read_access_end();
	return false;
}

/**
 * ipcmbox_ioctl_import() - as copy_struct_from_user(), but fast where the sizes are the same
 * @to: a structure of known size, which need not be looked up; extended with zeroes
 * @known: its size
 * @from: the caller's structure
 * @usize: its size
 *
 * Return: 0, -EFAULT, or -E2BIG.
 */
int ipcmbox_ioctl_import(void *to, size_t known, const void __user *from, size_t usize)
{
	if (unlikely(usize != known || known % sizeof(u64)))
		return copy_struct_from_user(to, known, from, usize);
	if (known <= FEW_BYTES)
		return import_words(to, from, known / sizeof(u64)) ? 0 : -EFAULT;
	return _copy_from_user(to, from, known) ? -EFAULT : 0;
}

/**
 * ipcmbox_ioctl_reply() - copy a result to the caller
 * @call: the command
 * @result: what its structure shall be
 * @size: of @result; cut or extended with zeroes to what the caller knows
 *
 * Return: 0 or -EFAULT.
 */
int ipcmbox_ioctl_reply(const struct ipcmbox_ioctl *call, const void *result, size_t size)
{
	if (copy_to_user(call->uarg, result, min(size, call->usize)))
		return -EFAULT;
	if (call->usize > size && clear_user(call->uarg + size, call->usize - size))
		return -EFAULT;
	return 0;
}

/* Returns NULL if there is none of that number. */
static const struct ipcmbox_command *find(unsigned int cmd, const struct ipcmbox_command *commands,
					  unsigned int base, unsigned int count)
{
	const struct ipcmbox_command *command;
	unsigned int nr = _IOC_NR(cmd) - base;

	if (nr >= count)
		return NULL;
	command = &commands[array_index_nospec(nr, count)];
	return command->handler && !((cmd ^ command->cmd) & ~IOCSIZE_MASK) ? command : NULL;
}

/**
 * ipcmbox_ioctl_prepare() - get a command from the caller's memory
 * @call: @file, @file_flags and @thread are set; the rest is set on success
 * @command: which
 * @cmd: its number, with the caller's size of its structure
 * @uarg: the caller's structure
 *
 * Return: 0 and @call is ready for the handler; or -EINVAL, -E2BIG, -EFAULT.
 */
int ipcmbox_ioctl_prepare(struct ipcmbox_ioctl *call, const struct ipcmbox_command *command,
			  unsigned int cmd, void __user *uarg)
{
	call->uarg = uarg;
	call->usize = _IOC_SIZE(cmd);
	if (call->usize < command->min_size)
		return -EINVAL;
	if (!(_IOC_DIR(cmd) & _IOC_WRITE))
		return 0;
	return ipcmbox_ioctl_import(&call->arg, _IOC_SIZE(command->cmd), uarg, call->usize);
}

static long dispatch(struct file *file, unsigned int cmd, unsigned long uarg,
		     const struct ipcmbox_command *commands, unsigned int base, unsigned int count)
{
	const struct ipcmbox_command *command = find(cmd, commands, base, count);
	struct ipcmbox_ioctl call __uninitialized;
	int ret;

	if (!command)
		return -ENOTTY;
	call.file = file;
	call.file_flags = file->f_flags;
	call.thread = task_pid(current);
	ret = ipcmbox_ioctl_prepare(&call, command, cmd, (void __user *)uarg);
	return ret ?: command->handler(&call);
}

/* Sizes of the structures in the first version: written out, as they must not follow growth. */
#define QUERY_SIZE_MIN	72
#define OPEN_SIZE_MIN	64
#define UNLINK_SIZE_MIN	24
#define LIST_SIZE_MIN	24
#define INFO_SIZE_MIN	424
#define SET_SIZE_MIN	32
#define BLOCKED_LIST_SIZE_MIN	32
#define CALL_SIZE_MIN	96
#define REPLY_SIZE_MIN	48
#define REPLY_RECV_SIZE_MIN	24
#define SETTLE_SIZE_MIN	24
#define VECTOR_SIZE_MIN	24
#define JOIN_SIZE_MIN	40
#define NOTIFY_SIZE_MIN	24
#define RECORD_LIST_SIZE_MIN	24
#define SEGMENT_OPEN_SIZE_MIN	48
#define SEGMENT_INFO_SIZE_MIN	320
#define SEGMENT_SET_SIZE_MIN	16
#define CHANNEL_INFO_SIZE_MIN	40
#define CHANNEL_LANES_SIZE_MIN	24
#define CHANNEL_WAIT_SIZE_MIN	32
#define CHANNEL_KICK_SIZE_MIN	8
#define CHANNEL_EVICT_SIZE_MIN	16

/* Commands of the device. */

#define FEATURES	(IPCMBOX_FEATURE_QUEUE | \
			 IPCMBOX_FEATURE_EVENT | \
			 IPCMBOX_FEATURE_ENDPOINT | \
			 IPCMBOX_FEATURE_CALL | \
			 IPCMBOX_FEATURE_LEASE | \
			 IPCMBOX_FEATURE_FDS | \
			 IPCMBOX_FEATURE_VECTOR | \
			 IPCMBOX_FEATURE_NOTIFY | \
			 IPCMBOX_FEATURE_BLOCKED | \
			 IPCMBOX_FEATURE_RECORD | \
			 IPCMBOX_FEATURE_SEGMENT | \
			 IPCMBOX_FEATURE_MOVE | \
			 IPCMBOX_FEATURE_CHANNEL | \
			 IPCMBOX_FEATURE_PLAIN | \
			 IPCMBOX_FEATURE_POSIX | \
			 (IS_ENABLED(CONFIG_IO_URING) ? IPCMBOX_FEATURE_URING : 0))

static long ioctl_query(struct ipcmbox_ioctl *call)
{
	struct ipcmbox_registry *registry = call->file->private_data;
	struct ipcmbox_query query = {
		.features = FEATURES,
		.length_max = IPCMBOX_LENGTH_MAX,
		.priority_max = IPCMBOX_PRIORITY_MAX,
		.name_max = IPCMBOX_NAME_MAX,
		.fds_max = IPCMBOX_FDS_MAX,
		.iovec_max = IPCMBOX_IOVEC_MAX,
	};
	struct ipcmbox_user *user;

	user = ipcmbox_user_find(&registry->users, current_uid());
	if (!user)
		return -ENOMEM;
	ipcmbox_user_report(user, &query);
	ipcmbox_user_put(user);
	return ipcmbox_ioctl_reply(call, &query, sizeof(query));
}

static long ioctl_open(struct ipcmbox_ioctl *call)
{
	struct ipcmbox_open *arg = &call->arg.open;
	struct file *file;
	int fd, ret;

	/* The result must find its place: a mailbox that was created cannot be undone unseen. */
	ret = ipcmbox_ioctl_reply(call, arg, sizeof(*arg));
	if (ret)
		return ret;
	arg->limit = IPCMBOX_LIMIT_NONE;

	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;

	ret = ipcmbox_mailbox_open(call->file->private_data, arg, &file);
	if (ret) {
		put_unused_fd(fd);
		if (ret == -ENOMEM)
			arg->limit = IPCMBOX_LIMIT_MEMORY;
		if (arg->limit)
			ipcmbox_ioctl_reply(call, arg, sizeof(*arg));
		return ret;
	}

	/* Just written to: fails only if the caller unmaps it under its own feet. */
	ipcmbox_ioctl_reply(call, arg, sizeof(*arg));
	fd_install(fd, file);
	return fd;
}

static long ioctl_unlink(struct ipcmbox_ioctl *call)
{
	return ipcmbox_mailbox_unlink(call->file->private_data, &call->arg.unlink);
}

/* Returns the id of what comes after @after_id, and reports on it; 0 if nothing does. */
static u64 next_mailbox(struct ipcmbox_registry *registry, u64 after_id, void *info)
{
	struct ipcmbox_mailbox *mailbox = ipcmbox_registry_next(registry, after_id);
	u64 id = 0;

	if (mailbox) {
		id = mailbox->entry.id;
		ipcmbox_mailbox_report(mailbox, info);
		ipcmbox_mailbox_put(mailbox);
	}
	return id;
}

static u64 next_segment(struct ipcmbox_registry *registry, u64 after_id, void *info)
{
	struct ipcmbox_segment *segment = ipcmbox_segment_next(registry, after_id);
	u64 id = 0;

	if (segment) {
		id = segment->entry.id;
		ipcmbox_segment_report(segment, info);
		ipcmbox_segment_put(segment);
	}
	return id;
}

/**
 * struct listing - what can be listed
 * @size: of an element today
 * @min_size: of an element in the first version
 * @next: reports on what comes after an id
 */
struct listing {
	size_t size;
	size_t min_size;
	u64 (*next)(struct ipcmbox_registry *registry, u64 after_id, void *info);
};

/* Writes up to @arg->count elements; returns how many, or -EFAULT. */
static int list(struct ipcmbox_registry *registry, const struct ipcmbox_list *arg,
		const struct listing *listing, void *info)
{
	void __user *to = u64_to_user_ptr(arg->buf_ptr);
	size_t size = min_t(size_t, arg->element_size, listing->size);
	u64 id = arg->after_id;
	u32 n;

	for (n = 0; n < arg->count; n++, to += arg->element_size) {
		id = listing->next(registry, id, info);
		if (!id)
			break;
		if (copy_to_user(to, info, size) ||
		    (arg->element_size > size && clear_user(to + size, arg->element_size - size)))
			return -EFAULT;
		if (fatal_signal_pending(current))
			break;
		cond_resched();
	}
	return n;
}

static long reply_list(struct ipcmbox_ioctl *call, const struct listing *listing)
{
	struct ipcmbox_list *arg = &call->arg.list;
	void *info;
	int ret;

	if (!arg->count || arg->element_size < listing->min_size || arg->element_size > PAGE_SIZE)
		return -EINVAL;
	if (arg->buf_ptr != (unsigned long)arg->buf_ptr)
		return -EFAULT;

	info = kmalloc(listing->size, GFP_KERNEL);
	if (!info)
		return -ENOMEM;
	ret = list(call->file->private_data, arg, listing, info);
	kfree(info);
	if (ret < 0)
		return ret;

	arg->count = ret;
	return ipcmbox_ioctl_reply(call, arg, sizeof(*arg));
}

static long ioctl_list(struct ipcmbox_ioctl *call)
{
	static const struct listing mailboxes = {
		sizeof(struct ipcmbox_info), INFO_SIZE_MIN, next_mailbox
	};

	return reply_list(call, &mailboxes);
}

static long ioctl_segment_open(struct ipcmbox_ioctl *call)
{
	struct ipcmbox_segment_open *arg = &call->arg.segment_open;
	struct file *file;
	int fd, ret;

	/* As in ioctl_open(). */
	ret = ipcmbox_ioctl_reply(call, arg, sizeof(*arg));
	if (ret)
		return ret;
	arg->limit = IPCMBOX_LIMIT_NONE;

	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;

	ret = ipcmbox_segment_open(call->file->private_data, arg, &file);
	if (ret) {
		put_unused_fd(fd);
		if (ret == -ENOMEM)
			arg->limit = IPCMBOX_LIMIT_MEMORY;
		if (arg->limit)
			ipcmbox_ioctl_reply(call, arg, sizeof(*arg));
		return ret;
	}

	ipcmbox_ioctl_reply(call, arg, sizeof(*arg));
	fd_install(fd, file);
	return fd;
}

static long ioctl_segment_unlink(struct ipcmbox_ioctl *call)
{
	return ipcmbox_segment_unlink(call->file->private_data, &call->arg.unlink);
}

static long ioctl_segment_list(struct ipcmbox_ioctl *call)
{
	static const struct listing segments = {
		sizeof(struct ipcmbox_segment_info), SEGMENT_INFO_SIZE_MIN, next_segment
	};

	return reply_list(call, &segments);
}

/* Commands of a segment. */

static long ioctl_segment_stat(struct ipcmbox_ioctl *call)
{
	struct ipcmbox_segment_info info;

	ipcmbox_segment_report(call->file->private_data, &info);
	return ipcmbox_ioctl_reply(call, &info, sizeof(info));
}

static long ioctl_segment_set(struct ipcmbox_ioctl *call)
{
	const struct ipcmbox_segment_set *arg = &call->arg.segment_set;
	struct ipcmbox_rights_change change;
	int ret;

	if (arg->mask & ~IPCMBOX_SET_RIGHTS)
		return -EINVAL;
	ret = ipcmbox_rights_import(&change, arg->mask, arg->mode, arg->uid, arg->gid);
	return ret ?: ipcmbox_segment_set(call->file->private_data, &change);
}

/* Commands of a mailbox, but for those of messaging.h. */

static long ioctl_stat(struct ipcmbox_ioctl *call)
{
	struct ipcmbox_handle *handle = call->file->private_data;
	struct ipcmbox_info info;

	ipcmbox_mailbox_report(handle->mailbox, &info);
	return ipcmbox_ioctl_reply(call, &info, sizeof(info));
}

static long ioctl_set(struct ipcmbox_ioctl *call)
{
	struct ipcmbox_handle *handle = call->file->private_data;

	return ipcmbox_mailbox_set(handle->mailbox, &call->arg.set);
}

static long ioctl_join(struct ipcmbox_ioctl *call)
{
	struct ipcmbox_join *arg = &call->arg.join;
	struct ipcmbox_join result = *arg;
	struct file *file;
	int fd, ret;

	/* As in ioctl_open(). */
	ret = ipcmbox_ioctl_reply(call, &result, sizeof(result));
	if (ret)
		return ret;
	arg->limit = IPCMBOX_LIMIT_NONE;

	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;

	ret = ipcmbox_member_join(call->file, arg, &file);
	result.limit = ret == -ENOMEM ? IPCMBOX_LIMIT_MEMORY : arg->limit;
	if (ret) {
		put_unused_fd(fd);
		if (result.limit)
			ipcmbox_ioctl_reply(call, &result, sizeof(result));
		return ret;
	}

	result.id = arg->id;
	ipcmbox_ioctl_reply(call, &result, sizeof(result));
	fd_install(fd, file);
	return fd;
}

static long ioctl_leave(struct ipcmbox_ioctl *call)
{
	return ipcmbox_member_leave(call->file);
}

#define DEVICE_BASE	0x00
#define MAILBOX_BASE	0x40
#define CHANNEL_BASE	0x50
#define SEGMENT_BASE	0x80

#define DEVICE_NR(cmd)	(_IOC_NR(cmd) - DEVICE_BASE)
#define MAILBOX_NR(cmd)	(_IOC_NR(cmd) - MAILBOX_BASE)
#define CHANNEL_NR(cmd)	(_IOC_NR(cmd) - CHANNEL_BASE)
#define SEGMENT_NR(cmd)	(_IOC_NR(cmd) - SEGMENT_BASE)

static const struct ipcmbox_command device_commands[] = {
	[DEVICE_NR(IPCMBOX_IOC_QUERY)] = { IPCMBOX_IOC_QUERY, QUERY_SIZE_MIN, ioctl_query },
	[DEVICE_NR(IPCMBOX_IOC_OPEN)] = { IPCMBOX_IOC_OPEN, OPEN_SIZE_MIN, ioctl_open },
	[DEVICE_NR(IPCMBOX_IOC_UNLINK)] = { IPCMBOX_IOC_UNLINK, UNLINK_SIZE_MIN, ioctl_unlink },
	[DEVICE_NR(IPCMBOX_IOC_LIST)] = { IPCMBOX_IOC_LIST, LIST_SIZE_MIN, ioctl_list },
	[DEVICE_NR(IPCMBOX_IOC_BLOCKED)] = { IPCMBOX_IOC_BLOCKED, BLOCKED_LIST_SIZE_MIN,
					     ipcmbox_blocked_ioctl },
	[DEVICE_NR(IPCMBOX_IOC_SEGMENT_OPEN)] = { IPCMBOX_IOC_SEGMENT_OPEN,
						  SEGMENT_OPEN_SIZE_MIN, ioctl_segment_open },
	[DEVICE_NR(IPCMBOX_IOC_SEGMENT_UNLINK)] = { IPCMBOX_IOC_SEGMENT_UNLINK, UNLINK_SIZE_MIN,
						    ioctl_segment_unlink },
	[DEVICE_NR(IPCMBOX_IOC_SEGMENT_LIST)] = { IPCMBOX_IOC_SEGMENT_LIST, LIST_SIZE_MIN,
						  ioctl_segment_list },
};

static const struct ipcmbox_command mailbox_commands[] = {
	[MAILBOX_NR(IPCMBOX_IOC_SEND)] = { IPCMBOX_IOC_SEND, IPCMBOX_SEND_SIZE_V0,
					   ipcmbox_messaging_send },
	[MAILBOX_NR(IPCMBOX_IOC_RECV)] = { IPCMBOX_IOC_RECV, IPCMBOX_RECV_SIZE_V0,
					   ipcmbox_messaging_recv },
	[MAILBOX_NR(IPCMBOX_IOC_CALL)] = { IPCMBOX_IOC_CALL, CALL_SIZE_MIN, ipcmbox_call_call },
	[MAILBOX_NR(IPCMBOX_IOC_REPLY)] = { IPCMBOX_IOC_REPLY, REPLY_SIZE_MIN,
					    ipcmbox_call_reply },
	[MAILBOX_NR(IPCMBOX_IOC_REPLY_RECV)] = { IPCMBOX_IOC_REPLY_RECV, REPLY_RECV_SIZE_MIN,
						 ipcmbox_call_reply_recv },
	[MAILBOX_NR(IPCMBOX_IOC_SETTLE)] = { IPCMBOX_IOC_SETTLE, SETTLE_SIZE_MIN,
					     ipcmbox_call_settle },
	[MAILBOX_NR(IPCMBOX_IOC_SENDV)] = { IPCMBOX_IOC_SENDV, VECTOR_SIZE_MIN,
					    ipcmbox_vector_send },
	[MAILBOX_NR(IPCMBOX_IOC_RECVV)] = { IPCMBOX_IOC_RECVV, VECTOR_SIZE_MIN,
					    ipcmbox_vector_recv },
	[MAILBOX_NR(IPCMBOX_IOC_JOIN)] = { IPCMBOX_IOC_JOIN, JOIN_SIZE_MIN, ioctl_join },
	[MAILBOX_NR(IPCMBOX_IOC_LEAVE)] = { IPCMBOX_IOC_LEAVE, 0, ioctl_leave },
	[MAILBOX_NR(IPCMBOX_IOC_NOTIFY)] = { IPCMBOX_IOC_NOTIFY, NOTIFY_SIZE_MIN,
					     ipcmbox_notify_ioctl },
	[MAILBOX_NR(IPCMBOX_IOC_STAT)] = { IPCMBOX_IOC_STAT, INFO_SIZE_MIN, ioctl_stat },
	[MAILBOX_NR(IPCMBOX_IOC_SET)] = { IPCMBOX_IOC_SET, SET_SIZE_MIN, ioctl_set },
	[MAILBOX_NR(IPCMBOX_IOC_RECORD)] = { IPCMBOX_IOC_RECORD, RECORD_LIST_SIZE_MIN,
					     ipcmbox_recorder_ioctl },
};

static const struct ipcmbox_command segment_commands[] = {
	[SEGMENT_NR(IPCMBOX_IOC_SEGMENT_STAT)] = { IPCMBOX_IOC_SEGMENT_STAT,
						   SEGMENT_INFO_SIZE_MIN, ioctl_segment_stat },
	[SEGMENT_NR(IPCMBOX_IOC_SEGMENT_SET)] = { IPCMBOX_IOC_SEGMENT_SET, SEGMENT_SET_SIZE_MIN,
						  ioctl_segment_set },
};

static const struct ipcmbox_command channel_commands[] = {
	[CHANNEL_NR(IPCMBOX_IOC_STAT)] = { IPCMBOX_IOC_STAT, INFO_SIZE_MIN, ioctl_stat },
	[CHANNEL_NR(IPCMBOX_IOC_SET)] = { IPCMBOX_IOC_SET, SET_SIZE_MIN, ioctl_set },
	[CHANNEL_NR(IPCMBOX_IOC_CHANNEL_INFO)] = { IPCMBOX_IOC_CHANNEL_INFO, CHANNEL_INFO_SIZE_MIN,
						   ipcmbox_channel_info },
	[CHANNEL_NR(IPCMBOX_IOC_CHANNEL_LANES)] = { IPCMBOX_IOC_CHANNEL_LANES,
						    CHANNEL_LANES_SIZE_MIN,
						    ipcmbox_channel_lanes },
	[CHANNEL_NR(IPCMBOX_IOC_CHANNEL_WAIT)] = { IPCMBOX_IOC_CHANNEL_WAIT, CHANNEL_WAIT_SIZE_MIN,
						   ipcmbox_doorbell_wait },
	[CHANNEL_NR(IPCMBOX_IOC_CHANNEL_KICK)] = { IPCMBOX_IOC_CHANNEL_KICK, CHANNEL_KICK_SIZE_MIN,
						   ipcmbox_doorbell_kick },
	[CHANNEL_NR(IPCMBOX_IOC_CHANNEL_EVICT)] = { IPCMBOX_IOC_CHANNEL_EVICT,
						    CHANNEL_EVICT_SIZE_MIN,
						    ipcmbox_channel_evict },
};

/**
 * ipcmbox_ioctl_find_mailbox() - what there is to know of a command of mailboxes
 * @cmd: its number
 *
 * Return: the command, or NULL: there is no such.
 */
const struct ipcmbox_command *ipcmbox_ioctl_find_mailbox(unsigned int cmd)
{
	return find(cmd, mailbox_commands, MAILBOX_BASE, ARRAY_SIZE(mailbox_commands));
}

long ipcmbox_ioctl_device(struct file *file, unsigned int cmd, unsigned long arg)
{
	return dispatch(file, cmd, arg, device_commands, DEVICE_BASE, ARRAY_SIZE(device_commands));
}

/* As dispatch(): for a vector of one that would take a twentieth of all there is to do. */
static long vector(struct file *file, unsigned int cmd, void __user *uarg)
{
	struct ipcmbox_ioctl call __uninitialized;

	call.file = file;
	call.file_flags = file->f_flags;
	call.thread = task_pid(current);
	call.uarg = uarg;
	call.usize = sizeof(call.arg.vector);
	if (!import_words((u64 *)&call.arg.vector, uarg, sizeof(call.arg.vector) / sizeof(u64)))
		return -EFAULT;
	return cmd == IPCMBOX_IOC_SENDV ? ipcmbox_vector_send(&call) : ipcmbox_vector_recv(&call);
}

long ipcmbox_ioctl_mailbox(struct file *file, unsigned int cmd, unsigned long arg)
{
	switch (cmd & ~IOCSIZE_MASK) {
	case IPCMBOX_IOC_WRITE(0):
		return ipcmbox_plain_send(file, (const void __user *)arg, _IOC_SIZE(cmd));
	case IPCMBOX_IOC_READ(0):
		return ipcmbox_plain_recv(file, file->f_flags, (void __user *)arg, _IOC_SIZE(cmd),
					  NULL);
	}
	if (cmd == IPCMBOX_IOC_SEND_V0)
		return ipcmbox_messaging_send_v0(file, (struct ipcmbox_send __user *)arg);
	if (cmd == IPCMBOX_IOC_RECV_V0)
		return ipcmbox_messaging_recv_v0(file, (struct ipcmbox_recv __user *)arg);
	if (cmd == IPCMBOX_IOC_SENDV || cmd == IPCMBOX_IOC_RECVV)
		return vector(file, cmd, (void __user *)arg);
	return dispatch(file, cmd, arg, mailbox_commands, MAILBOX_BASE,
			ARRAY_SIZE(mailbox_commands));
}

long ipcmbox_ioctl_segment(struct file *file, unsigned int cmd, unsigned long arg)
{
	return dispatch(file, cmd, arg, segment_commands, SEGMENT_BASE,
			ARRAY_SIZE(segment_commands));
}

long ipcmbox_ioctl_channel(struct file *file, unsigned int cmd, unsigned long arg)
{
	return dispatch(file, cmd, arg, channel_commands, CHANNEL_BASE,
			ARRAY_SIZE(channel_commands));
}
