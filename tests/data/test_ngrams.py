"""Counts of n-grams against a slow count of what the words say, and what buckets are called."""

import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnviz.data import ngrams
from nnviz.data.ngrams import NGrams
from nnviz.outside_text import printable

SMALL = NGrams(buckets=64)
MASK = (1 << 64) - 1


def mixed(number: int) -> int:
    number = (number ^ number >> 30) * 0xBF58476D1CE4E5B9 & MASK
    number = (number ^ number >> 27) * 0x94D049BB133111EB & MASK
    return number ^ number >> 31


def polynomial(text: str) -> int:
    return sum((ord(c) + 1) * pow(0x9E3779B97F4A7C15, k, 1 << 64) for k, c in enumerate(text)) & MASK


def counted(text: str, settings: NGrams) -> Counter[int]:
    """Bucket → how often, one n-gram at a time."""
    small = re.sub(r"\s", " ", f" {text.replace('İ', 'i')} ").lower()
    found: Counter[int] = Counter()
    for length in range(settings.fewest, settings.most + 1):
        for start in range(len(small) - length + 1):
            piece = small[start : start + length]
            if piece.strip(" ") and " " not in piece[1:-1]:
                found[mixed(polynomial(piece)) % settings.buckets] += 1
    single = [mixed((polynomial(word) + 0x2545F4914F6CDD1D) & MASK) for word in re.findall(r"\w+", small)]
    for length in range(1, settings.words + 1):
        for start in range(len(single) - length + 1):
            number = single[start]
            for word in single[start + 1 : start + length]:
                number = mixed((number * 0x9E3779B97F4A7C15 + word) & MASK)
            found[number % settings.buckets] += 1
    return found


@given(st.lists(st.text(max_size=30), max_size=5))
def test_counts_are_those_of_a_slow_count(texts: list[str]) -> None:
    counts = SMALL.counts(texts)
    assert counts.dtype == np.uint8
    for text, row in zip(texts, counts, strict=True):
        assert {bucket: int(count) for bucket, count in enumerate(row) if count} == counted(text, SMALL)


@given(st.lists(st.text(max_size=12), max_size=9), st.integers(1, 3), st.integers(1, 20))
def test_counts_do_not_depend_on_how_many_are_counted_at_a_time(texts: list[str], most: int, characters: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ngrams, "CHUNK_TEXTS", most)
        patch.setattr(ngrams, "CHUNK_CHARACTERS", characters)
        few = SMALL.counts(texts)
    assert np.array_equal(few, SMALL.counts(texts))


@pytest.mark.parametrize(
    ("settings", "buckets"),
    [
        (NGrams(fewest=3, most=3, words=0), [1460, 3259, 3680]),
        (NGrams(fewest=4, most=3, words=2), [826, 2396, 2469]),
    ],
)
def test_the_hash_stays_what_it_is(settings: NGrams, buckets: list[int]) -> None:
    """A network that was kept reads the same buckets ever after."""
    text = "Wor" if settings.words == 0 else "two words"
    assert np.flatnonzero(settings.counts([text])[0]).tolist() == buckets


def test_a_count_stops_at_255() -> None:
    assert NGrams().counts(["a" * 1000]).max() == 255


@given(st.lists(st.text(max_size=20), max_size=4))
def test_a_bucket_is_called_by_its_commonest_ngram(texts: list[str]) -> None:
    found: dict[int, Counter[str]] = {}
    for text in texts:
        places = SMALL.places(text)
        for bucket, name in zip(places.buckets.tolist(), places.names, strict=True):
            found.setdefault(bucket, Counter())[name] += 1
    names = SMALL.names(texts)
    assert len(names) == SMALL.buckets
    for bucket, name in enumerate(names):
        here = found.get(bucket)
        if here is None:
            assert name == f"x{bucket}"
            continue
        called, others = re.fullmatch(r"(.*?)(?: \+(\d+))?", name, re.DOTALL).groups("0")  # type: ignore[union-attr]
        # What cannot be shown is called alike, whatever it is.
        if "�" not in "".join(here):
            assert here[called] == max(here.values())
            # Those that differ in signs that have no look alone are called alike, too.
            looks = all(printable(text) == text for text in texts)
            assert int(others) == len(here) - 1 if looks else int(others) >= len(here) - 1


@given(st.text(max_size=40))
def test_places_are_where_the_ngrams_stand(text: str) -> None:
    places = SMALL.places(text)
    counts = SMALL.counts([text])[0]
    assert np.array_equal(np.bincount(places.buckets, minlength=SMALL.buckets), counts)
    for start, end, name in zip(places.starts.tolist(), places.ends.tolist(), places.names, strict=True):
        piece = text[start:end].lower()
        if piece.isprintable() and piece.isascii():
            words = re.findall(r"\w+", piece)
            assert name[1:-1].strip() == (piece.strip() if name.startswith("'") else " ".join(words))


def test_names_tell_letters_from_words_and_where_a_word_ends() -> None:
    assert set(NGrams(fewest=3, most=3, words=2).places("So far").names) == {
        "' so'", "'so '", "' fa'", "'far'", "'ar '", '"so"', '"far"', '"so far"',
    }  # fmt: skip


@given(st.text(max_size=40))
def test_small_letters_are_as_many(text: str) -> None:
    joined, starts = ngrams._joined([text, text])
    assert len(joined) == 2 * len(text) + 3
    assert starts.tolist() == [1, len(text) + 2]
