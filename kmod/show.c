// SPDX-License-Identifier: GPL-2.0-only
/*
 * Looking from outside: fdinfo and debugfs.
 */
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/pid_namespace.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string_helpers.h>

#include <uapi/linux/ipcmbox.h>

#include "blocked.h"
#include "handle.h"
#include "mailbox.h"
#include "registry.h"
#include "segment.h"
#include "show.h"

static struct dentry *debugfs_root;

/*
 * Names are bytes of the user's choice: nothing of them may look like another line, or mean
 * anything to a terminal.
 */
static void show_name(struct seq_file *m, const char *name)
{
	if (!name[0]) {
		seq_putc(m, '-');
		return;
	}
	seq_putc(m, '"');
	seq_escape_str(m, name, ESCAPE_NAP | ESCAPE_APPEND | ESCAPE_OCTAL, "\"\\ ");
	seq_putc(m, '"');
}

/**
 * ipcmbox_show_fdinfo() - lines of /proc/PID/fdinfo/FD
 * @m: output
 * @file: of a handle
 */
void ipcmbox_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct ipcmbox_handle *handle = file->private_data;
	struct ipcmbox_info *info;

	info = kmalloc(sizeof(*info), GFP_KERNEL);
	if (!info)
		return;
	ipcmbox_mailbox_report(handle->mailbox, info);

	seq_printf(m, "ipcmbox-id:\t%llu\n", info->id);
	seq_puts(m, "ipcmbox-name:\t");
	show_name(m, info->name);
	seq_printf(m, "\nipcmbox-messages:\t%llu\n", info->messages);
	seq_printf(m, "ipcmbox-bytes:\t%llu\n", info->bytes);
	seq_printf(m, "ipcmbox-waiting-receivers:\t%u\n", info->waiting_receivers);
	seq_printf(m, "ipcmbox-waiting-senders:\t%u\n", info->waiting_senders);
	kfree(info);
}

/**
 * ipcmbox_show_segment_fdinfo() - lines of /proc/PID/fdinfo/FD of a segment
 * @m: output
 * @file: of a view
 */
void ipcmbox_show_segment_fdinfo(struct seq_file *m, struct file *file)
{
	struct ipcmbox_segment_info *info;

	info = kmalloc(sizeof(*info), GFP_KERNEL);
	if (!info)
		return;
	ipcmbox_segment_report(file->private_data, info);

	seq_printf(m, "ipcmbox-id:\t%llu\n", info->id);
	seq_puts(m, "ipcmbox-name:\t");
	show_name(m, info->name);
	seq_printf(m, "\nipcmbox-size:\t%llu\n", info->size);
	seq_printf(m, "ipcmbox-seals:\t%u\n", info->seals);
	kfree(info);
}

static void show_mailbox(struct seq_file *m, const struct ipcmbox_info *info, unsigned long serial)
{
	seq_printf(m, "%lu\t%llu\t", serial, info->id);
	show_name(m, info->name);
	seq_printf(m, "\t%u\t%u\t%04o", info->uid, info->gid, info->mode);
	if (info->max_messages == IPCMBOX_UNBOUNDED)
		seq_puts(m, "\tunbounded");
	else
		seq_printf(m, "\t%u", info->max_messages);
	seq_printf(m, "\t%llu\t%llu\t%llu\t%llu\t%llu\t%llu", info->messages, info->bytes,
		   info->sent, info->received, info->dropped, info->peak_messages);
	seq_printf(m, "\t%u\t%u\t%u\t%u\t%llu\n", info->readers, info->writers,
		   info->waiting_receivers, info->waiting_senders,
		   div_u64(info->oldest_ns, NSEC_PER_MSEC));
}

struct show_context {
	struct seq_file *m;
	struct ipcmbox_info *info;
};

static void show_registry(struct ipcmbox_registry *registry, void *data)
{
	struct show_context *context = data;
	struct ipcmbox_mailbox *mailbox;
	u64 id = 0;

	while ((mailbox = ipcmbox_registry_next(registry, id))) {
		id = mailbox->entry.id;
		ipcmbox_mailbox_report(mailbox, context->info);
		show_mailbox(context->m, context->info, registry->serial);
		ipcmbox_mailbox_put(mailbox);
	}
}

static int mailboxes_show(struct seq_file *m, void *unused)
{
	struct show_context context = { .m = m };

	context.info = kmalloc(sizeof(*context.info), GFP_KERNEL);
	if (!context.info)
		return -ENOMEM;

	seq_puts(m, "ns\tid\tname\tuid\tgid\tmode\tcapacity\tmessages\tbytes\tsent\treceived\t"
		    "dropped\tpeak\treaders\twriters\twait-recv\twait-send\toldest-ms\n");
	ipcmbox_registry_for_each(show_registry, &context);
	kfree(context.info);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(mailboxes);

static void show_segment(struct seq_file *m, const struct ipcmbox_segment_info *info,
			 unsigned long serial)
{
	seq_printf(m, "%lu\t%llu\t", serial, info->id);
	show_name(m, info->name);
	seq_printf(m, "\t%u\t%u\t%04o\t%llu\t%u\t%llu\t%u\t%u\t%u\t%c\n", info->uid, info->gid,
		   info->mode, info->size, info->payer, info->charged, info->seals, info->readers,
		   info->writers, info->flags & IPCMBOX_INFO_MAPPED ? 'y' : 'n');
}

struct segments_context {
	struct seq_file *m;
	struct ipcmbox_segment_info *info;
};

static void show_registry_segments(struct ipcmbox_registry *registry, void *data)
{
	struct segments_context *context = data;
	struct ipcmbox_segment *segment;
	u64 id = 0;

	while ((segment = ipcmbox_segment_next(registry, id))) {
		id = segment->entry.id;
		ipcmbox_segment_report(segment, context->info);
		show_segment(context->m, context->info, registry->serial);
		ipcmbox_segment_put(segment);
	}
}

static int segments_show(struct seq_file *m, void *unused)
{
	struct segments_context context = { .m = m };

	context.info = kmalloc(sizeof(*context.info), GFP_KERNEL);
	if (!context.info)
		return -ENOMEM;

	seq_puts(m, "ns\tid\tname\tuid\tgid\tmode\tsize\tpayer\tcharged\tseals\treaders\twriters\t"
		    "mapped\n");
	ipcmbox_registry_for_each(show_registry_segments, &context);
	kfree(context.info);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(segments);

static void show_blocked(struct seq_file *m, const struct ipcmbox_blocked *blocked,
			 unsigned long serial)
{
	static const char * const names[] = {
		[IPCMBOX_BLOCKED_RECV] = "recv",
		[IPCMBOX_BLOCKED_ROOM] = "room",
		[IPCMBOX_BLOCKED_RECEIPT] = "receipt",
		[IPCMBOX_BLOCKED_REPLY] = "reply",
	};

	seq_printf(m, "%lu\t%llu\t%s\t%llu\t%u\t%llu\t%d\t%d\t%d\t%d\n", serial,
		   blocked->mailbox, names[blocked->what], blocked->seq, blocked->priority,
		   div_u64(blocked->since_ns, NSEC_PER_MSEC), blocked->pid, blocked->tid,
		   blocked->peer_pid, blocked->peer_tid);
}

struct blocked_context {
	struct seq_file *m;
	struct ipcmbox_blocked_snapshot snapshot;
};

static void show_registry_blocked(struct ipcmbox_registry *registry, void *data)
{
	struct blocked_context *context = data;
	struct ipcmbox_blocked_snapshot *snapshot = &context->snapshot;
	struct ipcmbox_mailbox *mailbox;
	struct ipcmbox_blocked blocked;
	u64 id = 0;
	u32 i;

	while ((mailbox = ipcmbox_registry_next(registry, id))) {
		id = mailbox->entry.id;
		ipcmbox_blocked_take(snapshot, mailbox);
		ipcmbox_mailbox_put(mailbox);
		for (i = 0; i < snapshot->count; i++) {
			ipcmbox_blocked_describe(snapshot, i, task_active_pid_ns(current),
						 &blocked);
			show_blocked(context->m, &blocked, registry->serial);
		}
		cond_resched();
	}
}

static int blocked_show(struct seq_file *m, void *unused)
{
	struct blocked_context context = { .m = m };

	if (ipcmbox_blocked_init(&context.snapshot, IPCMBOX_BLOCKED_MAX))
		return -ENOMEM;

	seq_puts(m, "ns\tid\twhat\tseq\tpriority\tsince-ms\tpid\ttid\tpeer-pid\tpeer-tid\n");
	ipcmbox_registry_for_each(show_registry_blocked, &context);
	ipcmbox_blocked_exit(&context.snapshot);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(blocked);

/**
 * ipcmbox_show_init() - make the debugfs files
 *
 * The module works without them, so failure is nobody's business.
 */
void ipcmbox_show_init(void)
{
	debugfs_root = debugfs_create_dir("ipcmbox", NULL);
	debugfs_create_file("mailboxes", 0400, debugfs_root, NULL, &mailboxes_fops);
	debugfs_create_file("segments", 0400, debugfs_root, NULL, &segments_fops);
	debugfs_create_file("blocked", 0400, debugfs_root, NULL, &blocked_fops);
}

void ipcmbox_show_exit(void)
{
	debugfs_remove_recursive(debugfs_root);
}
