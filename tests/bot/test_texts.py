"""What the bot writes: user words made harmless, bars and lengths, texts that fit a message."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import texts
from generation.request import AudioFormat, Operation, Recipe, Request, Take
from generation.service import JobState, JobStatus


@given(st.text(max_size=600))
def test_quoted_words_stay_inside_one_line_of_code(words: str) -> None:
    shown = texts.quoted(words)
    assert shown == "" or (shown.count("`") == 2 and shown[0] == shown[-1] == "`" and len(shown) <= 202)
    assert "\n" not in shown and shown.isprintable()


@given(st.text(alphabet="ab@<>#*_~|`[]()\\ \n\u202e\u200b:/", max_size=60))
def test_a_sentence_with_user_words_holds_no_mention_and_no_markup(words: str) -> None:
    shown = texts.escaped(words)
    assert not re.search(r"(?<!\\)(\\\\)*[@*_~|`<>\[\]]", shown)
    assert "://" not in shown and "\n" not in shown


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0 s"), (7.6, "8 s"), (59.4, "59 s"), (65, "1 min 05 s"), (300, "5 min")]
)
def test_durations(seconds: float, shown: str) -> None:
    assert texts.duration(seconds) == shown


@pytest.mark.parametrize("fraction", [-1.0, 0.0, 0.5, 1.0, 1.7])
def test_the_bar_has_a_fixed_length(fraction: float) -> None:
    assert len(re.findall("[■□]", texts.progress_bar(fraction))) == texts.PROGRESS_BAR_STEPS


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        (JobStatus("j", JobState.QUEUED, 1, 12.0), "Next in line · about 12 s"),
        (JobStatus("j", JobState.QUEUED, 4, None), "Number 4 in line"),
        (JobStatus("j", JobState.FAILED, sentence="It broke."), "It broke."),
        (JobStatus("j", JobState.FAILED), "That could not be made."),
        (JobStatus("j", JobState.CANCELLED), "Cancelled."),
    ],
)
def test_status_lines(status: JobStatus, shown: str) -> None:
    assert texts.status_line(status) == shown


def test_a_running_job_shows_bar_stage_music_and_time() -> None:
    status = JobStatus("j", JobState.RUNNING, 0, 3.0, 0.5, 8.2, "drums")
    assert texts.status_line(status) == "`■■■■■■□□□□□□` 50 % · drums · 8 s of music · about 3 s"


def test_a_text_with_many_remarks_fits_a_message() -> None:
    request = Request(Operation.COMPOSE, "x" * 500, seed=1, audio_format=AudioFormat.OGG)
    remarks = tuple(f"Remark {number}: {'word ' * 50}" for number in range(40))
    take = Take("take1", "job1", 0, "hash", 20.0, 44100, Recipe(request, 1, "1", "MIT"), remarks=remarks)
    text = texts.takes_text(texts.headline(request, "1"), [take] * 4, ["wav is too large here; this is flac."])
    assert len(text) <= texts.MAX_MESSAGE_CHARACTERS
    assert text.count("Remark 0:") == 1


@given(st.lists(st.text(alphabet="ab ", max_size=900), max_size=12))
def test_pages_keep_every_line_and_fit_a_message(lines: list[str]) -> None:
    pages = texts.pages(lines)
    assert all(len(page) <= texts.MAX_MESSAGE_CHARACTERS for page in pages)
    assert "\n".join(pages) == "\n".join(lines)
