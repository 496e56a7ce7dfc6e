// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * From a topic to a mailbox.
 *
 * libmosquitto acknowledges a message before (up to 2.0) or after it hands it over: it puts that in
 * the queue of what is to be written. So nothing is written while a message waits for room in its
 * mailbox: the broker learns that the message has arrived when that is so, and until then sends no
 * more than the window. For the same reason the broker is asked not to expect any sign of life: it
 * could not be given.
 *
 * Nothing is read meanwhile, either: what the broker has sent before it died is delivered, and
 * only then is its death noticed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <mqtt_protocol.h>

#include "clock.h"
#include "link.h"
#include "property.h"

#define SLOW_NS		10000000000ULL
#define PAUSE_NS	1000000000ULL
#define FAILURE		0x80

/**
 * struct letter - a message for the mailbox
 * @next: the one after it
 * @opt: how to send it
 * @len: length of its payload
 * @payload: the payload
 */
struct letter {
	struct letter *next;
	struct ipck_send_opt opt;
	size_t len;
	const void *payload;
	char copy[];
};

/**
 * struct in - a link from a topic to a mailbox
 * @link: what all links have
 * @first: messages that wait for room in the mailbox
 * @last: where the next one goes
 * @since: since when the first of them waits
 * @pause: until when nothing is sent, as that has failed
 * @owes: no acknowledgment of one of them may have been written
 * @accepted: the broker has accepted the link before
 * @failure: why the connection cannot be used, of libmosquitto or MQTT: one could not even
 *	wait, or there is no subscription
 */
struct in {
	struct link link;
	struct letter *first;
	struct letter **last;
	uint64_t since;
	uint64_t pause;
	bool owes;
	bool accepted;
	int failure;
};

static struct in *in_of(const struct link *link)
{
	return (struct in *)link;
}

/* Where the mailbox has what comes back too often. */
static int send_to_dead_letters(struct link *link, const struct letter *letter)
{
	struct ipck_info info;
	struct ipck *mb;
	int ret;

	ret = ipck_stat(link->mb, &info);
	if (ret < 0)
		return ret;
	if (!info.dead_letter)
		return -ENOENT;
	ret = ipck_open_id(&mb, info.dead_letter, O_WRONLY);
	if (ret < 0)
		return ret;
	ret = ipck_send_opt(mb, letter->payload, letter->len, &letter->opt, NULL);
	ipck_close(mb);
	return ret;
}

/* What will never fit is not worth that all others wait for it. */
static void give_up(struct link *link, const struct letter *letter, int error, unsigned int limit)
{
	int ret = send_to_dead_letters(link, letter);

	link_complain(link, "a message of %zu bytes %s: %s", letter->len,
		      ret < 0 ? "is dropped" : "became a dead letter", ipck_strerror(error, limit));
}

/* Return: whether there is nothing more to be done about it. */
static bool deliver(struct in *in, const struct letter *letter)
{
	struct link *link = &in->link;
	unsigned int limit;
	int ret;

	if (!link->mb || clock_now() < in->pause)
		return false;
	ret = ipck_send_opt(link->mb, letter->payload, letter->len, &letter->opt, &limit);
	switch (ret) {
	case -EMSGSIZE:
	case -EINVAL:
		give_up(link, letter, ret, limit);
		return true;
	case -EPIPE:
		link_close_mailbox(link);
		return false;
	case -EAGAIN:
		return false;
	}
	if (ret >= 0)
		return true;
	link_complain(link, "no message is sent: %s", ipck_strerror(ret, limit));
	in->pause = clock_now() + PAUSE_NS;
	return false;
}

static void wait_for_room(struct in *in, const struct letter *letter)
{
	struct letter *copy = malloc(sizeof(*copy) + letter->len);

	if (!copy) {
		in->failure = MOSQ_ERR_NOMEM;
		return;
	}
	*copy = *letter;
	copy->payload = copy->copy;
	if (letter->len)
		memcpy(copy->copy, letter->payload, letter->len);
	if (!in->first)
		in->since = clock_now();
	*in->last = copy;
	in->last = &copy->next;
}

/* Of an event mailbox that is --out, too; to a queue, only a stranger of the same id does it. */
static bool comes_from_here(struct link *link, const struct carried *carried)
{
	if (!carried->own || carried->id != link->info.id)
		return false;
	if (link->info.discipline == IPCK_QUEUE)
		link_complain(link, "a message is dropped: a bridge with the id '%s' published it",
			      link->settings->id);
	return true;
}

static void receive(struct in *in, const struct mosquitto_message *message,
		    const mosquitto_property *properties)
{
	struct letter letter = {
		.opt.wait = IPCK_WAIT_NEVER,
		.len = message->payloadlen,
		.payload = message->payloadlen ? message->payload : "",
	};
	struct carried carried;

	property_read(properties, in->link.settings->id, &carried);
	if (comes_from_here(&in->link, &carried))
		return;
	letter.opt.priority = carried.priority;
	letter.opt.events = carried.events;
	if (in->failure)
		return;
	if (!in->first && deliver(in, &letter))
		return;
	wait_for_room(in, &letter);
	in->owes |= message->qos > 0;
}

/* libmosquitto takes an EAGAIN for one of its socket, and leaves what TLS has read. */
static void on_message(struct mosquitto *client, void *data,
		       const struct mosquitto_message *message,
		       const mosquitto_property *properties)
{
	(void)client;
	receive(data, message, properties);
	errno = 0;
}

static void on_subscribe(struct mosquitto *client, void *data, int mid, int count,
			 const int *granted, const mosquitto_property *properties)
{
	struct in *in = data;

	(void)client;
	(void)mid;
	(void)properties;
	if (count == 1 && granted[0] == 1)
		link_say(&in->link, "subscribed");
	else
		in->failure = count == 1 && granted[0] >= FAILURE ? granted[0] :
								    MOSQ_ERR_QOS_NOT_SUPPORTED;
}

/* What is retained comes once, not with every connection. */
static void on_accepted(struct link *link, bool present, const mosquitto_property *properties)
{
	struct in *in = in_of(link);

	(void)properties;
	if (in->accepted && !present)
		link_say(link, "the broker has forgotten the session, and what it kept for it");
	in->accepted = true;
	in->failure = mosquitto_subscribe_v5(link->client, NULL, link->pair->topic, 1,
					     MQTT_SUB_OPT_SEND_RETAIN_NEW, NULL);
}

static void on_lost(struct link *link)
{
	in_of(link)->failure = MOSQ_ERR_SUCCESS;
	in_of(link)->owes = false;
}

static void look_after(struct in *in)
{
	uint64_t now = clock_now();

	/* Without a word to the broker: what could not wait it has still. */
	if (in->failure && in->link.state != LINK_DOWN) {
		in->link.reason = in->failure;
		link_lose(&in->link);
	}
	if (in->first && now - in->since > SLOW_NS)
		link_complain(&in->link, "messages have been waiting for room for %.0f s",
			      (now - in->since) / 1e9);
}

/* A libmosquitto that writes by itself would make the broker forget what has not arrived. */
static void check_acknowledgments(struct in *in)
{
	if (!in->owes || mosquitto_want_write(in->link.client))
		return;
	link_say(&in->link, "this libmosquitto acknowledges what has not arrived");
	in->owes = false;
	link_stopping = -1;
}

static void work(struct link *link)
{
	struct in *in = in_of(link);
	struct letter *letter;

	check_acknowledgments(in);
	while ((letter = in->first) && deliver(in, letter)) {
		in->first = letter->next;
		if (!in->first)
			in->last = &in->first;
		in->since = clock_now();
		free(letter);
	}
	in->owes &= !!in->first;
	look_after(in);
}

static short wants(const struct link *link)
{
	const struct in *in = in_of(link);

	return in->first && clock_now() >= in->pause ? POLLOUT : 0;
}

static bool listens(const struct link *link)
{
	return !in_of(link)->first && !in_of(link)->failure;
}

static bool is_idle(const struct link *link)
{
	(void)link;
	return true;
}

static uint64_t due(const struct link *link)
{
	(void)link;
	return UINT64_MAX;
}

static void attach(struct mosquitto *client)
{
	mosquitto_message_v5_callback_set(client, on_message);
	mosquitto_subscribe_v5_callback_set(client, on_subscribe);
}

static const struct direction in_direction = {
	.word = "in",
	.flags = O_WRONLY,
	.attach = attach,
	.accepted = on_accepted,
	.lost = on_lost,
	.work = work,
	.wants = wants,
	.listens = listens,
	.is_idle = is_idle,
	.due = due,
};

struct link *in_make(const struct settings *settings, const struct pair *pair)
{
	struct in *in = calloc(1, sizeof(*in));

	if (!in)
		return NULL;
	in->link.direction = &in_direction;
	in->link.settings = settings;
	in->link.pair = pair;
	in->last = &in->first;
	return &in->link;
}
