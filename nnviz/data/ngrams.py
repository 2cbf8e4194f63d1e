"""Texts → counts of hashed n-grams: of letters within a word, and of words. What a count stands for can be named again.

An n-gram is put into one of a fixed number of buckets by a hash of its own characters, so no list of n-grams has to be
kept, and a text that nobody has seen before is counted like any other. All n-grams of many texts are hashed at once.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec
import numpy as np

from nnviz.array import Array
from nnviz.outside_text import printable

MOST_COUNTED = 255
"""A count is a byte."""
# So many texts or characters are hashed at a time.
CHUNK_TEXTS, CHUNK_CHARACTERS = 256, 1 << 17
# Of the texts that buckets are named by.
NAMING_CHARACTERS = 1 << 19

_SPACE = re.compile(r"\s")
_WORD = re.compile(r"\w+")
_PAD = ord(" ")
# A text hashes to Σ (character + 1) · BASE^place, modulo 2^64. Since BASE is odd, it can be divided by.
_BASE = 0x9E3779B97F4A7C15
_INVERSE = pow(_BASE, -1, 1 << 64)
# So that the word "a" is not the letter 'a'.
_OF_WORDS = np.uint64(0x2545F4914F6CDD1D)


class Places(NamedTuple):
    """The n-grams of a text, in some order.

    buckets     (k,) int64
    starts, ends  (k,) int64, from which character of the text on, and up to which
    names       'ing ' for letters, with a space where the word ends or begins; "see you" for words
    """

    buckets: Array
    starts: Array
    ends: Array
    names: list[str]


class _Found(NamedTuple):
    """N-grams of some joined texts: hashes (k,) uint64, where they start and end (k,) int64, whether made of words."""

    hashes: Array
    starts: Array
    ends: Array
    of_words: Array


class NGrams(msgspec.Struct, frozen=True):
    """Which n-grams are counted: `fewest` to `most` letters, one to `words` words, in so many buckets, a power of two.

    Large and small letters count as the same. A letter is any character but a space, and stands in a word between
    spaces, each of which may be part of an n-gram; a word in an n-gram of words is a run of letters and digits.
    """

    buckets: int = 4096
    fewest: int = 1
    most: int = 3
    words: int = 2

    def counts(self, texts: Sequence[str]) -> Array:
        """How often an n-gram of each bucket is in each text: (n, buckets) uint8, 255 where more often."""
        counts = np.empty((len(texts), self.buckets), np.uint8)
        done = 0
        for chunk in _chunks(texts):
            joined, starts = _joined(chunk)
            found = self._found(joined, starts)
            # The space before a text belongs to it.
            rows = np.searchsorted(starts - 1, found.starts, side="right") - 1
            cells = rows * self.buckets + self._bucket(found.hashes)
            counted = np.bincount(cells, minlength=len(chunk) * self.buckets).reshape(len(chunk), self.buckets)
            counts[done : done + len(chunk)] = np.minimum(counted, MOST_COUNTED)
            done += len(chunk)
        return counts

    def places(self, text: str) -> Places:
        """Where each n-gram stands in the text, and what it is called."""
        joined, begin = _joined([text])
        found = self._found(joined, begin)
        names = [_name(joined, *place) for place in zip(*(part.tolist() for part in found[1:]), strict=True)]
        starts, ends = (np.clip(place - 1, 0, len(text)) for place in (found.starts, found.ends))
        return Places(self._bucket(found.hashes), starts, ends, names)

    def names(self, texts: Sequence[str]) -> tuple[str, ...]:
        """What to call each bucket: the commonest of its n-grams in the texts, and +k for the k others it has there.

        Of many texts, some evenly spaced ones tell. A bucket that no n-gram falls into is `x7`.
        """
        length = sum(map(len, texts))
        joined, begin = _joined(texts[:: 1 + length // NAMING_CHARACTERS])
        found = self._found(joined, begin)
        hashes, first, counts = np.unique(found.hashes, return_index=True, return_counts=True)
        order = np.argsort(-counts, kind="stable")
        buckets, commonest, others = np.unique(self._bucket(hashes[order]), return_index=True, return_counts=True)
        names = [f"x{bucket}" for bucket in range(self.buckets)]
        for bucket, place, count in zip(buckets, first[order[commonest]].tolist(), others.tolist(), strict=True):
            name = _name(joined, int(found.starts[place]), int(found.ends[place]), bool(found.of_words[place]))
            names[bucket] = f"{name} +{count - 1}" if count > 1 else name
        return tuple(names)

    def _bucket(self, hashes: Array) -> Array:
        return (hashes % np.uint64(self.buckets)).astype(np.int64)

    def _found(self, joined: str, texts: Array) -> _Found:
        hashed = _Hashes(joined)
        parts = [hashed.of_letters(count) for count in range(self.fewest, self.most + 1)]
        parts += hashed.of_words(joined, texts, self.words)
        return _Found(*(np.concatenate(column) for column in zip(*parts, strict=True)))


class _Hashes:
    """The hash of every stretch of a text, from sums that are made once."""

    def __init__(self, joined: str) -> None:
        codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
        self._spaces = codes == _PAD
        self._inverses = _powers(_INVERSE, len(codes) + 1)
        self._sums = np.concatenate(
            [np.zeros(1, np.uint64), np.cumsum((codes + np.uint64(1)) * _powers(_BASE, len(codes)))]
        )

    def _of(self, starts: Array, ends: Array) -> Array:
        hashes: Array = (self._sums[ends] - self._sums[starts]) * self._inverses[starts]
        return hashes

    def of_letters(self, count: int) -> _Found:
        """All of so many letters: no space inside, and not of spaces alone."""
        places = max(len(self._spaces) - count + 1, 0)
        windows = [self._spaces[k : k + places] for k in range(count)]
        usable = ~np.logical_and.reduce(windows)
        for window in windows[1:-1]:
            usable &= ~window
        starts = np.flatnonzero(usable)
        ends = starts + count
        return _Found(_mixed(self._of(starts, ends)), starts, ends, np.zeros(len(starts), bool))

    def of_words(self, joined: str, texts: Array, most: int) -> Iterator[_Found]:
        """All of one word, then of two that follow each other in one of the `texts`, which start there, and so on."""
        stretches = [match.span() for match in _WORD.finditer(joined)]
        starts, ends = np.array(stretches, np.int64).reshape(-1, 2).T
        text = np.searchsorted(texts, starts, side="right")
        single = hashes = _mixed(self._of(starts, ends) + _OF_WORDS)
        for count in range(1, most + 1):
            last = slice(count - 1, None)
            together = text[: len(hashes)] == text[last]
            found = hashes[together], starts[: len(hashes)][together], ends[last][together]
            yield _Found(*found, np.ones(len(found[0]), bool))
            hashes = _mixed(hashes[:-1] * np.uint64(_BASE) + single[count:])


def _powers(base: int, count: int) -> Array:
    """1, base, base², … (count,) uint64, modulo 2^64."""
    powers = np.full(count, base, np.uint64)
    powers[:1] = 1
    return np.cumprod(powers, dtype=np.uint64)


def _mixed(hashes: Array) -> Array:
    """Hashes of which every bit depends on every other one (the end of SplitMix64)."""
    mixed: Array = (hashes ^ (hashes >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed


def _chunks(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """The texts in order, some at a time; a very long one alone."""
    first = characters = 0
    for place, text in enumerate(texts):
        if place > first and (place - first == CHUNK_TEXTS or characters + len(text) > CHUNK_CHARACTERS):
            yield texts[first:place]
            first, characters = place, 0
        characters += len(text)
    if first < len(texts):
        yield texts[first:]


def _joined(texts: Sequence[str]) -> tuple[str, Array]:
    """All in small letters, with a space before, between and behind them; and where each one starts (n,) int64."""
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    # Of all letters, only the small one of İ is written with two characters.
    small = _SPACE.sub(" ", " ".join(["", *texts, ""]).replace("İ", "i")).lower()
    return small, np.cumsum(lengths + 1) - lengths


def _name(joined: str, start: int, end: int, of_words: bool) -> str:
    """What an n-gram is called, with no character that would move a terminal's cursor."""
    found = joined[start:end]
    name = f'"{" ".join(_WORD.findall(found))}"' if of_words else f"'{found}'"
    return printable(name)
