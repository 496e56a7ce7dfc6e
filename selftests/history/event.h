/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Events: to all members or to none.
 *
 * That all members get an event does not mean that they get it at one moment. It comes to them in
 * turn, in the order in which they joined: twice, once to see whether each of them is ready, which
 * may end with nobody getting anything, and then, as nothing can go wrong any more, to be
 * delivered. A member that is not ready any more by then, as who waited there has left or put
 * something back, bears one more than there is room for. Meanwhile there is no other event; so all
 * members get the events in one order. A send returns when all have it.
 *
 * An event that must wait does so at the event mailbox. Whoever makes room at a member looks,
 * before he returns, whether the first of those who wait can go on, and delivers that.
 */
#ifndef EVENT_H
#define EVENT_H

#include "operation.h"

struct model;
struct port;

/**
 * enum pass - what for members are gone through
 * @LOOK: is each ready?
 * @REFUSE: one was not; is one of these not to be waited for?
 * @SUSPEND: none of them; to wait
 * @COMMIT: all are; to be sent
 * @DELIVER: to each
 */
enum pass { LOOK, REFUSE, SUSPEND, COMMIT, DELIVER };

/**
 * struct fanout - the event that is on its way
 * @holder: the operation that is at it, or NONE
 * @message: the event
 * @pass: what members are gone through for
 * @member: who is next
 * @is_owing: of each operation: it has made room, and has to look who can use it
 */
struct fanout {
	__s8 holder;
	__s8 message;
	__u8 pass;
	__u8 member;
	bool is_owing[OPERATIONS_MAX];
};

void event_begin(struct model *model);
bool event_arrive(struct model *model, int nr);
bool event_go_on(struct model *model, int nr);
/* Who waits for members gives up. */
bool event_leave(struct model *model, int nr);
/* At a member, by an operation. */
void event_make_room(struct model *model, int nr);
/* Has the operation nothing to do with events that are on their way? */
bool event_is_over(const struct model *model, int nr);
bool is_member(const struct model *model, const struct port *port);
void event_print(const struct model *model);

#endif /* EVENT_H */
