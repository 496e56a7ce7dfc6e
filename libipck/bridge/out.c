// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * From a mailbox to a topic.
 *
 * A message is received on lease, published, and acknowledged in its mailbox when the broker has
 * acknowledged it. While libmosquitto has it, connected or not, the lease is renewed, so that an
 * outage of the broker does not count as a failed delivery. When this process ends, however it
 * ends, the message is back in its place.
 *
 * What the broker does not take is left alone: it comes back when its lease ends, is tried again
 * then, and becomes a dead letter if its mailbox has any.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mqtt_protocol.h>

#include "clock.h"
#include "link.h"
#include "property.h"

#define KEEPALIVE_S	30
/* How much of a lease may pass before it is renewed: 1 / RENEW */
#define RENEW		4
#define SLOW_NS		10000000000ULL
#define PAUSE_NS	1000000000ULL
/* In a packet beside topic, properties and payload: a fixed header, lengths, an identifier. */
#define OVERHEAD	16
#define FAILURE		0x80
#define LATER		", to be tried again later"

/**
 * struct flight - a message that the broker has not yet acknowledged
 * @mid: its number for libmosquitto
 * @token: of its lease, 0: its mailbox is gone
 * @since: when it was published
 */
struct flight {
	int mid;
	uint64_t token;
	uint64_t since;
};

/**
 * struct out - a link from a mailbox to a topic
 * @link: what all links have
 * @buf: where a payload goes
 * @size: room there
 * @packet_max: bytes of the longest packet the broker takes, 0: any
 * @renew: when to renew the leases
 * @pause: until when nothing is received, as that has failed
 * @count: elements of @flights, in the order of publication
 * @flights: messages under way, up to the window
 */
struct out {
	struct link link;
	char *buf;
	size_t size;
	uint32_t packet_max;
	uint64_t renew;
	uint64_t pause;
	unsigned int count;
	struct flight flights[];
};

static struct out *out_of(const struct link *link)
{
	return (struct out *)link;
}

static void on_accepted(struct link *link, bool present, const mosquitto_property *properties)
{
	struct out *out = out_of(link);

	(void)present;
	out->packet_max = 0;
	mosquitto_property_read_int32(properties, MQTT_PROP_MAXIMUM_PACKET_SIZE, &out->packet_max,
				      false);
}

static void on_lost(struct link *link)
{
	if (out_of(link)->count)
		link_complain(link, "%u messages are kept until it is back",
			      out_of(link)->count);
}

static void acknowledge(struct link *link, uint64_t token)
{
	int ret = link->mb ? ipck_ack(link->mb, token) : -ESTALE;

	/* Its sender has given up waiting: it is settled all the same. */
	if (ret < 0 && ret != -EPIPE)
		link_complain(link, "published, but not acknowledged here: %s; it can come twice",
			      ipck_strerror(ret, 0));
}

static void on_publish(struct mosquitto *client, void *data, int mid, int reason,
		       const mosquitto_property *properties)
{
	struct out *out = data;
	struct flight *flight = out->flights, *end = flight + out->count;
	uint64_t token;

	(void)client;
	(void)properties;
	while (flight < end && flight->mid != mid)
		flight++;
	if (flight == end)
		return;
	token = flight->token;
	memmove(flight, flight + 1, (end - flight - 1) * sizeof(*flight));
	out->count--;
	if (!token)
		return;
	if (reason < FAILURE && !(out->link.settings->subscribed &&
				  reason == MQTT_RC_NO_MATCHING_SUBSCRIBERS))
		acknowledge(&out->link, token);
	else
		link_complain(&out->link, "a message is refused" LATER ": %s",
			      mosquitto_reason_string(reason));
}

static int publish(struct out *out, const struct ipck_msg *msg, int *mid)
{
	const struct link *link = &out->link;
	mosquitto_property *properties;
	size_t size;
	int ret;

	properties = property_list(msg, link->settings->id, link->mailbox, link->info.id, &size);
	if (!properties)
		return MOSQ_ERR_NOMEM;
	size += strlen(link->pair->topic) + msg->length + OVERHEAD;
	if (out->packet_max && size > out->packet_max)
		ret = MOSQ_ERR_OVERSIZE_PACKET;
	else
		ret = mosquitto_publish_v5(link->client, mid, link->pair->topic, msg->length,
					   out->buf, 1, false, properties);
	mosquitto_property_free_all(&properties);
	/* libmosquitto has it, and will send it when it can. */
	return ret == MOSQ_ERR_NO_CONN ? MOSQ_ERR_SUCCESS : ret;
}

/* What comes of this bridge's own --in of an event mailbox. */
static bool is_own(const struct link *link, const struct ipck_msg *msg)
{
	return link->info.discipline == IPCK_EVENT && msg->pid == getpid();
}

static void forward(struct out *out, const struct ipck_msg *msg)
{
	struct flight flight = { .token = msg->token, .since = clock_now() };
	int ret;

	if (is_own(&out->link, msg)) {
		acknowledge(&out->link, msg->token);
		return;
	}
	ret = publish(out, msg, &flight.mid);
	if (ret)
		link_complain(&out->link, "message %llu cannot be published" LATER ": %s",
			      (unsigned long long)msg->seq, mosquitto_strerror(ret));
	else
		out->flights[out->count++] = flight;
}

/* The message is still there, which would be reason to try again at once. */
static void pause_receiving(struct out *out, int error, unsigned int limit)
{
	link_complain(&out->link, "no message is received: %s", ipck_strerror(error, limit));
	out->pause = clock_now() + PAUSE_NS;
}

static bool make_room(struct out *out)
{
	char *buf;

	if (out->size >= out->link.info.max_length)
		return true;
	buf = realloc(out->buf, out->link.info.max_length);
	if (!buf) {
		pause_receiving(out, -ENOMEM, 0);
		return false;
	}
	out->buf = buf;
	out->size = out->link.info.max_length;
	return true;
}

/* What is under way is of nowhere: in a mailbox of the same name its tokens are those of others. */
static void lose_mailbox(struct out *out)
{
	unsigned int i;

	for (i = 0; i < out->count; i++)
		out->flights[i].token = 0;
	link_close_mailbox(&out->link);
}

/* Descriptors do not travel. Return: whether there was a message. */
static bool take(struct out *out)
{
	struct link *link = &out->link;
	int fds[IPCK_FDS_MAX];
	struct ipck_recv_opt opt = {
		.flags = IPCK_TOKEN,
		.wait = IPCK_WAIT_NEVER,
		.lease_ns = link->settings->lease_ns,
		.max_fds = IPCK_FDS_MAX,
		.fds = fds,
	};
	struct ipck_msg msg;
	ssize_t ret;

	ret = ipck_recv_opt(link->mb, out->buf, out->size, &opt, &msg);
	if (ret == -EPIPE)
		lose_mailbox(out);
	else if (ret < 0 && ret != -EAGAIN)
		pause_receiving(out, ret, msg.limit);
	if (ret < 0)
		return false;
	if (!msg.nr_fds) {
		forward(out, &msg);
		return true;
	}
	link_complain(link, "message %llu has descriptors, which cannot be published",
		      (unsigned long long)msg.seq);
	while (msg.nr_fds)
		close(fds[--msg.nr_fds]);
	return true;
}

static void renew(struct out *out)
{
	const struct link *link = &out->link;
	unsigned int i;

	for (i = 0; i < out->count && link->mb; i++)
		if (out->flights[i].token)
			ipck_renew(link->mb, out->flights[i].token, link->settings->lease_ns);
}

static void look_after(struct out *out)
{
	uint64_t now = clock_now();

	if (now >= out->renew) {
		renew(out);
		out->renew = now + out->link.settings->lease_ns / RENEW;
	}
	if (out->link.state == LINK_UP && out->count && now - out->flights[0].since > SLOW_NS)
		link_complain(&out->link, "%u messages are not acknowledged, the oldest for %.0f s",
			      out->count, (now - out->flights[0].since) / 1e9);
}

static bool has_room(const struct link *link)
{
	const struct out *out = out_of(link);

	return link->state == LINK_UP && !link_stopping && out->count < link->settings->window &&
	       clock_now() >= out->pause;
}

static void work(struct link *link)
{
	struct out *out = out_of(link);

	look_after(out);
	while (link->mb && has_room(link) && make_room(out) && take(out))
		;
}

static short wants(const struct link *link)
{
	return has_room(link) ? POLLIN : 0;
}

static bool listens(const struct link *link)
{
	(void)link;
	return true;
}

static bool is_idle(const struct link *link)
{
	return link->state != LINK_UP || !out_of(link)->count;
}

static uint64_t due(const struct link *link)
{
	return out_of(link)->renew;
}

static void attach(struct mosquitto *client)
{
	mosquitto_publish_v5_callback_set(client, on_publish);
}

static const struct direction out_direction = {
	.word = "out",
	.keepalive_s = KEEPALIVE_S,
	.flags = O_RDONLY,
	.attach = attach,
	.accepted = on_accepted,
	.lost = on_lost,
	.work = work,
	.wants = wants,
	.listens = listens,
	.is_idle = is_idle,
	.due = due,
};

struct link *out_make(const struct settings *settings, const struct pair *pair)
{
	struct out *out;

	out = calloc(1, sizeof(*out) + settings->window * sizeof(out->flights[0]));
	if (!out)
		return NULL;
	out->link.direction = &out_direction;
	out->link.settings = settings;
	out->link.pair = pair;
	return &out->link;
}
