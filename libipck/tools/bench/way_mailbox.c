// SPDX-License-Identifier: LGPL-2.1-or-later
/* Mailboxes, and channels, which are mailboxes in shared pages. */
#include <errno.h>
#include <fcntl.h>

#include "way.h"

/* From this length on a sender that waits for its receiver saves a copy. */
#define LONG_MIN	8192

/* Two messages of a ring take less than a half of it. */
#define RING_SLACK	64

static int open_mailbox(struct line *line, size_t size)
{
	struct ipck_attr attr = {
		.capacity = WAY_DEPTH, .max_length = size, .flags = IPCK_ATTR_FDS,
	};
	int ret = ipck_open(&line->to, NULL, O_RDWR | O_CREAT, &attr);

	line->from = line->to;
	return ret;
}

static int send_message(const struct line *line, const void *buf, size_t size)
{
	static const struct ipck_send_opt received = { .completion = IPCK_RECEIVED };

	if (size >= LONG_MIN)
		return ipck_send_opt(line->to, buf, size, &received, NULL);
	return ipck_send(line->to, buf, size, 0);
}

static int recv_message(const struct line *line, void *buf, size_t size)
{
	ssize_t ret = ipck_recv(line->from, buf, size);

	if (ret < 0)
		return ret;
	return (size_t)ret == size ? 0 : -EBADMSG;
}

static int open_event(struct line *lines, unsigned int count, size_t size)
{
	struct ipck_attr attr = {
		.discipline = IPCK_EVENT, .capacity = WAY_DEPTH, .max_length = size,
	};
	int ret = ipck_open(&lines[0].to, NULL, O_RDWR | O_CREAT, &attr);
	unsigned int i;

	for (i = 0; i < count && ret >= 0; i++)
		ret = ipck_join(&lines[i].from, lines[0].to, NULL);
	return ret;
}

static int make_segment(union memory *memory, size_t size)
{
	struct ipck_shm_attr attr = { .size = size };

	return ipck_shm_open(&memory->shm, NULL, O_RDWR | O_CREAT, &attr, NULL);
}

static void drop_segment(union memory *memory)
{
	ipck_shm_close(memory->shm);
}

static int give_segment(const struct line *line, union memory *memory)
{
	int ret = ipck_shm_send(line->to, memory->shm, NULL, NULL, NULL);

	drop_segment(memory);
	return ret;
}

static int take_segment(const struct line *line, union memory *memory)
{
	struct ipck_range range;

	return ipck_shm_recv(line->from, &memory->shm, &range, NULL, NULL);
}

const struct way mailbox_way = {
	.name = "ipcmbox",
	.open = open_mailbox,
	.send = send_message,
	.recv = recv_message,
	.open_event = open_event,
	.make = make_segment,
	.give = give_segment,
	.take = take_segment,
	.drop = drop_segment,
};

static int open_channel(struct line *line, size_t size)
{
	struct ipck_attr attr = {
		.capacity = IPCK_UNBOUNDED, .discipline = IPCK_CHANNEL,
		.max_bytes = (WAY_DEPTH + 2) * (size + RING_SLACK), .max_length = size,
	};
	int ret = ipck_open(&line->from, NULL, O_RDONLY | O_CREAT, &attr);

	if (ret >= 0)
		ret = ipck_open_id(&line->to, ipck_id(line->from), O_WRONLY);
	return ret;
}

static int send_channel(const struct line *line, const void *buf, size_t size)
{
	return ipck_send(line->to, buf, size, 0);
}

const struct way channel_way = {
	.name = "channel",
	.open = open_channel,
	.send = send_channel,
	.recv = recv_message,
};
