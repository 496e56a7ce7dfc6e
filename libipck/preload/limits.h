/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Limits: how large a queue may be.
 *
 * With IPCK_MQ_STRICT=1 the limits are those of mq_overview(7), so that what runs
 * here runs with the kernel's own queues, too: fs.mqueue.msg_max, msgsize_max,
 * queues_max and the defaults, or 65536 messages of 16 MiB and as many queues as
 * you like for who has CAP_SYS_RESOURCE; and RLIMIT_MSGQUEUE.  For the latter the
 * queues here are added up that belong to the user and have a name, with the
 * formula and the sizes of a 64-bit kernel; nobody is kept from making another
 * one at the same moment.
 */
#ifndef IPCK_LIMITS_H
#define IPCK_LIMITS_H

#include <mqueue.h>

struct ipcmbox_open;

/**
 * ipck_limits_of_queue() - what a new queue shall be able to hold
 * @attr: optional: what the program wants
 * @args: its @max_messages and @max_length are set
 *
 * Return: 0, or -EINVAL, and with IPCK_MQ_STRICT -EMFILE, -ENOSPC.
 */
int ipck_limits_of_queue(const struct mq_attr *attr, struct ipcmbox_open *args);

#endif /* IPCK_LIMITS_H */
