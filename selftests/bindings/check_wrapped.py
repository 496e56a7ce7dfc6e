# SPDX-License-Identifier: GPL-2.0-only
"""Prints what a binding lacks of the library, and does not say why.

    check_wrapped.py LIBIPCK

Every function that libipck.map exports is called by each of the bindings, or is one of those
below.
"""

import pathlib
import re
import sys

SAME = "the one with options says the same"
RING = "what fills the ring's entry is a function of liburing, which is for C"
MMAP = "the mmap module does it, and knows who has a view"

EVERYWHERE = {
    "send": SAME, "recv": SAME, "call": SAME, "reply": SAME, "send_to": SAME, "recv_from": SAME,
    "reply_recv_opt": "accept() and reply() have the options; serve() has none",
    "uring_send": RING, "uring_recv": RING, "uring_result": RING,
}

EXCEPTIONS = {
    "cpp": EVERYWHERE,
    "python": {**EVERYWHERE, "shm_map": MMAP, "shm_unmap": MMAP},
    "rust": EVERYWHERE,
}

CALLS = {"cpp": r"(?<!struct )(?<!enum )\bipck_(\w+)\b(?!::)", "python": r"lib\.ipck_(\w+)",
         "rust": r"\bsys::ipck_(\w+)\("}
SOURCES = {"cpp": "cpp/ipck.hpp", "python": "python/ipck/*.py", "rust": "rust/ipck/src/*.rs"}
COMMENTS = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)


def main() -> None:
    top = pathlib.Path(sys.argv[1])
    functions = set(re.findall(r"\bipck_(\w+);", (top / "libipck.map").read_text()))
    # Nothing that is exported must not pass for nothing that is wrong.
    assert len(functions) > 50
    for binding, exceptions in EXCEPTIONS.items():
        text = "".join(path.read_text() for path in top.glob(SOURCES[binding]))
        called = set(re.findall(CALLS[binding], COMMENTS.sub("", text)))
        for name in sorted(functions - called - set(exceptions)):
            print(f"libipck/{binding}: ipck_{name}() is not wrapped")
        for name in sorted(set(exceptions) & called | set(exceptions) - functions):
            print(f"libipck/{binding}: ipck_{name}() is no exception")


main()
