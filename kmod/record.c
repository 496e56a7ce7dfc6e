// SPDX-License-Identifier: GPL-2.0-only
/*
 * Flight recorder: the last steps of a port's messages.
 */
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/overflow.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/user_namespace.h>

#include <uapi/linux/ipcmbox.h>

#include "handle.h"
#include "ioctl.h"
#include "mailbox.h"
#include "message.h"
#include "port.h"
#include "quota.h"
#include "record.h"
#include "registry.h"
#include "wait.h"

/* An element in the first version of the ABI. */
#define RECORD_SIZE_MIN	56

/* How many records are read under one hold of the lock. */
#define BATCH		64

/**
 * struct entry - a step of a message
 * @time: when, on the host's CLOCK_MONOTONIC
 * @seq: of the message
 * @events: its event bits
 * @process: of its sender, reference; NULL: nothing was recorded here yet
 * @thread: likewise
 * @uid: effective user id of its sender
 * @length: its payload
 * @priority: of the message
 * @step: IPCMBOX_STEP_*
 */
struct entry {
	ktime_t time;
	u64 seq;
	u64 events;
	struct pid *process;
	struct pid *thread;
	kuid_t uid;
	u32 length;
	u16 priority;
	u8 step;
};

/**
 * struct ipcmbox_recorder - the last steps at a port
 * @user: who is charged for it, reference (constant)
 * @size: length of @entries (constant)
 * @count: entries in use (port lock)
 * @next: where the next entry goes (port lock)
 * @entries: a ring (port lock)
 */
struct ipcmbox_recorder {
	struct ipcmbox_user *user;
	u32 size;
	u32 count;
	u32 next;
	struct entry entries[];
};

static size_t bytes_of(u32 size)
{
	return struct_size((struct ipcmbox_recorder *)NULL, entries, size);
}

/**
 * ipcmbox_recorder_new() - make a recorder
 * @registry: where it belongs
 * @size: how many steps it keeps, 1 to IPCMBOX_RECORDER_MAX
 *
 * It is charged to the budget of the calling user.
 *
 * Context: may sleep.
 * Return: the recorder, or -EDQUOT, -ENOMEM.
 */
struct ipcmbox_recorder *ipcmbox_recorder_new(struct ipcmbox_registry *registry, u32 size)
{
	struct ipcmbox_recorder *recorder;
	struct ipcmbox_user *user;

	user = ipcmbox_user_find(&registry->users, current_uid());
	if (!user)
		return ERR_PTR(-ENOMEM);
	if (!ipcmbox_user_charge_bytes(user, bytes_of(size))) {
		ipcmbox_user_put(user);
		return ERR_PTR(-EDQUOT);
	}

	recorder = kvzalloc(bytes_of(size), IPCMBOX_GFP);
	if (!recorder) {
		ipcmbox_user_uncharge_bytes(user, bytes_of(size));
		ipcmbox_user_put(user);
		return ERR_PTR(-ENOMEM);
	}
	recorder->user = user;
	recorder->size = size;
	return recorder;
}

/**
 * ipcmbox_recorder_free() - free a recorder
 * @recorder: of no port any more, or NULL
 *
 * Context: may sleep.
 */
void ipcmbox_recorder_free(struct ipcmbox_recorder *recorder)
{
	u32 i;

	if (!recorder)
		return;
	for (i = 0; i < recorder->count; i++) {
		put_pid(recorder->entries[i].process);
		put_pid(recorder->entries[i].thread);
		cond_resched();
	}
	ipcmbox_user_uncharge_bytes(recorder->user, bytes_of(recorder->size));
	ipcmbox_user_put(recorder->user);
	kvfree(recorder);
}

/**
 * ipcmbox_recorder_swap() - set or remove the recorder of a port
 * @port: the port
 * @recorder: the new one, or NULL
 *
 * Context: takes the port's lock.
 * Return: the old one, or NULL.
 */
struct ipcmbox_recorder *ipcmbox_recorder_swap(struct ipcmbox_port *port,
					       struct ipcmbox_recorder *recorder)
{
	spin_lock(&port->lock);
	swap(port->recorder, recorder);
	spin_unlock(&port->lock);
	return recorder;
}

/**
 * ipcmbox_recorder_size() - how many steps a port's recorder keeps
 * @port: the port
 *
 * Context: the port's lock is held.
 */
u32 ipcmbox_recorder_size(const struct ipcmbox_port *port)
{
	lockdep_assert_held(&port->lock);

	return port->recorder ? port->recorder->size : 0;
}

/**
 * ipcmbox_recorder_add() - record a step
 * @port: has a recorder
 * @message: what it happens to
 * @step: IPCMBOX_STEP_*
 *
 * Context: the port's lock is held.
 */
void ipcmbox_recorder_add(struct ipcmbox_port *port, const struct ipcmbox_message *message,
			  u32 step)
{
	struct ipcmbox_recorder *recorder = port->recorder;
	const struct ipcmbox_content *content = message->content;
	struct entry *entry = &recorder->entries[recorder->next];

	lockdep_assert_held(&port->lock);

	put_pid(entry->process);
	put_pid(entry->thread);
	*entry = (struct entry){
		.time = ktime_get(),
		.seq = message->seq,
		.events = content->events,
		.process = get_pid(content->tgid),
		.thread = get_pid(content->tid),
		.uid = content->uid,
		.length = message->length,
		.priority = message->priority,
		.step = step,
	};
	port->steps++;
	recorder->count = min(recorder->count + 1, recorder->size);
	recorder->next = recorder->next + 1 < recorder->size ? recorder->next + 1 : 0;
}

/* ioctl(RECORD). */

/**
 * struct batch - records that have been read
 * @serial: of the first
 * @count: how many
 * @entries: with references to the process ids
 */
struct batch {
	u64 serial;
	u32 count;
	struct entry entries[BATCH];
};

/* Reads up to @max records after @after. */
static void batch_read(struct ipcmbox_port *port, u64 after, u32 max, struct batch *batch)
{
	const struct ipcmbox_recorder *recorder;
	u32 i, at;

	batch->count = 0;
	spin_lock(&port->lock);
	recorder = port->recorder;
	if (recorder && after < port->steps) {
		batch->serial = max(after, port->steps - recorder->count) + 1;
		batch->count = min_t(u64, port->steps - batch->serial + 1, min_t(u32, max, BATCH));
		at = (recorder->next + recorder->size - (port->steps - batch->serial + 1)) %
		     recorder->size;
		for (i = 0; i < batch->count; i++) {
			batch->entries[i] = recorder->entries[(at + i) % recorder->size];
			get_pid(batch->entries[i].process);
			get_pid(batch->entries[i].thread);
		}
	}
	spin_unlock(&port->lock);
}

static void batch_forget(struct batch *batch)
{
	u32 i;

	for (i = 0; i < batch->count; i++) {
		put_pid(batch->entries[i].process);
		put_pid(batch->entries[i].thread);
	}
}

static void describe(const struct entry *entry, u64 serial, struct ipcmbox_record *record)
{
	struct ipcmbox_deadline time = { .clock = CLOCK_MONOTONIC, .expires = entry->time };
	struct pid_namespace *pid_ns = task_active_pid_ns(current);

	memset(record, 0, sizeof(*record));
	record->serial = serial;
	record->time_ns = ipcmbox_deadline_export(&time);
	record->seq = entry->seq;
	record->events = entry->events;
	record->pid = pid_nr_ns(entry->process, pid_ns);
	record->tid = pid_nr_ns(entry->thread, pid_ns);
	record->uid = from_kuid_munged(current_user_ns(), entry->uid);
	record->length = entry->length;
	record->priority = entry->priority;
	record->step = entry->step;
}

static int batch_copy_out(const struct batch *batch, void __user *to, size_t element_size)
{
	struct ipcmbox_record record;
	size_t size = min(element_size, sizeof(record));
	u32 i;

	for (i = 0; i < batch->count; i++, to += element_size) {
		describe(&batch->entries[i], batch->serial + i, &record);
		if (copy_to_user(to, &record, size) ||
		    (element_size > size && clear_user(to + size, element_size - size)))
			return -EFAULT;
	}
	return 0;
}

/* Returns how many elements were written, or -EFAULT. */
static long copy_out(struct ipcmbox_port *port, const struct ipcmbox_record_list *arg,
		     struct batch *batch)
{
	void __user *to = u64_to_user_ptr(arg->buf_ptr);
	u64 after = arg->after;
	u32 done = 0;
	int ret;

	while (done < arg->count && !fatal_signal_pending(current)) {
		batch_read(port, after, arg->count - done, batch);
		if (!batch->count)
			break;
		ret = batch_copy_out(batch, to, arg->element_size);
		batch_forget(batch);
		if (ret)
			return ret;
		after = batch->serial + batch->count - 1;
		done += batch->count;
		to += (size_t)batch->count * arg->element_size;
		cond_resched();
	}
	return done;
}

/**
 * ipcmbox_recorder_ioctl() - ioctl(RECORD) on a mailbox
 * @call: the command
 *
 * Return: 0, or an error of struct ipcmbox_record_list.
 */
long ipcmbox_recorder_ioctl(struct ipcmbox_ioctl *call)
{
	struct ipcmbox_handle *handle = call->file->private_data;
	struct ipcmbox_record_list *arg = &call->arg.record;
	struct batch *batch;
	long ret;

	if (!arg->count || arg->element_size < RECORD_SIZE_MIN || arg->element_size > PAGE_SIZE)
		return -EINVAL;
	if (arg->buf_ptr != (unsigned long)arg->buf_ptr)
		return -EFAULT;
	if (!ipcmbox_mailbox_may_administer(handle->mailbox))
		return -EPERM;

	batch = kmalloc(sizeof(*batch), GFP_KERNEL);
	if (!batch)
		return -ENOMEM;
	ret = copy_out(&handle->mailbox->port, arg, batch);
	kfree(batch);
	if (ret < 0)
		return ret;

	arg->count = ret;
	return ipcmbox_ioctl_reply(call, arg, sizeof(*arg));
}
