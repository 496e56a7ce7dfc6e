/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Kernel: its own queues and segments, which are strangers to those here.
 *
 * Without the module, and for a name that exists there and not here, a program
 * gets the kernel's own if IPCK_MQ_FALLBACK=kernel asks for them: by the
 * functions of that name that come next, those of the C library.  Else it fails,
 * or gets what it would without those, and standard error says why, once in a
 * process.  A descriptor of the kernel's own (inherited, say) goes the same way.
 */
#ifndef IPCK_KERNEL_H
#define IPCK_KERNEL_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

/* The function that would be called if this library were not there, or NULL. */
#define IPCK_NEXT(function) \
	((__typeof__(&(function)))ipck_kernel_function(#function))

/* The same if @ret is what a descriptor gave that is none of a mailbox, and it may be tried. */
#define IPCK_NEXT_AFTER(ret, function) \
	((__typeof__(&(function)))ipck_kernel_function_after(ret, #function))

void *ipck_kernel_function(const char *name);
void *ipck_kernel_function_for_descriptor(const char *name);

static inline void *ipck_kernel_function_after(int ret, const char *name)
{
	return ret == -ENOTTY ? ipck_kernel_function_for_descriptor(name) :
				NULL;
}

/* ipck_kernel_has_queue() - is there one of this name, as of mq_open(3)? */
bool ipck_kernel_has_queue(const char *name);

/* ipck_kernel_has_segment() - is there one of this name, without any '/'? */
bool ipck_kernel_has_segment(const char *name);

/**
 * ipck_kernel_instead() - shall it be one of the kernel's own?
 * @kind: "queue" or "segment"
 * @name: its name
 * @ret: why there is none here: -ENODEV: the module is not there; -ENOENT: the
 *	name exists in the kernel only
 *
 * If the answer is no, the user has been told.
 */
bool ipck_kernel_instead(const char *kind, const char *name, int ret);

#endif /* IPCK_KERNEL_H */
