// SPDX-License-Identifier: LGPL-2.1-or-later
/* Version of the library; IPCK_VERSION comes from the makefile. */
#include "export.h"
#include "ipck.h"

IPCK_API const char *ipck_version(void)
{
	return IPCK_VERSION;
}
