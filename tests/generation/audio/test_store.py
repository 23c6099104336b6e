"""Audio on disk: comes back bit for bit, whole or not at all, and only under its own name."""

from __future__ import annotations

import os
import resource
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.audio.store import AudioStore, quantised, samples_digest
from generation.clip import Clip
from generation.errors import BandmateError
from tests.support import clips


@pytest.fixture
def store(tmp_path: Path) -> AudioStore:
    return AudioStore(tmp_path / "audio")


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 32_000, 44_100, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_clip_comes_back_as_it_was_quantised(store: AudioStore, rate_hz: int, channels: int) -> None:
    clip = clips.noise(0.5, rate_hz=rate_hz, channels=channels, level=0.4)
    back = store.get(store.put(clip))
    assert back.sample_rate_hz == rate_hz
    np.testing.assert_array_equal(back.samples, quantised(clip).samples)
    np.testing.assert_allclose(back.samples, clip.samples, atol=1.01 / 2**23)


def test_full_scale_comes_back(store: AudioStore) -> None:
    clip = Clip(np.array([[1.0, -1.0, 0.0, 0.5]], np.float32), 44_100)
    np.testing.assert_allclose(store.get(store.put(clip)).samples, clip.samples, atol=1.3e-7)


@settings(max_examples=30)
@given(st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=200))
def test_quantising_twice_changes_nothing(values: list[float]) -> None:
    once = quantised(Clip(np.array([values], np.float32), 44_100))
    np.testing.assert_array_equal(quantised(once).samples, once.samples)
    assert samples_digest(once) == samples_digest(Clip(np.array([values], np.float32), 44_100))


def test_the_name_is_that_of_the_audio(store: AudioStore) -> None:
    clip = clips.hum()
    assert store.put(clip) == store.put(quantised(clip)) == samples_digest(clip)
    assert len(list(store.hashes())) == 1
    other_rate = Clip(clip.samples.copy(), 22_050)
    assert store.put(other_rate) != store.put(clip)


def test_blobs_come_back(store: AudioStore) -> None:
    digest = store.put_blob(b"MThd and so on")
    assert store.get_blob(digest) == b"MThd and so on" and store.has(digest)


@pytest.mark.parametrize(
    "forged",
    ["", "../../etc/passwd", "a" * 63, "A" * 64, "a" * 64 + "\n", "/" + "a" * 63, "..", "a" * 60 + "/../", "é" * 64],
)
def test_a_forged_name_never_becomes_a_path(store: AudioStore, forged: str) -> None:
    for action in (store.get, store.get_blob, store.has, store.remove):
        with pytest.raises(BandmateError, match="not the name of a clip"):
            action(forged)


def test_what_is_gone_is_told(store: AudioStore) -> None:
    digest = store.put(clips.tone(0.1))
    assert store.remove(digest) > 0
    assert store.remove(digest) == 0 and not store.has(digest)
    with pytest.raises(BandmateError, match="gone"):
        store.get(digest)
    with pytest.raises(BandmateError, match="gone"):
        store.get_blob(digest)


def test_a_damaged_file_is_told(store: AudioStore, tmp_path: Path) -> None:
    digest = store.put(clips.tone(0.1))
    next((tmp_path / "audio").glob("??/*.flac")).write_bytes(b"rubbish")
    with pytest.raises(BandmateError, match="damaged"):
        store.get(digest)


def test_a_full_disk_is_told_and_leaves_nothing(store: AudioStore, tmp_path: Path) -> None:
    """A limit on file size stands in for a full disk: the write itself fails in the middle."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(BandmateError, match="the disk is full"):
            store.put(clips.noise(2))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [path for path in (tmp_path / "audio").rglob("*") if path.is_file()] == []
    assert list(store.hashes()) == []


def test_a_folder_that_can_not_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BandmateError, match="can't be made"):
        AudioStore(tmp_path / "file" / "audio")


def test_files_are_for_their_owner_alone(store: AudioStore, tmp_path: Path) -> None:
    store.put(clips.tone(0.1))
    assert (tmp_path / "audio").stat().st_mode & 0o077 == 0


def test_what_a_killed_process_left_is_swept(store: AudioStore, tmp_path: Path) -> None:
    digest = store.put(clips.tone(0.1))
    folder = tmp_path / "audio" / digest[:2]
    old, young = folder / ".new-0123456789abcdef", folder / ".new-fedcba9876543210"
    old.write_bytes(b"half")
    young.write_bytes(b"half")
    os.utime(old, (time.time() - 7_200,) * 2)
    assert store.sweep() == 1
    assert not old.exists() and young.exists() and store.has(digest)
    assert [name for name, _ in store.hashes()] == [digest]


def test_what_a_killed_encoder_left_is_swept_what_one_writes_now_is_not(store: AudioStore) -> None:
    old, young = store.scratch / "bandmate-old", store.scratch / "bandmate-young"
    for folder in (old, young):
        folder.mkdir()
        (folder / "out").write_bytes(b"half an mp3")
    os.utime(old, (time.time() - 900,) * 2)
    assert store.sweep() == 1
    assert not old.exists() and (young / "out").exists()
    assert list(store.hashes()) == []


def test_threads_that_keep_the_same_clip_do_not_disturb_each_other(store: AudioStore) -> None:
    clip, names = clips.hum(), []
    threads = [threading.Thread(target=lambda: names.append(store.put(clip))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(names) == 8 and len(set(names)) == 1
    np.testing.assert_array_equal(store.get(names[0]).samples, quantised(clip).samples)


def test_what_comes_again_counts_as_new(store: AudioStore) -> None:
    clip = clips.noise(0.1)
    digest = store.put(clip)
    os.utime(store._path(digest, "flac"), (0, 0))
    assert store.put(clip) == digest
    assert store.written_at(digest) > time.time() - 60
