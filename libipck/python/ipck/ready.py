# SPDX-License-Identifier: LGPL-2.1-or-later
"""Waiting for one of several mailboxes."""

from __future__ import annotations

import errno
import select
from ctypes import byref, c_uint64, c_void_p
from typing import Sequence, TypeVar

from . import _abi
from ._library import lib
from .errors import check, persist
from .handle import Handle
from .patience import Clock, Timeout, parts

Some = TypeVar("Some", bound=Handle)

_EVENTS = {"r": select.POLLIN, "w": select.POLLOUT, "rw": select.POLLIN | select.POLLOUT}


def wait_any(mailboxes: Sequence[Some], access: str = "r", *,
             timeout: Timeout = None) -> list[Some]:
    """Wait until one is ready, and return all that are, in their order.

    "r": a receive would not block, "w": a send would not, "rw": one of them.  One whose other side
    is gone for good is ready as well.  Others may be faster: for certainty, receive with a timeout
    of 0.
    """
    how, ns, clock = parts(timeout)
    if clock != Clock.MONOTONIC:
        check(-errno.EINVAL)
    handles = (c_void_p * len(mailboxes))(*(mailbox.handle for mailbox in mailboxes))
    ready = c_uint64()
    check(persist(lambda: int(lib.ipck_wait_any(handles, len(handles), _EVENTS[access], how, ns,
                                                byref(ready)))))
    return [mailbox for i, mailbox in enumerate(mailboxes) if ready.value >> i & 1]
