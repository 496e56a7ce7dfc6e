/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Leases: what is held until it is settled, or too long.
 */
#ifndef LEASE_H
#define LEASE_H

#include <stdbool.h>

struct model;
struct port;

bool lease_settle(struct model *model, struct port *port, int nr);
bool lease_expire(struct model *model, struct port *port, int nr);

#endif /* LEASE_H */
