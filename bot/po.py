"""Reads gettext's .po files, plural forms included (GNU gettext manual, "The Format of PO Files")."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from gettext import c2py

_PLURAL_RULE = re.compile(r"^Plural-Forms: *nplurals=\d+; *plural=([^;]+);", re.MULTILINE)
_FIELD = re.compile(r"(msgctxt|msgid_plural|msgid|msgstr(?:\[\d\])?) +(\".*)")


@dataclass(frozen=True, slots=True)
class Entry:
    """One text. `msgstrs` has one form, or where there is a `msgid_plural` one for each plural form of the language."""

    context: str
    msgid: str
    msgid_plural: str
    msgstrs: tuple[str, ...]

    @property
    def msgstr(self) -> str:
        """The only or first form."""
        return self.msgstrs[0]

    @property
    def is_complete(self) -> bool:
        """Whether every form has words."""
        return all(self.msgstrs)


def read_po(text: str) -> Iterator[Entry]:
    """The entries of a file; obsolete ones (#~) are left out. Raises ValueError for a quotation that never ends."""
    fields: dict[str, str] = {}
    field = ""
    for raw in text.splitlines():
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if match := _FIELD.fullmatch(line):
            field, line = match[1], match[2]
            if field == "msgctxt" or (field == "msgid" and "msgid" in fields):
                yield from _entry_of(fields)
                fields = {}
        fields[field] = fields.get(field, "") + _unquoted(line)
    yield from _entry_of(fields)


def plural_rule(header: str) -> Callable[[int], int]:
    """Which form goes with a number, by the file's Plural-Forms; the first one for all where it says nothing."""
    found = _PLURAL_RULE.search(header)
    return c2py(found[1]) if found else lambda number: 0


def _entry_of(fields: dict[str, str]) -> Iterator[Entry]:
    forms = tuple(text for name, text in fields.items() if name.startswith("msgstr"))
    if "msgid" in fields and forms:
        yield Entry(fields.get("msgctxt", ""), fields["msgid"], fields.get("msgid_plural", ""), forms)


def _unquoted(line: str) -> str:
    """A quoted string of the file: C's escapes are Python's here."""
    try:
        return str(ast.literal_eval(line))
    except SyntaxError as error:
        raise ValueError(f"not a quoted text of a .po file: {line}") from error
