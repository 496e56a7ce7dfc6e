/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Peer: a process or a thread, given as PID, tid:TID or #ID of its endpoint. */
#ifndef IPCK_PEER_H
#define IPCK_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include <ipck.h>

/* Return: whether @string is that; else the rest is as it was. */
bool peer_parse(const char *string, enum ipck_peer *kind, uint64_t *who);

/* Connect to its endpoint. Return: what the library returned. */
int peer_connect(struct ipck **mb, const char *string);

#endif /* IPCK_PEER_H */
