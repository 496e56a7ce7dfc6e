/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A ring of io_uring, by its system calls: for 32-bit callers and cross compilers, too, for which
 * Debian has no liburing beside this machine's.
 */
#ifndef URING_TEST_H
#define URING_TEST_H

#include <errno.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ipcmbox_test.h"

#define RING_ENTRIES	64

/**
 * struct ring - a ring, and what is known of its entries
 * @fd: the ring
 * @params: what the kernel has told of it
 * @sq: the ring of what is submitted
 * @cq: the ring of results, which can be the same memory
 * @sqes: the entries
 * @added: entries so far
 * @to_submit: how many of them since the last ring_submit()
 * @done: by entry, which is its number in the order of ring_entry(): it has its result
 * @result: by entry: the result
 */
struct ring {
	int fd;
	struct io_uring_params params;
	char *sq, *cq;
	struct io_uring_sqe *sqes;
	unsigned int added, to_submit;
	bool done[2 * RING_ENTRIES];
	int result[2 * RING_ENTRIES];
};

static inline unsigned int *ring_word(char *ring, __u32 offset)
{
	return (unsigned int *)(ring + offset);
}

static inline void *ring_map(const struct ring *ring, size_t size, off_t offset)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring->fd,
		    offset);
}

static inline size_t ring_sq_size(const struct ring *ring)
{
	return ring->params.sq_off.array + ring->params.sq_entries * sizeof(__u32);
}

static inline size_t ring_cqe_size(const struct ring *ring)
{
	return sizeof(struct io_uring_cqe) * (ring->params.flags & IORING_SETUP_CQE32 ? 2 : 1);
}

static inline size_t ring_cq_size(const struct ring *ring)
{
	return ring->params.cq_off.cqes + ring->params.cq_entries * ring_cqe_size(ring);
}

static inline size_t ring_sqe_size(const struct ring *ring)
{
	return sizeof(struct io_uring_sqe) * (ring->params.flags & IORING_SETUP_SQE128 ? 2 : 1);
}

/* Returns 0; or -errno: -ENOSYS or -EPERM where there is no io_uring. */
static inline int ring_begin(struct ring *ring, unsigned int flags)
{
	memset(ring, 0, sizeof(*ring));
	ring->params.flags = flags;
	ring->fd = syscall(SYS_io_uring_setup, RING_ENTRIES, &ring->params);
	if (ring->fd < 0)
		return -errno;
	ring->sq = ring_map(ring, ring_sq_size(ring), IORING_OFF_SQ_RING);
	ring->cq = ring_map(ring, ring_cq_size(ring), IORING_OFF_CQ_RING);
	ring->sqes = ring_map(ring, RING_ENTRIES * ring_sqe_size(ring), IORING_OFF_SQES);
	if (ring->sq == MAP_FAILED || ring->cq == MAP_FAILED || ring->sqes == MAP_FAILED)
		return -errno;
	return 0;
}

/* Its mappings keep a ring as well as its descriptor does. */
static inline void ring_end(struct ring *ring)
{
	munmap(ring->sq, ring_sq_size(ring));
	munmap(ring->cq, ring_cq_size(ring));
	munmap(ring->sqes, RING_ENTRIES * ring_sqe_size(ring));
	close(ring->fd);
}

static inline int ring_register(struct ring *ring, unsigned int what, const void *arg,
				unsigned int count)
{
	int ret = syscall(SYS_io_uring_register, ring->fd, what, arg, count);

	return ret < 0 ? -errno : ret;
}

/* The next entry, which the others' numbers follow; as a command it is unless told otherwise. */
static inline struct io_uring_sqe *ring_entry(struct ring *ring, __u8 opcode, int fd)
{
	unsigned int mask = ring->params.sq_entries - 1;
	unsigned int slot = ring->added & mask;
	struct io_uring_sqe *sqe = (void *)((char *)ring->sqes + slot * ring_sqe_size(ring));

	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = opcode;
	sqe->fd = fd;
	sqe->user_data = ring->added++;
	ring_word(ring->sq, ring->params.sq_off.array)[slot] = slot;
	ring->to_submit++;
	return sqe;
}

/* A command on @fd. */
static inline struct io_uring_sqe *ring_add(struct ring *ring, int fd, __u32 cmd, const void *arg)
{
	struct io_uring_sqe *sqe = ring_entry(ring, IORING_OP_URING_CMD, fd);
	struct ipcmbox_uring uring = { .arg_ptr = ptr_u64(arg) };

	sqe->cmd_op = cmd;
	memcpy(sqe->cmd, &uring, sizeof(uring));
	return sqe;
}

static inline struct io_uring_sqe *ring_send(struct ring *ring, int fd, struct ipcmbox_send *arg)
{
	return ring_add(ring, fd, IPCMBOX_IOC_SEND, arg);
}

static inline struct io_uring_sqe *ring_recv(struct ring *ring, int fd, struct ipcmbox_recv *arg)
{
	return ring_add(ring, fd, IPCMBOX_IOC_RECV, arg);
}

/* Returns how many entries the kernel has taken, or -errno. */
static inline int ring_submit(struct ring *ring)
{
	unsigned int *tail = ring_word(ring->sq, ring->params.sq_off.tail), n = ring->to_submit;
	int ret, flags = ring->params.flags & IORING_SETUP_SQPOLL ? IORING_ENTER_SQ_WAKEUP : 0;

	ring->to_submit = 0;
	__atomic_store_n(tail, *tail + n, __ATOMIC_RELEASE);
	ret = syscall(SYS_io_uring_enter, ring->fd, n, 0, flags, NULL, 0);
	return ret < 0 ? -errno : ret;
}

/* From now on no entry says what it has said when it was submitted. */
static inline void ring_scribble(struct ring *ring)
{
	memset(ring->sqes, POISON, RING_ENTRIES * ring_sqe_size(ring));
}

static inline void ring_reap(struct ring *ring)
{
	unsigned int *head = ring_word(ring->cq, ring->params.cq_off.head);
	unsigned int *tail = ring_word(ring->cq, ring->params.cq_off.tail);
	unsigned int at = *head, slot;
	struct io_uring_cqe *cqe;

	for (; at != __atomic_load_n(tail, __ATOMIC_ACQUIRE); at++) {
		slot = at & (ring->params.cq_entries - 1);
		cqe = (void *)(ring->cq + ring->params.cq_off.cqes + slot * ring_cqe_size(ring));
		ring->result[cqe->user_data] = cqe->res;
		ring->done[cqe->user_data] = true;
	}
	__atomic_store_n(head, at, __ATOMIC_RELEASE);
}

/* Whether an entry has its result by now. */
static inline bool ring_is_done(struct ring *ring, unsigned int entry)
{
	ring_reap(ring);
	return ring->done[entry];
}

/* Returns whether there was a result in time. */
static inline bool ring_wait(struct ring *ring)
{
	struct pollfd pfd = { .fd = ring->fd, .events = POLLIN };

	/* Its thread has to ask for them. */
	if (ring->params.flags & IORING_SETUP_DEFER_TASKRUN)
		return !syscall(SYS_io_uring_enter, ring->fd, 0, 1, IORING_ENTER_GETEVENTS, NULL,
				0);
	return poll(&pfd, 1, PATIENCE_NS / NSEC_PER_MSEC) == 1;
}

/* The result of an entry, when it has it; -ETIME when patience is at an end. */
static inline int ring_await(struct ring *ring, unsigned int entry)
{
	while (!ring_is_done(ring, entry))
		if (!ring_wait(ring)) {
			fprintf(stderr, "# waited for the result of entry %u\n", entry);
			return -ETIME;
		}
	return ring->result[entry];
}

/* Submits all there is; the result of the last. */
static inline int ring_run(struct ring *ring)
{
	int ret = ring_submit(ring);

	return ret < 0 ? ret : ring_await(ring, ring->added - 1);
}

/* Asks for the end of an entry; returns what comes of asking. */
static inline int ring_cancel(struct ring *ring, unsigned int entry)
{
	ring_entry(ring, IORING_OP_ASYNC_CANCEL, -1)->addr = entry;
	return ring_run(ring);
}

#endif /* URING_TEST_H */
