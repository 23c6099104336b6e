"""How far a "no" or "less" of a prompt reaches, word by word from left to right.

A negation reaches over words without a meaning of their own to the next meaning, and no further than the next comma
or "but": "don't use any drums" excludes the drums. A join carries it on to more of the same kind ("no drums or bass");
any other word after what it met ends it ("no drums with bass"). A word of degree makes it a mere "less" ("not too much
piano"), which never excludes and never forces; "not only" is no negation at all. Before a tempo or a feeling both pull
the other way by half of what the word alone would do, so that "not too fast" is rather slow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from generation.engines.arranger.vocabulary import Meaning

Sense = Literal["plain", "no", "less", "open"]
"""How a phrase is meant: as it stands; excluded; less of it; neither asked for nor excluded."""

_BUT = frozenset({"except", "except for", "excepto", "salvo", "ausser", "sauf", "hormis"})
"""After something that is excluded these bring back what follows: "no drums except the kick"."""
_GROUPS = {
    "instrument": "things", "piece": "things", "kit": "things", "lacking": "things", "unsupported": "things",
    "flag": "things", "role": "things",
    "style": "style", "genre": "style",
    "mood": "feel", "tempo": "feel", "energy": "feel", "era": "feel",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Word:
    """A phrase of the prompt and what it means; None where nobody knows."""

    phrase: str
    meaning: Meaning | None

    @property
    def kind(self) -> str:
        """The kind of its meaning, empty where nobody knows."""
        return self.meaning.kind if self.meaning is not None else ""


@dataclass(slots=True)
class Reach:
    """Where a negation stands: its sense, the group of what it has met, whether a join leads on from there."""

    sense: Sense = "plain"
    met: str = ""
    joined: bool = False

    @property
    def is_on(self) -> bool:
        """Whether a style or an instrument that came now would be meant otherwise than plainly."""
        return self.sense != "plain" and (not self.met or self.joined or self.met == "feel")

    def is_ended_by(self, word: Word) -> bool:
        """Whether nothing reaches over the word, in either direction."""
        return word.kind in ("separator", "contrast") or (word.phrase in _BUT and self.sense == "no" and bool(self.met))

    def hear(self, word: Word) -> Sense | None:
        """Go on over a word; the sense in which its meaning is to be read, None where it only leads to others."""
        kind = word.kind or "ignored"
        if self.is_ended_by(word) or kind == "only" or (kind in ("ignored", "after") and self.met):
            self._start("plain")
        elif kind in ("negation", "less", "excess", "degree"):
            self._turn(kind)
        elif kind == "join":
            self.joined = True
        elif kind not in ("ignored", "after", "article"):
            return self._sense_for(_GROUPS.get(kind, kind))
        return None

    def _start(self, sense: Sense) -> None:
        self.sense, self.met, self.joined = sense, "", False

    def _turn(self, kind: str) -> None:
        """What "no", "less", "too much", "too" make of it; one that has met something starts anew."""
        waiting = self.sense if not self.met else "plain"
        if kind == "negation":
            self._start("no")
        elif kind == "excess" or (kind == "degree" and waiting == "no"):
            self._start("less")
        elif kind == "less":
            self._start("plain" if waiting == "no" else "less")
        elif waiting == "plain":
            self._start("plain")

    def _sense_for(self, group: str) -> Sense:
        if self.sense == "plain" or not self.met or (self.joined and self.met == group):
            said = self.sense
        elif self.sense == "no" and self.met == "feel" and not self.joined and group in ("things", "style"):
            said = "open"  # "no heavy drums" speaks of heavy drums, not of all
        else:
            said = "plain"
        if said in ("plain", "open"):
            self._start("plain")
        self.met, self.joined = group, False
        return said
