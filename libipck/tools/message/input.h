/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Input: standard input as payload. */
#ifndef IPCK_INPUT_H
#define IPCK_INPUT_H

#include <stddef.h>

#include "command.h"

/**
 * input_read() - read all of standard input
 * @doing: the command, for messages
 * @buf: where it is afterwards, to be freed in any case
 * @len: how much
 *
 * No more than one byte above what any mailbox allows, which is enough to be
 * refused.
 */
enum status input_read(const char *doing, char **buf, size_t *len);

/* Whether reading standard input has failed, which is reported. */
enum status input_status(const char *doing);

#endif /* IPCK_INPUT_H */
