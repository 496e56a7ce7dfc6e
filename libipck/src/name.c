// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <linux/ipcmbox.h>

#include "name.h"

int ipck_name_to_uapi(const char *name, __u64 *ptr, __u32 *len)
{
	if (!name)
		return -EINVAL;
	if (*name == '/')
		name++;
	if (!*name)
		return -EINVAL;
	*ptr = (uintptr_t)name;
	*len = strnlen(name, IPCMBOX_NAME_MAX + 1);
	return 0;
}
