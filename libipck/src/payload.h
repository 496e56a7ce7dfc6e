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
 * struct ipck_payload - parts of a payload
 * @part: the parts
 * @count: how many
 * @length: of all of them
 * @one: @part, if there is one part only
 */
struct ipck_payload {
	const struct iovec *part;
	size_t count;
	size_t length;
	struct iovec one;
};

/**
 * ipck_payload_from() - what a program says its payload is
 * @payload: where it goes; must not be moved
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
	payload->one.iov_base = (void *)buf;
	payload->one.iov_len = len;
	payload->part = &payload->one;
	payload->count = 1;
	payload->length = len;
	return buf || !len ? 0 : -EFAULT;
}

/* For payloads in several parts. */
void ipck_payload_gather_parts(const struct ipck_payload *payload, void *to);
void ipck_payload_scatter_parts(const struct ipck_payload *payload,
				const void *from, size_t length);

/* ipck_payload_gather() - copy all of the payload to a place */
static inline void ipck_payload_gather(const struct ipck_payload *payload,
				       void *to)
{
	if (payload->count != 1)
		ipck_payload_gather_parts(payload, to);
	else if (payload->length)
		memcpy(to, payload->part->iov_base, payload->length);
}

/* ipck_payload_scatter() - copy @length bytes to the payload, which has them */
static inline void ipck_payload_scatter(const struct ipck_payload *payload,
					const void *from, size_t length)
{
	if (payload->count != 1)
		ipck_payload_scatter_parts(payload, from, length);
	else if (length)
		memcpy(payload->part->iov_base, from, length);
}

#endif /* IPCK_PAYLOAD_H */
