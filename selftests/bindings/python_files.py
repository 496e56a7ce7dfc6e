# SPDX-License-Identifier: GPL-2.0-only
"""Prints what a Python program needs to run, as scripts/initramfs takes files.

    python_files.py ROOT PROGRAM

That is the interpreter and the modules which are there when the program has been imported;
those below ROOT are at the same place below / in the guest.
"""

import os
import runpy
import sys

root, program = map(os.path.abspath, sys.argv[1:])
runpy.run_path(program)
files = {getattr(module, "__file__", None) for module in sys.modules.values()}
files -= {None, os.path.abspath(__file__)}
print(f"{os.path.realpath(sys.executable)}={sys.executable}")
for path in sorted(map(os.path.abspath, files)):
    print(f"{path}={path[len(root):] if path.startswith(root + '/') else path}")
