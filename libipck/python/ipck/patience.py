# SPDX-License-Identifier: LGPL-2.1-or-later
"""How long something may wait."""

from __future__ import annotations

import enum
import math
import time
from dataclasses import dataclass
from typing import Any, Optional, Union

from ._abi import (CLOCK_BOOTTIME, CLOCK_MONOTONIC, CLOCK_REALTIME, WAIT_FOREVER, WAIT_NEVER,
                   WAIT_UNTIL)

FOREVER_NS = (1 << 64) - 1


class Clock(enum.IntEnum):
    """What a moment is measured by; the numbers are not those of the time module."""

    MONOTONIC = CLOCK_MONOTONIC
    REALTIME = CLOCK_REALTIME
    BOOTTIME = CLOCK_BOOTTIME


@dataclass(frozen=True)
class Until:
    """A moment, in nanoseconds as time.monotonic_ns() or time.time_ns() tell them."""

    ns: int
    clock: Clock = Clock.MONOTONIC


Timeout = Union[float, Until, None]
"""Seconds, where 0 is not to wait at all, or a moment, or None: as long as it takes."""


def nanoseconds(seconds: float) -> int:
    """As the library counts them, which is not beyond 584 years."""
    if math.isinf(seconds) and seconds > 0:
        return FOREVER_NS
    return min(max(int(seconds * 1e9), 0), FOREVER_NS)


def parts(timeout: Timeout) -> tuple[int, int, int]:
    """How to wait, nanoseconds, and the clock of them.

    A span becomes a moment here, so that signals do not lengthen it.
    """
    if timeout is None:
        return WAIT_FOREVER, 0, CLOCK_MONOTONIC
    if isinstance(timeout, Until):
        return WAIT_UNTIL, timeout.ns, timeout.clock
    if timeout == 0:
        return WAIT_NEVER, 0, CLOCK_MONOTONIC
    end = min(time.monotonic_ns() + nanoseconds(timeout), FOREVER_NS)
    return WAIT_UNTIL, end, CLOCK_MONOTONIC


def apply(timeout: Timeout, opt: Any) -> None:
    """Write it into options."""
    opt.wait, opt.wait_ns, opt.clock = parts(timeout)


def lease_ns(seconds: Optional[float]) -> int:
    """That of a lease; there is none that is over at once."""
    return 0 if seconds is None else max(nanoseconds(seconds), 1)
