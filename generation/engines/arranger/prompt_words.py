"""The words of a prompt, read once from left to right: what each says is noted in the sense that it has there."""

from __future__ import annotations

from dataclasses import dataclass, field

from generation.engines.arranger import prompt_notes as notes
from generation.engines.arranger.prompt_doubles import settled
from generation.engines.arranger.prompt_numbers import set_tempo
from generation.engines.arranger.prompt_reach import Reach, Word
from generation.engines.arranger.vocabulary import Meaning, Vocabulary, tokens_of, vocabulary
from generation.engines.arranger.wish import InstrumentWish, WishDraft

BARE_TEMPO_BPM = (50, 220)
"""A number alone between these is read as a tempo ("techno 128"); the styles of the band lie at 58 to 196 BPM."""

_TOO = frozenset({"too", "zu"})
"""Before a tempo a complaint ("too fast"), elsewhere perhaps not ("piano too", "zu Hause")."""
_VIBES = frozenset({"vibe", "vibes"})
"""A vibraphone among instruments ("bass and vibes"), a feeling after what it is of ("beach vibes")."""
_VIBES_OF = frozenset({"", "mood", "style", "genre", "era", "tempo", "energy", "only", "flag"})
_END = Meaning("separator", "")


def read_words(draft: WishDraft) -> None:
    """Go through the draft's text once and note what every phrase says."""
    words = vocabulary()
    phrases = settled(_phrases(words, draft), words, dated=bool(draft.eras))
    reading = _Reading(draft, words)
    for before, word, following in zip([None, *phrases], phrases, [*phrases[1:], Word("", _END)], strict=False):
        reading.go_on(word, before, following)


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


@dataclass(slots=True)
class _Reading:
    """A prompt that is being read. `run` are the wanted instruments that were named last, joined to each other: what a
    "weg" or "off" after them takes back."""

    draft: WishDraft
    words: Vocabulary
    reach: Reach = field(default_factory=Reach)
    run: list[InstrumentWish] = field(default_factory=list)

    def go_on(self, word: Word, before: Word | None, following: Word) -> None:
        """Read the next word, between its neighbours."""
        if following.kind in ("separator", "contrast", "join") and self._takes_back(word):
            return
        if word.phrase in _VIBES and self.reach.sense == "plain" and before is not None and before.kind in _VIBES_OF:
            return
        if word.phrase in _TOO and following.kind in ("tempo", "energy"):
            word = Word(word.phrase, Meaning("excess", ""))
        if word.kind == "only":
            self._read_only(word, before)
        self._read(word)

    def _takes_back(self, word: Word) -> bool:
        """Whether the word excludes what was named before it ("drums off", "Schlagzeug bitte nicht")."""
        if word.kind not in ("after", "negation") or not self.run:
            return False
        for wish in self.run:
            self.draft.unwanted.append(wish)
            self.draft.understood.append(f"no {wish.name.replace('_', ' ')}")
        self.run = []
        return True

    def _read_only(self, word: Word, before: Word | None) -> None:
        """ "Only piano" is the whole band; "a guitar solo" is a guitar that leads it; "not only" says nothing."""
        if word.phrase == "solo" and before is not None and before.kind in notes.INSTRUMENT_KINDS:
            notes.note_solo(self.draft, self.reach.sense)
        elif self.reach.sense == "plain" or self.reach.met:
            self.draft.understood.append(word.phrase)
            self.draft.fields["only"] = True

    def _read(self, word: Word) -> None:
        is_end, is_joined = self.reach.is_ended_by(word), self.reach.joined
        sense = self.reach.hear(word)
        if is_end:
            self.run = []
        if sense is None or word.meaning is None:
            return
        num_wanted = len(self.draft.wanted)
        notes.note(self.draft, self.words, word.meaning, word.phrase, sense)
        self.run = [*(self.run if is_joined else []), *self.draft.wanted[num_wanted:]]
