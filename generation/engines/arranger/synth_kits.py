"""The synthesised drum kits: General MIDI percussion pitch -> drum recipe, by the kit's name."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from generation.engines.arranger.synth_drums import (
    DrumRecipe,
    chip_noise,
    clap,
    kick,
    metal,
    shaker,
    snare,
    tick,
    tom,
)

HATS = 1
"""Exclusive class of the hi-hats."""
TOM_PITCHES = {41: -0.35, 43: -0.2, 45: -0.05, 47: 0.1, 48: 0.2, 50: 0.35}
TUNED_FROM = 26
"""D1, 36.7 Hz: the lowest note of an 808 that speakers and headphones of people play."""
KIT_NAMES = ("kit808", "kit909", "kitlofi", "kitdnb", "kitchip")


@lru_cache(maxsize=8)
def kit(name: str) -> dict[int, DrumRecipe]:
    """The recipes of a kit.

    Raises:
        KeyError: there is no kit of this name.
    """
    return {"kit808": _808, "kit909": _909, "kitlofi": _lofi, "kitdnb": _dnb, "kitchip": _chip}[name]()


@lru_cache(maxsize=8)
def single_drum(name: str) -> DrumRecipe | None:
    """A drum that is a voice of its own ("kick808"), None for other names."""
    places = {
        "kick808": ("kit808", 36),
        "kick909": ("kit909", 36),
        "snare808": ("kit808", 38),
        "snare909": ("kit909", 38),
        "clap": ("kit909", 39),
    }
    return kit(places[name][0])[places[name][1]] if name in places else None


def _kit(
    kicks: tuple[DrumRecipe, DrumRecipe],
    snares: tuple[DrumRecipe, DrumRecipe],
    hands: DrumRecipe,
    hats: tuple[float, float, float],
    tom_hz: float,
    noisy: float,
) -> dict[int, DrumRecipe]:
    """A kit of the common build; `hats` are the decay times of the closed and open hat (s) and their low edge in Hz."""
    closed_s, open_s, low_hz = hats
    drums = {35: kicks[0], 36: kicks[1], 38: snares[0], 40: snares[1], 39: hands, 37: tick(1750, 0.012, 0.6, 0.1)}
    drums[42] = metal(closed_s, low_hz, noisy, 0.5, HATS, -0.2)
    drums[44] = metal(0.7 * closed_s, 0.9 * low_hz, noisy, 0.4, HATS, -0.2)
    drums[46] = metal(open_s, low_hz, noisy, 0.45, HATS, -0.2)
    drums |= {49: metal(0.5, 0.6 * low_hz, 0.6, 0.55, 0, -0.35), 57: metal(0.42, 0.7 * low_hz, 0.6, 0.5, 0, 0.4)}
    drums[51] = metal(0.25, 0.8 * low_hz, 0.25 * noisy, 0.35, 0, 0.3)
    for step, (pitch, pan) in enumerate(TOM_PITCHES.items()):
        drums[pitch] = tom(tom_hz * 2 ** (step / 5), pan)
    drums |= {54: shaker(0.05, 0.5, 0.3), 70: shaker(0.022, 0.45, 0.35), 82: shaker(0.035, 0.45, 0.35)}
    drums |= {56: tick(540, 0.06, 0.45, 0.2, bell=1.48), 75: tick(2500, 0.02, 0.5, -0.3)}
    return drums


def _808() -> dict[int, DrumRecipe]:
    # they fall into their pitch by as many turns as the 808 bass does (1.6 * 0.018 s, synth_voices.bass808), so that
    # struck together on one root the two swing together and neither takes the other away
    kicks = kick(54, 2.4, 0.012, 0.16, 0.12, 1.3), kick(49, 2.4, 0.012, 0.38, 0.1, 1.5)
    kicks = replace(kicks[0], tuned_from=TUNED_FROM), replace(kicks[1], tuned_from=TUNED_FROM)
    snares = snare(180, 0.06, 0.075, 1800, 0.9), snare(200, 0.05, 0.11, 1500, 1.0)
    return _kit(kicks, snares, clap(0.09), (0.028, 0.24, 6500), 80, 0.1)


def _909() -> dict[int, DrumRecipe]:
    kicks = kick(56, 4.0, 0.022, 0.12, 0.35, 2.2), kick(50, 4.5, 0.026, 0.17, 0.4, 2.5)
    snares = snare(190, 0.05, 0.11, 1400, 1.1), snare(215, 0.045, 0.15, 1200, 1.2)
    return _kit(kicks, snares, clap(0.11, 800, 3200), (0.035, 0.3, 7500), 95, 0.45)


def _lofi() -> dict[int, DrumRecipe]:
    kicks = kick(58, 1.4, 0.02, 0.09, 0.05, 1.2), kick(55, 1.6, 0.02, 0.12, 0.06, 1.4)
    snares = snare(185, 0.055, 0.06, 900, 0.7), snare(165, 0.06, 0.09, 700, 0.7)
    drums = _kit(kicks, snares, clap(0.06, 600, 2000), (0.02, 0.12, 4500), 85, 0.6)
    return {
        pitch: replace(drum, gain=drum.gain * (0.7 if pitch in (42, 44, 46) else 1)) for pitch, drum in drums.items()
    }


def _dnb() -> dict[int, DrumRecipe]:
    kicks = kick(62, 3.0, 0.016, 0.075, 0.4, 2.4), kick(58, 3.4, 0.018, 0.1, 0.45, 2.8)
    snares = snare(225, 0.065, 0.1, 1300, 1.15), snare(260, 0.05, 0.07, 1500, 1.0)
    return _kit(kicks, snares, clap(0.07, 900, 3600), (0.022, 0.16, 7000), 110, 0.35)


def _chip() -> dict[int, DrumRecipe]:
    drums = {35: chip_noise(9000, 0.01, 1.0, 190), 36: chip_noise(9000, 0.012, 1.0, 220)}
    drums |= {38: chip_noise(7500, 0.06, 0.9), 40: chip_noise(6000, 0.08, 0.9), 39: chip_noise(9500, 0.045, 0.8)}
    drums |= {37: chip_noise(16000, 0.008, 0.6), 75: chip_noise(20000, 0.006, 0.5), 56: tick(900, 0.05, 0.4, bell=1.5)}
    hats = {42: 0.014, 44: 0.01, 46: 0.09}
    drums |= {pitch: replace(chip_noise(22_050, tau, 0.4), exclusive_class=HATS) for pitch, tau in hats.items()}
    drums |= {49: chip_noise(14_000, 0.3, 0.5), 57: chip_noise(12_000, 0.26, 0.5), 51: chip_noise(22_000, 0.05, 0.3)}
    drums |= {pitch: chip_noise(22_000, 0.02, 0.3) for pitch in (54, 70, 82)}
    drums |= {pitch: chip_noise(6000, 0.02, 0.7, 150 * 2 ** (i / 4)) for i, pitch in enumerate(TOM_PITCHES)}
    return drums
