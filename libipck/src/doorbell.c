// SPDX-License-Identifier: LGPL-2.1-or-later
#include "deadline.h"
#include "doorbell.h"
#include "ioctl.h"

static int sleep_until(int fd, struct ipcmbox_channel_wait *args,
		       const struct ipck_deadline *deadline)
{
	args->flags = deadline->flags;
	args->clock = deadline->clock;
	args->deadline_ns = deadline->ns;
	return ipck_ioctl(fd, IPCMBOX_IOC_CHANNEL_WAIT, args);
}

int ipck_doorbell_await_message(int fd, uint32_t lanes_serial,
				const struct ipck_deadline *deadline)
{
	struct ipcmbox_channel_wait args = {
		.what = IPCMBOX_CHANNEL_RECEIVE,
		.lanes_serial = lanes_serial,
	};

	return sleep_until(fd, &args, deadline);
}

int ipck_doorbell_await_room(int fd, uint64_t bytes,
			     const struct ipck_deadline *deadline)
{
	struct ipcmbox_channel_wait args = {
		.what = IPCMBOX_CHANNEL_ROOM,
		.bytes = bytes,
	};

	return sleep_until(fd, &args, deadline);
}

static void kick(int fd, uint32_t whom, uint32_t lane)
{
	struct ipcmbox_channel_kick args = { .whom = whom, .lane = lane };

	ipck_ioctl(fd, IPCMBOX_IOC_CHANNEL_KICK, &args);
}

void ipck_doorbell_kick_consumer(int fd)
{
	kick(fd, IPCMBOX_CHANNEL_CONSUMER, 0);
}

void ipck_doorbell_kick_producer(int fd, uint32_t lane)
{
	kick(fd, IPCMBOX_CHANNEL_PRODUCER, lane);
}

void ipck_doorbell_evict(int fd, uint32_t lane, uint64_t id)
{
	struct ipcmbox_channel_evict args = { .id = id, .lane = lane };

	ipck_ioctl(fd, IPCMBOX_IOC_CHANNEL_EVICT, &args);
}

int ipck_doorbell_lanes(int fd, struct ipcmbox_channel_sender *senders,
			uint32_t *lanes_serial)
{
	struct ipcmbox_channel_lanes args = {
		.buf_ptr = (uintptr_t)senders,
		.count = IPCMBOX_CHANNEL_LANES_MAX,
		.element_size = sizeof(*senders),
	};
	int ret;

	ret = ipck_ioctl(fd, IPCMBOX_IOC_CHANNEL_LANES, &args);
	if (ret < 0)
		return ret;
	*lanes_serial = args.lanes_serial;
	return args.count;
}
