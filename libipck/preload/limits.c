// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/capability.h>
#include <linux/ipcmbox.h>

#include "ipck.h"
#include "limits.h"
#include "settings.h"

/* The kernel's, fs.mqueue aside. */
#define DEFAULT_MESSAGES	10
#define DEFAULT_LENGTH		8192
#define DEFAULT_QUEUES		256
#define HARD_MESSAGES		65536
#define HARD_LENGTH		(16 << 20)

/* What RLIMIT_MSGQUEUE counts beside the payload. */
#define MESSAGE_SIZE		48	/* struct msg_msg */
#define PRIORITY_SIZE		48	/* struct posix_msg_tree_node */

/* Elements asked for at once: about 4 KiB of stack. */
#define BATCH 8

static long sysctl_of(const char *name, long otherwise)
{
	char path[64], text[32];
	ssize_t length = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/fs/mqueue/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		length = read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	if (length <= 0)
		return otherwise;
	text[length] = '\0';
	return strtol(text, NULL, 10);
}

static bool has_capability(unsigned int capability)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	return !syscall(SYS_capget, &header, data) &&
	       data[CAP_TO_INDEX(capability)].effective &
	       CAP_TO_MASK(capability);
}

static long smaller(long a, long b)
{
	return a < b ? a : b;
}

static uint64_t cost(uint64_t messages, uint64_t length)
{
	uint64_t priorities = messages < IPCK_PRIORITY_MAX + 1 ?
			      messages : IPCK_PRIORITY_MAX + 1;

	return messages * (length + MESSAGE_SIZE) + priorities * PRIORITY_SIZE;
}

/* The queues there are, and what those of the user cost. */
static int add_up(unsigned long *queues, uint64_t *bytes)
{
	struct ipck_info infos[BATCH];
	uint64_t last = 0;
	int n, i;

	*queues = 0;
	*bytes = 0;
	while ((n = ipck_list(last, infos, BATCH)) > 0) {
		for (i = 0; i < n; i++) {
			if (!(infos[i].flags & IPCK_INFO_POSIX))
				continue;
			++*queues;
			if (infos[i].uid == geteuid())
				*bytes += cost(infos[i].capacity,
					       infos[i].max_length);
		}
		last = infos[n - 1].id;
	}
	return n;
}

static int check_resources(const struct mq_attr *attr, bool is_privileged,
			   unsigned long queues, uint64_t bytes)
{
	long max_messages = is_privileged ? HARD_MESSAGES :
			    sysctl_of("msg_max", DEFAULT_MESSAGES);
	long max_length = is_privileged ? HARD_LENGTH :
			  sysctl_of("msgsize_max", DEFAULT_LENGTH);
	struct rlimit limit;

	if (!is_privileged &&
	    queues >= (unsigned long)sysctl_of("queues_max", DEFAULT_QUEUES))
		return -ENOSPC;
	if (attr->mq_maxmsg <= 0 || attr->mq_maxmsg > max_messages ||
	    attr->mq_msgsize <= 0 || attr->mq_msgsize > max_length)
		return -EINVAL;
	if (!getrlimit(RLIMIT_MSGQUEUE, &limit) &&
	    limit.rlim_cur != RLIM_INFINITY &&
	    bytes + cost(attr->mq_maxmsg, attr->mq_msgsize) > limit.rlim_cur)
		return -EMFILE;
	return 0;
}

static int check_strictly(const struct mq_attr *attr)
{
	unsigned long queues;
	uint64_t bytes;
	int ret;

	ret = add_up(&queues, &bytes);
	if (ret < 0)
		return ret;
	return check_resources(attr, has_capability(CAP_SYS_RESOURCE), queues,
			       bytes);
}

static int check(const struct mq_attr *attr)
{
	/* A long of 32 bits can be no more anyway. */
	if (attr->mq_maxmsg <= 0 || attr->mq_msgsize <= 0 ||
	    (uint64_t)attr->mq_maxmsg >= IPCK_UNBOUNDED ||
	    (uint64_t)attr->mq_msgsize > IPCK_LENGTH_MAX)
		return -EINVAL;
	return 0;
}

static void set_defaults(struct mq_attr *attr, bool strict)
{
	attr->mq_maxmsg = DEFAULT_MESSAGES;
	attr->mq_msgsize = DEFAULT_LENGTH;
	if (!strict)
		return;
	attr->mq_maxmsg = smaller(sysctl_of("msg_default", DEFAULT_MESSAGES),
				  sysctl_of("msg_max", DEFAULT_MESSAGES));
	attr->mq_msgsize = smaller(sysctl_of("msgsize_default", DEFAULT_LENGTH),
				   sysctl_of("msgsize_max", DEFAULT_LENGTH));
}

int ipck_limits_of_queue(const struct mq_attr *attr, struct ipcmbox_open *args)
{
	bool strict = ipck_settings()->strict;
	struct mq_attr wanted;
	int saved = errno;
	int ret;

	if (attr)
		wanted = *attr;
	else
		set_defaults(&wanted, strict);
	ret = strict ? check_strictly(&wanted) : check(&wanted);
	errno = saved;
	args->max_messages = wanted.mq_maxmsg;
	args->max_length = wanted.mq_msgsize;
	return ret;
}
