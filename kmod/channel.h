/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_CHANNEL_H
#define _IPCMBOX_CHANNEL_H

#include <linux/bitmap.h>
#include <linux/types.h>

#include <uapi/linux/ipcmbox.h>

#include "lane.h"

struct file;
struct ipcmbox_handle;
struct ipcmbox_info;
struct ipcmbox_ioctl;
struct ipcmbox_mailbox;
struct ipcmbox_open;
struct ipcmbox_registry;
struct ipcmbox_user;
struct page;
struct pid;

/**
 * DOC: Channels
 *
 * A channel is a mailbox without messages: these are in pages that its consumer and its producers
 * share. The module gives out the pages, each to be written by one side only, tells of the lanes on
 * the board, and lets a side sleep until the other one kicks it, see doorbell.h. The protocol is in
 * the UAPI header.
 *
 * Everything here is under the lock of the mailbox's port, whose queue stays empty. Handles enter
 * under the registry's lock as well, so that a new channel has place for who made it.
 *
 * What is read from the pages of others, tails and heads, is read once each, compared, and used for
 * nothing else. The board is written by the module only.
 *
 * Barriers. (K3) is tell_of(): what the board says of a lane is written before the serial; the
 * partner is the consumer's (C0). For the others see doorbell.h.
 */

/**
 * struct ipcmbox_channel - what makes a mailbox a channel
 * @board: the kernel's page (port lock)
 * @board_page: of @board (constant)
 * @acks: the consumer's page: written by it at any time, whatever it likes
 * @acks_page: of @acks (constant)
 * @creator: who is charged for these, reference (constant)
 * @ring_bytes: of each lane (constant)
 * @consumer: handle that can receive, or NULL (port lock)
 * @consumer_tgid: process that opened it, reference, or NULL (port lock)
 * @last_lane_id: the last that was given out (port lock)
 * @sent: of lanes that are gone, as their producers told (port lock)
 * @received: of lanes that are gone, as the consumer told (port lock)
 * @taken: which of @lanes are not NULL (port lock)
 * @lanes: by slot, references (port lock)
 */
struct ipcmbox_channel {
	struct ipcmbox_channel_board *board;
	struct page *board_page;
	struct ipcmbox_channel_acks *acks;
	struct page *acks_page;
	struct ipcmbox_user *creator;
	u64 ring_bytes;
	struct ipcmbox_handle *consumer;
	struct pid *consumer_tgid;
	u64 last_lane_id;
	u64 sent;
	u64 received;
	DECLARE_BITMAP(taken, IPCMBOX_CHANNEL_LANES_MAX);
	struct ipcmbox_lane *lanes[IPCMBOX_CHANNEL_LANES_MAX];
};

/* How much of a lane in the channel is not consumed; more than its ring has: nonsense. */
static inline u64 ipcmbox_channel_used(const struct ipcmbox_channel *channel,
				       const struct ipcmbox_lane *lane)
{
	return ipcmbox_lane_used(lane, &channel->acks->lane[lane->slot]);
}

/* Birth and end. */
bool ipcmbox_channel_is_valid(const struct ipcmbox_open *arg);
u32 ipcmbox_channel_default_length(const struct ipcmbox_open *arg);
u64 ipcmbox_channel_ring_of(const struct ipcmbox_open *arg);
int ipcmbox_channel_create(struct ipcmbox_mailbox *mailbox, const struct ipcmbox_open *arg,
			   u32 *limit);
void ipcmbox_channel_free(struct ipcmbox_channel *channel);

/* Handles. */
bool ipcmbox_channel_is_of(const struct file *file);
struct file *ipcmbox_channel_handle_new(struct ipcmbox_registry *registry,
					const struct ipcmbox_open *arg, u64 ring_bytes, u32 *limit);
int ipcmbox_channel_enter(struct ipcmbox_mailbox *mailbox, struct ipcmbox_handle *handle);
void ipcmbox_channel_set_gone(struct ipcmbox_mailbox *mailbox, bool receivers_gone,
			      bool senders_gone);

/* Looking. */
void ipcmbox_channel_report(struct ipcmbox_mailbox *mailbox, struct ipcmbox_info *info);

/* Commands. */
long ipcmbox_channel_info(struct ipcmbox_ioctl *call);
long ipcmbox_channel_lanes(struct ipcmbox_ioctl *call);
long ipcmbox_channel_evict(struct ipcmbox_ioctl *call);

#endif /* _IPCMBOX_CHANNEL_H */
