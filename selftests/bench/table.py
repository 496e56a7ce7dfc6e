#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Print what bench measured, and whether the targets are met.

usage: table.py [--busy] RESULTS.CSV

One table for each mode: the median over all boots, and the least and the
greatest single measurement; below it the TARGETS, met or missed.  A target that
is missed is a failure if it has been met before; so is one of LIMITS, a line that
is slower than that of POSIX queues (but for SLOWER), or a figure that is missing.
With --busy others used the host, and targets of parallel mode are no failures.
"""
import argparse
import collections
import sys

from results import CHANNEL, EXTRAS, KERNELS, QUEUES, RIVAL, SUBJECT, TRANSPORTS, read

# Lines on which POSIX queues may be faster. What an event costs more than a message
# pays off from the second member on; to find one of many who sleep costs a little.
SLOWER = ["fan-out-1", "receivers-10", "receivers-100"]
# How far the medians of the boots may be apart on the lines of this project
SPREAD = 0.03
RING = "eventfd-ring"
BYTES = ["pipe", "stream", "seqpacket", "dgram"]
# A time at most so many times the best of those it is held against, each a case,
# a size and a transport; must: it has been met, and has to be.
Target = collections.namedtuple("Target", "subject times rivals must", defaults=[False])


def own(case, size, times, rivals, also=None, must=False):
    """A target of the mailbox, against other transports in the same case, and in another."""
    return Target((case, size, SUBJECT), times,
                  [(rival_case, size, rival) for rival_case in (case, also or case)
                   for rival in rivals], must)


def flat(case, size, base, times=1.15):
    """A target of the mailbox, against another case of its own."""
    return Target((case, size, SUBJECT), times, [(base, size, SUBJECT)], True)


# To others, but for binder, a call is nothing else than a round trip.
CALLS = [(case, size) for case in ("round-trip", "call") for size in (8, 64)]
BULK = [own("bulk", 1 << 20, 0.60, BYTES, must=True)]
TARGETS = {
    "counted":
        [own("round-trip", size, 0.70, QUEUES, must=True) for size in (8, 64)] +
        [own("call", size, 0.70, QUEUES, "round-trip") for size in (8, 64)] +
        [own(case, size, 1, [RING], "round-trip", must=True) for case, size in CALLS] +
        [own("round-trip", 65536, 0.50, QUEUES, must=True),
         own("call", 65536, 0.50, QUEUES, "round-trip"),
         # Whose messages are read where they were copied to
         own("round-trip", 65536, 0.50, ["binder"]),
         own("call", 65536, 0.50, ["binder"]),
         own("batch", 64, 0.67, [RIVAL]),
         own("batch", 64, 0.80, ["pipe"]),
         own("vector-32", 64, 0.20, [RIVAL]),
         own("fan-out-64", 64, 0.35, [RIVAL], must=True),
         own("fan-out-awake-64", 64, 0.80, [RIVAL], must=True)] + BULK +
        [flat("depth-100000", 64, "depth-1"),
         flat("depth-100000-spread", 64, "depth-10-spread"),
         flat("priorities-64", 64, "priorities-1"),
         flat("queues-10000", 8, "queues-1"),
         # By sender, and whatever comes first, among very many messages of others
         flat("receive-from", 64, "receive-any", 10),
         Target(("hand-over", 256 << 20, SUBJECT), 2, [("empty", 0, SUBJECT)], True)],
    "counted-erms": BULK,
    "parallel":
        [own(case, size, 0.05, KERNELS, "round-trip") for case, size in CALLS] +
        [Target(("round-trip", 64, CHANNEL), 1.3, [("round-trip", 64, "futex-ring")], True),
         # 0.94 where moving cache lines takes most of the time, 1.6 where instructions do
         Target(("stream", 64, CHANNEL), 1.3, [("stream", 64, "futex-ring")]),
         Target(("stream", 64, CHANNEL), 0.1, [("stream", 64, RIVAL)], True)],
}
# What a line may be at most
LIMITS = {("wakeups-100", 64, SUBJECT): 1000,
          ("memory-queue", 64, SUBJECT): 1536,
          ("memory-message", 64, SUBJECT): 256,
          ("idle", 64, SUBJECT): 0}
# The channel to the ring by hand; the mailbox to the best of the kernel, to RIVAL
HEAD = ["case", "bytes"] + TRANSPORTS + ["channel/ring", "/kernel", "/" + RIVAL]


def ratio(figures, peers, subject=SUBJECT):
    values = [figures[p].median for p in peers if p in figures]
    if subject not in figures or not values:
        return None
    return figures[subject].median / max(min(values), 1)


def row(case, size, unit, figures):
    name = case if unit in ("instructions", "ns") else "{} [{}]".format(case, unit)
    ratios = [ratio(figures, ["futex-ring"], CHANNEL),
              ratio(figures, KERNELS), ratio(figures, [RIVAL])]
    return ([name, size] +
            [str(figures[t]) if t in figures else "-" for t in TRANSPORTS] +
            ["{:.2f}".format(r) if r is not None else "-" for r in ratios])


def print_table(rows):
    widths = [max(map(len, column)) for column in zip(*rows)]
    for cells in rows:
        print("  ".join(cell.ljust(width) if i == 0 else cell.rjust(width)
                        for i, (cell, width) in enumerate(zip(cells, widths))))


def print_extras(table):
    """What would take a column for very few lines."""
    for (case, size, unit), figures in table.items():
        for transport in EXTRAS:
            if transport in figures:
                print("{} of {} bytes by {}: {} {}".format(
                    case, size, transport, figures[transport], unit))


def beaten(table):
    """The lines on which POSIX queues are better, and whether they must not be."""
    for (case, size, unit), figures in table.items():
        if unit != "instructions" or not {RIVAL, SUBJECT} <= figures.keys():
            continue
        if figures[SUBJECT].median > figures[RIVAL].median:
            yield "{}: {:.3f} times {}, target 1".format(
                name((case, size, SUBJECT)), ratio(figures, [RIVAL]),
                RIVAL), case not in SLOWER


def spread_out(table):
    for (case, size, unit), figures in table.items():
        for transport in (SUBJECT, CHANNEL):
            if (unit == "instructions" and transport in figures and
                    figures[transport].spread > SPREAD):
                yield "{}: boots {:.1f} % apart, target {:.0f} %".format(
                    name((case, size, transport)), 100 * figures[transport].spread,
                    100 * SPREAD)


def unmeasured(table):
    """Lines of the rival where there must be one of this project, if it was asked for."""
    if not any(SUBJECT in figures for figures in table.values()):
        return
    for (case, size, unit), figures in table.items():
        if RIVAL in figures and SUBJECT not in figures:
            yield "{} [{}]: no figure".format(name((case, size, SUBJECT)), unit)


def name(line):
    return "{} of {} bytes by {}".format(*line)


def medians_of(table):
    """Times, and what LIMITS has; nothing of processors beside times."""
    return {(case, int(size), transport): figure.median
            for (case, size, unit), figures in table.items() if unit != "cpu-s/million"
            for transport, figure in figures.items()}


def judge(medians, target):
    """What to print about a target, and whether it is met."""
    rivals = {line: medians[line] for line in target.rivals if line in medians}
    best = min(rivals, key=rivals.get)
    times = medians[target.subject] / max(rivals[best], 1)
    text = "{}: {:.3f} times {}, target {}".format(
        name(target.subject), times, name(best), target.times)
    return text, times <= target.times


def judge_targets(table, targets):
    """What is missed, and whether it must not be; those without figures are neither."""
    medians = medians_of(table)
    missed = []
    for target in targets:
        if target.subject in medians and medians.keys() & target.rivals:
            text, met = judge(medians, target)
            print("{}: {}".format("met" if met else "missed", text))
            if not met:
                missed.append((text, target.must))
    others = [*beaten(table), *((text, False) for text in spread_out(table))]
    for text, _ in others:
        print("missed: " + text)
    return missed + others


def limit_misses(table):
    medians = medians_of(table)
    for line, limit in LIMITS.items():
        if line in medians:
            text = "{}: {:.0f}, at most {}".format(name(line), medians[line], limit)
            print("limit: " + text)
            if medians[line] > limit:
                yield text


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--busy", action="store_true")
    parser.add_argument("results")
    options = parser.parse_args()
    modes, boots = read(options.results)
    failures = []
    for mode, table in modes.items():
        unit = "ns" if mode == "parallel" else "instructions"
        print("{} mode, {} boot(s): {}, median (least-greatest)".format(
            mode, len(boots[mode]), unit))
        print_table([HEAD] + [row(*key, table[key]) for key in table])
        print_extras(table)
        missed = judge_targets(table, TARGETS[mode])
        busy = mode == "parallel" and options.busy
        if not busy:
            failures += [text for text, must in missed if must]
        failures += list(limit_misses(table)) + list(unmeasured(table))
        print("{} mode: {} targets missed{}\n".format(
            mode, len(missed), ", but others used the host" if busy else ""))
    for line in failures:
        print("FAILED: " + line)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
