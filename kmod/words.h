/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_WORDS_H
#define _IPCMBOX_WORDS_H

#include <linux/types.h>
#include <linux/uaccess.h>

/**
 * DOC: Word by word
 *
 * Copies of payloads that lie in an object. It was allocated by their length, so copy_from_user()
 * need not ask the allocator for the size of the object; and the short ones are copied word by
 * word, in one section of user access, which takes less than calling and counting.
 *
 * For processors that do not mind where words begin.
 */

/* What is longer is copied by the function there is for it. */
#define IPCMBOX_WORDS_MAX	64

/* So many are copied in a step. */
struct ipcmbox_words {
	u64 word[4];
};

/**
 * ipcmbox_words_fetch() - copy from user memory into an object that is long enough
 * @to: the object
 * @from: any address
 * @length: bytes
 *
 * Context: may fault, unless page faults are disabled.
 * Return: whether all of it could be copied.
 */
static inline bool ipcmbox_words_fetch(u8 *to, const void __user *from, size_t length)
{
	struct ipcmbox_words *w = (struct ipcmbox_words *)to;
	const struct ipcmbox_words __user *u = from;

	if (length > IPCMBOX_WORDS_MAX)
		return !_copy_from_user(to, from, length);

	if (!user_read_access_begin(from, length))
		return false;
	for (; length >= sizeof(*w); length -= sizeof(*w), w++, u++) {
		unsafe_get_user(w->word[0], &u->word[0], fault);
		unsafe_get_user(w->word[1], &u->word[1], fault);
		unsafe_get_user(w->word[2], &u->word[2], fault);
		unsafe_get_user(w->word[3], &u->word[3], fault);
	}
	for (; length >= sizeof(w->word[0]); length -= sizeof(w->word[0])) {
		unsafe_get_user(w->word[0], &u->word[0], fault);
		w = (void *)&w->word[1];
		u = (const void __user *)&u->word[1];
	}
	for (to = (u8 *)w, from = u; length; length--)
		unsafe_get_user(*to++, (const u8 __user *)from++, fault);
	user_read_access_end();
	return true;
fault:
	user_read_access_end();
	return false;
}

/* The same from an object to user memory. */
static inline bool ipcmbox_words_store(void __user *to, const u8 *from, size_t length)
{
	const struct ipcmbox_words *w = (const struct ipcmbox_words *)from;
	struct ipcmbox_words __user *u = to;

	if (length > IPCMBOX_WORDS_MAX)
		return !_copy_to_user(to, from, length);

	if (!user_write_access_begin(to, length))
		return false;
	for (; length >= sizeof(*w); length -= sizeof(*w), w++, u++) {
		unsafe_put_user(w->word[0], &u->word[0], fault);
		unsafe_put_user(w->word[1], &u->word[1], fault);
		unsafe_put_user(w->word[2], &u->word[2], fault);
		unsafe_put_user(w->word[3], &u->word[3], fault);
	}
	for (; length >= sizeof(w->word[0]); length -= sizeof(w->word[0])) {
		unsafe_put_user(w->word[0], &u->word[0], fault);
		w = (const void *)&w->word[1];
		u = (void __user *)&u->word[1];
	}
	for (from = (const u8 *)w, to = u; length; length--)
		unsafe_put_user(*from++, (u8 __user *)to++, fault);
	user_write_access_end();
	return true;
fault:
	user_write_access_end();
	return false;
}

#endif /* _IPCMBOX_WORDS_H */
