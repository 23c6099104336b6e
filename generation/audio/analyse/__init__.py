"""Hearing a clip: tempo, beats, bars, key, chords, melody, sections and loudness, each with a confidence."""

from generation.audio.analyse.hear import analyse
from generation.audio.analyse.overrides import Overrides

__all__ = ["Overrides", "analyse"]
