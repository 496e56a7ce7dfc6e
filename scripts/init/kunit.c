// SPDX-License-Identifier: GPL-2.0-only
/* Results of the unit tests which ran when the module was loaded. */
#include <dirent.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "init.h"

/*
 * A suite's log keeps only the first bytes of each case's messages, so results
 * may be missing there: the suite's own result, printed apart, tells.
 */
static void judge_suite(const char *suite, FILE *results)
{
	unsigned int planned = 0, failed = 0, skipped = 0;
	char line[1024];
	bool ok = false;

	while (fgets(line, sizeof(line), results)) {
		fprintf(out, "%s: %s", suite, line);
		if (!strncmp(line, "    not ok ", 11))
			failed++;
		else if (!strncmp(line, "    ok ", 7) && strstr(line, "# SKIP"))
			skipped++;
		else if (!strncmp(line, "ok ", 3))
			ok = true;
		else if (!strncmp(line, "    1..", 7))
			planned = strtoul(line + 7, NULL, 10);
	}
	if (!planned || (ok && failed) || (!ok && !failed))
		fail("%s: no consistent result", suite);
	else
		verdict.passed += planned - failed - skipped;
	verdict.failed += failed;
	verdict.skipped += skipped;
}

void step_kunit(char *pattern)
{
	DIR *dir = opendir("/sys/kernel/debug/kunit");
	struct dirent *entry;
	unsigned int found = 0;
	char path[300];
	FILE *results;

	if (!dir) {
		fprintf(out, "kunit: not in this kernel # SKIP\n");
		verdict.skipped++;
		return;
	}
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.' ||
		    fnmatch(pattern, entry->d_name, 0))
			continue;
		snprintf(path, sizeof(path), "/sys/kernel/debug/kunit/%s/results",
			 entry->d_name);
		results = fopen(path, "r");
		if (!results)
			continue;
		found++;
		judge_suite(entry->d_name, results);
		fclose(results);
	}
	closedir(dir);
	if (!found)
		fail("kunit: no suite %s", pattern);
}
