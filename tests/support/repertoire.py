"""The test songs: many metres, tempos, styles of comping and kinds of chords."""

from __future__ import annotations

from tests.support.music import Plan

C, D, E, F, G, A, B = 0, 2, 4, 5, 7, 9, 11
PLANS: tuple[Plan, ...] = (
    Plan(name="rock 110"),
    Plan(
        112, ((A, "min"), (F, "maj"), (C, "maj"), (G, "maj")), name="rock in A minor", key=(A, "minor"), lead_in_s=0.8
    ),
    Plan(
        178,
        ((E, "min"), (C, "maj"), (D, "maj"), (B, "min")),
        drums="breakbeat",
        comping="block",
        name="fast breakbeat",
        key=(E, "minor"),
    ),
    Plan(
        172,
        ((2, "min7"), (10, "maj7"), (0, "7"), (5, "maj7")),
        drums="breakbeat",
        comping="pump",
        name="fast sevenths",
        key=(2, "minor"),
    ),
    Plan(
        60,
        ((G, "maj"), (E, "min"), (C, "maj"), (D, "maj")),
        drums="rock",
        comping="arpeggio",
        name="slow 60",
        key=(G, "major"),
        duration_s=20.0,
    ),
    Plan(
        68,
        ((F, "maj7"), (E, "min7"), (D, "min7"), (C, "maj7")),
        drums="none",
        comping="arpeggio",
        name="ballad 68",
        key=(C, "major"),
        duration_s=18.0,
    ),
    Plan(
        76,
        ((C, "min"), (8, "maj"), (3, "maj"), (10, "maj")),
        drums="half",
        comping="arpeggio",
        name="half-time 76",
        key=(C, "minor"),
    ),
    Plan(
        132,
        ((D, "min"), (G, "7"), (C, "maj7"), (A, "7")),
        drums="swing",
        comping="oompah",
        swing=0.66,
        name="swing 132",
        key=(C, "major"),
    ),
    Plan(
        168,
        ((B, "min7b5"), (E, "7"), (A, "min7"), (A, "min7")),
        drums="swing",
        comping="oompah",
        swing=0.64,
        name="swing 168",
        key=(A, "minor"),
    ),
    Plan(
        140, ((D, "maj"), (A, "maj"), (B, "min"), (G, "maj")), 3, "waltz", "oompah", name="waltz 140", key=(D, "major")
    ),
    Plan(
        96,
        ((A, "min"), (D, "min"), (E, "7"), (A, "min")),
        3,
        "none",
        "arpeggio",
        name="slow waltz 96",
        key=(A, "minor"),
    ),
    Plan(
        114, ((F, "maj"), (10, "maj"), (C, "maj"), (F, "maj")), 3, "waltz", "pump", name="waltz 114", key=(F, "major")
    ),
    Plan(
        204,
        ((C, "maj"), (A, "min"), (F, "maj"), (G, "maj")),
        6,
        "jig",
        "arpeggio",
        name="six-eight 68",
        key=(C, "major"),
    ),
    Plan(240, ((E, "min"), (D, "maj"), (C, "maj"), (B, "7")), 6, "jig", "block", name="six-eight 80", key=(E, "minor")),
    Plan(
        125,
        ((F, "min"), (1, "maj"), (8, "maj"), (3, "maj")),
        drums="four",
        comping="pump",
        name="house 125",
        key=(F, "minor"),
    ),
    Plan(
        100, ((A, "sus2"), (A, "maj"), (E, "sus4"), (E, "maj")), comping="arpeggio", name="suspended", key=(A, "major")
    ),
    Plan(104, ((C, "maj"), (C, "aug"), (F, "maj"), (B, "dim")), comping="block", name="aug and dim", key=(C, "major")),
    Plan(
        92,
        ((3, "maj7"), (G, "min7"), (F, "min7"), (10, "7")),
        comping="pump",
        name="sevenths 92",
        key=(3, "major"),
        swing=0.58,
    ),
    Plan(
        118,
        ((D, "min"), (D, "min"), (G, "min"), (A, "maj")),
        drums="none",
        comping="pump",
        name="no drums",
        key=(D, "minor"),
    ),
    Plan(
        90, ((G, "maj"), (C, "maj"), (G, "maj"), (D, "maj")), tempo_end_bpm=126.0, name="speeding up", key=(G, "major")
    ),
)
FIVE = Plan(
    120, ((A, "min"), (F, "maj"), (G, "maj"), (E, "min")), 5, "five", "block", name="five-four", key=(A, "minor")
)
