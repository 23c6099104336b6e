"""The texts that people read, found in the source: each with its holes, so that a test can ask for its translations.

f"Here a take may be at most {texts.duration(limit)} long."   ->   "Here a take may be at most {} long."
f"{n} take{'s' if n != 1 else ''}"                            ->   "{} take" and "{} takes"
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

HOLE = "\x00"
MAX_VARIANTS = 64
_NOT_SAID = {
    "log", "logging", "re", "compile", "create_task", "getattr", "setattr", "TypeVar", "Field", "cast", "partition",
    "split", "startswith", "endswith", "removeprefix", "replace", "match", "fullmatch", "getLogger", "NewType",
    "ValueError", "RuntimeError", "TypeError", "OSError", "AssertionError", "NotImplementedError", "TimeoutError",
}  # fmt: skip
"""Calls whose strings nobody reads on Discord: patterns, logs, names of tasks, faults of programmers."""
_WORDS = re.compile(r"[A-Za-z]{2,}.*[ ].*[A-Za-z]{2,}|^[A-Z][a-z]{2,}")
_SENTENCE = re.compile(rf"^[A-Z{HOLE}].*[.?!]$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Said:
    """A text of the source: its template with HOLE for what is filled in, and where it stands."""

    template: str
    where: str

    def filled(self) -> tuple[str, list[str]]:
        """The text with a number of its own in each hole, and those numbers."""
        numbers = [str(7100 + index) for index in range(self.template.count(HOLE))]
        pieces = self.template.split(HOLE)
        text = "".join(itertools.chain.from_iterable(zip(pieces, [*numbers, ""], strict=True)))
        return text, numbers


def texts_in(paths: Iterable[Path], root: Path, *, sentences_only: bool = False) -> list[Said]:
    """The texts of these files, each once. `sentences_only`: those that begin and end like a sentence."""
    found: dict[str, Said] = {}
    for path in paths:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for line, template in _templates_of(tree):
            shape = _SENTENCE if sentences_only else _WORDS
            if shape.search(template) and (not sentences_only or " " in template):
                for part in template.split("\n"):
                    found.setdefault(part, Said(part, f"{path.relative_to(root)}:{line}"))
    return [said for said in found.values() if re.search("[A-Za-z]{2,}", said.template)]


def _templates_of(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every text outside of docstrings, calls that say nothing, annotations and keys."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue  # a docstring
        if isinstance(node, ast.Call) and _says_nothing(node.func):
            continue
        if _is_text(node):
            yield from ((getattr(node, "lineno", 0), variant) for variant in variants(node))
            waiting += [hole.value for hole in ast.walk(node) if isinstance(hole, ast.FormattedValue)]
            continue
        waiting += _children(node)


def _children(node: ast.AST) -> list[ast.AST]:
    if isinstance(node, ast.AnnAssign):
        return [] if node.value is None else [node.value]
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return [*node.body, *node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)]
    if isinstance(node, ast.Subscript):
        return [node.value]
    return list(ast.iter_child_nodes(node))


def _says_nothing(called: ast.expr) -> bool:
    names = {part.id if isinstance(part, ast.Name) else getattr(part, "attr", "") for part in ast.walk(called)}
    return bool(names & _NOT_SAID)


def _is_text(node: ast.AST) -> bool:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _is_text(node.left) or _is_text(node.right)
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def variants(node: ast.AST) -> list[str]:
    """What a text can be: its choices between fixed words written out, HOLE for the rest."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.JoinedStr(values=values):
            return _joined([variants(value) for value in values])
        case ast.FormattedValue(value=ast.IfExp() as choice):
            return variants(choice)
        case ast.IfExp(body=body, orelse=orelse):
            return list(dict.fromkeys([*variants(body), *variants(orelse)]))
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            return _joined([variants(left), variants(right)])
    return [HOLE]


def _joined(parts: list[list[str]]) -> list[str]:
    every = itertools.islice(itertools.product(*parts), MAX_VARIANTS)
    return list(dict.fromkeys(re.sub(f"{HOLE}+", HOLE, "".join(chosen)) for chosen in every))
