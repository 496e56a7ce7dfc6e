/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Link: a mailbox, a topic, and a connection to the broker between them.
 *
 * Each has a connection of its own, so that a mailbox that is full holds up nobody but those who
 * send to it, and no circle of mailboxes that wait for each other's room can close here. What is
 * different in the two directions is behind &struct direction.
 *
 * libmosquitto is told that it is used by threads, which it is not: it then puts what it has to say
 * in a queue and writes nothing by itself. So it is this program that says when what came is
 * acknowledged, see in.c.
 */
#ifndef IPCK_BRIDGE_LINK_H
#define IPCK_BRIDGE_LINK_H

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include <ipck.h>
#include <mosquitto.h>

#include "settings.h"

struct link;

/**
 * struct direction - what a link does
 * @word: what it is called
 * @keepalive_s: how often the broker is to hear of the link, in seconds; 0: never
 * @flags: of ipck_open()
 * @attach: set what it has to hear of a connection
 * @accepted: the broker has accepted the link, and said so with these properties, and whether it
 *	still has its session
 * @lost: the connection is lost
 * @work: do what can be done without waiting
 * @wants: events of the mailbox that would make work possible
 * @listens: whether what the broker sends is read, and anything written
 * @is_idle: nothing is under way, the link can end
 * @due: when it has something to do in any case
 */
struct direction {
	const char *word;
	int keepalive_s;
	int flags;
	void (*attach)(struct mosquitto *client);
	void (*accepted)(struct link *link, bool present, const mosquitto_property *properties);
	void (*lost)(struct link *link);
	void (*work)(struct link *link);
	short (*wants)(const struct link *link);
	bool (*listens)(const struct link *link);
	bool (*is_idle)(const struct link *link);
	uint64_t (*due)(const struct link *link);
};

/**
 * enum link_state - how far a link has come
 * @LINK_DOWN: there is no connection
 * @LINK_TRYING: a thread tries to make one
 * @LINK_CONNECTING: there is one, that the broker has not yet accepted
 * @LINK_UP: it has
 */
enum link_state { LINK_DOWN, LINK_TRYING, LINK_CONNECTING, LINK_UP };

/**
 * struct link - a mailbox, a topic, and the connection between them
 * @direction: what it does
 * @settings: how
 * @pair: mailbox and topic
 * @mailbox: the name of the mailbox, in UTF-8
 * @mb: the mailbox, or the member of it; NULL while it does not exist
 * @info: what the mailbox was when it was opened
 * @client: the connection
 * @state: how far that has come
 * @due: when to try again to connect, or to give up waiting for the broker
 * @attempts: to connect, in vain, or not for long
 * @since: when the broker has accepted it
 * @thread: what tries to connect
 * @over: readable when that has an end
 * @result: how that ended, of libmosquitto
 * @reason: why the connection was lost, of libmosquitto (below 0x80) or MQTT
 * @error: errno that belongs to @result or @reason
 * @reopen: when to try again to open the mailbox
 * @complained: when there was the last complaint
 * @unsaid: complaints since then
 */
struct link {
	const struct direction *direction;
	const struct settings *settings;
	const struct pair *pair;
	char mailbox[SETTINGS_MAILBOX_MAX + 1];
	struct ipck *mb;
	struct ipck_info info;
	struct mosquitto *client;
	enum link_state state;
	uint64_t due;
	unsigned int attempts;
	uint64_t since;
	pthread_t thread;
	int over;
	int result;
	int reason;
	int error;
	uint64_t reopen;
	uint64_t complained;
	unsigned int unsaid;
};

/* Nothing new is begun any more: the signal that said so, or -1 after an error. */
extern volatile sig_atomic_t link_stopping;

/* Open the mailbox, and get ready to connect. */
enum status link_start(struct link *link);

/* Tell what happened, in a line of standard error. */
void link_say(const struct link *link, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Tell what is wrong, unless that was told a moment ago. */
void link_complain(struct link *link, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The connection is of no use any more; why says @reason. */
void link_lose(struct link *link);

/* The mailbox does not exist any more: wait for one of that name. */
void link_close_mailbox(struct link *link);

/* What to wait for: the connection, and the mailbox. */
void link_prepare(const struct link *link, struct pollfd fds[2]);

/* When there is something to do in any case. */
uint64_t link_due(const struct link *link);

/* Go on, after waiting for that. */
void link_step(struct link *link, const struct pollfd fds[2]);

/* Tell the broker that the link ends, if all that was received is in its mailbox. */
void link_end(struct link *link);

/* What is different, in a link made by these; NULL: no memory. */
struct link *in_make(const struct settings *settings, const struct pair *pair);
struct link *out_make(const struct settings *settings, const struct pair *pair);

#endif /* IPCK_BRIDGE_LINK_H */
