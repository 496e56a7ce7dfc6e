// SPDX-License-Identifier: GPL-2.0-only
/*
 * Indexes: queued messages by class.
 */
#include <linux/lockdep.h>
#include <linux/pid.h>
#include <linux/rbtree.h>
#include <linux/sched.h>

#include <uapi/linux/ipcmbox.h>

#include "index.h"
#include "message.h"
#include "port.h"
#include "queue.h"
#include "selection.h"

/* How many messages are put into the tree under one hold of the lock. */
#define BUILD_MAX	128

/**
 * struct class - what messages have in common that stand together in the tree
 * @tgid: process of the sender
 * @tid: thread
 * @endpoint: id of the endpoint
 * @events: event bits
 *
 * Ordered by the first of these in which they differ. Pointers are only compared: messages refer to
 * what they point to.
 */
struct class {
	unsigned long tgid;
	unsigned long tid;
	u64 endpoint;
	u64 events;
};

static struct ipcmbox_message *message_of(const struct rb_node *node)
{
	return rb_entry_safe(node, struct ipcmbox_message, index_node);
}

static struct class class_of(const struct ipcmbox_message *message)
{
	const struct ipcmbox_content *content = message->content;

	return (struct class){
		.tgid = (unsigned long)content->tgid,
		.tid = (unsigned long)content->tid,
		.endpoint = content->endpoint,
		.events = content->events,
	};
}

static bool class_less(const struct class *a, const struct class *b)
{
	if (a->tgid != b->tgid)
		return a->tgid < b->tgid;
	if (a->tid != b->tid)
		return a->tid < b->tid;
	if (a->endpoint != b->endpoint)
		return a->endpoint < b->endpoint;
	return a->events < b->events;
}

static bool less(struct rb_node *node, const struct rb_node *other)
{
	const struct ipcmbox_message *a = message_of(node), *b = message_of(other);
	struct class x = class_of(a), y = class_of(b);

	if (class_less(&x, &y))
		return true;
	return !class_less(&y, &x) && ipcmbox_message_is_before(a, b);
}

/* Upkeep. */

/**
 * ipcmbox_index_insert() - a message has come into the queue
 * @index: in use
 * @message: queued
 *
 * Context: the port's lock is held.
 */
void ipcmbox_index_insert(struct ipcmbox_index *index, struct ipcmbox_message *message)
{
	rb_add(&message->index_node, &index->tree, less);
}

/**
 * ipcmbox_index_remove() - a message is going to be taken out of the queue
 * @port: whose index is in use
 * @message: still queued
 *
 * Context: the port's lock is held.
 */
void ipcmbox_index_remove(struct ipcmbox_port *port, struct ipcmbox_message *message)
{
	struct ipcmbox_index *index = &port->index;

	lockdep_assert_held(&port->lock);

	if (message == index->cursor)
		index->cursor = ipcmbox_queue_next(message);
	if (!RB_EMPTY_NODE(&message->index_node))
		rb_erase(&message->index_node, &index->tree);
	/* The last one: whoever comes next need not bother. */
	if (port->queue.count == 1)
		index->is_used = false;
}

/**
 * ipcmbox_index_build_part() - begin to make an index, or go on with it
 * @port: locked
 *
 * Return: whether there is more to do, after the lock has been dropped.
 */
bool ipcmbox_index_build_part(struct ipcmbox_port *port)
{
	struct ipcmbox_index *index = &port->index;
	int n;

	lockdep_assert_held(&port->lock);

	if (!index->is_used) {
		index->is_used = true;
		index->tree = RB_ROOT;
		index->cursor = ipcmbox_queue_first(&port->queue);
	}
	for (n = 0; index->cursor && n < BUILD_MAX; n++) {
		if (RB_EMPTY_NODE(&index->cursor->index_node))
			ipcmbox_index_insert(index, index->cursor);
		index->cursor = ipcmbox_queue_next(index->cursor);
	}
	return index->cursor;
}

/**
 * ipcmbox_index_build() - make an index, or go on with what others have begun
 * @port: not locked
 *
 * The index may be gone when this returns, or not be complete if the task was killed.
 *
 * Context: may sleep.
 */
void ipcmbox_index_build(struct ipcmbox_port *port)
{
	bool more;

	do {
		spin_lock(&port->lock);
		more = ipcmbox_index_build_part(port);
		spin_unlock(&port->lock);
		cond_resched();
	} while (more && !fatal_signal_pending(current));
}

/* Finding. */

/* The first message of the first class that is greater than @class. */
static struct ipcmbox_message *first_after(struct ipcmbox_index *index, const struct class *class)
{
	struct rb_node *node = index->tree.rb_node;
	struct ipcmbox_message *message, *found = NULL;
	struct class other;

	while (node) {
		message = message_of(node);
		other = class_of(message);
		if (class_less(class, &other)) {
			found = message;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return found;
}

/*
 * The same, from a message in the tree that is in or before @class. Where the classes have few
 * messages each, the next message is mostly the one, and need not be searched for from the root.
 */
static struct ipcmbox_message *next_after(struct ipcmbox_index *index,
					  struct ipcmbox_message *message,
					  const struct class *class)
{
	struct ipcmbox_message *next = message_of(rb_next(&message->index_node));
	struct class other;

	if (!next)
		return NULL;
	other = class_of(next);
	return class_less(class, &other) ? next : first_after(index, class);
}

/* Makes @class the last one before those of thread @tid, of the same process. */
static void go_before_thread(struct class *class, unsigned long tid)
{
	class->tid = tid - 1;
	class->endpoint = U64_MAX;
	class->events = U64_MAX;
}

/* The same with those of an endpoint, of the same thread. */
static void go_before_endpoint(struct class *class, u64 endpoint)
{
	class->endpoint = endpoint - 1;
	class->events = U64_MAX;
}

/* The last class before all that may be wanted. */
static struct class beginning(const struct ipcmbox_selection *selection)
{
	/* Nothing is at address 0. */
	struct class class = { .tgid = (unsigned long)selection->tgid };

	if (selection->tgid && selection->tid)
		go_before_thread(&class, (unsigned long)selection->tid);
	return class;
}

/*
 * Makes @class, which is not wanted, the last one before the next that may be; if nothing better
 * is known it stays what it is. If what is wanted would come earlier, it may be in the next
 * process, or of the next thread: before 0 minus 1, that is.
 */
static void pass(const struct ipcmbox_selection *selection, struct class *class)
{
	unsigned long tid = (unsigned long)selection->tid;
	u64 endpoint = selection->endpoint;

	if (tid && class->tid != tid)
		go_before_thread(class, class->tid < tid ? tid : 0);
	else if (endpoint && class->endpoint != endpoint)
		go_before_endpoint(class, class->endpoint < endpoint ? endpoint : 0);
}

/**
 * ipcmbox_index_find() - find the message to receive next, of those that are wanted
 * @index: complete
 * @selection: what is wanted
 * @min_priority: only of this priority or higher
 *
 * Context: the port's lock is held.
 * Return: the message, or NULL.
 */
struct ipcmbox_message *ipcmbox_index_find(struct ipcmbox_index *index,
					   const struct ipcmbox_selection *selection,
					   u32 min_priority)
{
	struct class class = beginning(selection);
	struct ipcmbox_message *message = first_after(index, &class);
	struct ipcmbox_message *best = NULL;

	for (; message; message = next_after(index, message, &class)) {
		index->steps++;
		class = class_of(message);
		if (selection->tgid && class.tgid != (unsigned long)selection->tgid)
			break;
		if (!ipcmbox_selection_admits(selection, message))
			pass(selection, &class);
		else if (message->priority >= min_priority &&
			 (!best || ipcmbox_message_is_before(message, best)))
			best = message;
	}
	return best;
}
