#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Print what bench measured, and whether the target is met.

usage: table.py RESULTS.CSV

One table for each mode: the median over all boots, and the least and the
greatest single measurement.  The exit status is 1 if, in counted mode, a time
of ipcmbox is missing or longer than that of mqueue, or if receiving by sender
among 100 000 messages costs more than ten times a plain receive.
"""
import collections
import statistics
import sys

SUBJECT = "ipcmbox"
RIVAL = "mqueue"
TRANSPORTS = ["mqueue", "sysv", "pipe", "stream", "seqpacket", "boost", "zeromq",
              "futex-ring", "channel", SUBJECT]
# What an event costs more than a message pays off from the second member on.
NO_TARGET = ["fan-out-1"]
# By sender, and whatever comes first, among very many messages of others
CHOSEN, ANY, CHOSEN_LIMIT = "receive-from", "receive-any", 10
HEAD = ["case", "bytes"] + TRANSPORTS + ["/best", "/" + RIVAL]


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


def ratio(figures, peers):
    values = [figures[p].median for p in peers if p in figures]
    if SUBJECT not in figures or not values:
        return None
    return figures[SUBJECT].median / max(min(values), 1)


def row(case, size, unit, figures):
    name = case if unit != "bytes" else case + " [bytes]"
    best = ratio(figures, TRANSPORTS[:-1])
    rival = ratio(figures, [RIVAL])
    return ([name, size] +
            [str(figures[t]) if t in figures else "-" for t in TRANSPORTS] +
            ["{:.2f}".format(r) if r is not None else "-" for r in (best, rival)])


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
        if SUBJECT not in figures:
            yield "{}, {} bytes: no figure of {}".format(case, size, SUBJECT)
        elif RIVAL in figures and figures[SUBJECT].median > figures[RIVAL].median:
            yield "{}, {} bytes: {:.3f} times {}".format(
                case, size, ratio(figures, [RIVAL]), RIVAL)


def chosen_misses(table):
    """Receiving from one among many may cost so many times a plain receive."""
    figures = {case: f[SUBJECT].median for (case, _, _), f in table.items()
               if SUBJECT in f and case in (ANY, CHOSEN)}
    if len(figures) < 2:
        return
    times = figures[CHOSEN] / figures[ANY]
    print("{}: {:.2f} times {}".format(CHOSEN, times, ANY))
    if times > CHOSEN_LIMIT:
        yield "{}: more than {} times {}".format(CHOSEN, CHOSEN_LIMIT, ANY)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    modes, boots = read(sys.argv[1])
    for mode, table in modes.items():
        unit = "ns" if mode == "parallel" else "instructions"
        print("{} mode, {} boot(s): {}, median (least-greatest)".format(
            mode, len(boots[mode]), unit))
        print_table([HEAD] + [row(*key, table[key]) for key in table])
        print()
    counted = modes.get("counted", {})
    missed = list(misses(counted)) + list(chosen_misses(counted))
    for line in missed:
        print("target missed: " + line)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
