/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shm: what the handle of a segment is made of. */
#ifndef IPCK_SHM_H
#define IPCK_SHM_H

#include <stdint.h>

#include "ipck.h"

/**
 * struct ipck_shm - an open segment
 * @id: id of the segment
 * @fd: descriptor of the segment, owned
 *
 * Nothing changes between opening and closing, so threads need no lock.
 */
struct ipck_shm {
	uint64_t id;
	int fd;
};

#endif /* IPCK_SHM_H */
