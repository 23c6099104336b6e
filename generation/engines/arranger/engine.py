"""The arranger: composes and plays, a little at a time, on any computer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import structlog

from generation.audio.accompany import lay_under
from generation.audio.analyse.said import Said
from generation.audio.splice import go_on
from generation.clip import Clip
from generation.engines.arranger.backing import back_take
from generation.engines.arranger.compose import Composition, compose
from generation.engines.arranger.extension import score_of_whole, stems_of_whole
from generation.engines.arranger.frame import EXTEND_LEAD_S
from generation.engines.arranger.midi import to_midi
from generation.engines.arranger.options import ArrangerOptions
from generation.engines.arranger.own_styles import read_own, take_up
from generation.engines.arranger.play import Player, Rendered
from generation.engines.arranger.prompt import read_prompt
from generation.engines.arranger.sampler_tone import SAMPLE_RATE_HZ
from generation.engines.arranger.soundfont import EMBEDDED_FONT, open_font
from generation.engines.arranger.style import STYLES_FOLDER, all_styles
from generation.engines.arranger.vocabulary import vocabulary
from generation.engines.base import Capabilities, Done, EngineJob, Event, Failed, Progress
from generation.engines.revision import code_revision
from generation.errors import BandmateError, ClipRefused, RequestRefused
from generation.request import Operation, Request

log = structlog.get_logger()
OPERATIONS = frozenset({Operation.COMPOSE, Operation.EXTEND, Operation.RESTYLE, Operation.VARY, Operation.ACCOMPANY})
MAX_DURATION_S = 300.0
MAX_JOBS = 4
COMPOSING_SHARE = 0.1
"""Part of a take's work that composing is; the rest is playing and mixing."""


class ArrangerEngine:
    """Makes takes by composing a score and playing it; see `generation.engines.base.Engine`.

    Options: see ArrangerOptions; raises EngineUnavailable for one that there is not.
    """

    def __init__(self, options: dict[str, Any] | None = None) -> None:
        self._options = ArrangerOptions.of(options or {})
        self._own = read_own(self._options.styles_path)
        self._player: Player | None = None
        self._jobs: dict[str, Iterator[Event]] = {}
        self.capabilities = Capabilities(
            name="arranger", operations=OPERATIONS, max_duration_s=MAX_DURATION_S, num_channels=2,
            sample_rate_hz=SAMPLE_RATE_HZ,
            licence="MIT", max_jobs=MAX_JOBS,
            styles=tuple(sorted({path.stem for path in STYLES_FOLDER.glob("*.toml")} | self._own.styles.keys())),
        )  # fmt: skip

    @property
    def warnings(self) -> tuple[str, ...]:
        """See `generation.engines.base.Warns`: the style files that can't be used."""
        return self._own.faults

    def load(self) -> None:
        """Open the soundfont, import and build what playing needs, read styles and vocabulary."""
        self._player = Player(open_font(self._options.soundfont_path or EMBEDDED_FONT))
        self._player.warm_up()
        take_up(self._own)
        for sentence in self._own.faults:
            log.warning("own style not used", reason=sentence)
        all_styles()
        vocabulary()

    def admit(self, job: EngineJob) -> None:
        """Take a job in.

        Raises:
            ClipRefused: the operation needs a clip and none came along.
            RequestRefused: an operation that the arranger does not have.
        """
        if job.request.operation not in OPERATIONS:
            raise RequestRefused(f"The arranger can't {job.request.operation.value}.")
        if len(job.clips) < job.request.operation.num_clips or len(job.hearings) < len(job.clips):
            raise ClipRefused(f"{job.request.operation.value.capitalize()} needs a clip: attach an audio file.")
        self._jobs[job.job_id] = back_take(job) if job.request.has_backing else self._work(job)

    def said_of_clip(self, request: Request) -> Said:
        """See `generation.engines.base.ReadsPrompts`. A key in the prompt is a wish, the option a correction."""
        said, wish = Said.by_options(request), read_prompt(request.prompt)
        return Said(said.tempo_bpm or wish.tempo_bpm, said.key, said.beats_per_bar or wish.beats_per_bar)

    def step(self) -> Sequence[Event]:
        """Advance every job by one stage."""
        events: list[Event] = []
        for job_id, work in list(self._jobs.items()):
            event = self._advance(job_id, work)
            events.append(event)
            if isinstance(event, (Done, Failed)):
                self._jobs.pop(job_id, None)
        return events

    def cancel(self, job_id: str) -> None:
        """Forget the job."""
        self._jobs.pop(job_id, None)

    @staticmethod
    def _advance(job_id: str, work: Iterator[Event]) -> Event:
        try:
            return next(work)
        except BandmateError as error:
            return Failed(job_id, str(error))
        except Exception:  # one take's mistake must not end its neighbours' takes with the process
            log.exception("take not made", take_id=job_id)
            return Failed(job_id, "Something went wrong while making this take: try other words or another seed.")

    def _work(self, job: EngineJob) -> Iterator[Event]:
        """All of one take: the parts are written, then played; ends with Done."""
        if self._player is None:
            self.load()
        composition: Composition | None = None
        for number, written in enumerate(compose(job)):
            if isinstance(written, Composition):
                composition = written
            else:
                yield Progress(job.job_id, COMPOSING_SHARE * number / (number + 4), 0.0, f"writing {written}")
        if composition is None or self._player is None:
            raise RuntimeError("composing ended without a score")
        if digest := self._own.digests.get(composition.details["style"]):
            composition.details["style_file"] = digest  # the file may change: who makes the take again will notice
        rendered: Rendered | None = None
        for stage in self._player.render(composition.score, job.seed):
            rendered = stage.result
            fraction = COMPOSING_SHARE + (1 - COMPOSING_SHARE) * stage.fraction
            word = stage.word if rendered is None else "finishing"
            yield Progress(job.job_id, min(fraction, 0.99), fraction * composition.score.duration_s, word)
        if rendered is None:
            raise RuntimeError("playing ended without a sound")
        # only now, when the player has let go of its buffers
        finished = _extended if job.request.operation is Operation.EXTEND else _finished
        yield from finished(job, composition, rendered)


def _finished(job: EngineJob, composition: Composition, rendered: Rendered) -> Iterator[Event]:
    """The take as it was played, or laid under the clip that it accompanies."""
    clip, stems = rendered.mix, dict(rendered.stems)
    if job.request.operation is Operation.ACCOMPANY:
        clip, stems["backing"] = lay_under(job.clips[0], rendered.mix, rendered.mix.duration_s)
    yield Done(
        job.job_id, clip, stems, to_midi(composition.score), composition.details, composition.remarks, _revision()
    )


def _extended(job: EngineJob, composition: Composition, rendered: Rendered) -> Iterator[Event]:
    """The clip with the new part behind it; stems and notes begin where the clip does."""
    frame, has_beat = composition.frame, job.hearings[0].has_beat
    lead_s = min(EXTEND_LEAD_S, frame.join_s)
    # without a beat there is nothing to be in time with: the clip is played out
    join_s = frame.join_s if has_beat else job.clips[0].duration_s
    joined = go_on(job.clips[0], rendered.mix, join_s - lead_s, join_s)
    placing = stems_of_whole(joined, rendered.stems)
    while True:
        try:
            next(placing)
        except StopIteration as ended:
            stems: dict[str, Clip] = ended.value
            break
        yield Progress(job.job_id, 0.99, composition.score.duration_s, "finishing")
    score = score_of_whole(composition, joined.kept_s, on_the_clips_beats=has_beat)
    details = {**composition.details, "join": joined.details()}
    yield Done(
        job.job_id, joined.clip, stems, to_midi(score), details, composition.remarks, _revision(),
        kept_s=joined.kept_s, joins_s=(joined.until_s,),
    )  # fmt: skip


def _revision() -> str:
    return f"arranger {code_revision('arranger')}"
