// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Frames of video, or other large things, go from a camera to a viewer without
 * being copied: each is a segment that is moved in a message.
 *
 * While the viewer has a frame nobody else can write to it, so what it has checked
 * stays so. It gives the frame back by letting go of it; a second mailbox tells the
 * camera which one that was.
 */
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ipck.h>

#define BUFFERS	2
#define FRAMES	6
#define LENGTH	(1 << 20)

static void check(const char *what, int ret)
{
	if (ret < 0)
		errx(1, "%s: %s", what, ipck_strerror(ret, 0));
}

static void paint(struct ipck_shm *frame, int number)
{
	struct ipck_map map;

	check("map", ipck_shm_map(frame, &map, 0, 0, PROT_READ | PROT_WRITE));
	memset(map.addr, number, map.length);
	/* Who moves a segment must have let go of it. */
	ipck_shm_unmap(&map);
}

/* A buffer that is free: a new one, or one that the viewer has given back. */
static struct ipck_shm *next_buffer(struct ipck *returned)
{
	static struct ipck_shm *buffer[BUFFERS];
	struct ipck_shm_attr attr = { .size = LENGTH };
	uint64_t id;
	int i;

	for (i = 0; i < BUFFERS && buffer[i]; i++)
		;
	if (i < BUFFERS) {
		check("create", ipck_shm_open(&buffer[i], NULL,
					      O_RDWR | O_CREAT, &attr, NULL));
		return buffer[i];
	}
	check("return", ipck_recv(returned, &id, sizeof(id)));
	for (i = 0; i < BUFFERS; i++)
		if (ipck_shm_id(buffer[i]) == id)
			return buffer[i];
	errx(1, "a frame came back that was never sent");
}

static void film(struct ipck *frames, struct ipck *returned)
{
	struct ipck_send_opt move = { .flags = IPCK_MOVE };
	struct ipck_shm *frame;
	int n;

	for (n = 1; n <= FRAMES; n++) {
		frame = next_buffer(returned);
		paint(frame, n);
		check("send", ipck_shm_send(frames, frame, NULL, &move, NULL));
	}
}

static void view(struct ipck *frames, struct ipck *returned)
{
	struct ipck_range range;
	struct ipck_shm *frame;
	struct ipck_map map;
	uint64_t id;
	char *pixels;
	int n;

	for (n = 1; n <= FRAMES; n++) {
		check("receive", ipck_shm_recv(frames, &frame, &range, NULL, NULL));
		check("map", ipck_shm_map(frame, &map, range.offset, range.length,
					  PROT_READ));
		pixels = map.addr;
		printf("frame %d: %zu bytes of %d\n", n, map.length, pixels[0]);
		if (pixels[0] != n || pixels[map.length - 1] != n)
			errx(1, "frame %d is not what was painted", n);
		id = ipck_shm_id(frame);
		ipck_shm_unmap(&map);
		ipck_shm_close(frame);
		check("return", ipck_send(returned, &id, sizeof(id), 0));
	}
}

int main(void)
{
	struct ipck_attr attr = { .capacity = FRAMES, .flags = IPCK_ATTR_FDS };
	struct ipck *frames, *returned;
	pid_t viewer;
	int status;

	check("open", ipck_open(&frames, NULL, O_RDWR | O_CREAT, &attr));
	check("open", ipck_open(&returned, NULL, O_RDWR | O_CREAT, NULL));
	viewer = fork();
	if (viewer < 0)
		err(1, "fork");
	if (!viewer) {
		view(frames, returned);
		return 0;
	}
	film(frames, returned);
	if (waitpid(viewer, &status, 0) < 0 || status)
		errx(1, "the viewer failed");
	return 0;
}
