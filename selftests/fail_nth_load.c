// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults while the module sets itself up: it is there, and works, or it is not, and nothing of it
 * is left.
 *
 * To be loaded takes the kernel many allocations before it calls the module, which are none of the
 * module's business. Whether a fault was earlier is to be seen in the trace, where the kernel tells
 * of the module that it is about to call, and of faults, but for those that are expected. Faults
 * are of objects: when pages are missing the kernel complains about modules it cannot read.
 */
#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "kselftest_harness.h"
#include "fail_nth_test.h"

#define MODULE		"/ipcmbox.ko"
#define TRACING		"/sys/kernel/tracing/"
#define TRACE_MAX	(1 << 20)
#define STRIDE		7
#define NEVER		1000000

#define SUITES		".kunit_test_suites"

/* Where a fault was: before the module was called, or since; or that is not told. */
enum where { BEFORE, SINCE, SOMEWHERE };

FIXTURE(fail_nth_load) {
	int nth;
	char *image;
	size_t size;
};

static int load(const char *image, size_t size)
{
	return syscall(SYS_init_module, image, size, "") ? -errno : 0;
}

static int load_with_tests(void)
{
	int file = open(MODULE, O_RDONLY | O_CLOEXEC);
	int ret = syscall(SYS_finit_module, file, "", 0) ? -errno : 0;

	close(file);
	return ret;
}

static char *read_module(size_t *size)
{
	int file = open(MODULE, O_RDONLY | O_CLOEXEC);
	char *image;

	*size = lseek(file, 0, SEEK_END);
	image = mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
	close(file);
	return image == MAP_FAILED ? NULL : image;
}

/* The kernel does not find unit tests, which would be run each time, by another name. */
static void hide_tests(char *image, size_t size)
{
	char *name = image;

	while ((name = memmem(name, image + size - name, SUITES, sizeof(SUITES))))
		*++name = 'x';
}

/* What the tests before have left to the kernel to end may take a moment. */
static bool unload(void)
{
	__u64 end = now_ns(IPCMBOX_CLOCK_MONOTONIC) + PATIENCE_NS;

	while (syscall(SYS_delete_module, "ipcmbox", O_NONBLOCK)) {
		if (errno != EAGAIN || now_ns(IPCMBOX_CLOCK_MONOTONIC) > end)
			return false;
		usleep(1000);
	}
	return true;
}

static bool works(void)
{
	int dev = device_open(), fd = -1;
	bool ret;

	fd = mailbox_new(dev, .max_messages = 1);
	ret = fd >= 0 && !put(fd, 0, 1) && take(fd) == 1;
	close(fd);
	close(dev);
	return ret;
}

/* Returns a part of the text of a file, in a buffer to be used at once. */
static const char *text_of(const char *path)
{
	static char text[TRACE_MAX];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	ssize_t n;

	while ((n = read(fd, text + length, sizeof(text) - 1 - length)) > 0)
		length += n;
	text[length] = '\0';
	close(fd);
	return text;
}

static bool has_caches(void)
{
	return strstr(text_of("/proc/slabinfo"), "ipcmbox_");
}

static bool is_gone(void)
{
	return access("/sys/module/ipcmbox", F_OK) && access(IPCMBOX_DEVICE, F_OK) &&
	       access("/sys/class/misc/ipcmbox", F_OK) &&
	       access("/sys/kernel/debug/ipcmbox", F_OK) && !has_caches();
}

/* Faults are told of, in one line each, and the lines are in the trace. */
static bool begin_trace(void)
{
	write_file("/sys/kernel/debug/fail_usercopy/verbose", "1");
	write_file("/sys/kernel/debug/fail_page_alloc/verbose", "1");
	return write_file(TRACING "events/module/enable", "1") &&
	       write_file(TRACING "events/printk/enable", "1") &&
	       write_file("/sys/kernel/debug/failslab/verbose", "1") &&
	       write_file("/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait", "Y");
}

static void clear_trace(void)
{
	close(open(TRACING "trace", O_WRONLY | O_TRUNC | O_CLOEXEC));
}

static void end_trace(void)
{
	write_file(TRACING "events/module/enable", "0");
	write_file(TRACING "events/printk/enable", "0");
	clear_trace();
	inject_everywhere();
}

static enum where find_fault(void)
{
	const char *text = text_of(TRACING "trace");
	const char *fault = strstr(text, "FAULT_INJECTION");
	const char *call = strstr(text, "module_load: ipcmbox");

	if (!fault)
		return SOMEWHERE;
	return call && call < fault ? SINCE : BEFORE;
}

FIXTURE_SETUP(fail_nth_load)
{
	self->nth = injection_begin();
	if (self->nth < 0)
		SKIP(return, "no fault injection in this kernel");
	ASSERT_TRUE(begin_trace());
	self->image = read_module(&self->size);
	ASSERT_NE(NULL, self->image);
	hide_tests(self->image, self->size);
	ASSERT_TRUE(has_caches());
	ASSERT_TRUE(unload());
	ASSERT_TRUE(is_gone());
}

/* Without fault it can be loaded, whatever there was before. */
FIXTURE_TEARDOWN(fail_nth_load)
{
	if (self->nth < 0)
		return;
	end_trace();
	EXPECT_EQ(0, load_with_tests());
	EXPECT_TRUE(works());
	close(self->nth);
}

/* Whether it is there and works, or not at all; then it is not there. */
static bool is_right(int ret)
{
	return ret ? known_failure(ret) && is_gone() : works() && unload() && is_gone();
}

/* Loads it with the @n-th allocation failing, if there are as many, and unloads it. */
static bool load_with_fault(FIXTURE_DATA(fail_nth_load) *self, int n, int *ret)
{
	clear_trace();
	arm(self->nth, n);
	*ret = load(self->image, self->size);
	return disarm(self->nth);
}

/* How many faults there could be in a load. */
static int count_faults(FIXTURE_DATA(fail_nth_load) *self)
{
	int left;

	arm(self->nth, NEVER);
	if (load(self->image, self->size))
		return 0;
	left = armed(self->nth);
	arm(self->nth, 0);
	return unload() ? NEVER - left : 0;
}

/*
 * From the last fault to the first: those before the module is called are not for us to try, since
 * the kernel's own code warns of some (event_define_fields()). A load takes a second or two: each
 * STRIDE-th fault, or with IPCMBOX_TEST_SCALE=STRIDE each. In selftests/plan it comes after
 * kmemleak, since Linux 6.1 leaks the name of a cache when it cannot tell sysfs of it
 * (sysfs_slab_add()).
 */
TEST_F_TIMEOUT(fail_nth_load, nothing_is_left, 1800)
{
	int step = scaled(1) < STRIDE ? STRIDE / scaled(1) : 1, failures = 0, last, n, ret;
	enum where where = SOMEWHERE;
	bool fired;

	if (self->nth < 0)
		return;
	last = count_faults(self);
	ASSERT_GT(last, 0);
	for (n = last; where != BEFORE && n > 0; n -= step) {
		fired = load_with_fault(self, n, &ret);
		where = find_fault();
		ASSERT_TRUE(ret == 0 || fired) TH_LOG("fault %d: %d", n, ret);
		ASSERT_TRUE(is_right(ret)) TH_LOG("fault %d: %d", n, ret);
		failures += where != BEFORE && ret < 0;
	}
	EXPECT_EQ(BEFORE, where);
	TH_LOG("faults from %d to %d, in steps of %d: %d times it could not be loaded",
	       n + 2 * step, last, step, failures);
	EXPECT_GT(failures, 0);
}

TEST_HARNESS_MAIN
