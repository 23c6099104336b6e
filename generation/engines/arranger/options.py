"""What an operator can set for the arranger."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

from generation.errors import EngineUnavailable


@dataclass(frozen=True, slots=True)
class ArrangerOptions:
    """The operator's settings, the table `[engines.arranger]`.

    soundfont: a font (sf2, sf3) to play with instead of the carried one; empty: the carried one.
    styles_folder: a folder of style files that are read beside the carried ones; empty: none.
    """

    soundfont: str = ""
    styles_folder: str = ""

    @classmethod
    def of(cls, values: dict[str, Any]) -> Self:
        """From the plain values of the settings table.

        Raises:
            EngineUnavailable: an unknown name, or a value that is no text; the sentence says which.
        """
        known = [field.name for field in fields(cls)]
        for name, value in values.items():
            if name not in known:
                raise EngineUnavailable(f"There is no setting engines.arranger.{name}; there are {', '.join(known)}.")
            if not isinstance(value, str):
                raise EngineUnavailable(f"The setting engines.arranger.{name} is {value!r}; it must be text in quotes.")
        return cls(**values)

    @property
    def styles_path(self) -> Path | None:
        """The folder of the operator's styles, None without one."""
        return Path(self.styles_folder).expanduser() if self.styles_folder else None

    @property
    def soundfont_path(self) -> Path | None:
        """The operator's font, None for the carried one."""
        return Path(self.soundfont).expanduser() if self.soundfont else None
