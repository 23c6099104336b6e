"""A musician's own styles: files in a folder of the operator's, read beside the carried ones."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from generation.engines.arranger.style import Style, read_style, use_own
from generation.engines.arranger.synth import has_voice
from generation.engines.arranger.vocabulary import vocabulary

LAST_PROGRAM = 127


@dataclass(frozen=True, slots=True)
class OwnStyles:
    """What was found in the folder: styles by key, the digests of their files (16 hexadecimal digits of SHA-256, for
    the recipe), and a sentence for each file that can't be used."""

    styles: dict[str, Style] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    faults: tuple[str, ...] = ()


def read_own(folder: Path | None) -> OwnStyles:
    """Read the folder. A file with a mistake is left out and told; so is a folder that there is not."""
    if folder is None:
        return OwnStyles()
    if not folder.is_dir():
        sentence = f"The setting engines.arranger.styles_folder is {str(folder)!r}: there is no such folder."
        return OwnStyles(faults=(sentence,))
    found, faults = OwnStyles(), []
    for path in sorted(folder.glob("*.toml")):
        try:
            style = read_style(path)
            _check_sounds(style, path)
            found.digests[style.key] = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
            found.styles[style.key] = style
        except (ValueError, OSError) as error:
            faults.append(str(error))
    return OwnStyles(found.styles, found.digests, tuple(faults))


def take_up(own: OwnStyles) -> None:
    """Use these styles in this process from here on; one of a carried style's key replaces it, its words are read in
    prompts. A worker has one arranger, so this is its setting."""
    use_own(own.styles)
    vocabulary.cache_clear()


def _check_sounds(style: Style, path: Path) -> None:
    """Raise ValueError for an instrument or a kit that there is not: it would be noticed only when it is to play."""
    for part in style.parts:
        for sound in part.instruments:
            _check_sound(sound, "gm", f"{path.name} can't be used: part {part.name}, instruments")
    for kit in style.drums.kits:
        _check_sound(kit, "kit", f"{path.name} can't be used: drums, kits")


def _check_sound(sound: str, numbered: str, place: str) -> None:
    kind, _, name = sound.partition(":")
    if kind == numbered and name.isdecimal() and int(name) <= LAST_PROGRAM:
        return
    if kind != "synth" or not has_voice(name):
        raise ValueError(
            f"The style file {place}: there is no {sound!r}; it should be {numbered}:0 to {numbered}:{LAST_PROGRAM},"
            " or synth: and a voice of instruments.py."
        )
