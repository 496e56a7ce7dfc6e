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
import statistics
import sys

SUBJECT = "ipcmbox"
RIVAL = "mqueue"
KERNELS = ["mqueue", "sysv", "pipe", "stream", "seqpacket"]
TRANSPORTS = KERNELS + ["boost", "zeromq", "futex-ring", "channel", SUBJECT]
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
        Target(("round-trip", 64, "channel"), 1.3, [("round-trip", 64, "futex-ring")]),
        Target(("stream", 64, "channel"), 1.3, [("stream", 64, "futex-ring")]),
        Target(("stream", 64, "channel"), 0.1, [("stream", 64, RIVAL)]),
    ],
}
# The channel to the ring by hand; the mailbox to the best of the kernel, to RIVAL
HEAD = ["case", "bytes"] + TRANSPORTS + ["channel/ring", "/kernel", "/" + RIVAL]


class Figure:
    """What all boots say about one case on one transport."""

    def __init__(self):
        self.medians = []
        self.extremes = []

    def add(self, median, least, greatest):
        self.medians.append(float(median))
        self.extremes += [float(least), float(greatest)]

    @property
    def median(self):
        return statistics.median(self.medians)

    def __str__(self):
        return "{} ({}-{})".format(*map(short, (self.median, min(self.extremes),
                                                max(self.extremes))))


def short(value):
    if value >= 10e6:
        return "{:.1f}M".format(value / 1e6)
    if value >= 1e5:
        return "{:.0f}k".format(value / 1e3)
    return "{:.0f}".format(value)


def read(path):
    """modes[mode][case, size, unit][transport] is a Figure."""
    modes = collections.defaultdict(lambda: collections.defaultdict(
        lambda: collections.defaultdict(Figure)))
    boots = collections.defaultdict(set)
    with open(path, encoding="ascii") as lines:
        for line in lines:
            (word, mode, seed, case, size, transport, unit,
             *figures) = line.strip().split(",")
            if word != "bench" or transport not in TRANSPORTS:
                raise ValueError("not a result: " + line)
            modes[mode][case, size, unit][transport].add(*figures)
            boots[mode].add(seed)
    return modes, boots


def ratio(figures, peers, subject=SUBJECT):
    values = [figures[p].median for p in peers if p in figures]
    if subject not in figures or not values:
        return None
    return figures[subject].median / max(min(values), 1)


def row(case, size, unit, figures):
    name = case if unit != "bytes" else case + " [bytes]"
    ratios = [ratio(figures, ["futex-ring"], "channel"),
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
        if unit == "bytes" or case in NO_TARGET:
            continue
        if SUBJECT not in figures and RIVAL in figures:
            yield "{}, {} bytes: no figure of {}".format(case, size, SUBJECT)
        elif RIVAL in figures and figures[SUBJECT].median > figures[RIVAL].median:
            yield "{}, {} bytes: {:.3f} times {}".format(
                case, size, ratio(figures, [RIVAL]), RIVAL)


def judge(table, target):
    """What to print about a target, and whether it is met; None without figures."""
    medians = {(case, int(size), transport): figure.median
               for (case, size, _), figures in table.items()
               for transport, figure in figures.items()}
    if not {target.subject, *target.rivals} <= medians.keys():
        return None
    times = medians[target.subject] / min(medians[r] for r in target.rivals)
    text = "{}: {:.2f} times {}, target {}".format(
        name(target.subject), times, ", ".join(map(name, target.rivals)),
        target.times)
    return text, times <= target.times


def name(line):
    return "{} of {} bytes by {}".format(*line)


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
    missed = list(misses(modes.get("counted", {})))
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
