/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Target: the mailbox a command is about, given as NAME or #ID. */
#ifndef IPCK_TARGET_H
#define IPCK_TARGET_H

#include <ipck.h>

/* Each returns what the library returned. */
int target_open(struct ipck **mb, const char *target, int oflag);
int target_unlink(const char *target);

/*
 * Open a mailbox to look at it and to administer it, which its other side does not see. -EPERM if
 * it is somebody else's.
 */
int target_open_admin(struct ipck **mb, const char *target);

/*
 * Look at a mailbox without opening it, which needs no right and is not seen by
 * its other side.
 */
int target_info(const char *target, struct ipck_info *info);

#endif /* IPCK_TARGET_H */
