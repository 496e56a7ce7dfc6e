#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The Python package does what it says.  Prints TAP.

What the library behind it does has tests of its own.
"""

import array
import asyncio
import concurrent.futures.thread  # asyncio loads it when it needs it
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
from ipck import AsyncMailbox, Completion, Discipline, Mailbox, Overflow, Peer, Segment, Until

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
        with job(lambda: received.append(mb.accept())), raises(TimeoutError):
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
def looking() -> None:
    with Mailbox.create() as mb:
        with job(mb.recv):
            wait_for(mb.blocked)
            task, = mb.blocked()
            assert (task.mailbox, task.what, task.pid) == (mb.id, 1, os.getpid())
            mb.send(b"")
        many = [Mailbox.create() for _ in range(40)]
        info, = [info for info in ipck.mailboxes() if info.id == mb.id]
        assert (info.sent, info.received, info.name) == (1, 1, "")
        assert ipck.limits().user_mailboxes >= len(many) + 1
        with raises(FileNotFoundError):
            ipck.blocked((1 << 64) - 1)
    assert ipck.version().count(".") == 2


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
