# SPDX-License-Identifier: LGPL-2.1-or-later
"""What there is, and who waits for whom."""

from __future__ import annotations

import enum
import os
from ctypes import Structure, byref, c_uint
from dataclasses import dataclass, fields
from typing import Any, Iterator

from . import _abi
from ._library import lib
from .errors import check

MOST_TASKS = 4096


class State(enum.IntFlag):
    """Info.flags and SegmentInfo.flags; other bits are of a newer module."""

    NAMED = _abi.INFO_NAMED
    TRANSIENT = _abi.INFO_TRANSIENT
    FDS = _abi.INFO_FDS
    KEEP_LAST = _abi.INFO_KEEP_LAST
    THREAD = _abi.INFO_THREAD
    SEALABLE = _abi.INFO_SEALABLE
    MAPPED = _abi.INFO_MAPPED
    MOVED = _abi.INFO_MOVED
    POSIX = _abi.INFO_POSIX


class Feature(enum.IntFlag):
    """What a module knows, Limits.features."""

    QUEUE = _abi.FEATURE_QUEUE
    EVENT = _abi.FEATURE_EVENT
    ENDPOINT = _abi.FEATURE_ENDPOINT
    CALL = _abi.FEATURE_CALL
    LEASE = _abi.FEATURE_LEASE
    FDS = _abi.FEATURE_FDS
    VECTOR = _abi.FEATURE_VECTOR
    NOTIFY = _abi.FEATURE_NOTIFY
    BLOCKED = _abi.FEATURE_BLOCKED
    RECORD = _abi.FEATURE_RECORD
    SEGMENT = _abi.FEATURE_SEGMENT
    MOVE = _abi.FEATURE_MOVE
    CHANNEL = _abi.FEATURE_CHANNEL
    PLAIN = _abi.FEATURE_PLAIN
    POSIX = _abi.FEATURE_POSIX
    URING = _abi.FEATURE_URING


class Waiting(enum.IntEnum):
    """What a task waits for, Blocked.what."""

    MESSAGE = _abi.BLOCKED_RECV
    ROOM = _abi.BLOCKED_ROOM
    RECEIPT = _abi.BLOCKED_RECEIPT
    """Its message is not yet received."""
    REPLY = _abi.BLOCKED_REPLY
    """Its message is not yet handled."""


@dataclass(frozen=True)
class Info:
    """State, attributes and counters of a mailbox; ipck.h tells what each is."""

    id: int
    name: str
    uid: int
    gid: int
    mode: int
    flags: int
    discipline: int
    overflow: int
    capacity: int
    max_length: int
    max_bytes: int
    messages: int
    bytes: int
    receiving: int
    readers: int
    writers: int
    waiting_receivers: int
    waiting_senders: int
    sent: int
    received: int
    dropped: int
    withdrawn: int
    unreported: int
    wakeups: int
    peak_messages: int
    peak_bytes: int
    oldest_ns: int
    next_seq: int
    parent: int
    events: int
    pid: int
    tid: int
    members: int
    held: int
    max_deliveries: int
    recorder: int
    dead_letter: int
    redelivered: int
    dead_letters: int


@dataclass(frozen=True)
class SegmentInfo:
    """State and attributes of a segment."""

    id: int
    name: str
    size: int
    charged: int
    uid: int
    gid: int
    mode: int
    flags: int
    seals: int
    readers: int
    writers: int
    payer: int
    pid: int


@dataclass(frozen=True)
class Blocked:
    """A task that waits."""

    mailbox: int
    seq: int
    since_ns: int
    what: int
    """A Waiting, or one of a newer module."""
    priority: int
    pid: int
    tid: int
    peer_pid: int
    peer_tid: int


class Step(enum.IntEnum):
    """What has happened to a message, Record.step."""

    SENT = _abi.STEP_SENT
    """Queued, or handed to a receiver."""
    BLOCKED = _abi.STEP_BLOCKED
    """Its sender waits for room."""
    TAKEN = _abi.STEP_TAKEN
    """In the hands of a receiver."""
    RETURNED = _abi.STEP_RETURNED
    REPLIED = _abi.STEP_REPLIED
    """Or acknowledged."""
    DROPPED = _abi.STEP_DROPPED
    WITHDRAWN = _abi.STEP_WITHDRAWN
    DEAD = _abi.STEP_DEAD
    """It became a dead letter."""


@dataclass(frozen=True)
class Record:
    """A step of a message, as the flight recorder of a mailbox has it."""

    serial: int
    time_ns: int
    """As of time.monotonic_ns()."""
    seq: int
    events: int
    pid: int
    tid: int
    uid: int
    length: int
    priority: int
    step: int
    """A Step, or one of a newer module."""


@dataclass(frozen=True)
class Limits:
    """What the running kernel can do, and the user may."""

    features: int
    length_max: int
    priority_max: int
    name_max: int
    max_mailboxes: int
    max_user_messages: int
    max_user_bytes: int
    user_mailboxes: int
    user_messages: int
    user_bytes: int
    fds_max: int
    iovec_max: int
    max_user_fds: int
    user_fds: int
    max_user_segments: int
    max_user_segment_bytes: int
    user_segments: int
    user_segment_bytes: int


def _values(kind: Any, raw: Structure) -> dict[str, Any]:
    values = {field.name: getattr(raw, field.name) for field in fields(kind)}
    if "name" in values:
        values["name"] = os.fsdecode(values["name"])
    return values


def info_of(raw: _abi.ipck_info) -> Info:
    return Info(**_values(Info, raw))


def segment_info_of(raw: _abi.ipck_shm_info) -> SegmentInfo:
    return SegmentInfo(**_values(SegmentInfo, raw))


def record_of(raw: _abi.ipck_record) -> Record:
    return Record(**_values(Record, raw))


def fill(change: Any, **values: Any) -> None:
    """Have a structure say that these are to be changed, if they are given."""
    for name, value in values.items():
        if value is not None:
            setattr(change, name, value)
            change.mask |= getattr(_abi, "SET_" + name.upper())


def listed(kind: Any, function: Any, last: int = 0, key: str = "id") -> Iterator[Any]:
    """All there are, by a function that tells those whose key is greater than the last."""
    some = (kind * 16)()
    while True:
        count = check(function(last, some, len(some)))
        if not count:
            return
        yield from some[:count]
        last = getattr(some[count - 1], key)


def mailboxes() -> list[Info]:
    """All mailboxes of this IPC namespace."""
    return [info_of(raw) for raw in listed(_abi.ipck_info, lib.ipck_list)]


def segments() -> list[SegmentInfo]:
    """All segments of this IPC namespace."""
    return [segment_info_of(raw) for raw in listed(_abi.ipck_shm_info, lib.ipck_shm_list)]


def blocked(ident: int) -> list[Blocked]:
    """Who waits at a mailbox, and for whom; all of one moment."""
    room, total = 16, c_uint()
    while True:
        tasks = (_abi.ipck_blocked * room)()
        count = check(lib.ipck_blocked(ident, tasks, room, byref(total)))
        if total.value <= room or room == MOST_TASKS:
            return [Blocked(**_values(Blocked, raw)) for raw in tasks[:count]]
        room = min(total.value + 16, MOST_TASKS)


def limits() -> Limits:
    raw = _abi.ipck_limits()
    check(lib.ipck_limits(byref(raw)))
    return Limits(**_values(Limits, raw))
