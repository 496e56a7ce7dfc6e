// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands: dispatch, validation, results.
 */
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/minmax.h>
#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include <uapi/linux/ipcmbox.h>

#include "compat.h"
#include "handle.h"
#include "ioctl.h"
#include "mailbox.h"
#include "quota.h"
#include "registry.h"
#include "transfer.h"
#include "wait.h"

#define TRANSFER_VALID	(IPCMBOX_NONBLOCK | IPCMBOX_DEADLINE)

/* Every structure a command brings in. */
union ioctl_arg {
	struct ipcmbox_open open;
	struct ipcmbox_unlink unlink;
	struct ipcmbox_list list;
	struct ipcmbox_send send;
	struct ipcmbox_recv recv;
	struct ipcmbox_set set;
};

/**
 * struct ioctl_call - a command under way
 * @file: the descriptor
 * @uarg: the caller's structure
 * @usize: its size
 * @arg: kernel copy, extended with zeroes to what this module knows
 */
struct ioctl_call {
	struct file *file;
	void __user *uarg;
	size_t usize;
	union ioctl_arg arg;
};

/**
 * struct ioctl_command - what there is to know of a command
 * @cmd: the number, with the size of today
 * @min_size: the size of the first version
 * @handler: does it
 */
struct ioctl_command {
	unsigned int cmd;
	unsigned int min_size;
	long (*handler)(struct ioctl_call *call);
};

/* Copies a result of @size bytes, cut or extended with zeroes to what the caller knows. */
static int reply(void __user *uarg, size_t usize, const void *result, size_t size)
{
	if (copy_to_user(uarg, result, min(size, usize)))
		return -EFAULT;
	if (usize > size && clear_user(uarg + size, usize - size))
		return -EFAULT;
	return 0;
}

static long dispatch(struct file *file, unsigned int cmd, unsigned long uarg,
		     const struct ioctl_command *commands, unsigned int base, unsigned int count)
{
	const struct ioctl_command *command;
	unsigned int nr = _IOC_NR(cmd) - base;
	struct ioctl_call call;
	int ret;

	if (nr >= count)
		return -ENOTTY;
	command = &commands[array_index_nospec(nr, count)];
	if (!command->handler || (cmd ^ command->cmd) & ~IOCSIZE_MASK)
		return -ENOTTY;

	call.file = file;
	call.uarg = (void __user *)uarg;
	call.usize = _IOC_SIZE(cmd);
	if (call.usize < command->min_size)
		return -EINVAL;

	if (_IOC_DIR(cmd) & _IOC_WRITE) {
		ret = copy_struct_from_user(&call.arg, _IOC_SIZE(command->cmd), call.uarg,
					    call.usize);
		if (ret)
			return ret;
	}
	return command->handler(&call);
}

/* Sizes of the structures in the first version: written out, as they must not follow growth. */
#define QUERY_SIZE_MIN	72
#define OPEN_SIZE_MIN	64
#define UNLINK_SIZE_MIN	24
#define LIST_SIZE_MIN	24
#define INFO_SIZE_MIN	424
#define SEND_SIZE_MIN	40
#define RECV_SIZE_MIN	88
#define SET_SIZE_MIN	32

/* Commands of the device. */

static long ioctl_query(struct ioctl_call *call)
{
	struct ipcmbox_registry *registry = call->file->private_data;
	struct ipcmbox_query query = {
		.features = IPCMBOX_FEATURE_QUEUE,
		.length_max = IPCMBOX_LENGTH_MAX,
		.priority_max = IPCMBOX_PRIORITY_MAX,
		.name_max = IPCMBOX_NAME_MAX,
	};
	struct ipcmbox_user *user;

	user = ipcmbox_user_find(&registry->users, current_uid());
	if (!user)
		return -ENOMEM;
	ipcmbox_user_report(user, &query);
	ipcmbox_user_put(user);
	return reply(call->uarg, call->usize, &query, sizeof(query));
}

static long ioctl_open(struct ioctl_call *call)
{
	struct ipcmbox_open *arg = &call->arg.open;
	struct file *file;
	int fd, ret;

	/* The result must find its place: a mailbox that was created cannot be undone unseen. */
	ret = reply(call->uarg, call->usize, arg, sizeof(*arg));
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
			reply(call->uarg, call->usize, arg, sizeof(*arg));
		return ret;
	}

	/* Just written to: fails only if the caller unmaps it under its own feet. */
	reply(call->uarg, call->usize, arg, sizeof(*arg));
	fd_install(fd, file);
	return fd;
}

static long ioctl_unlink(struct ioctl_call *call)
{
	return ipcmbox_mailbox_unlink(call->file->private_data, &call->arg.unlink);
}

/* Writes up to @arg->count elements; returns how many, or -EFAULT. */
static int list(struct ipcmbox_registry *registry, const struct ipcmbox_list *arg,
		struct ipcmbox_info *info)
{
	void __user *to = u64_to_user_ptr(arg->buf_ptr);
	struct ipcmbox_mailbox *mailbox;
	u64 after_id = arg->after_id;
	size_t size = min_t(size_t, arg->element_size, sizeof(*info));
	u32 n;

	for (n = 0; n < arg->count; n++, to += arg->element_size) {
		mailbox = ipcmbox_registry_next(registry, after_id);
		if (!mailbox)
			break;
		after_id = mailbox->id;
		ipcmbox_mailbox_report(mailbox, info);
		ipcmbox_mailbox_put(mailbox);

		if (copy_to_user(to, info, size) ||
		    (arg->element_size > size && clear_user(to + size, arg->element_size - size)))
			return -EFAULT;
		if (fatal_signal_pending(current))
			break;
		cond_resched();
	}
	return n;
}

static long ioctl_list(struct ioctl_call *call)
{
	struct ipcmbox_list *arg = &call->arg.list;
	struct ipcmbox_info *info;
	int ret;

	if (!arg->count || arg->element_size < INFO_SIZE_MIN || arg->element_size > PAGE_SIZE)
		return -EINVAL;
	if (arg->buf_ptr != (unsigned long)arg->buf_ptr)
		return -EFAULT;

	info = kmalloc(sizeof(*info), GFP_KERNEL);
	if (!info)
		return -ENOMEM;
	ret = list(call->file->private_data, arg, info);
	kfree(info);
	if (ret < 0)
		return ret;

	arg->count = ret;
	return reply(call->uarg, call->usize, arg, sizeof(*arg));
}

/* Commands of a mailbox. */

/* Returns 0 with @iter over the buffer, or -EFAULT if it cannot be one. */
static int import_buffer(unsigned int direction, u64 ptr, u32 length, struct iov_iter *iter)
{
	void __user *buffer = u64_to_user_ptr(ptr);

	/* The first: a 64-bit address on a 32-bit kernel. */
	if (ptr != (unsigned long)ptr || !access_ok(buffer, length))
		return -EFAULT;
	iov_iter_ubuf(iter, direction, buffer, length);
	return 0;
}

static int import_deadline(struct ipcmbox_deadline *deadline, const struct file *file, u32 flags,
			   u32 clock, u64 ns)
{
	int ret = ipcmbox_deadline_import(deadline, flags, clock, ns);

	if (file->f_flags & O_NONBLOCK)
		deadline->nonblock = true;
	return ret;
}

static __always_inline long send(struct file *file, struct ipcmbox_send *arg,
				 struct ipcmbox_send __user *uarg)
{
	struct ipcmbox_deadline deadline __uninitialized;
	struct iov_iter from __uninitialized;
	int ret;

	if (arg->flags & ~TRANSFER_VALID || arg->priority > IPCMBOX_PRIORITY_MAX ||
	    arg->completion > IPCMBOX_RECEIVED)
		return -EINVAL;
	ret = import_deadline(&deadline, file, arg->flags, arg->clock, arg->deadline_ns);
	if (ret)
		return ret;
	if (!(file->f_mode & FMODE_WRITE))
		return -EACCES;
	ret = import_buffer(ITER_SOURCE, arg->buf_ptr, arg->buf_len, &from);
	if (ret)
		return ret;

	arg->limit = IPCMBOX_LIMIT_NONE;
	ret = ipcmbox_transfer_send(file->private_data, &from, arg->priority,
				    arg->completion == IPCMBOX_RECEIVED, &deadline, &arg->limit);
	/* Nothing was sent; a caller who cannot be told which limit it was learns the error. */
	if (unlikely(ret < 0 && arg->limit))
		put_user(arg->limit, &uarg->limit);
	return ret;
}

static __always_inline long recv(struct file *file, struct ipcmbox_recv *arg,
				 struct ipcmbox_recv __user *uarg)
{
	struct ipcmbox_deadline deadline __uninitialized;
	struct iov_iter to __uninitialized;
	struct ipcmbox_reception reception = {
		.to = &to,
		.arg = arg,
		.uarg = uarg,
		.peek = arg->flags & IPCMBOX_PEEK,
	};
	long ret;

	if (arg->flags & ~(TRANSFER_VALID | IPCMBOX_PEEK) || arg->__reserved ||
	    arg->min_priority > IPCMBOX_PRIORITY_MAX)
		return -EINVAL;
	ret = import_deadline(&deadline, file, arg->flags, arg->clock, arg->deadline_ns);
	if (ret)
		return ret;
	if (!(file->f_mode & FMODE_READ))
		return -EACCES;
	ret = import_buffer(ITER_DEST, arg->buf_ptr, arg->buf_len, &to);
	if (ret)
		return ret;

	arg->limit = IPCMBOX_LIMIT_NONE;
	ret = ipcmbox_transfer_receive(file->private_data, &reception, &deadline);
	/* Nothing else of what is out is known then. */
	if (unlikely(ret == -EMSGSIZE) && (put_user(arg->length, &uarg->length) ||
					   put_user(IPCMBOX_LIMIT_BUFFER, &uarg->limit)))
		return -EFAULT;
	return ret;
}

static long ioctl_send(struct ioctl_call *call)
{
	return send(call->file, &call->arg.send, call->uarg);
}

static long ioctl_recv(struct ioctl_call *call)
{
	return recv(call->file, &call->arg.recv, call->uarg);
}

static long ioctl_stat(struct ioctl_call *call)
{
	struct ipcmbox_handle *handle = call->file->private_data;
	struct ipcmbox_info info;

	ipcmbox_mailbox_report(handle->mailbox, &info);
	return reply(call->uarg, call->usize, &info, sizeof(info));
}

static long ioctl_set(struct ioctl_call *call)
{
	struct ipcmbox_handle *handle = call->file->private_data;

	return ipcmbox_mailbox_set(handle->mailbox, &call->arg.set);
}

#define DEVICE_BASE	0x00
#define MAILBOX_BASE	0x40

#define DEVICE_NR(cmd)	(_IOC_NR(cmd) - DEVICE_BASE)
#define MAILBOX_NR(cmd)	(_IOC_NR(cmd) - MAILBOX_BASE)

static const struct ioctl_command device_commands[] = {
	[DEVICE_NR(IPCMBOX_IOC_QUERY)] = { IPCMBOX_IOC_QUERY, QUERY_SIZE_MIN, ioctl_query },
	[DEVICE_NR(IPCMBOX_IOC_OPEN)] = { IPCMBOX_IOC_OPEN, OPEN_SIZE_MIN, ioctl_open },
	[DEVICE_NR(IPCMBOX_IOC_UNLINK)] = { IPCMBOX_IOC_UNLINK, UNLINK_SIZE_MIN, ioctl_unlink },
	[DEVICE_NR(IPCMBOX_IOC_LIST)] = { IPCMBOX_IOC_LIST, LIST_SIZE_MIN, ioctl_list },
};

static const struct ioctl_command mailbox_commands[] = {
	[MAILBOX_NR(IPCMBOX_IOC_SEND)] = { IPCMBOX_IOC_SEND, SEND_SIZE_MIN, ioctl_send },
	[MAILBOX_NR(IPCMBOX_IOC_RECV)] = { IPCMBOX_IOC_RECV, RECV_SIZE_MIN, ioctl_recv },
	[MAILBOX_NR(IPCMBOX_IOC_STAT)] = { IPCMBOX_IOC_STAT, INFO_SIZE_MIN, ioctl_stat },
	[MAILBOX_NR(IPCMBOX_IOC_SET)] = { IPCMBOX_IOC_SET, SET_SIZE_MIN, ioctl_set },
};

long ipcmbox_ioctl_device(struct file *file, unsigned int cmd, unsigned long arg)
{
	return dispatch(file, cmd, arg, device_commands, DEVICE_BASE, ARRAY_SIZE(device_commands));
}

/*
 * The two commands that matter, when their structures are of today's size: without a table, and
 * field by field, they are imported in a tenth of the instructions dispatch() takes.
 */

static noinline long send_now(struct file *file, struct ipcmbox_send __user *uarg)
{
	struct ipcmbox_send arg __uninitialized;

	if (!user_read_access_begin(uarg, sizeof(*uarg)))
		return -EFAULT;
	unsafe_get_user(arg.buf_ptr, &uarg->buf_ptr, fault);
	unsafe_get_user(arg.buf_len, &uarg->buf_len, fault);
	unsafe_get_user(arg.flags, &uarg->flags, fault);
	unsafe_get_user(arg.deadline_ns, &uarg->deadline_ns, fault);
	unsafe_get_user(arg.clock, &uarg->clock, fault);
	unsafe_get_user(arg.priority, &uarg->priority, fault);
	unsafe_get_user(arg.completion, &uarg->completion, fault);
	user_read_access_end();
	return send(file, &arg, uarg);
fault:
	user_read_access_end();
	return -EFAULT;
}

static noinline long recv_now(struct file *file, struct ipcmbox_recv __user *uarg)
{
	struct ipcmbox_recv arg __uninitialized;

	if (!user_read_access_begin(uarg, sizeof(*uarg)))
		return -EFAULT;
	unsafe_get_user(arg.buf_ptr, &uarg->buf_ptr, fault);
	unsafe_get_user(arg.buf_len, &uarg->buf_len, fault);
	unsafe_get_user(arg.flags, &uarg->flags, fault);
	unsafe_get_user(arg.deadline_ns, &uarg->deadline_ns, fault);
	unsafe_get_user(arg.clock, &uarg->clock, fault);
	unsafe_get_user(arg.min_priority, &uarg->min_priority, fault);
	unsafe_get_user(arg.__reserved, &uarg->__reserved, fault);
	user_read_access_end();
	return recv(file, &arg, uarg);
fault:
	user_read_access_end();
	return -EFAULT;
}

long ipcmbox_ioctl_mailbox(struct file *file, unsigned int cmd, unsigned long arg)
{
	if (cmd == IPCMBOX_IOC_SEND)
		return send_now(file, (struct ipcmbox_send __user *)arg);
	if (cmd == IPCMBOX_IOC_RECV)
		return recv_now(file, (struct ipcmbox_recv __user *)arg);
	return dispatch(file, cmd, arg, mailbox_commands, MAILBOX_BASE,
			ARRAY_SIZE(mailbox_commands));
}
