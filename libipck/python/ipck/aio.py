# SPDX-License-Identifier: LGPL-2.1-or-later
"""Mailboxes in an asyncio program, through their descriptors: no threads."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any, Callable, Deque, Iterable, Optional, TypeVar, Union

from .channel import Peeked, Reservation
from .mailbox import Mailbox, Message, Request
from .payload import Parts, Payload
from .vector import Outgoing

Result = TypeVar("Result")


class Readiness:
    """One direction of a descriptor: any number of coroutines wait, in order of arrival."""

    def __init__(self, add: str, remove: str) -> None:
        self._add, self._remove = add, remove
        self._waiters: Deque[asyncio.Future[None]] = deque()

    async def wait(self, fd: int) -> None:
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        if not self._waiters:
            getattr(loop, self._add)(fd, self._wake)
        self._waiters.append(waiter)
        try:
            await waiter
        finally:
            self._waiters.remove(waiter)
            if not self._waiters:
                getattr(loop, self._remove)(fd)

    def _wake(self) -> None:
        # Level-triggered: as long as there is something, the next one comes next time.
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
                return


class AsyncMailbox:
    """What may block of a mailbox, for coroutines; all else is done with ``mailbox``.

    Deadlines are asyncio's: ``asyncio.wait_for(mb.recv(), 1)``.  Nothing is lost when a coroutine
    is cancelled.  ``async for message in mb`` ends when nobody can send any more.

    Two sides that both wait by readiness never meet in a mailbox of capacity 0: there one side
    has to block.  A call has no readiness: ``asyncio.to_thread(mailbox.call, request)``.
    """

    def __init__(self, mailbox: Mailbox) -> None:
        self.mailbox = mailbox
        self._readable = Readiness("add_reader", "remove_reader")
        self._writable = Readiness("add_writer", "remove_writer")

    async def send(self, payload: Parts, **options: Any) -> bool:
        """As Mailbox.send(), with its options but ``timeout``."""
        return await self._when(self._writable,
                                lambda: self.mailbox.send(payload, timeout=0, **options))

    async def recv(self, *, max_fds: int = 0) -> Message:
        """As Mailbox.recv(): the next message, whatever it is."""
        return await self._when(self._readable,
                                lambda: self.mailbox.recv(timeout=0, max_fds=max_fds))

    async def sendv(self, messages: Iterable[Union[Payload, Outgoing]]) -> list[bool]:
        """As Mailbox.sendv(): those for which there is room when there is some."""
        some = list(messages)
        return await self._when(self._writable, lambda: self.mailbox.sendv(some, timeout=0))

    async def recvv(self, count: int = 64, **options: Any) -> list[Message]:
        """As Mailbox.recvv(), with its options but ``timeout`` and ``full``: what is there."""
        return await self._when(self._readable,
                                lambda: self.mailbox.recvv(count, timeout=0, **options))

    async def reserve(self, length: int, *, events: int = 0) -> Reservation:
        """As Mailbox.reserve(): ``with await mb.reserve(100) as message``."""
        return await self._when(self._writable,
                                lambda: self.mailbox.reserve(length, events=events, timeout=0))

    async def peek(self) -> Peeked:
        """As Mailbox.peek()."""
        return await self._when(self._readable, lambda: self.mailbox.peek(timeout=0))

    async def accept(self, *, lease: Optional[float] = None, max_fds: int = 0) -> Request:
        """As Mailbox.accept()."""
        return await self._when(self._readable,
                                lambda: self.mailbox.accept(timeout=0, lease=lease,
                                                            max_fds=max_fds))

    def __aiter__(self) -> AsyncMailbox:
        return self

    async def __anext__(self) -> Message:
        try:
            return await self.recv()
        except BrokenPipeError:
            raise StopAsyncIteration from None

    async def _when(self, ready: Readiness, attempt: Callable[[], Result]) -> Result:
        # There can be room, but not enough for this message: then there is no event to wait for.
        pause = 0.0
        while True:
            try:
                return attempt()
            except BlockingIOError:
                await asyncio.sleep(pause)
                await ready.wait(self.mailbox.fileno())
                pause = min(pause * 2 or 0.001, 0.05)
