"""Prompts of which every word is counted: style, instruments and drums by the MIDI file, tempo."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.arranging.sheet import read_sheet
from generation.engines.arranger.midi import to_midi
from generation.request import Operation
from tests.support.scores import composed

PROGRAMS: dict[str, frozenset[int]] = {
    "piano": frozenset(range(4)), "electric piano": frozenset({4, 5}), "bells": frozenset({9, 10, 11, 12, 13, 14, 98}),
    "organ": frozenset(range(16, 20)), "accordion": frozenset({21, 23}), "acoustic guitar": frozenset({24, 25}),
    "electric guitar": frozenset(range(26, 32)), "guitar": frozenset(range(24, 32)), "bass": frozenset(range(32, 40)),
    "double bass": frozenset({32, 43}), "slap bass": frozenset({36, 37}), "synth bass": frozenset({38, 39}),
    "violin": frozenset({40}), "harp": frozenset({46}), "strings": frozenset({40, 41, 42, 43, 44, 45, 48, 49, 50, 51}),
    "choir": frozenset({52, 53, 54}), "trumpet": frozenset({56}), "brass": frozenset(range(56, 64)),
    "saxophone": frozenset(range(64, 68)), "clarinet": frozenset({71}), "flute": frozenset({73}),
    "synth": frozenset(range(80, 96)), "banjo": frozenset({105}), "kalimba": frozenset({108}),
}  # fmt: skip
"""General MIDI programs, counted from 0, by what people call them."""


@dataclass(frozen=True)
class Words:
    """A prompt and what it asks for: style, instruments that must sound, others that must not, tempo."""

    prompt: str
    style: str
    wanted: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()
    tempo_bpm: float | None = None


PROMPTS = (
    Words("lo-fi hip hop, mellow, with rhodes", "lofi", ("electric piano",)),
    Words("boom bap hip hop, dark, piano, 88 bpm", "hiphop", ("piano",), (), 88),
    Words("trap with bells and 808", "trap", ("bells", "synth bass")),
    Words("liquid drum and bass, no piano", "dnb", ("drums",), ("piano",)),
    Words("hard techno without vocals, acid bass, 138 bpm", "techno", ("synth bass",), (), 138),
    Words("deep house with organ", "house", ("organ",)),
    Words("synthwave, saw lead, no guitar", "synthwave", ("synth",), ("guitar",)),
    Words("classic rock with hammond, guitar solo", "rock", ("organ", "electric guitar")),
    Words("thrash metal, aggressive, 170 bpm", "metal", ("electric guitar", "drums"), (), 170),
    Words("punk rock, fast, no drums", "punk", (), ("drums",)),
    Words("funk with slap bass and horns", "funk", ("slap bass", "brass")),
    Words("soul ballad with strings", "soul", ("strings",)),
    Words("jazz trio: piano, double bass, no sax", "jazz", ("piano", "double bass"), ("saxophone",)),
    Words("bossa nova with flute", "bossa", ("flute",)),
    Words("reggae, happy, trumpet, 76 bpm", "reggae", ("trumpet",), (), 76),
    Words("irish folk with fiddle, no bass", "folk", ("violin",), ("bass",)),
    Words("country with banjo", "country", ("banjo",)),
    Words("slow blues, electric guitar", "blues", ("electric guitar",)),
    Words("string quartet, calm", "classical", ("strings",), ("drums",)),
    Words("epic film score with choir", "film", ("choir",)),
    Words("ambient, dreamy, harp", "ambient", ("harp",), ("drums",)),
    Words("8 bit game music", "chiptune"),
    Words("afrobeat with kalimba", "afrobeat", ("kalimba",)),
    Words("Wiener Walzer mit Akkordeon, ohne Schlagzeug", "waltz", ("accordion",), ("drums",)),
    Words("disco con violín", "disco", ("violin",)),
    Words("trance épico sin bajo", "trance", (), ("bass",)),
    Words("pop triste avec guitare sèche, sans batterie", "pop", ("acoustic guitar",), ("drums",)),
    Words("langsamer Jazz mit Klarinette", "jazz", ("clarinet",)),
    Words("only piano, romantic waltz", "waltz", ("piano",), ("drums", "strings", "bass")),
    Words("rock en español con saxofón, 120 bpm", "rock", ("saxophone",), (), 120),
)


def check(words: Words, seed: int) -> tuple[int, list[str]]:
    """(how many things were asked for, those that were not heeded)."""
    made = composed(Operation.COMPOSE, words.prompt, seed)
    sheet = read_sheet(to_midi(made.score))
    missed = [] if made.details["style"] == words.style else [f"style {made.details['style']}"]
    for names, should in ((words.wanted, True), (words.unwanted, False)):
        for name in names:
            sounds = sheet.has_drums if name == "drums" else bool(PROGRAMS[name] & sheet.programs)
            if sounds is not should:
                missed.append(f"{'no ' if should else ''}{name}")
    if words.tempo_bpm is not None and abs(sheet.tempo_bpm / words.tempo_bpm - 1) > 0.02:
        missed.append(f"{sheet.tempo_bpm:.0f} BPM")
    asked = 1 + len(words.wanted) + len(words.unwanted) + (words.tempo_bpm is not None)
    return asked, [f"{words.prompt}: {miss}" for miss in missed]
