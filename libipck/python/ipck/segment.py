# SPDX-License-Identifier: LGPL-2.1-or-later
"""Segments: memory that processes share."""

from __future__ import annotations

import mmap
import os
from ctypes import byref, c_uint, c_void_p
from typing import NamedTuple, Optional, Type, TypeVar

from . import _abi
from ._library import lib
from .errors import check, persist
from .handle import Handle
from .look import SegmentInfo, fill, segment_info_of
from .mailbox import ACCESS, Mailbox
from .patience import Timeout, apply

Self = TypeVar("Self", bound="Segment")


class Range(NamedTuple):
    """A part of a segment."""

    offset: int
    length: int


class Segment(Handle):
    """An open segment; ``with`` closes it, and mappings stay."""

    _close, _fd, _id = lib.ipck_shm_close, lib.ipck_shm_fd, lib.ipck_shm_id

    @classmethod
    def open(cls: Type[Self], name: str, access: str = "rw") -> Self:
        """Open one that exists: "r" to read, "rw" to write as well, "admin" to look."""
        return cls._made(lib.ipck_shm_open, os.fsencode(name), ACCESS[access], None, None)

    @classmethod
    def create(cls: Type[Self], name: Optional[str] = None, size: int = 0, access: str = "rw", *,
               mode: int = 0o600, sealable: bool = False, seals: int = 0, exclusive: bool = False,
               transient: bool = False) -> Self:
        """Open one, or create it of that size; without a name others get its descriptor."""
        attr = _abi.ipck_shm_attr(size=size, mode=mode, flags=sealable * _abi.SHM_SEALABLE,
                                  seals=seals)
        oflag = os.O_CREAT | exclusive * os.O_EXCL | transient * _abi.O_TRANSIENT
        handle, limit = c_void_p(), c_uint()
        called = None if name is None else os.fsencode(name)
        check(persist(lambda: int(lib.ipck_shm_open(byref(handle), called, ACCESS[access] | oflag,
                                                    byref(attr), byref(limit)))), limit.value)
        return cls(handle)

    @classmethod
    def open_id(cls: Type[Self], ident: int, access: str = "rw") -> Self:
        return cls._made(lib.ipck_shm_open_id, ident, ACCESS[access])

    @classmethod
    def from_fd(cls: Type[Self], fd: int) -> Self:
        """Of a descriptor, inherited or received, which the segment owns from now on."""
        return cls._made(lib.ipck_shm_from_fd, fd)

    @classmethod
    def recv(cls: Type[Self], mailbox: Mailbox, *, timeout: Timeout = None) -> tuple[Self, Range]:
        """Receive one, and which part of it is meant."""
        opt, part, handle = _abi.ipck_recv_opt(), _abi.ipck_range(), c_void_p()
        apply(timeout, opt)
        check(persist(lambda: int(lib.ipck_shm_recv(mailbox.handle, byref(handle), byref(part),
                                                    byref(opt), None))))
        return cls(handle), Range(part.offset, part.length)

    def send(self, mailbox: Mailbox, part: Optional[Range] = None, *, move: bool = False,
             priority: int = 0, timeout: Timeout = None) -> bool:
        """Send it, not its content, whole or a part of it.

        With ``move`` the right to write goes along; who has it mapped must have closed that.
        """
        opt = _abi.ipck_send_opt(flags=move * _abi.MOVE, priority=priority)
        apply(timeout, opt)
        what = byref(_abi.ipck_range(*part)) if part else None
        limit = c_uint()
        ret = persist(lambda: int(lib.ipck_shm_send(mailbox.handle, self.handle, what, byref(opt),
                                                    byref(limit))))
        return check(ret, limit.value) != _abi.SENT_DROPPED

    @staticmethod
    def unlink(name: str) -> None:
        """Remove a name."""
        check(lib.ipck_shm_unlink(os.fsencode(name)))

    @staticmethod
    def unlink_id(ident: int) -> None:
        """Remove the name of the one with that id."""
        check(lib.ipck_shm_unlink_id(ident))

    def set(self, *, mode: Optional[int] = None, uid: Optional[int] = None,
            gid: Optional[int] = None) -> None:
        """Change the rights that are given: all of them, or, with an exception, none."""
        change = _abi.ipck_shm_change()
        fill(change, mode=mode, uid=uid, gid=gid)
        check(lib.ipck_shm_set(self.handle, byref(change)))

    def resize(self, size: int) -> None:
        """What is new is 0."""
        check(persist(lambda: int(lib.ipck_shm_resize(self.handle, size))))

    def stat(self) -> SegmentInfo:
        raw = _abi.ipck_shm_info()
        check(lib.ipck_shm_stat(self.handle, byref(raw)))
        return segment_info_of(raw)

    def map(self, *, write: bool = True, offset: int = 0, length: int = 0) -> mmap.mmap:
        """Map it, or a part that begins with a page; 0 is up to the end.

        What comes back has the buffer protocol: memoryview(), numpy.frombuffer(), struct and
        slices work in the memory itself, nothing is copied.
        """
        return mmap.mmap(self.fileno(), length, flags=mmap.MAP_SHARED, offset=offset,
                         prot=mmap.PROT_READ | (mmap.PROT_WRITE if write else 0))
