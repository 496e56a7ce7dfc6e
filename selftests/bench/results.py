# SPDX-License-Identifier: GPL-2.0-only
"""What bench measured, as scripts/bench collects it."""
import collections
import statistics

SUBJECT = "ipcmbox"
CHANNEL = "channel"
RIVAL = "mqueue"
# What keeps the bytes until they are received, and what else the kernel has
QUEUES = ["mqueue", "sysv", "pipe", "stream", "seqpacket", "dgram"]
KERNELS = QUEUES + ["binder"]
TRANSPORTS = KERNELS + ["boost", "zeromq", "dbus", "eventfd-ring", "futex-ring",
                        CHANNEL, SUBJECT]
# Measured in few cases
EXTRAS = ["ipcmbox-sleep", "vm-readv", "vmsplice"]


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

    @property
    def spread(self):
        """How far the medians of the boots are apart, of their median."""
        return (max(self.medians) - min(self.medians)) / max(self.median, 1)

    def __str__(self):
        return "{} ({}-{})".format(*map(short, (self.median, min(self.extremes),
                                                max(self.extremes))))


def short(value):
    if value >= 10e6:
        return "{:.1f}M".format(value / 1e6)
    if value >= 1e5:
        return "{:.0f}k".format(value / 1e3)
    if value % 1:
        return "{:.1f}".format(value)
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
            if word != "bench" or transport not in TRANSPORTS + EXTRAS:
                raise ValueError("not a result: " + line)
            modes[mode][case, size, unit][transport].add(*figures)
            boots[mode].add(seed)
    return modes, boots
