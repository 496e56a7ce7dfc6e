// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rights: owner, group, mode.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/user_namespace.h>

#include <uapi/linux/ipcmbox.h>

#include "rights.h"

/**
 * ipcmbox_rights_init() - rights of what the calling task creates
 * @rights: set
 * @mode: asked for; the umask is taken off
 */
void ipcmbox_rights_init(struct ipcmbox_rights *rights, u32 mode)
{
	current_euid_egid(&rights->uid, &rights->gid);
	rights->mode = mode & ~current_umask();
}

/**
 * ipcmbox_rights_may_administer() - is the caller the owner, or as good as that?
 * @rights: the rights
 * @user_ns: owner of the IPC namespace
 */
bool ipcmbox_rights_may_administer(const struct ipcmbox_rights *rights,
				   struct user_namespace *user_ns)
{
	return uid_eq(rights->uid, current_euid()) || ns_capable(user_ns, CAP_IPC_OWNER);
}

/**
 * ipcmbox_rights_check() - may the calling task have a descriptor with this access?
 * @rights: the rights
 * @user_ns: owner of the IPC namespace
 * @access: IPCMBOX_READ, IPCMBOX_WRITE; 0 to look and to administer
 *
 * Return: 0 or -EACCES.
 */
int ipcmbox_rights_check(const struct ipcmbox_rights *rights, struct user_namespace *user_ns,
			 u32 access)
{
	unsigned int granted = rights->mode, wanted = 0;

	/* For whom that is of use only, as a descriptor keeps what it is of. */
	if (!access)
		return ipcmbox_rights_may_administer(rights, user_ns) ? 0 : -EACCES;

	if (access & IPCMBOX_READ)
		wanted |= 4;
	if (access & IPCMBOX_WRITE)
		wanted |= 2;

	if (uid_eq(rights->uid, current_euid()))
		granted >>= 6;
	else if (in_egroup_p(rights->gid))
		granted >>= 3;

	if (!(wanted & ~granted) || ns_capable(user_ns, CAP_IPC_OWNER))
		return 0;
	return -EACCES;
}

/**
 * ipcmbox_rights_import() - what a SET command says of rights
 * @change: set
 * @mask: IPCMBOX_SET_*
 * @mode: with IPCMBOX_SET_MODE, else 0
 * @uid: as the caller sees it, with IPCMBOX_SET_UID, else 0
 * @gid: likewise, with IPCMBOX_SET_GID, else 0
 *
 * Return: 0 or -EINVAL.
 */
int ipcmbox_rights_import(struct ipcmbox_rights_change *change, u32 mask, u32 mode, u32 uid,
			  u32 gid)
{
	if (mode & ~IPCMBOX_MODE_VALID ||
	    (!(mask & IPCMBOX_SET_MODE) && mode) ||
	    (!(mask & IPCMBOX_SET_UID) && uid) ||
	    (!(mask & IPCMBOX_SET_GID) && gid))
		return -EINVAL;

	change->mask = mask & IPCMBOX_SET_RIGHTS;
	change->rights.mode = mode;
	change->rights.uid = make_kuid(current_user_ns(), uid);
	change->rights.gid = make_kgid(current_user_ns(), gid);
	return 0;
}

/**
 * ipcmbox_rights_check_change() - may the calling task change rights so?
 * @rights: what they are now
 * @user_ns: owner of the IPC namespace
 * @change: what they shall be
 *
 * Return: 0, -EPERM, -EINVAL.
 */
int ipcmbox_rights_check_change(const struct ipcmbox_rights *rights,
				struct user_namespace *user_ns,
				const struct ipcmbox_rights_change *change)
{
	kuid_t uid = change->rights.uid;
	kgid_t gid = change->rights.gid;
	bool may_chown;

	if (!ipcmbox_rights_may_administer(rights, user_ns))
		return -EPERM;
	if ((change->mask & IPCMBOX_SET_UID && !uid_valid(uid)) ||
	    (change->mask & IPCMBOX_SET_GID && !gid_valid(gid)))
		return -EINVAL;

	may_chown = ns_capable_noaudit(user_ns, CAP_CHOWN);
	if (change->mask & IPCMBOX_SET_UID && !uid_eq(uid, rights->uid) && !may_chown)
		return -EPERM;
	if (change->mask & IPCMBOX_SET_GID && !gid_eq(gid, rights->gid) && !in_egroup_p(gid) &&
	    !may_chown)
		return -EPERM;
	return 0;
}

void ipcmbox_rights_change(struct ipcmbox_rights *rights,
			   const struct ipcmbox_rights_change *change)
{
	if (change->mask & IPCMBOX_SET_MODE)
		rights->mode = change->rights.mode;
	if (change->mask & IPCMBOX_SET_UID)
		rights->uid = change->rights.uid;
	if (change->mask & IPCMBOX_SET_GID)
		rights->gid = change->rights.gid;
}
