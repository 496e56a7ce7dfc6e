/* SPDX-License-Identifier: GPL-2.0-only */
/* What must be true after any program, when all its processes have ended. */
#ifndef FUZZ_JUDGE_H
#define FUZZ_JUDGE_H

#include "stage.h"

/*
 * The accounts of mailboxes that are left are even; unlinked, they leave nothing behind, and no
 * budget is used. Every result that is known is as it was. What is wrong goes to @stage->wrong.
 */
void judge(struct stage *stage, bool with_results);

#endif /* FUZZ_JUDGE_H */
