// SPDX-License-Identifier: GPL-2.0-only
/*
 * A ring in shared memory, made by hand for one sender and one receiver that trust
 * each other: the floor.  No system call while both are busy; futexes to sleep, or
 * eventfds.
 *
 * Positions count bytes and only grow.  Each side writes its own cache line, keeps
 * its position, and looks at the other's only when the last it saw is not enough.
 * The ring is mapped twice in a row, so that every record is in one piece.
 */
#define _GNU_SOURCE
#include <err.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "job.h"
#include "transport.h"

#define LINE		64
#define PAGE		4096
#define SPIN_NS		64000
#define LOOKS		32	/* between two looks at the clock */

#define likely(x)	__builtin_expect(!!(x), 1)

/**
 * struct bed - where a side sleeps
 * @taken: 1 while it sleeps or is about to; a futex
 * @eventfd: to sleep on instead, or -1 (constant; both sides have inherited it)
 */
struct bed {
	uint32_t taken;
	int eventfd;
};

/**
 * struct shared - what both sides see
 * @tail: bytes written; the sender's
 * @head: bytes read; the receiver's
 * @sender: slept on until the receiver has made room
 * @receiver: slept on until the sender has written
 * @ring: the records, from the next page on
 */
struct shared {
	_Alignas(LINE) uint64_t tail;
	_Alignas(LINE) uint64_t head;
	_Alignas(LINE) struct bed sender;
	_Alignas(LINE) struct bed receiver;
	_Alignas(PAGE) unsigned char ring[];
};

/**
 * struct ring - a side of a ring
 * @shared: the memory
 * @bytes: of the ring, a power of two
 * @spins: worth it to look again before sleeping
 * @tail: of the sender: where it is; of the receiver: what it saw last
 * @head: the other way round
 */
struct ring {
	struct shared *shared;
	uint64_t bytes;
	bool spins;
	uint64_t tail;
	uint64_t head;
};

/* A record is its length and the payload. */
static uint64_t record_bytes(size_t size)
{
	return (sizeof(uint64_t) + size + 7) & ~7ULL;
}

/* Opening and closing. */

static size_t memory_bytes(const struct ring *ring)
{
	return sizeof(struct shared) + ring->bytes;
}

static void map(struct ring *ring)
{
	int fd = memfd_create("bench", MFD_CLOEXEC);
	int prot = PROT_READ | PROT_WRITE;
	char *place;

	if (fd < 0 || ftruncate(fd, memory_bytes(ring)))
		err(EXIT_FAILURE, "memfd");
	place = mmap(NULL, memory_bytes(ring) + ring->bytes, PROT_NONE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (place == MAP_FAILED ||
	    mmap(place, memory_bytes(ring), prot, MAP_SHARED | MAP_FIXED, fd,
		 0) == MAP_FAILED ||
	    mmap(place + memory_bytes(ring), ring->bytes, prot,
		 MAP_SHARED | MAP_FIXED, fd, sizeof(struct shared)) == MAP_FAILED)
		err(EXIT_FAILURE, "mmap");
	close_descriptor(fd);
	ring->shared = (struct shared *)place;
}

static void make_bed(struct bed *bed, bool with_eventfd)
{
	bed->eventfd = with_eventfd ? eventfd(0, EFD_CLOEXEC) : -1;
	if (with_eventfd && bed->eventfd < 0)
		err(EXIT_FAILURE, "eventfd");
}

static void open_way(int *tx, int *rx, const struct shape *shape, bool with_eventfd)
{
	struct ring *in = calloc(1, sizeof(*in));
	struct ring *out = calloc(1, sizeof(*out));

	if (!in || !out)
		err(EXIT_FAILURE, "ring");
	in->bytes = PAGE;
	while (in->bytes < shape->capacity * record_bytes(shape->size))
		in->bytes *= 2;
	in->spins = sysconf(_SC_NPROCESSORS_ONLN) > 1;
	map(in);
	make_bed(&in->shared->sender, with_eventfd);
	make_bed(&in->shared->receiver, with_eventfd);
	*out = *in;
	*rx = queue_number(in);
	*tx = queue_number(out);
}

static void ring_open(struct end ends[2], const struct shape *shape, bool with_eventfd)
{
	open_way(&ends[0].tx, &ends[1].rx, shape, with_eventfd);
	ends[1].tx = -1;
	ends[0].rx = -1;
	if (shape->duplex)
		open_way(&ends[1].tx, &ends[0].rx, shape, with_eventfd);
}

static void futex_ring_open(struct end ends[2], const struct shape *shape)
{
	ring_open(ends, shape, false);
}

static void eventfd_ring_open(struct end ends[2], const struct shape *shape)
{
	ring_open(ends, shape, true);
}

static void free_bed(const struct bed *bed)
{
	if (bed->eventfd >= 0)
		close_descriptor(bed->eventfd);
}

static void close_way(int tx, int rx)
{
	struct ring *in = queue_of(rx);

	free_bed(&in->shared->sender);
	free_bed(&in->shared->receiver);
	munmap(in->shared, memory_bytes(in) + in->bytes);
	free(in);
	free(queue_of(tx));
	queue_forget(tx);
	queue_forget(rx);
}

static void ring_close(struct end ends[2])
{
	close_way(ends[0].tx, ends[1].rx);
	if (ends[1].tx >= 0)
		close_way(ends[1].tx, ends[0].rx);
}

/* Waiting. */

/* Has @position moved on from @seen, or does it within a short while? */
static bool spin(const struct ring *ring, const uint64_t *position, uint64_t seen)
{
	uint64_t begin;
	unsigned int i;

	if (!ring->spins)
		return false;
	begin = now_ns();
	do {
		for (i = 0; i < LOOKS; i++) {
			if (__atomic_load_n(position, __ATOMIC_ACQUIRE) != seen)
				return true;
			__builtin_ia32_pause();
		}
	} while (now_ns() - begin < SPIN_NS);
	return false;
}

static void sleep_in(struct bed *bed)
{
	uint64_t count;

	if (bed->eventfd < 0)
		syscall(SYS_futex, &bed->taken, FUTEX_WAIT, 1, NULL);
	else if (read(bed->eventfd, &count, sizeof(count)) < 0)
		err(EXIT_FAILURE, "read of an eventfd");
}

static void rouse(struct bed *bed)
{
	const uint64_t one = 1;

	if (bed->eventfd < 0)
		syscall(SYS_futex, &bed->taken, FUTEX_WAKE, 1);
	else if (write(bed->eventfd, &one, sizeof(one)) < 0)
		err(EXIT_FAILURE, "write to an eventfd");
}

/* Until @position may have moved on from @seen. */
static void await(const struct ring *ring, const uint64_t *position, uint64_t seen,
		  struct bed *bed)
{
	if (spin(ring, position, seen))
		return;
	__atomic_store_n(&bed->taken, 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(position, __ATOMIC_ACQUIRE) == seen)
		sleep_in(bed);
}

/* After a position has moved on. */
static inline void wake(struct bed *bed)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (likely(!__atomic_load_n(&bed->taken, __ATOMIC_RELAXED)))
		return;
	__atomic_store_n(&bed->taken, 0, __ATOMIC_RELAXED);
	rouse(bed);
}

/* Sending and receiving. */

static void ring_send(const struct end *end, struct message *message,
		      size_t size, unsigned int priority)
{
	struct ring *ring = queue_of(end->tx);
	struct shared *shared = ring->shared;
	uint64_t need = record_bytes(size);
	unsigned char *record;

	(void)priority;
	while (ring->bytes - (ring->tail - ring->head) < need) {
		uint64_t head = __atomic_load_n(&shared->head, __ATOMIC_ACQUIRE);

		if (head == ring->head)
			await(ring, &shared->head, head, &shared->sender);
		ring->head = head;
	}
	record = shared->ring + (ring->tail & (ring->bytes - 1));
	*(uint64_t *)record = size;
	memcpy(record + sizeof(uint64_t), message->data, size);
	ring->tail += need;
	__atomic_store_n(&shared->tail, ring->tail, __ATOMIC_RELEASE);
	wake(&shared->receiver);
}

static void ring_recv(const struct end *end, struct message *message, size_t size)
{
	struct ring *ring = queue_of(end->rx);
	struct shared *shared = ring->shared;
	const unsigned char *record;
	uint64_t length;

	while (ring->tail == ring->head) {
		uint64_t tail = __atomic_load_n(&shared->tail, __ATOMIC_ACQUIRE);

		if (tail == ring->tail)
			await(ring, &shared->tail, tail, &shared->receiver);
		ring->tail = tail;
	}
	record = shared->ring + (ring->head & (ring->bytes - 1));
	length = *(const uint64_t *)record;
	if (length > size)
		errx(EXIT_FAILURE, "a record of %lu bytes", length);
	memcpy(message->data, record + sizeof(uint64_t), length);
	ring->head += record_bytes(length);
	__atomic_store_n(&shared->head, ring->head, __ATOMIC_RELEASE);
	wake(&shared->sender);
}

const struct transport futex_ring_transport = {
	.name = "futex-ring",
	.few_cases = true,
	.open = futex_ring_open,
	.send = ring_send,
	.recv = ring_recv,
	.close = ring_close,
};

const struct transport eventfd_ring_transport = {
	.name = "eventfd-ring",
	.few_cases = true,
	.open = eventfd_ring_open,
	.send = ring_send,
	.recv = ring_recv,
	.close = ring_close,
};
