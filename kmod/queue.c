// SPDX-License-Identifier: GPL-2.0-only
/*
 * Queues: messages in order of priority and sequence number.
 */
#include <linux/list.h>
#include <linux/rbtree.h>

#include "message.h"
#include "queue.h"

static struct ipcmbox_message *level_of(const struct rb_node *node)
{
	return rb_entry_safe(node, struct ipcmbox_message, node);
}

static bool is_level(const struct ipcmbox_message *message)
{
	return !RB_EMPTY_NODE(&message->node);
}

void ipcmbox_queue_init(struct ipcmbox_queue *queue)
{
	queue->levels = RB_ROOT_CACHED;
	queue->count = 0;
	queue->bytes = 0;
}

/*
 * A new message has the greatest number and goes to the end at once. One that is put back has a
 * small one, and passes only what others have put back before it.
 */
static void level_insert(struct ipcmbox_queue *queue, struct ipcmbox_message *first,
			 struct ipcmbox_message *message)
{
	struct ipcmbox_message *last = list_prev_entry(first, link);
	struct ipcmbox_message *next = first;

	if (message->seq > last->seq) {
		list_add_tail(&message->link, &first->link);
		return;
	}

	while (next->seq < message->seq)
		next = list_next_entry(next, link);
	list_add_tail(&message->link, &next->link);

	if (next == first) {
		rb_replace_node_cached(&first->node, &message->node, &queue->levels);
		RB_CLEAR_NODE(&first->node);
	}
}

/**
 * ipcmbox_queue_insert() - put a message in its place
 * @queue: where
 * @message: owned by the queue afterwards; @seq and @priority are set
 */
void ipcmbox_queue_insert(struct ipcmbox_queue *queue, struct ipcmbox_message *message)
{
	struct rb_node **link = &queue->levels.rb_root.rb_node;
	struct ipcmbox_message *first = level_of(rb_first_cached(&queue->levels));
	struct rb_node *parent = NULL;
	bool leftmost = true;

	RB_CLEAR_NODE(&message->node);
	queue->count++;
	queue->bytes += message->length;

	if (first && first->priority == message->priority) {
		level_insert(queue, first, message);
		return;
	}

	while (*link) {
		parent = *link;
		first = level_of(parent);
		if (first->priority == message->priority) {
			level_insert(queue, first, message);
			return;
		}
		if (message->priority > first->priority) {
			link = &parent->rb_left;
		} else {
			link = &parent->rb_right;
			leftmost = false;
		}
	}
	INIT_LIST_HEAD(&message->link);
	rb_link_node(&message->node, parent, link);
	rb_insert_color_cached(&message->node, &queue->levels, leftmost);
}

/**
 * ipcmbox_queue_remove() - take a message out
 * @queue: where it is
 * @message: owned by the caller afterwards
 */
void ipcmbox_queue_remove(struct ipcmbox_queue *queue, struct ipcmbox_message *message)
{
	struct ipcmbox_message *next = list_next_entry(message, link);

	queue->count--;
	queue->bytes -= message->length;

	if (is_level(message)) {
		if (next == message)
			rb_erase_cached(&message->node, &queue->levels);
		else
			rb_replace_node_cached(&message->node, &next->node, &queue->levels);
	}
	list_del(&message->link);
}

/**
 * ipcmbox_queue_first() - the message to receive next
 * @queue: where
 *
 * Return: the oldest of the highest priority, or NULL.
 */
struct ipcmbox_message *ipcmbox_queue_first(const struct ipcmbox_queue *queue)
{
	return level_of(rb_first_cached(&queue->levels));
}

/**
 * ipcmbox_queue_next() - the message to receive after another
 * @message: in a queue
 *
 * Return: the next of its level, or the first of the next lower one, or NULL.
 */
struct ipcmbox_message *ipcmbox_queue_next(struct ipcmbox_message *message)
{
	struct ipcmbox_message *next = list_next_entry(message, link);

	return is_level(next) ? level_of(rb_next(&next->node)) : next;
}

/**
 * ipcmbox_queue_least() - the message to drop first
 * @queue: where
 *
 * Return: the oldest of the lowest priority, or NULL.
 */
struct ipcmbox_message *ipcmbox_queue_least(const struct ipcmbox_queue *queue)
{
	return level_of(rb_last(&queue->levels.rb_root));
}

/**
 * ipcmbox_queue_next_least() - the message to drop after another
 * @message: in a queue
 *
 * Return: the next of its level, or the first of the next higher one, or NULL.
 */
struct ipcmbox_message *ipcmbox_queue_next_least(struct ipcmbox_message *message)
{
	struct ipcmbox_message *next = list_next_entry(message, link);

	return is_level(next) ? level_of(rb_prev(&next->node)) : next;
}

/* How many levels ipcmbox_queue_oldest() looks at. */
#define OLDEST_LEVELS	256

/**
 * ipcmbox_queue_oldest() - the message that is there for the longest time
 * @queue: where
 *
 * Looks at one message of each priority in use from the lowest, where messages get old, up to 256
 * of them: anybody may ask, and others wait for the lock.
 *
 * Return: the message, or NULL.
 */
struct ipcmbox_message *ipcmbox_queue_oldest(const struct ipcmbox_queue *queue)
{
	struct rb_node *node = rb_last(&queue->levels.rb_root);
	struct ipcmbox_message *oldest = NULL, *first;
	int n;

	for (n = 0; node && n < OLDEST_LEVELS; node = rb_prev(node), n++) {
		first = level_of(node);
		if (!oldest || first->seq < oldest->seq)
			oldest = first;
	}
	return oldest;
}
