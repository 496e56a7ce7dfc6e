/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Performances: operations are done, and what came of them is noted.
 *
 * A vector is as many operations as it has elements, which one command does one after the other.
 * When each of them was done is not known, but all between the begin and the end of the command.
 * What comes after one that failed has not been done.
 */
#ifndef PERFORM_H
#define PERFORM_H

/* The operation, or as many as are one command from it on. */
void perform(int nr);

#endif /* PERFORM_H */
