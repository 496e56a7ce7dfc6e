/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Attributes: how a mailbox shall be. */
#ifndef IPCK_ATTR_H
#define IPCK_ATTR_H

struct ipck_attr;
struct ipcmbox_open;

/**
 * ipck_attr_to_uapi() - put attributes into the command that creates
 * @attr: attributes, or NULL for the defaults
 * @args: where they go; those that are flags join the flags that are there
 *
 * Return: 0, or -EINVAL.
 */
int ipck_attr_to_uapi(const struct ipck_attr *attr, struct ipcmbox_open *args);

#endif /* IPCK_ATTR_H */
