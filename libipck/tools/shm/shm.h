/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shm: what the subcommands of "ipck shm" have in common. */
#ifndef IPCK_TOOL_SHM_H
#define IPCK_TOOL_SHM_H

#include <ipck.h>

#include "command.h"

/* Those that are in files of their own; argv[0] is "ipck shm NAME". */
enum status shm_ls(int argc, char **argv);
enum status shm_stat(int argc, char **argv);
enum status shm_cat(int argc, char **argv);
enum status shm_write(int argc, char **argv);

/* Each returns what the library returned; a target is NAME or #ID. */
int shm_target_open(struct ipck_shm **shm, const char *target, int oflag);
int shm_target_unlink(const char *target);
int shm_target_info(const char *target, struct ipck_shm_info *info);

/* Print all segments as lines, with a heading unless there are none. Return: 0 or -errno. */
int shm_print_table(void);

/* Say how "ipck shm" is used. Return: STATUS_USAGE. */
enum status shm_misused(void);

#endif /* IPCK_TOOL_SHM_H */
