"""Sampler: the notes of a SoundFont preset as tones, each rendered once and kept for its equals."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass

from generation.engines.arranger import soundfont_zones as sf
from generation.engines.arranger.instruments import closest_kit, closest_program
from generation.engines.arranger.sampler_envelope import (
    Stages,
    audible_frames,
    enveloped,
    release_seconds,
    volume_stages,
)
from generation.engines.arranger.sampler_kept import KeptWave, ToneCache
from generation.engines.arranger.sampler_tone import SAMPLE_RATE_HZ, SILENT_DB, Tone, Wave
from generation.engines.arranger.sampler_wave import (
    filtered,
    frames_to_decode,
    frames_to_vibrate,
    pitch_ratio,
    pitched,
    trembled,
    vibrated,
    wave_generators,
)
from generation.engines.arranger.soundfont import DRUM_BANK, Sample, SoundFont

MAX_SHARED_BYTES = 24 * 2**20
"""What velocities and lengths have in common is only kept while a part is played: later parts have finished waves."""
MAX_DRUM_S = 8.0
VELOCITY_STEP = 16
"""Brightness goes in 8 steps of velocity, loudness is exact."""
ANY_VELOCITY = -1
SPARE_FRAMES = 4096
VARIANT_CENTS = (0.0, 5.0, -6.0, 9.0)
"""Drum hits in a row are detuned a little in turn, so that a roll does not sound like a machine."""
CRASHES = frozenset({49, 52, 55, 57})
"""Long, and struck too seldom to sound like a machine: they have one tuning."""
ATTENUATION_SCALE = 0.4
"""Fonts are voiced for E-mu's hardware, which plays 0.4 of the attenuation that is written (so does FluidSynth)."""
# fmt: off
_DRUM_PAN = {
    37: 0.1, 39: 0.1, 41: 0.35, 42: -0.25, 43: 0.3, 44: -0.25, 45: 0.15, 46: -0.25, 47: 0.0, 48: -0.15,
    49: -0.35, 50: -0.3, 51: 0.35, 52: 0.45, 53: 0.35, 54: 0.25, 55: -0.3, 56: 0.2, 57: 0.4, 59: 0.4, 60: 0.3,
    61: 0.3, 62: -0.35, 63: -0.35, 64: -0.3, 65: 0.4, 66: 0.4, 67: -0.4, 68: -0.4, 69: 0.4, 70: 0.4, 73: 0.3,
    74: 0.3, 75: -0.3, 76: 0.35, 77: 0.3, 80: -0.4, 81: -0.4, 82: 0.35, 83: -0.3,
}
# fmt: on


@dataclass(frozen=True, slots=True)
class _Voice:
    """What all tones of a zone have in common: linear gain, place, release in seconds, and what tells its waves from
    those of other zones before filter and envelope (zones of a sample often differ in these alone)."""

    gain: float
    pan: float
    release_s: float
    release_frames: int
    source: Hashable


class Sampler:
    """One preset of a font. `program` is a General MIDI program, or a kit's number with `is_kit`.

    A preset that the font lacks is played by its closest relative. `tuning_cents` moves the pitch of all but drums.

    A wave is made once for all notes of its pitch and strength, and the beginning of a longer wave is, bit for bit, the
    shorter wave: what a note sounds like does not depend on which came first, nor on what is still in the cache.
    """

    def __init__(
        self,
        font: SoundFont,
        cache: ToneCache[KeptWave],
        program: int,
        is_kit: bool = False,
        tuning_cents: float = 0.0,
    ) -> None:
        self._font, self._cache = font, cache
        self._shared: ToneCache[Wave] = ToneCache(MAX_SHARED_BYTES)
        self.is_kit = is_kit
        self.tuning_cents = 0.0 if is_kit else tuning_cents
        self.zones = _zones(font, program, is_kit)
        self._at_pitch: dict[int, list[tuple[int, sf.Zone]]] = {}
        self._found: dict[tuple[int, int], list[tuple[int, sf.Zone]]] = {}
        self._voices: dict[int, _Voice] = {}
        self._shapes: dict[tuple[int, int], Stages] = {}
        self._longest: dict[tuple[int, int], int] = {}
        self._decoded: dict[int, int] = {}
        self.name = f"{font.revision}:{'kit' if is_kit else 'gm'}:{program}"

    @property
    def is_stereo(self) -> bool:
        """Whether its tones lie at different places."""
        return self.is_kit or any(zone.generator(sf.PAN) for zone in self.zones)

    def expect(self, notes: Iterable[tuple[int, float, int]]) -> None:
        """Says which notes (pitch, velocity, length in frames) will be asked for: their waves are then made once, as
        long as the longest of them wants it. Nothing but the time that it takes depends on this."""
        for pitch, velocity, hold_frames in notes:
            for key in ((pitch, _bucket(velocity)), (pitch, ANY_VELOCITY)):
                self._longest[key] = max(self._longest.get(key, 0), hold_frames)
        self._decoded.clear()

    def exclusive_class(self, pitch: int, velocity: float) -> int:
        """Notes of the same class (not 0) cut each other off: open and closed hi-hat."""
        if not self.is_kit:
            return 0
        return max((zone.generator(sf.EXCLUSIVE_CLASS) for _, zone in self._sounding(pitch, velocity)), default=0)

    def tones(
        self, pitch: int, velocity: float, hold_frames: int, variant: int = 0, glide: tuple[int, float] | None = None,
        root: int | None = None,
    ) -> list[Tone]:  # fmt: skip
        """What sounds for a note: MIDI pitch, velocity 0..1, length in frames; `variant` counts repeated drum hits.

        Samples neither slide nor follow the chord: `glide` and `root` are for synthesised voices and drums.
        """
        varies = self.is_kit and pitch not in CRASHES
        cents = self.tuning_cents + (VARIANT_CENTS[variant % len(VARIANT_CENTS)] if varies else 0.0)
        return [
            self._tone(index, zone, pitch, velocity, hold_frames, cents)
            for index, zone in self._sounding(pitch, velocity)
        ]

    def _sounding(self, pitch: int, velocity: float) -> list[tuple[int, sf.Zone]]:
        key = (pitch, _midi_velocity(velocity))
        if key not in self._found:
            if pitch not in self._at_pitch:
                self._at_pitch[pitch] = [(i, z) for i, z in enumerate(self.zones) if z.low_key <= pitch <= z.high_key]
            self._found[key] = [(i, zone) for i, zone in self._at_pitch[pitch] if zone.plays(*key)]
        return self._found[key]

    def _tone(self, index: int, zone: sf.Zone, pitch: int, velocity: float, hold_frames: int, cents: float) -> Tone:
        voice, bucket = self._voice(index, zone), _bucket(velocity)
        num_frames = self._num_frames(voice, hold_frames)
        key = (self.name, index, pitch, bucket, cents)
        wave = self._cache.get(key, num_frames)
        if wave is None:
            made_for = spare(self._num_frames(voice, max(hold_frames, self._longest.get((pitch, bucket), 0))))
            wave = self._cache.put(key, self._render(index, zone, pitch, bucket, made_for, cents), made_for)
        pan = voice.pan if not self.is_kit else min(max(voice.pan / 2 + _DRUM_PAN.get(pitch, 0.0), -1), 1)
        num_frames = min(num_frames, wave.num_frames)
        return Tone(wave, num_frames, voice.gain * velocity**2, pan, voice.release_s, one_shot=self.is_kit)

    def _voice(self, index: int, zone: sf.Zone) -> _Voice:
        if index not in self._voices:
            gain = 10 ** (-ATTENUATION_SCALE * zone.generator(sf.ATTENUATION) / 200)
            source = (zone.sample, *wave_generators(zone))
            release_s = release_seconds(zone)
            release_frames = round(release_s * SAMPLE_RATE_HZ * SILENT_DB / -100)
            self._voices[index] = _Voice(gain, zone.generator(sf.PAN) / 500, release_s, release_frames, source)
        return self._voices[index]

    def _num_frames(self, voice: _Voice, hold_frames: int) -> int:
        """How long the wave of a note is: a drum's to its own end, others' until their release has died away."""
        if self.is_kit:
            return round(MAX_DRUM_S * SAMPLE_RATE_HZ)
        return hold_frames + voice.release_frames

    def _render(self, index: int, zone: sf.Zone, pitch: int, velocity: int, num_frames: int, cents: float) -> KeptWave:
        """At most so many frames of the zone's sample at a pitch, through its filter and volume envelope."""
        key = _key(zone, pitch)
        stages = self._stages(index, zone, key)
        num_frames = min(num_frames, audible_frames(stages) or num_frames)
        wave = filtered(self._unfiltered(index, zone, key, pitch, num_frames, cents), zone, key, velocity)
        if not wave.flags.writeable:  # an open filter hands back what others use as well
            wave = wave.copy()
        enveloped(wave, stages)
        kept = KeptWave.of(wave)
        return kept.until(SILENT_DB) if self.is_kit else kept

    def _longest_frames(self, index: int, zone: sf.Zone, pitch: int) -> int:
        """As many frames as the longest of the expected notes at this pitch wants of a zone."""
        hold_frames = self._longest.get((pitch, ANY_VELOCITY), 0)
        longest = spare(self._num_frames(self._voice(index, zone), hold_frames))
        return min(longest, audible_frames(self._stages(index, zone, _key(zone, pitch))) or longest)

    def _stages(self, index: int, zone: sf.Zone, key: int) -> Stages:
        if (index, key) not in self._shapes:
            self._shapes[index, key] = volume_stages(zone, key)
        return self._shapes[index, key]

    def _unfiltered(self, index: int, zone: sf.Zone, key: int, pitch: int, num_frames: int, cents: float) -> Wave:
        """float32 [<= num_frames]: what all velocities and shorter notes of a sample and key have in common."""
        name = (self._voice(index, zone).source, key, cents)
        wave = self._shared.get(name, num_frames)
        if wave is None:
            made_for = max(num_frames, self._longest_frames(index, zone, pitch))
            header = self._font.header(zone.sample)
            ratio = pitch_ratio(header, zone, key, cents)
            wanted = frames_to_decode(header, zone, ratio, made_for)
            sample = self._font.sample(zone.sample, max(wanted, self._heard_frames(index, zone, header)))
            wave = pitched(sample, zone, ratio, frames_to_vibrate(zone, made_for))
            wave = trembled(vibrated(wave, zone, key)[:made_for], zone)
            wave.flags.writeable = False
            wave = self._shared.put(name, wave, made_for)
        return wave[:num_frames]

    def _heard_frames(self, index: int, zone: sf.Zone, header: Sample) -> int:
        """How much of a zone's sample the expected notes want, so that it is decoded once, and no further."""
        if index not in self._decoded:
            pitches = (pitch for pitch, velocity in self._longest if velocity == ANY_VELOCITY)
            self._decoded[index] = max(
                (
                    frames_to_decode(header, zone, ratio, self._longest_frames(index, zone, pitch))
                    for pitch in pitches
                    if zone.low_key <= pitch <= zone.high_key
                    for ratio in (pitch_ratio(header, zone, _key(zone, pitch), self.tuning_cents + max(VARIANT_CENTS)),)
                ),
                default=0,
            )
        return self._decoded[index]


def _zones(font: SoundFont, program: int, is_kit: bool) -> tuple[sf.Zone, ...]:
    bank = DRUM_BANK if is_kit else 0
    stand_in = closest_kit(program) if is_kit else closest_program(program)
    for candidate in (program, stand_in, 0):
        if zones := font.zones(bank, candidate):
            return zones
    return ()


def _key(zone: sf.Zone, pitch: int) -> int:
    """The key that a zone is played at: its own, where it has one."""
    key = zone.generator(sf.FIXED_KEY)
    return key if 0 <= key <= 127 else pitch


def spare(num_frames: int) -> int:
    """A little longer, for the slightly longer notes of the next take."""
    return -(-num_frames // SPARE_FRAMES) * SPARE_FRAMES


def _bucket(velocity: float) -> int:
    """The MIDI velocity in the middle of a note's step of brightness."""
    return min(_midi_velocity(velocity) // VELOCITY_STEP * VELOCITY_STEP + VELOCITY_STEP // 2, 127)


def _midi_velocity(velocity: float) -> int:
    return min(max(round(velocity * 127), 1), 127)
