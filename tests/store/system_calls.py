"""A system call that the kernel refuses to one thread, as it does where a file system can't do it."""

import ctypes
import os
import platform
import sys
from typing import Final

FLOCK: Final = {"x86_64": 73, "aarch64": 32}.get(platform.machine()) if sys.platform == "linux" else None
"""The number of flock(2); None where the kernel can't be asked to refuse it, or its number is not known."""
NO_NEW_PRIVILEGES, SECCOMP, FILTER = 38, 22, 2
"""Of prctl(2)."""
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
REFUSE, ALLOW = 0x0005_0000, 0x7FFF_0000
"""Of seccomp(2) and its filters."""


class _Step(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_ushort),
        ("if_true", ctypes.c_ubyte),
        ("if_false", ctypes.c_ubyte),
        ("value", ctypes.c_uint),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.POINTER(_Step)))


def refuse_flock(number: int) -> None:
    """Let the kernel refuse flock(2) with this errno to this thread, and to those that it starts."""
    steps = (_Step * 4)(
        _Step(LOAD, 0, 0, 0),  # the number of the call
        _Step(JUMP_IF_EQUAL, 0, 1, FLOCK or 0),
        _Step(RETURN, 0, 0, REFUSE | number),
        _Step(RETURN, 0, 0, ALLOW),
    )
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    program = ctypes.byref(_Program(len(steps), steps))
    if prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0) or prctl(SECCOMP, FILTER, program):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
