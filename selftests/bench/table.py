#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Print what bench measured, and whether the targets are met.

usage: table.py [--busy] RESULTS.CSV

One table for each mode: the median over all boots, and the least and the
greatest single measurement.  The exit status is 1 if, in counted mode, a time
of ipcmbox is missing or longer than that of mqueue, or if one of TARGETS is
missed; those of parallel mode do not count with --busy: others used the host.
"""
import argparse
import collections
import sys

from results import CHANNEL, KERNELS, RIVAL, SUBJECT, TRANSPORTS, read

# What an event costs more than a message pays off from the second member on.
NO_TARGET = ["fan-out-1"]
# A time at most so many times the best of those it is held against, each a case,
# a size and a transport.
Target = collections.namedtuple("Target", "subject times rivals")
TARGETS = {
    "counted": [
        # By sender, and whatever comes first, among very many messages of others
        Target(("receive-from", 64, SUBJECT), 10, [("receive-any", 64, SUBJECT)]),
        Target(("bulk", 1 << 20, SUBJECT), 0.6,
               [("bulk", 1 << 20, t) for t in ("pipe", "stream", "seqpacket")]),
        Target(("hand-over", 256 << 20, SUBJECT), 2, [("empty", 0, SUBJECT)]),
    ],
    "parallel": [
        Target(("round-trip", 64, CHANNEL), 1.3, [("round-trip", 64, "futex-ring")]),
        Target(("stream", 64, CHANNEL), 1.3, [("stream", 64, "futex-ring")]),
        Target(("stream", 64, CHANNEL), 0.1, [("stream", 64, RIVAL)]),
    ],
}
# What a line of counted mode may be at most
LIMITS = {("wakeups-100", 64, SUBJECT): 1000,
          ("memory-queue", 64, SUBJECT): 1536,
          ("memory-message", 64, SUBJECT): 256}
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


def misses(table):
    """The lines which do not meet the target."""
    for (case, size, unit), figures in table.items():
        if unit != "instructions" or case in NO_TARGET:
            continue
        if SUBJECT not in figures and RIVAL in figures:
            yield "{}, {} bytes: no figure of {}".format(case, size, SUBJECT)
        elif RIVAL in figures and figures[SUBJECT].median > figures[RIVAL].median:
            yield "{}, {} bytes: {:.3f} times {}".format(
                case, size, ratio(figures, [RIVAL]), RIVAL)


def judge(table, target):
    """What to print about a target, and whether it is met; None without figures."""
    medians = medians_of(table)
    if not {target.subject, *target.rivals} <= medians.keys():
        return None
    times = medians[target.subject] / min(medians[r] for r in target.rivals)
    text = "{}: {:.2f} times {}, target {}".format(
        name(target.subject), times, ", ".join(map(name, target.rivals)),
        target.times)
    return text, times <= target.times


def name(line):
    return "{} of {} bytes by {}".format(*line)


def medians_of(table):
    return {(case, int(size), transport): figure.median
            for (case, size, _), figures in table.items()
            for transport, figure in figures.items()}


def limit_misses(table):
    medians = medians_of(table)
    for line, limit in LIMITS.items():
        if line in medians:
            text = "{}: {:.0f}, at most {}".format(name(line), medians[line], limit)
            print(text)
            if medians[line] > limit:
                yield text


def target_misses(table, targets):
    for target in targets:
        verdict = judge(table, target)
        if verdict:
            print(verdict[0])
            if not verdict[1]:
                yield verdict[0]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--busy", action="store_true")
    parser.add_argument("results")
    options = parser.parse_args()
    modes, boots = read(options.results)
    counted = modes.get("counted", {})
    missed = list(misses(counted)) + list(limit_misses(counted))
    for mode, table in modes.items():
        unit = "ns" if mode == "parallel" else "instructions"
        print("{} mode, {} boot(s): {}, median (least-greatest)".format(
            mode, len(boots[mode]), unit))
        print_table([HEAD] + [row(*key, table[key]) for key in table])
        missed_here = list(target_misses(table, TARGETS[mode]))
        if mode == "parallel" and options.busy:
            print("others used the host: these targets do not count")
        else:
            missed += missed_here
        print()
    for line in missed:
        print("target missed: " + line)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
