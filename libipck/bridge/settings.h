/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settings: what the command line has asked for. */
#ifndef IPCK_BRIDGE_SETTINGS_H
#define IPCK_BRIDGE_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include <ipck.h>

#include "command.h"

/* Most mailboxes a bridge connects. */
#define SETTINGS_PAIRS_MAX	64
/* Bytes of how a mailbox can be called: a name may have a '/' before it. */
#define SETTINGS_MAILBOX_MAX	(IPCK_NAME_MAX + 1)

/**
 * struct pair - a mailbox and a topic
 * @out: from the mailbox to the topic, else from the topic to the mailbox
 * @mailbox: NAME or #ID
 * @topic: topic, or if not @out the filter of a subscription
 */
struct pair {
	bool out;
	const char *mailbox;
	const char *topic;
};

/**
 * struct settings - what is to be done, and how
 * @host: of the broker; a path if @port is 0
 * @port: of the broker, or 0
 * @id: who this bridge is for the broker, and for others
 * @user: to log in at the broker, or NULL
 * @password: to log in, or NULL
 * @tls: the broker has to prove who it is
 * @cafile: who is believed about that; NULL: whom the system believes
 * @cert: own certificate, or NULL
 * @key: its key, or NULL
 * @events: bits to receive from event mailboxes
 * @lease_ns: how long a message is kept without being renewed
 * @window: messages under way, of each pair
 * @keep_s: how long the broker keeps a session, in seconds
 * @subscribed: a message that nobody has subscribed to is not done
 * @pairs: what to connect
 * @count: elements of @pairs
 */
struct settings {
	const char *host;
	uint16_t port;
	const char *id;
	const char *user;
	const char *password;
	bool tls;
	const char *cafile;
	const char *cert;
	const char *key;
	uint64_t events;
	uint64_t lease_ns;
	uint32_t window;
	uint32_t keep_s;
	bool subscribed;
	struct pair pairs[SETTINGS_PAIRS_MAX];
	unsigned int count;
};

/* Take the command line, which is changed. Return: STATUS_OK, or what was said to be wrong. */
enum status settings_parse(struct settings *settings, int argc, char **argv);

#endif /* IPCK_BRIDGE_SETTINGS_H */
