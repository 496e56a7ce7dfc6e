/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A round: what is planned by chance, what happens to the crew meanwhile, and how it comes to rest.
 */
#ifndef ROUND_H
#define ROUND_H

#include "operation.h"

/**
 * struct tally - what there was in all rounds
 * @rounds: how many
 * @operations: how many
 * @models: that were looked at
 * @undecided: rounds whose search was given up
 * @timeouts: operations that met their deadlines
 * @interrupts: that were interrupted
 * @faults: receives that put their message back
 * @kills: operations of processes that were killed
 * @drops: sends whose message was dropped
 * @redeliveries: receives of what had come back
 * @resumed: calls that were resumed
 * @vectors: commands that did several operations
 */
struct tally {
	unsigned long rounds;
	unsigned long operations;
	unsigned long models;
	unsigned long undecided;
	unsigned long timeouts;
	unsigned long interrupts;
	unsigned long faults;
	unsigned long kills;
	unsigned long drops;
	unsigned long redeliveries;
	unsigned long resumed;
	unsigned long vectors;
};

/* Returns false, and has printed all, if something is wrong with the round. */
bool round_play(__u32 seed, struct tally *tally);

#endif /* ROUND_H */
