"""A job inside the worker: its takes, which of them wait, are being made or are done, and how far all is."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from generation.clip import Clip
from generation.engines.base import EngineJob, Preview, Progress
from generation.request import MAX_SEED, Request
from generation.worker.messages import MadeTake
from generation.worker.second_ear import HeardAsSaid


def take_id_of(job_id: str, index: int) -> str:
    """The id of a job's take: always the same, so that a job that is made twice can't have two of them."""
    return f"{job_id}-{index}"


ANOTHER_SEED = 1_000_003
"""How far the seed of a second try lies from the first: further than a job has takes."""


def take_seed(request: Request, index: int, num_tries: int = 0) -> int:
    """The seed of a request's take: the request's own for the first, one more for each further one."""
    return (request.seed + index + num_tries * ANOTHER_SEED) % (MAX_SEED + 1)


class Making:
    """One job of the worker. Takes are engine jobs of their own, named by their take ids."""

    def __init__(
        self,
        job_id: str,
        request: Request,
        clips: tuple[Clip, ...],
        heard: HeardAsSaid,
        *,
        previews: str | None = None,
    ) -> None:
        """`heard`: in the clips; `previews`: the place for the job's previews, None where nobody listens to them."""
        self.job_id, self.request, self.engine = job_id, request, request.engine
        self.clips, self.heard, self.previews = clips, heard, previews
        self._waiting = deque(range(request.num_takes))
        self._admitted: dict[str, int] = {}
        self._progress: dict[int, Progress] = {}
        self._done: dict[int, MadeTake] = {}
        self._first_tries: dict[int, MadeTake] = {}  # those that fell short and are made once more
        self._told_at_s = float("-inf")
        self._so_far: Clip | None = None  # the newest preview, until it is time for it
        self._begun_at_s: float | None = None
        self._previewed_at_s = 0.0

    @property
    def has_waiting(self) -> bool:
        """Whether a take was not given to the engine yet."""
        return bool(self._waiting)

    @property
    def num_admitted(self) -> int:
        """How many rows of the engine its takes hold."""
        return len(self._admitted)

    @property
    def admitted(self) -> Iterable[str]:
        """The engine jobs that are being made."""
        return tuple(self._admitted)

    @property
    def is_complete(self) -> bool:
        """Whether all takes are done."""
        return len(self._done) == self.request.num_takes

    @property
    def made_takes(self) -> list[MadeTake]:
        """The takes that are done, by index."""
        return [self._done[index] for index in sorted(self._done)]

    @property
    def fraction(self) -> float:
        """How much of all takes is done, 0..1."""
        parts = [min(max(item.fraction, 0.0), 1.0) for item in self._progress.values()]
        return min((sum(parts) + len(self._done)) / self.request.num_takes, 1.0)

    @property
    def made_s(self) -> float:
        """Seconds of music so far, over all takes."""
        return sum(item.made_s for item in self._progress.values()) + sum(
            take.duration_s for take in self._done.values()
        )

    def next_take(self) -> EngineJob:
        """Move the next waiting take to the admitted ones."""
        index = self._waiting.popleft()
        take_id = take_id_of(self.job_id, index)
        self._admitted[take_id] = index
        return EngineJob(take_id, self.request, self.seed_of(index), self.clips, self.heard.hearings)

    def seed_of(self, index: int) -> int:
        """The seed of a take as it is made now: another one in its second try."""
        return take_seed(self.request, index, 1 if index in self._first_tries else 0)

    def is_making(self, take_job_id: str) -> bool:
        """Whether this take is being made now."""
        return take_job_id in self._admitted

    def index_of(self, take_job_id: str) -> int:
        """The index of a take that is being made."""
        return self._admitted[take_job_id]

    def note_progress(self, event: Progress, *, every_s: float, now_s: float) -> bool:
        """Keep how far a take is; True when it is time to tell (the newest counts, those between are dropped)."""
        self._progress[self._admitted[event.job_id]] = event
        if now_s - self._told_at_s < every_s:
            return False
        self._told_at_s = now_s
        return True

    def note_preview(self, event: Preview) -> None:
        """Keep the audio so far. Of several takes the first that is being made is followed, not each in turn."""
        if self.previews is not None and self._admitted[event.job_id] == min(self._admitted.values()):
            self._so_far = event.clip

    def due_preview(self, interval_s: float, now_s: float) -> Clip | None:
        """The audio so far, when it is time to show it: at most once an interval, which begins with the job.

        Never when the rest will take less than an interval: nobody would hear it to its end, and short takes don't pay
        for what is of use to long ones. 0 switches previews off.
        """
        if self._begun_at_s is None:
            self._begun_at_s = self._previewed_at_s = now_s
        if interval_s <= 0 or self._so_far is None or now_s - self._previewed_at_s < interval_s:
            return None
        if (now_s - self._begun_at_s) * (1 - self.fraction) < interval_s * self.fraction:
            return None
        clip, self._so_far, self._previewed_at_s = self._so_far, None, now_s
        return clip

    def note_done(self, take_job_id: str, take: MadeTake) -> None:
        """A take is finished and stored; of two tries the one that falls short less counts."""
        index = self._leave(take_job_id)
        first = self._first_tries.get(index, take)
        self._done[index] = take if len(take.shortcomings) < len(first.shortcomings) else first

    def may_try_again(self, take_job_id: str, take: MadeTake) -> bool:
        """Whether a take that fell short may be made with another seed: once, and not when its seed was given."""
        is_first = self._admitted[take_job_id] not in self._first_tries
        return take.worth_another_seed and self.request.seed_is_drawn and is_first

    def try_again(self, take_job_id: str, take: MadeTake) -> None:
        """Keep a take that falls short, and put it in line once more with another seed."""
        index = self._leave(take_job_id)
        self._first_tries[index] = take
        self._waiting.appendleft(index)

    def _leave(self, take_job_id: str) -> int:
        """A take is made no more, for now; its index."""
        index = self._admitted.pop(take_job_id)
        self._progress.pop(index, None)
        self._so_far = None  # it may have been the audio of this one
        return index

    def keep_first_try(self, take_job_id: str) -> bool:
        """The second try failed: the first counts. False when there was none."""
        index = self._admitted.get(take_job_id)
        if index is None or index not in self._first_tries:
            return False
        self.note_done(take_job_id, self._first_tries[index])
        return True
