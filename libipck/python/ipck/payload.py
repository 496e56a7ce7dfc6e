# SPDX-License-Identifier: LGPL-2.1-or-later
"""Payloads, where they are in memory."""

from __future__ import annotations

import array
import ctypes
import mmap
from typing import Any, Sequence, Union, cast

from ._abi import FDS_MAX, IOVEC

Payload = Union[bytes, bytearray, memoryview, mmap.mmap, "array.array[Any]", ctypes.Array[Any]]
"""Anything contiguous that has the buffer protocol."""

Parts = Union[Payload, Sequence[Payload]]
"""Such a thing, or a list or a tuple of up to 64 of them, one behind the other."""

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


class iovec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("len", ctypes.c_size_t)]


def gathered(payload: Parts) -> tuple[Any, int, int]:
    """Address, length or number of parts, and the flag that says which."""
    if isinstance(payload, (list, tuple)):
        return in_parts([readable(part) for part in payload])
    return (*readable(cast(Payload, payload)), 0)


def scattered(room: Parts) -> tuple[Any, int, int]:
    """The same of where something goes."""
    if isinstance(room, (list, tuple)):
        return in_parts([writable(part) for part in room])
    return (*writable(cast(Payload, room)), 0)


def in_parts(parts: list[tuple[Any, int]]) -> tuple[Any, int, int]:
    array: Any = (iovec * len(parts))()
    array.parts = parts  # to keep them
    for one, (where, length) in zip(array, parts):
        one.base, one.len = address(where), length
    return array, len(parts), IOVEC


def address(where: Any) -> int:
    """That of what readable() and writable() tell, which has to be kept as long as it is used."""
    return ctypes.cast(where, ctypes.c_void_p).value or 0


def descriptors(fds: Sequence[int]) -> Any:
    """An array of them."""
    return (ctypes.c_int * len(fds))(*fds)


def room_for_descriptors() -> Any:
    return (ctypes.c_int * FDS_MAX)()
