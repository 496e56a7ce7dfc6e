// SPDX-License-Identifier: GPL-2.0-only
/*
 * Everything that can happen to a segment, in every order: all sequences of two and of three
 * operations by a process that has it mapped, while another one, the test, has so as well. A model
 * says what each of them answers and what is there afterwards, down to the last trace.
 */
#include <setjmp.h>
#include <signal.h>

#include "kselftest_harness.h"
#include "order_test.h"
#include "segment_test.h"

#define READ_WRITE	(PROT_READ | PROT_WRITE)
#define SEGMENT		"test order"
#define BOX		"test order box"
#define SMALL		(SIZE / 2)
#define LARGE		(2 * SIZE)

enum op {
	/* Of the actor, in its own process. */
	ATTACH, SHRINK, GROW, TOUCH, UNMAP, PUNCH, CLOSE, EXEC, FORK, MOVE,
	ADD_SHRINK, ADD_GROW, ADD_WRITE, ADD_FUTURE_WRITE, ADD_SEAL,
	/* Of the test. */
	KILL, UNLINK, GIVE_BACK,
	OPS
};

static const char * const names[OPS] = {
	"attach", "shrink", "grow", "touch", "unmap", "punch", "close", "exec", "fork", "move",
	"seal shrink", "seal grow", "seal write", "seal future write", "seal seal",
	"kill", "unlink", "give back",
};

static const unsigned int seal_of[OPS] = {
	[ADD_SHRINK] = F_SEAL_SHRINK, [ADD_GROW] = F_SEAL_GROW, [ADD_WRITE] = F_SEAL_WRITE,
	[ADD_FUTURE_WRITE] = F_SEAL_FUTURE_WRITE, [ADD_SEAL] = F_SEAL_SEAL,
};

static char content_of(size_t page)
{
	return 'a' + page;
}

/* The signal that reading and writing back a byte brings, or 0. */
static sigjmp_buf back;

static void jump(int signo)
{
	siglongjmp(back, signo);
}

static int touch(volatile char *p, bool write)
{
	int signo = sigsetjmp(back, 1);

	if (signo)
		return signo;
	if (write)
		*p = *p;
	else
		(void)*p;
	return 0;
}

static void catch_signals(void)
{
	signal(SIGSEGV, jump);
	signal(SIGBUS, jump);
}

/*
 * The actor
 */

static struct order_actor me;
static struct {
	int dev, box, fd;
	char *p;
} actor;

static int do_attach(void)
{
	if (actor.fd >= 0 || actor.p)
		return DONE;
	actor.fd = segment_find(actor.dev, SEGMENT, RW);
	if (actor.fd < 0)
		return actor.fd;
	actor.p = map(actor.fd, SIZE, READ_WRITE);
	return actor.p ? 0 : -errno;
}

static int do_touch(void)
{
	int signo = touch(actor.p, true);

	return signo ? signo : touch(actor.p + SIZE - PAGE, true);
}

static int do_unmap(void)
{
	int ret = actor.p ? errno_of(munmap(actor.p, SIZE)) : DONE;

	actor.p = NULL;
	return ret;
}

static int do_close(void)
{
	int ret = errno_of(close(actor.fd));

	actor.fd = -1;
	return ret;
}

static int do_move(void)
{
	if (actor.fd < 0)
		return -EBADF;
	return message_send(actor.box, .fds_ptr = ptr_u64(&actor.fd), .nr_fds = 1,
			    .flags = IPCMBOX_MOVE | IPCMBOX_NONBLOCK);
}

static int act(int op)
{
	switch (op) {
	case ATTACH:
		return do_attach();
	case SHRINK:
		return resize(actor.fd, SMALL);
	case GROW:
		return resize(actor.fd, LARGE);
	case TOUCH:
		return do_touch();
	case UNMAP:
		return do_unmap();
	case PUNCH:
		return errno_of(fallocate(actor.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
					  0, PAGE));
	case CLOSE:
		return do_close();
	case EXEC:
		return order_exec(&me);
	case FORK:
		return order_fork();
	case MOVE:
		return do_move();
	default:
		return errno_of(fcntl(actor.fd, F_ADD_SEALS, seal_of[op]));
	}
}

static void __attribute__((noreturn)) actor_loop(void)
{
	catch_signals();
	actor.dev = device_open();
	actor.box = mailbox_find(actor.dev, BOX, IPCMBOX_WRITE);
	actor.fd = -1;
	order_serve(&me, act);
}

static void __attribute__((constructor)) executed(void)
{
	if (order_executed(&me))
		actor_loop();
}

/*
 * The model
 */

/* Whoever has an open description: by descriptors, and by mappings that could be written. */
struct holders {
	int fds, maps;
};

struct model {
	bool peer_writes;	/* the test's own mapping could be written, too */
	bool alive, named, moved;
	bool fd, map;		/* of the actor */
	int last;		/* its open description: how often it has attached */
	struct holders children[LENGTH + 1];	/* by description */
	size_t size, kept;	/* bytes; how many of them were never cut off */
	unsigned int seals;
};

static void model_init(struct model *m, bool peer_writes)
{
	memset(m, 0, sizeof(*m));
	m->peer_writes = peer_writes;
	m->alive = true;
	m->named = true;
	m->fd = true;
	m->map = true;
	m->size = SIZE;
	m->kept = SIZE;
}

static bool mapped_to_write(const struct model *m)
{
	int i, maps = m->map + m->peer_writes;

	for (i = 0; i <= LENGTH; i++)
		maps += m->children[i].maps;
	return maps;
}

static int writers(const struct model *m)
{
	int i, count = m->moved + m->peer_writes;

	for (i = 0; i <= LENGTH; i++)
		count += m->children[i].fds || m->children[i].maps ||
			 (i == m->last && (m->fd || m->map));
	return count;
}

static unsigned int seals(const struct model *m)
{
	return m->seals | (m->moved ? F_SEAL_SEAL : 0);
}

static bool sealed_to_write(const struct model *m)
{
	return m->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE);
}

static int model_attach(struct model *m)
{
	if (m->fd || m->map)
		return DONE;
	if (!m->named)
		return -ENOENT;
	m->fd = true;
	m->last++;
	if (m->moved || sealed_to_write(m))
		return -EPERM;
	m->map = true;
	return 0;
}

static int model_resize(struct model *m, size_t size)
{
	if (!m->fd)
		return -EBADF;
	if (m->moved)
		return -EPERM;
	if (size != m->size && seals(m) & (size < m->size ? F_SEAL_SHRINK : F_SEAL_GROW))
		return -EPERM;
	m->size = size;
	if (m->kept > size)
		m->kept = size;
	return 0;
}

static int model_touch(const struct model *m)
{
	if (!m->map)
		return SIGSEGV;
	return m->size < SIZE ? SIGBUS : 0;
}

static int model_move(struct model *m)
{
	if (!m->fd)
		return -EBADF;
	if (m->moved)
		return -EPERM;
	if (mapped_to_write(m))
		return -EBUSY;
	m->moved = true;
	return 0;
}

static int model_seal(struct model *m, unsigned int seal)
{
	if (!m->fd)
		return -EBADF;
	if (seals(m) & F_SEAL_SEAL)
		return -EPERM;
	if (seal == F_SEAL_WRITE && mapped_to_write(m))
		return -EBUSY;
	m->seals |= seal;
	return 0;
}

/* What an operation is going to answer, and what is so afterwards. */
static int predict(struct model *m, int op)
{
	if (op < KILL && !m->alive)
		return DEAD;
	switch (op) {
	case ATTACH:
		return model_attach(m);
	case SHRINK:
		return model_resize(m, SMALL);
	case GROW:
		return model_resize(m, LARGE);
	case TOUCH:
		return model_touch(m);
	case UNMAP:
		return order_take_away(&m->map, DONE);
	case PUNCH:
		return m->fd ? -EOPNOTSUPP : -EBADF;
	case CLOSE:
		return order_take_away(&m->fd, -EBADF);
	case FORK:
		m->children[m->last].fds += m->fd;
		m->children[m->last].maps += m->map;
		return 0;
	case MOVE:
		return model_move(m);
	case KILL:
		m->fd = false;
		m->map = false;
		return order_take_away(&m->alive, DEAD);
	case EXEC:
		m->fd = false;
		m->map = false;
		return 0;
	case UNLINK:
		return order_take_away(&m->named, -ENOENT);
	case GIVE_BACK:
		return order_take_away(&m->moved, -EBADF);
	default:
		return model_seal(m, seal_of[op]);
	}
}

/* Each operation but the last changes something, as the model has it. */
static bool all_matter(const int *ops, int length, bool peer_writes)
{
	struct model before, m;
	int i;

	model_init(&m, peer_writes);
	for (i = 0; i < length - 1; i++) {
		memcpy(&before, &m, sizeof(m));
		predict(&m, ops[i]);
		if (!memcmp(&before, &m, sizeof(m)))
			return false;
	}
	return true;
}

/*
 * The test
 */

FIXTURE(order) {
	int dev, box, count;
	struct order_pipes pipes;
	__u64 bytes;
	/* Of one sequence. */
	__u64 id;
	int ro, rw, got;
	char *p, *q;
	pid_t pid, children[LENGTH];
	int nr_children;
	struct model model;
};

FIXTURE_VARIANT(order) {
	bool peer_writes;
	int length;
};

FIXTURE_VARIANT_ADD(order, peer_reads) {
	.peer_writes = false,
	.length = 3,
};

/* Who can write is in the way of moving and of sealing all the time. */
FIXTURE_VARIANT_ADD(order, peer_writes) {
	.peer_writes = true,
	.length = 2,
};

static __u64 used_bytes(int dev)
{
	struct ipcmbox_query query;

	return query_budget(dev, &query) ? ~0ULL : query.user_segment_bytes;
}

FIXTURE_SETUP(order)
{
	self->model.peer_writes = variant->peer_writes;
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->count = segment_count(self->dev);
	self->bytes = used_bytes(self->dev);
	self->box = mailbox_new(self->dev, NAME(BOX), .max_messages = 1,
				.flags = IPCMBOX_OPEN_FDS | IPCMBOX_OPEN_TRANSIENT);
	ASSERT_GE(self->box, 0);
	ASSERT_TRUE(order_pipes_init(&self->pipes));
	/* Children that have lost their parent come here. */
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	catch_signals();
}

FIXTURE_TEARDOWN(order)
{
	close(self->box);
	segment_unlink_tests(self->dev);
	close(self->dev);
}

static int ask(FIXTURE_DATA(order) *self, int op)
{
	return self->model.alive ? order_ask(&self->pipes, op) : DEAD;
}

static int receive(int box)
{
	int fd = -1, ret = message_receive(box, .fds_ptr = ptr_u64(&fd), .max_fds = 1,
					   .flags = IPCMBOX_NONBLOCK);

	return ret < 0 ? ret : fd;
}

static int ask_move(FIXTURE_DATA(order) *self)
{
	int ret = ask(self, MOVE);

	if (ret)
		return ret;
	self->got = receive(self->box);
	return self->got < 0 ? self->got : 0;
}

static int ask_fork(FIXTURE_DATA(order) *self)
{
	int pid = ask(self, FORK);

	if (pid < 0)
		return pid;
	self->children[self->nr_children++] = pid;
	return 0;
}

static int give_back(FIXTURE_DATA(order) *self)
{
	int ret = errno_of(close(self->got));

	self->got = -1;
	return ret;
}

static int perform(FIXTURE_DATA(order) *self, int op)
{
	switch (op) {
	case MOVE:
		return ask_move(self);
	case FORK:
		return ask_fork(self);
	case KILL:
		return self->model.alive ? order_end_process(self->pid) : DEAD;
	case UNLINK:
		return segment_unlink(self->dev, SEGMENT);
	case GIVE_BACK:
		return give_back(self);
	default:
		return ask(self, op);
	}
}

/* A segment with something in each page; the actor attaches before the test does. */
static bool begin(FIXTURE_DATA(order) *self)
{
	bool peer_writes = self->model.peer_writes;
	int fd, i;

	self->got = -1;
	self->nr_children = 0;
	model_init(&self->model, peer_writes);
	fd = segment_new(self->dev, NAME(SEGMENT), .size = SIZE, .flags = IPCMBOX_OPEN_SEALABLE |
			 IPCMBOX_OPEN_EXCL);
	self->id = segment_id(fd);
	for (i = 0; i < SIZE / PAGE; i++)
		if (pwrite(fd, (char []){ content_of(i) }, 1, i * PAGE) != 1)
			return false;
	close(fd);

	self->pid = fork();
	if (!self->pid) {
		me.orders = self->pipes.orders[0];
		me.results = self->pipes.results[1];
		close(self->dev);
		close(self->box);
		actor_loop();
	}
	if (ask(self, ATTACH))
		return false;
	self->ro = segment_find(self->dev, SEGMENT, IPCMBOX_READ);
	self->p = map(self->ro, LARGE, PROT_READ);
	self->rw = peer_writes ? segment_find(self->dev, SEGMENT, RW) : -1;
	self->q = peer_writes ? map(self->rw, SIZE, READ_WRITE) : NULL;
	return self->p && (self->q || !peer_writes);
}

/* What the kernel says of it. */
static bool reported(const FIXTURE_DATA(order) *self)
{
	const struct model *m = &self->model;
	struct ipcmbox_segment_info info = segment_info(self->ro);
	__u32 flags = IPCMBOX_INFO_SEALABLE | IPCMBOX_INFO_MAPPED |
		      (m->named ? IPCMBOX_INFO_NAMED : 0) | (m->moved ? IPCMBOX_INFO_MOVED : 0);

	if (info.size == m->size && info.charged == m->size && info.seals == seals(m) &&
	    info.flags == flags && info.writers == writers(m) && info.readers == writers(m) + 1)
		return true;
	fprintf(stderr, "# size %llu seals %x flags %x writers %u readers %u\n",
		(unsigned long long)info.size, info.seals, info.flags, info.writers, info.readers);
	fprintf(stderr, "# size %zu seals %x flags %x writers %u expected\n", m->size, seals(m),
		flags, writers(m));
	return false;
}

/* What is in it, seen by the test, and that there is nothing beyond. */
static bool content_is_right(const FIXTURE_DATA(order) *self)
{
	const struct model *m = &self->model;
	size_t at;

	for (at = 0; at < m->size; at += PAGE)
		if (self->p[at] != (at < m->kept ? content_of(at / PAGE) : 0))
			return false;
	return m->size == LARGE || touch(self->p + m->size, false) == SIGBUS;
}

static bool found(const FIXTURE_DATA(order) *self)
{
	int fd = segment_find(self->dev, SEGMENT, IPCMBOX_READ);
	bool same = fd >= 0 && segment_id(fd) == self->id;

	if (fd >= 0)
		close(fd);
	return self->model.named ? same : fd == -ENOENT;
}

/* Who can write(2): the test, by what it has got and what it had. */
static bool rights_are_right(const FIXTURE_DATA(order) *self)
{
	const struct model *m = &self->model;
	int sealed = sealed_to_write(m) ? -EPERM : 0;
	char first = content_of(0);

	if (m->moved && errno_of(pwrite(self->got, &first, 1, 0)) != sealed)
		return false;
	return !m->peer_writes ||
	       errno_of(pwrite(self->rw, &first, 1, 0)) == (m->moved ? -EPERM : sealed);
}

/* Ends everything; and then there is nothing, and the name is free. */
static bool end(FIXTURE_DATA(order) *self)
{
	int fd;

	if (self->model.alive)
		order_end_process(self->pid);
	while (self->nr_children)
		if (order_end_process(self->children[--self->nr_children]))
			return false;
	if (self->got >= 0)
		close(self->got);
	if (self->rw >= 0) {
		munmap(self->q, SIZE);
		close(self->rw);
	}
	munmap(self->p, LARGE);
	close(self->ro);
	if (self->model.named && segment_unlink(self->dev, SEGMENT))
		return false;
	if (segment_count(self->dev) != self->count || used_bytes(self->dev) != self->bytes)
		return false;
	fd = segment_new(self->dev, NAME(SEGMENT), .flags = IPCMBOX_OPEN_EXCL |
			 IPCMBOX_OPEN_TRANSIENT);
	return fd >= 0 && !close(fd) && segment_count(self->dev) == self->count;
}

static void tell(const int *ops, int step)
{
	int i;

	fprintf(stderr, "# in");
	for (i = 0; i <= step; i++)
		fprintf(stderr, " %s%s", names[ops[i]], i < step ? "," : "\n");
}

/* One sequence. */
static bool run(FIXTURE_DATA(order) *self, const int *ops, int length)
{
	struct model after;
	int i, ret, expected;

	if (!begin(self))
		return false;
	for (i = 0; i < length; i++) {
		after = self->model;
		expected = predict(&after, ops[i]);
		ret = perform(self, ops[i]);
		self->model = after;
		if (ret != expected) {
			fprintf(stderr, "# %d instead of %d\n", ret, expected);
			break;
		}
		if (!reported(self) || !content_is_right(self) || !found(self) ||
		    !rights_are_right(self))
			break;
	}
	if (end(self) && i == length)
		return true;
	tell(ops, i < length ? i : length - 1);
	return false;
}

/* Of those that there are, prime to OPS, so that each operation has its turn. */
#define SLOW_STEP	11

/*
 * Of three operations, what the first or the second one changes nothing for is a sequence of two,
 * and run as such: with the first of all operations as its third.
 */
TEST_F_TIMEOUT(order, of_operations, 280)
{
	int all = variant->length == 2 ? OPS * OPS : OPS * OPS * OPS, i, n = 0;
	int step = order_is_slow() ? SLOW_STEP : 1;
	int ops[LENGTH];

	for (i = 0; i < all; i += step) {
		order_sequence(i, OPS, ops, variant->length);
		if (variant->length > 2 && ops[2] && !all_matter(ops, 3, variant->peer_writes))
			continue;
		ASSERT_TRUE(run(self, ops, variant->length));
		n++;
	}
	TH_LOG("%d sequences", n);
}

TEST_HARNESS_MAIN
