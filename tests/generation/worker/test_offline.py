"""A child without a network can reach nobody, and can't get it back; its pipes and its work go on."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from generation.worker import offline
from generation.worker.child import Child
from generation.worker.messages import Heard, Setup
from tests.support.playlists import listening

PROGRAM = """
import socket, sys
from generation.worker.offline import give_up_network
assert give_up_network()
address = (sys.argv[1], int(sys.argv[2]))
for family, kind in [(socket.AF_INET, socket.SOCK_STREAM), (socket.AF_INET6, socket.SOCK_DGRAM),
                     (socket.AF_NETLINK, socket.SOCK_RAW)]:
    try:
        socket.socket(family, kind)
    except PermissionError:
        continue
    sys.exit(f"got a socket of {family}")
one, other = socket.socketpair()
one.sendall(b"x")
assert other.recv(1) == b"x"
import subprocess
grandchild = "import socket; socket.create_connection(('127.0.0.1', 1))"
done = subprocess.run([sys.executable, "-c", grandchild], capture_output=True, text=True)
assert "PermissionError" in done.stderr, done.stderr
print("shut")
"""
on_linux = pytest.mark.skipif(
    not sys.platform.startswith("linux") or platform.machine() not in ("x86_64", "aarch64"), reason="seccomp is Linux's"
)


@on_linux
def test_no_socket_but_unix_ones_for_it_and_its_children() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "127.0.0.1", "1"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == "shut\n", done.stderr


@on_linux
def test_it_is_tried_in_a_process_of_its_own() -> None:
    assert offline.works_here()
    assert offline._can_make_sockets()  # this process keeps its own


def test_a_system_that_can_not_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offline.platform, "machine", lambda: "riscv64")
    assert not offline.give_up_network()


@on_linux
@pytest.mark.parametrize(("network", "expected"), [(False, "PermissionError"), (True, "connected")])
async def test_a_service_s_child_is_shut_in_unless_told_otherwise(network: bool, expected: str) -> None:
    setup = Setup("cpu", {}, [], None, "", -14.0, -1.0, 0.0, 60.0, 60.0)
    async with listening() as (url, touched):
        child = await Child.start("tests.support.calling_child", num_threads=1, network=network)
        try:
            child.tell(setup)
            child.tell(Heard(url))
            said = [message.sentence async for message in child.messages() if isinstance(message, Heard)]
        finally:
            await child.end()
        assert said == [expected]
        assert bool(touched) == network
