// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "task.h"
#include "value/text.h"

void task_print(FILE *out, pid_t pid, pid_t tid)
{
	char path[64], name[32] = "?";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/comm", pid,
		 tid ? tid : pid);
	file = pid ? fopen(path, "re") : NULL;
	if (file) {
		if (fgets(name, sizeof(name), file))
			name[strcspn(name, "\n")] = '\0';
		fclose(file);
	}
	text_print(out, name);
	if (tid && tid != pid)
		fprintf(out, " (pid %d, tid %d)", pid, tid);
	else
		fprintf(out, " (pid %d)", pid);
}
