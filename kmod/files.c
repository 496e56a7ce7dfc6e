// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files: descriptors in messages.
 */
#include <linux/fcntl.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/lockdep.h>
#include <linux/magic.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <uapi/linux/ipcmbox.h>

#include "channel.h"
#include "compat.h"
#include "event.h"
#include "exchange.h"
#include "files.h"
#include "handle.h"
#include "mailbox.h"
#include "quota.h"
#include "registry.h"
#include "transfer.h"
#include "view.h"
#include "wait.h"

/* What is refused, and why; see files.h. */

static bool is_unix_socket(struct file *file)
{
	const struct proto_ops *ops;
	struct socket *sock;

	sock = IS_ENABLED(CONFIG_NET) ? sock_from_file(file) : NULL;
	ops = sock ? READ_ONCE(sock->ops) : NULL;
	return ops && ops->family == PF_UNIX;
}

/* There is no test for modules to use; but nothing else can have this name there. */
static bool is_io_uring(const struct file *file)
{
	return file_inode(file)->i_sb->s_magic == ANON_INODE_FS_MAGIC &&
	       !strcmp(file->f_path.dentry->d_name.name, "[io_uring]");
}

/*
 * Of what this module makes, only handles that cannot receive lead to nothing but a mailbox, views
 * to nothing but memory, and handles of channels to nothing that holds messages.
 */
static bool is_receiving(const struct file *file)
{
	return file->f_op->owner == THIS_MODULE && !ipcmbox_view_is_of(file) &&
	       !ipcmbox_channel_is_of(file) &&
	       (!ipcmbox_handle_is_of(file) || file->f_mode & FMODE_READ);
}

static bool leads_to_mailbox(const struct file *file)
{
	return file->f_op->owner == THIS_MODULE && !ipcmbox_view_is_of(file);
}

/* Sending. */

static int import_file(int fd, struct file **filep)
{
	/* Descriptors of O_PATH too: they can be passed on, and the receiver looks what it got. */
	struct file *file = fget_raw(fd);

	if (!file)
		return -EBADF;
	if (is_unix_socket(file) || is_io_uring(file) || is_receiving(file)) {
		fput(file);
		return -ELOOP;
	}
	*filep = file;
	return 0;
}

/**
 * ipcmbox_files_import() - take files for a message from the table of the calling process
 * @sending: @mailbox is set; @files is set on success, @limit on -ENOMEM
 * @fds_ptr: address of the descriptors
 * @nr: how many
 *
 * The message that is imported with @sending takes the files over, and sets @files to NULL; what is
 * there afterwards is still the caller's, to be put.
 *
 * Context: may sleep and fault, no locks held.
 * Return: 0, -EINVAL, -EACCES, -EFAULT, -EBADF, -ELOOP, -ENOMEM.
 */
int ipcmbox_files_import(struct ipcmbox_sending *sending, u64 fds_ptr, u32 nr)
{
	struct ipcmbox_files *files;
	s32 fds[IPCMBOX_FDS_MAX];
	int ret;

	if (nr > IPCMBOX_FDS_MAX)
		return -EINVAL;
	if (!sending->mailbox->takes_files)
		return -EACCES;
	if (fds_ptr != (unsigned long)fds_ptr ||
	    copy_from_user(fds, u64_to_user_ptr(fds_ptr), nr * sizeof(*fds)))
		return -EFAULT;

	files = kmalloc(struct_size(files, file, nr), IPCMBOX_GFP);
	if (!files) {
		sending->limit = IPCMBOX_LIMIT_MEMORY;
		return -ENOMEM;
	}
	for (files->nr = 0; files->nr < nr; files->nr++) {
		ret = import_file(fds[files->nr], &files->file[files->nr]);
		if (ret) {
			ipcmbox_files_put(files);
			return ret;
		}
	}
	sending->files = files;
	return 0;
}

/**
 * ipcmbox_files_import_for_reply() - as ipcmbox_files_import(), for a reply
 * @sending: @mailbox is set; @files is set on success, @limit on -ENOMEM
 * @fds_ptr: address of the descriptors
 * @nr: how many
 *
 * A reply can be kept for a caller that is away, until its handle is closed: it must not be the one
 * that holds this handle, not even through another reply that is kept.
 *
 * Context: may sleep and fault, no locks held.
 * Return: as ipcmbox_files_import(); -ELOOP also for whatever this module has made but segments.
 */
int ipcmbox_files_import_for_reply(struct ipcmbox_sending *sending, u64 fds_ptr, u32 nr)
{
	int ret;
	u32 i;

	ret = ipcmbox_files_import(sending, fds_ptr, nr);
	for (i = 0; !ret && i < nr; i++)
		if (leads_to_mailbox(sending->files->file[i]))
			ret = -ELOOP;
	if (ret && sending->files) {
		ipcmbox_files_put(sending->files);
		sending->files = NULL;
	}
	return ret;
}

/**
 * ipcmbox_files_put() - drop the files of a message
 * @files: or NULL
 *
 * Context: any without a port's lock.
 */
void ipcmbox_files_put(struct ipcmbox_files *files)
{
	u32 i;

	if (!files)
		return;
	for (i = 0; i < files->nr; i++)
		fput(files->file[i]);
	kfree(files);
}

/* Receiving. */

static bool tell(const struct ipcmbox_numbers *numbers, s32 __user *ufds)
{
	return !copy_to_user(ufds, numbers->fd, numbers->nr * sizeof(*ufds));
}

/* From number @i on. */
static void release(struct ipcmbox_numbers *numbers, u32 i)
{
	while (numbers->nr > i)
		put_unused_fd(numbers->fd[--numbers->nr]);
}

/**
 * ipcmbox_files_reserve() - reserve descriptors for the files of a message, and tell the numbers
 * @files: of the message
 * @ufds: where the numbers go
 * @numbers: set, to be installed if this succeeds
 *
 * Context: process context; @ufds is faulted in unless the caller has disabled that.
 * Return: 0; -EMFILE, -ENOMEM; -EFAULT the numbers could not be written.
 */
int ipcmbox_files_reserve(const struct ipcmbox_files *files, s32 __user *ufds,
			  struct ipcmbox_numbers *numbers)
{
	int fd = -EFAULT;

	for (numbers->nr = 0; numbers->nr < files->nr; numbers->nr++) {
		fd = get_unused_fd_flags(O_CLOEXEC);
		if (fd < 0)
			goto err_release;
		numbers->fd[numbers->nr] = fd;
	}
	if (tell(numbers, ufds))
		return 0;
	fd = -EFAULT;

err_release:
	release(numbers, 0);
	return fd;
}

/* Returns 0 with @fd set, or -EMFILE, -ENOMEM. */
static int install(struct file *file, s32 *fd)
{
	int ret = ipcmbox_receive_fd(file, O_CLOEXEC);

	if (ret == -EMFILE || ret == -ENOMEM)
		return ret;
	/* A security module's refusal. */
	*fd = ret < 0 ? -1 : ret;
	return 0;
}

/**
 * ipcmbox_files_install() - give the calling process the files of a message
 * @files: of the message
 * @ufds: where the numbers are already
 * @numbers: reserved; if this fails, those that are to be recalled
 *
 * Context: may sleep, no locks held.
 * Return: 0; or, because another thread was in the way: -EMFILE, -ENOMEM, -EFAULT.
 */
int ipcmbox_files_install(const struct ipcmbox_files *files, s32 __user *ufds,
			  struct ipcmbox_numbers *numbers)
{
	bool same = true;
	u32 i, nr = numbers->nr;
	s32 fd;
	int ret;

	for (i = 0; i < nr; i++) {
		put_unused_fd(numbers->fd[i]);
		ret = install(files->file[i], &fd);
		if (ret) {
			release(numbers, i + 1);
			numbers->nr = i;
			return ret;
		}
		same &= fd == numbers->fd[i];
		numbers->fd[i] = fd;
	}
	if (likely(same))
		return 0;

	pagefault_disable();
	same = tell(numbers, ufds);
	pagefault_enable();
	return same ? 0 : -EFAULT;
}

/**
 * ipcmbox_files_recall() - take back from the calling process what was installed
 * @numbers: installed
 *
 * Closing can wait for whoever serves the file; so must nobody for the caller.
 *
 * Context: may sleep, no locks held.
 */
void ipcmbox_files_recall(struct ipcmbox_numbers *numbers)
{
	while (numbers->nr)
		if (numbers->fd[--numbers->nr] >= 0)
			close_fd(numbers->fd[numbers->nr]);
}

/* Whether a mailbox takes files at all. */

static bool refuses_files(const struct ipcmbox_mailbox *mailbox)
{
	return !mailbox->entry.readers && (!mailbox->entry.is_named || mailbox->entry.is_transient);
}

/**
 * ipcmbox_files_update() - descriptors or the name of a mailbox have changed
 * @mailbox: one that takes files
 *
 * Context: the registry's lock is held.
 */
void ipcmbox_files_update(struct ipcmbox_mailbox *mailbox)
{
	struct ipcmbox_port *port = &mailbox->port;
	bool refuse = refuses_files(mailbox), more;
	struct ipcmbox_wakes wakes;

	lockdep_assert_held(&mailbox->registry->lock);

	if (mailbox->event) {
		ipcmbox_event_refuse_files(mailbox->event, refuse);
		return;
	}
	do {
		ipcmbox_wakes_init(&wakes);
		spin_lock(&port->lock);
		more = ipcmbox_port_refuse_files(port, refuse, &wakes);
		spin_unlock(&port->lock);
		ipcmbox_wakes_flush(&wakes, &port->pollers);
		cond_resched();
	} while (more);
}
