"""What can be played: the carried font's programs and kits, and the synthesised voices, with what they are good for.

`Sound.instrument` takes "gm:PROGRAM", "kit:NUMBER" or "synth:NAME" with the numbers and names of these tables.
Every other General MIDI program is played by its closest relative (`closest_program`); a bigger font set by the
operator plays what it has. Velocity 0.8 is the normal stroke of every instrument: levels are evened out at playing,
so the same velocity on two instruments gives the same loudness for their place in a band (see play.py).
Loudness goes with velocity squared (SoundFont 2.04, 8.4.1): 0.4 is 12 dB under 0.8.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Instrument:
    """`low`..`high` are the MIDI pitches where it sounds natural (more is playable), `roles` what it is good for.

    `sustains`: holds as long as the note (strings, organ), otherwise it dies away (piano, guitar).
    """

    name: str
    low: int
    high: int
    roles: tuple[str, ...]
    sustains: bool = False
    remark: str = ""


PROGRAMS: dict[int, Instrument] = {
    0: Instrument("grand piano", 28, 96, ("chords", "lead", "arp")),
    4: Instrument("electric piano (Rhodes)", 36, 88, ("chords", "lead"), remark="a little chorus suits it"),
    11: Instrument("vibraphone", 53, 89, ("lead", "chords", "arp")),
    12: Instrument("marimba", 45, 89, ("arp", "lead")),
    14: Instrument("tubular bells", 60, 77, ("lead",), remark="long ring: few notes"),
    16: Instrument("drawbar organ", 36, 91, ("chords", "pad", "lead"), True),
    21: Instrument("accordion", 48, 88, ("lead", "chords"), True),
    24: Instrument("nylon guitar", 40, 79, ("chords", "lead", "arp")),
    25: Instrument("steel guitar", 40, 81, ("chords", "arp", "lead")),
    27: Instrument("clean electric guitar", 40, 81, ("chords", "lead", "arp")),
    28: Instrument("palm-muted guitar", 40, 72, ("chords", "arp"), remark="short eighths, funk and pop"),
    29: Instrument("overdriven guitar", 40, 79, ("chords", "lead"), True, "power chords: root, fifth, octave"),
    30: Instrument("distortion guitar", 40, 79, ("chords", "lead"), True, "power chords only, no thirds low down"),
    32: Instrument("double bass, plucked", 28, 55, ("bass",)),
    33: Instrument("fingered bass guitar", 28, 55, ("bass",)),
    34: Instrument("picked bass guitar", 28, 55, ("bass",)),
    36: Instrument("slap bass", 28, 58, ("bass",)),
    38: Instrument("synth bass", 24, 55, ("bass",), True),
    40: Instrument("violin", 55, 91, ("lead",), True),
    42: Instrument("cello", 36, 72, ("lead", "bass", "pad"), True),
    43: Instrument("contrabass, bowed", 28, 55, ("bass", "pad"), True),
    45: Instrument("pizzicato strings", 36, 84, ("arp", "chords", "bass")),
    46: Instrument("harp", 31, 91, ("arp", "chords")),
    47: Instrument("timpani", 36, 57, ("drums", "bass")),
    48: Instrument("string ensemble", 36, 91, ("strings", "pad", "lead"), True),
    52: Instrument("choir aahs", 48, 79, ("pad", "choir"), True),
    56: Instrument("trumpet", 55, 84, ("lead", "brass"), True),
    60: Instrument("french horns", 41, 74, ("pad", "brass", "lead"), True),
    61: Instrument("brass section", 43, 79, ("brass", "chords"), True, "stabs and swells"),
    66: Instrument("tenor saxophone", 44, 76, ("lead",), True),
    71: Instrument("clarinet", 50, 86, ("lead",), True),
    73: Instrument("flute", 60, 93, ("lead",), True),
    80: Instrument("square lead", 48, 91, ("lead", "arp"), True),
    81: Instrument("saw lead", 36, 91, ("lead", "bass"), True),
    87: Instrument("bass and lead synth", 24, 72, ("bass", "lead"), True),
    88: Instrument("fantasia pad", 48, 84, ("pad", "chords"), remark="bell attack, dies away in 4 s"),
    89: Instrument("warm pad", 41, 79, ("pad",), True),
    90: Instrument("polysynth", 41, 84, ("pad", "chords"), True),
    91: Instrument("space voice", 48, 84, ("pad", "choir"), True),
    95: Instrument("sweep pad", 41, 79, ("pad",), True, "opens slowly: notes of a bar and more"),
    104: Instrument("sitar", 48, 77, ("lead", "arp")),
    105: Instrument("banjo", 48, 84, ("arp", "chords", "lead")),
    108: Instrument("kalimba", 55, 91, ("arp", "lead")),
}
"""General MIDI program (0-based) -> instrument."""

KITS: dict[int, str] = {
    0: "standard: acoustic, dry, for most bands",
    8: "room: acoustic with a bigger room, rock",
    16: "power: heavy kick and snare, rock and metal",
    24: "electronic: 1980s pads, synthwave",
    25: "TR-808: hip-hop, trap, electro; no 58, 65, 66",
    32: "jazz: light kick, swing",
    40: "brush: brushed snare (38, 40 swish and tap), ballads, jazz, bossa",
    48: "orchestra: concert bass drum 35 and 36, snare 38 and 40, timpani at 41 to 53, no tom set; film",
}
# fmt: off
PERCUSSION: dict[int, str] = {
    31: "sticks", 35: "kick 2", 36: "kick", 37: "side stick", 38: "snare", 39: "clap", 40: "snare 2",
    41: "floor tom low", 42: "hi-hat closed", 43: "floor tom", 44: "hi-hat foot", 45: "tom low",
    46: "hi-hat open", 47: "tom mid", 48: "tom mid-high", 49: "crash", 50: "tom high", 51: "ride", 52: "china",
    53: "ride bell", 54: "tambourine", 55: "splash", 56: "cowbell", 57: "crash 2", 58: "vibraslap", 59: "ride 2",
    60: "bongo high", 61: "bongo low", 62: "conga mute", 63: "conga high", 64: "conga low", 65: "timbale high",
    66: "timbale low", 67: "agogo high", 68: "agogo low", 69: "cabasa", 70: "maracas", 73: "guiro short",
    74: "guiro long", 75: "claves", 76: "woodblock high", 77: "woodblock low", 78: "cuica mute",
    79: "cuica open", 80: "triangle mute", 81: "triangle open", 82: "shaker", 83: "sleigh bells", 84: "bell tree",
    85: "castanets", 86: "taiko short", 87: "taiko long",
}
# fmt: on
"""Pitches that sound in every font kit, but for the exceptions named in KITS; 42, 44 and 46 cut each other off."""

SYNTH_PERCUSSION = frozenset(
    {35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 54, 56, 57, 70, 75, 82}
)
"""Pitches that sound in every synthesised kit; all others are silent there."""

SYNTH_KITS: dict[str, str] = {
    "kit808": "long booming kick, snappy snare, wide clap, ticking hats: trap, hip-hop, electro",
    "kit909": "punchy kick, noisy snare, bright metal hats: house, techno, trance",
    "kitlofi": "soft dusty kick, dull snare and hats: lo-fi hip-hop",
    "kitdnb": "tight kick, cracking tuned-up snare, short hats: drum and bass, breakbeat",
    "kitchip": "square and noise-channel drums: chiptune",
}
"""Drum kits as "synth:NAME"; the part must be named "drums" for its notes to count as percussion."""

SYNTHS: dict[str, Instrument] = {
    "bass808": Instrument("808 bass", 24, 48, ("bass",), remark="booms and dies away in 1 to 2 s; trap"),
    "sub": Instrument("sine sub bass", 24, 48, ("bass",), True),
    "reese": Instrument("reese bass: detuned saws, moving", 24, 48, ("bass",), True, "drum and bass"),
    "acid": Instrument("acid bass: resonant saw, closing filter", 28, 60, ("bass", "arp"), True),
    "sawbass": Instrument("analogue saw bass", 24, 55, ("bass",), True, "synthwave, techno, funk"),
    "supersaw": Instrument("seven detuned saws, wide", 48, 91, ("lead", "chords", "pad"), True, "trance, drops"),
    "sawlead": Instrument("two saws with vibrato", 48, 91, ("lead",), True),
    "square": Instrument("square wave", 36, 96, ("lead", "arp", "bass"), True, "chiptune"),
    "pulse25": Instrument("25 % pulse wave", 36, 96, ("lead", "arp", "chords"), True, "chiptune"),
    "pulse12": Instrument("12.5 % pulse wave, thin", 36, 96, ("lead", "arp"), True, "chiptune"),
    "triangle": Instrument("4-bit triangle", 24, 84, ("bass", "lead"), True, "chiptune bass"),
    "pluck": Instrument("filtered saw pluck", 40, 88, ("arp", "chords")),
    "pad": Instrument("warm detuned pad, slow", 40, 84, ("pad",), True, "0.4 s attack"),
    "glasspad": Instrument("soft bell-like pad", 48, 91, ("pad",), True),
    "synbrass": Instrument("synth brass, filter swell", 40, 84, ("chords", "brass", "lead"), True, "synthwave"),
    "bell": Instrument("FM bell", 55, 96, ("lead", "arp")),
    "epiano": Instrument("FM electric piano", 40, 91, ("chords", "lead"), remark="1980s ballads"),
    "riser": Instrument("noise that rises over the whole note", 0, 127, ("effects",), True, "1 to 16 s before a drop"),
    "downlifter": Instrument("noise that falls over the whole note", 0, 127, ("effects",), True, "after a drop"),
    "impact": Instrument("deep hit with a tail", 0, 127, ("effects",), remark="on the first beat of a part"),
    "swell": Instrument("reversed cymbal, ends with the note", 0, 127, ("effects",), True),
    "vinyl": Instrument("crackle and hiss for the whole note", 0, 127, ("effects",), True, "one note, whole take"),
    "kick808": Instrument("single 808 kick at any pitch", 0, 127, ("kick",)),
    "kick909": Instrument("single 909 kick at any pitch", 0, 127, ("kick",)),
    "snare808": Instrument("single 808 snare at any pitch", 0, 127, ("snare",)),
    "snare909": Instrument("single 909 snare at any pitch", 0, 127, ("snare",)),
    "clap": Instrument("single clap at any pitch", 0, 127, ("clap",)),
}
"""Melodic and effect voices as "synth:NAME"."""

KICK_PITCHES = frozenset({35, 36})

ROLE_LEVELS_DB: dict[str, float] = {
    "drums": 0.0,
    "kick": -1.0,
    "snare": -3.0,
    "clap": -5.0,
    "percussion": -8.0,
    "bass": -2.5,
    "lead": -2.0,
    "melody": -2.0,
    "brass": -4.0,
    "riff": -4.0,
    "stabs": -4.0,
    "chords": -4.5,
    "keys": -4.5,
    "guitar": -4.5,
    "piano": -4.5,
    "organ": -6.0,
    "horns": -5.0,
    "counter": -6.0,
    "bells": -6.5,
    "strings": -6.5,
    "arp": -6.5,
    "choir": -7.0,
    "pad": -8.0,
    "effects": -11.0,
    "texture": -18.0,
}
"""Where a part sits by its name, in loudness units against the drums (`Sound.gain_db` comes on top).

A part's name may carry a number or a suffix: "lead 2" and "lead_octave" count as "lead"; unknown names as "chords".
"""

_SYNTH_PROGRAMS = frozenset({"gm:38", "gm:80", "gm:81", "gm:87", "gm:88", "gm:89", "gm:90", "gm:91", "gm:95"})
_FAMILIES: dict[int, tuple[int, ...]] = {
    0: (0, 0, 0, 0, 4, 4, 24, 4),
    1: (11, 11, 11, 11, 12, 12, 14, 105),
    2: (16, 16, 16, 16, 16, 21, 21, 21),
    3: (24, 25, 27, 27, 28, 29, 30, 27),
    4: (32, 33, 34, 33, 36, 36, 38, 38),
    5: (40, 40, 42, 43, 48, 45, 46, 47),
    6: (48, 48, 48, 48, 52, 52, 52, 61),
    7: (56, 60, 60, 56, 60, 61, 61, 61),
    8: (66, 66, 66, 66, 71, 71, 60, 71),
    9: (73, 73, 73, 73, 73, 73, 73, 73),
    10: (80, 81, 73, 80, 81, 91, 81, 87),
    11: (88, 89, 90, 91, 89, 88, 91, 95),
    12: (88, 89, 11, 88, 91, 95, 91, 90),
    13: (104, 105, 105, 46, 108, 40, 40, 66),
    14: (11, 11, 108, 12, 47, 47, 47, 47),
    15: (95, 95, 95, 95, 95, 95, 95, 47),
}


def closest_program(program: int) -> int:
    """The program of the carried font that stands in for any General MIDI program 0..127.

    Raises:
        ValueError: a program outside 0..127.
    """
    if not 0 <= program <= 127:
        raise ValueError(f"a General MIDI program is 0..127, not {program}")
    return program if program in PROGRAMS else _FAMILIES[program // 8][program % 8]


def closest_kit(kit: int) -> int:
    """The kit of the carried font that stands in for a kit number: itself, or the first of its group of eight."""
    return kit if kit in KITS else next((k for k in (kit - kit % 8,) if k in KITS), 0)


def is_synth(sound: str) -> bool:
    """Whether people call it a synthesiser: a synthesised voice, or the font's program of one."""
    return sound.startswith("synth:") or sound in _SYNTH_PROGRAMS


def playable(sound: str) -> tuple[int, int]:
    """Lowest and highest MIDI pitch at which a "gm:PROGRAM" or "synth:NAME" sounds natural; 0 and 127 for others."""
    kind, _, name = sound.partition(":")
    if kind == "gm" and name.isdecimal() and int(name) <= 127:
        known: Instrument | None = PROGRAMS[closest_program(int(name))]
    else:
        known = SYNTHS.get(name) if kind == "synth" else None
    return (known.low, known.high) if known is not None else (0, 127)
