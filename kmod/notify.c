// SPDX-License-Identifier: GPL-2.0-only
/*
 * Notification: telling that there is something to receive.
 */
#include <linux/compiler.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/eventfd.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/signal.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>

#include <uapi/linux/ipcmbox.h>

#include "compat.h"
#include "handle.h"
#include "ioctl.h"
#include "mailbox.h"
#include "message.h"
#include "notify.h"
#include "port.h"
#include "quota.h"
#include "wait.h"

/**
 * struct ipcmbox_notification - a process that wants to be told
 * @next: when taken off: the next in &ipcmbox_wakes.notifications
 * @handle: on which it registered, only to be compared (constant)
 * @process: who registered, reference (constant)
 * @thread: of it, reference (constant)
 * @exec_id: of the program it was (constant)
 * @eventfd: to add to, reference; NULL: it gets a signal (constant)
 * @signo: which (constant)
 * @value: comes with it (constant)
 * @sender: when taken off: process that sent the message, reference; NULL before
 * @sender_uid: its effective user id
 */
struct ipcmbox_notification {
	struct ipcmbox_notification *next;
	const struct ipcmbox_handle *handle;
	struct pid *process;
	struct pid *thread;
	u64 exec_id;
	struct eventfd_ctx *eventfd;
	int signo;
	u64 value;
	struct pid *sender;
	kuid_t sender_uid;
};

static void notification_free(struct ipcmbox_notification *notification)
{
	if (!notification)
		return;
	if (notification->eventfd)
		eventfd_ctx_put(notification->eventfd);
	put_pid(notification->process);
	put_pid(notification->thread);
	put_pid(notification->sender);
	kfree(notification);
}

/* Returns its first thread, under RCU; NULL if it has died or is another program now. */
static struct task_struct *registered_process(const struct ipcmbox_notification *notification)
{
	struct task_struct *task = pid_task(notification->process, PIDTYPE_TGID);

	return task && task->self_exec_id == notification->exec_id ? task : NULL;
}

/* Telling. */

/**
 * ipcmbox_notify_arrival() - there is a message to receive
 * @port: has a registration
 * @message: queued or pending now
 * @wakes: to flush
 *
 * Context: the port's lock is held.
 */
void ipcmbox_notify_arrival(struct ipcmbox_port *port, const struct ipcmbox_message *message,
			    struct ipcmbox_wakes *wakes)
{
	struct ipcmbox_notification *notification = port->notification;

	lockdep_assert_held(&port->lock);

	if (port->queue.count + port->pending.count != 1)
		return;
	WRITE_ONCE(port->notification, NULL);
	notification->sender = get_pid(message->content->tgid);
	notification->sender_uid = message->content->uid;
	notification->next = wakes->notifications;
	wakes->notifications = notification;
	wakes->rare |= IPCMBOX_WAKES_NOTIFY;
}

/*
 * A guess, as the thread can change its mind at any time: then the signal waits for it as any
 * other does. While it waits for the signal in sigwaitinfo(2) it does not block it.
 */
static bool takes_signal(struct task_struct *thread, int signo)
{
	if (READ_ONCE(thread->flags) & PF_EXITING)
		return false;
	/* Right or wrong, it is one that the thread has had. */
	return !data_race(sigismember(&thread->blocked, signo));
}

static struct task_struct *choose_thread(const struct ipcmbox_notification *notification,
					 struct task_struct *process)
{
	struct task_struct *registrant = pid_task(notification->thread, PIDTYPE_PID);
	struct task_struct *thread;

	if (registrant && takes_signal(registrant, notification->signo))
		return registrant;
	for_each_thread(process, thread)
		if (takes_signal(thread, notification->signo))
			return thread;
	if (registrant && !(READ_ONCE(registrant->flags) & PF_EXITING))
		return registrant;
	for_each_thread(process, thread)
		if (!(READ_ONCE(thread->flags) & PF_EXITING))
			return thread;
	return NULL;
}

static void deliver_signal(const struct ipcmbox_notification *notification)
{
	struct task_struct *process, *thread;
	struct kernel_siginfo info;

	clear_siginfo(&info);
	info.si_signo = notification->signo;
	info.si_code = SI_MESGQ;
	info.si_value.sival_ptr = (void __user *)(unsigned long)notification->value;
	info.si_pid = pid_nr_ns(notification->sender, ns_of_pid(notification->process));
	/* From the caller's user namespace it is translated to the receiver's. */
	info.si_uid = from_kuid_munged(current_user_ns(), notification->sender_uid);

	rcu_read_lock();
	process = registered_process(notification);
	thread = process ? choose_thread(notification, process) : NULL;
	if (thread)
		send_sig_info(notification->signo, &info, thread);
	rcu_read_unlock();
}

/**
 * ipcmbox_notify_deliver() - tell what there was to tell
 * @notification: taken off its port; and those that follow it
 *
 * Context: no port's lock is held.
 */
void ipcmbox_notify_deliver(struct ipcmbox_notification *notification)
{
	struct ipcmbox_notification *next;

	for (; notification; notification = next) {
		next = notification->next;
		if (notification->eventfd)
			ipcmbox_eventfd_signal(notification->eventfd);
		else
			deliver_signal(notification);
		notification_free(notification);
	}
}

/**
 * ipcmbox_notify_state() - the state of a POSIX queue, in the words of mqueue
 * @port: its port
 * @text: where the words go, without a NUL that counts
 * @size: room there
 *
 * Return: the length.
 */
size_t ipcmbox_notify_state(struct ipcmbox_port *port, char *text, size_t size)
{
	const struct ipcmbox_notification *notification;
	int how = 0, signo = 0;
	pid_t pid = 0;
	u64 bytes;

	spin_lock(&port->lock);
	bytes = port->queue.bytes;
	notification = port->notification;
	if (notification) {
		how = notification->eventfd ? SIGEV_THREAD : SIGEV_SIGNAL;
		signo = notification->signo;
		pid = pid_vnr(notification->process);
	}
	spin_unlock(&port->lock);
	return scnprintf(text, size, "QSIZE:%-10llu NOTIFY:%-5d SIGNO:%-5d NOTIFY_PID:%-6d\n",
			 bytes, how, signo, pid);
}

/* Registering. */

/* It will never be told. */
static bool is_void(const struct ipcmbox_notification *notification)
{
	bool is_void;

	rcu_read_lock();
	is_void = notification->eventfd ? !pid_task(notification->process, PIDTYPE_TGID) :
					  !registered_process(notification);
	rcu_read_unlock();
	return is_void;
}

/* Returns what is to be freed. */
static struct ipcmbox_notification *take_off(struct ipcmbox_port *port,
					     const struct ipcmbox_handle *handle,
					     const struct pid *process)
{
	struct ipcmbox_notification *notification;

	spin_lock(&port->lock);
	notification = port->notification;
	if (notification && (!handle || notification->handle == handle) &&
	    (!process || notification->process == process))
		WRITE_ONCE(port->notification, NULL);
	else
		notification = NULL;
	spin_unlock(&port->lock);
	return notification;
}

/**
 * ipcmbox_notify_flush() - the calling process closes a descriptor, or dies
 * @handle: the descriptor's
 */
void ipcmbox_notify_flush(struct ipcmbox_handle *handle)
{
	struct ipcmbox_port *port = &handle->mailbox->port;

	/* What another thread of the process is about to register may be in time or not. */
	if (READ_ONCE(port->notification))
		notification_free(take_off(port, handle, task_tgid(current)));
}

/**
 * ipcmbox_notify_close() - a handle ends
 * @handle: nobody can use it any more
 */
void ipcmbox_notify_close(struct ipcmbox_handle *handle)
{
	struct ipcmbox_port *port = &handle->mailbox->port;

	if (READ_ONCE(port->notification))
		notification_free(take_off(port, handle, NULL));
}

static int check_notify(const struct ipcmbox_notify *arg)
{
	if (arg->__reserved)
		return -EINVAL;
	switch (arg->method) {
	case IPCMBOX_NOTIFY_NONE:
		return arg->signo || arg->eventfd || arg->value ? -EINVAL : 0;
	case IPCMBOX_NOTIFY_SIGNAL:
		return !arg->signo || !valid_signal(arg->signo) || arg->eventfd ? -EINVAL : 0;
	case IPCMBOX_NOTIFY_EVENTFD:
		/* No kernel since 6.8 can add more. */
		return arg->signo || arg->value != 1 ? -EINVAL : 0;
	}
	return -EINVAL;
}

static struct ipcmbox_notification *notification_new(const struct ipcmbox_handle *handle,
						     const struct ipcmbox_notify *arg)
{
	struct ipcmbox_notification *notification;
	struct eventfd_ctx *eventfd = NULL;

	if (arg->method == IPCMBOX_NOTIFY_EVENTFD) {
		eventfd = eventfd_ctx_fdget(arg->eventfd);
		if (IS_ERR(eventfd))
			return ERR_CAST(eventfd);
	}

	notification = kzalloc(sizeof(*notification), IPCMBOX_GFP);
	if (!notification) {
		if (eventfd)
			eventfd_ctx_put(eventfd);
		return ERR_PTR(-ENOMEM);
	}
	notification->handle = handle;
	notification->process = get_pid(task_tgid(current));
	notification->thread = get_pid(task_pid(current));
	notification->exec_id = current->self_exec_id;
	notification->eventfd = eventfd;
	notification->signo = arg->signo;
	notification->value = arg->value;
	return notification;
}

static int put_on(struct ipcmbox_port *port, struct ipcmbox_notification *notification)
{
	struct ipcmbox_notification *old;
	int ret = 0;

	spin_lock(&port->lock);
	old = port->notification;
	if (old && !is_void(old)) {
		old = notification;
		ret = -EBUSY;
	} else {
		WRITE_ONCE(port->notification, notification);
	}
	spin_unlock(&port->lock);
	notification_free(old);
	return ret;
}

/**
 * ipcmbox_notify_ioctl() - ioctl(NOTIFY) on a mailbox
 * @call: the command
 *
 * Return: 0, or an error of struct ipcmbox_notify.
 */
long ipcmbox_notify_ioctl(struct ipcmbox_ioctl *call)
{
	struct ipcmbox_handle *handle = call->file->private_data;
	const struct ipcmbox_notify *arg = &call->arg.notify;
	struct ipcmbox_port *port = &handle->mailbox->port;
	struct ipcmbox_notification *notification;
	int ret;

	ret = check_notify(arg);
	if (ret)
		return ret;
	if (!(call->file->f_mode & FMODE_READ) && !ipcmbox_mailbox_is_posix(handle->mailbox))
		return -EACCES;

	if (arg->method == IPCMBOX_NOTIFY_NONE) {
		notification_free(take_off(port, NULL, task_tgid(current)));
		return 0;
	}
	/* Its members receive what it is sent. */
	if (handle->mailbox->discipline == IPCMBOX_EVENT)
		return -EINVAL;

	notification = notification_new(handle, arg);
	if (IS_ERR(notification))
		return PTR_ERR(notification);
	return put_on(port, notification);
}
