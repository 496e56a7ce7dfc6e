/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owner: users by name. */
#ifndef IPCK_OWNER_H
#define IPCK_OWNER_H

#include <sys/types.h>

#define OWNER_SIZE 33

/* Write the name of a user, or the number, into @buf. Return: @buf. */
const char *owner_name(char buf[OWNER_SIZE], uid_t uid);

#endif /* IPCK_OWNER_H */
