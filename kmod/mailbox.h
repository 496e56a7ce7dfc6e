/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_MAILBOX_H
#define _IPCMBOX_MAILBOX_H

#include <linux/fs.h>
#include <linux/types.h>

#include "directory.h"
#include "port.h"

struct ipcmbox_channel;
struct ipcmbox_endpoint;
struct ipcmbox_event;
struct ipcmbox_info;
struct ipcmbox_member;
struct ipcmbox_open;
struct ipcmbox_registry;
struct ipcmbox_set;
struct ipcmbox_user;

/**
 * DOC: Mailboxes
 *
 * A mailbox is a port with an identity: id, name, owner, mode. It is born by ioctl(OPEN) with
 * CREATE, found by name or id, and referred to by its descriptors and, while it has a lasting
 * name, by that. The last reference takes it out of the registry, under the registry's lock, so
 * that whoever finds it there can take a reference.
 *
 * For a mailbox with a name the other side is never gone for good: somebody can always come and
 * open it. Without one, the closing of the last descriptor that could receive ends the sends, and
 * the other way round. For an endpoint somebody can always come and send, as long as it is one. For
 * a POSIX queue nobody is ever gone.
 */

/**
 * struct ipcmbox_mailbox - a mailbox
 * @entry: id, name, rights, descriptors
 * @had_reader: some descriptor could receive (registry lock)
 * @had_writer: some descriptor could send (registry lock)
 * @discipline: IPCMBOX_QUEUE, _EVENT, _MEMBER, _ENDPOINT, _CHANNEL (constant)
 * @takes_files: messages can bring descriptors (constant)
 * @is_special: a receive must look at more: an event mailbox or a POSIX queue (constant)
 * @max_length: bytes of the longest message (constant)
 * @endpoint: endpoint: whose it is, reference; NULL for other disciplines (constant)
 * @registry: where it is, reference (constant)
 * @creator: who is charged for it, reference (constant)
 * @dead_letter: id of the mailbox for dead letters, or 0 (registry lock)
 * @parent: member: its event mailbox, reference (constant)
 * @member: member: what makes it one, owned (constant)
 * @event: event mailbox: its members, owned (constant)
 * @channel: channel: its pages and lanes, owned (constant)
 * @port: messages and waiters
 * @name: of @entry (constant)
 */
struct ipcmbox_mailbox {
	struct ipcmbox_entry entry;
	bool had_reader : 1;
	bool had_writer : 1;
	u8 discipline;
	bool takes_files;
	bool is_special;
	u32 max_length;
	struct ipcmbox_endpoint *endpoint;
	struct ipcmbox_registry *registry;
	struct ipcmbox_user *creator;
	u64 dead_letter;
	struct ipcmbox_mailbox *parent;
	struct ipcmbox_member *member;
	struct ipcmbox_event *event;
	struct ipcmbox_channel *channel;
	struct ipcmbox_port port;
	char name[];
};

/* Made with IPCMBOX_OPEN_POSIX. */
static inline bool ipcmbox_mailbox_is_posix(const struct ipcmbox_mailbox *mailbox)
{
	return mailbox->is_special && !mailbox->event;
}

int ipcmbox_mailbox_init(void);
void ipcmbox_mailbox_exit(void);
int ipcmbox_mailbox_set(struct ipcmbox_mailbox *mailbox, struct ipcmbox_set *arg);
bool ipcmbox_mailbox_may_administer(struct ipcmbox_mailbox *mailbox);
void ipcmbox_mailbox_report(struct ipcmbox_mailbox *mailbox, struct ipcmbox_info *info);
void ipcmbox_mailbox_put(struct ipcmbox_mailbox *mailbox);
int ipcmbox_mailbox_check_access(const struct ipcmbox_mailbox *mailbox, u32 access);
void ipcmbox_mailbox_update_gone(struct ipcmbox_mailbox *mailbox);
u32 ipcmbox_mailbox_length(const struct ipcmbox_open *arg);
struct ipcmbox_mailbox *ipcmbox_mailbox_new(struct ipcmbox_registry *registry,
					    struct ipcmbox_user *creator, const char *name,
					    const struct ipcmbox_open *arg);
void ipcmbox_mailbox_free(struct ipcmbox_mailbox *mailbox);
int ipcmbox_mailbox_publish(struct ipcmbox_mailbox *mailbox, u32 *limit);
void ipcmbox_mailbox_attach(struct ipcmbox_mailbox *mailbox, fmode_t mode);
void ipcmbox_mailbox_detach(struct ipcmbox_mailbox *mailbox, fmode_t mode);
void ipcmbox_mailbox_drop_name_locked(struct ipcmbox_mailbox *mailbox);

#endif /* _IPCMBOX_MAILBOX_H */
