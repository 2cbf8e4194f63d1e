"""Images whose file names say what they are: `cat.0.jpg`, `Abyssinian_12.jpg`, `07-dog.png`."""

import os
import re
from collections.abc import Collection, Sequence

from nnviz.data.split_names import words_of

_PATTERNS = (
    # A word, and all numbers behind it: cat.0, IMG_2019_01; 7_00012, but not 2019-01-01.
    re.compile(r"(?P<name>.*?(?:[^\W\d_]|(?<!\d\d\d)\d(?=[\W_])))[\W_]*(?:\(?\d+\)?[\W_]*)+", re.DOTALL),
    # Numbers, and a word behind them: 07-dog.
    re.compile(r"(?:\d+[\W_]+)+(?P<name>[^\W\d_].*)", re.DOTALL),
    # A word with a number in it, and the last number: s1_10.
    re.compile(r"(?P<name>.*[^\W_])[\W_]+\(?\d+\)?[\W_]*", re.DOTALL),
)
# What cameras, scanners and programs call everything.
_SAYS_NOTHING = {
    *("img", "image", "images", "dsc", "dscn", "dscf", "pxl", "photo", "pic", "picture", "frame", "scan", "screenshot"),
    *("file", "sample", "train", "test", "val", "untitled", "vid", "mvi", "gopr", "p", "im", "x"),
}
MOST_SHARE = 0.5
"""Of all images: were there more classes, they would be names of single images."""
LEAST_NAMED = 0.9
"""Of all images have to be called so."""


def classes_from_names(names: Sequence[str]) -> dict[str, str]:
    """File name → its class, for those whose name says one; nothing where the names do not say classes at all.

    They do if nine of ten are a word and a number, or a number and a word, with two different words at least, other
    than those that cameras write, and each word comes twice in the mean.
    """
    for pattern in _PATTERNS:
        matches = ((name, pattern.fullmatch(os.path.splitext(name)[0])) for name in names)
        found = {name: match["name"] for name, match in matches if match and not _says_nothing(match["name"])}
        if len(found) >= LEAST_NAMED * len(names) and 1 < len(set(found.values())) <= MOST_SHARE * len(names):
            return found
    return {}


def _says_nothing(name: str) -> bool:
    return (name.isdecimal() and len(name) > 3) or (set(words_of(name)) <= _SAYS_NOTHING and not name.isdecimal())


def known_class(name: str, classes: Collection[str]) -> str | None:
    """The one of known classes that the name of a file begins with: A of `A_test.jpg`; None if it is none."""
    stem = os.path.splitext(name)[0]
    found = [one for one in classes if stem == one or (stem.startswith(one) and not stem[len(one)].isalpha())]
    return max(found, key=len, default=None)
