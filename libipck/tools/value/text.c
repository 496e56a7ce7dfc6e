// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "text.h"

/* Lead bytes, the lowest second byte (overlong forms), and the highest. */
static const struct form {
	unsigned char first, last, length, low, high;
} forms[] = {
	{ 0x00, 0x7f, 1, 0, 0 },
	{ 0xc2, 0xdf, 2, 0x80, 0xbf },
	{ 0xe0, 0xe0, 3, 0xa0, 0xbf },
	{ 0xe1, 0xec, 3, 0x80, 0xbf },
	{ 0xed, 0xed, 3, 0x80, 0x9f },
	{ 0xee, 0xef, 3, 0x80, 0xbf },
	{ 0xf0, 0xf0, 4, 0x90, 0xbf },
	{ 0xf1, 0xf3, 4, 0x80, 0xbf },
	{ 0xf4, 0xf4, 4, 0x80, 0x8f },
};

/* Length of the character at @s, of at most @len bytes; 0 if it is none. */
static size_t character(const unsigned char *s, size_t len)
{
	const struct form *form = forms;
	size_t i;

	while (*s < form->first || *s > form->last)
		if (++form == forms + sizeof(forms) / sizeof(forms[0]))
			return 0;
	if (form->length > len)
		return 0;
	if (form->length > 1 && (s[1] < form->low || s[1] > form->high))
		return 0;
	for (i = 2; i < form->length; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return form->length;
}

bool text_is_utf8(const char *bytes, size_t len)
{
	size_t step;

	for (; len; bytes += step, len -= step) {
		step = character((const unsigned char *)bytes, len);
		if (!step)
			return false;
	}
	return true;
}

static bool is_control(const unsigned char *s)
{
	return *s < 0x20 || *s == 0x7f || *s == '\\' ||
	       (*s == 0xc2 && s[1] < 0xa0);
}

void text_print(FILE *out, const char *string)
{
	size_t len = strlen(string), step;

	for (; len; string += step, len -= step) {
		const unsigned char *s = (const unsigned char *)string;

		step = character(s, len);
		if (step && !is_control(s)) {
			fwrite(string, 1, step, out);
		} else {
			fprintf(out, "\\x%02x", *s);
			step = 1;
		}
	}
}

void text_to_utf8(char *copy, const char *string)
{
	size_t len = strlen(string), step;

	for (; len; string += step, len -= step) {
		step = character((const unsigned char *)string, len);
		if (step) {
			memcpy(copy, string, step);
			copy += step;
		} else {
			*copy++ = '?';
			step = 1;
		}
	}
	*copy = '\0';
}
