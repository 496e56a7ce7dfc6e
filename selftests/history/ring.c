// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rings.
 */
#include "channel_test.h"

#include "operation.h"
#include "ring.h"

static struct producer producers[PORTS_MAX];
static struct consumer consumer;
static int nr_lanes;

int ring_open(int dev, int nr)
{
	int fd = channel_new(dev, .access = IPCMBOX_READ, .mode = 0600, .max_bytes = RING_BYTES);
	__u64 id;
	int i;

	if (fd < 0)
		return fd;
	id = mailbox_id(fd);
	for (i = 1; i <= nr; i++)
		if (!producer_init(&producers[i], mailbox_by_id(dev, id, IPCMBOX_WRITE)))
			return -EPROTO;
	if (!consumer_init(&consumer, fd))
		return -EPROTO;
	consumer_look(&consumer);
	nr_lanes = nr;
	return fd;
}

void ring_close(void)
{
	int i;

	for (i = 1; i <= nr_lanes; i++)
		producer_exit(&producers[i]);
	consumer_exit(&consumer);
}

size_t ring_length(__u32 capacity)
{
	return RING_BYTES / capacity - RECORD_SIZE(0);
}

int ring_send(int lane, const void *buf, size_t length, __u32 flags, __u64 deadline_ns)
{
	struct producer *p = &producers[lane];
	int ret;

	/* Another process may have sent there before. */
	p->tail = p->header->tail;
	for (;;) {
		ret = producer_try(p, buf, length);
		if (ret != -EAGAIN)
			return ret;
		ret = channel_wait(p->fd, &(struct ipcmbox_channel_wait){
				   .what = IPCMBOX_CHANNEL_ROOM, .flags = flags,
				   .deadline_ns = deadline_ns, .bytes = RECORD_SIZE(length) });
		if (ret)
			return ret;
	}
}

int ring_receive(void *buf, size_t size, __u32 flags, __u64 deadline_ns)
{
	__u32 i;
	int ret;

	/* Likewise. */
	for (i = 0; i < LANES; i++)
		consumer.lane[i].head = consumer.acks->lane[i].head;
	for (;;) {
		ret = consumer_try(&consumer, buf, size, NULL);
		if (ret != -EAGAIN)
			return ret;
		ret = channel_wait(consumer.fd, &(struct ipcmbox_channel_wait){
				   .what = IPCMBOX_CHANNEL_RECEIVE, .flags = flags,
				   .deadline_ns = deadline_ns, .lanes_serial = consumer.serial });
		if (ret)
			return ret;
	}
}
