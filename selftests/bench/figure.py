#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Draw README's figure, with gnuplot: what some operations cost, on a line each.

usage: figure.py RESULTS.CSV RELEASE >FIGURE.SVG

A mark for each transport, how many times the instructions of ipcmbox it takes, and those beside.
Results are of counted mode, of a kernel of that RELEASE.
"""
import subprocess
import sys

from results import SUBJECT, read

# What is measured on each line, with its case and size
GROUPS = {
    "round trip": [("8 bytes", "round-trip", 8),
                   ("64 bytes", "round-trip", 64),
                   ("1 KiB", "round-trip", 1024),
                   ("64 KiB", "round-trip", 65536)],
    "call and reply": [("8 bytes", "call", 8),
                       ("1 KiB", "call", 1024),
                       ("64 KiB", "call", 65536)],
    "send and receive": [("8 bytes", "batch", 8),
                         ("64 bytes", "batch", 64),
                         ("the same in vectors of 32", "vector-32", 64),
                         ("64 KiB", "batch", 65536)],
    "one for 64 receivers": [("to send it", "fan-out-64", 64),
                             ("until all, asleep, have it", "fan-out-awake-64", 64)],
}
# Names, shapes and colours, which differ for those, too, who see fewer; the last is on top.
MARKS = {"eventfd-ring": ("ring by hand", 7, "#888888"),
         "binder": ("binder", 15, "#cc79a7"),
         "sysv": ("SysV queue", 11, "#009e73"),
         "mqueue": ("POSIX queue", 13, "#e69f00"),
         "seqpacket": ("seqpacket", 5, "#56b4e9"),
         "pipe": ("pipe", 9, "#0072b2"),
         SUBJECT: ("ipcmbox", 7, "#c81e1e")}
HEAD = """
set terminal svg size 900,600 font 'sans-serif,13' background '#ffffff'
set lmargin at screen 0.355
set rmargin at screen 0.875
set tmargin at screen 0.85
set bmargin at screen 0.155
set label "{{/=16:Bold Instructions for one operation, compared with ipcmbox}}" \
at screen 0.025, screen 0.955
set label "left of the line takes fewer; Linux {release}, one CPU, medians of {boots} boots" \
at screen 0.025, screen 0.91 textcolor '#555555'
set label "ipcmbox" at screen 0.975, screen 0.87 right textcolor '{own}'
set logscale x 2
set xrange [{least}:{most}]
set yrange [{last}.7:-0.7]
set xtics ("1/16" 0.0625, "1/8" 0.125, "1/4" 0.25, "1/2" 0.5, "1" 1, "2" 2, "4" 4)
set tics scale 0 textcolor '#333333'
set border 0
set grid xtics linetype 1 linecolor '#dddddd'
set arrow from 1, graph 0 to 1, graph 1 nohead linewidth 2 linecolor '{own}' back
unset key
"""


def lines():
    """Of each line its place, of which groups are one apart, its group and what is on it."""
    place = 0
    for group, members in GROUPS.items():
        for member in members:
            yield place, group, member
            place += 1
        place += 1


def labels(own):
    """The groups' names beside the first of each; what the mailbox takes at the other end."""
    text, names, seen = "", [], set()
    for place, group, (name, _, _) in lines():
        names.append('"{}" {}'.format(name, place))
        if group not in seen:
            seen.add(group)
            text += 'set label "{{/:Bold {}}}" at screen 0.025, first {}\n'.format(group, place)
        text += "set label '{}' at screen 0.975, first {} right textcolor '{}'\n".format(
            "{:,.0f}".format(own[place]).replace(",", " "), place, MARKS[SUBJECT][2])
    return text + "set ytics ({})\n".format(", ".join(names))


def legend():
    text = ""
    for column, (title, mark, colour) in enumerate(MARKS.values()):
        text += ("set label '{}' at screen {:.3f}, screen 0.045 point pointtype {} "
                 "pointsize 0.8 linecolor '{}' offset 1, -0.2\n").format(
                     title, 0.035 + 0.14 * column, mark, colour)
    return text


def block(name, points):
    return "${} << END\n{}\nEND\n".format(
        name, "\n".join(" ".join("{:.4g}".format(value) for value in point)
                        for point in points))


def compare(table):
    """What the mailbox takes on each line, and how many times that each transport does."""
    own, points = {}, {transport: [] for transport in MARKS}
    for place, _, (_, case, size) in lines():
        figures = table[case, str(size), "instructions"]
        if SUBJECT not in figures:
            sys.exit("{}: no figure of {} of {} bytes".format(sys.argv[0], case, size))
        own[place] = figures[SUBJECT].median
        for transport in MARKS:
            if transport in figures:
                points[transport].append((figures[transport].median / own[place], place))
    return own, points


def spans(points):
    """Of each line the least and the greatest."""
    places = {}
    for times, place in sum(points.values(), []):
        places.setdefault(place, []).append(times)
    return [(min(times), place, max(times)) for place, times in places.items()]


def script(table, release, boots):
    own, points = compare(table)
    every = [times for times, _ in sum(points.values(), [])]
    text = HEAD.format(release=release, boots=boots, own=MARKS[SUBJECT][2], last=max(own),
                       least=min(every) / 1.2, most=max(every) * 1.2)
    text += labels(own) + legend() + block("spans", spans(points))
    plots = ["$spans using 1:2:($3-$1):(0) with vectors nohead linewidth 7 linecolor '#e8e8e8'"]
    for transport, (_, mark, colour) in MARKS.items():
        name = transport.replace("-", "_")
        text += block(name, points[transport])
        plots.append("${} with points pointtype {} pointsize 0.8 linecolor '{}'".format(
            name, mark, colour))
    return text + "plot " + ", ".join(plots) + "\n"


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    modes, boots = read(sys.argv[1])
    text = script(modes["counted"], sys.argv[2], len(boots["counted"]))
    drawn = subprocess.run(["gnuplot"], input=text, text=True, check=True,
                           stdout=subprocess.PIPE).stdout
    first, rest = drawn.split("\n", 1)
    print(first)
    print("<!-- SPDX-License-Identifier: GPL-2.0-only -->")
    print("<!-- Drawn by selftests/bench/figure.py -->")
    print(rest, end="")


if __name__ == "__main__":
    main()
