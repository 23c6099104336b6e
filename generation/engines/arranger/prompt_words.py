"""The words of a prompt, read once from left to right, and how far a "no" or "less" among them reaches.

A negation reaches over words without a meaning of their own to the next meaning, and no further than the next comma
or "but": "don't use any drums" excludes the drums. A join carries it on to more of the same kind ("no drums or bass");
any other word after what it met ends it ("no drums with bass"). A word of degree makes it a mere "less" ("not too much
piano"), which never excludes and never forces; "not only" is no negation at all. Before a tempo or a feeling both pull
the other way by half of what the word alone would do, so that "not too fast" is rather slow.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from generation.engines.arranger import prompt_notes as notes
from generation.engines.arranger.prompt_doubles import Word, settled
from generation.engines.arranger.prompt_notes import Sense
from generation.engines.arranger.prompt_numbers import set_tempo
from generation.engines.arranger.vocabulary import Meaning, Vocabulary, tokens_of, vocabulary
from generation.engines.arranger.wish import InstrumentWish, WishDraft

BARE_TEMPO_BPM = (50, 220)
"""A number alone between these is read as a tempo ("techno 128"); the styles of the band lie at 58 to 196 BPM."""

_TOO = frozenset({"too", "zu"})
"""Before a tempo a complaint ("too fast"), elsewhere perhaps not ("piano too", "zu Hause")."""
_BUT = frozenset({"except", "except for", "excepto", "salvo", "ausser", "sauf", "hormis"})
"""After something that is excluded these bring back what follows: "no drums except the kick"."""
_VIBES = frozenset({"vibe", "vibes"})
"""A vibraphone among instruments ("bass and vibes"), a feeling after what it is of ("beach vibes")."""
_VIBES_OF = frozenset({"mood", "style", "genre", "era", "tempo", "energy", "only", "flag"})
_END = Meaning("separator", "")
_GROUPS = {
    "instrument": "things", "piece": "things", "kit": "things", "lacking": "things", "unsupported": "things",
    "flag": "things", "role": "things",
    "style": "style", "genre": "style",
    "mood": "feel", "tempo": "feel", "energy": "feel", "era": "feel",
}  # fmt: skip


@dataclass(slots=True)
class _Reach:
    """How far the negation goes: its sense, the group of what it has met, whether a join leads on from there.

    `run` are the wanted instruments that were named last, joined to each other: what a "weg" or "off" after them
    takes back.
    """

    sense: Sense = "plain"
    met: str = ""
    joined: bool = False
    run: list[InstrumentWish] = field(default_factory=list)

    def start(self, sense: Sense) -> None:
        self.sense, self.met, self.joined = sense, "", False

    def sense_for(self, group: str) -> Sense:
        """The sense in which the next meaning is to be read; the reach goes on from it or ends before it."""
        if self.sense == "plain" or not self.met or (self.joined and self.met == group):
            said = self.sense
        elif self.sense == "no" and self.met == "feel" and not self.joined and group in ("things", "style"):
            said = "open"  # "no heavy drums" speaks of heavy drums, not of all
        else:
            said = "plain"
        if said in ("plain", "open"):
            self.start("plain")
        self.met, self.joined = group, False
        return said


def read_words(draft: WishDraft) -> None:
    """Go through the draft's text once and note what every phrase says."""
    words = vocabulary()
    phrases = settled(_phrases(words, draft), words, dated=bool(draft.eras))
    reach = _Reach()
    for index, word in enumerate(phrases):
        following = phrases[index + 1].meaning if index + 1 < len(phrases) else _END
        ends = following is not None and following.kind in ("separator", "contrast", "join")
        if word.meaning is not None and ends and _takes_back(word.meaning, reach, draft):
            continue
        if word.phrase in _TOO and following is not None and following.kind in ("tempo", "energy"):
            word = Word(word.phrase, Meaning("excess", ""))
        before = phrases[index - 1] if index else None
        if not (word.phrase in _VIBES and reach.sense == "plain" and _is_felt(before)):
            _read(word, reach, words, draft, before)


def _is_felt(before: Word | None) -> bool:
    """Whether the vibes after this word are a feeling."""
    return before is not None and (before.meaning is None or before.meaning.kind in _VIBES_OF)


def _phrases(words: Vocabulary, draft: WishDraft) -> list[Word]:
    tokens, position, found = tokens_of(draft.text), 0, []
    while position < len(tokens):
        meaning, length = words.longest(tokens[position:])
        if meaning is None and (parts := words.parts(tokens[position])):
            tokens[position : position + 1] = parts
            continue
        phrase = " ".join(tokens[position : position + length])
        position += length
        found.append(Word(phrase, meaning or _guessed(words, phrase, draft)))
    return found


def _guessed(words: Vocabulary, word: str, draft: WishDraft) -> Meaning | None:
    """What a word may mean that the vocabulary does not hold; None, told as not understood, when nothing is near."""
    if word == ",":
        return _END
    if word.isdecimal() and "tempo_bpm" not in draft.fields and BARE_TEMPO_BPM[0] <= int(word) <= BARE_TEMPO_BPM[1]:
        set_tempo(draft, float(word))
        draft.understood.append(f"{word} BPM")
        draft.remarks.append(f"I read “{word}” as “{word} BPM”.")
        return Meaning("ignored", "")
    if "/" in word and word.replace("/", "").isdecimal():
        return Meaning("metre", "odd")
    guess = words.guess(word)
    if guess is not None:
        draft.remarks.append(f"I read “{draft.as_typed(word)}” as “{guess}”.")
        return words.meanings[(guess,)]
    if words.genre(word) is not None:
        return Meaning("genre", word)
    draft.unknown.append(word)
    return None


def _takes_back(meaning: Meaning, reach: _Reach, draft: WishDraft) -> bool:
    """Whether the word excludes what was named before it ("drums off", "Schlagzeug bitte nicht")."""
    if meaning.kind not in ("after", "negation") or not reach.run:
        return False
    for wish in reach.run:
        draft.unwanted.append(wish)
        draft.understood.append(f"no {wish.name.replace('_', ' ')}")
    reach.run = []
    return True


def _read(word: Word, reach: _Reach, words: Vocabulary, draft: WishDraft, before: Word | None) -> None:
    kind = word.meaning.kind if word.meaning is not None else "ignored"
    if kind in ("separator", "contrast") or (word.phrase in _BUT and reach.sense == "no" and reach.met):
        reach.start("plain")
        reach.run = []
    elif kind in ("negation", "less", "excess", "degree"):
        _turn(kind, reach)
    elif kind == "join":
        reach.joined = True
    elif kind in ("ignored", "after"):
        if reach.met:
            reach.start("plain")
    elif kind == "only":
        _read_only(word, reach, draft, before)
    elif word.meaning is not None and kind != "article":
        _read_meaning(word.meaning, word.phrase, reach, words, draft)


def _turn(kind: str, reach: _Reach) -> None:
    """What "no", "less", "too much", "too" make of the reach; a reach that has met something starts anew."""
    waiting = reach.sense if not reach.met else "plain"
    if kind == "negation":
        reach.start("no")
    elif kind == "excess" or (kind == "degree" and waiting == "no"):
        reach.start("less")
    elif kind == "less":
        reach.start("plain" if waiting == "no" else "less")
    elif waiting == "plain":
        reach.start("plain")


def _read_only(word: Word, reach: _Reach, draft: WishDraft, before: Word | None) -> None:
    """ "Only piano" is the whole band; "a guitar solo" is a guitar that leads it; "not only" says nothing."""
    kind = before.meaning.kind if before is not None and before.meaning is not None else ""
    after_instrument = kind in notes.INSTRUMENT_KINDS
    if word.phrase == "solo" and after_instrument:
        notes.note_solo(draft, reach.sense)
    elif reach.sense == "plain" or reach.met:
        draft.understood.append(word.phrase)
        draft.fields["only"] = True
    reach.start("plain")


def _read_meaning(meaning: Meaning, phrase: str, reach: _Reach, words: Vocabulary, draft: WishDraft) -> None:
    joined = reach.joined
    sense = reach.sense_for(_GROUPS.get(meaning.kind, meaning.kind))
    num_wanted = len(draft.wanted)
    notes.note(draft, words, meaning, phrase, sense)
    reach.run = [*(reach.run if joined else []), *draft.wanted[num_wanted:]]
