# SPDX-License-Identifier: LGPL-2.1-or-later
"""For pip; what the package is says setup.cfg.

There is no pyproject.toml, because with it pip fetches setuptools instead of using the one
that is installed.
"""

from setuptools import setup

setup()
