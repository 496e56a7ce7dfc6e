/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ports: what is queued, and who waits, in one place. A mailbox has one, and so has each member of
 * an event mailbox.
 */
#ifndef PORT_H
#define PORT_H

#include "operation.h"

struct model;

/* Where a message is; @HELD: leased; @ANSWERED, @BROKEN: what is kept for its caller. */
enum place { NOWHERE, QUEUED, PENDING, TAKEN, HELD, ANSWERED, BROKEN };

#define DEAD	(-2)

/**
 * struct list - operations in order
 */
struct list {
	int nr;
	__s8 at[OPERATIONS_MAX];
};

/**
 * struct port - what is in one place
 * @capacity: messages the queue holds
 * @overflow: policy
 * @next_seq: number of the next message
 * @lost_first: losses to be told with the next message taken
 * @lost_next: losses to be told with the next message accepted
 * @queue: messages, first to be received first
 * @pending: messages of senders that wait for room, in the same order
 * @receivers: that wait, in order of arrival
 * @place: of each message
 * @leaver: of each message: taken, and who has left word; DEAD: it died
 * @redelivered: of each message: how often it came back
 * @lost: of each message: losses before it
 * @receiver: of each message: who took or holds it
 */
struct port {
	__u32 capacity;
	__u32 overflow;
	__u32 next_seq;
	__u32 lost_first;
	__u32 lost_next;
	struct list queue;
	struct list pending;
	struct list receivers;
	__u8 place[OPERATIONS_MAX];
	__s8 leaver[OPERATIONS_MAX];
	__u8 redelivered[OPERATIONS_MAX];
	__u8 lost[OPERATIONS_MAX];
	__s8 receiver[OPERATIONS_MAX];
};

void port_begin(struct port *port, __u32 capacity, __u32 overflow);

/*
 * What operations do there. All of these return false where this is not what was recorded.
 */
bool port_receive(struct model *model, struct port *port, int nr);
bool port_finish(struct model *model, struct port *port, int receiver);
bool port_put_back(struct model *model, struct port *port, int receiver);
bool port_send(struct model *model, struct port *port, int nr);
/* The message for which it waits is in the hands of a receiver. */
bool port_leave_taken(struct model *model, struct port *port, int nr, enum step step);
/* There may be room: blocked senders are let in, in their order. */
bool port_admit(struct model *model, struct port *port);
/* To a receiver that waits, or into the queue. */
bool port_hand_over(struct model *model, struct port *port, int message);
/* An event arrives at a member. */
bool port_deliver(struct model *model, struct port *port, int message);

/* Its number is the next one. */
bool port_number(struct model *model, struct port *port, int message);
/* It must wait for room. */
void port_suspend(struct model *model, struct port *port, int message);
bool port_resume(struct port *port, int message);
/* Who waits to receive does so no more; false: it did not wait. */
bool port_cancel(struct port *port, int receiver);
/* A sender that waits for room, or for a receiver, takes its message away. */
void port_withdraw(struct port *port, int message);

bool port_has_room(const struct port *port);
/* Returns whether there was one. */
bool port_drop_first(struct port *port);
bool port_drops(const struct port *port);
bool port_has_taker(const struct model *model, const struct port *port, int message);
void port_print(const struct port *port);

#endif /* PORT_H */
