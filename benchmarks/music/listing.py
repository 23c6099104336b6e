"""Every case of the benchmark in tables: what went in, what was asked for, what came out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from benchmarks.music.result import Result, groups

Cell = Callable[[Result], str]


def case_tables(results: Sequence[Result]) -> Iterator[str]:
    """Lines of Markdown: a table for each engine and operation, without the columns that would be empty."""
    for name, items in groups(results).items():
        columns = {title: [cell(item) for item in items] for title, cell in COLUMNS.items()}
        shown = {title: cells for title, cells in columns.items() if any(cells)}
        yield f"### {name}"
        yield ""
        yield f"| {' | '.join(shown)} |"
        yield "| --- " * len(shown) + "|"
        yield from (f"| {' | '.join(row)} |" for row in zip(*shown.values(), strict=True))
        yield ""


def _clip(place: int) -> Cell:
    return lambda result: result.case.clips[place] if len(result.case.clips) > place else ""


def _wish(name: str) -> Cell:
    def cell(result: Result) -> str:
        value = result.case.wishes.get(name)
        if value is None:
            return ""
        return " : ".join(f"{item:g}" for item in value) if isinstance(value, tuple) else f"{value}"

    return cell


def _number(name: str, form: str) -> Cell:
    def cell(result: Result) -> str:
        value = result.figures.numbers.get(name)
        return "" if value is None or value != value else f"{value:{form}}"

    return cell


def _word(name: str) -> Cell:
    return lambda result: result.figures.words.get(name, "")


def _fell_short(result: Result) -> str:
    return "; ".join((*result.figures.short, *([_word("answer")(result)] if "answer" in result.figures.words else [])))


COLUMNS: dict[str, Cell] = {
    "clip": _clip(0),
    "second clip": _clip(1),
    "words": lambda result: result.case.prompt,
    "weights": _wish("weights"),
    "bars": _wish("bars"),
    "asked s": _wish("duration_s"),
    "asked BPM": _wish("tempo_bpm"),
    "asked key": _wish("key"),
    "strength": _wish("strength"),
    "s": _number("length s", ".2f"),
    "tempo": _word("tempo"),
    "stretch %": _number("stretch %", ".0f"),
    "beat F": _number("beat F", ".2f"),
    "downbeat F": _number("downbeat F", ".2f"),
    "key": _word("key said"),
    "keys of the two": _word("keys of the two"),
    "step ratio": _number("step ratio", ".2f"),
    "jump dB": _number("jump excess dB", "+.1f"),
    "mp3 jump dB": _number("mp3 jump excess dB", "+.1f"),
    "gap ogg": _number("gap ogg", ".0f"),
    "LUFS": _number("LUFS", ".1f"),
    "peak": _number("true peak", ".1f"),
    "same again": lambda result: {1.0: "yes", 0.0: "no"}.get(result.figures.numbers.get("replay identical", -1), ""),
    "falls short, or the answer": _fell_short,
}
