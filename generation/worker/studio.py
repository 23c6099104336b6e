"""Where a worker reads clips and leaves finished takes: loudness, checks, the audio store, what the recipe says."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from generation.audio.check.limits import CheckLimits
from generation.audio.side_by_side import helpers
from generation.clip import Clip
from generation.engines.base import Done
from generation.engines.revision import code_revision
from generation.worker.making import Making
from generation.worker.messages import MadeTake, Setup

if TYPE_CHECKING:
    from generation.audio.check.report import Report
    from generation.audio.finish_take import Finished

_FOR_EVERY_TAKE = ("numpy", "scipy", "soxr", "python-stretch", "pyloudnorm")
_FOR_NETS = ("torch", "transformers", "onnxruntime")
"""Libraries whose version can change a take's samples."""
_WITHOUT_NETS = frozenset({"arranger", "studio"})


class Studio:
    """The audio side of one worker process."""

    def __init__(self, setup: Setup) -> None:
        from generation.audio.store import AudioStore

        self._setup, self._is_warm = setup, False
        self._store = AudioStore(Path(setup.audio_folder))

    def warm_up(self) -> None:
        """Import what finishing and checking need, so that the first take does not wait for it; once is enough."""
        if self._is_warm:
            return
        from generation.audio.check.listen import heard_tempo
        from generation.audio.finish import finish

        self._is_warm = True
        noise = np.random.default_rng(0).normal(0, 0.1, (1, 96_000)).astype(np.float32)
        heard_tempo(finish(Clip(noise, 48_000), self._setup.target_lufs, self._setup.ceiling_dbfs))

    def load(self, audio_hash: str) -> Clip:
        """A clip of the store."""
        return self._store.get(audio_hash)

    def finish(self, making: Making, done: Done) -> MadeTake:
        """Bring a take to its loudness, check it, store it with its stems and MIDI, and say what its recipe needs."""
        return self.keep_take(making, done, *self.polish(making, done))

    def polish(self, making: Making, done: Done) -> tuple[Finished, Report]:
        """The take at its loudness, and what the checks find in it."""
        from generation.audio.check.report import Made, check_take
        from generation.audio.finish_take import finish_take

        target_lufs, ceiling_dbfs = self._setup.target_lufs, self._setup.ceiling_dbfs
        joined_s = max(done.joins_s, default=0.0)
        finished = finish_take(
            done.clip, target_lufs, ceiling_dbfs, kept_s=done.kept_s, joined_s=joined_s, repeats=done.repeats
        )
        made = Made(
            finished.clip, making.request, making.clips, making.heard.hearings,
            done.kept_s, done.joins_s, done.repeats, done.details, done.stems.get("backing"),
        )  # fmt: skip
        return finished, check_take(made, CheckLimits(**self._setup.checks), target_lufs, ceiling_dbfs)

    def keep_take(self, making: Making, done: Done, finished: Finished, report: Report) -> MadeTake:
        """A polished take in the store, and what its recipe needs."""
        heard = [hearing.sentence() for hearing in making.heard.hearings]
        details = {**done.details, **finished.details, "measured": report.measured, "heard": heard}
        details |= making.heard.details()
        details["made_with"] = self._made_with(making)
        remarks = [*making.heard.remarks(), *done.remarks, *finished.remarks, *report.shortcomings]
        take = self._stored(making.index_of(done.job_id), making, done, finished.clip)
        return replace(
            take, details=details, remarks=remarks, shortcomings=list(report.shortcomings),
            worth_another_seed=report.worth_another_seed,
        )  # fmt: skip

    def _made_with(self, making: Making) -> dict[str, Any]:
        """What is no library and no engine, and changes a take all the same; for the replay, which names it."""
        return {
            "code": code_revision(making.engine),
            "clips": [clip_digest(clip) for clip in making.clips],
            "target_lufs": self._setup.target_lufs,
            "ceiling_dbfs": self._setup.ceiling_dbfs,
        }

    def _stored(self, index: int, making: Making, done: Done, clip: Clip) -> MadeTake:
        """The take in the store, as the engine described it."""
        audio_hash, *stem_hashes = helpers().map(self._store.put, (clip, *done.stems.values()))
        return MadeTake(
            index=index,
            seed=making.seed_of(index),
            audio_hash=audio_hash,
            samples_digest=audio_hash,  # the store names audio by the digest of the samples it keeps
            duration_s=clip.duration_s,
            sample_rate_hz=clip.sample_rate_hz,
            stem_hashes=dict(zip(done.stems, stem_hashes, strict=True)),
            midi_hash=None if done.midi is None else self._store.put_blob(done.midi),
            engine_revision=done.engine_revision,
            precision=done.precision,
            device_kind=device_kind(self._setup.device),
            versions=versions(making.engine),
            details=done.details,
            remarks=list(done.remarks),
        )


def device_kind(device: str) -> str:
    """What a take was computed on, for its recipe: "cpu", or the name of the GPU."""
    torch: Any = sys.modules.get("torch")  # loaded by the engine, or not needed
    if device.startswith("cuda") and torch is not None:
        return str(torch.cuda.get_device_name(device))
    return device.partition(":")[0]


def versions(engine: str) -> dict[str, str]:
    """The versions of the libraries that can change this engine's takes: the same ones whatever else is loaded."""
    nets = () if engine in _WITHOUT_NETS else tuple(name for name in _FOR_NETS if name in sys.modules)
    return {"python": sys.version.split()[0], **{name: metadata.version(name) for name in (*_FOR_EVERY_TAKE, *nets)}}


def clip_digest(clip: Clip) -> str:
    """16 hexadecimal digits of the SHA-256 of a clip's rate and samples."""
    digest = hashlib.sha256(f"{clip.sample_rate_hz} {clip.num_channels}\n".encode())
    digest.update(clip.samples.tobytes())
    return digest.hexdigest()[:16]
