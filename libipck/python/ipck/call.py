# SPDX-License-Identifier: LGPL-2.1-or-later
"""Requests and their replies, from the side of the caller."""

from __future__ import annotations

import errno
from ctypes import byref
from dataclasses import dataclass
from typing import Sequence

from . import _abi
from ._library import lib
from .errors import check, persist
from .handle import Handle
from .patience import Timeout, apply
from .payload import ROOM, Parts, descriptors, gathered, room_for_descriptors, scattered


@dataclass(frozen=True)
class Answer:
    """How a call has ended."""

    payload: bytes
    status: int
    fds: list[int]


class Call:
    """A request, and the wait for its reply, which can be resumed.

        with ipck.Call(mb, b"request") as call:
            while True:
                try:
                    print(call.wait(1).payload)
                    break
                except TimeoutError:
                    print("at work on it" if call.received else "nobody has it yet")

    A wait that fails before the request was received has withdrawn it, and the next one sends it
    again; later, the next one goes on waiting, and sends nothing.  ``with`` gives it up at its end.
    The payload is read where it is, by each wait that sends it.
    """

    def __init__(self, mailbox: Handle, payload: Parts, *, priority: int = 0,
                 fds: Sequence[int] = (), move: bool = False, max_reply_fds: int = 0) -> None:
        self._mailbox = mailbox
        *self._request, self._in_parts = gathered(payload)
        self._reply_fds = room_for_descriptors()
        self._opt = _abi.ipck_call_opt(flags=self._in_parts | move * _abi.MOVE,
                                       priority=priority, fds=descriptors(fds), nr_fds=len(fds),
                                       reply_fds=self._reply_fds, max_reply_fds=max_reply_fds)
        self._answer = _abi.ipck_answer()
        self._reply = bytearray(ROOM)

    @property
    def received(self) -> bool:
        """Has a wait that failed left the request in the hands of its receiver?"""
        return bool(self._answer.cookie)

    def wait(self, timeout: Timeout = None) -> Answer:
        """Send the request, unless that is done, and wait for the reply."""
        answer = self._answer
        apply(timeout, self._opt)
        ret = persist(self._attempt)
        while ret == -errno.EMSGSIZE and answer.cookie and answer.limit == _abi.LIMIT_BUFFER:
            self._reply = bytearray(answer.length)
            ret = persist(self._attempt)
        length = check(ret, answer.limit)
        return Answer(bytes(memoryview(self._reply)[:length]), answer.status,
                      self._reply_fds[:answer.nr_fds])

    def cancel(self) -> None:
        """Give it up; the receiver learns it when it replies."""
        cookie, self._answer.cookie = self._answer.cookie, 0
        if cookie:
            lib.ipck_call_cancel(self._mailbox.handle, cookie)

    def __enter__(self) -> Call:
        return self

    def __exit__(self, *_: object) -> None:
        self.cancel()

    def __del__(self) -> None:
        if hasattr(self, "_answer"):
            self.cancel()

    def _attempt(self) -> int:
        # If the request is in parts, so is the room for the reply.
        where, size, _ = scattered([self._reply] if self._in_parts else self._reply)
        return int(lib.ipck_call_opt(self._mailbox.handle, *self._request, where, size,
                                     byref(self._opt), byref(self._answer)))
