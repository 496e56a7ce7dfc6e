/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reserved: the members of a structure that wait for a meaning. */
#ifndef IPCK_RESERVED_H
#define IPCK_RESERVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool ipck_is_zero(const uint32_t *reserved, size_t count)
{
	uint32_t any = 0;

	while (count--)
		any |= reserved[count];
	return !any;
}

#define ipck_is_reserved_zero(s) \
	ipck_is_zero((s)->reserved, \
		     sizeof((s)->reserved) / sizeof((s)->reserved[0]))

#endif /* IPCK_RESERVED_H */
