// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults in the commands of segments, and in what else is done with them: each succeeds or has
 * changed nothing, leaves nothing behind, and the segment can be used as before.
 */
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "segment_test.h"
#include "fail_nth_test.h"

#define LARGER		(SIZE + 8 * PAGE)
#define READ_WRITE	(PROT_READ | PROT_WRITE)

FIXTURE(fail_nth) {
	int dev, box, fd, nth;
	__u64 id;
	struct ipcmbox_query before;
	int count, next;
	void *p, *moved;
};

FIXTURE_SETUP(fail_nth)
{
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->box = mailbox_new(self->dev, .max_messages = 2, .flags = IPCMBOX_OPEN_FDS);
	ASSERT_GE(self->box, 0);
	self->fd = segment_new(self->dev, NAME("test"), .size = SIZE);
	ASSERT_GE(self->fd, 0);
	self->id = segment_id(self->fd);
	ASSERT_EQ(4, pwrite(self->fd, "here", 4, SIZE - 4));
	ASSERT_EQ(0, query_budget(self->dev, &self->before));
	self->count = segment_count(self->dev);
	self->nth = injection_begin();
	self->next = next_descriptor();
	if (self->nth < 0)
		SKIP(return, "no fault injection in this kernel");
}

FIXTURE_TEARDOWN(fail_nth)
{
	close(self->nth);
	close(self->fd);
	close(self->box);
	segment_unlink_tests(self->dev);
	close(self->dev);
}

/* Everything is as it was before the command. */
static bool as_before(FIXTURE_DATA(fail_nth) *self)
{
	struct ipcmbox_segment_info info = segment_info(self->fd);
	struct ipcmbox_query now;
	char here[4];

	return !query_budget(self->dev, &now) &&
	       now.user_segments == self->before.user_segments &&
	       now.user_segment_bytes == self->before.user_segment_bytes &&
	       now.user_messages == self->before.user_messages &&
	       now.user_bytes == self->before.user_bytes &&
	       segment_count(self->dev) == self->count && next_descriptor() == self->next &&
	       info.size == SIZE && info.charged == SIZE && info.mode == 0600 &&
	       info.readers == 1 && info.writers == 1 && info.flags == IPCMBOX_INFO_NAMED &&
	       pread(self->fd, here, 4, SIZE - 4) == 4 && !memcmp(here, "here", 4) &&
	       !mailbox_info(self->box).messages;
}

/*
 * Commands, and for each what has come of it: whether that is right, and undone.
 */

static int create_unnamed(FIXTURE_DATA(fail_nth) *self)
{
	return segment_new(self->dev, .size = SIZE);
}

static bool created(FIXTURE_DATA(fail_nth) *self, int ret)
{
	(void)self;
	if (ret < 0)
		return true;
	return segment_info(ret).size == SIZE && segment_info(ret).charged == SIZE && !close(ret);
}

static int create_sealed(FIXTURE_DATA(fail_nth) *self)
{
	return segment_new(self->dev, .size = SIZE, .seals = F_SEAL_WRITE | F_SEAL_GROW);
}

static int create_named(FIXTURE_DATA(fail_nth) *self)
{
	return segment_new(self->dev, NAME("test new"), .size = SIZE);
}

static bool created_named(FIXTURE_DATA(fail_nth) *self, int ret)
{
	if (segment_unlink(self->dev, "test new") != (ret < 0 ? -ENOENT : 0))
		return false;
	return created(self, ret);
}

static int create_transient(FIXTURE_DATA(fail_nth) *self)
{
	return segment_new(self->dev, NAME("test new"), .size = SIZE,
			   .flags = IPCMBOX_OPEN_TRANSIENT);
}

static bool created_transient(FIXTURE_DATA(fail_nth) *self, int ret)
{
	return created(self, ret) && segment_find(self->dev, "test new", 0) == -ENOENT;
}

static int find_name(FIXTURE_DATA(fail_nth) *self)
{
	return segment_find(self->dev, "test", RW);
}

static int find_id(FIXTURE_DATA(fail_nth) *self)
{
	return segment_by_id(self->dev, self->id, IPCMBOX_READ);
}

static bool found(FIXTURE_DATA(fail_nth) *self, int ret)
{
	return ret < 0 || (segment_id(ret) == self->id && !close(ret));
}

static int find_truncate(FIXTURE_DATA(fail_nth) *self)
{
	return segment_open(self->dev, &(struct ipcmbox_segment_open){
		NAME("test"), .access = RW, .flags = IPCMBOX_OPEN_TRUNCATE });
}

static bool truncated(FIXTURE_DATA(fail_nth) *self, int ret)
{
	if (ret < 0)
		return true;
	close(ret);
	return segment_info(self->fd).charged == 0 && !resize(self->fd, SIZE) &&
	       pwrite(self->fd, "here", 4, SIZE - 4) == 4;
}

static int list(FIXTURE_DATA(fail_nth) *self)
{
	struct ipcmbox_segment_info info[4];

	return segment_list(self->dev, 0, info, ARRAY_SIZE(info));
}

static int stat_it(FIXTURE_DATA(fail_nth) *self)
{
	struct ipcmbox_segment_info info;

	return segment_stat(self->fd, &info);
}

static bool nothing(FIXTURE_DATA(fail_nth) *self, int ret)
{
	(void)self;
	(void)ret;
	return true;
}

static int set(FIXTURE_DATA(fail_nth) *self)
{
	return segment_set(self->fd, (struct ipcmbox_segment_set){
		.mask = IPCMBOX_SET_MODE, .mode = 0640 });
}

static bool changed(FIXTURE_DATA(fail_nth) *self, int ret)
{
	if (segment_info(self->fd).mode != (ret ? 0600 : 0640))
		return false;
	return !segment_set(self->fd, (struct ipcmbox_segment_set){
		.mask = IPCMBOX_SET_MODE, .mode = 0600 });
}

static int unlink_name(FIXTURE_DATA(fail_nth) *self)
{
	return segment_unlink(self->dev, "test");
}

/* There is another of that name then; what has lost it is found by its id. */
static bool unlinked(FIXTURE_DATA(fail_nth) *self, int ret)
{
	int fd;

	if (ret)
		return true;
	fd = segment_new(self->dev, NAME("test"), .size = SIZE, .flags = IPCMBOX_OPEN_EXCL);
	if (fd < 0 || dup3(fd, self->fd, O_CLOEXEC) != self->fd)
		return false;
	close(fd);
	self->id = segment_id(self->fd);
	return pwrite(self->fd, "here", 4, SIZE - 4) == 4;
}

static int grow(FIXTURE_DATA(fail_nth) *self)
{
	return resize(self->fd, LARGER);
}

static int append(FIXTURE_DATA(fail_nth) *self)
{
	static char more[LARGER - SIZE];
	ssize_t ret = pwrite(self->fd, more, sizeof(more), SIZE);

	return ret < 0 ? -errno : 0;
}

/* Size and charge are one, and there are no holes. */
static bool grown(FIXTURE_DATA(fail_nth) *self, int ret)
{
	struct ipcmbox_segment_info info = segment_info(self->fd);
	__u64 size = ret ? SIZE : LARGER;

	return info.size == size && info.charged == size && !resize(self->fd, SIZE);
}

static int shrink(FIXTURE_DATA(fail_nth) *self)
{
	return resize(self->fd, 100);
}

static bool shrunk(FIXTURE_DATA(fail_nth) *self, int ret)
{
	struct ipcmbox_segment_info info = segment_info(self->fd);

	return info.size == (ret ? SIZE : 100) && info.charged == (ret ? SIZE : PAGE) &&
	       !resize(self->fd, SIZE) && pwrite(self->fd, "here", 4, SIZE - 4) == 4;
}

static int write_within(FIXTURE_DATA(fail_nth) *self)
{
	return errno_of(pwrite(self->fd, "here", 4, SIZE - 4));
}

static int read_within(FIXTURE_DATA(fail_nth) *self)
{
	char buf[8];

	return errno_of(pread(self->fd, buf, sizeof(buf), 0));
}

/* Also the tables that the mapping needs: the kernel does what it can of this. */
static int map_with(FIXTURE_DATA(fail_nth) *self, int flags)
{
	self->p = map_at(self->fd, 0, SIZE, READ_WRITE, flags | MAP_POPULATE);
	return self->p ? 0 : -errno;
}

static int map_shared(FIXTURE_DATA(fail_nth) *self)
{
	return map_with(self, MAP_SHARED);
}

static int map_private(FIXTURE_DATA(fail_nth) *self)
{
	return map_with(self, MAP_PRIVATE);
}

static bool mapped(FIXTURE_DATA(fail_nth) *self, int ret)
{
	return ret || (!memcmp(self->p + SIZE - 4, "here", 4) && !munmap(self->p, SIZE));
}

/* A mapping is split in two: both keep the segment, or there is one as before. */
static int map_and_split(FIXTURE_DATA(fail_nth) *self)
{
	self->p = map(self->fd, SIZE, READ_WRITE);
	if (!self->p)
		return -errno;
	return errno_of(munmap(self->p + PAGE, PAGE));
}

static bool split(FIXTURE_DATA(fail_nth) *self, int ret)
{
	(void)ret;
	return !self->p || (!memcmp(self->p + SIZE - 4, "here", 4) && !munmap(self->p, SIZE));
}

/* A mapping that is there, far from others, with no page of it touched. */
static bool map_first(FIXTURE_DATA(fail_nth) *self)
{
	self->p = mmap((void *)0x70000000UL, SIZE, READ_WRITE, MAP_SHARED, self->fd, 0);
	return self->p != MAP_FAILED;
}

/* A fault in a fault: the kernel tries again, or another thread would be killed for memory. */
static int touch(FIXTURE_DATA(fail_nth) *self)
{
	int i;

	for (i = 0; i < SIZE; i += PAGE)
		((volatile char *)self->p)[i] = 1;
	return 0;
}

static int remap(FIXTURE_DATA(fail_nth) *self)
{
	self->moved = mremap(self->p, SIZE, LARGER, MREMAP_MAYMOVE);
	return self->moved == MAP_FAILED ? -errno : 0;
}

/* Where memory is short the kernel may leave the old one behind a new one. */
static bool remapped(FIXTURE_DATA(fail_nth) *self, int ret)
{
	void *p = ret ? self->p : self->moved;

	return !memcmp(p + SIZE - 4, "here", 4) && !munmap(p, ret ? SIZE : LARGER) &&
	       (self->moved == self->p || !munmap(self->p, SIZE));
}

static bool still_mapped(FIXTURE_DATA(fail_nth) *self, int ret)
{
	(void)ret;
	return !memcmp(self->p + SIZE - 4, "here", 4) && !munmap(self->p, SIZE);
}

static int fork_and_look(FIXTURE_DATA(fail_nth) *self)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(memcmp(self->p + SIZE - 4, "here", 4) != 0);
	if (pid < 0)
		return -errno;
	return waitpid(pid, &status, 0) == pid && !status ? 0 : -ECHILD;
}

static int show(FIXTURE_DATA(fail_nth) *self)
{
	char path[40], text[512];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", self->fd);
	return read_file(path, text, sizeof(text)) ? 0 : -errno;
}

/*
 * Moving
 */

static int move(FIXTURE_DATA(fail_nth) *self)
{
	return message_send(self->box, .fds_ptr = ptr_u64(&self->fd), .nr_fds = 1,
			    .flags = IPCMBOX_MOVE | IPCMBOX_NONBLOCK);
}

static int receive(FIXTURE_DATA(fail_nth) *self)
{
	int fd = -1;
	int ret = message_receive(self->box, .fds_ptr = ptr_u64(&fd), .max_fds = 1,
				  .flags = IPCMBOX_NONBLOCK);

	return ret < 0 ? ret : fd;
}

static int writes(int fd)
{
	return errno_of(pwrite(fd, "here", 4, SIZE - 4));
}

/* The right is with the message, or has not gone. */
static bool moved(FIXTURE_DATA(fail_nth) *self, int ret)
{
	int got;

	if (ret)
		return !writes(self->fd) && receive(self) == -EAGAIN;
	got = receive(self);
	return writes(self->fd) == -EPERM && !writes(got) && !close(got) && !writes(self->fd);
}

/* The message is there before, and after a receive that failed. */
static int receive_moved(FIXTURE_DATA(fail_nth) *self)
{
	return receive(self);
}

static bool received(FIXTURE_DATA(fail_nth) *self, int ret)
{
	bool ok = writes(self->fd) == -EPERM;

	if (ret < 0)
		ret = receive(self);
	return ok && !writes(ret) && !close(ret);
}

static bool move_first(FIXTURE_DATA(fail_nth) *self)
{
	return !move(self);
}

static bool as_it_is(FIXTURE_DATA(fail_nth) *self)
{
	(void)self;
	return true;
}

static const struct {
	unsigned int cmd;
	const char *name;
	bool (*prepare)(FIXTURE_DATA(fail_nth) *self);
	int (*run)(FIXTURE_DATA(fail_nth) *self);
	bool (*judge)(FIXTURE_DATA(fail_nth) *self, int ret);
} commands[] = {
	{ IPCMBOX_IOC_SEGMENT_OPEN, "create unnamed", as_it_is, create_unnamed, created },
	{ IPCMBOX_IOC_SEGMENT_OPEN, "create sealed", as_it_is, create_sealed, created },
	{ IPCMBOX_IOC_SEGMENT_OPEN, "create named", as_it_is, create_named, created_named },
	{ IPCMBOX_IOC_SEGMENT_OPEN, "create transient", as_it_is, create_transient,
	  created_transient },
	{ IPCMBOX_IOC_SEGMENT_OPEN, "find by name", as_it_is, find_name, found },
	{ IPCMBOX_IOC_SEGMENT_OPEN, "find by id", as_it_is, find_id, found },
	{ IPCMBOX_IOC_SEGMENT_OPEN, "find and truncate", as_it_is, find_truncate, truncated },
	{ IPCMBOX_IOC_SEGMENT_LIST, "list", as_it_is, list, nothing },
	{ IPCMBOX_IOC_SEGMENT_STAT, "stat", as_it_is, stat_it, nothing },
	{ IPCMBOX_IOC_SEGMENT_SET, "set", as_it_is, set, changed },
	{ IPCMBOX_IOC_SEGMENT_UNLINK, "unlink", as_it_is, unlink_name, unlinked },
	{ 0, "grow", as_it_is, grow, grown },
	{ 0, "append", as_it_is, append, grown },
	{ 0, "shrink", as_it_is, shrink, shrunk },
	{ 0, "write", as_it_is, write_within, nothing },
	{ 0, "read", as_it_is, read_within, nothing },
	{ 0, "map", as_it_is, map_shared, mapped },
	{ 0, "map private", as_it_is, map_private, mapped },
	{ 0, "map and split", as_it_is, map_and_split, split },
	{ 0, "touch what is mapped", map_first, touch, still_mapped },
	{ 0, "make a mapping longer", map_first, remap, remapped },
	{ 0, "fork with a mapping", map_first, fork_and_look, still_mapped },
	{ 0, "show a descriptor", as_it_is, show, nothing },
	{ IPCMBOX_IOC_SEND, "move", as_it_is, move, moved },
	{ IPCMBOX_IOC_RECV, "receive what is moved", move_first, receive_moved, received },
};

TEST_F_TIMEOUT(fail_nth, commands, 200)
{
	int i, n, ret;
	bool fired;

	if (self->nth < 0)
		return;
	ASSERT_TRUE(as_before(self));
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		fired = true;
		for (n = 1; fired && n < MOST_FAULTS; n++) {
			ASSERT_TRUE(commands[i].prepare(self)) TH_LOG("%s", commands[i].name);
			arm(self->nth, n);
			ret = commands[i].run(self);
			fired = disarm(self->nth);
			ASSERT_TRUE(ret >= 0 || (fired && known_failure(ret)))
				TH_LOG("%s, fault %d: %d", commands[i].name, n, ret);
			ASSERT_TRUE(commands[i].judge(self, ret))
				TH_LOG("%s, fault %d: %d", commands[i].name, n, ret);
			ASSERT_TRUE(as_before(self))
				TH_LOG("%s, fault %d: %d", commands[i].name, n, ret);
		}
		EXPECT_LT(n, MOST_FAULTS) TH_LOG("%s", commands[i].name);
		TH_LOG("%s: %d faults", commands[i].name, n - 2);
	}
}

TEST_HARNESS_MAIN
