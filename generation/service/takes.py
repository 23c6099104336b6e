"""From what a worker made to takes with their recipes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generation.request import Recipe, Take
from generation.worker.making import take_id_of
from generation.worker.messages import Made, MadeTake

if TYPE_CHECKING:
    from generation.ledger import JobRow


def takes_of_made(row: JobRow, made: Made, licence: str) -> tuple[Take, ...]:
    """A job's takes, by index. `licence` is the engine's."""
    return tuple(_take(row, item, licence) for item in made.takes)


def _take(row: JobRow, made: MadeTake, licence: str) -> Take:
    recipe = Recipe(
        request=row.request,
        seed=made.seed,
        engine_revision=made.engine_revision,
        licence=licence,
        precision=made.precision,
        device_kind=made.device_kind,
        versions=made.versions,
        details=made.details,
    )
    return Take(
        take_id=take_id_of(row.job_id, made.index),
        job_id=row.job_id,
        index=made.index,
        audio_hash=made.audio_hash,
        duration_s=made.duration_s,
        sample_rate_hz=made.sample_rate_hz,
        recipe=recipe,
        samples_digest=made.samples_digest,
        stem_hashes=made.stem_hashes,
        midi_hash=made.midi_hash,
        parents=row.request.parent_take_ids,
        remarks=tuple(made.remarks),
    )
