"""Guitars through their loudspeaker: the presence in place whatever the sample, other instruments untouched."""

from __future__ import annotations

import numpy as np
import pytest

from generation.engines.arranger.effects_cabinet import AMPLIFIED, PRESENCE_DB, cabinet, presence_db
from generation.engines.arranger.effects_pieces import finished
from generation.engines.arranger.sampler_tone import Wave
from generation.engines.arranger.soundfont import SoundFont
from tests.generation.engines.arranger_sound.playing import one_note


def heard(samples: Wave, instrument: str) -> Wave:
    out = samples.copy()
    finished(cabinet(out, instrument))
    return out


@pytest.mark.parametrize("instrument", sorted(AMPLIFIED))
@pytest.mark.parametrize("pitch", [45, 52, 57, 64])
def test_a_guitar_has_its_presence_in_place(font: SoundFont, instrument: str, pitch: int) -> None:
    dry = one_note(font, instrument, pitch)
    before, after = presence_db(dry), presence_db(heard(dry, instrument))
    assert after <= max(PRESENCE_DB + 1.5, before - 4)
    assert before > PRESENCE_DB or np.array_equal(dry, heard(dry, instrument))


def test_the_overdriven_guitar_of_the_font_needs_it(font: SoundFont) -> None:
    dry = one_note(font, "gm:29", 52)
    assert presence_db(dry) > 5 > 0 > presence_db(heard(dry, "gm:29"))


def test_what_has_no_loudspeaker_and_silence_stay_as_they_are(font: SoundFont) -> None:
    violin = one_note(font, "gm:40", 76)
    assert np.array_equal(violin, heard(violin, "gm:40"))
    for frames in (0, 100, 50_000):
        assert not heard(np.zeros((1, frames), dtype=np.float32), "gm:29").any()
