#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What baseline.py lets pass and what it does not, with figures made up."""
import contextlib
import io
import os
import subprocess
import sys
import tempfile
import unittest

import baseline

KEY = ("call", "8", "ipcmbox")
PEER = ("call", "8", "mqueue")
HERE = os.path.dirname(os.path.abspath(__file__))


def compare(now, then, same_kernel=True):
    """How many are worse, and what is printed."""
    with contextlib.redirect_stdout(io.StringIO()) as text:
        bad = baseline.compare(now, then, same_kernel)
    return bad, text.getvalue()


class Compare(unittest.TestCase):
    def test_same(self):
        self.assertEqual(compare({KEY: 1000}, {KEY: 1000})[0], 0)

    def test_little_worse(self):
        self.assertEqual(compare({KEY: 1029}, {KEY: 1000})[0], 0)

    def test_worse(self):
        bad, text = compare({KEY: 1031}, {KEY: 1000})
        self.assertEqual(bad, 1)
        self.assertIn("call, 8 bytes, ipcmbox: 1031 instead of 1000, +3.1 %", text)

    def test_better(self):
        bad, text = compare({KEY: 900}, {KEY: 1000})
        self.assertEqual(bad, 0)
        self.assertIn("--record", text)

    def test_little_better(self):
        self.assertNotIn("--record", compare({KEY: 980}, {KEY: 1000})[1])

    def test_missing(self):
        self.assertEqual(compare({}, {KEY: 1000})[0], 1)

    def test_not_recorded(self):
        self.assertEqual(compare({KEY: 1000}, {})[0], 1)

    def test_peer_does_not_count(self):
        self.assertEqual(compare({PEER: 2000}, {PEER: 1000})[0], 0)

    def test_other_kernel(self):
        then = {KEY: 1000, PEER: 1000}
        self.assertEqual(compare({KEY: 1100, PEER: 1100}, then, False)[0], 0)
        self.assertEqual(compare({KEY: 1100, PEER: 1100}, then)[0], 1)
        self.assertEqual(compare({KEY: 1100, PEER: 1000}, then, False)[0], 1)


class Files(unittest.TestCase):
    """From results to an exit status, as scripts/bench does it."""

    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)

    def results(self, figure, boots=3):
        path = os.path.join(self.dir.name, "results.csv")
        with open(path, "w", encoding="ascii") as file:
            for seed in range(boots):
                file.write("bench,counted,{},call,8,ipcmbox,instructions,{},1,9999\n"
                           .format(seed, figure))
        return path

    def run_tool(self, *arguments):
        return subprocess.run([sys.executable, "-B", os.path.join(HERE, "baseline.py"),
                               *arguments], capture_output=True, text=True, check=False)

    def check(self, figure, boots=3):
        recorded = self.run_tool("record", self.results(1000), "6.1", "QEMU\n-accel tcg")
        path = os.path.join(self.dir.name, "baseline.csv")
        with open(path, "w", encoding="ascii") as file:
            file.write(recorded.stdout)
        return self.run_tool("check", self.results(figure, boots), "6.1", path).returncode

    def test_same(self):
        self.assertEqual(self.check(1000), 0)

    def test_worse(self):
        self.assertNotEqual(self.check(1050), 0)

    def test_better(self):
        self.assertEqual(self.check(900), 0)

    def test_too_few_boots(self):
        self.assertNotEqual(self.check(1000, boots=2), 0)


if __name__ == "__main__":
    unittest.main()
