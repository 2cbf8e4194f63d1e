"""What a curve's name says: which metric it is, and of which split."""

import re

TRAIN, VALIDATION, TEST = "train", "validation", "test"
WORDS = {
    TRAIN: ("train", "training", "trn"),
    VALIDATION: ("val", "valid", "validation", "eval", "evaluation", "dev"),
    TEST: ("test", "testing"),
}
_SPLITS = {word: split for split, words in WORDS.items() for word in words}
_WORD = "|".join(_SPLITS)
_FIRST = re.compile(rf"({_WORD})[/_.\- ]+(?=.)", re.IGNORECASE)
_LAST = re.compile(rf"(?<=.)[/_.\- ]+({_WORD})", re.IGNORECASE)


def split_of(word: str) -> str:
    """The split that a word stands for, such as `val` for validation; nothing if it is none."""
    return _SPLITS.get(word.lower(), "")


def metric_and_split(name: str) -> tuple[str, str]:
    """`val_loss`, `loss/validation` and `eval loss` are loss and validation; a name without a split is a metric."""
    if found := _FIRST.match(name):
        return name[found.end() :], split_of(found[1])
    if (found := _LAST.search(name)) and found.end() == len(name):
        return name[: found.start()], split_of(found[1])
    return name, ""
