/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_KEPT_H
#define _IPCMBOX_KEPT_H

#include <linux/types.h>

struct ipcmbox_message;

/**
 * DOC: Kept messages
 *
 * An event mailbox can keep the last message of each event bit, and the last without any, for those
 * who join later. A message that has several bits is kept in several places, by a reference each.
 * What is kept is charged to its sender as long as it is.
 *
 * Everything here is protected by the lock of the event.
 */

/* One for each bit of a user's event, and one for messages without any. */
#define IPCMBOX_KEPT_PLACES	62

/**
 * struct ipcmbox_kept - what an event mailbox keeps
 * @messages: by the number of the bit, references
 */
struct ipcmbox_kept {
	struct ipcmbox_message *messages[IPCMBOX_KEPT_PLACES];
};

struct ipcmbox_kept *ipcmbox_kept_new(void);
void ipcmbox_kept_free(struct ipcmbox_kept *kept);

bool ipcmbox_kept_replace(struct ipcmbox_kept *kept, struct ipcmbox_message *message,
			  struct ipcmbox_message **victims);
void ipcmbox_kept_drop_files(struct ipcmbox_kept *kept, struct ipcmbox_message **victims);
struct ipcmbox_message *ipcmbox_kept_next(const struct ipcmbox_kept *kept, u64 mask, u64 after);

#endif /* _IPCMBOX_KEPT_H */
