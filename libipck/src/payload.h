/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Payload: bytes of a message in the memory of the program, in one part or more. */
#ifndef IPCK_PAYLOAD_H
#define IPCK_PAYLOAD_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/uio.h>

/**
 * struct ipck_payload - a payload in one part or more
 * @length: of all of it
 * @base: where it is, in one part
 * @part: its parts instead, or NULL
 * @count: how many they are
 *
 * What is passed on of it are values, so that it can be in registers.
 */
struct ipck_payload {
	size_t length;
	void *base;
	const struct iovec *part;
	size_t count;
};

/**
 * ipck_payload_from() - what a program says its payload is
 * @payload: where it goes
 * @buf: the payload, or with %IPCK_IOVEC an array of struct iovec
 * @len: its length, or how many there are
 * @flags: %IPCK_IOVEC, or 0
 *
 * Return: 0, -EFAULT (NULL), -EINVAL (too many parts), -EMSGSIZE (more than there
 * can be).
 */
int ipck_payload_from(struct ipck_payload *payload, const void *buf, size_t len,
		      uint32_t flags);

/* ipck_payload_plain() - the same for a payload in one part */
static inline int ipck_payload_plain(struct ipck_payload *payload, const void *buf,
				     size_t len)
{
	*payload = (struct ipck_payload){ .length = len, .base = (void *)buf };
	return buf || !len ? 0 : -EFAULT;
}

/* For payloads in parts. */
void ipck_payload_gather_parts(const struct iovec *part, size_t count, void *to);
void ipck_payload_scatter_parts(const struct iovec *part, const void *from,
				size_t length);

/* ipck_payload_gather() - copy all of the payload to a place */
static inline void ipck_payload_gather(const struct ipck_payload *payload,
				       void *to)
{
	if (payload->part)
		ipck_payload_gather_parts(payload->part, payload->count, to);
	else if (payload->length)
		memcpy(to, payload->base, payload->length);
}

/* ipck_payload_scatter() - copy @length bytes to the payload, which has them */
static inline void ipck_payload_scatter(const struct ipck_payload *payload,
					const void *from, size_t length)
{
	if (payload->part)
		ipck_payload_scatter_parts(payload->part, from, length);
	else if (length)
		memcpy(payload->base, from, length);
}

#endif /* IPCK_PAYLOAD_H */
