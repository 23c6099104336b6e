"""One take on its way through the batch: its windows, its codes so far, its audio so far."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from generation.audio.splice import Splice, take_over
from generation.clip import Clip, Samples
from generation.engines.base import Done, EngineJob
from generation.engines.musicgen.batch import Batch, Row
from generation.engines.musicgen.chroma import chroma_of
from generation.engines.musicgen.linear import Precision
from generation.engines.musicgen.loading import Checkpoint
from generation.engines.musicgen.plan import PROMPT_S, Plan
from generation.engines.musicgen.shape import MAX_WINDOW_FRAMES

LEAD_IN_S = 2.0
"""The codec starts this long before the join, so that its memory has settled where the new music begins."""


class Performance:
    """One take in the making: windows of up to 30 s, each begun with the end of the one before."""

    def __init__(self, job: EngineJob, plan: Plan, checkpoint: Checkpoint) -> None:
        self.job, self.plan, self.checkpoint = job, plan, checkpoint
        shape = checkpoint.shape
        self.generator = torch.Generator().manual_seed(job.seed)
        self.window_noise = self.generator.get_state()
        self.codes = torch.zeros(shape.num_codebooks, 0, dtype=torch.int64, device=checkpoint.weights.device)
        if plan.heard is not None:
            self.codes = checkpoint.codec.encode(plan.heard)
        self.num_heard: int = self.codes.shape[1]
        self.first_decoded = max(self.num_heard - round(LEAD_IN_S * shape.frame_rate_hz), 0)
        self.decoder = checkpoint.codec.decoder()
        self.audio: list[Samples] = []
        self.row: Row | None = None
        self.prompt_was_cut = False
        self.most_rows = 1  # of the batch: libraries add up a larger one in another order

    @property
    def num_made(self) -> int:
        """New codec frames so far."""
        in_row: int = 0
        if self.row is not None:
            prompt: int = self.row.prompt.shape[1]
            in_row = (
                min(max(self.row.position - max(self.checkpoint.shape.delays), prompt), self.row.num_frames) - prompt
            )
        return int(self.codes.shape[1]) - self.num_heard + in_row

    @property
    def made_s(self) -> float:
        """Seconds of new music so far."""
        return self.num_made / self.checkpoint.shape.frame_rate_hz

    @property
    def new_s(self) -> float:
        """Seconds of new music that the take will have."""
        return self.plan.num_new_frames / self.checkpoint.shape.frame_rate_hz

    @property
    def heard_s(self) -> float:
        """Seconds of new music that are audio already."""
        decoded: int = self.first_decoded + self.decoder.num_decoded - self.num_heard
        return max(decoded, 0) / self.checkpoint.shape.frame_rate_hz

    @property
    def has_all_codes(self) -> bool:
        """Whether all codes are there."""
        return self.row is None and self.num_made >= self.plan.num_new_frames

    @property
    def is_done(self) -> bool:
        """Whether all codes are audio."""
        return self.has_all_codes and self.num_waiting() == 0

    def turn_window(self, batch: Batch) -> None:
        """Begin the first or next window when it is due, end the one that is done.

        A window that the batch has lost (it was made anew with fewer rows) begins again, with the same noise.
        """
        self.most_rows = max(self.most_rows, len(batch.rows))
        if self.row is not None and not batch.has(self.row):
            self.row = None
            self.generator.set_state(self.window_noise)
        if self.row is not None and batch.is_done(self.row):
            self.codes = self._codes_so_far(batch)
            batch.leave(self.row)
            self.row = None
        if self.row is None and not self.has_all_codes:
            self.row = self._next_row()
            batch.join(self.row)

    def stop(self, batch: Batch) -> None:
        """Leave the batch, whatever is done so far."""
        if self.row is not None:
            batch.leave(self.row)
            self.row = None

    def decode_chunk(self, batch: Batch) -> None:
        """Turn the codes so far into audio, as far as it is certain."""
        codes = self._codes_so_far(batch)[:, self.first_decoded :]
        self.audio.append(self.decoder.decode(codes, last=self.has_all_codes))

    def num_waiting(self) -> int:
        """Codec frames that could be turned into audio now."""
        total = self.num_heard + self.num_made - self.first_decoded
        return total - self.decoder.num_decoded if self.has_all_codes else self.decoder.ready(total)

    def clip(self) -> Clip:
        """The audio so far, as it is delivered; there must be some new music in it (`heard_s`)."""
        made = self.joined()
        return made.clip if isinstance(made, Splice) else made

    def joined(self) -> Clip | Splice:
        """The audio so far: new music alone, or joined to the part of the clip that comes first."""
        shape = self.checkpoint.shape
        overlap = (self.num_heard - self.first_decoded) * shape.hop_samples
        samples = np.concatenate([np.zeros((shape.num_channels, 0), np.float32), *self.audio], axis=1)
        if self.plan.front is None:
            return Clip(samples[:, overlap:].copy(), shape.sample_rate_hz)
        beats_s = self.job.hearings[0].beats_s if self.job.hearings else ()
        fresh = Clip(samples, shape.sample_rate_hz)
        return take_over(self.plan.front, fresh, overlap / shape.sample_rate_hz, beats_s)

    def done(self) -> Done:
        """The finished take."""
        checkpoint, made = self.checkpoint, self.joined()
        details = self._details()
        kept: dict[str, Any] = {}
        if isinstance(made, Splice):
            details["join"] = made.details()
            kept = {"kept_s": made.kept_s, "joins_s": (made.join_s,)}
        return Done(
            self.job.job_id,
            made.clip if isinstance(made, Splice) else made,
            details=details,
            remarks=self._remarks(),
            engine_revision=f"{checkpoint.name}@{checkpoint.revision}",
            precision=checkpoint.weights.precision.value,
            **kept,
        )

    def _details(self) -> dict[str, Any]:
        return {
            "model": self.checkpoint.name,
            "prompt": self.plan.prompt,
            "heard_s": self.num_heard / self.checkpoint.shape.frame_rate_hz,
            "new_s": self.new_s,
            "follows_melody": self.plan.melody is not None,
            # The noise is the same on every device and in any company. The sums before it are so in int8, which adds up
            # whole numbers; else only to rounding, which now and then turns one code into another and everything after
            # it with it. In int4 steps of one take are another product than those of several (quantised.py).
            "noise": "torch.Generator on the CPU, one for each take",
            "same_in_any_batch": "exactly" if self.checkpoint.weights.precision is Precision.INT8 else "to rounding",
            "takes_at_once": self.most_rows,
            "torch": str(torch.__version__),
        }

    def _remarks(self) -> tuple[str, ...]:
        remarks = []
        if self.prompt_was_cut:
            remarks.append("The prompt was too long for MusicGen; its end was not read.")
        front = self.plan.front
        if front is not None and front.num_channels > self.checkpoint.shape.num_channels:
            remarks.append("The new part is mono: this MusicGen model makes no stereo.")
        return tuple(remarks)

    def _next_row(self) -> Row:
        prompt = self.codes[:, -round(PROMPT_S * self.checkpoint.shape.frame_rate_hz) :]
        missing = self.plan.num_new_frames - self.num_made
        num_frames = min(prompt.shape[1] + missing, MAX_WINDOW_FRAMES)
        conditions = self.checkpoint.conditioner.prepare(self.plan.prompt, self._melody(prompt.shape[1]))
        self.prompt_was_cut |= conditions.was_cut
        self.window_noise = self.generator.get_state()
        memory, prefix = conditions.prompt_memory, conditions.prefix
        return Row(prompt, num_frames, self.job.request.sampling, self.generator, memory, prefix)

    def _codes_so_far(self, batch: Batch) -> Tensor:
        if self.row is None or self.row not in batch.rows:
            return self.codes
        return torch.cat([self.codes, batch.codes(self.row)[:, self.row.prompt.shape[1] :]], dim=1)

    def _melody(self, num_prompt_frames: int) -> Tensor | None:
        """The melody from where the window begins in the clip, which begins again when it has ended.

        The model itself takes a melody that is shorter than its window again from the beginning.
        """
        clip = self.plan.melody
        if clip is None:
            return None
        start_s = (self.num_made - num_prompt_frames) / self.checkpoint.shape.frame_rate_hz
        samples = np.roll(clip.samples, -round(start_s * clip.sample_rate_hz), axis=1)
        return chroma_of(Clip(samples, clip.sample_rate_hz), self.checkpoint.shape.sample_rate_hz)
