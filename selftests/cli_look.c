// SPDX-License-Identifier: GPL-2.0-only
/*
 * What ipck makes of mailboxes and tasks that are made up: chains, circles and what is in trouble.
 * The library, and the clock, are functions of this file.
 */
#include <errno.h>
#include <stdlib.h>

#include <ipck.h>

#include "clock.h"
#include "ipcmbox_test.h"
#include "kselftest_harness.h"
#include "look/graph.h"
#include "look/snapshot.h"
#include "top/lull.h"
#include "top/trouble.h"

/* More than one ioctl tells of */
#define MANY		100000
#define AT_A_MAILBOX	4000

#define OLD_NS		(10 * NSEC_PER_SEC)

/* What there is; tasks are by ascending mailbox. */
static struct {
	struct ipck_info *infos;
	unsigned int nr_infos;
	struct ipck_blocked *tasks;
	unsigned int nr_tasks;
	uint64_t now_ns;
	uint64_t look_ns;
} world;

uint64_t clock_now(void)
{
	return world.now_ns;
}

int ipck_list(uint64_t after_id, struct ipck_info *infos, unsigned int count)
{
	unsigned int i, found = 0;

	for (i = 0; i < world.nr_infos && found < count; i++)
		if (world.infos[i].id > after_id)
			infos[found++] = world.infos[i];
	return found;
}

/* Each look takes its time. */
int ipck_blocked(uint64_t id, struct ipck_blocked *tasks, unsigned int count, unsigned int *total)
{
	unsigned int i, found = 0;

	for (i = 0; i < world.nr_tasks; i++) {
		if (world.tasks[i].mailbox != id)
			continue;
		if (found < count)
			tasks[found] = world.tasks[i];
		found++;
	}
	*total = found;
	world.now_ns += world.look_ns;
	return found < count ? found : count;
}

FIXTURE(cli_look) {
	struct snapshot snapshot;
	struct graph graph;
	struct lulls lulls;
};

FIXTURE_SETUP(cli_look)
{
	memset(&world, 0, sizeof(world));
	world.now_ns = 100 * NSEC_PER_SEC;
}

FIXTURE_TEARDOWN(cli_look)
{
	snapshot_deinit(&self->snapshot);
	graph_deinit(&self->graph);
	lulls_deinit(&self->lulls);
}

/* Each mailbox is there at which somebody waits. */
static int look(FIXTURE_DATA(cli_look) *self)
{
	struct ipck_info *infos = calloc(world.nr_tasks + 1, sizeof(*infos)), *last = NULL;
	unsigned int i;
	int ret;

	for (i = 0; i < world.nr_tasks; i++) {
		if (!last || last->id != world.tasks[i].mailbox) {
			last = &infos[world.nr_infos++];
			last->id = world.tasks[i].mailbox;
		}
		last->waiting_senders++;
	}
	world.infos = infos;
	ret = snapshot_take(&self->snapshot);
	if (!ret)
		ret = graph_take(&self->graph, &self->snapshot);
	free(infos);
	world.infos = NULL;
	world.nr_infos = 0;
	return ret;
}

/* The only thread of a process, which has been waiting for long. */
#define WAITS(number, where, for_whom) { \
	.mailbox = where, .since_ns = OLD_NS, .what = IPCK_BLOCKED_REPLY, \
	.pid = number, .tid = number, .peer_pid = for_whom, .peer_tid = for_whom \
}

static void make_up(struct ipck_blocked *tasks, unsigned int count)
{
	world.tasks = tasks;
	world.nr_tasks = count;
}

/* The thread that is waited for next, 0 if none that is blocked. */
static pid_t next_of(const struct graph *graph, size_t i)
{
	const struct ipck_blocked *next = graph_next(graph, &graph->tasks[i]);

	return next ? next->tid : 0;
}

static bool is_in_cycle(const struct graph *graph, size_t i)
{
	return graph_is_in_cycle(graph, &graph->tasks[i]);
}

TEST_F(cli_look, chains_and_circles)
{
	struct ipck_blocked tasks[] = {
		WAITS(11, 1, 12), WAITS(12, 1, 13), WAITS(13, 1, 11),
		WAITS(14, 2, 11), WAITS(15, 2, 14), WAITS(16, 3, 99), WAITS(17, 3, 0),
		WAITS(18, 4, 18),
	};
	const pid_t nexts[] = { 12, 13, 11, 11, 14, 0, 0, 18 };
	const bool cycles[] = { true, true, true, false, false, false, false, true };
	size_t i;

	make_up(tasks, 8);
	ASSERT_EQ(0, look(self));
	ASSERT_EQ(8, self->graph.count);
	for (i = 0; i < 8; i++) {
		EXPECT_EQ(nexts[i], next_of(&self->graph, i));
		EXPECT_EQ(cycles[i], is_in_cycle(&self->graph, i));
	}
}

TEST_F(cli_look, main_thread_stands_for_a_process)
{
	struct ipck_blocked tasks[] = { WAITS(11, 1, 12), WAITS(12, 2, 0), WAITS(13, 2, 0) };

	tasks[0].peer_tid = 0;
	tasks[2].pid = 12;
	make_up(tasks, 3);
	ASSERT_EQ(0, look(self));
	EXPECT_EQ(12, next_of(&self->graph, 0));
	/* Of a task without a number nobody knows. */
	tasks[0].peer_pid = 0;
	tasks[1].tid = 0;
	ASSERT_EQ(0, look(self));
	EXPECT_EQ(0, next_of(&self->graph, 0));
}

/* Whoever is in a circle is there again after as many steps as there are tasks at most. */
static bool comes_back(const struct ipck_blocked *tasks, size_t count, size_t start)
{
	size_t at = start, step, i;

	for (step = 0; step < count; step++) {
		for (i = 0; i < count && tasks[i].tid != tasks[at].peer_tid; i++)
			;
		if (i == count)
			return false;
		at = i;
		if (at == start)
			return true;
	}
	return false;
}

TEST_F(cli_look, any_graph)
{
	struct ipck_blocked tasks[24];
	size_t round, count, cycles = 0, i;

	srandom(1);
	for (round = 0; round < 2000; round++) {
		count = 1 + round % 24;
		for (i = 0; i < count; i++)
			tasks[i] = (struct ipck_blocked)WAITS(99 + count - i, 1 + i / 3,
							      100 + random() % (count + 2));
		make_up(tasks, count);
		ASSERT_EQ(0, look(self));
		ASSERT_EQ(count, self->graph.count);
		for (i = 0; i < count; i++) {
			ASSERT_EQ(comes_back(tasks, count, i), is_in_cycle(&self->graph, i));
			cycles += is_in_cycle(&self->graph, i);
		}
	}
	EXPECT_GT(cycles, 1000);
}

/* If each of them were looked for among all, or walked from to the end, that would take hours. */
TEST_F(cli_look, many_tasks)
{
	struct ipck_blocked *tasks = calloc(MANY, sizeof(*tasks));
	const size_t round = MANY / 2;
	size_t i, cycles = 0;

	ASSERT_NE(NULL, tasks);
	for (i = 0; i < MANY; i++)
		tasks[i] = (struct ipck_blocked)WAITS(1 + i, 1 + i / AT_A_MAILBOX,
						      i + 1 < MANY ? 2 + i : round + 1);
	make_up(tasks, MANY);
	ASSERT_EQ(0, look(self));
	ASSERT_EQ(MANY, self->graph.count);
	for (i = 0; i < MANY; i++) {
		ASSERT_EQ(i >= round, is_in_cycle(&self->graph, i));
		ASSERT_EQ(i + 1 < MANY ? 2 + i : round + 1, next_of(&self->graph, i));
	}
	/* All wait for the last one, who waits for nobody. */
	for (i = 0; i < MANY; i++)
		tasks[i].peer_tid = i + 1 < MANY ? MANY : 0;
	tasks[MANY - 1].peer_pid = 0;
	ASSERT_EQ(0, look(self));
	for (i = 0; i < MANY; i++)
		cycles += is_in_cycle(&self->graph, i);
	EXPECT_EQ(0, cycles);
	free(tasks);
}

/* While one mailbox is looked at, what was so at another may be over, and the reverse begin. */
TEST_F(cli_look, circle_is_of_one_moment)
{
	struct ipck_blocked tasks[] = { WAITS(11, 1, 12), WAITS(12, 2, 11) };

	make_up(tasks, 2);
	world.look_ns = NSEC_PER_SEC;
	/* It cannot have waited when the first mailbox was looked at, 2 s before. */
	tasks[1].since_ns = NSEC_PER_SEC;
	ASSERT_EQ(0, look(self));
	EXPECT_EQ(12, next_of(&self->graph, 0));
	EXPECT_EQ(11, next_of(&self->graph, 1));
	EXPECT_FALSE(is_in_cycle(&self->graph, 0) || is_in_cycle(&self->graph, 1));
	tasks[1].since_ns = 3 * NSEC_PER_SEC;
	ASSERT_EQ(0, look(self));
	EXPECT_TRUE(is_in_cycle(&self->graph, 0) && is_in_cycle(&self->graph, 1));
	/* Of one mailbox all is of one moment. */
	tasks[0].since_ns = 0;
	tasks[1].since_ns = 0;
	tasks[1].mailbox = 1;
	ASSERT_EQ(0, look(self));
	EXPECT_TRUE(is_in_cycle(&self->graph, 0) && is_in_cycle(&self->graph, 1));
}

TEST_F(cli_look, who_moved_on_is_where_it_was_seen_last)
{
	struct ipck_blocked tasks[] = { WAITS(11, 1, 12), WAITS(12, 2, 11), WAITS(11, 3, 0) };

	make_up(tasks, 3);
	ASSERT_EQ(0, look(self));
	EXPECT_EQ(&self->graph.tasks[2], graph_next(&self->graph, &self->graph.tasks[1]));
	EXPECT_FALSE(is_in_cycle(&self->graph, 0) || is_in_cycle(&self->graph, 1));
}

/* How long one wait has lasted counts, and not how often somebody waits. */
TEST_F(cli_look, slow_is_one_long_wait)
{
	struct ipck_blocked tasks[] = { WAITS(11, 1, 12) };
	size_t i;

	make_up(tasks, 1);
	for (i = 0; i < 5; i++) {
		tasks[0].since_ns = NSEC_PER_SEC - 1;
		ASSERT_EQ(0, look(self));
		EXPECT_EQ(TROUBLE_NONE,
			  trouble_of_task(&self->graph, self->graph.tasks, NSEC_PER_SEC));
	}
	tasks[0].since_ns = NSEC_PER_SEC;
	ASSERT_EQ(0, look(self));
	EXPECT_EQ(TROUBLE_SLOW, trouble_of_task(&self->graph, self->graph.tasks, NSEC_PER_SEC));
	/* Whoever waits for a message has nothing to do, and that is all. */
	tasks[0].what = IPCK_BLOCKED_RECV;
	ASSERT_EQ(0, look(self));
	EXPECT_EQ(TROUBLE_NONE, trouble_of_task(&self->graph, self->graph.tasks, NSEC_PER_SEC));
}

/* Look again after so long. Return: the trouble of a mailbox of the last snapshot. */
static enum trouble after(FIXTURE_DATA(cli_look) *self, uint64_t ns, size_t i)
{
	world.now_ns += ns;
	if (snapshot_take(&self->snapshot) || lulls_update(&self->lulls, &self->snapshot))
		return -1;
	return trouble_of_messages(&self->snapshot.infos[i],
				   self->snapshot.ns - self->lulls.all[i].since_ns, NSEC_PER_SEC);
}

TEST_F(cli_look, stuck_is_long_without_a_receive)
{
	struct ipck_info infos[] = { { .id = 5, .readers = 1, .oldest_ns = OLD_NS } };
	size_t i;

	world.infos = infos;
	world.nr_infos = 1;
	/* There is a backlog, from which something is received now and then. */
	for (i = 0; i < 40; i++) {
		infos[0].received += i % 4 == 0;
		EXPECT_EQ(TROUBLE_NONE, after(self, NSEC_PER_SEC / 5, 0));
	}
	/* The last time was 0.6 s ago. */
	EXPECT_EQ(TROUBLE_NONE, after(self, NSEC_PER_SEC / 5, 0));
	EXPECT_EQ(TROUBLE_STUCK, after(self, NSEC_PER_SEC / 5, 0));
	infos[0].received++;
	EXPECT_EQ(TROUBLE_NONE, after(self, NSEC_PER_SEC / 5, 0));
	EXPECT_EQ(TROUBLE_STUCK, after(self, NSEC_PER_SEC, 0));
	/* What has come just now may wait. */
	infos[0].oldest_ns = NSEC_PER_SEC - 1;
	EXPECT_EQ(TROUBLE_NONE, after(self, NSEC_PER_SEC, 0));
	infos[0].readers = 0;
	EXPECT_EQ(TROUBLE_NONE, after(self, NSEC_PER_SEC, 0));
	infos[0].oldest_ns = NSEC_PER_SEC;
	EXPECT_EQ(TROUBLE_UNREAD, after(self, 0, 0));
}

/* Others come and go, and each has its own time. */
TEST_F(cli_look, stuck_is_told_of_the_right_mailbox)
{
	struct ipck_info infos[] = {
		{ .id = 3, .readers = 1, .oldest_ns = OLD_NS },
		{ .id = 5, .readers = 1, .oldest_ns = OLD_NS },
		{ .id = 9, .readers = 1, .oldest_ns = OLD_NS },
	};

	world.infos = infos + 1;
	world.nr_infos = 1;
	EXPECT_EQ(TROUBLE_NONE, after(self, 0, 0));
	world.infos = infos;
	world.nr_infos = 3;
	EXPECT_EQ(TROUBLE_STUCK, after(self, NSEC_PER_SEC, 1));
	EXPECT_EQ(TROUBLE_NONE, after(self, 0, 0));
	EXPECT_EQ(TROUBLE_NONE, after(self, 0, 2));
	world.infos = infos + 2;
	world.nr_infos = 1;
	EXPECT_EQ(TROUBLE_STUCK, after(self, NSEC_PER_SEC, 0));
	world.infos = infos;
	world.nr_infos = 2;
	EXPECT_EQ(TROUBLE_NONE, after(self, NSEC_PER_SEC, 0));
	EXPECT_EQ(TROUBLE_NONE, after(self, 0, 1));
}

TEST_HARNESS_MAIN
