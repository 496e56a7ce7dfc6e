// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kept messages.
 */
#include <linux/bits.h>
#include <linux/refcount.h>
#include <linux/slab.h>

#include <uapi/linux/ipcmbox.h>

#include "kept.h"
#include "message.h"
#include "quota.h"

#define PLACE_WITHOUT_BITS	BIT_ULL(IPCMBOX_KEPT_PLACES - 1)

struct ipcmbox_kept *ipcmbox_kept_new(void)
{
	return kzalloc(sizeof(struct ipcmbox_kept), IPCMBOX_GFP);
}

/**
 * ipcmbox_kept_free() - free what is kept, too
 * @kept: or NULL; nobody else can reach it
 */
void ipcmbox_kept_free(struct ipcmbox_kept *kept)
{
	int i;

	if (!kept)
		return;
	for (i = 0; i < IPCMBOX_KEPT_PLACES; i++)
		ipcmbox_message_put(kept->messages[i]);
	kfree(kept);
}

/* The places of a message with these bits. What is the kernel's has none. */
static u64 places_of(u64 events)
{
	return events ? events & IPCMBOX_EVENTS_USER : PLACE_WITHOUT_BITS;
}

/* The last reference is put later: that can take long, and the lock is held. */
static void drop(struct ipcmbox_kept *kept, int i, struct ipcmbox_message **victims)
{
	struct ipcmbox_message *message = kept->messages[i];

	kept->messages[i] = NULL;
	if (!message || refcount_dec_not_one(&message->refs))
		return;
	message->next_victim = *victims;
	*victims = message;
}

/**
 * ipcmbox_kept_replace() - keep a message instead of those before it
 * @kept: where
 * @message: has just been sent
 * @victims: what has been replaced is added to this list, to be put
 *
 * Return: whether it is kept, so that the reference of the caller is not the caller's any more.
 */
bool ipcmbox_kept_replace(struct ipcmbox_kept *kept, struct ipcmbox_message *message,
			  struct ipcmbox_message **victims)
{
	u64 places = places_of(message->content->events);
	int i;

	if (!places)
		return false;
	for (i = 0; i < IPCMBOX_KEPT_PLACES; i++) {
		if (!(places & BIT_ULL(i)))
			continue;
		drop(kept, i, victims);
		refcount_inc(&message->refs);
		kept->messages[i] = message;
	}
	refcount_dec(&message->refs);
	return true;
}

/**
 * ipcmbox_kept_drop_files() - keep no descriptors any more
 * @kept: where
 * @victims: what is dropped is added to this list, to be put
 */
void ipcmbox_kept_drop_files(struct ipcmbox_kept *kept, struct ipcmbox_message **victims)
{
	int i;

	for (i = 0; i < IPCMBOX_KEPT_PLACES; i++)
		if (kept->messages[i] && kept->messages[i]->nr_fds)
			drop(kept, i, victims);
}

/**
 * ipcmbox_kept_next() - go through what is kept for a member
 * @kept: where
 * @mask: event bits the member gets
 * @after: sequence number of the message before, or 0
 *
 * A message that is not the last any more of one of its bits is not there for that.
 *
 * Return: the message with the next greater number, or NULL.
 */
struct ipcmbox_message *ipcmbox_kept_next(const struct ipcmbox_kept *kept, u64 mask, u64 after)
{
	u64 places = (mask & IPCMBOX_EVENTS_USER) | PLACE_WITHOUT_BITS;
	struct ipcmbox_message *message, *next = NULL;
	int i;

	for (i = 0; i < IPCMBOX_KEPT_PLACES; i++) {
		message = kept->messages[i];
		if (message && places & BIT_ULL(i) && message->seq > after &&
		    (!next || message->seq < next->seq))
			next = message;
	}
	return next;
}
