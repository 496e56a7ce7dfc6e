/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mailbox: what a handle is made of. */
#ifndef IPCK_MAILBOX_H
#define IPCK_MAILBOX_H

#include <stdint.h>

struct ipck_channel;

/**
 * struct ipck - an open mailbox
 * @id: id of the mailbox
 * @fd: descriptor of the mailbox, owned
 * @channel: its pages, if it is a channel; else NULL
 *
 * Nothing changes between opening and closing, so threads need no lock.
 */
struct ipck {
	uint64_t id;
	int fd;
	struct ipck_channel *channel;
};

struct ipcmbox_open;

/**
 * ipck_open_handle() - open or create what a command says
 * @mb: where the handle goes, after success only
 * @args: the command
 *
 * Return: 0 or -errno.
 */
int ipck_open_handle(struct ipck **mb, struct ipcmbox_open *args);

#endif /* IPCK_MAILBOX_H */
