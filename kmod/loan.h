/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_LOAN_H
#define _IPCMBOX_LOAN_H

#include <linux/types.h>

struct iov_iter;

/**
 * DOC: Loans
 *
 * A sender that waits until its message is received, or handled, can lend its memory: a long
 * payload is not copied twice, into the kernel and out again, but once, by the receiver, from the
 * pages of the sender. They are pinned by the sender itself, in its own context, before the message
 * is in any port: whatever faults, waits or fails there concerns nobody else, and what happens to
 * the sender's mappings later (munmap, fork, userfaultfd, its death) does not concern the pages.
 * Pinned for as long as the message lives, they count against RLIMIT_MEMLOCK of the sender's user;
 * where that is used up, or the memory cannot be pinned, the payload is copied as a short one is.
 *
 * What is lent has to be given back: when the send returns, its caller may write to the memory. So
 * a message that outlives its send is made independent of the loan first, see
 * ipcmbox_message_keep(), and a peek that was still at it when the send returned counts for
 * nothing. Each of these is done before the sender's waiter is completed.
 */

/**
 * DOC: The shortest loan
 *
 * From two pages on pinning and unpinning clearly take less than the second copy: a message of
 * 8 KiB whose sender waits for its receipt took 11 034 instructions lent and 14 235 copied twice,
 * one of 64 KiB 24 580 and 39 455. The UAPI header says so, too.
 */
#define IPCMBOX_LOAN_MIN	(8U << 10)

int ipcmbox_loan_init(void);
void ipcmbox_loan_exit(void);

struct ipcmbox_loan *ipcmbox_loan_new(const void __user *at, size_t length);
void ipcmbox_loan_free(struct ipcmbox_loan *loan);
bool ipcmbox_loan_copy_out(const struct ipcmbox_loan *loan, size_t length, struct iov_iter *to);
void ipcmbox_loan_read(const struct ipcmbox_loan *loan, size_t offset, void *to, size_t length);

#endif /* _IPCMBOX_LOAN_H */
