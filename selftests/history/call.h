/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls: who waits for the reply to a message, and who comes back for it.
 *
 * A call is a send that waits until its message is handled; what it gets then is a reply. If it is
 * cut short before somebody has received its message, the message is withdrawn. After that it is
 * told that it can come back, by a cookie, and is *away*. What becomes of the message meanwhile is
 * kept for it: the reply, or that there will be none, as the message was refused, or leased for too
 * long, when nobody waited for it. Whoever is away can look, go on waiting, which is as if it had
 * never left, or give up; each reply comes to it once. A reply that it could not put anywhere is
 * kept for it, too.
 */
#ifndef CALL_H
#define CALL_H

#include "operation.h"

struct model;
struct port;

/**
 * struct calls - the callers of messages
 * @is_away: the caller can come back
 * @resumer: the operation it has come back with, and that waits, or NONE
 * @answer: the operation that replied, or NONE
 */
struct calls {
	bool is_away[OPERATIONS_MAX];
	__s8 resumer[OPERATIONS_MAX];
	__s8 answer[OPERATIONS_MAX];
};

void call_begin(struct model *model);
/* Who waits for the outcome of the message, for whatever it is; NONE: nobody. */
int call_waiter(const struct model *model, int message);
/* The message of which it waits for the outcome. */
int call_message(const struct model *model, int nr);
/* It was to be handled for somebody who will not come back. */
bool call_is_given_up(const struct model *model, int message);

/*
 * What happens to whoever waits. All of these return false where this is not what was recorded.
 */
/* The outcome; if it is good there may be an @answer. */
bool call_conclude(struct model *model, struct port *port, int message, int result, int answer);
/* It leaves, and can come back if it @is_kept. */
bool call_leave(struct model *model, int nr, bool is_kept);
/* It died. */
bool call_die(struct model *model, int nr);
/* Its message was handled. */
bool call_answer(struct model *model, struct port *port, int message, int answer);
/* Its message was received, and will not be handled; false: somebody waits for it. */
bool call_break(struct model *model, struct port *port, int message);

/* What callers do that are away. */
bool call_resume(struct model *model, struct port *port, int nr);
bool call_cancel(struct model *model, struct port *port, int nr);

#endif /* CALL_H */
