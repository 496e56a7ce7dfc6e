/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lull: since when nothing has been received from a mailbox. */
#ifndef IPCK_LULL_H
#define IPCK_LULL_H

#include <stddef.h>
#include <stdint.h>

#include "look/snapshot.h"

/**
 * struct lull - since when nothing has been received from a mailbox
 * @id: the mailbox
 * @received: how many had been
 * @since_ns: the first look at which they were so many, on CLOCK_MONOTONIC
 */
struct lull {
	uint64_t id;
	uint64_t received;
	uint64_t since_ns;
};

/**
 * struct lulls - of all mailboxes of the last look
 * @all: in the order of the snapshot, owned
 * @count: how many
 */
struct lulls {
	struct lull *all;
	size_t count;
};

/* There was one more look. Return: 0 or -ENOMEM. */
int lulls_update(struct lulls *lulls, const struct snapshot *look);
void lulls_deinit(struct lulls *lulls);

#endif /* IPCK_LULL_H */
