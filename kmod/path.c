// SPDX-License-Identifier: GPL-2.0-only
/*
 * The path of a message, compiled in one piece. It is so short that the calls between its files
 * would be a tenth of its instructions; sending and receiving are __flatten, what is rare in them
 * noinline. SEND and RECV with the first version of their structures have a copy of the path each,
 * WRITE and READ as well.
 * (Parts of the scheduler are built like this, see kernel/sched/build_policy.c.)
 */
#include "quota.c"
#include "queue.c"
#include "selection.c"
#include "exchange.c"
#include "message.c"
#include "delivery.c"
#include "transfer.c"
#include "messaging.c"
#include "plain.c"
