# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many messages in few system calls."""

from __future__ import annotations

import errno
from ctypes import byref, sizeof
from typing import Any, Callable, Iterable, NamedTuple, Sequence, Union

from . import _abi
from ._library import lib
from .errors import check
from .payload import (Payload, address, descriptors, readable, room_for_descriptors,
                      writable)


class Outgoing(NamedTuple):
    """One of the messages of Mailbox.sendv(), with what is said of it alone."""

    payload: Payload
    priority: int = 0
    events: int = 0
    fds: Sequence[int] = ()


def _run(items: Any, function: Callable[[Any, int], int], resume: bool = True) -> int:
    """How many of the items are done; what the first one fails with is an exception.

    What the next one failed with is told when that is the first.  A signal is no failure.
    """
    done, count = 0, len(items)
    while done < count:
        ret = function(byref(items, done * sizeof(items[0])), count - done)
        done += max(ret, 0)
        error = ret if ret < 0 else items[done].result if done < count else 0
        if error == -errno.EINTR and resume:
            continue
        if not done:
            check(error, _limit_of(items[0]))
        break
    return done


def _limit_of(item: Any) -> int:
    about = getattr(item, "msg", item)
    return int(getattr(about, "limit", _abi.LIMIT_NONE))


def _accepted(items: Any, done: int) -> list[bool]:
    return [item.result != _abi.SENT_DROPPED for item in items[:done]]


def send(handle: Any, messages: Iterable[Union[Payload, Outgoing]], opt: Any) -> list[bool]:
    """Send them; for each that was sent, whether the mailbox has kept it."""
    outgoing = [one if isinstance(one, Outgoing) else Outgoing(one) for one in messages]
    items = (_abi.ipck_send_item * len(outgoing))()
    kept = []
    for item, one in zip(items, outgoing):
        where, item.len = readable(one.payload)
        item.buf, item.priority, item.events = address(where), one.priority, one.events
        item.fds, item.nr_fds = descriptors(one.fds), len(one.fds)
        kept.append(where)
    done = _run(items, lambda at, count: int(lib.ipck_sendv(handle, at, count, byref(opt))),
                opt.completion != _abi.HANDLED)
    return _accepted(items, done)


def send_plain(handle: Any, payloads: Iterable[Payload]) -> list[bool]:
    kept = [readable(payload) for payload in payloads]
    items = (_abi.ipck_plain * len(kept))()
    for item, (where, length) in zip(items, kept):
        item.buf, item.size = address(where), length
    done = _run(items, lambda at, count: int(lib.ipck_send_many(handle, at, count)))
    return _accepted(items, done)


def receive(handle: Any, count: int, room: int, max_fds: int,
            opt: Any) -> list[tuple[bytes, list[int], _abi.ipck_msg]]:
    """Receive up to so many, each no longer than its room: payload, descriptors, and the rest."""
    items = (_abi.ipck_recv_item * count)()
    area = _spread(items, room)
    descriptors_of = [room_for_descriptors() for _ in range(count if max_fds else 0)]
    for item, fds in zip(items, descriptors_of):
        item.fds, item.max_fds = fds, max_fds
    done = _run(items, lambda at, rest: int(lib.ipck_recvv(handle, at, rest, byref(opt))))
    payloads = _gathered(items, done, area, room)
    return [(payload, item.fds[:item.msg.nr_fds], item.msg)
            for payload, item in zip(payloads, items)]


def receive_plain(handle: Any, count: int, room: int) -> list[bytes]:
    items = (_abi.ipck_plain * count)()
    area = _spread(items, room)
    done = _run(items, lambda at, rest: int(lib.ipck_recv_many(handle, at, rest)))
    return _gathered(items, done, area, room)


def _spread(items: Any, room: int) -> bytearray:
    """Give each of the items its room, one behind the other."""
    area = bytearray(len(items) * room)
    start = address(writable(area)[0])
    for i, item in enumerate(items):
        item.buf, item.size = start + i * room, room
    return area


def _gathered(items: Any, done: int, area: bytearray, room: int) -> list[bytes]:
    view = memoryview(area)
    return [bytes(view[i * room:i * room + items[i].result]) for i in range(done)]
