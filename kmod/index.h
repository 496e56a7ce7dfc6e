/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_INDEX_H
#define _IPCMBOX_INDEX_H

#include <linux/rbtree.h>
#include <linux/types.h>

struct ipcmbox_message;
struct ipcmbox_port;
struct ipcmbox_selection;

/**
 * DOC: Indexes
 *
 * A receiver that chooses looks at the first messages of the queue. If what it wants is not among
 * them it needs an index, so as not to look at all the others: a tree of the queued messages by
 * *class*, that is by process, thread, endpoint and event bits, and within a class in the order
 * they are received in. The first message of a class is found in the depth of the tree. A sender is
 * a range of classes: a thread has as many as endpoints and combinations of event bits that it has
 * sent with, a process those of its threads, which are as many steps. Whoever wants event bits from
 * anybody, or messages of somebody who is not there any more and can only be compared by number or
 * by the id of an endpoint, walks through the classes of all, which are no more than the messages
 * themselves and mostly few.
 *
 * There is an index from when a receiver first needs one until the queue is empty, and none for
 * queues that are short, so that nobody pays who does not choose: it takes a test to put a message
 * into the queue, and one to take it out.
 *
 * To build one takes time in proportion to the queue, and others wait for the lock of the port; so
 * it is built in parts, and the lock dropped in between. A *cursor* goes through the queue in its
 * order; what it has passed is in the tree, as is what was put into the queue since the building
 * began, wherever that is. What is taken out of the queue in between may be in the tree or not, and
 * if it is at the cursor, that moves on. So nothing that happens in between makes a beginning of it
 * again, and any number of receivers can build, each a part in its turn. Nobody looks into the tree
 * before the cursor has come to the end.
 *
 * An index has no lock; its port's lock protects it.
 */

/* How many messages a receiver looks at before it needs an index. */
#define IPCMBOX_INDEX_SCAN	32

/**
 * struct ipcmbox_index - queued messages by class
 * @tree: of struct ipcmbox_message, by @index_node
 * @cursor: the first message that may not be in the tree, NULL: all are
 * @is_used: there is an index; else nothing else here means anything
 * @steps: classes that were looked at, since ever
 */
struct ipcmbox_index {
	struct rb_root tree;
	struct ipcmbox_message *cursor;
	bool is_used;
	u64 steps;
};

/**
 * ipcmbox_index_is_ready() - can something be found?
 * @index: of a locked port
 */
static inline bool ipcmbox_index_is_ready(const struct ipcmbox_index *index)
{
	return index->is_used && !index->cursor;
}

bool ipcmbox_index_build_part(struct ipcmbox_port *port);
void ipcmbox_index_build(struct ipcmbox_port *port);
void ipcmbox_index_insert(struct ipcmbox_index *index, struct ipcmbox_message *message);
void ipcmbox_index_remove(struct ipcmbox_port *port, struct ipcmbox_message *message);
struct ipcmbox_message *ipcmbox_index_find(struct ipcmbox_index *index,
					   const struct ipcmbox_selection *selection,
					   u32 min_priority);

#endif /* _IPCMBOX_INDEX_H */
