// SPDX-License-Identifier: LGPL-2.1-or-later
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <mqtt_protocol.h>

#include "connect.h"
#include "link.h"

#define AUTHORITIES	"/etc/ssl/certs"
/* When a peer that says nothing is asked whether it is still there, in seconds. */
#define PROBE_AFTER_S	30
#define PROBE_EVERY_S	10
#define PROBES		3

/* All but letters, digits and what @plain has as %XX. Return: the end. */
static char *escape(char *to, const char *text, const char *plain)
{
	for (; *text; text++)
		if (isalnum((unsigned char)*text) || strchr(plain, *text))
			*to++ = *text;
		else
			to += sprintf(to, "%%%02X", (unsigned char)*text);
	*to = '\0';
	return to;
}

/*
 * A session of its own for each link, as the broker has it; what has a meaning in
 * topics may have one in the broker's rules about ids, too. No two links have the same:
 * only the first part can have a '-' in it.
 */
static char *client_id(const struct link *link)
{
	const char *own = link->settings->id, *mailbox = link->pair->mailbox;
	const char *word = link->direction->word, *topic = link->pair->topic;
	char *id, *end;

	id = malloc(3 * (strlen(own) + strlen(mailbox) + strlen(topic)) + strlen(word) +
		    sizeof("---"));
	if (!id)
		return NULL;
	end = escape(id, own, "-._");
	end += sprintf(end, "-%s-", word);
	end = escape(end, mailbox, "._");
	*end++ = '-';
	escape(end, topic, "._");
	return id;
}

static int set_options(struct link *link)
{
	const struct settings *settings = link->settings;
	int ret;

	ret = mosquitto_int_option(link->client, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
	if (!ret)
		ret = mosquitto_int_option(link->client, MOSQ_OPT_RECEIVE_MAXIMUM,
					   settings->window);
	if (!ret)
		ret = mosquitto_threaded_set(link->client, true);
	if (!ret && settings->user)
		ret = mosquitto_username_pw_set(link->client, settings->user, settings->password);
	/* Not MOSQ_OPT_TLS_USE_OS_CERTS, with which 2.0 connects only once. */
	if (!ret && settings->tls)
		ret = mosquitto_tls_set(link->client, settings->cafile,
					settings->cafile ? NULL : AUTHORITIES,
					settings->cert, settings->key, NULL);
	return ret;
}

/* What is wrong with a certificate, for example. */
static void on_log(struct mosquitto *client, void *data, int level, const char *text)
{
	(void)client;
	if (level == MOSQ_LOG_ERR || level == MOSQ_LOG_WARNING)
		link_say(data, "%s", text);
}

int connect_prepare(struct link *link)
{
	char *id = client_id(link);

	link->over = eventfd(0, EFD_CLOEXEC);
	if (id && link->over >= 0)
		link->client = mosquitto_new(id, link->pair->out, link);
	free(id);
	if (!link->client)
		return MOSQ_ERR_ERRNO;
	mosquitto_log_callback_set(link->client, on_log);
	return set_options(link);
}

/*
 * What keeps the link from standing on a peer that has vanished, whether or not
 * anything may be written.
 */
static void probe_peer(int fd)
{
	int on = 1, after = PROBE_AFTER_S, every = PROBE_EVERY_S, probes = PROBES;

	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &after, sizeof(after));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &every, sizeof(every));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
}

static int try(struct link *link)
{
	const struct settings *settings = link->settings;
	mosquitto_property *properties = NULL;
	int ret = MOSQ_ERR_SUCCESS;

	/* Whoever only publishes has nothing that the broker could keep. */
	if (!link->pair->out)
		ret = mosquitto_property_add_int32(&properties, MQTT_PROP_SESSION_EXPIRY_INTERVAL,
						   settings->keep_s);
	if (!ret)
		ret = mosquitto_connect_bind_v5(link->client, settings->host, settings->port,
						link->direction->keepalive_s, NULL, properties);
	link->error = errno;
	mosquitto_property_free_all(&properties);
	if (!ret)
		probe_peer(mosquitto_socket(link->client));
	return ret;
}

static void *attempt(void *data)
{
	struct link *link = data;

	link->result = try(link);
	eventfd_write(link->over, 1);
	return NULL;
}

int connect_begin(struct link *link)
{
	return pthread_create(&link->thread, NULL, attempt, link);
}

int connect_collect(struct link *link)
{
	eventfd_t value;

	eventfd_read(link->over, &value);
	pthread_join(link->thread, NULL);
	return link->result;
}
