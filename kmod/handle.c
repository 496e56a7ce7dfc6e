// SPDX-License-Identifier: GPL-2.0-only
/*
 * Handles: file operations of a mailbox descriptor.
 */
#include <linux/anon_inodes.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/minmax.h>
#include <linux/nospec.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include <uapi/linux/ipcmbox.h>

#include "call.h"
#include "endpoint.h"
#include "event.h"
#include "handle.h"
#include "ioctl.h"
#include "lane.h"
#include "mailbox.h"
#include "notify.h"
#include "quota.h"
#include "registry.h"
#include "show.h"
#include "transfer.h"
#include "uring.h"
#include "wait.h"

static void deadline_of_iocb(struct ipcmbox_deadline *deadline, const struct kiocb *iocb)
{
	bool nonblock = iocb->ki_filp->f_flags & O_NONBLOCK || iocb->ki_flags & IOCB_NOWAIT;

	ipcmbox_deadline_import(deadline, nonblock ? IPCMBOX_NONBLOCK : 0, 0, 0);
}

/* As a file of mqueue has it, but always from its beginning. */
static ssize_t read_state(struct ipcmbox_port *port, struct iov_iter *to)
{
	size_t wanted = iov_iter_count(to);
	char text[128];
	size_t length, copied;

	length = ipcmbox_notify_state(port, text, sizeof(text));
	copied = copy_to_iter(text, min(length, wanted), to);
	return copied || !wanted ? copied : -EFAULT;
}

static ssize_t handle_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct ipcmbox_handle *handle = iocb->ki_filp->private_data;
	struct ipcmbox_deadline deadline;
	struct ipcmbox_reception reception = {
		.handle = handle,
		.thread = task_pid(current),
		.to = to,
		.deadline = &deadline,
		.room = iov_iter_count(to),
	};

	if (ipcmbox_mailbox_is_posix(handle->mailbox))
		return read_state(&handle->mailbox->port, to);
	deadline_of_iocb(&deadline, iocb);
	return ipcmbox_transfer_receive(&reception);
}

static ssize_t handle_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct ipcmbox_handle *handle = iocb->ki_filp->private_data;
	struct ipcmbox_deadline deadline;
	struct ipcmbox_sending sending = {
		.mailbox = ipcmbox_handle_target(handle),
		.thread = task_pid(current),
		.from = from,
		.deadline = &deadline,
	};
	size_t length = iov_iter_count(from);
	int ret;

	if (ipcmbox_mailbox_is_posix(handle->mailbox))
		return -EINVAL;
	deadline_of_iocb(&deadline, iocb);
	ret = ipcmbox_transfer_send(handle, &sending);
	if (ret < 0)
		return ret;
	/* A message that the policy dropped was sent as far as write(2) is concerned. */
	return length;
}

/* Whoever polls waits for the owner, among others. */
static noinline __poll_t poll_endpoint(struct ipcmbox_endpoint *endpoint)
{
	if (ipcmbox_endpoint_check(endpoint))
		return EPOLLHUP | IPCMBOX_POLL_SEND;
	ipcmbox_endpoint_watch(endpoint);
	return 0;
}

static __poll_t handle_poll(struct file *file, poll_table *wait)
{
	struct ipcmbox_handle *handle = file->private_data;
	struct ipcmbox_port *port = &handle->mailbox->port;
	__poll_t events;

	/* Queues before it looks; pairs with ipcmbox_wakes_flush(), see port.h. */
	poll_wait(file, &port->pollers, wait);
	events = port->of_event ? ipcmbox_event_poll(handle->mailbox, file, wait) :
				  ipcmbox_port_poll(port);
	if (unlikely(handle->mailbox->endpoint))
		events |= poll_endpoint(handle->mailbox->endpoint);
	if (!(file->f_mode & FMODE_READ))
		events &= ~(EPOLLIN | EPOLLRDNORM);
	if (!(file->f_mode & FMODE_WRITE))
		events &= ~(EPOLLOUT | EPOLLWRNORM);
	return events;
}

/* A process closes one of its descriptors of the file. */
static int handle_flush(struct file *file, fl_owner_t id)
{
	ipcmbox_notify_flush(file->private_data);
	return 0;
}

static int handle_release(struct inode *inode, struct file *file)
{
	struct ipcmbox_handle *handle = file->private_data;

	/* The account belongs to the registry, which the mailbox may be the last to hold. */
	ipcmbox_user_put(handle->user);
	if (handle->mailbox) {
		ipcmbox_notify_close(handle);
		ipcmbox_call_close(handle);
		ipcmbox_mailbox_detach(handle->mailbox, file->f_mode);
	}
	kfree(handle);
	return 0;
}

static const struct file_operations handle_fops = {
	.owner = THIS_MODULE,
	.read_iter = handle_read_iter,
	.write_iter = handle_write_iter,
	.poll = handle_poll,
	.unlocked_ioctl = ipcmbox_ioctl_mailbox,
	.compat_ioctl = compat_ptr_ioctl,
	.uring_cmd = ipcmbox_uring_cmd,
	.flush = handle_flush,
	.release = handle_release,
	.show_fdinfo = ipcmbox_show_fdinfo,
};

/* Whether the file has a handle. */
bool ipcmbox_handle_is_of(const struct file *file)
{
	return file->f_op == &handle_fops;
}

/**
 * ipcmbox_handle_new_of() - make a file for a mailbox of a kind that is yet to be found
 * @registry: of the mailbox
 * @fops: of its kind
 * @access: IPCMBOX_READ, IPCMBOX_WRITE
 * @nonblock: set O_NONBLOCK
 *
 * Context: may sleep.
 * Return: a file whose handle has no mailbox, or -ENOMEM, -ENFILE.
 */
struct file *ipcmbox_handle_new_of(struct ipcmbox_registry *registry,
				   const struct file_operations *fops, u32 access, bool nonblock)
{
	static const int modes[] = {
		[0] = O_ACCMODE,	/* neither */
		[IPCMBOX_READ] = O_RDONLY,
		[IPCMBOX_WRITE] = O_WRONLY,
		[IPCMBOX_READ | IPCMBOX_WRITE] = O_RDWR,
	};
	struct ipcmbox_handle *handle;
	struct file *file;

	handle = kzalloc(sizeof(*handle), IPCMBOX_GFP);
	if (!handle)
		return ERR_PTR(-ENOMEM);

	handle->user = ipcmbox_user_find(&registry->users, current_uid());
	if (!handle->user) {
		kfree(handle);
		return ERR_PTR(-ENOMEM);
	}

	handle->access = access;
	access = array_index_nospec(access, ARRAY_SIZE(modes));
	file = anon_inode_getfile("[ipcmbox]", fops, handle,
				  modes[access] | (nonblock ? O_NONBLOCK : 0));
	if (IS_ERR(file)) {
		ipcmbox_user_put(handle->user);
		kfree(handle);
		return file;
	}
	handle->file = file;
	/* No position, and so no lock that would let a blocked read keep out a write. */
	stream_open(file_inode(file), file);
	return file;
}

/* The same for any mailbox but a channel. */
struct file *ipcmbox_handle_new(struct ipcmbox_registry *registry, u32 access, bool nonblock)
{
	return ipcmbox_handle_new_of(registry, &handle_fops, access, nonblock);
}

/**
 * ipcmbox_handle_discard() - give up a file that never got a mailbox
 * @file: from ipcmbox_handle_new() or one like it, not published
 *
 * The file is released later, when the registry may be gone: nothing of it must be left.
 */
void ipcmbox_handle_discard(struct file *file)
{
	struct ipcmbox_handle *handle = file->private_data;

	ipcmbox_lane_put(handle->lane);
	handle->lane = NULL;
	ipcmbox_user_put(handle->user);
	handle->user = NULL;
	fput(file);
}
