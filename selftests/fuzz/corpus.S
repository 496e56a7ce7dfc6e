/* SPDX-License-Identifier: GPL-2.0-only */
/* The programs of corpus/, in one text. */
	.section .rodata
	.globl built_in_corpus
built_in_corpus:
	.incbin CORPUS
	.byte 0
	.section .note.GNU-stack, "", @progbits
