#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Compare counted figures with recorded ones.

usage: baseline.py record RESULTS.CSV KERNEL QEMU >BASELINE.CSV
       baseline.py check RESULTS.CSV KERNEL BASELINE.CSV

A line of BASELINE.CSV is "case,size,transport,instructions", the median over
all boots; its first line names the kernel, and a comment QEMU and its settings.
"check" fails if a figure of this project is more than LIMIT percent worse than
recorded, if one is missing, or if one is not recorded.  On another kernel than the
recorded one a figure is expected to have moved as that of the POSIX queue has,
where there is one.
"""
import sys

from results import CHANNEL, RIVAL, SUBJECT, read

LIMIT = 3
HEAD = "kernel"


def counted(path):
    """figures[case, size, transport]: instructions."""
    modes, boots = read(path)
    if len(boots.get("counted", ())) < 3:
        sys.exit("baseline.py: at least three counted boots are needed")
    return {(case, size, transport): figure.median
            for (case, size, unit), figures in modes["counted"].items()
            if unit == "instructions"
            for transport, figure in figures.items()
            if transport in (SUBJECT, CHANNEL, RIVAL)}


def recorded(path):
    with open(path, encoding="ascii") as lines:
        rows = [line.strip().split(",") for line in lines
                if not line.startswith("#")]
    if not rows or rows[0][0] != HEAD:
        sys.exit("baseline.py: {} is no baseline".format(path))
    return rows[0][1], {tuple(row[:3]): float(row[3]) for row in rows[1:]}


def record(now, kernel, qemu):
    print("# SPDX-License-Identifier: GPL-2.0-only")
    print("#\n# Medians of at least three counted boots, in instructions, written by")
    print("# scripts/bench --record")
    for line in qemu.splitlines():
        print("# " + line)
    print("{},{}".format(HEAD, kernel))
    for key, value in now.items():
        print("{},{},{},{:.0f}".format(*key, value))


def drift(key, now, then):
    """How much longer the kernel's own queue takes than it did."""
    rival = (key[0], key[1], RIVAL)
    return now[rival] / then[rival] if rival in now and rival in then else 1


def compare(now, then, same_kernel):
    """Print what has moved; how many figures are worse."""
    bad = better = 0
    ours = [key for key in sorted(now.keys() | then.keys()) if key[2] != RIVAL]
    for key in ours:
        name = "{}, {} bytes, {}".format(*key)
        if key not in now or key not in then:
            print("{}: {}".format(name, "not recorded" if key in now else "not measured"))
            bad += 1
            continue
        expected = then[key] * (1 if same_kernel else drift(key, now, then))
        percent = 100 * (now[key] / expected - 1)
        if abs(percent) > LIMIT:
            print("{}: {:.0f} instead of {:.0f}, {:+.1f} %".format(
                name, now[key], expected, percent))
            bad += percent > 0
            better += percent < 0
    if better:
        print("{} figures are better: scripts/bench --record keeps them".format(better))
    print("{} figures compared, {} of them more than {} % worse than recorded".format(
        len(ours), bad, LIMIT))
    return bad


def main():
    arguments = sys.argv[1:]
    if len(arguments) == 4 and arguments[0] == "record":
        record(counted(arguments[1]), *arguments[2:])
        return 0
    if len(arguments) != 4 or arguments[0] != "check":
        sys.exit(__doc__)
    kernel, then = recorded(arguments[3])
    if kernel != arguments[2]:
        print("recorded on {}, this is {}".format(kernel, arguments[2]))
    return 1 if compare(counted(arguments[1]), then, kernel == arguments[2]) else 0


if __name__ == "__main__":
    sys.exit(main())
