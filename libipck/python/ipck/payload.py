# SPDX-License-Identifier: LGPL-2.1-or-later
"""Payloads, where they are in memory."""

from __future__ import annotations

import array
import ctypes
import mmap
from typing import Any, Sequence, Union

from ._abi import FDS_MAX

Payload = Union[bytes, bytearray, memoryview, mmap.mmap, "array.array[Any]", ctypes.Array[Any]]
"""Anything contiguous that has the buffer protocol."""

ROOM = 4096
"""Enough for most messages; one that is longer stays, and tells how much it needs."""


def readable(payload: Payload) -> tuple[Any, int]:
    """Address and length.  Only what is read-only and no bytes object has to be copied."""
    if isinstance(payload, bytes):
        return payload, len(payload)
    view = memoryview(payload)
    if not view.nbytes or view.readonly:
        return view.tobytes(), view.nbytes
    return writable(payload)


def writable(room: Payload) -> tuple[Any, int]:
    """Address and size of where something goes."""
    view = memoryview(room)
    if not view.nbytes:
        return b"", 0
    return (ctypes.c_char * view.nbytes).from_buffer(view.cast("B")), view.nbytes


def address(where: Any) -> int:
    """That of what readable() and writable() tell, which has to be kept as long as it is used."""
    return ctypes.cast(where, ctypes.c_void_p).value or 0


def descriptors(fds: Sequence[int]) -> Any:
    """An array of them."""
    return (ctypes.c_int * len(fds))(*fds)


def room_for_descriptors() -> Any:
    return (ctypes.c_int * FDS_MAX)()
