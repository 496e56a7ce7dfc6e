// SPDX-License-Identifier: GPL-2.0-only
/*
 * Delivery: what a receiver gets in its memory.
 */
#include <linux/pagemap.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include <uapi/linux/ipcmbox.h>

#include "delivery.h"
#include "files.h"
#include "message.h"
#include "transfer.h"
#include "wait.h"

/* What a receiver with room for it is told besides. */
static noinline bool export_more(const struct ipcmbox_waiter *waiter)
{
	const struct ipcmbox_reception *reception = waiter->reception;
	const struct ipcmbox_message *message = waiter->message;
	struct ipcmbox_recv __user *uarg = reception->uarg;
	bool in_vector = reception->in_vector;
	u64 call_deadline_ns = U64_MAX;
	u64 token = 0;

	if (!reception->peek && waiter->conclude && waiter->token) {
		token = waiter->token;
		call_deadline_ns = ipcmbox_deadline_export(&waiter->call_deadline);
	}

	if (!user_write_access_begin(uarg, sizeof(*uarg)))
		return false;
	unsafe_put_user(message->nr_fds, &uarg->nr_fds, fault);
	unsafe_put_user(message->redelivered, &uarg->redelivered, fault);
	unsafe_put_user(message->content->events, &uarg->events, fault);
	unsafe_put_user(token, &uarg->token, fault);
	unsafe_put_user(call_deadline_ns, &uarg->call_deadline_ns, fault);
	if (in_vector)
		unsafe_put_user(message->length, &uarg->result, fault);
	unsafe_put_user(message->completion, &uarg->completion, fault);
	user_write_access_end();
	return true;
fault:
	user_write_access_end();
	return false;
}

/* What a receiver is told of the message. */
static bool export_receipt(const struct ipcmbox_waiter *waiter)
{
	const struct ipcmbox_message *message = waiter->message;
	struct ipcmbox_recv __user *uarg = waiter->reception->uarg;
	struct ipcmbox_identity sender __uninitialized;

	ipcmbox_message_identify(message, &sender);

	if (!user_write_access_begin(uarg, IPCMBOX_RECV_SIZE_V0))
		return false;
	unsafe_put_user(message->length, &uarg->length, fault);
	unsafe_put_user(message->priority, &uarg->priority, fault);
	unsafe_put_user(message->seq, &uarg->seq, fault);
	unsafe_put_user(waiter->lost, &uarg->lost, fault);
	unsafe_put_user(message->content->endpoint, &uarg->sender_endpoint, fault);
	unsafe_put_user(sender.pid, &uarg->pid, fault);
	unsafe_put_user(sender.tid, &uarg->tid, fault);
	unsafe_put_user(sender.uid, &uarg->uid, fault);
	unsafe_put_user(sender.gid, &uarg->gid, fault);
	unsafe_put_user(IPCMBOX_LIMIT_NONE, &uarg->limit, fault);
	user_write_access_end();

	return likely(!ipcmbox_reception_is_extended(waiter->reception)) || export_more(waiter);
fault:
	user_write_access_end();
	return false;
}

static bool export_length(const struct ipcmbox_waiter *waiter)
{
	struct ipcmbox_part __user *upart = waiter->reception->upart;

	if (!user_write_access_begin(upart, sizeof(*upart)))
		return false;
	unsafe_put_user(waiter->message->length, &upart->result, fault);
	user_write_access_end();
	return true;
fault:
	user_write_access_end();
	return false;
}

static bool export_description(const struct ipcmbox_waiter *waiter)
{
	const struct ipcmbox_reception *reception = waiter->reception;

	if (reception->uarg)
		return export_receipt(waiter);
	return !reception->upart || export_length(waiter);
}

/**
 * ipcmbox_delivery_export() - copy payload and description
 * @waiter: of the receiver, with its message
 *
 * Context: process context; page faults are disabled meanwhile.
 * Return: whether user memory was all present; else nothing is to be made of what was copied.
 */
bool ipcmbox_delivery_export(const struct ipcmbox_waiter *waiter)
{
	const struct ipcmbox_reception *reception = waiter->reception;
	bool done;

	pagefault_disable();
	done = ipcmbox_message_copy_out(waiter->message, reception->to) &&
	       export_description(waiter);
	pagefault_enable();
	return done;
}

/**
 * ipcmbox_delivery_fault_in() - make the receiver's memory present
 * @reception: of the calling task
 * @length: of its message
 *
 * Writes to the buffer, as the program itself would: that also grows a stack. The structure was
 * just read, so it exists; it may only have to be made writable.
 *
 * Context: may sleep and fault, no locks held.
 * Return: 0 or -EFAULT.
 */
int ipcmbox_delivery_fault_in(const struct ipcmbox_reception *reception, size_t length)
{
	struct iov_iter to = *reception->to;

	if (iov_iter_zero(length, &to) != length)
		return -EFAULT;
	if (reception->max_fds && !reception->peek &&
	    fault_in_safe_writeable((void __user *)reception->ufds,
				    reception->max_fds * sizeof(*reception->ufds)))
		return -EFAULT;
	if (reception->uarg && fault_in_safe_writeable((void __user *)reception->uarg,
						       reception->usize))
		return -EFAULT;
	if (reception->upart && fault_in_safe_writeable((void __user *)reception->upart,
							sizeof(*reception->upart)))
		return -EFAULT;
	return 0;
}

/**
 * ipcmbox_delivery_export_files() - hand the descriptors over, after all else was
 * @waiter: of the receiver, with its message
 * @numbers: what was installed; to be recalled on errors other than -EAGAIN
 *
 * Context: process context; page faults are disabled while numbers are written.
 * Return: 0; -EAGAIN the numbers could not be written, nothing has happened; -EMFILE and others.
 */
noinline int ipcmbox_delivery_export_files(const struct ipcmbox_waiter *waiter,
					   struct ipcmbox_numbers *numbers)
{
	const struct ipcmbox_files *files = waiter->message->content->files;
	const struct ipcmbox_reception *reception = waiter->reception;
	int ret;

	if (reception->peek)
		return 0;
	pagefault_disable();
	ret = ipcmbox_files_reserve(files, reception->ufds, numbers);
	pagefault_enable();
	if (ret)
		return ret == -EFAULT ? -EAGAIN : ret;
	return ipcmbox_files_install(files, reception->ufds, numbers);
}
