// SPDX-License-Identifier: GPL-2.0-only
/* Complaints of the kernel while a step was carried out. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "init.h"

static const char * const complaints[] = {
	"BUG:", "kernel BUG at", "WARNING:", "Oops", "Kernel panic",
	"general protection fault", "nable to handle", "divide error",
	"KASAN", "UBSAN", "ODEBUG", "DEBUG_LOCKS_WARN_ON",
	"possible circular locking", "possible recursive locking",
	"possible irq lock inversion", "inconsistent lock state",
	"inconsistent {", "bad unlock balance", "held lock freed",
	"lock held when returning", "still has locks held",
	"non-static key", "suspicious RCU", "rcu: INFO", "self-detected stall",
	"sleeping function called", "scheduling while atomic",
	"INFO: task", "soft lockup", "hard LOCKUP",
	"refcount_t:", "list_add corruption", "list_del corruption",
	"plist corruption", "new suspected memory leaks", "usercopy:",
	"overwritten", "Object already free", "Objects remaining",
	"still has objects", "Bad page state", "Bad rss-counter",
};

static int kmsg = -1;

bool kmsg_open(void)
{
	kmsg = open("/dev/kmsg", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return kmsg >= 0;
}

void kmsg_mark(const char *step)
{
	lseek(kmsg, 0, SEEK_END);
	dprintf(kmsg, "init: %s\n", step);
}

/* A record is "priority,sequence,time,flags;text\nKEY=value...". */
static char *kmsg_text(char *record)
{
	char *text = strchr(record, ';');

	if (!text)
		return record;
	text[1 + strcspn(text + 1, "\n")] = '\0';
	return text + 1;
}

static bool is_complaint(const char *record)
{
	size_t i;

	/* What user space wrote has a facility above the level's three bits. */
	if (strtoul(record, NULL, 10) >> 3)
		return false;
	for (i = 0; i < sizeof(complaints) / sizeof(*complaints); i++)
		if (strstr(record, complaints[i]))
			return true;
	return false;
}

/* Call @fn for all records since the mark; false if some were overwritten. */
static bool kmsg_each(void (*fn)(char *record, void *arg), void *arg)
{
	bool complete = true;
	char record[8192];
	ssize_t n;

	for (;;) {
		n = read(kmsg, record, sizeof(record) - 1);
		if (n < 0 && errno == EPIPE) {
			complete = false;
			continue;
		}
		if (n <= 0)
			return complete;
		record[n] = '\0';
		fn(record, arg);
	}
}

static void collect(char *record, void *arg)
{
	FILE *slice = arg;

	if (is_complaint(record))
		fputs("!! ", slice);
	else
		fputs("   ", slice);
	fprintf(slice, "%s\n", kmsg_text(record));
}

void kmsg_judge(const char *step)
{
	char *text = NULL;
	size_t size = 0;
	FILE *slice = open_memstream(&text, &size);
	bool complete = kmsg_each(collect, slice);

	fclose(slice);
	if (!complete)
		fail("%s: the kernel's log was overwritten", step);
	if (!strncmp(text, "!! ", 3) || strstr(text, "\n!! ")) {
		fail("%s: the kernel complains:", step);
		fputs(text, out);
	}
	free(text);
}
