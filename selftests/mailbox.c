// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mailboxes: names, ids, life time, attributes, descriptors. Not what is in them.
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#include "kselftest_harness.h"
#include "ipcmbox_test.h"

FIXTURE(mailbox) {
	int dev;
	int count;
	struct call *calls;
};

FIXTURE_SETUP(mailbox)
{
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	umask(0);
	self->count = mailbox_count(self->dev);
	ASSERT_GE(self->count, 0);
	self->calls = calls_alloc(4);
	ASSERT_NE(NULL, self->calls);
}

/* Unless a test has failed, it has left nothing. */
FIXTURE_TEARDOWN(mailbox)
{
	mailbox_unlink_tests(self->dev);
	if (!_metadata->aborted)
		EXPECT_EQ(self->count, mailbox_count(self->dev));
	close(self->dev);
}

TEST_F(mailbox, device_is_for_everybody)
{
	struct stat st;

	ASSERT_EQ(0, fstat(self->dev, &st));
	EXPECT_TRUE(S_ISCHR(st.st_mode));
	EXPECT_EQ(0666, st.st_mode & 0777);
}

TEST_F(mailbox, attributes_of_a_new_one)
{
	struct ipcmbox_open arg = {
		NAME("test"), .flags = IPCMBOX_OPEN_CREATE, .access = RW, .mode = 0642,
		.overflow = IPCMBOX_OVERFLOW_DROP_NEWEST, .max_messages = 7, .max_length = 100,
		.max_bytes = 300,
	};
	struct ipcmbox_info info;
	int fd = mailbox_open(self->dev, &arg);

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, mailbox_stat(fd, &info));
	EXPECT_NE(0, info.id);
	EXPECT_EQ(arg.id, info.id);
	EXPECT_EQ(geteuid(), info.uid);
	EXPECT_EQ(getegid(), info.gid);
	EXPECT_EQ(0642, info.mode);
	EXPECT_EQ(IPCMBOX_INFO_NAMED, info.flags);
	EXPECT_EQ(IPCMBOX_QUEUE, info.discipline);
	EXPECT_EQ(IPCMBOX_OVERFLOW_DROP_NEWEST, info.overflow);
	EXPECT_EQ(7, info.max_messages);
	EXPECT_EQ(100, info.max_length);
	EXPECT_EQ(300, info.max_bytes);
	EXPECT_EQ(0, info.messages | info.bytes | info.receiving | info.sent | info.received |
		     info.dropped | info.withdrawn | info.unreported | info.wakeups |
		     info.peak_messages | info.peak_bytes | info.oldest_ns | info.__reserved);
	EXPECT_EQ(0, info.waiting_receivers | info.waiting_senders);
	EXPECT_EQ(1, info.readers);
	EXPECT_EQ(1, info.writers);
	EXPECT_EQ(1, info.next_seq);
	EXPECT_STREQ("test", info.name);
	close(fd);
}

TEST_F(mailbox, default_length)
{
	static const struct {
		__u32 max_length;
		__u64 max_bytes;
		__u32 expected;
	} cases[] = {
		{ 0, 0, IPCMBOX_LENGTH_DEFAULT },
		{ 0, 100, 100 },
		{ 0, 1 << 20, IPCMBOX_LENGTH_DEFAULT },
		{ 1, 0, 1 },
		{ IPCMBOX_LENGTH_MAX, 0, IPCMBOX_LENGTH_MAX },
		{ 10, 10, 10 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		int fd = mailbox_new(self->dev, .max_messages = 1,
				     .max_length = cases[i].max_length,
				     .max_bytes = cases[i].max_bytes);

		ASSERT_GE(fd, 0);
		EXPECT_EQ(cases[i].expected, mailbox_info(fd).max_length);
		EXPECT_EQ(cases[i].max_bytes, mailbox_info(fd).max_bytes);
		close(fd);
	}
}

TEST_F(mailbox, open_by_name_and_by_id)
{
	struct ipcmbox_open arg = { NAME("test"), .access = IPCMBOX_WRITE };
	int fd, by_name, by_id;
	__u64 id;

	EXPECT_EQ(-ENOENT, mailbox_find(self->dev, "test", RW));
	fd = mailbox_new(self->dev, NAME("test"), .max_messages = 2);
	ASSERT_GE(fd, 0);
	id = mailbox_id(fd);
	by_name = mailbox_open(self->dev, &arg);
	ASSERT_GE(by_name, 0);
	EXPECT_EQ(id, arg.id);
	by_id = mailbox_by_id(self->dev, id, IPCMBOX_READ);
	ASSERT_GE(by_id, 0);
	EXPECT_EQ(id, mailbox_id(by_id));
	EXPECT_EQ(2, mailbox_info(fd).readers);
	EXPECT_EQ(2, mailbox_info(fd).writers);
	EXPECT_EQ(0, put(by_name, 0, 1));
	EXPECT_EQ(1, take(by_id));
	close(by_name);
	close(by_id);
	EXPECT_EQ(1, mailbox_info(fd).readers);
	EXPECT_EQ(1, mailbox_info(fd).writers);
	close(fd);
}

TEST_F(mailbox, no_such_id)
{
	int fd = mailbox_new(self->dev, .max_messages = 1);
	__u64 id = mailbox_id(fd);

	EXPECT_EQ(-ENOENT, mailbox_by_id(self->dev, 0, RW));
	EXPECT_EQ(-ENOENT, mailbox_by_id(self->dev, id + 1000000, RW));
	EXPECT_EQ(-ENOENT, mailbox_by_id(self->dev, ~0ULL, RW));
	EXPECT_EQ(-ENOENT, mailbox_by_id(self->dev, id | 1ULL << 32, RW));
	EXPECT_EQ(-ENOENT, mailbox_unlink_id(self->dev, 0));
	EXPECT_EQ(-ENOENT, mailbox_unlink_id(self->dev, id)) TH_LOG("it has no name");
	close(fd);
	EXPECT_EQ(-ENOENT, mailbox_by_id(self->dev, id, RW));
}

TEST_F(mailbox, excl_and_reopen)
{
	int fd, again;

	fd = mailbox_new(self->dev, NAME("test"), .max_messages = 2, .mode = 0600,
			 .flags = IPCMBOX_OPEN_EXCL);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(-EEXIST, mailbox_new(self->dev, NAME("test"), .flags = IPCMBOX_OPEN_EXCL));

	/* What exists keeps its attributes. */
	again = mailbox_new(self->dev, NAME("test"), .max_messages = 9, .mode = 0666,
			    .overflow = IPCMBOX_OVERFLOW_FAIL, .max_length = 5,
			    .flags = IPCMBOX_OPEN_TRANSIENT);
	ASSERT_GE(again, 0);
	EXPECT_EQ(mailbox_id(fd), mailbox_id(again));
	EXPECT_EQ(2, mailbox_info(again).max_messages);
	EXPECT_EQ(0600, mailbox_info(again).mode);
	EXPECT_EQ(IPCMBOX_OVERFLOW_BLOCK, mailbox_info(again).overflow);
	EXPECT_EQ(IPCMBOX_LENGTH_DEFAULT, mailbox_info(again).max_length);
	close(fd);
	close(again);
	again = mailbox_find(self->dev, "test", RW);
	EXPECT_GE(again, 0) TH_LOG("reopening has made it transient");
	close(again);
	EXPECT_EQ(0, mailbox_unlink(self->dev, "test"));
}

TEST_F(mailbox, named_lives_until_unlinked)
{
	int fd = mailbox_new(self->dev, NAME("test"), .max_messages = 2);
	__u64 id = mailbox_id(fd);

	ASSERT_EQ(0, put(fd, 3, 77));
	close(fd);
	EXPECT_TRUE(mailbox_listed(self->dev, id));
	fd = mailbox_find(self->dev, "test", RW);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(id, mailbox_id(fd));
	EXPECT_EQ(77, take(fd));
	close(fd);
	EXPECT_EQ(0, mailbox_unlink(self->dev, "test"));
	EXPECT_FALSE(mailbox_listed(self->dev, id));
	EXPECT_EQ(-ENOENT, mailbox_find(self->dev, "test", RW));
	EXPECT_EQ(-ENOENT, mailbox_by_id(self->dev, id, RW));
	EXPECT_EQ(-ENOENT, mailbox_unlink(self->dev, "test"));
}

TEST_F(mailbox, unnamed_lives_with_its_descriptors)
{
	int fd = mailbox_new(self->dev, .max_messages = 2), second;
	struct ipcmbox_info info = mailbox_info(fd);

	EXPECT_EQ(0, info.flags & IPCMBOX_INFO_NAMED);
	EXPECT_STREQ("", info.name);
	second = dup(fd);
	close(fd);
	EXPECT_TRUE(mailbox_listed(self->dev, info.id));
	fd = mailbox_by_id(self->dev, info.id, RW);
	ASSERT_GE(fd, 0);
	close(second);
	EXPECT_TRUE(mailbox_listed(self->dev, info.id));
	close(fd);
	EXPECT_FALSE(mailbox_listed(self->dev, info.id));
	EXPECT_EQ(-ENOENT, mailbox_by_id(self->dev, info.id, RW));
}

/* One that can only look keeps it, but is no side of it. */
TEST_F(mailbox, lives_with_a_descriptor_without_access)
{
	int fd = mailbox_new(self->dev, .max_messages = 2);
	__u64 id = mailbox_id(fd);
	int look = mailbox_by_id(self->dev, id, 0);

	ASSERT_GE(look, 0);
	EXPECT_EQ(FD_CLOEXEC, fcntl(look, F_GETFD));
	ASSERT_EQ(0, put(fd, 0, 5));
	close(fd);
	EXPECT_TRUE(mailbox_listed(self->dev, id));
	EXPECT_EQ(0, mailbox_info(look).readers | mailbox_info(look).writers);
	close(look);
	EXPECT_FALSE(mailbox_listed(self->dev, id));
}

TEST_F(mailbox, transient_name_goes_with_the_last_descriptor)
{
	int fd = mailbox_new(self->dev, NAME("test"), .max_messages = 2,
			     .flags = IPCMBOX_OPEN_TRANSIENT);
	struct ipcmbox_info info = mailbox_info(fd);
	int second;

	EXPECT_EQ(IPCMBOX_INFO_NAMED | IPCMBOX_INFO_TRANSIENT, info.flags);
	second = mailbox_find(self->dev, "test", IPCMBOX_READ);
	ASSERT_GE(second, 0);
	close(fd);
	fd = mailbox_find(self->dev, "test", IPCMBOX_WRITE);
	ASSERT_GE(fd, 0);
	close(fd);
	close(second);
	EXPECT_EQ(-ENOENT, mailbox_find(self->dev, "test", RW));
	EXPECT_FALSE(mailbox_listed(self->dev, info.id));
}

struct lister {
	pthread_t thread;
	int dev;
	volatile int lists, stop;
	int failed;
};

static void *list_all_the_time(void *arg)
{
	struct lister *lister = arg;

	while (!lister->stop) {
		if (mailbox_count(lister->dev) < 0)
			lister->failed++;
		lister->lists++;
	}
	return NULL;
}

/* Also while others look at the mailbox. As they hold it up, there is a limit to the time. */
TEST_F(mailbox, transient_name_goes_while_others_list)
{
	struct lister listers[3] = {};
	__u64 end = now_ns(IPCMBOX_CLOCK_MONOTONIC) + 10 * NSEC_PER_SEC;
	struct ipcmbox_query before, after;
	int fd, i, n = scaled(1000);

	ASSERT_EQ(0, query_budget(self->dev, &before));
	for (i = 0; i < ARRAY_SIZE(listers); i++) {
		listers[i].dev = self->dev;
		ASSERT_EQ(0, pthread_create(&listers[i].thread, NULL, list_all_the_time,
					    &listers[i]));
		ASSERT_TRUE(await_value(&listers[i].lists, 1));
	}
	for (i = 0; i < n && now_ns(IPCMBOX_CLOCK_MONOTONIC) < end; i++) {
		fd = mailbox_new(self->dev, NAME("test"), .max_messages = 2,
				 .flags = IPCMBOX_OPEN_EXCL | IPCMBOX_OPEN_TRANSIENT);
		ASSERT_GE(fd, 0) TH_LOG("the name was still there the %dth time", i);
		ASSERT_EQ(-EAGAIN, take(fd)) TH_LOG("a message of the former one");
		ASSERT_EQ(0, put(fd, 0, i));
		close(fd);
	}
	TH_LOG("%d times", i);
	EXPECT_EQ(-ENOENT, mailbox_find(self->dev, "test", RW));
	for (i = 0; i < ARRAY_SIZE(listers); i++) {
		listers[i].stop = 1;
		pthread_join(listers[i].thread, NULL);
		EXPECT_EQ(0, listers[i].failed);
	}
	ASSERT_EQ(0, query_budget(self->dev, &after));
	EXPECT_EQ(before.user_mailboxes, after.user_mailboxes);
	EXPECT_EQ(before.user_messages, after.user_messages);
}

TEST_F(mailbox, unlinked_lives_with_its_descriptors)
{
	int old = mailbox_new(self->dev, NAME("test"), .max_messages = 2);
	__u64 id = mailbox_id(old);
	struct ipcmbox_info info;
	int new, third;

	ASSERT_EQ(0, put(old, 0, 1));
	EXPECT_EQ(0, mailbox_unlink(self->dev, "test"));
	EXPECT_EQ(-ENOENT, mailbox_find(self->dev, "test", RW));
	new = mailbox_new(self->dev, NAME("test"), .max_messages = 2, .flags = IPCMBOX_OPEN_EXCL);
	ASSERT_GE(new, 0);
	EXPECT_NE(id, mailbox_id(new));

	info = mailbox_info(old);
	EXPECT_EQ(0, info.flags & IPCMBOX_INFO_NAMED);
	EXPECT_TRUE(!strcmp(info.name, "") || !strcmp(info.name, "test"));
	EXPECT_TRUE(mailbox_listed(self->dev, id));
	EXPECT_EQ(-ENOENT, mailbox_unlink_id(self->dev, id));
	EXPECT_EQ(0, put(old, 0, 2));
	EXPECT_EQ(-EAGAIN, take(new));
	EXPECT_EQ(1, take(old));
	EXPECT_EQ(2, take(old));
	third = mailbox_by_id(self->dev, id, RW);
	EXPECT_GE(third, 0);
	close(third);
	close(old);
	EXPECT_FALSE(mailbox_listed(self->dev, id));
	EXPECT_EQ(0, mailbox_unlink_id(self->dev, mailbox_id(new)));
	close(new);
}

TEST_F(mailbox, unlink_ends_what_nobody_has_open)
{
	struct ipcmbox_query before, after;
	int fd;

	ASSERT_EQ(0, query_budget(self->dev, &before));
	fd = mailbox_new(self->dev, NAME("test"), .max_messages = 8);
	ASSERT_EQ(0, put(fd, 0, 1));
	ASSERT_EQ(0, put(fd, 9, 2));
	close(fd);
	ASSERT_EQ(0, query_budget(self->dev, &after));
	EXPECT_EQ(before.user_mailboxes + 1, after.user_mailboxes);
	EXPECT_EQ(before.user_messages + 2, after.user_messages);
	EXPECT_EQ(0, mailbox_unlink(self->dev, "test"));
	ASSERT_EQ(0, query_budget(self->dev, &after));
	EXPECT_EQ(before.user_mailboxes, after.user_mailboxes);
	EXPECT_EQ(before.user_messages, after.user_messages);
	EXPECT_EQ(before.user_bytes, after.user_bytes);
}

static int compare_ids(const void *a, const void *b)
{
	const __u64 *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

TEST_F(mailbox, ids_are_never_used_again)
{
	__u64 ids[200];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		int fd = i & 1 ? mailbox_new(self->dev, .max_messages = 1) :
				 mailbox_new(self->dev, NAME("test"), .max_messages = 1);

		ASSERT_GE(fd, 0);
		ids[i] = mailbox_id(fd);
		close(fd);
		if (!(i & 1))
			ASSERT_EQ(0, mailbox_unlink_id(self->dev, ids[i]));
	}
	qsort(ids, ARRAY_SIZE(ids), sizeof(ids[0]), compare_ids);
	for (i = 1; i < ARRAY_SIZE(ids); i++)
		ASSERT_NE(ids[i - 1], ids[i]);
}

TEST_F(mailbox, no_id_is_0)
{
	struct ipcmbox_open arg;
	struct ipcmbox_info info;
	int fds[6], i;

	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		/* Unnamed; named; the same once more. */
		arg = (struct ipcmbox_open){ .max_messages = 1 };
		if (i % 3) {
			arg.name_ptr = ptr_u64("test");
			arg.name_len = 4;
		}
		fds[i] = mailbox_create(self->dev, &arg);
		ASSERT_GE(fds[i], 0);
		EXPECT_NE(0, arg.id);
		ASSERT_EQ(0, mailbox_stat(fds[i], &info));
		EXPECT_EQ(arg.id, info.id);
	}
	ASSERT_EQ(1, mailbox_list(self->dev, 0, &info, 1));
	EXPECT_NE(0, info.id);
	EXPECT_EQ(-ENOENT, mailbox_by_id(self->dev, 0, RW));
	for (i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
	EXPECT_EQ(0, mailbox_unlink(self->dev, "test"));
}

static int open_name(int dev, const void *name, size_t len)
{
	return mailbox_open(dev, &(struct ipcmbox_open){
		.name_ptr = ptr_u64(name),
		.name_len = len,
		.flags = IPCMBOX_OPEN_CREATE | IPCMBOX_OPEN_TRANSIENT,
		.access = RW,
		.mode = 0600,
	});
}

TEST_F(mailbox, good_names)
{
	static const struct { const char *name; size_t len; } names[] = {
		{ "x", 1 }, { "...", 3 }, { ".x", 2 }, { "x.", 2 }, { " ", 1 },
		{ "\xff\x01\n\t\\\"", 6 }, { "\xc3\xa4\xe2\x82\xac", 5 },
	};
	char longest[IPCMBOX_NAME_MAX + 1] = "";
	size_t i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		fd = open_name(self->dev, names[i].name, names[i].len);
		ASSERT_GE(fd, 0);
		EXPECT_EQ(0, memcmp(mailbox_info(fd).name, names[i].name, names[i].len + 1));
		close(fd);
	}
	for (i = 0; i < IPCMBOX_NAME_MAX; i++)
		longest[i] = (i + 1) % 256 == '/' ? '_' : (i + 1) % 256;
	fd = open_name(self->dev, longest, IPCMBOX_NAME_MAX);
	ASSERT_GE(fd, 0);
	EXPECT_STREQ(longest, mailbox_info(fd).name);
	/* A name that only begins like it is another one. */
	EXPECT_EQ(-ENOENT, mailbox_open(self->dev, &(struct ipcmbox_open){
		.name_ptr = ptr_u64(longest), .name_len = IPCMBOX_NAME_MAX - 1, .access = RW }));
	close(fd);
}

TEST_F(mailbox, bad_names)
{
	static const struct { const char *name; size_t len; } names[] = {
		{ "/", 1 }, { "/x", 2 }, { "x/y", 3 }, { "x/", 2 }, { ".", 1 }, { "..", 2 },
		{ "", 1 }, { "x\0y", 3 }, { "x\0", 2 }, { "\0x", 2 },
	};
	char longer[IPCMBOX_NAME_MAX + 1];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		EXPECT_EQ(-EINVAL, open_name(self->dev, names[i].name, names[i].len))
			TH_LOG("case %zu", i);
	}
	memset(longer, 'x', sizeof(longer));
	EXPECT_EQ(-ENAMETOOLONG, open_name(self->dev, longer, sizeof(longer)));
}

TEST_F(mailbox, list_in_pages)
{
	struct ipcmbox_info page[2], all[8];
	__u64 ids[5], after;
	int fds[5], n, seen = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		fds[i] = mailbox_new(self->dev, .max_messages = 1 + i);
		ASSERT_GE(fds[i], 0);
		ids[i] = mailbox_id(fds[i]);
	}
	qsort(ids, ARRAY_SIZE(ids), sizeof(ids[0]), compare_ids);
	after = ids[0] - 1;
	while ((n = mailbox_list(self->dev, after, page, ARRAY_SIZE(page))) > 0) {
		for (i = 0; i < n; i++) {
			ASSERT_LT(seen, 5);
			EXPECT_EQ(ids[seen++], page[i].id);
			EXPECT_EQ(1, page[i].readers);
		}
		after = page[n - 1].id;
	}
	EXPECT_EQ(0, n);
	EXPECT_EQ(5, seen);
	EXPECT_EQ(5, mailbox_list(self->dev, ids[0] - 1, all, ARRAY_SIZE(all)));
	EXPECT_EQ(0, mailbox_list(self->dev, ~0ULL, all, 1));
	EXPECT_EQ(POISON32, all[0].uid) TH_LOG("an element past the end was written");
	for (i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
}

/* A caller that knows a longer structure sees zeros in what the kernel does not know. */
TEST_F(mailbox, list_longer_elements)
{
	struct { struct ipcmbox_info info; char tail[72]; } buf[2];
	static const char zero[sizeof(buf[0].tail)];
	int fd[2] = {
		mailbox_new(self->dev, .max_messages = 1),
		mailbox_new(self->dev, .max_messages = 1),
	};
	struct ipcmbox_list arg = {
		.after_id = mailbox_id(fd[0]) - 1, .buf_ptr = ptr_u64(buf), .count = 2,
		.element_size = sizeof(buf[0]),
	};

	memset(buf, POISON, sizeof(buf));
	ASSERT_EQ(0, ioctl(self->dev, IPCMBOX_IOC_LIST, &arg));
	ASSERT_EQ(2, arg.count);
	EXPECT_EQ(mailbox_id(fd[0]), buf[0].info.id);
	EXPECT_EQ(mailbox_id(fd[1]), buf[1].info.id);
	EXPECT_EQ(0, memcmp(buf[0].tail, zero, sizeof(zero)));
	EXPECT_EQ(0, memcmp(buf[1].tail, zero, sizeof(zero)));
	close(fd[0]);
	close(fd[1]);
}

TEST_F(mailbox, list_and_stat_agree)
{
	int fd = mailbox_new(self->dev, NAME("test"), .max_messages = 3, .mode = 0246);
	struct ipcmbox_info stat, list;

	ASSERT_EQ(0, put(fd, 1, 1));
	ASSERT_EQ(0, mailbox_stat(fd, &stat));
	ASSERT_EQ(1, mailbox_list(self->dev, stat.id - 1, &list, 1));
	list.oldest_ns = stat.oldest_ns;
	EXPECT_EQ(0, memcmp(&stat, &list, sizeof(stat)));
	close(fd);
}

/* The time of the last tick: on a busy machine that may have been long ago. */
static __u64 tick_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

TEST_F(mailbox, stat_counts)
{
	const struct timespec pause = { .tv_nsec = 50000000 };
	int fd = mailbox_new(self->dev, .max_messages = 3);
	__u64 least, most = tick_ns();
	struct ipcmbox_info info;

	ASSERT_EQ(0, put(fd, 1, 1));
	least = tick_ns();
	ASSERT_EQ(0, put(fd, 2, 2));
	nanosleep(&pause, NULL);
	least = tick_ns() - least;
	info = mailbox_info(fd);
	most = tick_ns() - most;
	EXPECT_EQ(2, info.messages);
	EXPECT_EQ(8, info.bytes);
	EXPECT_EQ(2, info.sent);
	EXPECT_EQ(0, info.received);
	EXPECT_EQ(3, info.next_seq);
	/* A tick exact; none is longer than 10 ms. */
	EXPECT_GE(info.oldest_ns + 10 * NSEC_PER_MSEC, least);
	EXPECT_LE(info.oldest_ns, most + 10 * NSEC_PER_MSEC);
	EXPECT_NE(0, info.oldest_ns);
	EXPECT_EQ(2, take(fd));
	EXPECT_EQ(1, take(fd));
	info = mailbox_info(fd);
	EXPECT_EQ(0, info.messages | info.bytes | info.oldest_ns | info.receiving);
	EXPECT_EQ(2, info.received);
	EXPECT_EQ(2, info.peak_messages);
	EXPECT_EQ(8, info.peak_bytes);
	close(fd);
}

TEST_F(mailbox, stat_counts_descriptions)
{
	int fd = mailbox_new(self->dev, .max_messages = 1);
	int reader = mailbox_by_id(self->dev, mailbox_id(fd), IPCMBOX_READ);
	int copy = dup(reader);
	int writer = mailbox_by_id(self->dev, mailbox_id(fd), IPCMBOX_WRITE);

	EXPECT_EQ(2, mailbox_info(fd).readers);
	EXPECT_EQ(2, mailbox_info(fd).writers);
	close(reader);
	EXPECT_EQ(2, mailbox_info(fd).readers);
	close(copy);
	EXPECT_EQ(1, mailbox_info(fd).readers);
	close(fd);
	EXPECT_EQ(0, mailbox_info(writer).readers);
	EXPECT_EQ(1, mailbox_info(writer).writers);
	close(writer);
}

TEST_F(mailbox, set_every_attribute)
{
	int fd = mailbox_new(self->dev, .max_messages = 1, .max_length = 10);
	struct ipcmbox_info info;

	ASSERT_EQ(0, mailbox_change(fd, .mask = IPCMBOX_SET_MODE, .mode = 0264));
	EXPECT_EQ(0264, mailbox_info(fd).mode);
	ASSERT_EQ(0, mailbox_change(fd, .mask = IPCMBOX_SET_UID, .uid = 1234));
	EXPECT_EQ(1234, mailbox_info(fd).uid);
	ASSERT_EQ(0, mailbox_change(fd, .mask = IPCMBOX_SET_GID, .gid = 5678));
	EXPECT_EQ(5678, mailbox_info(fd).gid);
	ASSERT_EQ(0, mailbox_change(fd, .mask = 0x3f, .mode = 0600, .uid = 1, .gid = 2,
				    .max_messages = 5, .overflow = IPCMBOX_OVERFLOW_FAIL,
				    .max_bytes = 10));
	info = mailbox_info(fd);
	EXPECT_EQ(0600, info.mode);
	EXPECT_EQ(1, info.uid);
	EXPECT_EQ(2, info.gid);
	EXPECT_EQ(5, info.max_messages);
	EXPECT_EQ(IPCMBOX_OVERFLOW_FAIL, info.overflow);
	EXPECT_EQ(10, info.max_bytes);
	EXPECT_EQ(10, info.max_length);
	EXPECT_EQ(-EINVAL, mailbox_change(fd, .mask = IPCMBOX_SET_MAX_BYTES, .max_bytes = 9));
	EXPECT_EQ(10, mailbox_info(fd).max_bytes);
	EXPECT_EQ(0, mailbox_change(fd, .mask = IPCMBOX_SET_MAX_BYTES));
	EXPECT_EQ(0, mailbox_info(fd).max_bytes);
	close(fd);
}

TEST_F(mailbox, set_mode_ignores_umask)
{
	int fd;

	umask(0077);
	fd = mailbox_new(self->dev, .max_messages = 1, .mode = 0666);
	EXPECT_EQ(0600, mailbox_info(fd).mode);
	EXPECT_EQ(0, mailbox_change(fd, .mask = IPCMBOX_SET_MODE, .mode = 0666));
	EXPECT_EQ(0666, mailbox_info(fd).mode);
	close(fd);
}

TEST_F(mailbox, more_capacity_admits_blocked_senders)
{
	int fd = mailbox_new(self->dev, .max_messages = 1);
	int i;

	ASSERT_EQ(0, put(fd, 0, 100));
	for (i = 0; i < 3; i++) {
		put_start(&self->calls[i], fd, 0, i);
		ASSERT_TRUE(await_senders(fd, i + 1));
	}
	EXPECT_EQ(0, mailbox_change(fd, .mask = IPCMBOX_SET_MAX_MESSAGES, .max_messages = 3));
	EXPECT_EQ(0, call_join(&self->calls[0]));
	EXPECT_EQ(0, call_join(&self->calls[1]));
	EXPECT_EQ(3, mailbox_info(fd).messages);
	EXPECT_EQ(1, mailbox_info(fd).waiting_senders);
	EXPECT_EQ(0, mailbox_change(fd, .mask = IPCMBOX_SET_MAX_MESSAGES,
				    .max_messages = IPCMBOX_UNBOUNDED));
	EXPECT_EQ(0, call_join(&self->calls[2]));
	EXPECT_EQ(100, take(fd));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(i, take(fd));
	EXPECT_TRUE(mailbox_balanced(fd));
	close(fd);
}

TEST_F(mailbox, more_bytes_admit_blocked_senders)
{
	int fd = mailbox_new(self->dev, .max_messages = IPCMBOX_UNBOUNDED, .max_bytes = 4);

	ASSERT_EQ(0, put(fd, 0, 1));
	put_start(self->calls, fd, 0, 2);
	ASSERT_TRUE(await_senders(fd, 1));
	EXPECT_EQ(0, mailbox_change(fd, .mask = IPCMBOX_SET_MAX_BYTES, .max_bytes = 7));
	EXPECT_EQ(1, mailbox_info(fd).waiting_senders);
	EXPECT_EQ(0, mailbox_change(fd, .mask = IPCMBOX_SET_MAX_BYTES, .max_bytes = 8));
	EXPECT_EQ(0, call_join(self->calls));
	EXPECT_EQ(1, take(fd));
	EXPECT_EQ(2, take(fd));
	close(fd);
}

TEST_F(mailbox, less_capacity_keeps_messages)
{
	int fd = mailbox_new(self->dev, .max_messages = 4);
	int i;

	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, put(fd, 0, i));
	EXPECT_EQ(0, mailbox_change(fd, .mask = IPCMBOX_SET_MAX_MESSAGES, .max_messages = 2));
	EXPECT_EQ(4, mailbox_info(fd).messages);
	EXPECT_EQ(0, take(fd));
	EXPECT_EQ(1, take(fd));
	EXPECT_EQ(-EAGAIN, put(fd, 0, 4));
	EXPECT_EQ(2, take(fd));
	EXPECT_EQ(0, put(fd, 0, 5));
	EXPECT_EQ(0, mailbox_change(fd, .mask = IPCMBOX_SET_MAX_MESSAGES));
	EXPECT_EQ(3, take(fd));
	EXPECT_EQ(5, take(fd));
	EXPECT_EQ(-EAGAIN, put(fd, 0, 6));
	EXPECT_TRUE(mailbox_balanced(fd));
	close(fd);
}

TEST_F(mailbox, new_policy_is_for_later_sends)
{
	int fd = mailbox_new(self->dev, .max_messages = 1);

	ASSERT_EQ(0, put(fd, 0, 1));
	put_start(self->calls, fd, 0, 2);
	ASSERT_TRUE(await_senders(fd, 1));
	EXPECT_EQ(0, mailbox_change(fd, .mask = IPCMBOX_SET_OVERFLOW,
				    .overflow = IPCMBOX_OVERFLOW_FAIL));
	EXPECT_EQ(1, mailbox_info(fd).waiting_senders);
	EXPECT_EQ(-EAGAIN, message_send(fd, .buf_ptr = ptr_u64("x"), .buf_len = 1));
	EXPECT_EQ(1, take(fd));
	EXPECT_EQ(0, call_join(self->calls));
	EXPECT_EQ(2, take(fd));
	close(fd);
}

TEST_F(mailbox, descriptor_flags)
{
	static const struct { __u32 access; int flags; } modes[] = {
		{ IPCMBOX_READ, O_RDONLY }, { IPCMBOX_WRITE, O_WRONLY }, { RW, O_RDWR },
	};
	size_t i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		fd = mailbox_new(self->dev, .max_messages = 1, .access = modes[i].access);
		ASSERT_GE(fd, 0);
		EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
		EXPECT_EQ(modes[i].flags, fcntl(fd, F_GETFL) & O_ACCMODE);
		EXPECT_EQ(0, fcntl(fd, F_GETFL) & O_NONBLOCK);
		close(fd);
	}
	fd = mailbox_new(self->dev, .max_messages = 1, .flags = IPCMBOX_OPEN_NONBLOCK);
	EXPECT_EQ(O_NONBLOCK, fcntl(fd, F_GETFL) & O_NONBLOCK);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	close(fd);
}

TEST_F(mailbox, nonblocking_descriptor)
{
	int fd = mailbox_new(self->dev, .max_messages = 1, .flags = IPCMBOX_OPEN_NONBLOCK);
	char byte = 'x';

	EXPECT_EQ(-EAGAIN, message_recv(fd, .buf_ptr = ptr_u64(&byte), .buf_len = 1));
	EXPECT_EQ(0, message_send(fd, .buf_ptr = ptr_u64(&byte), .buf_len = 1));
	EXPECT_EQ(-EAGAIN, message_send(fd, .buf_ptr = ptr_u64(&byte), .buf_len = 1));
	EXPECT_EQ(-1, write(fd, &byte, 1));
	EXPECT_EQ(EAGAIN, errno);
	/* As anybody may change it, it is looked at in each call. */
	ASSERT_EQ(0, fcntl(fd, F_SETFL, 0));
	put_start(self->calls, fd, 0, 5);
	ASSERT_TRUE(await_senders(fd, 1));
	EXPECT_EQ(1, message_recv(fd, .buf_ptr = ptr_u64(&byte), .buf_len = 1));
	EXPECT_EQ(0, call_join(self->calls));
	EXPECT_EQ(5, take(fd));
	close(fd);
}

static int send_from_child(void *arg)
{
	return put(*(int *)arg, 0, 42);
}

TEST_F(mailbox, inherited_by_fork)
{
	int fd = mailbox_new(self->dev, .max_messages = 1);

	ASSERT_EQ(0, child_run(send_from_child, &fd));
	EXPECT_EQ(42, take(fd));
	EXPECT_EQ(1, mailbox_info(fd).readers);
	close(fd);
}

static int pass_descriptor(int socket, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = "", byte = 'x';
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	return sendmsg(socket, &msg, 0) == 1 ? 0 : -errno;
}

static int get_descriptor(int socket)
{
	char control[CMSG_SPACE(sizeof(int))] = "", byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	int fd = -1;

	if (recvmsg(socket, &msg, 0) != 1 || !CMSG_FIRSTHDR(&msg))
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

/* Underway in a socket it counts as open. */
TEST_F(mailbox, passed_over_a_socket)
{
	int fd = mailbox_new(self->dev, .max_messages = 1);
	__u64 id = mailbox_id(fd);
	int pair[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	ASSERT_EQ(0, put(fd, 0, 9));
	ASSERT_EQ(0, pass_descriptor(pair[0], fd));
	close(fd);
	EXPECT_TRUE(mailbox_listed(self->dev, id));
	fd = get_descriptor(pair[1]);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(id, mailbox_id(fd));
	EXPECT_EQ(9, take(fd));
	ASSERT_EQ(0, pass_descriptor(pair[0], fd));
	close(fd);
	close(pair[0]);
	close(pair[1]);
	EXPECT_FALSE(mailbox_listed(self->dev, id));
}

/* With a limit below the descriptors in use there is no free number. */
TEST_F(mailbox, no_descriptor_left)
{
	struct ipcmbox_query before, after;
	struct rlimit limit, low;

	ASSERT_EQ(0, query_budget(self->dev, &before));
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	low = limit;
	low.rlim_cur = 3;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &low));
	EXPECT_EQ(-EMFILE, mailbox_new(self->dev, NAME("test"), .max_messages = 1));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(-ENOENT, mailbox_find(self->dev, "test", RW));
	ASSERT_EQ(0, query_budget(self->dev, &after));
	EXPECT_EQ(before.user_mailboxes, after.user_mailboxes);
}

TEST_HARNESS_MAIN
