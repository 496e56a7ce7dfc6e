/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_DOORBELL_H
#define _IPCMBOX_DOORBELL_H

#include <linux/poll.h>
#include <linux/types.h>

struct file;
struct ipcmbox_ioctl;
struct ipcmbox_lane;
struct ipcmbox_mailbox;
struct ipcmbox_port;
struct ipcmbox_wakes;

/**
 * DOC: Doorbells
 *
 * What a channel needs the kernel for while both sides are there: a side that finds nothing sleeps,
 * the other one, when it has done something and sees that somebody sleeps, rings. Who waits is
 * linked into the mailbox's port, consumers as receivers and producers as senders, and everything
 * here is under the port's lock. The consumer's pollers are those of the port, a producer's those
 * of its lane.
 *
 * Barriers. (K1) and (K2) are look_again() and ipcmbox_doorbell_poll(): a word on the board is
 * written, then positions are read; their partners (P3) and (C3) are in user space, between the
 * writing of a position and the reading of the word.
 */

void ipcmbox_doorbell_wake_consumer(struct ipcmbox_mailbox *mailbox, struct ipcmbox_wakes *wakes);
void ipcmbox_doorbell_hang_up(struct ipcmbox_port *port, const struct ipcmbox_lane *lane,
			      struct ipcmbox_wakes *wakes);
void ipcmbox_doorbell_kick_producer(struct ipcmbox_mailbox *mailbox, u32 slot);
__poll_t ipcmbox_doorbell_poll(struct file *file, poll_table *wait);

long ipcmbox_doorbell_wait(struct ipcmbox_ioctl *call);
long ipcmbox_doorbell_kick(struct ipcmbox_ioctl *call);

#endif /* _IPCMBOX_DOORBELL_H */
