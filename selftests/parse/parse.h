/* SPDX-License-Identifier: GPL-2.0-only */
/* What libFuzzer calls, and what the targets call that no header has. */
#ifndef PARSE_H
#define PARSE_H

#include <stddef.h>
#include <stdint.h>

#include <linux/types.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The command's main() */
int ipck_main(int argc, char **argv);
/* The library's name.h, where the tools have one of that name, too */
int ipck_name_to_uapi(const char *name, __u64 *ptr, __u32 *len);

#endif /* PARSE_H */
