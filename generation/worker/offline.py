"""A process without a network: Linux lets every process give up the making of network sockets, for good.

It is a seccomp filter (seccomp(2), linux/seccomp.h, linux/bpf_common.h), which needs no right and holds inside
containers too; children inherit it:

    another machine's calls (32 bit, x32)?    → refused
    socket(domain, …)  with domain AF_UNIX    → allowed, anything else refused
    io_uring_setup                            → refused: a ring can make sockets past the filter
    any other call                            → allowed

`python -m generation.worker.offline` tries it: exit code 0 where it works.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import socket
import subprocess
import sys
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class _Machine:
    """A machine's number of itself (linux/audit.h) and of the calls that the filter names (asm/unistd.h)."""

    audit_arch: int
    socket: int
    seccomp: int


_MACHINES = {"x86_64": _Machine(0xC000003E, 41, 317), "aarch64": _Machine(0xC00000B7, 198, 277)}
_IO_URING_SETUP, _X32_BIT = 425, 0x4000_0000
_PR_SET_NO_NEW_PRIVS, _SET_MODE_FILTER, _ALL_THREADS = 38, 1, 1
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _REFUSE = 0x7FFF_0000, 0x0005_0000 | errno.EPERM
_NUMBER_AT, _ARCH_AT, _FIRST_ARGUMENT_AT = 0, 4, 16  # in struct seccomp_data


class _Instruction(ctypes.Structure):
    _fields_ = (("code", ctypes.c_uint16), ("yes", ctypes.c_uint8), ("no", ctypes.c_uint8), ("k", ctypes.c_uint32))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(_Instruction)))


def give_up_network() -> bool:
    """From now on this process and its children can reach nobody; False where the system can't do that."""
    machine = _MACHINES.get(platform.machine())
    if machine is None or not sys.platform.startswith("linux"):
        return False
    filters = _filter(machine)
    program = _Program(len(filters), filters)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        return False
    arguments = (ctypes.c_long(_SET_MODE_FILTER), ctypes.c_ulong(_ALL_THREADS), ctypes.byref(program))
    return not libc.syscall(ctypes.c_long(machine.seccomp), *arguments) and not _can_make_sockets()


def works_here() -> bool:
    """Whether a process of this machine can give up the network, tried in one of its own."""
    return subprocess.run([sys.executable, "-m", __name__], check=False).returncode == 0  # noqa: S603 - our own module


def _filter(machine: _Machine) -> ctypes.Array[_Instruction]:
    refuse, allow = 9, 8  # the places of the two ends; a jump counts from the instruction after it
    steps = [
        (_LOAD, 0, 0, _ARCH_AT),
        (_IF_EQUAL, 0, refuse - 2, machine.audit_arch),
        (_LOAD, 0, 0, _NUMBER_AT),
        (_IF_AT_LEAST, refuse - 4, 0, _X32_BIT),
        (_IF_EQUAL, refuse - 5, 0, _IO_URING_SETUP),
        (_IF_EQUAL, 0, allow - 6, machine.socket),
        (_LOAD, 0, 0, _FIRST_ARGUMENT_AT),
        (_IF_EQUAL, 0, refuse - 8, socket.AF_UNIX),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    return (_Instruction * len(steps))(*(_Instruction(*step) for step in steps))


def _can_make_sockets() -> bool:
    try:
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()
    except PermissionError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(not give_up_network())
