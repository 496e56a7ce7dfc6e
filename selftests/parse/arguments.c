// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer: the command ipck with any arguments, one a line. There is no device, so that nothing
 * is done but what comes before: understanding them.
 */
#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device.h"
#include "ioctl.h"
#include "parse.h"

#define ARGUMENTS	16

int ipck_device_ioctl(unsigned long cmd, void *arg)
{
	(void)cmd;
	(void)arg;
	return -ENODEV;
}

int ipck_ioctl(int fd, unsigned long cmd, void *arg)
{
	(void)fd;
	(void)cmd;
	(void)arg;
	return -ENODEV;
}

/* Of what is another program nothing is known here. */
int execvp(const char *file, char *const argv[])
{
	(void)file;
	(void)argv;
	errno = ENOENT;
	return -1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[] = "ipck", *argv[ARGUMENTS + 2] = { name };
	char *copy = malloc(size + 1), *rest = copy;
	int argc = 1, status;

	memcpy(copy, data, size);
	copy[size] = '\0';
	while (rest && argc <= ARGUMENTS)
		argv[argc++] = strsep(&rest, "\n");
	/* As in a new process */
	optind = 0;
	status = ipck_main(argc, argv);
	if (status < 0 || status > 255)
		abort();
	free(copy);
	return 0;
}
