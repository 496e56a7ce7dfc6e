/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rate: what happens in a mailbox in a second. */
#ifndef IPCK_RATE_H
#define IPCK_RATE_H

#include <ipck.h>

/**
 * struct rate - messages per second
 * @sent: sent
 * @received: received
 * @dropped: dropped by the overflow policy
 */
struct rate {
	double sent;
	double received;
	double dropped;
};

static inline struct rate rate_of(const struct ipck_info *old,
				  const struct ipck_info *new, double seconds)
{
	/* A send that gave up is no longer in what was sent. */
	int64_t sent = new->sent - old->sent;

	return (struct rate){
		.sent = sent > 0 ? sent / seconds : 0,
		.received = (new->received - old->received) / seconds,
		.dropped = (new->dropped - old->dropped) / seconds,
	};
}

#endif /* IPCK_RATE_H */
