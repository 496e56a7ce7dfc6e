/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of channels start from: the two sides of the ring protocol, written down as the
 * UAPI header has it, one step a function, so that a test can stop between any two.
 */
#ifndef CHANNEL_TEST_H
#define CHANNEL_TEST_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ipcmbox_test.h"

#define LANES		IPCMBOX_CHANNEL_LANES_MAX
#define SMALLEST	4096	/* bytes of a ring */

#define RECORD_SIZE(length)	IPCMBOX_CHANNEL_RECORD_SIZE(length)

/* Commands: the result, or -errno. */

static inline int channel_create(int dev, struct ipcmbox_open *arg)
{
	arg->discipline = IPCMBOX_CHANNEL;
	arg->flags |= IPCMBOX_OPEN_CREATE;
	arg->max_messages = IPCMBOX_UNBOUNDED;
	if (!arg->mode)
		arg->mode = 0600;
	if (!arg->max_bytes)
		arg->max_bytes = SMALLEST;
	return mailbox_open(dev, arg);
}

#define channel_new(dev, ...) \
	channel_create(dev, &(struct ipcmbox_open){ __VA_ARGS__ })

static inline int channel_ioctl(int fd, unsigned long cmd, void *arg)
{
	int ret = ioctl(fd, cmd, arg);

	return ret < 0 ? -errno : ret;
}

static inline int channel_info(int fd, struct ipcmbox_channel_info *info)
{
	memset(info, POISON, sizeof(*info));
	return channel_ioctl(fd, IPCMBOX_IOC_CHANNEL_INFO, info);
}

static inline int channel_wait(int fd, struct ipcmbox_channel_wait *arg)
{
	return channel_ioctl(fd, IPCMBOX_IOC_CHANNEL_WAIT, arg);
}

static inline int wait_message(int fd, __u32 flags, __u32 serial)
{
	return channel_wait(fd, &(struct ipcmbox_channel_wait){
		.what = IPCMBOX_CHANNEL_RECEIVE, .flags = flags, .lanes_serial = serial,
	});
}

static inline int wait_room(int fd, __u32 flags, __u64 bytes)
{
	return channel_wait(fd, &(struct ipcmbox_channel_wait){
		.what = IPCMBOX_CHANNEL_ROOM, .flags = flags, .bytes = bytes,
	});
}

static inline int kick(int fd, __u32 whom, __u32 lane)
{
	return channel_ioctl(fd, IPCMBOX_IOC_CHANNEL_KICK, &(struct ipcmbox_channel_kick){
		.whom = whom, .lane = lane,
	});
}

static inline int evict(int fd, __u32 lane, __u64 id)
{
	return channel_ioctl(fd, IPCMBOX_IOC_CHANNEL_EVICT, &(struct ipcmbox_channel_evict){
		.lane = lane, .id = id,
	});
}

/* How many were written to @senders. */
static inline int channel_lanes(int fd, struct ipcmbox_channel_sender *senders, __u32 count,
				struct ipcmbox_channel_lanes *arg)
{
	int ret;

	memset(senders, POISON, count * sizeof(*senders));
	*arg = (struct ipcmbox_channel_lanes){
		.buf_ptr = ptr_u64(senders), .count = count, .element_size = sizeof(*senders),
		.total = POISON32, .lanes_serial = POISON32,
	};
	ret = channel_ioctl(fd, IPCMBOX_IOC_CHANNEL_LANES, arg);
	return ret ? ret : (int)arg->count;
}

/* Mappings: the address, or NULL with errno. */

static inline size_t page_size(void)
{
	return sysconf(_SC_PAGESIZE);
}

static inline void *map(int fd, int prot, __u64 offset, size_t size)
{
	void *p = mmap64(NULL, size, prot, MAP_SHARED, fd, offset);

	return p == MAP_FAILED ? NULL : p;
}

/* Twice in a row, so that every record is in one piece. */
static inline char *map_ring(int fd, int prot, __u32 lane, size_t size)
{
	char *ring = mmap(NULL, 2 * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int i;

	if (ring == MAP_FAILED)
		return NULL;
	for (i = 0; i < 2; i++)
		if (mmap64(ring + i * size, size, prot, MAP_SHARED | MAP_FIXED, fd,
			   IPCMBOX_CHANNEL_RING(lane)) == MAP_FAILED) {
			munmap(ring, 2 * size);
			return NULL;
		}
	return ring;
}

/**
 * struct producer - the producing side
 * @fd: descriptor
 * @info: of it
 * @board: what the kernel says
 * @acks: what the consumer says
 * @header: what it says itself
 * @ring: its records
 * @tail: bytes produced
 */
struct producer {
	int fd;
	struct ipcmbox_channel_info info;
	const struct ipcmbox_channel_board *board;
	const struct ipcmbox_channel_acks *acks;
	struct ipcmbox_channel_header *header;
	char *ring;
	__u64 tail;
};

static inline bool producer_init(struct producer *p, int fd)
{
	memset(p, 0, sizeof(*p));
	p->fd = fd;
	if (fd < 0 || channel_info(fd, &p->info) || p->info.lane < 0)
		return false;
	p->board = map(fd, PROT_READ, IPCMBOX_CHANNEL_BOARD, page_size());
	p->acks = map(fd, PROT_READ, IPCMBOX_CHANNEL_ACKS, page_size());
	p->header = map(fd, PROT_READ | PROT_WRITE, IPCMBOX_CHANNEL_HEADER(p->info.lane),
			page_size());
	p->ring = map_ring(fd, PROT_READ | PROT_WRITE, p->info.lane, p->info.ring_bytes);
	return p->board && p->acks && p->header && p->ring;
}

static inline void producer_exit(struct producer *p)
{
	munmap((void *)p->board, page_size());
	munmap((void *)p->acks, page_size());
	munmap(p->header, page_size());
	munmap(p->ring, 2 * p->info.ring_bytes);
	close(p->fd);
}

/* (P1): 0: there is room for a record of @size; -EAGAIN, -EPIPE, -EPROTO. */
static inline int producer_look(const struct producer *p, __u64 size)
{
	const struct ipcmbox_channel_lane *lane = &p->board->lane[p->info.lane];
	__u64 used;

	if (__atomic_load_n(&lane->state, __ATOMIC_RELAXED) == IPCMBOX_LANE_EVICTED ||
	    __atomic_load_n(&p->board->consumer_gone, __ATOMIC_RELAXED))
		return -EPIPE;
	used = p->tail - __atomic_load_n(&p->acks->lane[p->info.lane].head, __ATOMIC_ACQUIRE);
	if (used > p->info.ring_bytes)
		return -EPROTO;
	return p->info.ring_bytes - used < size ? -EAGAIN : 0;
}

/* The record itself; nobody sees it before (P2). */
static inline void producer_write(struct producer *p, const void *buf, __u32 length)
{
	char *at = p->ring + (p->tail & (p->info.ring_bytes - 1));

	*(struct ipcmbox_channel_record *)at = (struct ipcmbox_channel_record){ .length = length };
	memcpy(at + sizeof(struct ipcmbox_channel_record), buf, length);
}

/* (P2) */
static inline void producer_publish(struct producer *p, __u32 length)
{
	p->header->sent++;
	p->tail += RECORD_SIZE(length);
	__atomic_store_n(&p->header->tail, p->tail, __ATOMIC_RELEASE);
}

/* (P3), (P4) */
static inline int producer_kick(const struct producer *p)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!__atomic_load_n(&p->board->consumer_waits, __ATOMIC_RELAXED))
		return 0;
	return kick(p->fd, IPCMBOX_CHANNEL_CONSUMER, 0);
}

/* One message, without waiting; and with. */
static inline int producer_try(struct producer *p, const void *buf, __u32 length)
{
	int ret = producer_look(p, RECORD_SIZE(length));

	if (ret)
		return ret;
	producer_write(p, buf, length);
	producer_publish(p, length);
	return producer_kick(p);
}

static inline int producer_send(struct producer *p, const void *buf, __u32 length)
{
	int ret;

	for (;;) {
		ret = producer_try(p, buf, length);
		if (ret != -EAGAIN)
			return ret;
		ret = wait_room(p->fd, 0, RECORD_SIZE(length));
		if (ret)
			return ret;
	}
}

static inline int producer_put(struct producer *p, __u32 number)
{
	return producer_try(p, &number, sizeof(number));
}

/**
 * struct consumer - the consuming side
 * @fd: descriptor
 * @info: of it
 * @board: what the kernel says
 * @acks: what it says itself
 * @serial: of the board, at the last look
 * @next: the lane to begin with
 * @lane: what it has mapped; @id of 0: nothing
 */
struct consumer {
	int fd;
	struct ipcmbox_channel_info info;
	const struct ipcmbox_channel_board *board;
	struct ipcmbox_channel_acks *acks;
	__u32 serial;
	__u32 next;
	struct {
		__u64 id;
		const struct ipcmbox_channel_header *header;
		const char *ring;
		__u64 head;
		bool evicted;
	} lane[LANES];
};

static inline bool consumer_init(struct consumer *c, int fd)
{
	memset(c, 0, sizeof(*c));
	c->fd = fd;
	if (fd < 0 || channel_info(fd, &c->info))
		return false;
	c->board = map(fd, PROT_READ, IPCMBOX_CHANNEL_BOARD, page_size());
	c->acks = map(fd, PROT_READ | PROT_WRITE, IPCMBOX_CHANNEL_ACKS, page_size());
	/* The first look is not to be missed. */
	c->serial = c->board ? c->board->lanes_serial - 1 : 0;
	return c->board && c->acks;
}

static inline void consumer_unmap(struct consumer *c, __u32 i)
{
	if (!c->lane[i].id)
		return;
	munmap((void *)c->lane[i].header, page_size());
	munmap((void *)c->lane[i].ring, 2 * c->info.ring_bytes);
	memset(&c->lane[i], 0, sizeof(c->lane[i]));
}

static inline void consumer_exit(struct consumer *c)
{
	__u32 i;

	for (i = 0; i < LANES; i++)
		consumer_unmap(c, i);
	munmap((void *)c->board, page_size());
	munmap(c->acks, page_size());
	close(c->fd);
}

static inline __u64 consumer_lane_id(const struct consumer *c, __u32 i)
{
	return __atomic_load_n(&c->board->lane[i].id, __ATOMIC_ACQUIRE);
}

static inline __u32 consumer_lane_state(const struct consumer *c, __u32 i)
{
	return __atomic_load_n(&c->board->lane[i].state, __ATOMIC_ACQUIRE);
}

/* Maps the lane that is there now; false: it has gone meanwhile, or there is none. */
static inline bool consumer_map(struct consumer *c, __u32 i)
{
	__u64 id = consumer_lane_id(c, i);

	consumer_unmap(c, i);
	if (!id)
		return false;
	c->lane[i].header = map(c->fd, PROT_READ, IPCMBOX_CHANNEL_HEADER(i), page_size());
	if (!c->lane[i].header)
		return false;
	c->lane[i].ring = map_ring(c->fd, PROT_READ, i, c->info.ring_bytes);
	if (!c->lane[i].ring) {
		munmap((void *)c->lane[i].header, page_size());
		return false;
	}
	c->lane[i].id = id;
	if (consumer_lane_id(c, i) != id) {
		consumer_unmap(c, i);
		return false;
	}
	c->lane[i].head = __atomic_load_n(&c->acks->lane[i].head, __ATOMIC_RELAXED);
	c->lane[i].evicted = consumer_lane_state(c, i) == IPCMBOX_LANE_EVICTED;
	return true;
}

/* (C0) */
static inline void consumer_look(struct consumer *c)
{
	__u32 serial, i;

	while ((serial = __atomic_load_n(&c->board->lanes_serial, __ATOMIC_ACQUIRE)) != c->serial) {
		for (i = 0; i < LANES; i++)
			if (consumer_lane_id(c, i) != c->lane[i].id)
				consumer_map(c, i);
		c->serial = serial;
	}
}

/*
 * (C1) of one lane: the length of the message, which is copied to @buf if that has @size bytes;
 * -EAGAIN: there is none; -EPROTO: what is there is nonsense.
 */
static inline int consumer_read(struct consumer *c, __u32 i, void *buf, size_t size)
{
	const char *at = c->lane[i].ring + (c->lane[i].head & (c->info.ring_bytes - 1));
	__u64 used, tail;
	__u32 length;

	tail = __atomic_load_n(&c->lane[i].header->tail, __ATOMIC_ACQUIRE);
	used = tail - c->lane[i].head;
	if (!used)
		return -EAGAIN;
	if (used < sizeof(struct ipcmbox_channel_record) || used > c->info.ring_bytes || tail & 7)
		return -EPROTO;
	length = __atomic_load_n(&((const struct ipcmbox_channel_record *)at)->length,
				 __ATOMIC_RELAXED);
	if (length > c->info.max_length || RECORD_SIZE(length) > used)
		return -EPROTO;
	memcpy(buf, at + sizeof(struct ipcmbox_channel_record), length < size ? length : size);
	return length;
}

/* (C2) */
static inline void consumer_release(struct consumer *c, __u32 i, __u32 length)
{
	c->acks->lane[i].received++;
	c->lane[i].head += RECORD_SIZE(length);
	__atomic_store_n(&c->acks->lane[i].head, c->lane[i].head, __ATOMIC_RELEASE);
}

/* (C3), (C4) */
static inline int consumer_kick(const struct consumer *c, __u32 i)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!__atomic_load_n(&c->board->lane[i].producer_waits, __ATOMIC_RELAXED))
		return 0;
	return kick(c->fd, IPCMBOX_CHANNEL_PRODUCER, i);
}

/* One message of any lane, without waiting; *@from, if not NULL, is the lane it came from. */
static inline int consumer_try(struct consumer *c, void *buf, size_t size, __u32 *from)
{
	__u32 i, n;
	int ret;

	consumer_look(c);
	for (n = 0; n < LANES; n++) {
		i = (c->next + n) % LANES;
		if (!c->lane[i].id || c->lane[i].evicted)
			continue;
		ret = consumer_read(c, i, buf, size);
		if (ret == -EAGAIN)
			continue;
		c->next = i + 1;
		if (from)
			*from = i;
		if (ret < 0) {
			c->lane[i].evicted = true;
			evict(c->fd, i, c->lane[i].id);
			return ret;
		}
		consumer_release(c, i, ret);
		consumer_kick(c, i);
		return ret;
	}
	return __atomic_load_n(&c->board->producers_gone, __ATOMIC_ACQUIRE) ? -EPIPE : -EAGAIN;
}

static inline int consumer_recv(struct consumer *c, void *buf, size_t size, __u32 *from)
{
	int ret;

	for (;;) {
		ret = consumer_try(c, buf, size, from);
		if (ret != -EAGAIN)
			return ret;
		ret = wait_message(c->fd, 0, c->serial);
		if (ret)
			return ret;
	}
}

/* A number, or -errno. */
static inline __s64 consumer_take(struct consumer *c)
{
	__u32 number;
	int ret = consumer_try(c, &number, sizeof(number), NULL);

	if (ret < 0)
		return ret;
	return ret == sizeof(number) ? number : -EBADMSG;
}

static inline __s64 consumer_await(struct consumer *c)
{
	__u32 number;
	int ret = consumer_recv(c, &number, sizeof(number), NULL);

	if (ret < 0)
		return ret;
	return ret == sizeof(number) ? number : -EBADMSG;
}

/* Fills the lane with numbers; how many. */
static inline __u32 producer_fill(struct producer *p, __u32 first)
{
	__u32 n = 0;

	while (!producer_put(p, first + n))
		n++;
	return n;
}

/* Whether the user has as much under way as before. */
static inline bool channel_is_even(int dev, const struct ipcmbox_query *before)
{
	struct ipcmbox_query now;

	if (!query_budget(dev, &now) && now.user_mailboxes == before->user_mailboxes &&
	    now.user_bytes == before->user_bytes)
		return true;
	fprintf(stderr, "# %llu mailboxes and %llu bytes, and not %llu and %llu\n",
		now.user_mailboxes, now.user_bytes, before->user_mailboxes, before->user_bytes);
	return false;
}

/**
 * struct sleeper - a WAIT in a thread of its own
 * @fd: descriptor
 * @arg: argument
 * @tid: the thread, 0 until it runs
 * @result: what it returned
 * @thread: to be joined
 */
struct sleeper {
	int fd;
	struct ipcmbox_channel_wait arg;
	volatile int tid;
	int result;
	pthread_t thread;
};

static inline void *sleeper_run(void *arg)
{
	struct sleeper *sleeper = arg;

	sleeper->tid = gettid();
	sleeper->result = channel_wait(sleeper->fd, &sleeper->arg);
	return NULL;
}

/* It runs, and is going to be in the kernel. */
static inline bool sleeper_start(struct sleeper *sleeper, int fd,
				 const struct ipcmbox_channel_wait *arg)
{
	*sleeper = (struct sleeper){ .fd = fd, .arg = *arg };
	return !pthread_create(&sleeper->thread, NULL, sleeper_run, sleeper) &&
	       await_value(&sleeper->tid, 1);
}

#define sleep_start(sleeper, fd, ...) \
	sleeper_start(sleeper, fd, &(struct ipcmbox_channel_wait){ __VA_ARGS__ })

static inline int sleeper_join(struct sleeper *sleeper)
{
	pthread_join(sleeper->thread, NULL);
	return sleeper->result;
}

#endif /* CHANNEL_TEST_H */
