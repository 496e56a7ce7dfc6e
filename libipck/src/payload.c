// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <string.h>

#include "ipck.h"
#include "payload.h"

int ipck_payload_from(struct ipck_payload *payload, const void *buf, size_t len,
		      uint32_t flags)
{
	size_t i;

	if (!(flags & IPCK_IOVEC))
		return ipck_payload_plain(payload, buf, len);
	if (len > IPCK_IOVEC_MAX)
		return -EINVAL;
	if (!buf && len)
		return -EFAULT;
	*payload = (struct ipck_payload){ .part = buf, .count = len };
	for (i = 0; i < len; i++) {
		if (!payload->part[i].iov_base && payload->part[i].iov_len)
			return -EFAULT;
		if (__builtin_add_overflow(payload->length,
					   payload->part[i].iov_len,
					   &payload->length))
			return -EMSGSIZE;
	}
	return 0;
}

void ipck_payload_gather_parts(const struct iovec *part, size_t count, void *to)
{
	unsigned char *at = to;
	size_t i;

	for (i = 0; i < count; i++) {
		if (!part[i].iov_len)
			continue;
		memcpy(at, part[i].iov_base, part[i].iov_len);
		at += part[i].iov_len;
	}
}

void ipck_payload_scatter_parts(const struct iovec *part, const void *from,
				size_t length)
{
	const unsigned char *at = from;
	size_t i, n;

	for (i = 0; length; i++) {
		n = part[i].iov_len;
		if (n > length)
			n = length;
		if (!n)
			continue;
		memcpy(part[i].iov_base, at, n);
		at += n;
		length -= n;
	}
}
