// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>

#include "way.h"

int way_result(ssize_t ret, size_t size)
{
	if (ret < 0)
		return -errno;
	return (size_t)ret == size ? 0 : -EBADMSG;
}
