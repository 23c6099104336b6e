"""Damage to files, from a seed: what a hostile or unlucky upload looks like. The same seed gives the same damage."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence

MAGIC_NUMBERS = (
    b"\x00" * 4,
    b"\xff" * 4,
    b"\x7f\xff\xff\xff",
    b"\xff\xff\xff\x7f",
    b"\x80\x00\x00\x00",
    b"\x00\x00\x00\x80",
)
"""Sizes and counts at the edges of 32 bits, in both byte orders."""

HEADER_BYTES = 512
"""Where most of a format's sizes, rates and counts are."""

Mutation = Callable[[random.Random, bytearray], bytearray]


def mutated(data: bytes, seed: int) -> bytes:
    """The file with one to four kinds of damage, as the seed says; never more than 64 KiB longer than it was."""
    chance = random.Random(seed)
    out = bytearray(data)
    for mutation in chance.choices(MUTATIONS, k=chance.randint(1, 4)):
        out = mutation(chance, out)
    return bytes(out)


def mutations(files: Mapping[str, bytes], count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """`count` damaged files, going round the given ones: a name that says how to make it again, and its bytes."""
    names: Sequence[str] = sorted(files)
    for index in range(count):
        name = names[index % len(names)]
        yield f"{name} seed {seed + index}", mutated(files[name], seed + index)


def _flip_bits(chance: random.Random, data: bytearray) -> bytearray:
    for _ in range(chance.randint(1, 64)):
        if data:
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return data


def _damage_header(chance: random.Random, data: bytearray) -> bytearray:
    for _ in range(chance.randint(1, 8)):
        if data:
            data[chance.randrange(min(len(data), HEADER_BYTES))] = chance.randrange(256)
    return data


def _plant_number(chance: random.Random, data: bytearray) -> bytearray:
    place = chance.randrange(min(len(data), HEADER_BYTES) or 1)
    data[place : place + 4] = chance.choice(MAGIC_NUMBERS)
    return data


def _cut_end(chance: random.Random, data: bytearray) -> bytearray:
    return data[: chance.randrange(len(data) + 1)]


def _cut_out(chance: random.Random, data: bytearray) -> bytearray:
    start = chance.randrange(len(data) + 1)
    del data[start : start + chance.randint(1, 4096)]
    return data


def _repeat(chance: random.Random, data: bytearray) -> bytearray:
    start = chance.randrange(len(data) + 1)
    piece = data[start : start + chance.randint(1, 8192)]
    return data[:start] + piece * chance.randint(1, 2) + data[start:]


def _insert_noise(chance: random.Random, data: bytearray) -> bytearray:
    start = chance.randrange(len(data) + 1)
    return data[:start] + chance.randbytes(chance.randint(1, 4096)) + data[start:]


def _overwrite_noise(chance: random.Random, data: bytearray) -> bytearray:
    start = chance.randrange(len(data) + 1)
    length = min(chance.randint(1, 4096), len(data) - start)
    data[start : start + length] = chance.randbytes(length)
    return data


def _swap_pieces(chance: random.Random, data: bytearray) -> bytearray:
    cut = chance.randrange(len(data) + 1)
    return data[:4] + data[cut:] + data[4:cut] if chance.random() < 0.5 else data[cut:] + data[:cut]


MUTATIONS: tuple[Mutation, ...] = (
    _flip_bits,
    _damage_header,
    _damage_header,
    _plant_number,
    _plant_number,
    _cut_end,
    _cut_out,
    _repeat,
    _insert_noise,
    _overwrite_noise,
    _swap_pieces,
)
"""Headers are damaged more often than music: that is where a decoder believes what it reads."""
