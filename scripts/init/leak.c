// SPDX-License-Identifier: GPL-2.0-only
/* Memory nobody has a pointer to. */
#include <fcntl.h>
#include <unistd.h>

#include "init.h"

void step_kmemleak(char *args)
{
	static const char path[] = "/sys/kernel/debug/kmemleak";
	int fd = open(path, O_RDWR | O_CLOEXEC);
	char byte;

	(void)args;
	if (fd < 0) {
		fprintf(out, "kmemleak: not in this kernel # SKIP\n");
		verdict.skipped++;
		return;
	}
	dprintf(fd, "scan");
	/* Objects younger than five seconds are not reported. */
	sleep(6);
	dprintf(fd, "scan");
	if (read(fd, &byte, 1)) {
		fail("kmemleak:");
		show_file(path);
	} else {
		verdict.passed++;
	}
	close(fd);
}
