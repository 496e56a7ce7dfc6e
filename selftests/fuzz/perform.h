/* SPDX-License-Identifier: GPL-2.0-only */
/* One operation of a program. */
#ifndef FUZZ_PERFORM_H
#define FUZZ_PERFORM_H

#include "stage.h"

/* Performs @actor->operation; returns what it returned, or -errno. */
int64_t perform(struct actor *actor);

#endif /* FUZZ_PERFORM_H */
