/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Area: pages of a channel in the memory of the process. */
#ifndef IPCK_AREA_H
#define IPCK_AREA_H

#include <stddef.h>
#include <stdint.h>

/**
 * ipck_area_map() - map an area
 * @area: where the address goes
 * @fd: of the channel
 * @offset: of the area
 * @size: of it; 0: a page
 * @prot: PROT_READ, and PROT_WRITE for whom it belongs to
 *
 * Return: 0, or -errno: -EACCES, -ENOENT, -ENOMEM.
 */
int ipck_area_map(void **area, int fd, uint64_t offset, size_t size, int prot);

/* ipck_area_map_twice() - the same, so that the area follows on itself */
int ipck_area_map_twice(void **area, int fd, uint64_t offset, size_t size,
			int prot);

/* ipck_area_unmap() - @area may be NULL */
void ipck_area_unmap(const void *area, size_t size);

#endif /* IPCK_AREA_H */
