/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Descriptor: what a program is started with. */
#ifndef IPCK_DESCRIPTOR_H
#define IPCK_DESCRIPTOR_H

#include <fcntl.h>
#include <unistd.h>

/*
 * Make @fd descriptor number @where of a program to be started. dup2() clears close-on-exec, except
 * on a descriptor that is there already. Return: negative, with errno, if that failed.
 */
static inline int descriptor_put(int fd, int where)
{
	if (fd == where)
		return fcntl(fd, F_SETFD, 0);
	return dup2(fd, where);
}

#endif /* IPCK_DESCRIPTOR_H */
