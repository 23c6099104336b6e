"""What an operator can set for the engine musicgen, and the published checkpoints."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

from generation.errors import EngineUnavailable

LICENCE = "CC-BY-NC-4.0"
PRECISIONS = ("auto", "float32", "bfloat16", "float16", "int8", "int4")


@dataclass(frozen=True, slots=True)
class Published:
    """A published checkpoint: its repository, the commit that is read so that nothing changes unseen, and its size.

    decoder_millions: parameters of the decoder in millions; T5 and EnCodec have 167 million more.
    """

    repository: str
    revision: str
    decoder_millions: int


PUBLISHED: dict[str, Published] = {
    "small": Published("facebook/musicgen-small", "4c8334b02c6ec4e8664a91979669a501ec497792", 420),
    "medium": Published("facebook/musicgen-medium", "d3bd7b00761b78ad7a8a05145ee31e7832e9916c", 1840),
    "large": Published("facebook/musicgen-large", "15ccdc92099879e47b6da12c350cdb71d4eab3ca", 3260),
    "melody": Published("facebook/musicgen-melody", "68d653a95788ec0d2b0abccab22c0b3a200c2d90", 1390),
    "stereo-small": Published("facebook/musicgen-stereo-small", "3a110c0092820d470372c880c5ea06ce21a78ddd", 440),
    "stereo-medium": Published("facebook/musicgen-stereo-medium", "2747e613fbaadc43b14257224326ef58c5c11b81", 1860),
    "stereo-large": Published("facebook/musicgen-stereo-large", "bda8ec330c9c17e09728589eaf678f58f7d2d932", 3290),
    "stereo-melody": Published("facebook/musicgen-stereo-melody", "022c3bd20a7d77e7c014082f0391bcbcd3940a7a", 1410),
}


@dataclass(frozen=True, slots=True)
class MusicgenOptions:
    """The operator's settings, the table `[engines.musicgen]`.

    models: names of published checkpoints (see `PUBLISHED`) or folders on disk; the first is the default, the others
        are loaded when a request names them.
    revisions: commits to read instead of the pinned ones, by name.
    accept_licence: the weights are CC-BY-NC 4.0, for non-commercial use; nothing is loaded until this is true.
    precision: of the decoder: auto (int8 on a CPU, bfloat16 on a GPU), float32, bfloat16, float16 (GPU), int8 or int4
        (CPU; int4 is faster for one take at a time, slower for several, and rougher).
    threads: torch's threads on a CPU, 1..64; 0 leaves torch's own choice.
    max_jobs: takes that are made at once, 1..32; fewer when the device's memory holds fewer.
    max_duration_s: longest new music of one take, 1..300 s.
    idle_unload_s: weights are let go after this long without work, 0 (never)..86400 s.
    preview_after_s: new music made before the first preview, 1..60 s; the next come when it has doubled.
    """

    models: tuple[str, ...] = ("small",)
    revisions: tuple[tuple[str, str], ...] = ()
    accept_licence: bool = False
    precision: str = "auto"
    threads: int = 0
    max_jobs: int = 8
    max_duration_s: float = 120.0
    idle_unload_s: float = 900.0
    preview_after_s: float = 3.0

    def __post_init__(self) -> None:
        if not self.models:
            raise _wrong("models", "name at least one", self.models)
        for name in self.models:
            if name not in PUBLISHED and not Path(name).expanduser().is_dir():
                raise _wrong("models", f"each is one of {', '.join(PUBLISHED)}, or a folder that exists", name)
        if self.precision not in PRECISIONS:
            raise _wrong("precision", f"one of {', '.join(PRECISIONS)}", self.precision)
        _check_range("threads", self.threads, 0, 64)
        _check_range("max_jobs", self.max_jobs, 1, 32)
        _check_range("max_duration_s", self.max_duration_s, 1, 300)
        _check_range("idle_unload_s", self.idle_unload_s, 0, 86_400)
        _check_range("preview_after_s", self.preview_after_s, 1, 60)

    @classmethod
    def of(cls, values: dict[str, Any]) -> Self:
        """From the plain values of the settings table.

        Raises:
            EngineUnavailable: an unknown name or a value out of range; the sentence says which.
        """
        known = {field.name for field in fields(cls)}
        if unknown := sorted(set(values) - known):
            raise _wrong(unknown[0], f"known settings are {', '.join(sorted(known))}", values[unknown[0]])
        plain = dict(values)
        if "models" in plain:
            models = plain["models"]
            plain["models"] = (models,) if isinstance(models, str) else tuple(str(name) for name in models)
        if "revisions" in plain:
            plain["revisions"] = tuple(sorted(dict(plain["revisions"]).items()))
        return cls(**plain)

    def revision_of(self, name: str) -> str:
        """The commit that is read for a published checkpoint."""
        return dict(self.revisions).get(name, PUBLISHED[name].revision)


def require_licence(options: MusicgenOptions) -> None:
    """Refuse until the operator has accepted the weights' licence."""
    if not options.accept_licence:
        raise EngineUnavailable(
            f"MusicGen's weights are for non-commercial use ({LICENCE}): the operator accepts that once with"
            " accept_licence = true under [engines.musicgen] in the settings."
        )


@dataclass(frozen=True, slots=True)
class ModelTraits:
    """What can be known of a checkpoint before it is loaded."""

    is_melody: bool
    num_channels: int


def traits_of(name: str) -> ModelTraits:
    """The traits of a published checkpoint or a local folder.

    Raises:
        EngineUnavailable: a folder without a MusicGen configuration.
    """
    if name in PUBLISHED:
        return ModelTraits("melody" in name, 2 if name.startswith("stereo") else 1)
    path = Path(name).expanduser() / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        return ModelTraits(config["model_type"] == "musicgen_melody", int(config["decoder"].get("audio_channels", 1)))
    except (OSError, ValueError, KeyError) as error:
        raise EngineUnavailable(
            f"{path} is not the configuration of a MusicGen checkpoint; mend or remove it."
        ) from error


def _check_range(name: str, value: float, low: float, high: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise _wrong(name, f"between {low:g} and {high:g}", value)


def _wrong(name: str, wanted: str, value: object) -> EngineUnavailable:
    return EngineUnavailable(f"The setting engines.musicgen.{name} is {value!r}; it must be: {wanted}.")
