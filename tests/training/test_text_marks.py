"""What of a text is marked, and why."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nnviz.data.texts.ngrams import NGrams
from nnviz.training.frame import MARKED, TEXT
from nnviz.training.text_marks import excerpt, text_view

LETTERS = NGrams(buckets=256, fewest=3, most=3, words=0)


def test_marks_cover_the_strongest_ngrams_and_nothing_else() -> None:
    text = "one two one six"
    places = LETTERS.places(text)
    one = places.buckets[places.names.index("'one'")]
    two = places.buckets[places.names.index("'two'")]
    inputs = np.zeros(256, np.float32)
    inputs[one], inputs[two] = -2, 1
    weights = np.ones((256, 4), np.float32)
    weights[two] *= 0.5
    view = text_view(text, LETTERS, inputs, weights)
    assert [(n.name, n.count, n.strength) for n in view.strongest[:2]] == [("'one'", 2, 4.0), ("'two'", 1, 1.0)]
    assert view.marks.tolist() == [1, 1, 1, 0, 0.25, 0.25, 0.25, 0, 1, 1, 1, 0, 0, 0, 0]


@given(st.text(max_size=TEXT + 100))
def test_a_view_is_bounded_and_harmless(text: str) -> None:
    view = text_view(text, LETTERS, np.ones(256, np.float32), None)
    assert len(view.text) == len(view.marks) <= TEXT
    assert len(view.text) + view.more == len(text)
    assert view.text.isprintable()
    assert len(view.strongest) <= MARKED
    assert all(ngram.name.isprintable() for ngram in view.strongest)


def test_an_excerpt_ends_with_a_word() -> None:
    assert excerpt("one two three", 8) == "one two …"
    assert excerpt("one\ntwo\x1b", 8) == "one two�"
    assert excerpt("x" * 20, 5) == "xxxxx …"
