/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Connect: the connection of a link, from nothing to a socket.
 *
 * An attempt has a thread of its own: to ask for the address of the broker, and to find out that
 * nobody answers at any of them, can take minutes, during which leases are to be renewed. Until it
 * is over the connection is the thread's, and afterwards that of whoever has collected it.
 */
#ifndef IPCK_BRIDGE_CONNECT_H
#define IPCK_BRIDGE_CONNECT_H

struct link;

/* Make all that attempts need. Return: of libmosquitto. */
int connect_prepare(struct link *link);

/* Begin an attempt. Return: 0 or errno. */
int connect_begin(struct link *link);

/* The attempt is over, as &link.over can be read. Return: of libmosquitto, with errno. */
int connect_collect(struct link *link);

#endif /* IPCK_BRIDGE_CONNECT_H */
