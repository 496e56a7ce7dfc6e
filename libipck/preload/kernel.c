// SPDX-License-Identifier: LGPL-2.1-or-later
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel.h"
#include "settings.h"

void *ipck_kernel_function(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

void *ipck_kernel_function_for_descriptor(const char *name)
{
	return ipck_settings()->kernel ? ipck_kernel_function(name) : NULL;
}

/* Looking at it as no access at all is EINVAL, and opens nothing. */
bool ipck_kernel_has_queue(const char *name)
{
	int saved = errno;
	bool has;

	has = syscall(SYS_mq_open, name + 1, O_ACCMODE, 0, NULL) < 0 &&
	      errno == EINVAL;
	errno = saved;
	return has;
}

bool ipck_kernel_has_segment(const char *name)
{
	char path[sizeof("/dev/shm/") + NAME_MAX];
	int saved = errno;
	bool has;

	snprintf(path, sizeof(path), "/dev/shm/%s", name);
	has = !faccessat(AT_FDCWD, path, F_OK, AT_EACCESS);
	errno = saved;
	return has;
}

__attribute__((format(printf, 1, 2)))
static void say(const char *format, ...)
{
	int saved = errno;
	char text[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	dprintf(STDERR_FILENO, "libipck-posix: %s\n", text);
	errno = saved;
}

static bool is_first(char *said)
{
	return !__atomic_test_and_set(said, __ATOMIC_RELAXED);
}

bool ipck_kernel_instead(const char *kind, const char *name, int ret)
{
	static char said_no_module, said_strange;

	if (ipck_settings()->kernel)
		return true;
	if (ret == -ENODEV && is_first(&said_no_module))
		say("no /dev/ipcmbox: load the module, or set IPCK_MQ_FALLBACK=kernel");
	if (ret == -ENOENT && is_first(&said_strange))
		say("the kernel has a %s %.256s, ipcmbox has none; IPCK_MQ_FALLBACK=kernel uses it",
		    kind, name);
	return false;
}
