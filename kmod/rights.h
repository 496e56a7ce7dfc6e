/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_RIGHTS_H
#define _IPCMBOX_RIGHTS_H

#include <linux/types.h>
#include <linux/uidgid.h>

struct user_namespace;

/**
 * DOC: Rights
 *
 * What can be opened has an owner, a group and a mode, as a file has. They are looked at when a
 * descriptor is made, and go with the descriptor. CAP_IPC_OWNER counts in the user namespace that
 * owns the IPC namespace.
 */

/* Permission bits: 4 read (receive), 2 write (send), for owner, group and others. */
#define IPCMBOX_MODE_VALID	0666

/* Of a SET command, those that concern rights. */
#define IPCMBOX_SET_RIGHTS	(IPCMBOX_SET_MODE | IPCMBOX_SET_UID | IPCMBOX_SET_GID)

/**
 * struct ipcmbox_rights - whose something is, and what others may
 * @uid: owner
 * @gid: group
 * @mode: permission bits
 *
 * Protected by the registry's lock.
 */
struct ipcmbox_rights {
	kuid_t uid;
	kgid_t gid;
	umode_t mode;
};

/**
 * struct ipcmbox_rights_change - what a SET command wants
 * @mask: of IPCMBOX_SET_RIGHTS: what is valid
 * @rights: new values
 */
struct ipcmbox_rights_change {
	u32 mask;
	struct ipcmbox_rights rights;
};

void ipcmbox_rights_init(struct ipcmbox_rights *rights, u32 mode);
bool ipcmbox_rights_may_administer(const struct ipcmbox_rights *rights,
				   struct user_namespace *user_ns);
int ipcmbox_rights_check(const struct ipcmbox_rights *rights, struct user_namespace *user_ns,
			 u32 access);

int ipcmbox_rights_import(struct ipcmbox_rights_change *change, u32 mask, u32 mode, u32 uid,
			  u32 gid);
int ipcmbox_rights_check_change(const struct ipcmbox_rights *rights,
				struct user_namespace *user_ns,
				const struct ipcmbox_rights_change *change);
void ipcmbox_rights_change(struct ipcmbox_rights *rights,
			   const struct ipcmbox_rights_change *change);

#endif /* _IPCMBOX_RIGHTS_H */
