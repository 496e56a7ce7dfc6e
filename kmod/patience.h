/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_PATIENCE_H
#define _IPCMBOX_PATIENCE_H

#include <linux/types.h>

#include "backoff.h"
#include "spin.h"

/**
 * struct ipcmbox_patience - what waits of one kind at one port do before they sleep
 * @spin: with the CPU for themselves, see spin.h
 * @yield: with others on the CPU, see yield.h
 * @never_yields: @yield is not asked (READ_ONCE(); once set it stays)
 */
struct ipcmbox_patience {
	struct ipcmbox_spin spin;
	struct ipcmbox_backoff yield;
	bool never_yields;
};

#endif /* _IPCMBOX_PATIENCE_H */
