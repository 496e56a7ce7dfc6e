/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Payload: bytes of a message in the memory of the program, in one part or more. */
#ifndef IPCK_PAYLOAD_H
#define IPCK_PAYLOAD_H

#include <stddef.h>
#include <stdint.h>
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

/* ipck_payload_gather() - copy all of the payload to a place */
void ipck_payload_gather(const struct ipck_payload *payload, void *to);

/* ipck_payload_scatter() - copy @length bytes to the payload, which has them */
void ipck_payload_scatter(const struct ipck_payload *payload, const void *from,
			  size_t length);

#endif /* IPCK_PAYLOAD_H */
