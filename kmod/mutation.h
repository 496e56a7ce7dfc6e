/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_MUTATION_H
#define _IPCMBOX_MUTATION_H

#include <linux/compiler.h>
#include <linux/string.h>
#include <linux/types.h>

/**
 * DOC: Mutations
 *
 * Bugs to be noticed. A module built with IPCMBOX_MUTATIONS=y has those named here, and the module
 * parameter @mutation seeds one of them; scripts/mutations sees to it that the tests fail with it.
 * In any other build there are none, and mutated() is a constant that leaves nothing of itself.
 *
 * ====================== ==========================================================================
 * lost_wakeup            who goes to sleep does not look whether it was completed just before
 * deadline_ignored       a sleep has no deadline
 * capacity_off_by_one    there is room for one message more
 * priority_ignored       a waiting receiver is handed what is less urgent than it wants
 * withdrawn_delivered    a queued message stays when its sender gives up
 * reordered_put_back     a message that is put back goes to the end
 * double_delivery        a message is put back although it was copied, if a signal is pending
 * reply_twice            what was resumed and got its reply can be resumed again for it
 * vector_hole            what finds no room in a vector, but for the first, is taken for sent
 * kick_unasked           who waits at a channel does not tell the other side to kick it
 * event_incomplete       the member that has joined last does not get an event
 * ====================== ==========================================================================
 */
#ifdef IPCMBOX_MUTATIONS
/* Set when the module is loaded. */
extern char *ipcmbox_mutation;
#define mutated(name)	unlikely(!strcmp(ipcmbox_mutation, #name))
#else
#define mutated(name)	false
#endif

#endif /* _IPCMBOX_MUTATION_H */
