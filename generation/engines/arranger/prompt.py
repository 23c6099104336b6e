"""What a prompt asks for: style, moods, tempo, key, metre, instruments wanted and unwanted, form."""

from __future__ import annotations

import re

from generation.engines.arranger.prompt_numbers import take_duration, take_key, take_tempo, take_years
from generation.engines.arranger.prompt_words import read_words
from generation.engines.arranger.vocabulary import plain
from generation.engines.arranger.wish import InstrumentWish, Wish, WishDraft

__all__ = ["InstrumentWish", "Wish", "read_prompt"]


def read_prompt(prompt: str) -> Wish:
    """Read a prompt in English, German, Spanish or French. Never fails; what it can't read is in `unknown`."""
    draft = WishDraft(_quotes_gone(prompt))
    draft.spelt = {plain(word): word for word in re.findall(r"\w+", draft.text)}
    take_key(draft)
    draft.text = plain(draft.text)
    take_tempo(draft)
    take_years(draft)
    take_duration(draft)
    read_words(draft)
    _remark_unknown(draft, prompt)
    return draft.finished()


def _quotes_gone(prompt: str) -> str:
    """Without quotes and brackets; "80's" is "80s", not eighty and a second."""
    return re.sub(r"[\"'’`´“”„«»()\[\]*_]", " ", re.sub(r"(?<=\d0)['’]s\b", "s", prompt))


def _remark_unknown(draft: WishDraft, prompt: str) -> None:
    if prompt.strip() and not any(sign.isalnum() for sign in prompt) and not draft.understood:
        draft.remarks.append("I could not read words in your prompt; a few words such as “calm jazz” help me.")
        draft.unknown.clear()
    elif draft.unknown:
        words = ", ".join(f"“{draft.as_typed(word)}”" for word in dict.fromkeys(draft.unknown))
        draft.remarks.append(f"I did not understand {words}.")
