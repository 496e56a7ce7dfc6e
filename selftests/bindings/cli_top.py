#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The screen of ipck top: what is on it, its keys, and that the terminal is given back.

Prints TAP.  What its tables say is tested by ../cli.sh.
"""

import errno
import fcntl
import os
import select
import signal
import struct
import sys
import termios
import threading
import time
import traceback
from contextlib import contextmanager
from typing import Any, Callable, Iterator, List

import pyte

from ipck import Mailbox

tests: List[Callable[[], None]] = []


def test(function: Callable[[], None]) -> Callable[[], None]:
    tests.append(function)
    return function


class Terminal:
    """What ipck writes to a terminal, as one would see it there."""

    def __init__(self, *options: str, term: str = "linux", rows: int = 24, columns: int = 80,
                 redirect: str = "", ignored: int = 0) -> None:
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self.fd, tty = os.openpty()
        self.resize(rows, columns)
        self.before = termios.tcgetattr(self.fd)
        self.pid = os.fork()
        if not self.pid:
            self.login(tty)
            if redirect:
                os.dup2(os.open(redirect, os.O_RDWR), 0)
            signal.signal(signal.SIGQUIT, signal.SIG_DFL)
            if ignored:
                signal.signal(ignored, signal.SIG_IGN)
            os.execve("/bin/ipck", ["ipck", "top", *options], {"TERM": term} if term else {})
        self.tty = tty

    @staticmethod
    def login(tty: int) -> None:
        os.setsid()
        fcntl.ioctl(tty, termios.TIOCSCTTY, 0)
        for fd in range(3):
            os.dup2(tty, fd)

    def resize(self, rows: int, columns: int) -> None:
        self.screen.resize(rows, columns)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while select.select([self.fd], [], [], max(0, end - time.monotonic()))[0]:
            try:
                data = os.read(self.fd, 65536)
            except OSError as error:
                assert error.errno == errno.EIO
                return
            self.raw += data
            self.stream.feed(data)

    def until(self, condition: Callable[[], Any]) -> None:
        """Until it is true, or for much too long."""
        for _ in range(600):
            if condition():
                return
            self.read(0.1)
        raise AssertionError("it did not happen:\n" + "\n".join(self.screen.display))

    def press(self, keys: str) -> None:
        os.write(self.fd, keys.encode())

    def lines(self, text: str) -> List[int]:
        return [y for y, line in enumerate(self.screen.display) if text in line]

    def shows(self, *texts: str) -> bool:
        """They are there, in this order from above."""
        found = [self.lines(text) for text in texts]
        return all(found) and sorted(found) == found

    def character(self, text: str) -> Any:
        """How the first one of a text looks."""
        y = self.lines(text)[0]
        return self.screen.buffer[y][self.screen.display[y].index(text)]

    def end(self) -> int:
        """Its status; the terminal is as it was."""
        status = -1

        def has_ended() -> bool:
            nonlocal status
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            return pid != 0

        self.until(has_ended)
        self.pid = 0
        self.read(0.1)
        assert termios.tcgetattr(self.fd) == self.before
        assert not self.screen.cursor.hidden
        return status

    def close(self) -> None:
        os.close(self.tty)
        os.close(self.fd)


@contextmanager
def ending(*options: str, **how: Any) -> Iterator[Terminal]:
    """It is told to end, or has something else to say."""
    terminal = Terminal(*options, **how)
    try:
        yield terminal
    finally:
        if terminal.pid:
            os.kill(terminal.pid, signal.SIGKILL)
            os.waitpid(terminal.pid, 0)
        terminal.close()


@contextmanager
def top(*options: str, **how: Any) -> Iterator[Terminal]:
    """It is there, and ends when it is told to."""
    with ending(*options, **how) as terminal:
        terminal.until(lambda: terminal.shows("mailboxes: ", "q quit"))
        yield terminal
        terminal.press("q")
        assert terminal.end() == 0


@contextmanager
def mailboxes(*names: str, mode: str = "rw") -> Iterator[List[Mailbox]]:
    boxes = [Mailbox.create(name, mode) for name in names]
    try:
        yield boxes
    finally:
        for mailbox in boxes:
            mailbox.close()
        for name in names:
            Mailbox.unlink(name)


@test
def shows_what_is_there() -> None:
    with mailboxes("top-one") as [one]:
        one.send(b"12345")
        with top(rows=30, columns=130) as terminal:
            assert terminal.shows("mailboxes: ", "KIND", "top-one", "q quit")
            words = terminal.screen.display[terminal.lines("top-one")[0]].split()
            assert words[:2] == [str(one.id), "queue"] and words[3:5] == ["1", "5"], words
            assert terminal.character("KIND").reverse
            assert not terminal.character("STATE").reverse
            assert terminal.screen.cursor.hidden


@test
def keys_sort() -> None:
    counts = {"top-one": 1, "top-two": 3, "top-three": 2}
    with mailboxes(*counts) as boxes, top("-s", "name") as terminal:
        for mailbox, count in zip(boxes, counts.values()):
            for _ in range(count):
                mailbox.send(b"")
        terminal.until(lambda: terminal.shows("top-one", "top-three", "top-two"))
        terminal.press("r")
        terminal.until(lambda: terminal.shows("top-two", "top-three", "top-one"))
        terminal.press("<" * 20 + ">")
        terminal.until(lambda: terminal.shows("top-one", "top-three", "top-two"))
        assert terminal.character("STATE").reverse and terminal.character("NAME").reverse
        assert not terminal.character("MESSAGES").reverse
        terminal.press("r")
        terminal.until(lambda: terminal.shows("top-two", "top-three", "top-one"))
        terminal.press("\x1b[C" * 20)
        terminal.until(lambda: terminal.shows("top-one", "top-three", "top-two"))
        assert not terminal.character("NAME").reverse


@test
def keys_filter() -> None:
    with mailboxes("top-one", "top-two"), top() as terminal:
        terminal.until(lambda: terminal.shows("top-one") and terminal.shows("top-two"))
        terminal.press("/twx\x7f")
        terminal.until(lambda: terminal.shows("only names with: tw_"))
        assert terminal.shows("top-two") and not terminal.shows("top-one")
        # What is typed is no key.
        terminal.press("q\x08o\r")
        terminal.until(lambda: terminal.shows("1 mailboxes: ", "top-two", "only names with 'two'"))
        terminal.press("\x1b")
        terminal.until(lambda: terminal.shows("top-one") and terminal.shows("top-two"))


@test
def paused_it_does_nothing() -> None:
    def ticks() -> List[str]:
        with open(f"/proc/{terminal.pid}/stat", encoding="utf-8") as file:
            return file.read().rsplit(")")[-1].split()[11:13]

    with mailboxes("top-one") as [one], top("--delay", "50ms") as terminal:
        terminal.until(lambda: terminal.shows("top-one"))
        terminal.press("p")
        terminal.until(lambda: terminal.shows("PAUSED"))
        terminal.read(0.5)
        one.send(b"")
        before, terminal.raw = ticks(), b""
        terminal.read(1)
        assert ticks() == before and not terminal.raw
        terminal.press("p")
        terminal.until(lambda: not terminal.shows("PAUSED"))
        line = terminal.lines("top-one")[0]
        terminal.until(lambda: terminal.screen.display[line].split()[1] == "1")


@test
def writes_only_what_changes() -> None:
    with mailboxes("top-one"), top("-d", "20ms") as terminal:
        terminal.until(lambda: terminal.shows("top-one"))
        terminal.read(1)
        terminal.raw = b""
        terminal.read(1)
        assert not terminal.raw, terminal.raw


@test
def fits_the_terminal() -> None:
    names = [f"top-{number:02}-{'x' * 200}" for number in range(60)]
    with mailboxes(*names), top("-s", "name") as terminal:
        terminal.until(lambda: terminal.shows("STATE", "top-00-", "q quit"))
        assert not terminal.lines("KIND")
        assert terminal.lines("top-20-") == [22] and terminal.lines("q quit") == [23]
        terminal.press("\x1b[B")
        terminal.until(lambda: terminal.shows("STATE", "top-01-", "top-21-", "q quit"))
        terminal.press("\x1b[4~")
        terminal.until(lambda: terminal.shows("STATE", "top-39-", "top-59-", "q quit"))
        terminal.press("\x1b[A\x1b[5~")
        terminal.until(lambda: terminal.shows("STATE", "top-17-", "top-37-", "q quit"))
        terminal.resize(40, 140)
        terminal.until(lambda: terminal.shows("KIND", "top-17-", "top-53-", "q quit"))
        for rows, columns in (3, 10), (1, 1), (2, 200):
            terminal.resize(rows, columns)
            terminal.read(0.3)
        terminal.resize(10, 80)
        terminal.press("\x1b[1~")
        terminal.until(lambda: terminal.shows("STATE", "top-00-", "top-06-", "q quit"))


def with_trouble(look: Callable[[Terminal], None], term: str) -> None:
    """A request that was received and has no reply, and a message that nobody can receive."""
    with mailboxes("top-call") as [call], mailboxes("top-unread", mode="w") as [unread]:
        caller = threading.Thread(target=lambda: call.call(b"?"))
        caller.start()
        request = call.accept()
        unread.send(b"")
        try:
            with top("-d", "200ms", term=term) as terminal:
                terminal.until(lambda: terminal.shows("2 in trouble", "top-unread", "top-call",
                                                      "1 of 1 tasks that wait", " waits "))
                look(terminal)
        finally:
            request.reply(b"")
            caller.join()


@test
def shows_who_is_stuck() -> None:
    def look(terminal: Terminal) -> None:
        assert terminal.shows("unread ", "slow ", "for reply in top-call #")
        assert terminal.shows(f"(pid {os.getpid()}, tid ")
        assert terminal.character("unread ").fg == "red" and terminal.character("unread ").bold
        assert terminal.character("slow ").fg == "brown"

    with_trouble(look, "linux")


@test
def needs_no_colours() -> None:
    def look(terminal: Terminal) -> None:
        assert terminal.character("unread ").fg == "default" and terminal.character("unread ").bold

    with_trouble(look, "vt100")


@test
def gives_the_terminal_back() -> None:
    for end, status in (("\x03", 256), (signal.SIGTERM, 256), (signal.SIGINT, 256),
                        (signal.SIGQUIT, signal.SIGQUIT), (signal.SIGHUP, signal.SIGHUP), ("q", 0)):
        with ending(term="xterm") as terminal:
            terminal.until(lambda: terminal.shows("mailboxes: ", "q quit"))
            assert termios.tcgetattr(terminal.fd) != terminal.before
            assert b"\x1b[?1049h" in terminal.raw
            if isinstance(end, str):
                terminal.press(end)
            else:
                os.kill(terminal.pid, end)
            assert terminal.end() == status
            assert b"\x1b[?1049l" in terminal.raw


@test
def ends_by_itself() -> None:
    with ending("-n", "3", "-d", "10ms") as terminal:
        assert terminal.end() == 0
        assert terminal.shows("mailboxes: ")


@test
def ends_with_the_terminal() -> None:
    # What it sees first: that the terminal is gone, or its signal.
    for ignored, statuses in (0, (0, signal.SIGHUP)), (signal.SIGHUP, (0,)):
        terminal = Terminal("-d", "1000", ignored=ignored)
        terminal.until(lambda: terminal.shows("q quit"))
        terminal.close()
        assert os.waitpid(terminal.pid, 0)[1] in statuses


@test
def says_what_is_wrong_with_the_terminal() -> None:
    for term, redirect, text in (
            ("none", "", "this terminal is not known (TERM); try --batch"),
            ("", "", "this terminal is not known (TERM); try --batch"),
            ("dumb", "", "this terminal cannot move its cursor (TERM); try --batch"),
            ("linux", "/dev/null", "standard input is no terminal; try --batch")):
        with ending(term=term, redirect=redirect) as terminal:
            assert terminal.end() == 256
            assert terminal.shows(f"ipck: top: {text}"), terminal.screen.display
    with ending("--batch", "-n", "1", term="dumb") as terminal:
        assert terminal.end() == 0
        assert terminal.shows(" mailboxes: ")


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
