// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls: requests, replies, settlements.
 */
#include <linux/fs.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include <uapi/linux/ipcmbox.h>

#include "buffer.h"
#include "call.h"
#include "compat.h"
#include "deadlock.h"
#include "files.h"
#include "handle.h"
#include "hold.h"
#include "ioctl.h"
#include "lease.h"
#include "mailbox.h"
#include "message.h"
#include "move.h"
#include "messaging.h"
#include "mutation.h"
#include "port.h"
#include "transfer.h"
#include "wait.h"

#define CALL_VALID	(IPCMBOX_NONBLOCK | IPCMBOX_DEADLINE | IPCMBOX_IOVEC | IPCMBOX_MOVE | \
			 IPCMBOX_CALL_CANCEL)
#define REPLY_VALID	(IPCMBOX_IOVEC | IPCMBOX_MOVE)
#define RECV_SIZE_MIN	168
#define REPLY_SIZE_MIN	48

/* Calling. */

static int cancel(struct ipcmbox_handle *handle, u64 cookie)
{
	struct ipcmbox_port *port = &handle->mailbox->port;
	struct ipcmbox_wakes wakes;
	int ret;

	ipcmbox_wakes_init(&wakes);
	spin_lock(&port->lock);
	ret = ipcmbox_hold_cancel(port, cookie, handle, &wakes);
	spin_unlock(&port->lock);
	ipcmbox_wakes_flush(&wakes, &port->pollers);
	return ret;
}

static int check_call(const struct ipcmbox_call *arg)
{
	if (arg->flags & ~CALL_VALID || arg->priority > IPCMBOX_PRIORITY_MAX || arg->__reserved)
		return -EINVAL;
	if (arg->flags & IPCMBOX_MOVE && !arg->nr_fds)
		return -EINVAL;
	/* A 64-bit address on a 32-bit kernel. */
	if (arg->max_reply_fds && arg->reply_fds_ptr != (unsigned long)arg->reply_fds_ptr)
		return -EFAULT;
	if (arg->flags & IPCMBOX_CALL_CANCEL &&
	    (arg->flags != IPCMBOX_CALL_CANCEL || !arg->cookie || arg->deadline_ns || arg->clock))
		return -EINVAL;
	return 0;
}

/* Sends the request, and waits for the reply. */
static int request(struct ipcmbox_handle *handle, const struct ipcmbox_call *arg,
		   struct ipcmbox_sending *sending)
{
	struct ipcmbox_buffer from __uninitialized;
	int ret;

	if (sending->deadline->nonblock)
		return -EAGAIN;
	ret = ipcmbox_buffer_import(&from, ITER_SOURCE, arg->buf_ptr, arg->buf_len, arg->flags);
	if (ret) {
		if (ret == -ENOMEM)
			sending->limit = IPCMBOX_LIMIT_MEMORY;
		return ret;
	}
	sending->from = &from.iter;
	if (arg->nr_fds)
		ret = ipcmbox_files_import(sending, arg->fds_ptr, arg->nr_fds);
	if (!ret && arg->flags & IPCMBOX_MOVE)
		ret = ipcmbox_move_files(sending);
	if (!ret)
		ret = ipcmbox_deadlock_enter(sending->caller, &handle->mailbox->port);
	if (!ret) {
		ret = ipcmbox_transfer_send(handle, sending);
		ipcmbox_deadlock_leave(sending->caller);
	}
	ipcmbox_files_put(sending->files);
	ipcmbox_buffer_release(&from);
	return ret;
}

/* Goes on waiting. Who need not wait cannot wait for itself: the reply may be there. */
static int resume(struct ipcmbox_handle *handle, struct ipcmbox_sending *sending)
{
	int ret;

	ret = ipcmbox_transfer_resume(sending, false);
	if (ret != -EAGAIN || sending->deadline->nonblock)
		return ret;

	ret = ipcmbox_deadlock_enter(sending->caller, &handle->mailbox->port);
	if (ret)
		return ret;
	ret = ipcmbox_transfer_resume(sending, true);
	ipcmbox_deadlock_leave(sending->caller);
	return ret;
}

/* Descriptors come last, when nothing else can fail. */
static int export_reply_files(const struct ipcmbox_message *reply, const struct ipcmbox_call *arg)
{
	s32 __user *ufds = u64_to_user_ptr(arg->reply_fds_ptr);
	struct ipcmbox_numbers numbers = { .nr = 0 };
	int ret;

	ret = ipcmbox_files_reserve(reply->content->files, ufds, &numbers);
	if (ret)
		return ret;
	ret = ipcmbox_files_install(reply->content->files, ufds, &numbers);
	if (ret)
		ipcmbox_files_recall(&numbers);
	return ret;
}

static int export_reply(const struct ipcmbox_message *reply, const struct iov_iter *to,
			const struct ipcmbox_call *arg, struct ipcmbox_call __user *uarg)
{
	u32 length = reply ? reply->length : 0;
	s32 status = reply ? reply->content->status : 0;
	u32 nr_fds = reply ? reply->nr_fds : 0;

	if (reply && !ipcmbox_message_copy_out(reply, to))
		return -EFAULT;
	if (put_user(length, &uarg->reply_length) || put_user(status, &uarg->status) ||
	    put_user(nr_fds, &uarg->nr_reply_fds))
		return -EFAULT;
	return nr_fds ? export_reply_files(reply, arg) : 0;
}

/* Returns 0, or -EMSGSIZE with @limit set and what is needed told; -EFAULT. */
static int check_room(const struct ipcmbox_message *reply, const struct iov_iter *to,
		      const struct ipcmbox_call *arg, struct ipcmbox_call __user *uarg, u32 *limit)
{
	if (!reply)
		return 0;
	if (reply->length > iov_iter_count(to))
		*limit = IPCMBOX_LIMIT_BUFFER;
	else if (reply->nr_fds > arg->max_reply_fds)
		*limit = IPCMBOX_LIMIT_FDS;
	else
		return 0;
	if (put_user(reply->length, &uarg->reply_length) ||
	    put_user(reply->nr_fds, &uarg->nr_reply_fds))
		return -EFAULT;
	return -EMSGSIZE;
}

/* Returns the length; or an error with the reply kept under @sending->cookie. */
static long receive_reply(struct ipcmbox_handle *handle, const struct iov_iter *to,
			  const struct ipcmbox_call *arg, struct ipcmbox_call __user *uarg,
			  struct ipcmbox_sending *sending)
{
	struct ipcmbox_port *port = &handle->mailbox->port;
	struct ipcmbox_message *reply = sending->reply;
	long ret;

	ret = check_room(reply, to, arg, uarg, &sending->limit);
	if (!ret)
		ret = export_reply(reply, to, arg, uarg);
	if (!ret && reply)
		ret = reply->length;

	/* Who is killed does not come back, and what was acknowledged need not be fetched. */
	if ((ret < 0 || (mutated(reply_twice) && arg->cookie)) && reply &&
	    !fatal_signal_pending(current)) {
		spin_lock(&port->lock);
		ipcmbox_hold_keep(port, sending->cookie, reply, handle);
		spin_unlock(&port->lock);
		return ret;
	}
	sending->cookie = 0;
	ipcmbox_message_put(reply);
	return ret;
}

/* What is bad about the buffer is told before the request is on its way. */
static long request_and_receive(struct ipcmbox_handle *handle, const struct ipcmbox_call *arg,
				struct ipcmbox_call __user *uarg, struct ipcmbox_sending *sending)
{
	struct ipcmbox_buffer to __uninitialized;
	long ret;

	ret = ipcmbox_buffer_import(&to, ITER_DEST, arg->reply_ptr, arg->reply_len, arg->flags);
	if (ret) {
		if (ret == -ENOMEM)
			sending->limit = IPCMBOX_LIMIT_MEMORY;
		return ret;
	}
	ret = arg->cookie ? resume(handle, sending) : request(handle, arg, sending);
	if (!ret)
		ret = receive_reply(handle, &to.iter, arg, uarg, sending);
	ipcmbox_buffer_release(&to);
	return ret;
}

/* ioctl(CALL). */
long ipcmbox_call_call(struct ipcmbox_ioctl *call)
{
	struct ipcmbox_handle *handle = call->file->private_data;
	struct ipcmbox_call __user *uarg = call->uarg;
	struct ipcmbox_call *arg = &call->arg.call;
	struct ipcmbox_deadline deadline;
	struct ipcmbox_caller caller = {};
	struct ipcmbox_sending sending = {
		.mailbox = handle->mailbox,
		.thread = call->thread,
		.deadline = &deadline,
		.priority = arg->priority,
		.completion = IPCMBOX_HANDLED,
		.cookie = arg->cookie,
		.home = handle,
		.caller = &caller,
	};
	long ret;

	ret = check_call(arg);
	if (ret)
		return ret;
	/* An event has many receivers, and no reply. */
	if (handle->mailbox->port.of_event)
		return -EINVAL;
	if (!(call->file->f_mode & FMODE_WRITE))
		return -EACCES;
	if (arg->flags & IPCMBOX_CALL_CANCEL)
		return cancel(handle, arg->cookie) ?: put_user(0, &uarg->cookie);
	ret = ipcmbox_messaging_deadline(&deadline, call->file_flags, arg->flags, arg->clock,
					 arg->deadline_ns);
	if (ret)
		return ret;

	ret = request_and_receive(handle, arg, uarg, &sending);

	if ((ret == -EAGAIN && !(call->file_flags & IPCMBOX_TRY)) || (ret < 0 && sending.limit))
		put_user(sending.limit, &uarg->limit);
	if (sending.cookie != arg->cookie && put_user(sending.cookie, &uarg->cookie)) {
		/* Nobody could ever ask for it. */
		if (sending.cookie)
			cancel(handle, sending.cookie);
		return -EFAULT;
	}
	return ret;
}

/* Replying. */

static struct ipcmbox_message *import_reply(const struct ipcmbox_ioctl *call,
					    const struct ipcmbox_reply *arg, u32 *limit)
{
	struct ipcmbox_handle *handle = call->file->private_data;
	struct ipcmbox_sending sending = { .mailbox = handle->mailbox, .thread = call->thread };
	struct ipcmbox_message *message;
	struct ipcmbox_buffer from __uninitialized;
	int ret = 0;

	if (arg->nr_fds)
		ret = ipcmbox_files_import_for_reply(&sending, arg->fds_ptr, arg->nr_fds);
	if (!ret && arg->flags & IPCMBOX_MOVE)
		ret = ipcmbox_move_files(&sending);
	if (ret) {
		ipcmbox_files_put(sending.files);
		*limit = sending.limit;
		return ERR_PTR(ret);
	}

	ret = ipcmbox_buffer_import(&from, ITER_SOURCE, arg->buf_ptr, arg->buf_len, arg->flags);
	if (ret) {
		if (ret == -ENOMEM)
			*limit = IPCMBOX_LIMIT_MEMORY;
		ipcmbox_files_put(sending.files);
		return ERR_PTR(ret);
	}
	sending.from = &from.iter;
	message = ipcmbox_transfer_import(handle, &sending);
	ipcmbox_files_put(sending.files);
	ipcmbox_buffer_release(&from);
	*limit = sending.limit;
	return message;
}

/* Returns 0 or an error of struct ipcmbox_reply. */
static int reply(const struct ipcmbox_ioctl *call, struct ipcmbox_reply *arg,
		 struct ipcmbox_reply __user *uarg)
{
	struct ipcmbox_handle *handle = call->file->private_data;
	struct ipcmbox_port *port = &handle->mailbox->port;
	struct ipcmbox_message *message;
	u32 limit = IPCMBOX_LIMIT_NONE;
	struct ipcmbox_wakes wakes __uninitialized;
	int ret;

	if (arg->flags & ~REPLY_VALID || arg->__reserved || !arg->token ||
	    (arg->flags & IPCMBOX_MOVE && !arg->nr_fds))
		return -EINVAL;
	message = import_reply(call, arg, &limit);
	if (IS_ERR(message)) {
		if (limit)
			put_user(limit, &uarg->limit);
		return PTR_ERR(message);
	}
	message->content->status = arg->status;

	ipcmbox_wakes_init(&wakes);
	spin_lock(&port->lock);
	ret = ipcmbox_hold_reply(port, arg->token, message, &wakes);
	spin_unlock(&port->lock);
	ipcmbox_wakes_flush(&wakes, &port->pollers);
	if (ret)
		ipcmbox_message_put(message);
	return ret;
}

/* ioctl(REPLY). */
long ipcmbox_call_reply(struct ipcmbox_ioctl *call)
{
	if (!(call->file->f_mode & FMODE_READ))
		return -EACCES;
	return reply(call, &call->arg.reply, call->uarg);
}

/* Returns 0 or an error; a caller that is gone is none. */
static int reply_first(const struct ipcmbox_ioctl *call, const struct ipcmbox_reply_recv *arg)
{
	struct ipcmbox_reply __user *uarg = u64_to_user_ptr(arg->reply_ptr);
	struct ipcmbox_reply reply_arg __uninitialized;
	int ret;

	ret = ipcmbox_ioctl_import(&reply_arg, sizeof(reply_arg), uarg, arg->reply_size);
	if (ret || !reply_arg.token)
		return ret;

	ret = reply(call, &reply_arg, uarg);
	return ret == -EPIPE || ret == -ESTALE ? 0 : ret;
}

/* ioctl(REPLY_RECV). */
long ipcmbox_call_reply_recv(struct ipcmbox_ioctl *call)
{
	const struct ipcmbox_reply_recv arg = call->arg.reply_recv;
	struct ipcmbox_reply __user *ureply = u64_to_user_ptr(arg.reply_ptr);
	struct ipcmbox_recv __user *urecv = u64_to_user_ptr(arg.recv_ptr);
	struct ipcmbox_recv recv __uninitialized;
	long ret;

	if (!(call->file->f_mode & FMODE_READ))
		return -EACCES;
	if (arg.reply_size < REPLY_SIZE_MIN || arg.recv_size < RECV_SIZE_MIN ||
	    arg.reply_size > PAGE_SIZE || arg.recv_size > PAGE_SIZE)
		return -EINVAL;
	if (arg.reply_ptr != (unsigned long)arg.reply_ptr ||
	    arg.recv_ptr != (unsigned long)arg.recv_ptr)
		return -EFAULT;
	ret = ipcmbox_ioctl_import(&recv, sizeof(recv), urecv, arg.recv_size);
	if (ret)
		return ret;

	ret = reply_first(call, &arg);
	if (ret)
		return ret;
	/*
	 * The caller may run on this CPU: it then sends its next request before this task looks
	 * for it, and need not be waited for.
	 */
	cond_resched();
	ret = ipcmbox_messaging_receive(call, &recv, urecv, arg.recv_size);
	if (ret < 0)
		put_user(0, &ureply->token);
	return ret;
}

/* Settling without a reply. */

static int refuse(struct ipcmbox_mailbox *mailbox, u64 token)
{
	struct ipcmbox_port *port = &mailbox->port;
	struct ipcmbox_message *dead = NULL;
	struct ipcmbox_wakes wakes;
	int ret;

	ipcmbox_wakes_init(&wakes);
	spin_lock(&port->lock);
	ret = ipcmbox_hold_refuse(port, token, &dead, &wakes);
	spin_unlock(&port->lock);
	/* Its caller does not go on before the wakes are flushed. */
	if (dead && ipcmbox_message_keep(dead)) {
		ipcmbox_message_put(dead);
		dead = NULL;
	}
	ipcmbox_wakes_flush(&wakes, &port->pollers);
	ipcmbox_lease_bury(mailbox, dead);
	return ret;
}

static int acknowledge(struct ipcmbox_port *port, u64 token)
{
	struct ipcmbox_wakes wakes;
	int ret;

	ipcmbox_wakes_init(&wakes);
	spin_lock(&port->lock);
	ret = ipcmbox_hold_reply(port, token, NULL, &wakes);
	spin_unlock(&port->lock);
	ipcmbox_wakes_flush(&wakes, &port->pollers);
	return ret;
}

static int renew(struct ipcmbox_port *port, u64 token, u64 lease_ns)
{
	int ret;

	spin_lock(&port->lock);
	ret = ipcmbox_hold_renew(port, token, lease_ns);
	spin_unlock(&port->lock);
	return ret;
}

/* ioctl(SETTLE). */
long ipcmbox_call_settle(struct ipcmbox_ioctl *call)
{
	const struct ipcmbox_settle *arg = &call->arg.settle;
	struct ipcmbox_handle *handle = call->file->private_data;

	if (arg->__reserved || !arg->token)
		return -EINVAL;
	if (arg->action == IPCMBOX_SETTLE_RENEW ? !arg->lease_ns : arg->lease_ns)
		return -EINVAL;
	if (!(call->file->f_mode & FMODE_READ))
		return -EACCES;

	switch (arg->action) {
	case IPCMBOX_SETTLE_ACK:
		return acknowledge(&handle->mailbox->port, arg->token);
	case IPCMBOX_SETTLE_REFUSE:
		return refuse(handle->mailbox, arg->token);
	case IPCMBOX_SETTLE_RENEW:
		return renew(&handle->mailbox->port, arg->token, arg->lease_ns);
	}
	return -EINVAL;
}

/**
 * ipcmbox_call_close() - a handle is closed: settle what was received or called on it
 * @handle: it still has its mailbox, and nobody uses it any more
 *
 * Context: may sleep.
 */
void ipcmbox_call_close(struct ipcmbox_handle *handle)
{
	struct ipcmbox_port *port = &handle->mailbox->port;
	struct ipcmbox_sweep sweep = { .below = U64_MAX };
	struct ipcmbox_wakes wakes;

	do {
		ipcmbox_wakes_init(&wakes);
		spin_lock(&port->lock);
		ipcmbox_hold_close(port, handle, &sweep, &wakes);
		spin_unlock(&port->lock);
		ipcmbox_wakes_flush(&wakes, &port->pollers);
		cond_resched();
	} while (sweep.below);
	ipcmbox_lease_bury(handle->mailbox, sweep.dead);
}
