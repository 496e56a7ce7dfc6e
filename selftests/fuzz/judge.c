// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/ipcmbox.h>

#include "judge.h"
#include "scene.h"

#define LISTED		8
#define PATIENCE	2500	/* times 10 ms, on the slowest machine */

static int device(void)
{
	return scene.slots[0];
}

static void unlink_id(unsigned long command, uint64_t id)
{
	struct ipcmbox_unlink unlink = { .flags = IPCMBOX_OPEN_BY_ID, .id = id };

	ioctl(device(), command, &unlink);
}

static void check_accounts(struct stage *stage, const struct ipcmbox_info *info)
{
	if (info->discipline != IPCMBOX_CHANNEL &&
	    info->sent != info->received + info->dropped + info->messages)
		stage_blame(stage, "box %llu: %llu sent, %llu received, %llu dropped, %llu here",
			    info->id, info->sent, info->received, info->dropped, info->messages);
}

static bool is_in_use(const struct ipcmbox_info *info)
{
	return info->waiting_receivers || info->waiting_senders || info->readers || info->writers;
}

static void blame_use(struct stage *stage, const struct ipcmbox_info *info)
{
	stage_blame(stage, "mailbox %llu: %u readers, %u writers, %u and %u of them wait",
		    info->id, info->readers, info->writers, info->waiting_receivers,
		    info->waiting_senders);
}

/*
 * One that has a name keeps it as long as it is in use, as a descriptor of it may be in a socket
 * that is not collected yet; at the @last look that is wrong. Returns how many there were.
 */
static uint32_t unlink_mailboxes(struct stage *stage, bool last)
{
	struct ipcmbox_info infos[LISTED];
	struct ipcmbox_list list = {
		.buf_ptr = (uintptr_t)infos, .count = LISTED, .element_size = sizeof(infos[0]),
	};
	uint32_t i;

	if (ioctl(device(), IPCMBOX_IOC_LIST, &list)) {
		stage_blame(stage, "list: %s", strerror(errno));
		return 0;
	}
	for (i = 0; i < list.count; i++) {
		if (infos[i].flags & IPCMBOX_INFO_NAMED && is_in_use(&infos[i])) {
			if (last)
				blame_use(stage, &infos[i]);
			continue;
		}
		if (infos[i].flags & IPCMBOX_INFO_NAMED)
			check_accounts(stage, &infos[i]);
		unlink_id(IPCMBOX_IOC_UNLINK, infos[i].id);
	}
	return list.count;
}

static uint32_t unlink_segments(void)
{
	struct ipcmbox_segment_info infos[LISTED];
	struct ipcmbox_list list = {
		.buf_ptr = (uintptr_t)infos, .count = LISTED, .element_size = sizeof(infos[0]),
	};
	uint32_t i;

	ioctl(device(), IPCMBOX_IOC_SEGMENT_LIST, &list);
	for (i = 0; i < list.count; i++)
		unlink_id(IPCMBOX_IOC_SEGMENT_UNLINK, infos[i].id);
	return list.count;
}

/* Sockets that are in messages of each other's are collected when the next one is closed. */
static void collect_sockets(void)
{
	close(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static bool is_charged(const struct ipcmbox_query *query)
{
	return query->user_mailboxes || query->user_messages || query->user_bytes ||
	       query->user_fds || query->user_segments || query->user_segment_bytes;
}

/* Charged are mailboxes, messages and descriptors; segments. */
static void blame_rest(struct stage *stage, uint32_t mailboxes, uint32_t segments,
		       const struct ipcmbox_query *query)
{
	char left[64] = "";

	if (mailboxes || segments)
		snprintf(left, sizeof(left), "%u mailboxes and %u segments are left, ", mailboxes,
			 segments);
	stage_blame(stage, "%scharged: %llu, %llu of %llu bytes, %llu fds; %llu of %llu bytes",
		    left, query->user_mailboxes, query->user_messages, query->user_bytes,
		    query->user_fds, query->user_segments, query->user_segment_bytes);
}

static void check_rest(struct stage *stage)
{
	struct ipcmbox_query query;
	uint32_t mailboxes = 0, segments = 0, i;

	for (i = 0; i < PATIENCE; i++) {
		mailboxes = unlink_mailboxes(stage, i == PATIENCE - 1);
		segments = unlink_segments();
		if (stage->wrong[0] || ioctl(device(), IPCMBOX_IOC_QUERY, &query))
			return;
		if (!mailboxes && !segments && !is_charged(&query))
			return;
		collect_sockets();
		/* The first rounds find what has a name. */
		if (i > 2)
			usleep(10000);
	}
	blame_rest(stage, mailboxes, segments, &query);
}

static void check_results(struct stage *stage)
{
	const struct program *program = &stage->program;
	int64_t known, returned;
	uint32_t i;

	for (i = 0; i < program->count; i++) {
		known = program->operations[i].result;
		returned = stage->returned[i];
		if (known == RESULT_UNKNOWN || (known == RESULT_OK && returned >= 0) ||
		    known == returned)
			continue;
		stage_blame(stage, "%s (line %u) returned %" PRId64 ", not %" PRId64,
			    commands[program->operations[i].command].name, i + 1, returned, known);
	}
}

void judge(struct stage *stage, bool with_results)
{
	check_rest(stage);
	if (with_results)
		check_results(stage);
}
