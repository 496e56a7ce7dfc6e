// SPDX-License-Identifier: GPL-2.0-only
/* The module: insert it, remove it, and both again and again. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "init.h"

static char last_module[256];	/* arguments of the last load */

int insert(const char *args)
{
	size_t length = strcspn(args, " ");
	char path[256];
	int fd, ret;

	snprintf(path, sizeof(path), "%.*s", (int)length, args);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ret = syscall(SYS_finit_module, fd,
		      args + length + strspn(args + length, " "), 0);
	close(fd);
	return ret;
}

static void expect(int ret, const char *what, const char *args)
{
	if (!ret)
		verdict.passed++;
	else
		fail("%s %s: %s", what, args, strerror(errno));
}

void step_load(char *args)
{
	snprintf(last_module, sizeof(last_module), "%s", args);
	expect(insert(args), "load", args);
}

void step_unload(char *args)
{
	expect(syscall(SYS_delete_module, args, O_NONBLOCK), "unload", args);
}

void step_cycle(char *args)
{
	int i, ret = 0, n = atoi(args);
	char *base, *c, name[sizeof(last_module)];

	snprintf(name, sizeof(name), "%.*s",
		 (int)strcspn(last_module, " "), last_module);
	base = strrchr(name, '/') ? strrchr(name, '/') + 1 : name;
	base[strcspn(base, ".")] = '\0';
	for (c = base; *c; c++)
		if (*c == '-')
			*c = '_';
	for (i = 0; i < n && !ret; i++)
		ret = syscall(SYS_delete_module, base, O_NONBLOCK) ?:
			insert(last_module);
	expect(n < 1 ? -1 : ret, "cycle", args);
}
