// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A producer and a consumer share a ring of items in a segment, and wait for each
 * other with semaphores in it.
 *
 * The consumer finds the segment by its name, and could be any other program. The
 * name goes when both have let go of the segment, however they end.
 */
#include <err.h>
#include <semaphore.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ipck.h>

#define NAME	"example ring"
#define SLOTS	4
#define ITEMS	10

struct ring {
	sem_t full, empty;
	int item[SLOTS];
};

static void check(const char *what, int ret)
{
	if (ret < 0)
		errx(1, "%s: %s", what, ipck_strerror(ret, 0));
}

static struct ring *map(struct ipck_shm *shm)
{
	struct ipck_map map;

	/* The mapping keeps the segment: the handle is not needed any more. */
	check("map", ipck_shm_map(shm, &map, 0, 0, PROT_READ | PROT_WRITE));
	ipck_shm_close(shm);
	return map.addr;
}

static struct ring *create(void)
{
	struct ipck_shm_attr attr = { .size = sizeof(struct ring) };
	struct ipck_shm *shm;
	struct ring *ring;

	check("create", ipck_shm_open(&shm, NAME, O_RDWR | O_CREAT | O_EXCL |
				      IPCK_O_TRANSIENT, &attr, NULL));
	ring = map(shm);
	if (sem_init(&ring->full, 1, 0) || sem_init(&ring->empty, 1, SLOTS))
		err(1, "semaphore");
	return ring;
}

static void produce(struct ring *ring)
{
	int i;

	for (i = 0; i < ITEMS; i++) {
		sem_wait(&ring->empty);
		ring->item[i % SLOTS] = i * i;
		sem_post(&ring->full);
	}
}

static int consume(void)
{
	struct ipck_shm *shm;
	struct ring *ring;
	int i, ok = 1;

	check("open", ipck_shm_open(&shm, NAME, O_RDWR, NULL, NULL));
	ring = map(shm);
	printf("consumed:");
	for (i = 0; i < ITEMS; i++) {
		sem_wait(&ring->full);
		printf(" %d", ring->item[i % SLOTS]);
		ok &= ring->item[i % SLOTS] == i * i;
		sem_post(&ring->empty);
	}
	putchar('\n');
	return !ok;
}

int main(void)
{
	struct ring *ring = create();
	pid_t consumer;
	int status;

	consumer = fork();
	if (consumer < 0)
		err(1, "fork");
	if (!consumer)
		return consume();
	produce(ring);
	if (waitpid(consumer, &status, 0) < 0 || status)
		errx(1, "the consumer failed");
	return 0;
}
