/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Word: the library's numbers in words. */
#ifndef IPCK_WORD_H
#define IPCK_WORD_H

#include <stdint.h>

/* Each returns "?" for a number that has none. */

const char *word_of_discipline(uint32_t discipline);	/* enum ipck_discipline */
const char *word_of_blocked(uint32_t what);		/* IPCK_BLOCKED_* */
const char *word_of_step(uint32_t step);		/* IPCK_STEP_* */

#endif /* IPCK_WORD_H */
