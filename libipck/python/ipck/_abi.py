# SPDX-License-Identifier: LGPL-2.1-or-later
"""Constants and structures of ipck.h, as ctypes understands them.

Names are those of the header, constants without their IPCK_; its manual is theirs.  scripts/check
compares each with it (selftests/bindings/check_abi.py).
"""

from __future__ import annotations

from ctypes import (POINTER, Structure, c_char, c_int, c_int32, c_size_t, c_uint, c_uint32,
                    c_uint64, c_void_p)
from typing import Any

VERSION_MAJOR = 0
FDS_MAX = 16
NAME_MAX = 255
UNBOUNDED = 0xFFFFFFFF
SENT_DROPPED = 1
ABANDON = c_size_t(-1).value

O_TRANSIENT = 0x40000000
O_ADMIN = 0x20000000

ATTR_KEEP_LAST = 1 << 0
ATTR_FDS = 1 << 1
ATTR_THREAD = 1 << 2
IOVEC = 1 << 4
MOVE = 1 << 6
PEEK = 1 << 0
TOKEN = 1 << 1
WAIT_FOR_ONE = 1 << 2
JOIN_OVERFLOW = 1 << 0
SHM_SEALABLE = 1 << 0

QUEUE = 0
EVENT = 1
MEMBER = 2
ENDPOINT = 3
CHANNEL = 4

OVERFLOW_BLOCK = 0
OVERFLOW_FAIL = 1
OVERFLOW_DROP_OLDEST = 2
OVERFLOW_DROP_NEWEST = 3

QUEUED = 0
RECEIVED = 1
HANDLED = 2

ANY = 0
PROCESS = 1
THREAD = 2
ENDPOINT_ID = 3
PIDFD = 4

CLOCK_MONOTONIC = 0
CLOCK_REALTIME = 1
CLOCK_BOOTTIME = 2

WAIT_FOREVER = 0
WAIT_NEVER = 1
WAIT_UNTIL = 3

LIMIT_NONE = 0
LIMIT_LENGTH = 2
LIMIT_BUFFER = 3

EVENTS_USER = (1 << 61) - 1
EVENT_JOINED = 1 << 61
EVENT_LEFT = 1 << 62
EVENT_DIED = 1 << 63

INFO_NAMED = 1 << 0
INFO_TRANSIENT = 1 << 1
INFO_FDS = 1 << 2
INFO_KEEP_LAST = 1 << 3
INFO_THREAD = 1 << 4
INFO_SEALABLE = 1 << 5
INFO_MAPPED = 1 << 6
INFO_MOVED = 1 << 7
INFO_POSIX = 1 << 8

BLOCKED_RECV = 1
BLOCKED_ROOM = 2
BLOCKED_RECEIPT = 3
BLOCKED_REPLY = 4

FEATURE_QUEUE = 1 << 0
FEATURE_EVENT = 1 << 1
FEATURE_ENDPOINT = 1 << 2
FEATURE_CALL = 1 << 3
FEATURE_LEASE = 1 << 4
FEATURE_FDS = 1 << 5
FEATURE_VECTOR = 1 << 6
FEATURE_NOTIFY = 1 << 7
FEATURE_BLOCKED = 1 << 8
FEATURE_RECORD = 1 << 9
FEATURE_SEGMENT = 1 << 10
FEATURE_MOVE = 1 << 11
FEATURE_CHANNEL = 1 << 12
FEATURE_PLAIN = 1 << 13
FEATURE_POSIX = 1 << 14
FEATURE_URING = 1 << 15

STEP_SENT = 1
STEP_BLOCKED = 2
STEP_TAKEN = 3
STEP_RETURNED = 4
STEP_REPLIED = 5
STEP_DROPPED = 6
STEP_WITHDRAWN = 7
STEP_DEAD = 8

SET_MODE = 1 << 0
SET_UID = 1 << 1
SET_GID = 1 << 2
SET_CAPACITY = 1 << 3
SET_MAX_BYTES = 1 << 4
SET_OVERFLOW = 1 << 5
SET_DEAD_LETTER = 1 << 6
SET_RECORDER = 1 << 7

_TYPES: dict[str, Any] = {
    "i32": c_int32, "u32": c_uint32, "u64": c_uint64, "enum": c_uint, "int": c_int,
    "ptr": c_void_p, "size": c_size_t, "fds": POINTER(c_int), "name": c_char * (NAME_MAX + 1),
}


def _fields(text: str) -> list[tuple[str, Any]]:
    """The members that a text like "u32 length priority; u64 reserved[4]" declares."""
    fields = []
    for declaration in text.split(";"):
        kind, *names = declaration.split()
        for name in names:
            name, _, count = name.rstrip("]").partition("[")
            fields.append((name, _TYPES[kind] * int(count) if count else _TYPES[kind]))
    return fields


class ipck_attr(Structure):
    _fields_ = _fields("u32 capacity max_length; u64 max_bytes; enum overflow; u32 mode;"
                       "enum discipline; u32 flags reserved[8]")


class ipck_send_opt(Structure):
    _fields_ = _fields("u32 flags priority; enum completion wait; u64 wait_ns; enum clock to_kind;"
                       "u64 to events; fds fds; u32 nr_fds reserved[9]")


class ipck_recv_opt(Structure):
    _fields_ = _fields("u32 flags min_priority; enum wait clock; u64 wait_ns events;"
                       "enum from_kind; u32 max_fds; u64 from lease_ns; fds fds; u32 reserved[8]")


class ipck_msg(Structure):
    _fields_ = _fields("u32 length priority; u64 seq lost sender_endpoint; i32 pid tid;"
                       "u32 uid gid limit; enum completion; u64 token events call_deadline_ns;"
                       "u32 redelivered nr_fds; u64 reserved[4]")


class ipck_send_item(Structure):
    _fields_ = _fields("ptr buf; size len; u64 events; fds fds; u32 nr_fds priority; int result;"
                       "u32 limit reserved[4]")


class ipck_recv_item(Structure):
    _fields_ = _fields("ptr buf; size size; fds fds; u32 max_fds; int result; u32 reserved[4]")
    _fields_ += [("msg", ipck_msg)]


class ipck_plain(Structure):
    _fields_ = _fields("ptr buf; size size; int result")


class ipck_call_opt(Structure):
    _fields_ = _fields("u32 flags priority; enum wait clock; u64 wait_ns; fds fds reply_fds;"
                       "u32 nr_fds max_reply_fds reserved[8]")


class ipck_answer(Structure):
    _fields_ = _fields("u64 cookie; u32 length; i32 status; u32 nr_fds limit; u64 reserved[2]")


class ipck_reply_opt(Structure):
    _fields_ = _fields("u32 flags; i32 status; fds fds; u32 nr_fds reserved[5]")


class ipck_join_attr(Structure):
    _fields_ = _fields("u64 mask max_bytes; u32 capacity; enum overflow; u32 flags reserved[5]")


class ipck_info(Structure):
    _fields_ = _fields("u64 id; u32 uid gid mode flags; enum discipline overflow;"
                       "u32 capacity max_length; u64 max_bytes messages bytes;"
                       "u32 receiving readers writers waiting_receivers waiting_senders;"
                       "u64 sent received dropped withdrawn unreported wakeups peak_messages"
                       " peak_bytes oldest_ns next_seq parent events; i32 pid tid;"
                       "u32 members held max_deliveries recorder;"
                       "u64 dead_letter redelivered dead_letters reserved[8]; name name")


class ipck_change(Structure):
    _fields_ = _fields("u32 mask mode uid gid capacity; enum overflow; u64 max_bytes dead_letter;"
                       "u32 max_deliveries recorder reserved[8]")


class ipck_blocked(Structure):
    _fields_ = _fields("u64 mailbox seq since_ns; u32 what priority;"
                       "i32 pid tid peer_pid peer_tid")


class ipck_record(Structure):
    _fields_ = _fields("u64 serial time_ns seq events; i32 pid tid; u32 uid length priority step")


class ipck_limits(Structure):
    _fields_ = _fields("u64 features; u32 length_max priority_max name_max;"
                       "u64 max_mailboxes max_user_messages max_user_bytes user_mailboxes"
                       " user_messages user_bytes; u32 fds_max iovec_max;"
                       "u64 max_user_fds user_fds max_user_segments max_user_segment_bytes"
                       " user_segments user_segment_bytes reserved[4]")


class ipck_shm_attr(Structure):
    _fields_ = _fields("u64 size; u32 mode flags seals reserved[9]")


class ipck_shm_info(Structure):
    _fields_ = _fields("u64 id size charged; u32 uid gid mode flags seals readers writers payer;"
                       "i32 pid; u32 reserved[9]; name name")


class ipck_shm_change(Structure):
    _fields_ = _fields("u32 mask mode uid gid reserved[8]")


class ipck_range(Structure):
    _fields_ = _fields("u64 offset length")
