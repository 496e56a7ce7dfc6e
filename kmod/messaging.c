// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messaging: the commands that move messages.
 */
#include <linux/fs.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include <uapi/linux/ipcmbox.h>

#include "buffer.h"
#include "compat.h"
#include "deadlock.h"
#include "endpoint.h"
#include "files.h"
#include "handle.h"
#include "ioctl.h"
#include "message.h"
#include "messaging.h"
#include "move.h"
#include "selection.h"
#include "transfer.h"
#include "wait.h"

#define SEND_VALID	(IPCMBOX_NONBLOCK | IPCMBOX_DEADLINE | IPCMBOX_IOVEC)
#define RECV_VALID	(SEND_VALID | IPCMBOX_PEEK | IPCMBOX_LEASE)

/**
 * ipcmbox_messaging_deadline() - how long the caller wants to wait
 * @deadline: set
 * @file_flags: of the descriptor, which may have O_NONBLOCK
 * @flags: IPCMBOX_NONBLOCK, IPCMBOX_DEADLINE; others are not looked at
 * @clock: IPCMBOX_CLOCK_*
 * @ns: absolute time on @clock
 *
 * Return: 0 or -EINVAL.
 */
int ipcmbox_messaging_deadline(struct ipcmbox_deadline *deadline, unsigned int file_flags,
			       u32 flags, u32 clock, u64 ns)
{
	int ret = ipcmbox_deadline_import(deadline, flags, clock, ns);

	if (file_flags & O_NONBLOCK)
		deadline->nonblock = true;
	return ret;
}

/* Sending. */

/* Nothing was sent; a caller who cannot be told which limit it was learns the error. */
static noinline void tell_limit(u32 limit, struct ipcmbox_send __user *uarg)
{
	put_user(limit, &uarg->limit);
}

/* A limit was hit. Who only tries is not told of one that waiting would have been good for. */
static noinline long send_limited(const struct ipcmbox_sending *sending, unsigned int file_flags,
				  long ret, struct ipcmbox_send __user *uarg)
{
	if (ret == -EAGAIN && file_flags & IPCMBOX_TRY && !sending->refused)
		return -EINPROGRESS;
	tell_limit(sending->limit, uarg);
	return ret;
}

/* A call that has no use for a reply, and cannot be resumed. */
static noinline long send_handled(struct file *file, struct ipcmbox_sending *sending)
{
	struct ipcmbox_caller caller = {};
	long ret;

	if (sending->deadline->nonblock)
		return -EAGAIN;
	ret = ipcmbox_deadlock_enter(&caller, &sending->mailbox->port);
	if (ret)
		return ret;
	sending->home = NULL;
	sending->caller = &caller;
	sending->cookie = 0;
	sending->reply = NULL;
	ret = ipcmbox_transfer_send(file->private_data, sending);
	ipcmbox_deadlock_leave(&caller);
	ipcmbox_message_put(sending->reply);
	/* It was received: beginning again would send it twice. */
	return ret == -ERESTARTSYS && sending->cookie ? -EINTR : ret;
}

/* What is not in the first version of the structure is in @sending already. */
static __always_inline long send(struct file *file, unsigned int file_flags,
				 struct ipcmbox_send *arg, struct ipcmbox_send __user *uarg,
				 struct ipcmbox_sending *sending, fmode_t needed)
{
	struct ipcmbox_deadline deadline __uninitialized;
	struct ipcmbox_buffer from __uninitialized;
	long ret;

	if (arg->flags & ~SEND_VALID || arg->priority > IPCMBOX_PRIORITY_MAX ||
	    arg->completion > IPCMBOX_HANDLED)
		return -EINVAL;
	ret = ipcmbox_messaging_deadline(&deadline, file_flags, arg->flags, arg->clock,
					 arg->deadline_ns);
	if (ret)
		return ret;
	if (!(file->f_mode & needed))
		return -EACCES;
	ret = ipcmbox_buffer_import(&from, ITER_SOURCE, arg->buf_ptr, arg->buf_len, arg->flags);
	if (unlikely(ret)) {
		if (ret == -ENOMEM)
			tell_limit(IPCMBOX_LIMIT_MEMORY, uarg);
		return ret;
	}

	sending->from = &from.iter;
	sending->deadline = &deadline;
	sending->priority = arg->priority;
	sending->completion = arg->completion;
	sending->limit = IPCMBOX_LIMIT_NONE;
	sending->refused = false;
	if (unlikely(arg->completion == IPCMBOX_HANDLED))
		ret = send_handled(file, sending);
	else
		ret = ipcmbox_transfer_send(file->private_data, sending);
	ipcmbox_buffer_release(&from);
	if (unlikely(ret < 0 && (sending->limit || ret == -EAGAIN)))
		return send_limited(sending, file_flags, ret, uarg);
	return ret;
}

long __flatten ipcmbox_messaging_send_v0(struct file *file, struct ipcmbox_send __user *uarg)
{
	struct ipcmbox_send arg __uninitialized;
	struct ipcmbox_sending sending __uninitialized;

	if (!user_read_access_begin(uarg, IPCMBOX_SEND_SIZE_V0))
		return -EFAULT;
	unsafe_get_user(arg.buf_ptr, &uarg->buf_ptr, fault);
	unsafe_get_user(arg.buf_len, &uarg->buf_len, fault);
	unsafe_get_user(arg.flags, &uarg->flags, fault);
	unsafe_get_user(arg.deadline_ns, &uarg->deadline_ns, fault);
	unsafe_get_user(arg.clock, &uarg->clock, fault);
	unsafe_get_user(arg.priority, &uarg->priority, fault);
	unsafe_get_user(arg.completion, &uarg->completion, fault);
	user_read_access_end();

	sending.mailbox = ipcmbox_handle_target(file->private_data);
	sending.thread = task_pid(current);
	sending.events = 0;
	sending.files = NULL;
	return send(file, file->f_flags, &arg, uarg, &sending, FMODE_WRITE);
fault:
	user_read_access_end();
	return -EFAULT;
}

static noinline long send_with_files(struct file *file, unsigned int file_flags,
				     struct ipcmbox_send *arg, struct ipcmbox_send __user *uarg,
				     struct ipcmbox_sending *sending, fmode_t needed)
{
	long ret;

	sending->limit = IPCMBOX_LIMIT_NONE;
	ret = ipcmbox_files_import(sending, arg->fds_ptr, arg->nr_fds);
	if (ret) {
		if (sending->limit)
			tell_limit(sending->limit, uarg);
		return ret;
	}
	if (arg->flags & IPCMBOX_MOVE) {
		arg->flags &= ~IPCMBOX_MOVE;
		ret = ipcmbox_move_files(sending);
	}
	if (!ret)
		ret = send(file, file_flags, arg, uarg, sending, needed);
	ipcmbox_files_put(sending->files);
	return ret;
}

/* To an endpoint there is no descriptor of. */
static noinline long send_to(struct file *file, unsigned int file_flags, struct ipcmbox_send *arg,
			     struct ipcmbox_send __user *uarg, struct ipcmbox_sending *sending)
{
	struct ipcmbox_handle *inbox = file->private_data;
	long ret;

	if (!(file->f_mode & FMODE_READ))
		return -EINVAL;
	sending->mailbox = ipcmbox_endpoint_address(inbox->mailbox->endpoint, arg->to_kind,
						    arg->to);
	if (IS_ERR(sending->mailbox))
		return PTR_ERR(sending->mailbox);
	if (arg->nr_fds)
		ret = send_with_files(file, file_flags, arg, uarg, sending, FMODE_READ);
	else
		ret = send(file, file_flags, arg, uarg, sending, FMODE_READ);
	ipcmbox_mailbox_put(sending->mailbox);
	return ret;
}

/* With all of the structure. */
static __always_inline long send_extended(struct file *file, unsigned int file_flags,
					  struct pid *thread, struct ipcmbox_send *arg,
					  struct ipcmbox_send __user *uarg)
{
	struct ipcmbox_sending sending __uninitialized;

	if (arg->events & ~IPCMBOX_EVENTS_USER || arg->to_kind > IPCMBOX_ENDPOINT_ID ||
	    (!arg->to_kind && arg->to) || arg->__reserved)
		return -EINVAL;
	sending.thread = thread;
	sending.events = arg->events;
	sending.files = NULL;
	if (unlikely(arg->to_kind))
		return send_to(file, file_flags, arg, uarg, &sending);
	sending.mailbox = ipcmbox_handle_target(file->private_data);
	if (unlikely(arg->nr_fds))
		return send_with_files(file, file_flags, arg, uarg, &sending, FMODE_WRITE);
	return send(file, file_flags, arg, uarg, &sending, FMODE_WRITE);
}

long ipcmbox_messaging_send(struct ipcmbox_ioctl *call)
{
	return send_extended(call->file, call->file_flags, call->thread, &call->arg.send,
			     call->uarg);
}

/**
 * ipcmbox_messaging_send_element() - send one message of many
 * @file: the descriptor
 * @uarg: the caller's structure, as long as this module knows it; @result is set to 0 before
 *	anything is done
 *
 * Return: 0, IPCMBOX_SENT_DROPPED, or an error of struct ipcmbox_send.
 */
long ipcmbox_messaging_send_element(struct file *file, struct ipcmbox_send __user *uarg)
{
	struct ipcmbox_send arg __uninitialized;
	long ret;

	if (!user_access_begin(uarg, sizeof(*uarg)))
		return -EFAULT;
	unsafe_get_user(arg.buf_ptr, &uarg->buf_ptr, fault);
	unsafe_get_user(arg.buf_len, &uarg->buf_len, fault);
	unsafe_get_user(arg.flags, &uarg->flags, fault);
	unsafe_get_user(arg.deadline_ns, &uarg->deadline_ns, fault);
	unsafe_get_user(arg.clock, &uarg->clock, fault);
	unsafe_get_user(arg.priority, &uarg->priority, fault);
	unsafe_get_user(arg.completion, &uarg->completion, fault);
	unsafe_get_user(arg.events, &uarg->events, fault);
	unsafe_get_user(arg.to, &uarg->to, fault);
	unsafe_get_user(arg.to_kind, &uarg->to_kind, fault);
	unsafe_get_user(arg.nr_fds, &uarg->nr_fds, fault);
	unsafe_get_user(arg.fds_ptr, &uarg->fds_ptr, fault);
	unsafe_get_user(arg.__reserved, &uarg->__reserved, fault);
	unsafe_put_user(0, &uarg->result, fault);
	user_access_end();

	ret = send_extended(file, file->f_flags, task_pid(current), &arg, uarg);
	/* Just written to: fails only if the caller unmaps it under its own feet. */
	if (unlikely(ret > 0))
		put_user((s32)ret, &uarg->result);
	return ret;
fault:
	user_access_end();
	return -EFAULT;
}

/* Receiving. */

/* What a receive that fails with EMSGSIZE needs; nothing else of what is out is known then. */
static noinline long export_need(const struct ipcmbox_reception *reception)
{
	struct ipcmbox_recv __user *uarg = reception->uarg;
	bool too_long = reception->needed > reception->room;

	if (put_user(reception->needed, &uarg->length) ||
	    put_user(too_long ? IPCMBOX_LIMIT_BUFFER : IPCMBOX_LIMIT_FDS, &uarg->limit))
		return -EFAULT;
	if (!too_long && ipcmbox_reception_is_extended(reception) &&
	    put_user(reception->needed_fds, &uarg->max_fds))
		return -EFAULT;
	return -EMSGSIZE;
}

/* What is not in the first version of the structure is in @reception already: a lease, too. */
static __always_inline long recv(struct file *file, unsigned int file_flags,
				 const struct ipcmbox_recv *arg,
				 struct ipcmbox_recv __user *uarg,
				 struct ipcmbox_reception *reception)
{
	struct ipcmbox_deadline deadline __uninitialized;
	struct ipcmbox_buffer to __uninitialized;
	long ret;

	if (arg->flags & ~RECV_VALID || !(arg->flags & IPCMBOX_LEASE) != !reception->lease_ns ||
	    arg->__reserved || arg->min_priority > IPCMBOX_PRIORITY_MAX)
		return -EINVAL;
	ret = ipcmbox_messaging_deadline(&deadline, file_flags, arg->flags, arg->clock,
					 arg->deadline_ns);
	if (ret)
		return ret;
	if (!(file->f_mode & FMODE_READ))
		return -EACCES;
	ret = ipcmbox_buffer_import(&to, ITER_DEST, arg->buf_ptr, arg->buf_len, arg->flags);
	if (ret)
		return ret;

	reception->handle = file->private_data;
	reception->to = &to.iter;
	reception->deadline = &deadline;
	reception->uarg = uarg;
	reception->min_priority = arg->min_priority;
	reception->room = iov_iter_count(&to.iter);
	reception->peek = arg->flags & IPCMBOX_PEEK;
	ret = ipcmbox_transfer_receive(reception);
	ipcmbox_buffer_release(&to);
	if (unlikely(ret == -EMSGSIZE))
		return export_need(reception);
	return ret;
}

static __always_inline long recv_v0(struct file *file, unsigned int file_flags, struct pid *thread,
				    const struct ipcmbox_recv *arg,
				    struct ipcmbox_recv __user *uarg)
{
	struct ipcmbox_reception reception __uninitialized;

	reception.thread = thread;
	reception.upart = NULL;
	reception.usize = IPCMBOX_RECV_SIZE_V0;
	reception.selection = NULL;
	reception.lease_ns = 0;
	reception.max_fds = 0;
	return recv(file, file_flags, arg, uarg, &reception);
}

long __flatten ipcmbox_messaging_recv_v0(struct file *file, struct ipcmbox_recv __user *uarg)
{
	struct ipcmbox_recv arg __uninitialized;

	if (!user_read_access_begin(uarg, IPCMBOX_RECV_SIZE_V0))
		return -EFAULT;
	unsafe_get_user(arg.buf_ptr, &uarg->buf_ptr, fault);
	unsafe_get_user(arg.buf_len, &uarg->buf_len, fault);
	unsafe_get_user(arg.flags, &uarg->flags, fault);
	unsafe_get_user(arg.deadline_ns, &uarg->deadline_ns, fault);
	unsafe_get_user(arg.clock, &uarg->clock, fault);
	unsafe_get_user(arg.min_priority, &uarg->min_priority, fault);
	unsafe_get_user(arg.__reserved, &uarg->__reserved, fault);
	user_read_access_end();

	return recv_v0(file, file->f_flags, task_pid(current), &arg, uarg);
fault:
	user_read_access_end();
	return -EFAULT;
}

static noinline long recv_selected(struct file *file, unsigned int file_flags,
				   const struct ipcmbox_recv *arg,
				   struct ipcmbox_recv __user *uarg,
				   struct ipcmbox_reception *reception)
{
	struct ipcmbox_handle *handle = file->private_data;
	struct ipcmbox_selection selection;
	long ret;

	ret = ipcmbox_selection_import(&selection, handle->mailbox->registry, arg);
	if (ret)
		return ret;
	reception->selection = &selection;
	ret = recv(file, file_flags, arg, uarg, reception);
	ipcmbox_selection_release(&selection);
	return ret;
}

/* With all of the structure. */
static __always_inline long recv_extended(struct file *file, unsigned int file_flags,
					  struct pid *thread, const struct ipcmbox_recv *arg,
					  struct ipcmbox_recv __user *uarg, bool in_vector)
{
	struct ipcmbox_reception reception __uninitialized;

	if (arg->flags & IPCMBOX_LEASE && arg->flags & IPCMBOX_PEEK)
		return -EINVAL;
	/* A 64-bit address on a 32-bit kernel. */
	if (arg->max_fds && arg->fds_ptr != (unsigned long)arg->fds_ptr)
		return -EFAULT;
	reception.thread = thread;
	reception.upart = NULL;
	reception.usize = sizeof(*arg);
	reception.in_vector = in_vector;
	reception.lease_ns = arg->lease_ns;
	reception.ufds = u64_to_user_ptr(arg->fds_ptr);
	reception.max_fds = min_t(u32, arg->max_fds, IPCMBOX_FDS_MAX);
	reception.selection = NULL;
	if (unlikely(arg->select_events || arg->from_kind || arg->from))
		return recv_selected(file, file_flags, arg, uarg, &reception);
	return recv(file, file_flags, arg, uarg, &reception);
}

/**
 * ipcmbox_messaging_receive() - receive a message
 * @call: the command that does it, or does it among other things
 * @arg: what the caller says, all of the structure
 * @uarg: the caller's structure
 * @usize: its size
 *
 * Return: the length, or an error of struct ipcmbox_recv.
 */
long ipcmbox_messaging_receive(const struct ipcmbox_ioctl *call, const struct ipcmbox_recv *arg,
			       struct ipcmbox_recv __user *uarg, size_t usize)
{
	/* There is no version between the first and this one. */
	if (usize < sizeof(*arg))
		return -EINVAL;
	return recv_extended(call->file, call->file_flags, call->thread, arg, uarg, false);
}

long ipcmbox_messaging_recv(struct ipcmbox_ioctl *call)
{
	if (call->usize == IPCMBOX_RECV_SIZE_V0)
		return recv_v0(call->file, call->file_flags, call->thread, &call->arg.recv,
			       call->uarg);
	return ipcmbox_messaging_receive(call, &call->arg.recv, call->uarg, call->usize);
}

/**
 * ipcmbox_messaging_recv_element() - receive one message of many
 * @file: the descriptor
 * @file_flags: its flags, or those and O_NONBLOCK
 * @uarg: the caller's structure, as long as this module knows it; @result is written on success
 *
 * Return: the length, or an error of struct ipcmbox_recv.
 */
long ipcmbox_messaging_recv_element(struct file *file, unsigned int file_flags,
				    struct ipcmbox_recv __user *uarg)
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
	unsafe_get_user(arg.select_events, &uarg->select_events, fault);
	unsafe_get_user(arg.from, &uarg->from, fault);
	unsafe_get_user(arg.from_kind, &uarg->from_kind, fault);
	unsafe_get_user(arg.max_fds, &uarg->max_fds, fault);
	unsafe_get_user(arg.fds_ptr, &uarg->fds_ptr, fault);
	unsafe_get_user(arg.lease_ns, &uarg->lease_ns, fault);
	user_read_access_end();

	return recv_extended(file, file_flags, task_pid(current), &arg, uarg, true);
fault:
	user_read_access_end();
	return -EFAULT;
}
