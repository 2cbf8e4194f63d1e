"""What of a text is shown, and which of its n-grams count most for a network that reads their counts."""

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from nnviz.array import Array
from nnviz.data.ngrams import NGrams, Places
from nnviz.frame.example_view import MARKED, NAME, TEXT, NGramView, TextView
from nnviz.outside_text import cut, pieces, printable

_WHOLE_WORDS = re.compile(r"(.*\S)\s", re.DOTALL)


def text_view(
    text: str, ngrams: NGrams, names: Sequence[str], counts: Array, inputs: Array, weights: Array | None
) -> TextView:
    """The text as the first layer reads it: its `counts`, its `inputs` (both (buckets,)), that layer's `weights`.

    An n-gram adds its input, which is standardised, times its weights to the sums of the layer's units. How strong it
    is, is the length of that: 0 for one that is here as often as in the average text. Without weights, it is the size
    of the input alone. Where one is not finite, none is strongest. Only the beginning, which is shown, is searched:
    what stands behind it has its bucket's name of `names`.
    """
    beginning = _beginning(text, TEXT)
    marks = np.zeros(len(beginning), np.float32)
    buckets, strengths = _strongest(counts, inputs, weights)
    places = _places(ngrams, beginning)
    strongest = []
    for bucket, strength in zip(buckets.tolist(), strengths.tolist(), strict=True):
        here = np.flatnonzero(places.buckets == bucket).tolist()
        for start, end in ((places.starts[i], places.ends[i]) for i in here):
            np.maximum(marks[start:end], strength / strengths[0] if strength else 0.0, out=marks[start:end])
        name = " or ".join(dict.fromkeys(places.names[i] for i in here)) or names[bucket]
        strongest.append(NGramView(cut(name, NAME), int(counts[bucket]), strength, bucket))
    shown = pieces(beginning)
    marks = marks[np.fromiter(map(bool, shown), bool, len(shown))]
    return TextView("".join(shown), len(text) - len(beginning), marks, tuple(strongest))


def _strongest(counts: Array, inputs: Array, weights: Array | None) -> tuple[Array, Array]:
    """The buckets of the strongest n-grams of a whole text, the strongest first, and how strong they are."""
    buckets = np.flatnonzero(counts)
    # The square of a large number is still one in float64; what is not a number says nothing about order.
    strengths = np.abs(inputs[buckets].astype(np.float64))
    if weights is not None:
        with np.errstate(over="ignore", invalid="ignore"):
            strengths = strengths * np.sqrt(np.square(weights[buckets], dtype=np.float64).sum(axis=1))
    if not np.isfinite(strengths).all():
        return buckets[:0], strengths[:0]
    order = np.argsort(-strengths, kind="stable")[:MARKED]
    return buckets[order], strengths[order]


@lru_cache(maxsize=16)
def _places(ngrams: NGrams, beginning: str) -> Places:
    """Where the n-grams stand, which takes milliseconds to find, in a text that is looked at many times a second."""
    return ngrams.places(beginning)


def excerpt(text: str, most: int) -> str:
    """So many characters of the text on one line, with … where it goes on."""
    beginning = _beginning(text, most)
    return printable(beginning) + " …"[: 2 * (len(beginning) < len(text))]


def _beginning(text: str, most: int) -> str:
    """What the text begins with: as many whole words as fit, or part of the first one."""
    if len(text) <= most:
        return text
    words = _WHOLE_WORDS.match(text[: most + 1])
    return words[1] if words else text[:most]
