#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Draw what bench measured, with gnuplot.

usage: plot.py RESULTS.CSV DIRECTORY

For each mode DIRECTORY/MODE.svg: the price of a message over its size, a line
for each transport, in one plot for each of CASES.
"""
import os
import subprocess
import sys

from results import CHANNEL, SUBJECT, TRANSPORTS, read

CASES = ["round-trip", "call", "batch", "stream"]
TITLES = {"round-trip": "a message and one back",
          "call": "a call and its reply",
          "batch": "send and receive, nobody sleeps",
          "stream": "one way, to another process"}
UNITS = {"counted": "instructions", "counted-erms": "instructions", "parallel": "ns"}
HEAD = """
set terminal svg size 1100,800 font 'sans,12' background 'white'
set output '{path}'
set datafile missing '-'
set multiplot layout 2,2 title '{mode}: {unit} per operation, median'
set logscale xy
set xlabel 'bytes'
set xtics (8, 64, 1024, 65536)
set xrange [6:100000]
set grid ytics
set key outside right
"""


def style(transport):
    own = transport in (SUBJECT, CHANNEL)
    return "with linespoints lw {} pt 7 ps {} lc {}".format(
        3 if own else 1, 0.6 if own else 0.4, TRANSPORTS.index(transport) + 1)


def lines_of(table, case):
    """points[transport]: (size, figure), in the order of sizes."""
    points = {}
    for (name, size, unit), figures in table.items():
        if name == case and unit in UNITS.values():
            for transport, figure in figures.items():
                points.setdefault(transport, []).append((int(size), figure.median))
    return {transport: sorted(points[transport])
            for transport in TRANSPORTS if transport in points}


def script(table, mode, path):
    text = HEAD.format(path=path, mode=mode, unit=UNITS[mode])
    for case in CASES:
        lines = lines_of(table, case)
        if not lines:
            continue
        text += "set title '{}'\n".format(TITLES[case])
        for transport, points in lines.items():
            text += "${} << END\n{}\nEND\n".format(
                transport.replace("-", "_"),
                "\n".join("{} {:.0f}".format(*point) for point in points))
        text += "plot {}\n".format(", ".join(
            "${} title '{}' {}".format(transport.replace("-", "_"), transport,
                                       style(transport)) for transport in lines))
    return text + "unset multiplot\n"


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    modes, _ = read(sys.argv[1])
    for mode, table in modes.items():
        if not any(lines_of(table, case) for case in CASES):
            continue
        path = os.path.join(sys.argv[2], mode + ".svg")
        subprocess.run(["gnuplot"], input=script(table, mode, path), text=True,
                       check=True)
        print("plot: " + path)


if __name__ == "__main__":
    main()
