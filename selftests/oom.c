// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who is killed because its memory cgroup has none left dies like anybody else: who waits for its
 * reply hears of it, what it has leased goes to others, what it has sent is received, and nothing
 * of it remains.
 */
#include <stdlib.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "call_test.h"
#include "cgroup_test.h"

#define SMALL		CGROUPS "/ipcmbox-oom"
#define SMALL_BYTES	"16777216"
#define STEP_BYTES	(1 << 20)
#define MESSAGES	16

FIXTURE(oom) {
	int dev, queue, work, requests;
	struct call *call;
	struct ipcmbox_query before;
	bool has_cgroup;
	volatile int *held;
};

FIXTURE_SETUP(oom)
{
	ASSERT_EQ(0, geteuid()) TH_LOG("needs root");
	self->has_cgroup = cgroup_has_memory() && cgroup_new(SMALL, SMALL_BYTES);
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->queue = mailbox_new(self->dev, .max_messages = MESSAGES);
	self->work = mailbox_new(self->dev, .max_messages = 1);
	self->requests = mailbox_new(self->dev, .max_messages = 1);
	ASSERT_GE(self->queue, 0);
	ASSERT_GE(self->work, 0);
	ASSERT_GE(self->requests, 0);
	ASSERT_EQ(0, query_budget(self->dev, &self->before));
	self->call = calls_alloc(1);
	self->held = mmap(NULL, sizeof(*self->held), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->held);
}

FIXTURE_TEARDOWN(oom)
{
	close(self->requests);
	close(self->work);
	close(self->queue);
	close(self->dev);
	rmdir(SMALL);
}

/* Comes back only if there is memory without end. */
static int use_up_memory(void)
{
	int i;

	for (i = 0; i < 1024; i++)
		memset(malloc(STEP_BYTES), i, STEP_BYTES);
	return 1;
}

static int serve_until_killed(void *arg)
{
	FIXTURE_DATA(oom) *self = arg;
	struct ipcmbox_recv request, leased;
	int requests, work, i;
	char text[8];

	/* What is held goes with the descriptor, so these are some that nobody else has. */
	requests = mailbox_by_id(self->dev, mailbox_id(self->requests), RW);
	work = mailbox_by_id(self->dev, mailbox_id(self->work), RW);
	if (!cgroup_enter(SMALL))
		return 2;
	for (i = 0; i < MESSAGES; i++) {
		if (put(self->queue, 0, i))
			return 3;
	}
	if (serve(requests, &request, text, sizeof(text)) != 3 ||
	    lease(work, &leased, text, sizeof(text), 3600 * NSEC_PER_SEC) != 4)
		return 4;
	*self->held = 1;
	return use_up_memory();
}

TEST_F_TIMEOUT(oom, kills_like_any_death, 60)
{
	struct ipcmbox_recv leased;
	char text[8];
	int i;

	if (!self->has_cgroup)
		SKIP(return, "no memory cgroups in this kernel");
	ask(self->call, self->requests, "ask");
	ASSERT_EQ(0, put(self->work, 0, 1));
	ASSERT_EQ(255, child_run(serve_until_killed, self)) TH_LOG("it was not killed");
	ASSERT_EQ(1, *self->held);
	EXPECT_EQ(-EPIPE, call_join(self->call));
	ASSERT_EQ(4, lease(self->work, &leased, text, sizeof(text), NSEC_PER_SEC));
	EXPECT_EQ(1, leased.redelivered);
	EXPECT_EQ(0, acknowledge(self->work, leased.token));
	for (i = 0; i < MESSAGES; i++)
		EXPECT_EQ(i, take(self->queue));
	EXPECT_EQ(-EAGAIN, take(self->queue));
	EXPECT_TRUE(is_at_rest(self->requests));
	EXPECT_TRUE(is_at_rest(self->work));
	EXPECT_TRUE(is_at_rest(self->queue));
	EXPECT_TRUE(is_even(self->dev, &self->before));
}

TEST_HARNESS_MAIN
