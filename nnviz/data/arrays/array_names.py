"""Which arrays are examples and which are their labels, by the names that people give them. Light to import.

`x_train` and `y_train`, `train_images` and `train_labels`, `X` and `Y`, `data` and `target`, `kmnist-train-imgs` and
`kmnist-train-labels`, `arr_0` and `arr_1`: a word for the kind, and one for the split unless it is all there is.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Literal, NamedTuple

from nnviz.data.split_names import role_of_word, words_of

Kind = Literal["inputs", "labels", "class names"]

ROLES = ("train", "validation", "test")
# Of several arrays of one kind the first of these is read: where `images` are, `data` is most often a copy of them.
_INPUTS = ("x", "image", "images", "img", "imgs", "picture", "pictures", "data", "inputs", "input", "features")
_LABELS = ("y", "labels", "label", "targets", "target", "classes", "class")
_CLASS_NAMES = ("class_names", "classnames", "label_names", "labelnames", "target_names")
_FILLERS = {"set", "array", "arr"}
_SHORT = re.compile(r"([xy])(train|training|val|valid|validation|dev|test)|(train|val|valid|test)([xy])")
_UNNAMED = ("arr_0", "arr_1")
"""What np.savez calls arrays that were given without a name."""


class Meaning(NamedTuple):
    """What a name says of its array.

    rank        among those of one kind and split: the lowest is read
    collection  what is left of the name: `kmnist` of `kmnist-train-imgs`
    """

    kind: Kind
    role: str
    rank: int
    collection: str


class Pair(NamedTuple):
    """The names of an array of examples and of that of their labels."""

    inputs: str
    labels: str


class Paired(NamedTuple):
    """What arrays that came together are.

    pairs        split → examples and labels; empty where no name says so
    class_names  the array of the classes' names, None if there is none
    unread       name → why that array is not read
    collections  what else they could be about, where there is more than one choice and `pairs` is empty
    """

    pairs: dict[str, Pair]
    class_names: str | None
    unread: dict[str, str]
    collections: tuple[str, ...] = ()


def meaning_of(name: str) -> Meaning | None:
    """What an array of that name is, None if the name does not say it."""
    if "_".join(words_of(name)) in _CLASS_NAMES:
        return Meaning("class names", "train", 0, "")
    kinds: list[tuple[Kind, int]] = []
    roles, rest = set(), []
    for word in _words(name):
        if role := role_of_word(word):
            roles.add(role)
        elif word in _INPUTS:
            kinds.append(("inputs", _INPUTS.index(word)))
        elif word in _LABELS:
            kinds.append(("labels", _LABELS.index(word)))
        elif word not in _FILLERS:
            rest.append(word)
    if len(roles) > 1 or not (kinds or roles):
        return None
    # Of `train` and `train_labels`, the first are the examples.
    kind, rank = kinds[-1] if kinds else ("inputs", len(_INPUTS))
    return Meaning(kind, roles.pop() if roles else "train", rank, "-".join(rest))


def is_of_inputs(name: str) -> bool:
    """Whether an array of that name holds examples."""
    meaning = meaning_of(name)
    return meaning is not None and meaning.kind == "inputs"


def paired(names: Iterable[str]) -> Paired:
    """Which of some arrays, that came together, are read as what."""
    names = list(names)
    if set(names) == set(_UNNAMED):
        return Paired({"train": Pair(*_UNNAMED)}, None, {})
    unread = {name: "of a name that does not say what it is" for name in names if meaning_of(name) is None}
    about: dict[str, list[str]] = defaultdict(list)
    for name in names:
        if meaning := meaning_of(name):
            about[meaning.collection].append(name)
    found = {collection: _paired(members) for collection, members in about.items()}
    usable = sorted(collection for collection, one in found.items() if "train" in one.pairs)
    if not usable:
        # What comes without examples to train on may be tested on, or trained on if somebody wants that.
        usable = sorted(collection for collection, one in found.items() if len(one.pairs) == 1)
    if len(usable) > 1 and "" not in usable:
        return Paired({}, None, unread, tuple(usable))
    if not usable:
        return Paired({}, None, unread)
    chosen = found[usable[0]]
    class_names = chosen.class_names or (found[""].class_names if "" in found else None)
    read = {name for pair in chosen.pairs.values() for name in pair} | {class_names}
    unread |= {name: chosen.unread.get(name, "of another set") for name in names if name not in read | unread.keys()}
    pairs = chosen.pairs if "train" in chosen.pairs else {"train": next(iter(chosen.pairs.values()))}
    return Paired(pairs, class_names, unread)


def _paired(names: list[str]) -> Paired:
    """The same of arrays about one thing, each with a name that says what it is."""
    chosen: dict[tuple[Kind, str], str] = {}
    unread = {}
    meanings = {name: meaning for name in names if (meaning := meaning_of(name))}
    for name, meaning in sorted(meanings.items(), key=lambda item: (item[1].rank, item[0])):
        first = chosen.setdefault((meaning.kind, meaning.role), name)
        if first != name:
            unread[name] = f"'{first}' is read instead"
    pairs = {}
    for role in ROLES:
        inputs, labels = chosen.get(("inputs", role)), chosen.get(("labels", role))
        if inputs and labels:
            pairs[role] = Pair(inputs, labels)
        elif inputs:
            unread[inputs] = "without labels"
        elif labels:
            unread[labels] = "labels without examples"
    return Paired(pairs, chosen.get(("class names", "train")), unread)


def _words(name: str) -> list[str]:
    words: list[str] = []
    for word in words_of(name):
        joined = _SHORT.fullmatch(word)
        words += filter(None, joined.groups()) if joined else [word]
    return words
