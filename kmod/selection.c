// SPDX-License-Identifier: GPL-2.0-only
/*
 * Selections: which messages a receiver takes.
 */
#include "message.h"
#include "port.h"
#include "queue.h"
#include "selection.h"

/**
 * ipcmbox_selection_admits() - would the receiver take the message?
 * @selection: what it wants
 * @message: the message
 */
bool ipcmbox_selection_admits(const struct ipcmbox_selection *selection,
			      const struct ipcmbox_message *message)
{
	const struct ipcmbox_content *content = message->content;

	if (selection->events && !(selection->events & content->events))
		return false;
	if (selection->endpoint && selection->endpoint != content->endpoint)
		return false;
	if (!selection->pid)
		return true;
	return selection->pid == (selection->is_thread ? content->tid : content->tgid);
}

static struct ipcmbox_message *find_in(const struct ipcmbox_selection *selection,
				       const struct ipcmbox_queue *queue, u32 min_priority)
{
	struct ipcmbox_message *message;

	for (message = ipcmbox_queue_first(queue);
	     message && message->priority >= min_priority;
	     message = ipcmbox_queue_next(message))
		if (ipcmbox_selection_admits(selection, message))
			return message;
	return NULL;
}

/**
 * ipcmbox_selection_find() - find a message for a receiver
 * @selection: what it wants
 * @port: where, locked
 * @min_priority: of messages of this priority or higher
 *
 * Return: the first that is queued, or else pending, or NULL.
 */
struct ipcmbox_message *ipcmbox_selection_find(const struct ipcmbox_selection *selection,
					       struct ipcmbox_port *port, u32 min_priority)
{
	return find_in(selection, &port->queue, min_priority) ?:
	       find_in(selection, &port->pending, min_priority);
}
