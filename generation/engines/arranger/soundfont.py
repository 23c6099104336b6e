"""SoundFont: presets, zones and samples of an sf2 or sf3 file, samples decoded when they are first needed.

sf3 is sf2 with each sample as an Ogg Vorbis stream: sample type flag 0x10, start and end are bytes, loop points are
frames from the sample's own start (MuseScore's format, as FluidSynth reads it).
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from generation.engines.arranger.soundfont_tables import BrokenFont, read_tables
from generation.engines.arranger.soundfont_zones import Zone, preset_zones

DRUM_BANK = 128
VORBIS_FLAG = 0x10
MAX_SAMPLE_FRAMES = 120 * 48_000
"""Two minutes: no instrument sample is longer; a decoder is stopped there."""
MAX_SAMPLE_BYTES = 2 * MAX_SAMPLE_FRAMES
EMBEDDED_FONT = Path(__file__).parent / "font" / "fluidr3mono_gm_subset.sf3"


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """`data` float32 [frames] in -1..1, its rate in Hz, its pitch (MIDI key, cents to add), and the loop in frames.

    `loop_start == loop_end` means that there is no usable loop. `data` may be the beginning of `length` frames (0 when
    it is all there is).
    """

    name: str
    data: NDArray[np.float32]
    sample_rate_hz: int
    root_key: int
    correction_cents: int
    loop_start: int
    loop_end: int
    length: int = 0

    @property
    def num_frames(self) -> int:
        """Length of the whole sample."""
        return max(self.length, len(self.data))


class SoundFont:
    """An open font. `revision` names its content (file name and size) for recipes and caches.

    Raises:
        BrokenFont: the file is missing, not a soundfont, or damaged; it is a BandmateError with a finished sentence.
    """

    def __init__(self, path: Path = EMBEDDED_FONT) -> None:
        self.path = path
        self._font = read_tables(path)
        self.revision = f"{path.name}:{path.stat().st_size}"
        presets = self._font.tables["phdr"][:-1]
        keys = zip(presets["bank"].tolist(), presets["program"].tolist(), strict=True)
        self._presets = {key: index for index, key in reversed(list(enumerate(keys)))}
        self._zones: dict[tuple[int, int], tuple[Zone, ...]] = {}
        self._samples: dict[int, Sample] = {}

    @property
    def presets(self) -> dict[tuple[int, int], str]:
        """Names by (bank, program)."""
        names = self._font.tables["phdr"]["name"]
        return {key: names[index].decode("latin-1").rstrip() for key, index in sorted(self._presets.items())}

    def zones(self, bank: int, program: int) -> tuple[Zone, ...]:
        """The zones of a preset, () when the font has no such preset.

        Raises:
            BrokenFont: the preset's zones point outside the font.
        """
        key = (bank, program)
        if key not in self._presets:
            return ()
        if key not in self._zones:
            self._zones[key] = preset_zones(self._font, self._presets[key])
        return self._zones[key]

    def sample(self, index: int, num_frames: int = MAX_SAMPLE_FRAMES) -> Sample:
        """The sample with this index, decoded on first use and kept; its first `num_frames` are enough for the caller.

        Raises:
            BrokenFont: its bytes lie outside the file or do not decode.
        """
        kept = self._samples.get(index)
        if kept is not None and len(kept.data) >= min(num_frames, kept.num_frames):
            return kept
        wanted = num_frames if kept is None else MAX_SAMPLE_FRAMES  # who asks twice gets it all
        self._samples[index] = self._read_sample(index, wanted)
        return self._samples[index]

    def header(self, index: int) -> Sample:
        """What is known of a sample before it is decoded: no data, no loop.

        Raises:
            BrokenFont: its rate is none.
        """
        row = self._font.tables["shdr"][index]
        rate = int(row["rate"])
        if not 400 <= rate <= 192_000:
            raise self._broken(f"a sample has a rate of {rate} Hz")
        root_key = int(row["root_key"]) if row["root_key"] <= 127 else 60  # 255 is "unpitched": specification 7.10
        name = row["name"].decode("latin-1").rstrip()
        return Sample(name, np.zeros(0, dtype=np.float32), rate, root_key, int(row["correction_cents"]), 0, 0)

    @property
    def decoded_bytes(self) -> int:
        """Memory that the decoded samples take."""
        return sum(sample.data.nbytes for sample in self._samples.values())

    def _read_sample(self, index: int, num_frames: int) -> Sample:
        row = self._font.tables["shdr"][index]
        start, end = int(row["start"]), int(row["end"])
        vorbis = bool(row["type"] & VORBIS_FLAG)
        data, length = self._vorbis(start, end, num_frames) if vorbis else self._pcm(start, end)
        offset = 0 if vorbis else start
        loop = int(row["loop_start"]) - offset, int(row["loop_end"]) - offset
        if not 0 <= loop[0] < loop[1] <= length:
            loop = (0, 0)
        return replace(self.header(index), data=data, loop_start=loop[0], loop_end=loop[1], length=length)

    def _pcm(self, start: int, end: int) -> tuple[NDArray[np.float32], int]:
        raw = self._bytes(2 * start, 2 * end)
        data = np.frombuffer(raw, dtype="<i2").astype(np.float32) / np.float32(32768)
        return data, len(data)

    def _vorbis(self, start: int, end: int, num_frames: int) -> tuple[NDArray[np.float32], int]:
        """The first frames of a stream, and how many it has."""
        import soundfile  # loads a native library: only when a sample is played

        try:
            with soundfile.SoundFile(io.BytesIO(self._bytes(start, end))) as stream:
                length = min(stream.frames, MAX_SAMPLE_FRAMES)
                data = stream.read(min(num_frames, length), dtype="float32", always_2d=True)[:, 0]
        except soundfile.SoundFileError as error:
            raise self._broken("a sample does not decode") from error
        if not len(data) or not np.isfinite(data).all():
            raise self._broken("a sample is empty or not finite")
        return np.ascontiguousarray(data), length if len(data) == min(num_frames, length) else len(data)

    def _bytes(self, start: int, end: int) -> bytes:
        if not 0 <= start < end <= self._font.samples_bytes or end - start > MAX_SAMPLE_BYTES:
            raise self._broken("a sample lies outside the file or is too long")
        try:
            with self.path.open("rb") as file:
                file.seek(self._font.samples_offset + start)
                raw = file.read(end - start)
        except OSError as error:
            raise self._broken(f"it can't be read ({error.strerror})") from error
        if len(raw) < end - start:
            raise self._broken("it is cut off")
        return raw

    def _broken(self, what: str) -> BrokenFont:
        return BrokenFont(f"The soundfont {self.path.name} is damaged: {what}.")


@lru_cache(maxsize=2)
def open_font(path: Path = EMBEDDED_FONT) -> SoundFont:
    """The font at this path, opened once in a process so that decoded samples are shared."""
    return SoundFont(path)
