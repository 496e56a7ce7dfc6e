/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Snapshot: the mailboxes at a moment. */
#ifndef IPCK_SNAPSHOT_H
#define IPCK_SNAPSHOT_H

#include <stddef.h>
#include <stdint.h>

#include <ipck.h>

/**
 * struct snapshot - the mailboxes at a moment
 * @infos: by ascending id, owned
 * @count: how many
 * @room: how many there is room for
 * @ns: when, on CLOCK_MONOTONIC
 */
struct snapshot {
	struct ipck_info *infos;
	size_t count;
	size_t room;
	uint64_t ns;
};

/* Take a snapshot in place of an older one. Return: 0 or -errno. */
int snapshot_take(struct snapshot *snapshot);
void snapshot_deinit(struct snapshot *snapshot);

/* Return: the mailbox of that id, or NULL. */
const struct ipck_info *snapshot_find(const struct snapshot *snapshot,
				      uint64_t id);

#endif /* IPCK_SNAPSHOT_H */
