# SPDX-License-Identifier: LGPL-2.1-or-later
"""Mailboxes between processes: libipck for Python.

    import ipck

    with ipck.Mailbox.create("jobs") as mb:
        mb.send(b"hello", priority=5, timeout=1)
        print(mb.recv().payload)

What a mailbox, an event or a segment is says libipck(7); here is how Python says it: handles are
context managers with fileno(), errors are OSErrors of the right subclass, a payload is whatever
has the buffer protocol, a mapped segment is a mmap, and a message in the ring of a channel a
memoryview.  asyncio programs have AsyncMailbox.

The C library, libipck.so.0, has to be where the loader finds it.  The package needs nothing else:
it speaks to it through ctypes, so that it can be installed without a compiler.
"""

from ._library import lib as _lib
from .aio import AsyncMailbox
from .call import Answer, Call
from .channel import Peeked, Reservation
from .look import (Blocked, Feature, Info, Limits, Record, SegmentInfo, State, Step, Waiting,
                   blocked, limits, mailboxes, segments)
from .mailbox import Completion, Discipline, Event, Mailbox, Message, Overflow, Peer, Request
from .patience import Clock, Timeout, Until
from .payload import Parts, Payload
from .ready import wait_any
from .segment import Range, Segment
from .vector import Outgoing

__all__ = [
    "Answer", "AsyncMailbox", "Blocked", "Call", "Clock", "Completion", "Discipline", "Event",
    "Feature", "Info", "Limits", "Mailbox", "Message", "Outgoing", "Overflow", "Parts", "Payload",
    "Peeked", "Peer", "Range", "Record", "Request", "Reservation", "Segment", "SegmentInfo", "State", "Step",
    "Timeout", "Until", "Waiting", "blocked", "limits", "mailboxes", "segments", "version",
    "wait_any",
]


def version() -> str:
    """That of the C library which is running."""
    return str(_lib.ipck_version().decode())
