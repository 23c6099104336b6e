"""Bark: speech, singing and effects from text, through transformers, a slice of its `generate` a step."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

import numpy as np

from generation.clip import Clip
from generation.engines import EngineOptions
from generation.engines.base import Capabilities, Done, Engine, EngineJob, Event, Failed, Progress
from generation.errors import EngineUnavailable, RequestRefused
from generation.request import Operation

LICENCE = "MIT"
SAMPLE_RATE_HZ = 24_000
SEMANTIC_RATE_HZ = 49.9
MAX_DURATION_S = 15.0
"""768 semantic tokens at 49.9 a second, what the model was trained on."""
STEP_S = 0.2
VOICE_TAG = re.compile(r"^\s*\[((?:v2/)?[a-z]{2}_speaker_\d)\]\s*")
"""A prompt may begin with a voice, as in "[en_speaker_6] ♪ hello ♪"."""

PUBLISHED = {
    "bark-small": ("suno/bark-small", "1dbd7a128513b8ae4a4e2130fed57b7ac9da5bcd"),
    "bark": ("suno/bark", "70a8a7d34168586dc5d028fa9666aceade177992"),
}


@dataclass(frozen=True, slots=True)
class BarkOptions:
    """The operator's settings, the table `[engines.bark]`.

    model: bark-small, bark, or a folder with a checkpoint. revision: a commit to read instead of the pinned one.
    voice: the voice of prompts that name none, such as "v2/en_speaker_6"; empty for a random one.
    threads: torch's threads on a CPU, 0 (torch's own choice)..64.
    """

    model: str = "bark-small"
    revision: str = ""
    voice: str = ""
    threads: int = 0

    def __post_init__(self) -> None:
        if self.model not in PUBLISHED and not Path(self.model).expanduser().is_dir():
            raise EngineUnavailable(
                f"The setting engines.bark.model is {self.model!r}; it must be {', '.join(PUBLISHED)} or a folder."
            )
        if isinstance(self.threads, bool) or not isinstance(self.threads, int) or not 0 <= self.threads <= 64:
            raise EngineUnavailable(f"The setting engines.bark.threads is {self.threads!r}; it must be 0 to 64.")

    @classmethod
    def of(cls, values: dict[str, Any]) -> Self:
        """From the plain values of the settings table. Raises EngineUnavailable, naming what is wrong."""
        known = {field.name for field in fields(cls)}
        if unknown := sorted(set(values) - known):
            raise EngineUnavailable(f"engines.bark has no setting {unknown[0]}; known are {', '.join(sorted(known))}.")
        return cls(**values)


def create(device: str, options: EngineOptions) -> Engine:
    """The engine for a device ("cpu", "cuda:0"); reads no weights yet."""
    return BarkEngine(device, BarkOptions.of(options.values))


class BarkEngine:
    """Makes one take at a time; see `generation.engines.base.Engine`.

    Bark draws from torch's global generator, so a take is seeded there, and nothing else may draw while it is made.
    """

    def __init__(self, device: str, options: BarkOptions) -> None:
        self.device, self.options = device, options
        self.capabilities = Capabilities(
            name="bark",
            operations=frozenset({Operation.COMPOSE}),
            max_duration_s=MAX_DURATION_S,
            num_channels=1,
            sample_rate_hz=SAMPLE_RATE_HZ,
            licence=LICENCE,
            models=(options.model,),
        )
        self.model: Any = None
        self.processor: Any = None
        self.waiting: list[EngineJob] = []
        self.running: tuple[EngineJob, SteppedCall] | None = None

    def load(self) -> None:
        """Read the weights: safetensors only, no code from the repository. Raises EngineUnavailable."""
        import torch

        if self.options.threads and self.device == "cpu":
            torch.set_num_threads(self.options.threads)
        self.model, self.processor = _read(*_locate(self.options))
        self.model.to(self.device)

    def admit(self, job: EngineJob) -> None:
        """Take a job in. Raises RequestRefused: another operation than compose, a clip, no words, too long."""
        request = job.request
        if request.operation is not Operation.COMPOSE or job.clips:
            raise RequestRefused("Bark makes speech and singing from words alone: use compose, without a clip.")
        if not VOICE_TAG.sub("", request.prompt).strip():
            raise RequestRefused("Bark needs the words to say or sing; put ♪ around what is to be sung.")
        if (request.duration_s or 0) > MAX_DURATION_S:
            raise RequestRefused(f"Bark makes at most {MAX_DURATION_S:g} s at once, not {request.duration_s:.0f} s.")
        self.waiting.append(job)

    def step(self) -> Sequence[Event]:
        """Go on with the running take for a fifth of a second, or start the next one."""
        if self.running is None:
            return [self._start(self.waiting.pop(0))] if self.waiting else []
        job, call = self.running
        if not call.advance(STEP_S):
            fraction, stage = self._progress(job, call)
            return [Progress(job.job_id, fraction, stage=stage)]
        self.running = None
        return [self._done(job, call.result())]

    def cancel(self, job_id: str) -> None:
        """Forget the job; a running one is ended where it stands."""
        self.waiting = [job for job in self.waiting if job.job_id != job_id]
        if self.running is not None and self.running[0].job_id == job_id:
            self.running[1].stop()
            self.running = None

    def _start(self, job: EngineJob) -> Event:
        tag = VOICE_TAG.match(job.request.prompt)
        voice = tag.group(1) if tag else self.options.voice
        voice = voice if not voice or voice.startswith("v2/") else f"v2/{voice}"
        if voice and voice not in self.processor.available_voice_presets:
            return Failed(job.job_id, f"Bark has no voice {voice!r} here; try another one, or none.")
        words = VOICE_TAG.sub("", job.request.prompt)
        inputs = self.processor(words, voice_preset=voice or None).to(self.device)
        modules = {
            "words": self.model.semantic,
            "melody": self.model.coarse_acoustics,
            "detail": self.model.fine_acoustics,
        }
        self.running = (job, SteppedCall(lambda: self._generate(job, dict(inputs)), modules))
        return Progress(job.job_id, 0.0, stage="words")

    def _generate(self, job: EngineJob, inputs: dict[str, Any]) -> Any:
        import torch

        torch.manual_seed(job.seed)
        temperature = job.request.sampling.temperature
        tokens = _num_semantic_tokens(job)
        return self.model.generate(
            **inputs,
            do_sample=True,
            semantic_temperature=temperature,
            coarse_temperature=temperature,
            fine_temperature=0.5 * temperature,  # Bark's own default: detail is best a little cooler
            semantic_max_new_tokens=tokens,
        )

    def _progress(self, job: EngineJob, call: SteppedCall) -> tuple[float, str]:
        """How far it is: a semantic token takes one pass, then three coarse ones, and the detail some few in all."""
        words, melody = call.num_passes["words"], call.num_passes["melody"]
        stage = "detail" if call.num_passes["detail"] else "melody" if melody else "words"
        expected = words if melody else _num_semantic_tokens(job)
        return min((words + melody) / (4 * expected + 1), 0.99), stage

    def _done(self, job: EngineJob, audio: Any) -> Event:
        samples = np.clip(audio.float().cpu().numpy().reshape(1, -1), -1, 1).astype(np.float32)
        if samples.shape[1] == 0:
            return Failed(job.job_id, "Bark found nothing to say for these words; try others.", retry=True)
        source, revision = _locate(self.options)
        details = {"model": self.options.model, "prompt": job.request.prompt}
        return Done(job.job_id, Clip(samples, SAMPLE_RATE_HZ), details=details, engine_revision=f"{source}@{revision}")


class SteppedCall:
    """A long call to a model, run in a thread of its own, that goes on only while it is let.

    Its modules count their passes and wait at each for leave to go on. `advance` and the call never run at once.
    """

    def __init__(self, function: Callable[[], Any], modules: dict[str, Any]) -> None:
        self.function, self.num_passes = function, dict.fromkeys(modules, 0)
        self.until_s, self.is_stopping = 0.0, False
        self.outcome: list[Any] = []
        self.error: BaseException | None = None
        self.paused, self.leave = threading.Semaphore(0), threading.Semaphore(0)
        self.hooks = [module.register_forward_pre_hook(self._pass(name)) for name, module in modules.items()]
        self.thread = threading.Thread(target=self._run, name="bark", daemon=True)
        self.thread.start()

    def advance(self, seconds: float) -> bool:
        """Let the call go on for about `seconds`; whether it has ended."""
        self.until_s = time.perf_counter() + seconds
        self.leave.release()
        self.paused.acquire()
        return bool(self.outcome) or self.error is not None

    def result(self) -> Any:
        """What the call returned, once it has ended. Raises what it raised."""
        if self.error is not None:
            raise self.error
        return self.outcome[0]

    def stop(self) -> None:
        """End the call at the pass where it waits."""
        self.is_stopping = True
        self.leave.release()
        self.thread.join()

    def _pass(self, name: str) -> Callable[..., None]:
        def count(*_: Any) -> None:
            self.num_passes[name] += 1
            if time.perf_counter() >= self.until_s:
                self.paused.release()
                self.leave.acquire()
            if self.is_stopping:
                raise _Stopped

        return count

    def _run(self) -> None:
        self.leave.acquire()
        try:
            if not self.is_stopping:
                self.outcome.append(self.function())
        except _Stopped:
            return
        except BaseException as error:  # noqa: BLE001 - raised again by `result`, in the thread that waits for it
            self.error = error
        finally:
            for hook in self.hooks:
                hook.remove()
            self.paused.release()


class _Stopped(Exception):
    """Ends a call that is no longer wanted."""


def _num_semantic_tokens(job: EngineJob) -> int:
    return round(SEMANTIC_RATE_HZ * (job.request.duration_s or MAX_DURATION_S))


def _locate(options: BarkOptions) -> tuple[str, str]:
    if options.model not in PUBLISHED:
        return str(Path(options.model).expanduser()), options.revision or "local"
    repository, revision = PUBLISHED[options.model]
    return repository, options.revision or revision


def _read(source: str, revision: str) -> tuple[Any, Any]:
    from transformers import BarkModel, BarkProcessor

    pinned: dict[str, Any] = {} if revision == "local" else {"revision": revision}
    try:
        model = BarkModel.from_pretrained(source, use_safetensors=True, **pinned)
        return model.eval(), BarkProcessor.from_pretrained(source, **pinned)
    except (OSError, ValueError) as error:
        raise EngineUnavailable(
            f"Bark's weights {source} can't be read here (only safetensors are). With a network:"
            f" hf download {source}{'' if revision == 'local' else f' --revision {revision}'}"
        ) from error
