# SPDX-License-Identifier: LGPL-2.1-or-later
"""Mailboxes, and the messages in them."""

from __future__ import annotations

import enum
import errno
import os
from ctypes import byref, c_uint, c_void_p
from dataclasses import dataclass, fields
from types import TracebackType
from typing import (Any, Callable, Iterable, NamedTuple, Optional, Sequence, Type, TypeVar,
                    Union)

from . import _abi, vector
from ._library import lib
from .call import Answer, Call
from .channel import Lender, Peeked, Reservation
from .errors import check, persist
from .look import Blocked, Info, Record, blocked, fill, info_of, listed, record_of
from .patience import Timeout, Until, apply, lease_ns, nanoseconds
from .payload import (ROOM, Parts, Payload, descriptors, gathered, readable,
                      room_for_descriptors, scattered, writable)
from .vector import Outgoing

Self = TypeVar("Self", bound="Mailbox")

ACCESS = {"r": os.O_RDONLY, "w": os.O_WRONLY, "rw": os.O_RDWR, "admin": _abi.O_ADMIN}


class Discipline(enum.IntEnum):
    """Who receives the messages of a mailbox."""

    QUEUE = _abi.QUEUE
    EVENT = _abi.EVENT
    MEMBER = _abi.MEMBER
    ENDPOINT = _abi.ENDPOINT
    CHANNEL = _abi.CHANNEL


class Overflow(enum.IntEnum):
    """What a send does when the mailbox is full."""

    BLOCK = _abi.OVERFLOW_BLOCK
    FAIL = _abi.OVERFLOW_FAIL
    DROP_OLDEST = _abi.OVERFLOW_DROP_OLDEST
    DROP_NEWEST = _abi.OVERFLOW_DROP_NEWEST


class Completion(enum.IntEnum):
    """When a message counts as sent, and what the send waits for."""

    QUEUED = _abi.QUEUED
    RECEIVED = _abi.RECEIVED
    HANDLED = _abi.HANDLED


class Event(enum.IntFlag):
    """Bits of the mask of join() beside the program's own, and of the events that it receives."""

    USER = _abi.EVENTS_USER
    """All that others can send."""
    JOINED = _abi.EVENT_JOINED
    """Somebody has become a member."""
    LEFT = _abi.EVENT_LEFT
    """... is none any more."""
    DIED = _abi.EVENT_DIED
    """... has died."""


class Peer(NamedTuple):
    """A process, a thread, or an endpoint: Peer.process(pid), Peer.thread(tid), ..."""

    kind: int
    who: int

    @classmethod
    def process(cls, pid: int) -> Peer:
        return cls(_abi.PROCESS, pid)

    @classmethod
    def thread(cls, tid: int) -> Peer:
        return cls(_abi.THREAD, tid)

    @classmethod
    def endpoint(cls, ident: int) -> Peer:
        """By Mailbox.id or Message.sender_endpoint, which is never used again."""
        return cls(_abi.ENDPOINT_ID, ident)

    @classmethod
    def pidfd(cls, fd: int) -> Peer:
        """For Mailbox.connect() only."""
        return cls(_abi.PIDFD, fd)


ANYBODY = Peer(_abi.ANY, 0)


@dataclass(frozen=True)
class Message:
    """A message that was received.  The kernel says who sent it, not the sender."""

    payload: bytes
    fds: list[int]
    """Descriptors that came with it; they are the receiver's to close."""
    priority: int
    seq: int
    lost: int
    sender_endpoint: int
    pid: int
    tid: int
    uid: int
    gid: int
    completion: int
    token: int
    events: int
    call_deadline_ns: int
    redelivered: int


@dataclass(frozen=True)
class Request(Message):
    """A message whose receiver owes something: a reply to a caller, or the end of a lease.

    As a context manager it settles itself: without an exception it is acknowledged, unless it
    was replied to, and with one it goes back to its old place in the mailbox, for others.
    """

    mailbox: Mailbox

    @property
    def owed(self) -> bool:
        """Does anybody wait for a reply, or is there a lease to be ended?"""
        return bool(self.token)

    def reply(self, payload: Parts = b"", *, status: int = 0, fds: Sequence[int] = (),
              move: bool = False) -> None:
        """Answer.  BrokenPipeError is that the caller has given up, which settles it as well."""
        where, length, in_parts = gathered(payload)
        opt = _abi.ipck_reply_opt(flags=in_parts | move * _abi.MOVE, status=status,
                                  fds=descriptors(fds), nr_fds=len(fds))
        limit = c_uint()
        ret = lib.ipck_reply_opt(self.mailbox.handle, self.token, where, length, byref(opt),
                                 byref(limit))
        if ret in (0, -errno.EPIPE, -errno.ESTALE):
            self._settled()
        check(ret, limit.value)

    def ack(self) -> None:
        """Say that it is handled; a caller gets an empty reply."""
        self._settle(lib.ipck_ack)

    def refuse(self) -> None:
        """Put it back, for anybody."""
        self._settle(lib.ipck_refuse)

    def renew(self, lease: float) -> None:
        """Keep it so many seconds longer."""
        check(lib.ipck_renew(self.mailbox.handle, self.token, lease_ns(lease)))

    def deadline(self, seconds: float) -> Until:
        """Until when to work for the caller: a timeout for calls that are made to answer it."""
        msg = _abi.ipck_msg(completion=self.completion, call_deadline_ns=self.call_deadline_ns)
        return Until(lib.ipck_deadline(byref(msg), nanoseconds(seconds)))

    def _settle(self, how: Callable[[Any, int], int]) -> None:
        token = self.token
        self._settled()
        check(how(self.mailbox.handle, token))

    def _settled(self) -> None:
        object.__setattr__(self, "token", 0)

    def __enter__(self) -> Request:
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        if self.token and kind:
            self.refuse()
        elif self.token:
            self.ack()


_MESSAGE_FIELDS = [field.name for field in fields(Message) if field.name not in ("payload", "fds")]


Received = tuple[bytes, list[int], dict[str, Any]]


def _about(msg: _abi.ipck_msg) -> dict[str, Any]:
    return {name: getattr(msg, name) for name in _MESSAGE_FIELDS}


def _attributes(discipline: Discipline, capacity: Optional[int], max_length: int, max_bytes: int,
                overflow: Overflow, mode: int, flags: int) -> _abi.ipck_attr:
    if capacity is None:
        capacity = _abi.UNBOUNDED
    return _abi.ipck_attr(capacity=capacity, max_length=max_length, max_bytes=max_bytes,
                          overflow=overflow, mode=mode, discipline=discipline, flags=flags)


class Mailbox(Lender):
    """An open mailbox: a queue, an event mailbox or a member of one, an endpoint, a channel.

    ``with`` closes it.  Threads may share it, if none closes it.  A timeout of None is for ever, 0
    is not to wait (BlockingIOError), any other is so many seconds, or a moment (TimeoutError).
    """

    _close, _fd, _id = lib.ipck_close, lib.ipck_fd, lib.ipck_id

    #
    # To get one
    #

    @classmethod
    def open(cls: Type[Self], name: str, access: str = "rw") -> Self:
        """Open one that exists: "r" to receive, "w" to send, "rw", or "admin" to look."""
        return cls._made(lib.ipck_open, os.fsencode(name), ACCESS[access], None)

    @classmethod
    def create(cls: Type[Self], name: Optional[str] = None, access: str = "rw", *,
               capacity: Optional[int] = 64, max_length: int = 0, max_bytes: int = 0,
               overflow: Overflow = Overflow.BLOCK, mode: int = 0o600,
               discipline: Discipline = Discipline.QUEUE, fds: bool = False,
               keep_last: bool = False, exclusive: bool = False, transient: bool = False) -> Self:
        """Open one, or create it so.

        Without a name others find it by its id, or get its descriptor.  A capacity of 0 is a
        rendezvous, None is unbounded.  What does not fit what it is, is an OSError (EINVAL).
        """
        flags = fds * _abi.ATTR_FDS | keep_last * _abi.ATTR_KEEP_LAST
        oflag = os.O_CREAT | exclusive * os.O_EXCL | transient * _abi.O_TRANSIENT
        attr = _attributes(discipline, capacity, max_length, max_bytes, overflow, mode, flags)
        return cls._made(lib.ipck_open, None if name is None else os.fsencode(name),
                         ACCESS[access] | oflag, byref(attr))

    @classmethod
    def open_id(cls: Type[Self], ident: int, access: str = "rw") -> Self:
        return cls._made(lib.ipck_open_id, ident, ACCESS[access])

    @classmethod
    def from_fd(cls: Type[Self], fd: int) -> Self:
        """Of a descriptor, inherited or received, which the mailbox owns from now on."""
        return cls._made(lib.ipck_from_fd, fd)

    @classmethod
    def endpoint(cls: Type[Self], *, capacity: Optional[int] = 64, max_length: int = 0,
                 max_bytes: int = 0, overflow: Overflow = Overflow.BLOCK, mode: int = 0o600,
                 fds: bool = False, thread: bool = False) -> Self:
        """The inbox of this process, or of this thread; ``send(..., to=peer)`` sends from it."""
        flags = fds * _abi.ATTR_FDS | thread * _abi.ATTR_THREAD
        attr = _attributes(Discipline.ENDPOINT, capacity, max_length, max_bytes, overflow, mode,
                           flags)
        return cls._made(lib.ipck_endpoint, 0, byref(attr))

    @classmethod
    def connect(cls: Type[Self], peer: Peer) -> Self:
        """The inbox of somebody else, to send to."""
        return cls._made(lib.ipck_connect, peer.kind, peer.who, 0)

    def join(self: Self, mask: int = 0, *, capacity: int = 0, max_bytes: int = 0,
             overflow: Optional[Overflow] = None) -> Self:
        """Become a member of this event mailbox, which receives the events that meet the mask.

        0 is as the event mailbox has it, and all that others can send, Event.USER.
        """
        attr = _abi.ipck_join_attr(mask=mask, capacity=capacity, max_bytes=max_bytes)
        if overflow is not None:
            attr.overflow, attr.flags = overflow, _abi.JOIN_OVERFLOW
        return self._made(lib.ipck_join, self.handle, byref(attr))

    @staticmethod
    def unlink(name: str) -> None:
        """Remove a name."""
        check(lib.ipck_unlink(os.fsencode(name)))

    @staticmethod
    def unlink_id(ident: int) -> None:
        """Remove the name of the one with that id."""
        check(lib.ipck_unlink_id(ident))

    #
    # To be done with it
    #

    def leave(self) -> None:
        """As a member: be none any more."""
        check(lib.ipck_leave(self.handle))

    #
    # What it is
    #

    def stat(self) -> Info:
        raw = _abi.ipck_info()
        check(lib.ipck_stat(self.handle, byref(raw)))
        return info_of(raw)

    def blocked(self) -> list[Blocked]:
        """Who waits here, and for whom."""
        return blocked(self.id)

    def record(self, after: int = 0) -> list[Record]:
        """What the flight recorder has, from the step after that serial; set() switches it on."""
        def some(last: int, records: Any, count: int) -> int:
            return int(lib.ipck_record(self.handle, last, records, count))

        return [record_of(raw) for raw in listed(_abi.ipck_record, some, after, "serial")]

    def set(self, *, mode: Optional[int] = None, uid: Optional[int] = None,
            gid: Optional[int] = None, capacity: Optional[int] = None,
            max_bytes: Optional[int] = None, overflow: Optional[Overflow] = None,
            dead_letter: Optional[int] = None, max_deliveries: int = 0,
            recorder: Optional[int] = None) -> None:
        """Change what is given: all of it, or, with an exception, nothing."""
        change = _abi.ipck_change(max_deliveries=max_deliveries)
        fill(change, mode=mode, uid=uid, gid=gid, capacity=capacity, max_bytes=max_bytes,
             overflow=overflow, dead_letter=dead_letter, recorder=recorder)
        check(lib.ipck_set(self.handle, byref(change)))

    def notify_signal(self, signo: int) -> None:
        """Get a signal, once, when a message arrives while this is empty and nobody waits.

        A mailbox has one notification at a time; it goes when it was used, or this is closed.
        """
        check(lib.ipck_notify_signal(self.handle, signo, None))

    def notify_eventfd(self, fd: int) -> None:
        """Have 1 added to an eventfd (os.eventfd()) then."""
        check(lib.ipck_notify_eventfd(self.handle, fd))

    def notify_none(self) -> None:
        """Take the notification back."""
        check(lib.ipck_notify_none(self.handle))

    #
    # Messages
    #

    def send(self, payload: Parts, *, priority: int = 0, events: int = 0,
             completion: Completion = Completion.QUEUED, timeout: Timeout = None,
             to: Optional[Peer] = None, fds: Sequence[int] = (), move: bool = False) -> bool:
        """Send a message.

        False is that the overflow policy dropped it.  With ``move`` the right to write to the
        segments among the descriptors goes with them.  With Completion.HANDLED a signal is an
        InterruptedError, as the receiver may be at work on the message already.
        """
        where, length, in_parts = gathered(payload)
        kind, who = to or ANYBODY
        opt = _abi.ipck_send_opt(flags=in_parts | move * _abi.MOVE, priority=priority,
                                 completion=completion, to_kind=kind, to=who, events=events,
                                 fds=descriptors(fds), nr_fds=len(fds))
        apply(timeout, opt)
        limit = c_uint()

        def attempt() -> int:
            return int(lib.ipck_send_opt(self.handle, where, length, byref(opt), byref(limit)))

        ret = attempt() if completion == Completion.HANDLED else persist(attempt)
        return check(ret, limit.value) != _abi.SENT_DROPPED

    def recv_into(self, room: Parts, *, timeout: Timeout = None, min_priority: int = 0,
                  events: int = 0, sender: Optional[Peer] = None) -> int:
        """Receive into memory that is there, and return the length."""
        opt = self._recv_opt(timeout, min_priority, events, sender)
        where, size, opt.flags = scattered(room)
        return self._receive(where, size, opt, _abi.ipck_msg())

    def recv(self, *, timeout: Timeout = None, min_priority: int = 0, events: int = 0,
             sender: Optional[Peer] = None, peek: bool = False, max_fds: int = 0) -> Message:
        """Receive a message, the first one that is to the liking of what is given."""
        opt = self._recv_opt(timeout, min_priority, events, sender)
        opt.flags, opt.max_fds = peek * _abi.PEEK, max_fds
        payload, fds, about = self._receive_any(opt)
        return Message(payload, fds, **about)

    def accept(self, *, lease: Optional[float] = None, timeout: Timeout = None,
               min_priority: int = 0, events: int = 0, sender: Optional[Peer] = None,
               max_fds: int = 0) -> Request:
        """Receive what is to be replied to or, with so many seconds of lease, acknowledged."""
        opt = self._recv_opt(timeout, min_priority, events, sender)
        opt.flags, opt.max_fds, opt.lease_ns = _abi.TOKEN, max_fds, lease_ns(lease)
        payload, fds, about = self._receive_any(opt)
        return Request(payload, fds, **about, mailbox=self)

    def __iter__(self: Self) -> Self:
        return self

    def __next__(self) -> Message:
        """The next message, until nobody can send any more: ``for message in mb``."""
        try:
            return self.recv()
        except BrokenPipeError:
            raise StopIteration from None

    def call(self, payload: Parts, *, priority: int = 0, timeout: Timeout = None,
             fds: Sequence[int] = (), move: bool = False, max_reply_fds: int = 0) -> Answer:
        """Send a request and wait for the reply.

        A call that fails has been given up, and the receiver learns it when it replies; Call is
        one that can be waited for again.
        """
        with Call(self, payload, priority=priority, fds=fds, move=move,
                  max_reply_fds=max_reply_fds) as call:
            return call.wait(timeout)

    def sendv(self, messages: Iterable[Union[Payload, Outgoing]], *,
              completion: Completion = Completion.QUEUED, timeout: Timeout = None) -> list[bool]:
        """Send many, in one system call for each 32; the timeout is for all of them.

        For each that was sent there is what send() returns.  The first that fails ends it: then
        there are fewer of these, and its exception comes when what is left is sent again.  With
        HANDLED it may be in the hands of its receiver, and then sent twice: call() can tell.
        """
        opt = _abi.ipck_send_opt(completion=completion)
        apply(timeout, opt)
        return vector.send(self.handle, messages, opt)

    def recvv(self, count: int = 64, *, room: int = ROOM, full: bool = False,
              timeout: Timeout = None, min_priority: int = 0, events: int = 0,
              sender: Optional[Peer] = None, max_fds: int = 0) -> list[Message]:
        """Wait for a message, and receive what else is there, or, with ``full``, wait for so many.

        One that is longer than its room is received alone, when it is its turn.
        """
        opt = self._recv_opt(timeout, min_priority, events, sender)
        opt.flags = 0 if full else _abi.WAIT_FOR_ONE
        return [Message(payload, fds, **about)
                for payload, fds, about in self._receive_some(count, room, max_fds, opt)]

    def acceptv(self, count: int = 64, *, room: int = ROOM, lease: Optional[float] = None,
                timeout: Timeout = None, min_priority: int = 0, events: int = 0,
                sender: Optional[Peer] = None, max_fds: int = 0) -> list[Request]:
        """The same as accept() has it.  Each of them is to be settled."""
        opt = self._recv_opt(timeout, min_priority, events, sender)
        opt.flags, opt.lease_ns = _abi.TOKEN | _abi.WAIT_FOR_ONE, lease_ns(lease)
        return [Request(payload, fds, **about, mailbox=self)
                for payload, fds, about in self._receive_some(count, room, max_fds, opt)]

    def send_many(self, payloads: Iterable[Payload]) -> list[bool]:
        """As sendv(), for less, what is a payload and nothing else: at priority 0."""
        return vector.send_plain(self.handle, payloads)

    def recv_many(self, count: int = 64, *, room: int = ROOM) -> list[bytes]:
        """As recvv(), payloads and nothing else: up to 64, from a channel one."""
        try:
            return vector.receive_plain(self.handle, count, room)
        except OSError as error:
            if error.errno != errno.EMSGSIZE:
                raise
            return [self.recv().payload]

    def reserve(self, length: int, *, events: int = 0, timeout: Timeout = None) -> Reservation:
        """Of a channel: make a message of up to so many bytes where its receiver will read it.

            with channel.reserve(100) as message:
                message.buffer[:5] = b"hello"
                message.commit(5)

        There is one at a time: others are OSErrors (EBUSY) meanwhile.
        """
        opt, where = _abi.ipck_send_opt(events=events), c_void_p()
        apply(timeout, opt)
        check(persist(lambda: int(lib.ipck_reserve(self.handle, length, byref(where),
                                                   byref(opt)))))
        return Reservation(self, where, length)

    def peek(self, *, timeout: Timeout = None) -> Peeked:
        """Of a channel: read the next message where its sender has made it.

            with channel.peek() as message:
                print(message.payload.tobytes())

        There is one at a time: other receives are OSErrors (EBUSY) meanwhile.
        """
        opt, msg, where = _abi.ipck_recv_opt(), _abi.ipck_msg(), c_void_p()
        apply(timeout, opt)
        check(persist(lambda: int(lib.ipck_peek(self.handle, byref(where), byref(opt),
                                                byref(msg)))))
        return Peeked(self, where, msg)

    def serve(self, handler: Callable[[bytes], Payload]) -> None:
        """Answer requests until nobody can send any more, one system call a turn.

        What the handler raises ends this, and the request goes back to its place, as it does if
        the reply cannot be sent.
        """
        room = bytearray(self.stat().max_length)
        msg = _abi.ipck_msg()
        reply: Payload = b""
        while True:
            try:
                where, length = readable(reply)
                ret = persist(lambda: int(lib.ipck_reply_recv(self.handle, where, length,
                                                              *writable(room), byref(msg))))
                if ret == -errno.EPIPE:
                    return
                check(ret, msg.limit)
                reply = handler(bytes(memoryview(room)[:ret]))
            except BaseException:
                if msg.token:
                    lib.ipck_refuse(self.handle, msg.token)
                raise

    @staticmethod
    def _recv_opt(timeout: Timeout, min_priority: int, events: int,
                  sender: Optional[Peer]) -> _abi.ipck_recv_opt:
        kind, who = sender or ANYBODY
        opt = _abi.ipck_recv_opt(min_priority=min_priority, events=events, from_kind=kind)
        setattr(opt, "from", who)
        apply(timeout, opt)
        return opt

    def _receive(self, where: Any, size: int, opt: _abi.ipck_recv_opt, msg: _abi.ipck_msg) -> int:
        return check(persist(lambda: int(lib.ipck_recv_opt(self.handle, where, size, byref(opt),
                                                           byref(msg)))), msg.limit)

    def _receive_any(self, opt: _abi.ipck_recv_opt) -> Received:
        """Of any length: one that is too long stays, and tells how much room it needs."""
        fds, msg = room_for_descriptors(), _abi.ipck_msg()
        opt.fds = fds
        size = ROOM
        while True:
            room = bytearray(size)
            try:
                length = self._receive(*writable(room), opt, msg)
                break
            except OSError as error:
                if error.errno != errno.EMSGSIZE or msg.limit != _abi.LIMIT_BUFFER:
                    raise
                size = msg.length
        return bytes(memoryview(room)[:length]), fds[:msg.nr_fds], _about(msg)

    def _receive_some(self, count: int, room: int, max_fds: int,
                      opt: _abi.ipck_recv_opt) -> list[Received]:
        """One whose room is too small comes alone, when it is the first."""
        try:
            some = vector.receive(self.handle, count, room, max_fds, opt)
        except OSError as error:
            if error.errno != errno.EMSGSIZE:
                raise
            opt.flags, opt.max_fds = opt.flags & ~_abi.WAIT_FOR_ONE, max_fds
            return [self._receive_any(opt)]
        return [(payload, fds, _about(msg)) for payload, fds, msg in some]


