/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Trouble: what is stuck, and how badly. */
#ifndef IPCK_TROUBLE_H
#define IPCK_TROUBLE_H

#include <stdbool.h>
#include <stdint.h>

#include <ipck.h>

#include "look/graph.h"

/**
 * enum trouble - what is wrong with a mailbox, the worst last
 * @TROUBLE_NONE: nothing
 * @TROUBLE_SLOW: one send has been waiting for long: for room, a receipt or a reply
 * @TROUBLE_STUCK: messages have been there for long, and for so long none was received
 * @TROUBLE_UNREAD: messages have been there for long, and nobody can receive them
 * @TROUBLE_DEADLOCK: who waits there waits for itself in the end
 */
enum trouble {
	TROUBLE_NONE,
	TROUBLE_SLOW,
	TROUBLE_STUCK,
	TROUBLE_UNREAD,
	TROUBLE_DEADLOCK,
};

/*
 * Return: the trouble with the messages of a mailbox. None has been received from it for @lull_ns,
 * as far as is known; what has been for @patience_ns has been for long.
 */
enum trouble trouble_of_messages(const struct ipck_info *info, uint64_t lull_ns,
				 uint64_t patience_ns);

/*
 * Return: the trouble that a blocked task means for its mailbox. Who waits again and again is not
 * in trouble: it is how long it has been waiting this time that counts.
 */
enum trouble trouble_of_task(const struct graph *graph, const struct ipck_blocked *task,
			     uint64_t patience_ns);

/* Return: a word for it, "-" for none. */
const char *trouble_word(enum trouble trouble);

#endif /* IPCK_TROUBLE_H */
