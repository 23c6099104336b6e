"""An electric guitar's loudspeaker: takes off what a sample has too much of above its range.

Samples of amplified guitars differ by far: of the carried font's overdriven guitar three fifths of the energy lie
between 2 and 5 kHz, of its distorted one a tenth. As with the pieces of a drum kit, what is played is measured, so that
a bigger font of the operator's is evened out as well, and left alone where it needs nothing.
"""

from __future__ import annotations

import numpy as np

from generation.engines.arranger.effects_pieces import Steps
from generation.engines.arranger.effects_tone import bell, filtering
from generation.engines.arranger.sampler_tone import SAMPLE_RATE_HZ, Wave

AMPLIFIED = frozenset({"gm:27", "gm:28", "gm:29", "gm:30"})
"""Guitars that are heard through a loudspeaker."""
BODY_HZ, PRESENCE_HZ = (250.0, 2000.0), (2000.0, 5000.0)
PRESENCE_DB = -8.0
"""Highest level of the presence against the body: as whole records of popular music have it, which fall by about 5 dB
an octave from 100 Hz to 4 kHz (P. D. Pestana et al., Spectral characteristics of popular commercial recordings
1950-2010, AES Convention 135, 2013, paper 8960), and by more above."""
DIP_HZ, DIP_Q, DIP_SHARE, MAX_DIP_DB = 3000.0, 0.9, 1.25, 12.0
"""One and a half octaves in the middle of the presence; at its edges the dip has half of its depth."""
WINDOW, MAX_WINDOWS = 4096, 128


def cabinet(samples: Wave, instrument: str) -> Steps[None]:
    """A track of an amplified guitar, float32 [channels, frames], with its presence in place; others as they are."""
    if instrument not in AMPLIFIED:
        return
    excess_db = presence_db(samples) - PRESENCE_DB
    yield
    if excess_db > 0:
        yield from filtering(samples, bell(DIP_HZ, -min(DIP_SHARE * excess_db, MAX_DIP_DB), DIP_Q))


def presence_db(samples: Wave) -> float:
    """Energy of the presence against the body's, in dB, over windows spread evenly; -inf in silence."""
    frames = samples.shape[1] // WINDOW
    if frames == 0:
        return -np.inf
    chosen = np.unique(np.linspace(0, frames - 1, min(frames, MAX_WINDOWS)).astype(int))
    windows = samples.mean(axis=0)[: frames * WINDOW].reshape(frames, WINDOW)[chosen] * np.hanning(WINDOW)
    power = np.square(np.abs(np.fft.rfft(windows, axis=1))).sum(axis=0)
    hz = np.fft.rfftfreq(WINDOW, 1 / SAMPLE_RATE_HZ)
    body, presence = (float(power[(hz >= low) & (hz < high)].sum()) for low, high in (BODY_HZ, PRESENCE_HZ))
    return 10 * float(np.log10(presence / body)) if body > 0 and presence > 0 else -np.inf
