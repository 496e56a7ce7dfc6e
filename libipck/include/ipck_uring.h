/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libipck for programs with liburing: from ipck_uring_send() and
 * ipck_uring_recv() of ipck.h into an entry of a ring.
 *
 * The library itself needs no liburing, and this is all there is of it here.
 */
#ifndef IPCK_URING_H
#define IPCK_URING_H

#include <liburing.h>
#include <string.h>

#include <ipck.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * ipck_uring_prep() - fill in an entry of a ring
 * @sqe: the entry, from io_uring_get_sqe(); its flags and its user data are
 *	for the caller to set, afterwards
 * @uring: what it is to do, which must stay until it is completed
 */
static inline void ipck_uring_prep(struct io_uring_sqe *sqe,
				   struct ipck_uring *uring)
{
	const uint64_t payload[2] = { (uintptr_t)uring->args, 0 };

	io_uring_prep_nop(sqe);
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = uring->fd;
	sqe->cmd_op = uring->command;
	memcpy(sqe->cmd, payload, sizeof(payload));
}

#ifdef __cplusplus
}
#endif

#endif /* IPCK_URING_H */
