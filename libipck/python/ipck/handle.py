# SPDX-License-Identifier: LGPL-2.1-or-later
"""Handles of the C library: closed once, by hand, by ``with``, or when nobody refers to them."""

from __future__ import annotations

from ctypes import byref, c_void_p
from typing import Any, Callable, ClassVar, Optional, Type, TypeVar

from .errors import check

Self = TypeVar("Self", bound="Handle")


class Handle:
    """What mailboxes and segments have in common."""

    _close: ClassVar[Callable[..., None]]
    _fd: ClassVar[Callable[..., int]]
    _id: ClassVar[Callable[..., int]]

    def __init__(self, handle: c_void_p) -> None:
        """Own a handle of the C library; open() and its like make one."""
        self.handle: Optional[c_void_p] = handle

    @classmethod
    def _made(cls: Type[Self], function: Callable[..., int], *args: Any) -> Self:
        handle = c_void_p()
        check(function(byref(handle), *args))
        return cls(handle)

    def close(self) -> None:
        handle, self.handle = self.handle, None
        self._close(handle)

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "handle", None):
            self.close()

    def fileno(self) -> int:
        """For select and its relatives; the handle keeps it."""
        return check(self._fd(self.handle))

    @property
    def id(self) -> int:
        return int(self._id(self.handle))

    def __repr__(self) -> str:
        name = type(self).__name__
        return f"<{name} #{self.id}>" if self.handle else f"<closed {name}>"
