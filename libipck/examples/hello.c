// SPDX-License-Identifier: LGPL-2.1-or-later
/* The first program: a message goes into a mailbox and comes out again. */
#include <ipck.h>
#include <stdio.h>

int main(void)
{
	struct ipck *mb;
	char text[64];
	ssize_t ret = ipck_open(&mb, "hello", O_RDWR | O_CREAT, NULL);

	if (ret == 0)
		ret = ipck_send(mb, "hello, world", 13, 0);
	if (ret == 0)
		ret = ipck_recv(mb, text, sizeof(text));
	puts(ret < 0 ? ipck_strerror(ret, 0) : text);
	return ret < 0 || ipck_unlink("hello") < 0;
}
