// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the administrator finds in debugfs: a line for each mailbox and for each segment, with what
 * STAT tells of it.
 */
#include <stdio.h>

#include "kselftest_harness.h"
#include "segment_test.h"

#define DIRECTORY	"/sys/kernel/debug/ipcmbox/"
#define COLUMNS		18

/* Bytes that would end a column, a line or the name, or mean something to a terminal. */
#define HOSTILE		"test\t\"a\\b\nc\033[1m \xff"
#define HOSTILE_SHOWN	"\"test\\011\\042a\\134b\\012c\\033[1m\\040\\377\""

FIXTURE(show) {
	int dev, fd;
	char text[512];
	char *columns[COLUMNS];
};

FIXTURE_SETUP(show)
{
	if (access(DIRECTORY, R_OK))
		SKIP(return, "no debugfs, or not for us");
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->fd = -1;
}

FIXTURE_TEARDOWN(show)
{
	close(self->fd);
	mailbox_unlink_tests(self->dev);
	segment_unlink_tests(self->dev);
	close(self->dev);
}

/* How many columns there are of what has that id, which is in the second one. */
static int look(FIXTURE_DATA(show) *self, const char *name, unsigned long long id)
{
	FILE *file;
	int n = 0;

	file = fopen(name, "re");
	while (file && !n && fgets(self->text, sizeof(self->text), file)) {
		char *rest = self->text;

		self->text[strcspn(self->text, "\n")] = '\0';
		while (rest && n < COLUMNS)
			self->columns[n++] = strsep(&rest, "\t");
		if (rest || n < 2 || strtoull(self->columns[1], NULL, 10) != id)
			n = 0;
	}
	if (file)
		fclose(file);
	return n;
}

static unsigned long long number(FIXTURE_DATA(show) *self, int column)
{
	return strtoull(self->columns[column], NULL, 10);
}

TEST_F(show, mailbox)
{
	struct ipcmbox_info info;
	int i;

	self->fd = mailbox_new(self->dev, NAME(HOSTILE), .max_messages = 3, .mode = 0640,
			       .overflow = IPCMBOX_OVERFLOW_DROP_NEWEST);
	ASSERT_GE(self->fd, 0);
	for (i = 0; i < 4; i++)
		ASSERT_EQ(i == 3, put(self->fd, 0, i));
	ASSERT_EQ(0, take(self->fd));
	info = mailbox_info(self->fd);

	ASSERT_EQ(18, look(self, DIRECTORY "mailboxes", info.id));
	EXPECT_STREQ(HOSTILE_SHOWN, self->columns[2]);
	EXPECT_EQ(info.uid, number(self, 3));
	EXPECT_EQ(info.gid, number(self, 4));
	EXPECT_STREQ("0640", self->columns[5]);
	EXPECT_EQ(3, number(self, 6));
	EXPECT_EQ(2, number(self, 7));
	EXPECT_EQ(8, number(self, 8));
	EXPECT_EQ(4, number(self, 9));
	EXPECT_EQ(1, number(self, 10));
	EXPECT_EQ(1, number(self, 11));
	EXPECT_EQ(3, number(self, 12));
	EXPECT_EQ(1, number(self, 13));
	EXPECT_EQ(1, number(self, 14));
	EXPECT_EQ(0, number(self, 15));
	EXPECT_EQ(0, number(self, 16));
	EXPECT_LE(number(self, 17), mailbox_info(self->fd).oldest_ns / NSEC_PER_MSEC);
}

TEST_F(show, mailbox_without_bound_and_name)
{
	struct call *call = calls_alloc(1);

	self->fd = mailbox_new(self->dev, .max_messages = IPCMBOX_UNBOUNDED);
	ASSERT_GE(self->fd, 0);
	receive_start(call, self->fd, .buf_len = 0);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	ASSERT_EQ(18, look(self, DIRECTORY "mailboxes", mailbox_id(self->fd)));
	EXPECT_STREQ("-", self->columns[2]);
	EXPECT_STREQ("unbounded", self->columns[6]);
	EXPECT_EQ(1, number(self, 15));
	ASSERT_EQ(0, message_send(self->fd, .buf_len = 0));
	EXPECT_EQ(0, call_join(call));
}

TEST_F(show, segment)
{
	__u64 id;
	void *p;

	self->fd = segment_new(self->dev, NAME(HOSTILE), .size = SIZE + 1, .mode = 0600,
			       .seals = F_SEAL_SHRINK);
	ASSERT_GE(self->fd, 0);
	id = segment_id(self->fd);
	ASSERT_EQ(13, look(self, DIRECTORY "segments", id));
	EXPECT_STREQ(HOSTILE_SHOWN, self->columns[2]);
	EXPECT_EQ(geteuid(), number(self, 3));
	EXPECT_EQ(getegid(), number(self, 4));
	EXPECT_STREQ("0600", self->columns[5]);
	EXPECT_EQ(SIZE + 1, number(self, 6));
	EXPECT_EQ(getuid(), number(self, 7));
	EXPECT_EQ(SIZE + PAGE, number(self, 8));
	EXPECT_EQ(segment_info(self->fd).seals, number(self, 9));
	EXPECT_EQ(1, number(self, 10));
	EXPECT_EQ(1, number(self, 11));
	EXPECT_STREQ("n", self->columns[12]);

	p = map(self->fd, SIZE, PROT_READ);
	ASSERT_NE(NULL, p);
	ASSERT_EQ(13, look(self, DIRECTORY "segments", id));
	EXPECT_STREQ("y", self->columns[12]);
	munmap(p, SIZE);
}

/* What is gone is not shown any more. */
TEST_F(show, gone)
{
	__u64 id;

	self->fd = mailbox_new(self->dev, .max_messages = 1);
	id = mailbox_id(self->fd);
	ASSERT_EQ(18, look(self, DIRECTORY "mailboxes", id));
	close(self->fd);
	EXPECT_EQ(0, look(self, DIRECTORY "mailboxes", id));
	self->fd = segment_new(self->dev, .size = PAGE);
	id = segment_id(self->fd);
	ASSERT_EQ(13, look(self, DIRECTORY "segments", id));
	close(self->fd);
	EXPECT_EQ(0, look(self, DIRECTORY "segments", id));
	self->fd = -1;
}

TEST_HARNESS_MAIN
