/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Channels: what is promised of messages in shared pages.
 *
 * Each sender has a lane, which has room for so many messages and is first in, first out. There is
 * one receiver, who takes the next one of any lane that has some: which lane is up to it, but if
 * there is none it has seen all lanes empty at one moment, as nobody else takes anything away. A
 * message is there from one moment on: whoever was killed has sent it, or not; but then it may not
 * have woken the receiver. Otherwise whoever waits, for room in its lane or for a message in any,
 * goes on when there is some.
 */
#ifndef CHANNEL_H
#define CHANNEL_H

#include <stdbool.h>

struct model;
struct port;

bool channel_send(struct model *model, struct port *lane, int nr);
bool channel_receive(struct model *model, int nr);
/* It sees who sleeps, and nobody does beside what he waits for. */
bool channel_stat(struct model *model, int nr);
/* What waits looks again. */
bool channel_go_on(struct model *model, int nr);

#endif /* CHANNEL_H */
