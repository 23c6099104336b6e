"""The band: which parts play, on which instruments, after the prompt's wanted and unwanted ones are heeded."""

from __future__ import annotations

from dataclasses import dataclass, replace

from generation.engines.arranger.instruments import is_synth, playable
from generation.engines.arranger.kit import Pieces, drums_of, kit_of, pieces_of
from generation.engines.arranger.prompt import InstrumentWish, Wish
from generation.engines.arranger.score import Sound
from generation.engines.arranger.streams import Streams
from generation.engines.arranger.style import Drums, Mix, PartStyle, Style

_SPARE_PATTERNS = {
    "bass": ("1-----1-5-----1-", "1---5---8---5---"),
    "chords": ("x---x---x---x---", "x-------x---x---"),
    "arp": ("1-2-3-4-3-2-3-2-", "1-3-2-4-1-3-2-3-"),
}
_SPARE_REGISTERS = {"bass": (28, 50), "chords": (50, 72), "arp": (55, 79), "pad": (50, 74), "lead": (60, 84)}
_LOW_INSTRUMENTS = {"gm:42": (43, 67), "gm:66": (50, 74), "gm:60": (48, 72), "gm:47": (36, 57), "gm:71": (55, 79)}
OCTAVE = 12


@dataclass(frozen=True, slots=True)
class Player:
    """One melodic part with its instrument chosen."""

    style: PartStyle
    instrument: str

    @property
    def name(self) -> str:
        """The part's name, which also sets its level in the mix."""
        return self.style.name

    @property
    def reach(self) -> tuple[int, int]:
        """Lowest and highest MIDI pitch that its instrument plays well."""
        return playable(self.instrument)


@dataclass(frozen=True, slots=True)
class Band:
    """Who plays; `drums` is None without a drummer, `kit` is the drummer's instrument, `pieces` what of it is left."""

    players: tuple[Player, ...]
    drums: Drums | None
    kit: str
    effects: bool
    pieces: Pieces

    @property
    def lead(self) -> Player | None:
        """Who has the tune."""
        return next((player for player in self.players if player.style.role == "lead"), None)


def choose_band(style: Style, wish: Wish, streams: Streams) -> Band:
    """The band of a style as the prompt wants it."""
    rng = streams.stream("band")
    unwanted_roles = {w.role for w in wish.unwanted if w.name in ("drums", "bass")}
    melodic = [w for w in wish.wanted if w.role != "drums"]
    players = []
    for part in style.parts:
        choices = _choices(part, wish)
        if choices and part.role not in unwanted_roles and not _named_unwanted(part, wish):
            typical = rng.random() < 0.6
            players.append(Player(part, choices[0] if typical else rng.choice(choices)))
    players = _only(players, melodic, style) if wish.only and wish.wanted else _with_wanted(players, melodic)
    pieces = pieces_of(wish, has_own_drums=bool(style.drums.grooves))
    drums = drums_of(style, wish, pieces)
    kit = "" if drums is None else kit_of(drums, wish, rng)
    named = tuple(_distinct([_in_reach(player) for player in players]))
    return Band(named, drums, kit, style.effects and not wish.only, pieces)


def _choices(part: PartStyle, wish: Wish) -> list[str]:
    """What the part may be played on; without synthesisers where nobody wants any and there is something else."""
    choices = [sound for sound in part.instruments if sound not in wish.unwanted_sounds]
    return [sound for sound in choices if not (wish.excludes("synth") and is_synth(sound))] or choices


def _named_unwanted(part: PartStyle, wish: Wish) -> bool:
    return part.role == "pad" and wish.excludes("pad")


def _with_wanted(players: list[Player], wanted: list[InstrumentWish]) -> list[Player]:
    """Give every wanted instrument a part: one that may play it, one of its role, or a new one."""
    claimed: set[int] = set()
    for wish in wanted:
        index = _claim(players, wish, claimed)
        if index is None:
            players = [*players, Player(_spare_part(wish), wish.sounds[0])]
            index = len(players) - 1
        else:
            players = [*players]
            players[index] = _given(players[index], wish)
        claimed.add(index)
    return players


def _claim(players: list[Player], wish: InstrumentWish, claimed: set[int]) -> int | None:
    free = [index for index in range(len(players)) if index not in claimed]
    plays = [i for i in free if players[i].instrument in wish.sounds]
    may = [i for i in free if set(players[i].style.instruments) & set(wish.sounds)]
    same_role = [i for i in free if players[i].style.role == wish.role]
    return next(iter([*plays, *may, *same_role]), None)


def _given(player: Player, wish: InstrumentWish) -> Player:
    """The part on the wanted instrument, heard from the first bar on."""
    fits = [sound for sound in (player.instrument, *player.style.instruments) if sound in wish.sounds]
    instrument = fits[0] if fits else wish.sounds[0]
    changes: dict[str, object] = {"enter": 0.0, "leave": 1.0, "not_in": ()}
    if not fits and instrument in _LOW_INSTRUMENTS and player.style.role in ("lead", "counter"):
        changes["register_"] = _LOW_INSTRUMENTS[instrument]
    return Player(player.style.model_copy(update=changes), instrument)


def _spare_part(wish: InstrumentWish) -> PartStyle:
    role = wish.role if wish.role in _SPARE_REGISTERS else "chords"
    register = (
        _LOW_INSTRUMENTS.get(wish.sounds[0], _SPARE_REGISTERS[role]) if role == "lead" else _SPARE_REGISTERS[role]
    )
    return PartStyle.model_validate({
        "name": role, "role": role, "instruments": wish.sounds, "patterns": _SPARE_PATTERNS.get(role, ()),
        "register": register, "mix": Mix(reverb=0.2, pan=0.15 if role != "bass" else 0.0),
    })  # fmt: skip


def _only(players: list[Player], wanted: list[InstrumentWish], style: Style) -> list[Player]:
    """The style's bass, chords and lead parts played by the wanted instruments alone."""
    if not wanted:
        return []
    chosen: list[Player] = []
    for role in ("bass", "chords", "lead", "arp", "pad"):
        own = [w for w in wanted if w.role == role]
        harmonic = [w for w in wanted if w.role in ("chords", "pad", "arp")]
        candidates = own or (harmonic if role in ("bass", "chords", "lead") else [])
        if not candidates:
            continue
        part = next((p.style for p in players if p.style.role == role), None) or _style_part(style, role)
        base = (
            Player(part, candidates[0].sounds[0])
            if part
            else Player(_spare_part(replace(candidates[0], role=role)), "")
        )
        chosen += [_given(replace(base, instrument=""), wish) for wish in (own or candidates[:1])]
    return chosen


def _style_part(style: Style, role: str) -> PartStyle | None:
    return next((part for part in style.parts if part.role == role), None)


def _in_reach(player: Player) -> Player:
    """With the part of its register that the instrument has; where that is less than an octave, an octave of the
    instrument's range next to it."""
    (low, high), (lowest, highest) = player.style.register_, player.reach
    low, high = max(low, lowest), min(high, highest)
    if high - low < OCTAVE:
        low = min(max(low, lowest), max(highest - OCTAVE, lowest))
        high = low + OCTAVE
    return replace(player, style=player.style.model_copy(update={"register_": (low, high)}))


def _distinct(players: list[Player]) -> list[Player]:
    """With a number behind names that are taken ("chords 2"), so that stems and MIDI tracks can be told apart."""
    seen: dict[str, int] = {}
    named = []
    for player in players:
        count = seen.get(player.name, 0) + 1
        seen[player.name] = count
        name = player.name if count == 1 else f"{player.name} {count}"
        named.append(replace(player, style=player.style.model_copy(update={"name": name})))
    return named


def sound_of(player: Player) -> Sound:
    """The player's sound with its place in the mix."""
    return Sound(player.instrument, **player.style.mix.model_dump())


def sound_of_drums(band: Band) -> Sound:
    """The drummer's sound; raises ValueError without a drummer."""
    if band.drums is None:
        raise ValueError("this band has no drummer")
    return Sound(band.kit, **band.drums.mix.model_dump())
