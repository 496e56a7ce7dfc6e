// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel does for a channel, with futexes.
 *
 * This is linked in the place of the library's doorbell.c; area.c is the library's own, but each of
 * its mappings gets pages around it that nobody can touch.
 */
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "deadline.h"
#include "doorbell.h"
#include "hostile.h"

#define PAGE	4096UL

struct world world;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t last_id, evictions;

void *__wrap_mmap64(void *where, size_t size, int prot, int flags, int fd, off_t offset)
{
	unsigned char *guarded;

	if (where)
		return __real_mmap64(where, size, prot, flags, fd, offset);
	guarded = __real_mmap64(NULL, size + 2 * PAGE, PROT_NONE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (guarded == MAP_FAILED)
		return guarded;
	return __real_mmap64(guarded + PAGE, size, prot, flags | MAP_FIXED, fd, offset);
}

int __wrap_munmap(void *where, size_t size)
{
	return __real_munmap((unsigned char *)where - PAGE, size + 2 * PAGE);
}

static void *map(uint64_t offset, size_t size)
{
	void *area = mmap64(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, world.fd, offset);

	if (area == MAP_FAILED) {
		perror("hostile: mmap");
		exit(1);
	}
	return area;
}

void world_make(void)
{
	const off_t end = IPCMBOX_CHANNEL_HEADER(IPCMBOX_CHANNEL_LANES_MAX);

	world.fd = memfd_create("channel", MFD_CLOEXEC);
	if (world.fd < 0 || ftruncate(world.fd, end)) {
		perror("hostile: memfd");
		exit(1);
	}
	world.board = map(IPCMBOX_CHANNEL_BOARD, PAGE);
	world.acks = map(IPCMBOX_CHANNEL_ACKS, PAGE);
}

void world_open_lane(uint32_t lane)
{
	struct ipcmbox_channel_lane *entry = &world.board->lane[lane];

	pthread_mutex_lock(&lock);
	if (!world.header[lane]) {
		world.header[lane] = map(IPCMBOX_CHANNEL_HEADER(lane), PAGE);
		world.ring[lane] = map(IPCMBOX_CHANNEL_RING(lane), RING);
	}
	memset(world.header[lane], 0, PAGE);
	world.acks->lane[lane].head = 0;
	world.acks->lane[lane].received = 0;
	entry->producer_waits = 0;
	__atomic_store_n(&entry->state, IPCMBOX_LANE_OPEN, __ATOMIC_RELAXED);
	__atomic_store_n(&entry->id, ++last_id, __ATOMIC_RELAXED);
	__atomic_store_n(&world.board->lanes_serial, world.board->lanes_serial + 1,
			 __ATOMIC_RELEASE);
	pthread_mutex_unlock(&lock);
}

uint64_t world_evictions(void)
{
	return evictions;
}

int ipck_doorbell_lanes(int fd, struct ipcmbox_channel_sender *senders, uint32_t *lanes_serial)
{
	const struct ipcmbox_channel_lane *entry;
	uint32_t lane;
	int n = 0;

	(void)fd;
	pthread_mutex_lock(&lock);
	for (lane = 0; lane < IPCMBOX_CHANNEL_LANES_MAX; lane++) {
		entry = &world.board->lane[lane];
		if (entry->state != IPCMBOX_LANE_FREE)
			senders[n++] = (struct ipcmbox_channel_sender){
				.id = entry->id, .lane = lane, .state = entry->state,
				.endpoint = lane,
			};
	}
	*lanes_serial = world.board->lanes_serial;
	pthread_mutex_unlock(&lock);
	return n;
}

void ipck_doorbell_evict(int fd, uint32_t lane, uint64_t id)
{
	struct ipcmbox_channel_lane *entry = &world.board->lane[lane];

	(void)fd;
	pthread_mutex_lock(&lock);
	if (entry->id == id && entry->state == IPCMBOX_LANE_OPEN) {
		__atomic_store_n(&entry->state, IPCMBOX_LANE_EVICTED, __ATOMIC_RELAXED);
		__atomic_store_n(&world.board->lanes_serial, world.board->lanes_serial + 1,
				 __ATOMIC_RELEASE);
		evictions++;
	}
	pthread_mutex_unlock(&lock);
}

static void kick(uint32_t *word)
{
	__atomic_store_n(word, 0, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, word, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

void ipck_doorbell_kick_consumer(int fd)
{
	(void)fd;
	kick(&world.board->consumer_waits);
}

void ipck_doorbell_kick_producer(int fd, uint32_t lane)
{
	(void)fd;
	kick(&world.board->lane[lane].producer_waits);
}

static uint64_t used(uint32_t lane)
{
	return __atomic_load_n(&world.header[lane]->tail, __ATOMIC_SEQ_CST) -
	       __atomic_load_n(&world.acks->lane[lane].head, __ATOMIC_SEQ_CST);
}

/* Until the word is not 1, or until the deadline, which is CLOCK_MONOTONIC's. */
static int sleep_on(uint32_t *word, const struct ipck_deadline *deadline)
{
	const struct timespec until = {
		.tv_sec = deadline->ns / 1000000000, .tv_nsec = deadline->ns % 1000000000,
	};
	int ret;

	ret = syscall(SYS_futex, word, FUTEX_WAIT_BITSET, 1,
		      deadline->flags & IPCMBOX_DEADLINE ? &until : NULL, NULL,
		      FUTEX_BITSET_MATCH_ANY);
	return ret < 0 && errno == ETIMEDOUT ? -ETIMEDOUT : 0;
}

int ipck_doorbell_await_message(int fd, uint32_t lanes_serial, const struct ipck_deadline *deadline)
{
	uint32_t lane;

	(void)fd;
	if (deadline->flags & IPCMBOX_NONBLOCK)
		return -EAGAIN;
	__atomic_store_n(&world.board->consumer_waits, 1, __ATOMIC_SEQ_CST);
	if (world.is_restless ||
	    __atomic_load_n(&world.board->lanes_serial, __ATOMIC_SEQ_CST) != lanes_serial)
		return 0;
	for (lane = 0; lane < IPCMBOX_CHANNEL_LANES_MAX; lane++)
		if (world.board->lane[lane].state == IPCMBOX_LANE_OPEN && used(lane))
			return 0;
	return sleep_on(&world.board->consumer_waits, deadline);
}

int ipck_doorbell_await_room(int fd, uint64_t bytes, const struct ipck_deadline *deadline)
{
	uint32_t *word = &world.board->lane[0].producer_waits;
	uint64_t now;

	/* In this world only the producer of lane 0 waits for room. */
	(void)fd;
	if (deadline->flags & IPCMBOX_NONBLOCK)
		return -EAGAIN;
	__atomic_store_n(word, 1, __ATOMIC_SEQ_CST);
	now = used(0);
	if (world.is_restless || now > RING || RING - now >= bytes)
		return 0;
	return sleep_on(word, deadline);
}
