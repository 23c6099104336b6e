"""Channels that cancel each other: one of them was inverted, and on one loudspeaker nothing would be left."""

from __future__ import annotations

import numpy as np

from generation.clip import Samples

OPPOSED = -0.9
"""Below this correlation of the channels one of them is inverted: wide stereo music stays above -0.5."""

REMARK = "The two channels of the clip cancelled each other out (one was inverted); I turned one round."


def turned_round(samples: Samples) -> tuple[Samples, bool]:
    """float32 [channels, frames] with the right channel's sign changed if it is the left one's opposite, and whether
    it was. Everything that listens mixes to mono, where such a clip would be silence."""
    if samples.shape[0] != 2:
        return samples, False
    left, right = (channel.astype(np.float64) for channel in samples)
    power = float(np.sqrt(np.square(left).sum() * np.square(right).sum()))
    if power <= 0 or float((left * right).sum()) / power > OPPOSED:
        return samples, False
    return np.stack((samples[0], -samples[1])), True
