#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The Python package does what it says.  Prints TAP.

What the library behind it does has tests of its own.
"""

import array
import asyncio
import concurrent.futures.thread  # asyncio loads it when it needs it
import ctypes
import errno
import fcntl
import gc
import math
import os
import signal
import sys
import threading
import time
import traceback
from contextlib import contextmanager
from typing import Any, Callable, Iterator, List

import ipck
from ipck import (AsyncMailbox, Completion, Discipline, Mailbox, Outgoing, Overflow, Peer, Segment,
                  Until)

tests: List[Callable[[], None]] = []


def test(function: Callable[[], None]) -> Callable[[], None]:
    tests.append(function)
    return function


@contextmanager
def raises(kind: Any, number: int = 0, text: str = "") -> Iterator[None]:
    try:
        yield
    except kind as error:
        assert not number or error.errno == number, error
        assert text in str(error), error
    else:
        raise AssertionError(f"no {kind.__name__}")


@contextmanager
def job(function: Callable[[], Any]) -> Iterator[None]:
    """A thread that has ended, and without an exception, when its scope does."""
    failures: List[BaseException] = []

    def body() -> None:
        try:
            function()
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=body)
    thread.start()
    try:
        yield
    finally:
        thread.join()
    if failures:
        raise failures[0]


def later(seconds: float, function: Callable[[], Any]) -> None:
    time.sleep(seconds)
    function()


def wait_for(condition: Callable[[], Any]) -> None:
    """Until it is true, or for much too long."""
    for _ in range(2000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it did not happen")


@test
def order_and_sender() -> None:
    with Mailbox.create() as mb:
        assert mb.send(b"low")
        assert mb.send(b"high", priority=7, events=2)
        high, low = mb.recv(), mb.recv()
        assert (high.payload, high.priority, high.events) == (b"high", 7, 2)
        assert (high.pid, high.uid) == (os.getpid(), os.geteuid())
        assert (low.payload, low.seq, low.token, low.fds) == (b"low", 1, 0, [])
        mb.send(b"1", priority=1)
        mb.send(b"2", priority=2)
        assert mb.recv(min_priority=2, peek=True).payload == b"2"
        assert mb.recv(min_priority=2).payload == b"2"
        with raises(BlockingIOError):
            mb.recv(min_priority=2, timeout=0)


@test
def payloads() -> None:
    with Mailbox.create() as mb:
        longer = os.urandom(60000)
        numbers, got = array.array("i", [1, 2, 3]), array.array("i", [0] * 8)
        mb.send(numbers)
        assert mb.recv_into(got) == 12 and list(got[:4]) == [1, 2, 3, 0]
        for payload in (b"", bytearray(), bytearray(b"abc"), memoryview(b"abcdef")[2:],
                        memoryview(bytearray(longer))[100:], b"\0\0"):
            mb.send(payload)
            assert mb.recv().payload == bytes(payload)
        mb.send(longer)
        with raises(OSError, errno.EMSGSIZE, "longer than the buffer"):
            mb.recv_into(bytearray(100))
        assert mb.recv().payload == longer
        with raises(OSError, errno.EMSGSIZE, "longer than the mailbox allows"):
            mb.send(bytes(70000))
        with raises(TypeError):
            mb.recv_into(b"read-only")
        with raises(TypeError):
            mb.send("text")  # type: ignore[arg-type]


@test
def payloads_in_parts() -> None:
    with Mailbox.create() as mb:
        mb.send([b"he", bytearray(b"l"), b"", memoryview(b"lo")])
        head, rest = bytearray(2), bytearray(10)
        assert mb.recv_into([head, rest]) == 5
        assert (head, rest[:3]) == (b"he", b"llo")
        mb.send(())
        assert mb.recv().payload == b""
        with job(lambda: mb.accept().reply([b"u", bytes(9999)], status=2)):
            answer = mb.call((b"on", b"e"))
        assert (answer.payload, answer.status) == (b"u" + bytes(9999), 2)
        with raises(OSError, errno.EINVAL):
            mb.send([b"x"] * 65)
        with raises(TypeError):
            mb.send([1])  # type: ignore[list-item]


@test
def timeouts() -> None:
    with Mailbox.create(capacity=1) as mb:
        start = time.monotonic()
        with raises(BlockingIOError, errno.EAGAIN):
            mb.recv(timeout=0)
        with raises(TimeoutError, errno.ETIMEDOUT, "timed out"):
            mb.recv(timeout=0.03)
        with raises(TimeoutError):
            mb.recv(timeout=Until(time.monotonic_ns() + 30_000_000))
        assert time.monotonic() - start >= 0.06
        with raises(TimeoutError):
            mb.recv(timeout=Until(time.time_ns() - 10**9, ipck.Clock.REALTIME))
        with raises(TimeoutError):
            mb.recv(timeout=-1)
        mb.send(b"one", timeout=0)
        with raises(BlockingIOError, errno.EAGAIN, "full"):
            mb.send(b"two", timeout=0)
        with raises(TimeoutError):
            mb.send(b"two", timeout=0.01)
        mb.recv()
        with job(lambda: later(0.02, lambda: mb.send(b"late"))):
            assert mb.recv(timeout=math.inf).payload == b"late"
        with raises(TimeoutError):
            mb.send(b"three", completion=Completion.RECEIVED, timeout=0.01)
        assert mb.stat().messages == 0


@test
def overflow() -> None:
    with Mailbox.create(capacity=1, overflow=Overflow.DROP_NEWEST) as mb:
        assert mb.send(b"one")
        assert not mb.send(b"two")
        mb.recv()
        mb.send(b"three")
        assert mb.recv().lost == 1
        mb.set(capacity=2, overflow=Overflow.FAIL)
        assert (mb.stat().capacity, mb.stat().overflow) == (2, Overflow.FAIL)
        with raises(FileNotFoundError):
            mb.set(dead_letter=1 << 60, max_deliveries=2)
    with Mailbox.create(capacity=None) as mb:
        assert mb.stat().capacity == 0xFFFFFFFF


@test
def handles() -> None:
    with Mailbox.create("test", exclusive=True, mode=0o640) as mb:
        with raises(FileExistsError, errno.EEXIST, "it exists already"):
            Mailbox.create("test", exclusive=True)
        for other in (Mailbox.open("test"), Mailbox.open_id(mb.id),
                      Mailbox.from_fd(os.dup(mb.fileno()))):
            with other:
                assert other.id == mb.id
        assert fcntl.fcntl(mb.fileno(), fcntl.F_GETFD) == fcntl.FD_CLOEXEC
        with Mailbox.open("test", "w") as writer, raises(PermissionError, errno.EACCES):
            writer.recv()
        Mailbox.open("test", "r")
        gc.collect()
        assert (mb.stat().name, mb.stat().readers, mb.stat().writers) == ("test", 1, 1)
        null = os.open("/dev/null", os.O_RDONLY)
        with raises(OSError, errno.ENOTTY):
            Mailbox.from_fd(null)
        os.close(null)
        Mailbox.unlink("test")
        with raises(FileNotFoundError, errno.ENOENT, "no such mailbox"):
            Mailbox.unlink("test")
    with raises(OSError, errno.EINVAL):
        mb.recv()
    mb.close()
    assert "closed" in repr(mb)


@test
def call_and_reply() -> None:
    longer = os.urandom(50000)

    def server() -> None:
        with mb.accept() as request:
            assert request.payload == b"one" and request.owed
            assert request.deadline(3600).ns <= request.call_deadline_ns
            request.reply(b"uno", status=-5)
            assert not request.owed
        mb.accept().reply(longer)
        with mb.accept():
            pass

    with Mailbox.create() as mb:
        with job(server):
            assert mb.call(b"one", timeout=60) == ipck.Answer(b"uno", -5, [])
            assert mb.call(b"two").payload == longer
            assert mb.call(b"three").payload == b""
        with raises(TimeoutError):
            mb.call(b"nobody", timeout=0.01)
        assert mb.stat().messages == 0


@test
def call_given_up() -> None:
    received: List[ipck.Request] = []
    with Mailbox.create() as mb:
        with job(lambda: received.append(mb.accept())):
            wait_for(mb.blocked)
            with raises(TimeoutError):
                mb.call(b"one", timeout=0.2)
        with raises(BrokenPipeError, errno.EPIPE):
            received[0].reply(b"late")
        assert not received[0].owed


@test
def what_is_not_settled_goes_back() -> None:
    with Mailbox.create() as mb:
        mb.send(b"one")
        with raises(ZeroDivisionError), mb.accept(lease=3600) as taken:
            assert taken.owed and mb.stat().held == 1
            taken.renew(7200)
            raise ZeroDivisionError
        again = mb.accept(lease=3600)
        assert (again.payload, again.redelivered) == (b"one", 1)
        again.refuse()
        with mb.accept(lease=3600) as third:
            third.ack()
            with raises(OSError, errno.EINVAL):
                third.ack()
        assert mb.stat().messages == 0
        mb.send(b"two")
        assert not mb.accept().owed
        mb.send(b"three")
        mb.accept(lease=0.01)
        assert mb.recv(timeout=60).redelivered == 1


@test
def serving() -> None:
    with Mailbox.create() as mb:
        server, client = Mailbox.open_id(mb.id, "r"), Mailbox.open_id(mb.id, "w")
    with server, job(lambda: server.serve(lambda request: request[::-1])), client:
        client.send(b"nobody waits for the answer")
        assert client.call(b"abc").payload == b"cba"
        assert client.call(b"").payload == b""


@test
def serving_ends_by_an_exception() -> None:
    def client() -> None:
        assert mb.call(b"one").payload == b"another did"

    def fail(_: bytes) -> bytes:
        raise ZeroDivisionError

    with Mailbox.create() as mb, job(client):
        with raises(ZeroDivisionError):
            mb.serve(fail)
        again = mb.accept()
        assert again.redelivered == 1
        again.reply(b"another did")


@test
def serving_ends_by_a_reply_that_is_none() -> None:
    def client() -> None:
        assert mb.call(b"one").payload == b"another did"

    none: Any = lambda _: None
    with Mailbox.create() as mb, job(client):
        with raises(TypeError):
            mb.serve(none)
        again = mb.accept()
        assert again.redelivered == 1
        again.reply(b"another did")


@test
def direct() -> None:
    with Mailbox.endpoint() as inbox:
        parent = os.getpid()
        child = os.fork()
        if not child:
            try:
                with Mailbox.endpoint() as own:
                    own.send(b"to you", to=Peer.process(parent))
                    with Mailbox.connect(Peer.pidfd(os.pidfd_open(parent))) as there:
                        there.send(b"too")
                    back = own.recv(sender=Peer.process(parent))
                os._exit(back.payload != b"back")
            except BaseException:
                traceback.print_exc(file=sys.stdout)
                os._exit(1)
        one, two = inbox.recv(), inbox.recv()
        assert (one.payload, two.payload, one.pid) == (b"to you", b"too", child)
        inbox.send(b"back", to=Peer.endpoint(one.sender_endpoint))
        assert os.waitpid(child, 0) == (child, 0)
        with raises(ProcessLookupError, errno.ESRCH):
            Mailbox.connect(Peer.process(child))
        with raises(FileExistsError):
            Mailbox.endpoint()


@test
def events() -> None:
    with Mailbox.create(discipline=Discipline.EVENT, keep_last=True) as mb:
        everything = mb.join()
        some = mb.join(1 << 3, capacity=1, overflow=Overflow.FAIL)
        mb.send(b"three", events=1 << 3)
        mb.send(b"four", events=1 << 4)
        with raises(BlockingIOError):
            mb.send(b"three", events=1 << 3)
        assert some.recv().payload == b"three"
        with raises(BlockingIOError):
            some.recv(timeout=0)
        assert [everything.recv().payload for _ in range(2)] == [b"three", b"four"]
        with mb.join(1 << 4) as late:
            assert late.recv(timeout=0).payload == b"four"
        some.leave()
        with raises(BrokenPipeError):
            some.recv()
        assert mb.stat().members == 1
        everything.close()
    with Mailbox.create() as queue, raises(OSError):
        queue.join()


@test
def members_are_told_of_each_other() -> None:
    with Mailbox.create(discipline=Discipline.EVENT) as mb:
        with mb.join(ipck.Event.JOINED | ipck.Event.LEFT) as watcher:
            with mb.join(), mb.join():
                joined, _ = watcher.recvv(2, full=True)
                assert (joined.events, joined.pid) == (ipck.Event.JOINED, os.getpid())
            assert watcher.recv(events=ipck.Event.LEFT).payload == b""
        with mb.join(ipck.Event.USER) as member:
            mb.send(b"", events=1 << 60)
            assert member.recv(timeout=0).events == 1 << 60


@test
def descriptors() -> None:
    with Mailbox.create(fds=True) as mb:
        reads, writes = os.pipe()
        mb.send(b"", fds=[writes])
        with raises(OSError, errno.EMSGSIZE, "more descriptors"):
            mb.recv()
        message = mb.recv(max_fds=4)
        os.close(writes)
        assert len(message.fds) == 1
        os.write(message.fds[0], b"a")
        os.close(message.fds[0])
        assert os.read(reads, 2) == b"a" and os.read(reads, 1) == b""
        with job(lambda: mb.accept().reply(b"in", fds=[reads])):
            answer = mb.call(b"which?", max_reply_fds=1)
        assert answer.payload == b"in" and os.read(answer.fds[0], 1) == b""
        os.close(answer.fds[0])
        os.close(reads)


@test
def segments() -> None:
    with Mailbox.create(fds=True) as mb, Segment.create("test", 8192) as own:
        reader = Segment.open("test", "r")
        Segment.unlink("test")
        with own.map() as area, reader.map(write=False) as seen:
            view = memoryview(area).cast("I")
            view[2] = 42
            area[:5] = b"hello"
            assert seen[:5] == b"hello" and memoryview(seen).readonly
            assert memoryview(seen).cast("I")[2] == 42
            with raises(TypeError):
                seen[0] = 1
            # What is in a segment can be sent, and received into one, where it is.
            mb.send(memoryview(area)[:5])
            assert mb.recv_into(memoryview(area)[100:200]) == 5
            assert seen[100:105] == b"hello"
            view.release()
            with raises(OSError, errno.EBUSY):
                own.send(mb, move=True)
        with own.map(offset=4096) as rest:
            assert len(rest) == 4096
        with raises(PermissionError):
            reader.map()
        own.send(mb, ipck.Range(8, 4))
        shared, part = Segment.recv(mb)
        assert shared.id == own.id and part == (8, 4)
        shared.close()
        own.send(mb, move=True)
        shared, part = Segment.recv(mb, timeout=60)
        assert part == (0, 8192)
        with raises(PermissionError, errno.EPERM):
            own.resize(100)
        shared.resize(100)
        assert own.stat().size == 100
        assert any(info.id == own.id and info.size == 100 for info in ipck.segments())
        mb.send(b"nothing")
        with raises(OSError, errno.EBADMSG):
            Segment.recv(mb)
        shared.close()
        reader.close()
    with raises(FileNotFoundError):
        Segment.open("test")


@test
def segments_move_in_calls() -> None:
    def server() -> None:
        request = mb.accept(max_fds=1)
        with Segment.from_fd(request.fds[0]) as moved:
            assert moved.stat().flags & ipck.State.MOVED
            with raises(PermissionError):
                own.resize(200)
            request.reply(fds=[moved.fileno()], move=True)
            with raises(PermissionError):
                moved.resize(200)

    with Mailbox.create(fds=True) as mb, Segment.create(size=100) as own:
        with job(server):
            answer = mb.call(b"", fds=[own.fileno()], move=True, max_reply_fds=1)
        with Segment.from_fd(answer.fds[0]) as back:
            back.resize(300)
        assert own.stat().size == 300 and not own.stat().flags & ipck.State.MOVED
        own.resize(400)


@test
def channel() -> None:
    with Mailbox.create("test", "r", discipline=Discipline.CHANNEL, capacity=0) as reads, \
            Mailbox.open("test", "w") as writes:
        Mailbox.unlink("test")
        for number in range(200):
            writes.send(b"%d" % number)
            assert reads.recv().payload == b"%d" % number
        with raises(BlockingIOError):
            reads.recv(timeout=0)


@test
def a_mailbox_is_an_iterator() -> None:
    with Mailbox.create() as mb:
        reader = Mailbox.open_id(mb.id, "r")
        mb.send(b"one")
        mb.send(b"two")
    with reader:
        assert [message.payload for message in reader] == [b"one", b"two"]


@test
def many_messages_at_once() -> None:
    with Mailbox.create(capacity=50, fds=True) as mb:
        null = os.open("/dev/null", os.O_RDONLY)
        one = Outgoing(b"two", priority=1, events=4, fds=[null])
        assert mb.sendv([b"one", one, bytearray(b"three")]) == [True] * 3
        first, *others = mb.recvv(max_fds=2)
        assert (first.payload, first.priority, first.events, len(first.fds)) == (b"two", 1, 4, 1)
        assert [(other.payload, other.seq, other.fds) for other in others] == [
            (b"one", 1, []), (b"three", 3, [])]
        os.close(null)
        os.close(first.fds[0])
        # More than there is room for
        assert mb.sendv([b"%d" % i for i in range(70)], timeout=0) == [True] * 50
        with raises(BlockingIOError, errno.EAGAIN, "full"):
            mb.sendv([b"one more"], timeout=0)
        with raises(TimeoutError):
            mb.sendv([b"one more"], timeout=0.01)
        assert [int(message.payload) for message in mb.recvv(40)] == list(range(40))
        assert [int(message.payload) for message in mb.recvv(40)] == list(range(40, 50))
        with raises(BlockingIOError):
            mb.recvv(timeout=0)
        with raises(TimeoutError):
            mb.recvv(timeout=0.01)
        assert mb.sendv([]) == [] and mb.recvv(0) == []
        with job(lambda: mb.sendv([b"first", b"second"])):
            assert [message.payload for message in mb.recvv(2, full=True)] == [b"first", b"second"]
    with Mailbox.create(capacity=1, overflow=Overflow.DROP_NEWEST) as mb:
        assert mb.sendv([b"", b"", b""]) == [True, False, False]


@test
def one_of_many_that_is_too_long_comes_alone() -> None:
    with Mailbox.create() as mb:
        mb.sendv([b"one", b"two" * 10, b"three"])
        ways: List[Callable[[], List[bytes]]] = [
            lambda: [message.payload for message in mb.recvv(room=8)],
            lambda: mb.recv_many(room=8)]
        for received in ways:
            assert received() == [b"one"]
            assert received() == [b"two" * 10]
            assert received() == [b"three"]
            mb.sendv([b"one", b"two" * 10, b"three"])
        with raises(OSError, errno.EMSGSIZE, "longer than the mailbox allows"):
            mb.sendv([bytes(70000), b"never looked at"])
        assert mb.sendv([b"before", bytes(70000), b"never looked at"]) == [True]
        assert mb.stat().messages == 4


@test
def many_plain_messages() -> None:
    with Mailbox.create(capacity=None) as mb:
        numbers = array.array("i", [1, 2])
        assert mb.send_many([b"one", memoryview(b"two"), numbers, b""]) == [True] * 4
        assert mb.recv_many() == [b"one", b"two", numbers.tobytes(), b""]
        mb.send_many(b"%d" % i for i in range(100))
        assert [int(payload) for payload in mb.recv_many(100)] == list(range(64))
        assert [int(payload) for payload in mb.recv_many(100)] == list(range(64, 100))
        assert mb.send_many([]) == [] and mb.recv_many(0) == []


@test
def leases_of_many() -> None:
    with Mailbox.create() as mb:
        mb.sendv([b"one", b"two"])
        one, two = mb.acceptv(lease=3600)
        assert mb.stat().held == 2
        one.ack()
        two.refuse()
        two, = mb.acceptv(5, lease=3600)
        assert (two.payload, two.redelivered) == (b"two", 1)
        two.ack()
        with job(lambda: mb.acceptv()[0].reply(b"uno")):
            assert mb.call(b"one").payload == b"uno"
        assert mb.stat().messages == 0


@test
def signals_do_not_end_many() -> None:
    """What was sent before the signal is sent once, and what comes after it as well."""
    with alarms() as count, Mailbox.create(capacity=5) as mb:
        def receive() -> None:
            for i in range(20):
                time.sleep(0.03)
                assert mb.recv().payload == b"%d" % i

        with job(receive):
            assert mb.sendv([b"%d" % i for i in range(20)]) == [True] * 20
        with job(lambda: later(0.1, lambda: mb.send(b"late"))):
            assert mb.recv_many() == [b"late"]
        assert count[0] >= 2


def until_received(call: ipck.Call) -> None:
    while not call.received:
        with raises(TimeoutError):
            call.wait(0.05)


@test
def a_call_can_be_resumed() -> None:
    received: List[ipck.Request] = []
    with Mailbox.create() as mb:
        with ipck.Call(mb, b"one") as call:
            with raises(TimeoutError):
                call.wait(0.01)
            assert not call.received and mb.stat().messages == 0
            with job(lambda: received.append(mb.accept())):
                until_received(call)
            with raises(TimeoutError):
                call.wait(0.01)
            with raises(BlockingIOError):
                call.wait(0)
            received.pop().reply(bytes(10000), status=3)
            answer = call.wait(0)
            assert (answer.payload, answer.status, call.received) == (bytes(10000), 3, False)
            assert mb.stat().sent == 1
        with ipck.Call(mb, b"two") as call:
            with job(lambda: received.append(mb.accept())):
                until_received(call)
        with raises(BrokenPipeError, errno.EPIPE):
            received.pop().reply(b"late")


@contextmanager
def ring() -> Iterator[List[Mailbox]]:
    """A channel: who reads, and who writes."""
    with Mailbox.create("test", "r", discipline=Discipline.CHANNEL, capacity=0) as reads, \
            Mailbox.open("test", "w") as writes:
        Mailbox.unlink("test")
        yield [reads, writes]


@test
def messages_are_made_and_read_in_the_ring() -> None:
    with ring() as (reads, writes):
        for i in range(300):
            with writes.reserve(1000, events=i) as made:
                made.buffer[:4] = b"%04d" % i
                assert made.buffer.nbytes == 1000
                made.commit(4)
            with reads.peek() as seen:
                assert seen.payload == b"%04d" % i and seen.payload.readonly
                assert (seen.seq, seen.events, seen.pid) == (i + 1, i, os.getpid())
        with writes.reserve(3) as made:
            made.buffer[:] = b"all"
        assert reads.recv().payload == b"all"
        with writes.reserve(0):
            pass
        with reads.peek() as seen:
            assert seen.payload == b""
        with raises(BlockingIOError):
            reads.peek(timeout=0)
        with raises(TimeoutError):
            reads.peek(timeout=0.01)
        with raises(OSError, errno.EMSGSIZE):
            writes.reserve(1 << 24)
        with raises(PermissionError):
            reads.reserve(1)
        # What one is made of can be received from elsewhere, and sent to there.
        with Mailbox.create() as mb:
            mb.send(b"from a mailbox")
            with writes.reserve(100) as made:
                made.commit(mb.recv_into(made.buffer))
            with reads.peek() as seen:
                mb.send(seen.payload)
            assert mb.recv().payload == b"from a mailbox"
    with Mailbox.create() as queue, raises(OSError, errno.EINVAL):
        queue.peek()


@test
def the_ring_has_one_message_in_hand() -> None:
    with ring() as (reads, writes):
        made = writes.reserve(8)
        with raises(OSError, errno.EBUSY):
            writes.send(b"")
        with raises(OSError, errno.EMSGSIZE):
            made.commit(9)
        made.commit(1)
        with raises(ValueError, text="given back"):
            made.commit()
        with raises(ValueError, text="given back"):
            made.buffer[0] = 1
        with writes.reserve(8) as made:
            made.abandon()
        writes.send(b"two")
        seen = reads.peek()
        with raises(OSError, errno.EBUSY):
            reads.recv()
        assert reads.stat().messages == 2
        seen.release()
        assert reads.stat().messages == 1
        with raises(ValueError):
            seen.payload
        assert reads.recv().payload == b"two"


@test
def a_view_of_the_ring_lives_no_longer_than_the_message() -> None:
    with ring() as (reads, writes):
        made = writes.reserve(8)
        part = made.buffer[2:4]
        with raises(BufferError):
            made.commit()
        part[:] = b"ab"
        del part
        made.commit(4)
        with reads.peek() as seen:
            assert seen.payload == b"\0\0ab"
            with seen.payload[1:] as part, raises(BufferError):
                seen.release()
        with raises(ValueError):
            part[0]
        # What is based on a view counts as one.
        made = writes.reserve(8)
        numbers = (ctypes.c_uint32 * 2).from_buffer(made.buffer)
        numbers[1] = 7
        with raises(BufferError):
            made.commit()
        del numbers
        gc.collect()
        made.commit()
        assert reads.recv().payload[4] == 7


@test
def a_view_can_be_released_before_the_message_is_given_back() -> None:
    with ring() as (reads, writes):
        with writes.reserve(4) as made, made.buffer as room:
            room[:] = b"kept"
        with reads.peek() as seen:
            with seen.payload as payload:
                assert payload == b"kept"
            assert reads.stat().messages == 1
        assert reads.stat().messages == 0


@test
def an_error_that_is_kept_keeps_no_view() -> None:
    with ring() as (_, writes):
        made = writes.reserve(4)
        part = made.buffer[:]
        try:
            made.commit()
        except BufferError as error:
            kept = error
        del part
        made.commit()
        assert kept


@test
def a_message_of_the_ring_that_is_forgotten_is_given_back() -> None:
    with ring() as (reads, writes):
        part = writes.reserve(8).buffer
        with raises(OSError, errno.EBUSY):
            writes.send(b"")
        del part
        with raises(ZeroDivisionError), writes.reserve(8) as made:
            part = made.buffer[1:]
            raise ZeroDivisionError
        with raises(OSError, errno.EBUSY):
            writes.send(b"")
        part[0] = 1
        del part
        writes.send(b"one")
        with raises(ZeroDivisionError), reads.peek():
            raise ZeroDivisionError
        writes.send(b"two")
        assert reads.recv().payload == b"two"
        # A handle is closed when the memory behind it is not in use any more.
        made = writes.reserve(8)
        part = made.buffer[:]
        writes.close()
        with raises(OSError, errno.EINVAL):
            writes.send(b"")
        assert reads.stat().writers == 1
        part[0] = 1
        del part
        made.commit(1)
        assert reads.stat().writers == 0
        assert [message.payload for message in reads] == [b"\1"]


@test
def waiting_for_any() -> None:
    with Mailbox.create(capacity=1) as one, Mailbox.create(capacity=1) as two, \
            ring() as (reads, _):
        everything = [one, two, reads]
        with raises(BlockingIOError):
            ipck.wait_any(everything, timeout=0)
        with raises(TimeoutError):
            ipck.wait_any(everything, timeout=0.01)
        with raises(OSError, errno.EINVAL):
            ipck.wait_any(everything, timeout=Until(time.time_ns(), ipck.Clock.REALTIME))
        two.send(b"")
        assert ipck.wait_any(everything) == [two]
        assert ipck.wait_any([one, two], "w") == [one]
        assert ipck.wait_any([one, two], "rw") == [one, two]
        two.recv()
        with alarms(), job(lambda: later(0.1, lambda: one.send(b""))):
            assert ipck.wait_any(everything) == [one]
        with raises(OSError, errno.EINVAL):
            ipck.wait_any([])


@test
def notifications() -> None:
    with Mailbox.create() as mb:
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
        mb.notify_signal(signal.SIGUSR1)
        with raises(OSError, errno.EBUSY):
            mb.notify_signal(signal.SIGUSR1)
        mb.sendv([b"one", b"two"])
        told = signal.sigwaitinfo([signal.SIGUSR1])
        assert (told.si_pid, told.si_uid) == (os.getpid(), os.getuid())
        assert signal.sigtimedwait([signal.SIGUSR1], 0) is None
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGUSR1])
        mb.recvv(2, full=True)
        count = ctypes.CDLL(None).eventfd(0, os.O_NONBLOCK)  # os.eventfd() is of Python 3.10.
        mb.notify_eventfd(count)
        mb.notify_none()
        mb.notify_eventfd(count)
        mb.send(b"three")
        assert int.from_bytes(os.read(count, 8), sys.byteorder) == 1
        mb.recv()
        mb.send(b"used up")
        with raises(BlockingIOError):
            os.read(count, 8)
        os.close(count)
        with raises(OSError, errno.EBADF):
            mb.notify_eventfd(count)


@test
def recorder() -> None:
    with Mailbox.create() as mb:
        assert mb.record() == []
        mb.set(recorder=100)
        mb.send(b"12345", priority=3, events=2)
        mb.recv()
        first, second, *_ = steps = mb.record()
        assert (first.step, first.length, first.priority, first.events) == (ipck.Step.SENT, 5, 3, 2)
        assert (first.seq, first.pid, first.uid) == (1, os.getpid(), os.geteuid())
        assert second.step == ipck.Step.TAKEN and second.time_ns >= first.time_ns
        assert mb.record(first.serial) == steps[1:]
        mb.set(recorder=50)
        mb.sendv([b""] * 60)
        assert [step.seq for step in mb.record()] == list(range(12, 62))


@test
def names_and_rights_by_id() -> None:
    with Mailbox.create("test") as mb, Segment.create("test", 100) as segment:
        Mailbox.unlink_id(mb.id)
        Segment.unlink_id(segment.id)
        for unlink in (Mailbox.unlink_id, Segment.unlink_id):
            with raises(FileNotFoundError):
                unlink(1 << 60)
        with raises(FileNotFoundError):
            Segment.open("test")
        segment.set(mode=0o444, gid=os.getgid())
        info = segment.stat()
        assert (info.mode, info.uid, info.gid) == (0o444, os.getuid(), os.getgid())


@test
def looking() -> None:
    with Mailbox.create() as mb:
        with job(mb.recv):
            wait_for(mb.blocked)
            task, = mb.blocked()
            assert (task.mailbox, task.pid) == (mb.id, os.getpid())
            assert task.what == ipck.Waiting.MESSAGE
            mb.send(b"")
        many = [Mailbox.create() for _ in range(40)]
        info, = [info for info in ipck.mailboxes() if info.id == mb.id]
        assert (info.sent, info.received, info.name) == (1, 1, "")
        assert not info.flags & (ipck.State.NAMED | ipck.State.FDS)
        assert ipck.limits().features & ipck.Feature.CHANNEL
        assert ipck.limits().user_mailboxes >= len(many) + 1
        with raises(FileNotFoundError):
            ipck.blocked((1 << 64) - 1)
    assert ipck.version().count(".") == 2


@contextmanager
def alarms() -> Iterator[List[int]]:
    """A signal each 20 ms, whose handler returns; how many there were."""
    count = [0]

    def handler(*_: object) -> None:
        count[0] += 1

    signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
    try:
        yield count
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


@test
def signals() -> None:
    """A handler that returns does not end a wait, nor lengthen it; one that raises does."""
    count = 0

    def handler(*_: object) -> None:
        nonlocal count
        count += 1
        if raising:
            raise ZeroDivisionError

    raising = False
    signal.signal(signal.SIGALRM, handler)
    with Mailbox.create() as mb:
        signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
        start = time.monotonic()
        with raises(TimeoutError):
            mb.recv(timeout=0.3)
        assert count >= 2 and 0.3 <= time.monotonic() - start < 30
        with job(lambda: later(0.2, lambda: mb.accept().reply(b"yes"))):
            assert mb.call(b"?").payload == b"yes"
        raising = True
        with raises(ZeroDivisionError):
            mb.recv()
        with raises(ZeroDivisionError):
            mb.call(b"?")
        signal.setitimer(signal.ITIMER_REAL, 0)
        assert mb.stat().messages == 0


@test
def coroutines() -> None:
    async def consume(mb: AsyncMailbox, got: List[bytes]) -> None:
        async for message in mb:
            got.append(message.payload)

    async def main() -> None:
        got: List[bytes] = []
        with Mailbox.create(capacity=2) as both:
            with Mailbox.open_id(both.id, "r") as reader, Mailbox.open_id(both.id, "w") as writer:
                both.close()
                mb, sender = AsyncMailbox(reader), AsyncMailbox(writer)
                consumers = [asyncio.ensure_future(consume(mb, got)) for _ in range(3)]
                await asyncio.gather(*(sender.send(b"%d" % i, priority=1) for i in range(100)))
                writer.close()
                await asyncio.gather(*consumers)
        assert sorted(map(int, got)) == list(range(100))

    asyncio.run(main())


@test
def coroutines_that_give_up() -> None:
    async def main() -> None:
        with Mailbox.create(capacity=1) as mailbox:
            mb = AsyncMailbox(mailbox)
            with raises(asyncio.TimeoutError):
                await asyncio.wait_for(mb.recv(), 0.02)
            waits = [asyncio.ensure_future(mb.recv()) for _ in range(3)]
            await asyncio.sleep(0.01)
            waits[0].cancel()
            await mb.send(b"one")
            assert (await waits[1]).payload == b"one"
            await mb.send(b"two")
            waits[2].cancel()
            assert mailbox.recv(timeout=0).payload == b"two"
            mailbox.send(b"full")
            with raises(asyncio.TimeoutError):
                await asyncio.wait_for(mb.send(b"three"), 0.02)
            assert mailbox.stat().sent == 3

    asyncio.run(main())


@test
def coroutines_that_serve() -> None:
    async def serve(mb: AsyncMailbox) -> None:
        for _ in range(5):
            with await mb.accept() as request:
                await asyncio.sleep(0)
                request.reply(request.payload.upper())

    async def main() -> None:
        with Mailbox.create() as mailbox:
            server = asyncio.ensure_future(serve(AsyncMailbox(mailbox)))
            answers = await asyncio.gather(*(asyncio.to_thread(mailbox.call, b"a%d" % i)
                                             for i in range(5)))
            await server
        assert [answer.payload for answer in answers] == [b"A%d" % i for i in range(5)]

    asyncio.run(main())


@test
def coroutines_with_many_and_in_the_ring() -> None:
    async def write(mb: AsyncMailbox) -> None:
        for i in range(50):
            with await mb.reserve(10000) as made:
                made.buffer[0] = i

    async def read(mb: AsyncMailbox) -> List[int]:
        seen = []
        for _ in range(50):
            with await mb.peek() as message:
                seen.append(message.payload[0])
        return seen

    async def main() -> None:
        with ring() as (reads, writes):
            seen, _ = await asyncio.gather(read(AsyncMailbox(reads)), write(AsyncMailbox(writes)))
        assert seen == list(range(50))
        with Mailbox.create(capacity=5) as mailbox:
            mb = AsyncMailbox(mailbox)
            receiving = asyncio.ensure_future(mb.recvv(3))
            await asyncio.sleep(0)
            assert await mb.sendv([b"%d" % i for i in range(9)]) == [True] * 5
            assert [int(message.payload) for message in await receiving] == [0, 1, 2]
            assert len(await mb.recvv()) == 2

    asyncio.run(main())


@test
def coroutines_with_too_long_messages_do_not_spin() -> None:
    """There is room, but not for this one."""
    async def main() -> None:
        with Mailbox.create(max_bytes=1000, max_length=1000) as mailbox:
            mb = AsyncMailbox(mailbox)
            mailbox.send(bytes(500))
            sending = asyncio.ensure_future(mb.send(bytes(600)))
            start = time.process_time()
            await asyncio.sleep(1)
            assert not sending.done() and time.process_time() - start < 0.5
            await mb.recv()
            assert await sending

    asyncio.run(main())


def main() -> int:
    failed = 0
    print(f"TAP version 13\n1..{len(tests)}", flush=True)
    for number, function in enumerate(tests, 1):
        try:
            function()
            print(f"ok {number} {function.__name__}", flush=True)
        except BaseException:
            for line in traceback.format_exc().splitlines():
                print("#", line)
            print(f"not ok {number} {function.__name__}", flush=True)
            failed += 1
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
