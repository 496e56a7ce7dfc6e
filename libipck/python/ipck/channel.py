# SPDX-License-Identifier: LGPL-2.1-or-later
"""Messages of a channel, where they are in its ring."""

from __future__ import annotations

import errno
import threading
import weakref
from ctypes import c_char, c_void_p
from types import TracebackType
from typing import Any, Callable, Optional, Type, TypeVar

from . import _abi
from ._library import lib
from .errors import check
from .handle import Handle

Self = TypeVar("Self", bound="Slot")
GiveBack = Callable[..., int]


class Lender(Handle):
    """A handle with memory that programs look at: it is closed when they have given it back.

    Finalizers give back what was forgotten, in any thread, and in the midst of anything.
    """

    def __init__(self, handle: c_void_p) -> None:
        super().__init__(handle)
        self._lock = threading.RLock()
        self._lent = 0
        self._left: Optional[c_void_p] = None  # closed by the program, and to be closed

    def close(self) -> None:
        """Close it, or, while a message in the ring is in use, have that close it."""
        with self._lock:
            if self.handle is not None:
                self._left, self.handle = self.handle, None
            self._close_if_idle()

    def _close_if_idle(self) -> None:
        if self._lent or self._left is None:
            return
        handle, self._left = self._left, None
        self._close(handle)

    def lend(self) -> Optional[c_void_p]:
        """Remember that there is something to be given back."""
        with self._lock:
            self._lent += 1
            return self.handle

    def take_back(self, handle: Any, how: GiveBack, *args: Any) -> int:
        ret = how(handle, *args)
        with self._lock:
            self._lent -= 1
            self._close_if_idle()
        return ret


class Slot:
    """Memory of a channel, which is the program's until it is given back.

    It must not be looked at after that: giving it back is a BufferError as long as there is a
    memoryview of it that was not released, or an array based on one, as with mmap.close().  What
    is forgotten, or left by an exception, is given back when the last of these is gone, and the
    channel is closed no sooner.
    """

    def __init__(self, mailbox: Lender, where: c_void_p, length: int, how: GiveBack,
                 forget: tuple[Any, ...]) -> None:
        self._mailbox, self._length, self._how, self._forget = mailbox, length, how, forget
        self._handle = mailbox.lend()
        self._lend((c_char * length).from_address(where.value or 0))

    def _lend(self, area: Any) -> None:
        self._last = weakref.finalize(area, self._mailbox.take_back, self._handle, self._how,
                                      *self._forget)
        self._last.atexit = False
        self._area: Any = area  # also when the program releases the view it was given
        view = memoryview(area)
        self._view: Optional[memoryview] = view.cast("B") if self._length else view

    def _memory(self) -> memoryview:
        if self._view is None:
            raise ValueError("the message was given back")
        return self._view

    def _give_back(self, *args: Any) -> None:
        area = self._still_seen()
        if area is not None:
            self._lend(area)
            del area  # which the traceback would keep
            raise BufferError("a view of the message is still in use")
        check(self._mailbox.take_back(self._handle, self._how, *args))

    def _still_seen(self) -> Any:
        """Give up the own view; what others have views of, or None."""
        self._memory()
        self._last.detach()
        left = weakref.ref(self._area)
        self._drop()
        return left()

    def _drop(self) -> None:
        view, self._view = self._view, None
        self._area = None
        try:
            if view is not None:
                view.release()
        except BufferError:
            pass

    def __enter__(self: Self) -> Self:
        return self


class Reservation(Slot):
    """Room for a message in the ring of a channel, where its receiver will read it.

    ``with`` sends all of it at its end, unless it was committed or abandoned, and abandons it
    when an exception comes.
    """

    def __init__(self, mailbox: Lender, where: c_void_p, length: int) -> None:
        super().__init__(mailbox, where, length, lib.ipck_commit, (_abi.ABANDON,))

    @property
    def buffer(self) -> memoryview:
        """The room, to write to."""
        return self._memory()

    def commit(self, length: Optional[int] = None) -> None:
        """Send so many bytes from its beginning, or all of it."""
        if length is None:
            length = self._length
        if not 0 <= length <= self._length:
            check(-errno.EMSGSIZE, _abi.LIMIT_LENGTH)
        self._give_back(length)

    def abandon(self) -> None:
        """There will be no message, once nobody has a view of it any more."""
        self._drop()

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        if kind:
            self.abandon()
        elif self._view is not None:
            self.commit()


class Peeked(Slot):
    """The next message of a channel, where its sender has made it.

    The sender can still write there: what is read twice may differ.  ``with`` releases it, after
    an exception as well: it counts as received then.
    """

    def __init__(self, mailbox: Lender, where: c_void_p, msg: _abi.ipck_msg) -> None:
        super().__init__(mailbox, where, msg.length, lib.ipck_release, ())
        self.seq, self.events, self.sender_endpoint = msg.seq, msg.events, msg.sender_endpoint
        self.pid, self.tid, self.uid, self.gid = msg.pid, msg.tid, msg.uid, msg.gid

    @property
    def payload(self) -> memoryview:
        """The message, to read."""
        return self._memory()

    def release(self) -> None:
        """Be done with it."""
        self._give_back()

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        if kind:
            self._drop()
        elif self._view is not None:
            self.release()

    def _lend(self, area: Any) -> None:
        super()._lend(area)
        self._view = self._memory().toreadonly()
