// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loans: payload that stays in the memory of a blocked sender.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/highmem.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/user.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include "loan.h"
#include "quota.h"
#include "stash.h"

/* How many pages are copied before the processor is offered, and a fatal signal looked for. */
#define PAGES_AT_ONCE	32

/* Loans of up to so many pages have a cache: of 256 bytes, with the word the allocator adds. */
#define FEW_PAGES	28

static struct kmem_cache *few_cache;
static struct ipcmbox_stash __percpu *few_stash;

/**
 * struct ipcmbox_loan - memory that is lent
 * @cgroup: of few pages: whose memory this is, see stash.h
 * @payer: whose &user_struct.locked_vm counts it, reference; NULL: nobody's
 * @offset: of the payload in the first page
 * @nr: pages
 * @pages: pinned
 *
 * Constant, owned by the content of a message.
 */
struct ipcmbox_loan {
	u64 cgroup;
	struct user_struct *payer;
	unsigned int offset;
	unsigned int nr;
	struct page *pages[];
};

/* All of it is written before it is used: it need not be cleared. */
static void loan_construct(void *object)
{
}

/**
 * ipcmbox_loan_init() - make the cache
 *
 * Return: 0 or -ENOMEM.
 */
int ipcmbox_loan_init(void)
{
	const size_t size = struct_size((struct ipcmbox_loan *)NULL, pages, FEW_PAGES);

	few_cache = kmem_cache_create("ipcmbox_loan", size, __alignof__(struct ipcmbox_loan),
				      SLAB_ACCOUNT, loan_construct);
	few_stash = alloc_percpu(struct ipcmbox_stash);
	if (few_cache && few_stash)
		return 0;
	ipcmbox_loan_exit();
	return -ENOMEM;
}

void ipcmbox_loan_exit(void)
{
	ipcmbox_stash_end(few_stash);
	kmem_cache_destroy(few_cache);
}

static struct ipcmbox_loan *loan_alloc(unsigned int nr)
{
	struct ipcmbox_loan *loan;
	u64 cgroup = 0;

	if (nr <= FEW_PAGES)
		loan = ipcmbox_stash_alloc(few_stash, few_cache, &cgroup);
	else
		loan = kvmalloc(struct_size(loan, pages, nr), IPCMBOX_GFP);
	if (!loan)
		return NULL;
	loan->cgroup = cgroup;
	loan->payer = NULL;
	loan->nr = nr;
	return loan;
}

static void loan_free(struct ipcmbox_loan *loan)
{
	if (loan->nr <= FEW_PAGES)
		ipcmbox_stash_free(few_stash, loan, loan->cgroup);
	else
		kvfree(loan);
}

/* As io_uring does it. Who may lock memory without limit is not counted beyond the limit. */
static bool count(struct ipcmbox_loan *loan)
{
	unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
	struct user_struct *user = current_user();
	long locked = atomic_long_read(&user->locked_vm);

	do {
		if (locked + loan->nr > limit)
			return capable(CAP_IPC_LOCK);
	} while (!atomic_long_try_cmpxchg(&user->locked_vm, &locked, locked + loan->nr));
	loan->payer = get_uid(user);
	return true;
}

static void uncount(struct ipcmbox_loan *loan)
{
	if (!loan->payer)
		return;
	atomic_long_sub(loan->nr, &loan->payer->locked_vm);
	free_uid(loan->payer);
}

/**
 * ipcmbox_loan_new() - pin what the calling task sends
 * @at: where the payload is
 * @length: its length, not 0
 *
 * Context: may sleep and fault, no locks held.
 * Return: a loan, or NULL: it has to be copied, which will tell why if that fails, too.
 */
struct ipcmbox_loan *ipcmbox_loan_new(const void __user *at, size_t length)
{
	unsigned long start = (unsigned long)at;
	unsigned int nr = DIV_ROUND_UP(offset_in_page(start) + length, PAGE_SIZE);
	struct ipcmbox_loan *loan;
	int pinned;

	loan = loan_alloc(nr);
	if (!loan)
		return NULL;
	loan->offset = offset_in_page(start);
	if (!count(loan)) {
		loan_free(loan);
		return NULL;
	}
	pinned = pin_user_pages_fast(start & PAGE_MASK, nr, FOLL_LONGTERM, loan->pages);
	if (likely(pinned == nr))
		return loan;
	if (pinned > 0)
		unpin_user_pages(loan->pages, pinned);
	uncount(loan);
	loan_free(loan);
	return NULL;
}

/**
 * ipcmbox_loan_free() - give the memory back
 * @loan: or NULL
 *
 * Context: process context, no port's lock held.
 */
void ipcmbox_loan_free(struct ipcmbox_loan *loan)
{
	if (!loan)
		return;
	unpin_user_pages(loan->pages, loan->nr);
	uncount(loan);
	loan_free(loan);
}

/* Between two parts of a copy; returns whether to go on. */
static bool breathe(void)
{
	cond_resched();
	return !fatal_signal_pending(current);
}

/* How many pages from @first on follow each other in memory, as far as they are copied at once. */
static unsigned int run_of(const struct ipcmbox_loan *loan, unsigned int first)
{
	const unsigned int max = min_t(unsigned int, loan->nr - first, PAGES_AT_ONCE);
	const void *start = page_address(loan->pages[first]);
	unsigned int n = 1;

	while (n < max && page_address(loan->pages[first + n]) == start + n * PAGE_SIZE)
		n++;
	return n;
}

/*
 * To a single piece of user memory. All of it belongs to the kernel's own mapping, so this need not
 * do what copy_page_to_iter() does for each page.
 */
static bool copy_plain(const struct ipcmbox_loan *loan, size_t length, void __user *to)
{
	size_t offset = loan->offset, n;
	unsigned int i, run, copied = 0;

	for (i = 0; length; i += run, length -= n, to += n, offset = 0) {
		run = run_of(loan, i);
		n = min_t(size_t, length, run * PAGE_SIZE - offset);
		if (_copy_to_user(to, page_address(loan->pages[i]) + offset, n))
			return false;
		copied += run;
		if (copied < PAGES_AT_ONCE)
			continue;
		copied = 0;
		if (!breathe())
			return false;
	}
	return true;
}

static bool copy_any(const struct ipcmbox_loan *loan, size_t length, struct iov_iter *to)
{
	size_t offset = loan->offset, n;
	unsigned int i;

	for (i = 0; length; i++, length -= n, offset = 0) {
		n = min_t(size_t, length, PAGE_SIZE - offset);
		if (copy_page_to_iter(loan->pages[i], offset, n, to) != n)
			return false;
		if (i % PAGES_AT_ONCE == PAGES_AT_ONCE - 1 && !breathe())
			return false;
	}
	return true;
}

/**
 * ipcmbox_loan_copy_out() - copy the payload to the calling receiver
 * @loan: the loan
 * @length: of the payload
 * @to: at least as long; advanced or not
 *
 * Context: may sleep, unless page faults are disabled; no locks held.
 * Return: whether all of it could be copied; not, too, when the receiver was killed.
 */
bool ipcmbox_loan_copy_out(const struct ipcmbox_loan *loan, size_t length, struct iov_iter *to)
{
	if (iter_is_ubuf(to) && !IS_ENABLED(CONFIG_HIGHMEM))
		return copy_plain(loan, length, to->ubuf + to->iov_offset);
	return copy_any(loan, length, to);
}

/**
 * ipcmbox_loan_read() - copy a part of the payload
 * @loan: the loan
 * @offset: where the part begins
 * @to: where it goes
 * @length: of the part
 */
void ipcmbox_loan_read(const struct ipcmbox_loan *loan, size_t offset, void *to, size_t length)
{
	size_t at = loan->offset + offset, n;

	for (; length; length -= n, at += n, to += n) {
		n = min_t(size_t, length, PAGE_SIZE - offset_in_page(at));
		memcpy_from_page(to, loan->pages[at >> PAGE_SHIFT], offset_in_page(at), n);
	}
}
