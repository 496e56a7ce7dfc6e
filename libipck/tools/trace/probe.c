// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "probe.h"

#define INSTANCES	"/sys/kernel/tracing/instances"
#define PREFIX		": ipcmbox_"

static const char * const events[] = {
	"block", "send", "take", "finish", "return", "reply", "drop", "withdraw", "dead", "wake",
};

static int write_file(const struct probe *probe, const char *name, const char *text)
{
	char path[160];
	ssize_t ret;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", probe->path, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

static int enable(const struct probe *probe, const char *event, uint64_t mailbox)
{
	char name[64], filter[48];
	int ret;

	snprintf(name, sizeof(name), "events/ipcmbox/ipcmbox_%s/filter", event);
	snprintf(filter, sizeof(filter), "mailbox == %" PRIu64, mailbox);
	ret = write_file(probe, name, filter);
	if (ret < 0)
		return ret;
	snprintf(name, sizeof(name), "events/ipcmbox/ipcmbox_%s/enable", event);
	return write_file(probe, name, "1");
}

static int open_lines(struct probe *probe)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "%s/trace_pipe", probe->path);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	probe->lines = fdopen(fd, "r");
	if (probe->lines)
		return 0;
	close(fd);
	return -ENOMEM;
}

int probe_open(struct probe *probe, uint64_t mailbox)
{
	size_t i;
	int ret;

	snprintf(probe->path, sizeof(probe->path), INSTANCES "/ipck-%d", getpid());
	probe->lines = NULL;
	if (mkdir(probe->path, 0700) < 0)
		return -errno;
	ret = open_lines(probe);
	for (i = 0; i < sizeof(events) / sizeof(events[0]) && ret >= 0; i++)
		ret = enable(probe, events[i], mailbox);
	if (ret < 0)
		probe_close(probe);
	return ret;
}

void probe_close(struct probe *probe)
{
	write_file(probe, "events/enable", "0");
	if (probe->lines)
		fclose(probe->lines);
	rmdir(probe->path);
}

/* Milliseconds for poll(2), rounded up. */
static int patience(uint64_t deadline_ns)
{
	uint64_t now = clock_now(), ms;

	if (deadline_ns == UINT64_MAX)
		return -1;
	ms = deadline_ns > now ? (deadline_ns - now + 999999) / 1000000 : 0;
	return ms < INT32_MAX ? ms : INT32_MAX;
}

int probe_read(struct probe *probe, char *line, int size, uint64_t deadline_ns)
{
	struct pollfd fd = { .fd = fileno(probe->lines), .events = POLLIN };
	int ret;

	for (;;) {
		errno = 0;
		if (fgets(line, size, probe->lines))
			return 1;
		clearerr(probe->lines);
		if (errno && errno != EAGAIN && errno != EINTR)
			return -errno;
		ret = poll(&fd, 1, patience(deadline_ns));
		if (ret <= 0)
			return ret < 0 && errno != EINTR ? -errno : 0;
	}
}

/* What follows "NAME=", and what follows that. */
static bool number_of(const char *text, const char *name, uint64_t *number, const char **rest)
{
	const char *at = strstr(text, name);
	char *end;

	if (!at)
		return false;
	*number = strtoull(at + strlen(name), &end, 10);
	*rest = *end == ' ' ? end + 1 : end;
	return true;
}

/* The name of a command can hold anything, even this; what is behind it cannot. */
static char *find_last(char *line, const char *what)
{
	char *found = NULL, *at = line;

	while ((at = strstr(at, what)))
		found = at++;
	return found;
}

/* "  COMMAND-TID  [CPU] FLAGS SECONDS.MICROSECONDS: ipcmbox_NAME: mailbox=ID seq=SEQ REST" */
bool probe_parse(char *line, struct step *step)
{
	char *name = find_last(line, PREFIX), *cpu, *time, *end;

	if (!name)
		return false;
	*name = '\0';
	time = strrchr(line, ' ');
	cpu = find_last(line, " [");
	name += strlen(PREFIX);
	end = strchr(name, ':');
	if (!time || !cpu || !end)
		return false;
	*end++ = '\0';
	end[strcspn(end, "\n")] = '\0';
	step->name = name;
	step->ns = strtod(time, NULL) * 1e9;
	while (cpu > line && cpu[-1] == ' ')
		cpu--;
	*cpu = '\0';
	step->task = line + strspn(line, " ");
	return number_of(end, " seq=", &step->seq, &step->rest);
}
