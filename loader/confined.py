"""Starts programs that read a dump so that they can open no network socket, look into no other process, gain no rights.

A filter of system calls (seccomp) is laid on one thread and inherited by what that thread starts. It needs no rights.
"""

import ctypes
import platform
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
LOAD, EQUAL, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06  # of classic BPF: a word, jumps, the end
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16  # where struct seccomp_data has them
ALLOW, REFUSE = 0x7FFF0000, 0x00050001  # EPERM
AF_UNIX = 1
OTHER_ABI = 0x40000000  # x32's numbers, which mean the same calls


@dataclass(frozen=True)
class Machine:
    """One machine's name in audit.h and its numbers of calls: `refused` are refused always, socket but for AF_UNIX."""

    architecture: int
    socket: int
    refused: tuple[int, ...]  # ptrace, process_vm_readv and _writev, io_uring_setup (makes sockets too), pidfd_getfd


MACHINES: Mapping[str, Machine] = {
    "x86_64": Machine(0xC000003E, 41, (101, 310, 311, 425, 438)),
    "aarch64": Machine(0xC00000B7, 198, (117, 270, 271, 425, 438)),
}


class _Step(ctypes.Structure):
    _fields_ = [("code", ctypes.c_uint16), ("true", ctypes.c_uint8), ("false", ctypes.c_uint8), ("k", ctypes.c_uint32)]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_uint16), ("steps", ctypes.POINTER(_Step))]


def confined[T](start: Callable[[], T]) -> T:
    """What `start` gives; every program that it starts is confined, where this machine can do it."""
    with ThreadPoolExecutor(1, initializer=confine) as thread:
        return thread.submit(start).result()


def possible() -> bool:
    """Whether this machine can do it."""
    return confined(lambda: confine())


def confine() -> bool:
    """Lays the filter on the calling thread, for good. True if it was laid."""
    machine = MACHINES.get(platform.machine())
    if not machine or not sys.platform.startswith("linux"):
        return False
    steps = [_Step(*step) for step in filter_of(machine)]
    program = _Program(len(steps), (_Step * len(steps))(*steps))
    prctl = ctypes.CDLL(None).prctl
    none = ctypes.c_ulong(0)
    if prctl(PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), none, none, none) != 0:
        return False
    return bool(prctl(PR_SET_SECCOMP, ctypes.c_ulong(SECCOMP_MODE_FILTER), ctypes.byref(program), none, none) == 0)


def filter_of(machine: Machine) -> list[tuple[int, int, int, int]]:
    """The filter's steps: code, steps to skip where true, steps to skip where false, operand."""
    count = len(machine.refused)
    refusals = [(EQUAL, count - at + 3, 0, number) for at, number in enumerate(machine.refused)]
    return [
        (LOAD, 0, 0, ARCHITECTURE),
        (EQUAL, 0, count + 6, machine.architecture),
        (LOAD, 0, 0, NUMBER),
        (AT_LEAST, count + 4, 0, OTHER_ABI),
        *refusals,
        (EQUAL, 0, 2, machine.socket),
        (LOAD, 0, 0, FIRST_ARGUMENT),
        (EQUAL, 0, 1, AF_UNIX),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, REFUSE),
    ]
