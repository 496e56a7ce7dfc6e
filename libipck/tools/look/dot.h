/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Dot: a graph in the language of Graphviz. */
#ifndef IPCK_DOT_H
#define IPCK_DOT_H

#include "graph.h"
#include "snapshot.h"

/*
 * Print who waits for whom, and where; what is in a circle is red. A task for whose peer nobody
 * can tell waits for the mailbox. Return: 0 or -ENOMEM.
 */
int dot_print(const struct graph *graph, const struct snapshot *snapshot);

#endif /* IPCK_DOT_H */
