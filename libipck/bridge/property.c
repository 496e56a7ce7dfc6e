// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <mqtt_protocol.h>

#include "property.h"
#include "value/quantity.h"

/* An identifier, and two strings with their lengths */
#define OVERHEAD 5

/**
 * struct writer - a list that grows
 * @list: what there is
 * @size: bytes it takes in a packet
 * @failed: there was no memory
 */
struct writer {
	mosquitto_property *list;
	size_t size;
	bool failed;
};

static void add_text(struct writer *writer, const char *name, const char *value)
{
	writer->size += OVERHEAD + strlen(name) + strlen(value);
	writer->failed |= mosquitto_property_add_string_pair(&writer->list,
							     MQTT_PROP_USER_PROPERTY, name, value);
}

static void add_number(struct writer *writer, const char *name, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	add_text(writer, name, text);
}

/* What mostly is 0 is not there then. */
static void add_unusual(struct writer *writer, const char *name, uint64_t number)
{
	if (number)
		add_number(writer, name, number);
}

static void add_sender(struct writer *writer, const struct ipck_msg *msg)
{
	add_number(writer, "ipck-pid", msg->pid);
	add_number(writer, "ipck-tid", msg->tid);
	add_number(writer, "ipck-uid", msg->uid);
	add_number(writer, "ipck-gid", msg->gid);
	add_unusual(writer, "ipck-endpoint", msg->sender_endpoint);
}

static uint64_t time_of_day(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

mosquitto_property *property_list(const struct ipck_msg *msg, const char *bridge,
				  const char *mailbox, uint64_t id, size_t *size)
{
	struct writer writer = { NULL, 0, false };
	char events[24];

	add_text(&writer, "ipck-bridge", bridge);
	add_text(&writer, "ipck-mailbox", mailbox);
	add_number(&writer, "ipck-id", id);
	add_number(&writer, "ipck-seq", msg->seq);
	add_number(&writer, "ipck-time", time_of_day());
	add_number(&writer, "ipck-priority", msg->priority);
	if (msg->events) {
		snprintf(events, sizeof(events), "0x%" PRIx64, msg->events);
		add_text(&writer, "ipck-events", events);
	}
	add_sender(&writer, msg);
	add_unusual(&writer, "ipck-lost", msg->lost);
	add_unusual(&writer, "ipck-redelivered", msg->redelivered);
	if (writer.failed)
		mosquitto_property_free_all(&writer.list);
	*size = writer.size;
	return writer.list;
}

static bool parse_events(const char *text, uint64_t *events)
{
	unsigned long long value;
	char *end;

	if (strncmp(text, "0x", 2) || !strchr("0123456789abcdefABCDEF", text[2]) || !text[2])
		return false;
	errno = 0;
	value = strtoull(text, &end, 16);
	if (*end || errno || value & ~IPCK_EVENTS_USER)
		return false;
	*events = value;
	return true;
}

static void read_one(const char *name, const char *value, const char *bridge,
		     struct carried *carried)
{
	if (!strcmp(name, "ipck-priority"))
		quantity_u32(value, IPCK_PRIORITY_MAX, &carried->priority);
	else if (!strcmp(name, "ipck-events"))
		parse_events(value, &carried->events);
	else if (!strcmp(name, "ipck-id"))
		quantity_number(value, UINT64_MAX, &carried->id);
	else if (!strcmp(name, "ipck-bridge"))
		carried->own = !strcmp(value, bridge);
}

void property_read(const mosquitto_property *list, const char *bridge, struct carried *carried)
{
	char *name = NULL, *value = NULL;
	bool next = false;

	*carried = (struct carried){ 0 };
	while ((list = mosquitto_property_read_string_pair(list, MQTT_PROP_USER_PROPERTY, &name,
							   &value, next))) {
		read_one(name, value, bridge, carried);
		free(name);
		free(value);
		name = NULL;
		value = NULL;
		next = true;
	}
}
