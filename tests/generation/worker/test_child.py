"""Child processes: their words arrive, nonsense and silence end them, the tokens of the bot never reach them."""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from generation.errors import ClipRefused
from generation.worker import listener as listener_module
from generation.worker.child import Child
from generation.worker.listener import Listener
from generation.worker.messages import Alive, Made, MadeTake, Make, NotUnderstood, from_line, to_line
from tests.support.scripted_service import eventually, is_alive

TAKE = MadeTake(0, 1, "a", "a", 1.0, 44_100, {"lead": "b"}, None, "r", "float32", "cpu", {}, {"key": "C♯"}, ["So."])


@pytest.mark.parametrize("message", [Made("j", [TAKE]), Make("j", {"prompt": "ü\n"}, ["a"], [{}]), Alive("step", 60.0)])
def test_a_message_is_one_line_and_comes_back(message: Made | Make | Alive) -> None:
    line = to_line(message)
    assert line.count(b"\n") == 1
    assert from_line(line) == message


@pytest.mark.parametrize("line", [b"", b"Loading weights: 100%\n", b"[]\n", b'{"kind":"Boom"}\n', b'{"kind":"Drop"}\n'])
def test_what_is_no_message_is_not_understood(line: bytes) -> None:
    with pytest.raises(NotUnderstood):
        from_line(line)


def _module(folder: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> str:
    """A module that a child process can run, by name."""
    (folder / "made_for_test.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", f"{folder}{os.pathsep}{Path.cwd()}")
    return "made_for_test"


async def test_threads_are_limited_and_secrets_stay_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "secret")
    monkeypatch.setenv("BANDMATE_DATABASE_URL", "postgresql://u:pass@host/db")
    code = f"import json, os; open({str(tmp_path / 'env')!r}, 'w').write(json.dumps(dict(os.environ)))"
    child = await Child.start(_module(tmp_path, monkeypatch, code), num_threads=3)
    assert [message async for message in child.messages()] == []
    await child.end(grace_s=5)
    environment = json.loads((tmp_path / "env").read_text())
    assert environment["OMP_NUM_THREADS"] == environment["MKL_NUM_THREADS"] == "3"
    assert not {"DISCORD_TOKEN", "BANDMATE_DATABASE_URL"} & environment.keys()


async def test_nonsense_ends_the_listening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = """print('{"kind":"Alive","doing":"x","limit_s":1.0}'); print("Hello!", flush=True); input()"""
    child = await Child.start(_module(tmp_path, monkeypatch, code), num_threads=1)
    assert [message async for message in child.messages()] == [Alive("x", 1.0)]
    assert await child.end() != 0


async def test_a_child_that_does_not_want_to_end_is_killed_with_its_own_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = f"""
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
grandchild = subprocess.Popen([{sys.executable!r}, "-c", "import time; time.sleep(600)"])
print('{{"kind":"Alive","doing":"%d","limit_s":1.0}}' % grandchild.pid, flush=True)
time.sleep(600)
"""
    child = await Child.start(_module(tmp_path, monkeypatch, code), num_threads=1)
    first = await anext(aiter(child.messages()))
    if not isinstance(first, Alive):
        raise TypeError(first)
    assert await asyncio.wait_for(child.end(grace_s=0.2), 60) == -9
    await eventually(lambda: not is_alive(int(first.doing)))


async def test_an_analysis_that_crashes_or_hangs_is_refused_and_the_next_clip_is_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = """
import json, os, sys, time
for line in sys.stdin:
    clip = json.loads(line).get("clip")
    if clip == "crash": os._exit(1)
    if clip == "hang": time.sleep(600)
    sentence = "Too odd." if clip == "bad" else ""
    answer = dict(kind="Heard", clip=clip, hearing={"duration_s": 2.5}, sentence=sentence)
    if clip: print(json.dumps(answer), flush=True)
"""
    monkeypatch.setattr(listener_module, "MODULE", _module(tmp_path, monkeypatch, code))
    listener = Listener(tmp_path, limit_s=1.0, start_limit_s=60.0)
    assert (await listener.hear("good")).duration_s == 2.5
    with pytest.raises(ClipRefused, match="failed"):
        await listener.hear("crash")
    assert (await listener.hear("good")).duration_s == 2.5
    with pytest.raises(ClipRefused, match="too long"):
        await listener.hear("hang")
    with pytest.raises(ClipRefused, match="Too odd"):
        await listener.hear("bad")
    await listener.close()
