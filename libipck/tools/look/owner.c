// SPDX-License-Identifier: LGPL-2.1-or-later
#include <pwd.h>
#include <stdio.h>

#include "owner.h"

/* A static program has no access to the services that know names. */
#ifdef IPCK_STATIC
#define getpwuid(uid) ((void)(uid), (struct passwd *)0)
#endif

const char *owner_name(char buf[OWNER_SIZE], uid_t uid)
{
	const struct passwd *user = getpwuid(uid);

	if (user)
		snprintf(buf, OWNER_SIZE, "%s", user->pw_name);
	else
		snprintf(buf, OWNER_SIZE, "%u", (unsigned int)uid);
	return buf;
}
