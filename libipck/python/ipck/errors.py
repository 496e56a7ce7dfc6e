# SPDX-License-Identifier: LGPL-2.1-or-later
"""Results of the library, as Python tells them."""

from __future__ import annotations

import errno
from typing import Callable

from ._abi import LIMIT_NONE
from ._library import lib


def check(ret: int, limit: int = LIMIT_NONE) -> int:
    """The result, unless it is a failure.

    OSError picks its subclass by the number: BlockingIOError, TimeoutError, BrokenPipeError,
    FileNotFoundError, PermissionError, ProcessLookupError, ...
    """
    if ret < 0:
        raise OSError(-ret, lib.ipck_strerror(ret, limit).decode())
    return ret


def persist(function: Callable[[], int]) -> int:
    """Do it again when a signal interrupts it, whose handler Python has run meanwhile.

    (See PEP 475.)  What it waits for must not be a span, which would begin again.
    """
    while True:
        ret = function()
        if ret != -errno.EINTR:
            return ret
