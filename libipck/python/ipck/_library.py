# SPDX-License-Identifier: LGPL-2.1-or-later
"""The C library, and what its functions take."""

from __future__ import annotations

import ctypes
from ctypes import (POINTER, c_char_p, c_int, c_short, c_size_t, c_ssize_t, c_uint, c_uint64,
                    c_void_p)
from typing import Any

from . import _abi


def _declare(lib: ctypes.CDLL) -> ctypes.CDLL:
    handle, where, limit = c_void_p, POINTER(c_void_p), POINTER(c_uint)
    payload = [c_void_p, c_size_t]
    prototypes: dict[str, tuple[Any, list[Any]]] = {
        "open": (c_int, [where, c_char_p, c_int, POINTER(_abi.ipck_attr)]),
        "open_id": (c_int, [where, c_uint64, c_int]),
        "from_fd": (c_int, [where, c_int]),
        "close": (None, [handle]),
        "fd": (c_int, [handle]),
        "id": (c_uint64, [handle]),
        "unlink": (c_int, [c_char_p]),
        "unlink_id": (c_int, [c_uint64]),
        "send_opt": (c_int, [handle, *payload, POINTER(_abi.ipck_send_opt), limit]),
        "recv_opt": (c_ssize_t, [handle, *payload, POINTER(_abi.ipck_recv_opt), POINTER(_abi.ipck_msg)]),
        "sendv": (c_int, [handle, c_void_p, c_uint, POINTER(_abi.ipck_send_opt)]),
        "recvv": (c_int, [handle, c_void_p, c_uint, POINTER(_abi.ipck_recv_opt)]),
        "send_many": (c_int, [handle, c_void_p, c_uint]),
        "recv_many": (c_int, [handle, c_void_p, c_uint]),
        "endpoint": (c_int, [where, c_int, POINTER(_abi.ipck_attr)]),
        "connect": (c_int, [where, c_uint, c_uint64, c_int]),
        "join": (c_int, [where, handle, POINTER(_abi.ipck_join_attr)]),
        "leave": (c_int, [handle]),
        "call_opt": (c_ssize_t, [handle, *payload, *payload, POINTER(_abi.ipck_call_opt),
                                 POINTER(_abi.ipck_answer)]),
        "call_cancel": (c_int, [handle, c_uint64]),
        "deadline": (c_uint64, [POINTER(_abi.ipck_msg), c_uint64]),
        "reply_opt": (c_int, [handle, c_uint64, *payload, POINTER(_abi.ipck_reply_opt), limit]),
        "reply_recv": (c_ssize_t, [handle, *payload, *payload, POINTER(_abi.ipck_msg)]),
        "ack": (c_int, [handle, c_uint64]),
        "refuse": (c_int, [handle, c_uint64]),
        "renew": (c_int, [handle, c_uint64, c_uint64]),
        "reserve": (c_int, [handle, c_size_t, where, POINTER(_abi.ipck_send_opt)]),
        "commit": (c_int, [handle, c_size_t]),
        "peek": (c_ssize_t, [handle, where, POINTER(_abi.ipck_recv_opt), POINTER(_abi.ipck_msg)]),
        "release": (c_int, [handle]),
        "wait_any": (c_int, [where, c_uint, c_short, c_uint, c_uint64, POINTER(c_uint64)]),
        # The union sigval is passed as its pointer is, which ctypes can.
        "notify_signal": (c_int, [handle, c_int, c_void_p]),
        "notify_eventfd": (c_int, [handle, c_int]),
        "notify_none": (c_int, [handle]),
        "stat": (c_int, [handle, POINTER(_abi.ipck_info)]),
        "list": (c_int, [c_uint64, POINTER(_abi.ipck_info), c_uint]),
        "set": (c_int, [handle, POINTER(_abi.ipck_change)]),
        "blocked": (c_int, [c_uint64, POINTER(_abi.ipck_blocked), c_uint, limit]),
        "record": (c_int, [handle, c_uint64, POINTER(_abi.ipck_record), c_uint]),
        "limits": (c_int, [POINTER(_abi.ipck_limits)]),
        "strerror": (c_char_p, [c_int, c_uint]),
        "version": (c_char_p, []),
        "shm_open": (c_int, [where, c_char_p, c_int, POINTER(_abi.ipck_shm_attr), limit]),
        "shm_open_id": (c_int, [where, c_uint64, c_int]),
        "shm_from_fd": (c_int, [where, c_int]),
        "shm_close": (None, [handle]),
        "shm_fd": (c_int, [handle]),
        "shm_id": (c_uint64, [handle]),
        "shm_resize": (c_int, [handle, c_uint64]),
        "shm_stat": (c_int, [handle, POINTER(_abi.ipck_shm_info)]),
        "shm_list": (c_int, [c_uint64, POINTER(_abi.ipck_shm_info), c_uint]),
        "shm_unlink": (c_int, [c_char_p]),
        "shm_unlink_id": (c_int, [c_uint64]),
        "shm_set": (c_int, [handle, POINTER(_abi.ipck_shm_change)]),
        "shm_send": (c_int, [handle, handle, POINTER(_abi.ipck_range), POINTER(_abi.ipck_send_opt), limit]),
        "shm_recv": (c_int, [handle, where, POINTER(_abi.ipck_range), POINTER(_abi.ipck_recv_opt),
                             POINTER(_abi.ipck_msg)]),
    }
    for name, (result, arguments) in prototypes.items():
        function = getattr(lib, "ipck_" + name)
        function.restype, function.argtypes = result, arguments
    return lib


lib = _declare(ctypes.CDLL(f"libipck.so.{_abi.VERSION_MAJOR}"))
