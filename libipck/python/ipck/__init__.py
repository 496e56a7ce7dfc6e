# SPDX-License-Identifier: LGPL-2.1-or-later
"""Mailboxes between processes: libipck for Python.

    import ipck

    with ipck.Mailbox.create("jobs") as mb:
        mb.send(b"hello", priority=5, timeout=1)
        print(mb.recv().payload)

What a mailbox, an event or a segment is says libipck(7); here is how Python says it: handles are
context managers with fileno(), errors are OSErrors of the right subclass, a payload is whatever
has the buffer protocol, and a mapped segment is a mmap.  asyncio programs have AsyncMailbox.

The C library, libipck.so.0, has to be where the loader finds it.  The package needs nothing else:
it speaks to it through ctypes, so that it can be installed without a compiler.
"""

from ._library import lib as _lib
from .aio import AsyncMailbox
from .look import (Blocked, Info, Limits, SegmentInfo, blocked, limits, mailboxes,
                   segments)
from .mailbox import (Answer, Completion, Discipline, Mailbox, Message, Overflow, Peer, Request)
from .patience import Clock, Timeout, Until
from .payload import Payload
from .segment import Range, Segment

__all__ = [
    "Answer", "AsyncMailbox", "Blocked", "Clock", "Completion", "Discipline", "Info", "Limits",
    "Mailbox", "Message", "Overflow", "Payload", "Peer", "Range", "Request", "Segment",
    "SegmentInfo", "Timeout", "Until", "blocked", "limits", "mailboxes", "segments", "version",
]


def version() -> str:
    """That of the C library which is running."""
    return str(_lib.ipck_version().decode())
