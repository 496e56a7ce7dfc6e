/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_QUEUE_H
#define _IPCMBOX_QUEUE_H

#include <linux/rbtree.h>
#include <linux/types.h>

struct ipcmbox_message;

/**
 * DOC: Queues
 *
 * Messages by priority, highest first, and within a priority by sequence number. The messages of
 * one priority form a ring, a *level*; the first of a ring is in the tree, and when it goes its
 * successor takes its place there without any search. So there is nothing to allocate, the common
 * operations do not depend on how many messages there are, and with one priority in use not even a
 * tree is walked.
 *
 * A queue has no lock; its port's lock protects it.
 */

/**
 * struct ipcmbox_queue - ordered messages
 * @levels: first messages of the levels, highest priority leftmost
 * @count: messages
 * @bytes: their payload
 */
struct ipcmbox_queue {
	struct rb_root_cached levels;
	unsigned long count;
	u64 bytes;
};

void ipcmbox_queue_init(struct ipcmbox_queue *queue);
void ipcmbox_queue_insert(struct ipcmbox_queue *queue, struct ipcmbox_message *message);
void ipcmbox_queue_remove(struct ipcmbox_queue *queue, struct ipcmbox_message *message);
struct ipcmbox_message *ipcmbox_queue_first(const struct ipcmbox_queue *queue);
struct ipcmbox_message *ipcmbox_queue_next(struct ipcmbox_message *message);
struct ipcmbox_message *ipcmbox_queue_least(const struct ipcmbox_queue *queue);
struct ipcmbox_message *ipcmbox_queue_next_least(struct ipcmbox_message *message);
struct ipcmbox_message *ipcmbox_queue_oldest(const struct ipcmbox_queue *queue);

#endif /* _IPCMBOX_QUEUE_H */
