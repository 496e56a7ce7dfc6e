/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Show: messages on standard output. */
#ifndef IPCK_SHOW_H
#define IPCK_SHOW_H

#include <stdbool.h>

#include <ipck.h>

#include "command.h"

/**
 * struct show - how a message is shown
 * @separator: what to write after each payload, or -1
 * @verbose: a line before each payload
 * @json: an object in place of each payload
 */
struct show {
	int separator;
	bool verbose;
	bool json;
};

/* Write a message, so that whoever reads our output has it. */
enum status show_message(const struct show *show, const char *buf,
			 const struct ipck_msg *msg);

#endif /* IPCK_SHOW_H */
