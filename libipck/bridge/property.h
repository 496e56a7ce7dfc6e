/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Property: what is known about a message beside its payload, as user properties of MQTT 5.
 *
 * Names and values are part of the interface: ipck-bridge(1) lists them.
 */
#ifndef IPCK_BRIDGE_PROPERTY_H
#define IPCK_BRIDGE_PROPERTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ipck.h>
#include <mosquitto.h>

/**
 * property_list() - say all about a message
 * @msg: the message
 * @bridge: who publishes it
 * @mailbox: where it was sent to
 * @id: the id of that
 * @size: where the bytes go that the properties take in a packet
 *
 * Return: a list to be freed by mosquitto_property_free_all(), or NULL: no memory.
 */
mosquitto_property *property_list(const struct ipck_msg *msg, const char *bridge,
				  const char *mailbox, uint64_t id, size_t *size);

/**
 * struct carried - what of that is used again
 * @priority: of the message
 * @events: its event bits
 * @own: a bridge of the same id has published it
 * @id: the id of the mailbox it comes from, 0: of none
 */
struct carried {
	uint32_t priority;
	uint64_t events;
	bool own;
	uint64_t id;
};

/* Read a list. A property that is not as it should be counts as one that is not there. */
void property_read(const mosquitto_property *list, const char *bridge, struct carried *carried);

#endif /* IPCK_BRIDGE_PROPERTY_H */
