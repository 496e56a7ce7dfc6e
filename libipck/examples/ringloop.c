// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Event loop: one thread receives from several mailboxes with liburing.
 *
 * A receive from each mailbox is always under way in the ring.  Whichever is
 * completed is looked at, and submitted again.  The workers are other processes,
 * one for each mailbox; when one says that it is done, so is its mailbox.
 */
#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ipck_uring.h>

#define WORKERS	3
#define REPORTS	4

struct worker {
	struct ipck *mb;
	struct ipck_uring recv;
	char text[32];
	int reports;
};

static void check(ssize_t ret, const char *what)
{
	if (ret < 0)
		errx(1, "%s: %s", what, ipck_strerror(ret, 0));
}

/* In a process of its own. */
static int work(struct ipck *mb, int n)
{
	char text[32];
	int i;

	for (i = 1; i <= REPORTS; i++) {
		snprintf(text, sizeof(text), "worker %d, part %d", n, i);
		check(ipck_send(mb, text, strlen(text) + 1, 0), "send");
	}
	check(ipck_send(mb, "done", 5, 0), "send");
	return 0;
}

static void start(struct worker *worker, int n)
{
	pid_t pid;

	check(ipck_open(&worker->mb, NULL, O_RDWR | O_CREAT, NULL), "open");
	check(ipck_uring_recv(&worker->recv, worker->mb, worker->text,
			      sizeof(worker->text), NULL), "get ready");
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid)
		_exit(work(worker->mb, n));
}

/* Waits for the next message of a worker, while others are waited for. */
static void listen_to(struct io_uring *ring, struct worker *worker)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	ipck_uring_prep(sqe, &worker->recv);
	io_uring_sqe_set_data(sqe, worker);
}

/* Return: whether the worker has more to say. */
static bool hear(struct worker *worker, int res)
{
	struct ipck_msg msg;

	check(ipck_uring_result(&worker->recv, res, &msg), "receive");
	if (!strcmp(worker->text, "done"))
		return false;
	printf("%s, from process %d\n", worker->text, msg.pid);
	worker->reports++;
	return true;
}

/* Submits what is new, and waits for whatever is over first. */
static struct io_uring_cqe *next(struct io_uring *ring)
{
	struct io_uring_cqe *cqe;
	int ret;

	ret = io_uring_submit(ring);
	if (ret < 0)
		errx(1, "submit: %s", strerror(-ret));
	ret = io_uring_wait_cqe(ring, &cqe);
	if (ret < 0)
		errx(1, "wait: %s", strerror(-ret));
	return cqe;
}

int main(void)
{
	unsigned int limits[2] = { WORKERS, 0 };
	struct worker workers[WORKERS] = { 0 };
	int i, listening = WORKERS, reports = 0, ret;
	struct io_uring_cqe *cqe;
	struct worker *worker;
	struct io_uring ring;

	for (i = 0; i < WORKERS; i++)
		start(&workers[i], i);

	ret = io_uring_queue_init(2 * WORKERS, &ring, 0);
	if (ret == -ENOSYS || ret == -EPERM) {
		printf("no io_uring here: %s\n", strerror(-ret));
		return 4;
	}
	/* As many receives may wait at once. */
	if (ret || io_uring_register_iowq_max_workers(&ring, limits))
		errx(1, "ring: %s", strerror(-ret));

	for (i = 0; i < WORKERS; i++)
		listen_to(&ring, &workers[i]);
	while (listening) {
		cqe = next(&ring);
		worker = io_uring_cqe_get_data(cqe);
		ret = cqe->res;
		io_uring_cqe_seen(&ring, cqe);
		if (hear(worker, ret))
			listen_to(&ring, worker);
		else
			listening--;
	}
	io_uring_queue_exit(&ring);

	for (i = 0; i < WORKERS; i++) {
		reports += workers[i].reports;
		ipck_close(workers[i].mb);
		wait(NULL);
	}
	printf("%d reports\n", reports);
	return reports != WORKERS * REPORTS;
}
