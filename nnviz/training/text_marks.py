"""What of a text is shown, and which of its n-grams count most for a network that reads their counts."""

import numpy as np

from nnviz.data.dataset import Array
from nnviz.data.texts.ngrams import NGrams
from nnviz.training.frame import MARKED, NAME, TEXT, NGramView, TextView


def text_view(text: str, ngrams: NGrams, inputs: Array, weights: Array | None) -> TextView:
    """The text as the first layer reads it: its `inputs` (buckets,), standardised, and that layer's `weights`.

    An n-gram adds its input times its weights to the sums of the layer's units. How strong it is, is the length of
    that: 0 for one that is here as often as in the average text. Without weights, it is the size of the input alone.
    """
    beginning = _beginning(text, TEXT)
    places = ngrams.places(beginning)
    buckets = np.unique(places.buckets)
    strengths = np.abs(inputs[buckets])
    if weights is not None:
        strengths = strengths * np.sqrt(np.square(weights[buckets]).sum(axis=1))
    order = np.argsort(-strengths, kind="stable")[:MARKED]
    largest = float(strengths.max(initial=0.0))
    marks = np.zeros(len(beginning), np.float32)
    strongest = []
    for bucket, strength in zip(buckets[order], strengths[order].tolist(), strict=True):
        here = np.flatnonzero(places.buckets == bucket).tolist()
        for start, end in ((places.starts[i], places.ends[i]) for i in here):
            np.maximum(marks[start:end], strength / largest if strength else 0.0, out=marks[start:end])
        name = " ".join(dict.fromkeys(places.names[i] for i in here))
        strongest.append(NGramView(name[:NAME], len(here), strength))
    return TextView(_harmless(beginning), len(text) - len(beginning), marks, tuple(strongest))


def excerpt(text: str, most: int) -> str:
    """So many characters of the text on one line, with … where it goes on."""
    beginning = _beginning(text, most)
    return _harmless(beginning) + " …"[: 2 * (len(beginning) < len(text))]


def _beginning(text: str, most: int) -> str:
    """As many whole words as fit, or part of the first one."""
    if len(text) <= most:
        return text
    return text[: most + 1].rsplit(maxsplit=1)[0][:most]


def _harmless(text: str) -> str:
    """As many characters, none of which moves a terminal's cursor."""
    return "".join(" " if c.isspace() else c if c.isprintable() else "�" for c in text)
