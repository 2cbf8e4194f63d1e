"""What of a text is marked, and why."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnviz.array import Array
from nnviz.data.ngrams import NGrams
from nnviz.frame.example_view import MARKED, NAME, TEXT, TextView
from nnviz.outside_text import printable
from nnviz.training.text_marks import excerpt, text_view

LETTERS = NGrams(buckets=256, fewest=3, most=3, words=0)


def _view(text: str, inputs: Array, weights: Array | None = None, ngrams: NGrams = LETTERS) -> TextView:
    return text_view(text, ngrams, ngrams.names([text]), ngrams.counts([text])[0], inputs, weights)


def test_marks_cover_the_strongest_ngrams_and_nothing_else() -> None:
    text = "one two one six"
    places = LETTERS.places(text)
    one = places.buckets[places.names.index("'one'")]
    two = places.buckets[places.names.index("'two'")]
    inputs = np.zeros(256, np.float32)
    inputs[one], inputs[two] = -2, 1
    weights = np.ones((256, 4), np.float32)
    weights[two] *= 0.5
    view = _view(text, inputs, weights)
    assert [(n.name, n.count, n.strength) for n in view.strongest[:2]] == [("'one'", 2, 4.0), ("'two'", 1, 1.0)]
    assert view.marks.tolist() == [1, 1, 1, 0, 0.25, 0.25, 0.25, 0, 1, 1, 1, 0, 0, 0, 0]


@given(st.text(max_size=TEXT + 100))
def test_a_view_is_bounded_and_harmless(text: str) -> None:
    view = _view(text, np.ones(256, np.float32))
    assert len(view.text) == len(view.marks) <= TEXT
    assert view.text == printable(text[: len(text) - view.more])
    assert view.text.isprintable()
    assert len(view.strongest) <= MARKED
    assert all(ngram.name.isprintable() for ngram in view.strongest)


def test_an_excerpt_ends_with_a_word() -> None:
    assert excerpt("one two three", 8) == "one two …"
    assert excerpt("one\ntwo\x1b", 8) == "one two�"
    assert excerpt("x" * 20, 5) == "xxxxx …"


@given(st.text(max_size=30), st.integers(2, 20))
def test_an_excerpt_is_a_beginning(text: str, most: int) -> None:
    shown = excerpt(text, most).removesuffix(" …") if len(text) > most else excerpt(text, most)
    assert shown in {printable(text[:length]) for length in range(most + 1)}


def test_a_long_blank_or_indented_beginning_is_kept() -> None:
    assert excerpt(" " * 9, 5) == "      …"
    assert excerpt("  " + "x" * 9, 5) == "  xxx …"
    blank = _view("\n" * (TEXT + 7), np.ones(256, np.float32))
    assert (len(blank.text), blank.more) == (TEXT, 7)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("weight", [np.nan, np.inf, 1e300])
def test_nothing_is_strongest_after_divergence(weight: float) -> None:
    view = _view("one two", np.ones(256, np.float32), np.full((256, 4), weight))
    assert view.strongest == ()
    assert not view.marks.any()


@pytest.mark.filterwarnings("error")
def test_large_weights_still_have_an_order() -> None:
    weights = np.full((256, 4), 1e30, np.float32)
    (two,) = LETTERS.places("two").buckets[[name == "'two'" for name in LETTERS.places("two").names]]
    weights[two] *= 2
    view = _view("one two", np.ones(256, np.float32), weights)
    assert view.strongest[0].name == "'two'"
    assert view.marks.tolist()[4:] == [1, 1, 1]


def test_counts_and_ranks_are_of_the_whole_text() -> None:
    ngrams = NGrams(buckets=1 << 16, fewest=3, most=3, words=0)
    text = "one " * (TEXT // 4) + "one six " * 10
    places = ngrams.places("one six")
    inputs = np.zeros(1 << 16, np.float32)
    for name, size in (("'six'", 3), ("'one'", 1)):
        inputs[places.buckets[places.names.index(name)]] = size
    view = _view(text, inputs, ngrams=ngrams)
    assert [(n.name, n.count) for n in view.strongest[:2]] == [("'six'", 10), ("'one'", TEXT // 4 + 10)]
    assert max(view.marks) == pytest.approx(1 / 3)


def test_ngrams_that_share_an_input_are_told_apart_and_cut_with_a_sign() -> None:
    shared = NGrams(buckets=1, fewest=3, most=3, words=0)
    ones = np.ones(1, np.float32)
    assert _view("one", ones, ngrams=shared).strongest[0].name == "' on' or 'one' or 'ne '"
    (ngram,) = _view("one two three four five six", ones, ngrams=shared).strongest
    assert len(ngram.name) == NAME
    assert "…" in ngram.name
