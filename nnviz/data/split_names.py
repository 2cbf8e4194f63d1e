"""The names that people give to their splits. Light to import."""

import re
from collections import defaultdict
from collections.abc import Iterable

_WORDS = {
    "train": ("train", "training"),
    "validation": ("val", "valid", "validate", "validation", "dev", "devel", "development"),
    "test": ("test", "testing", "holdout", "eval", "evaluation"),
}
# As the datasets library of Hugging Face reads them (SPLIT_KEYWORDS); `validate`, `devel`, `holdout` are added.
_ROLES = {word: role for role, words in _WORDS.items() for word in words}
_SECOND = ("eval", "evaluation")
"""Is the test split, and validates where there is another one to test on."""
# What is said beside it, and says nothing more: training_set, seg_train, test images.
_FILLERS = {
    *("set", "sets", "data", "dataset", "seg", "split", "folder", "dir"),
    *("image", "images", "img", "imgs", "picture", "pictures", "photo", "photos", "text", "texts", "file", "files"),
}
_UNLABELLED = {"unlabeled", "unlabelled", "unsup", "unsupervised"}

_WORD = re.compile(r"[^\W\d_]+")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_JOINED = re.compile(rf"({'|'.join(sorted(_ROLES, key=len, reverse=True))})(set|sets|data|dataset|images|imgs)")


def words_of(name: str) -> list[str]:
    """The words in a name, in small letters and without numbers: `trainSet_2` is train, set."""
    return _WORD.findall(_HUMP.sub(" ", name).lower())


def role_of_word(word: str) -> str | None:
    """The split that a word means: train, validation or test."""
    joined = _JOINED.fullmatch(word)
    return _ROLES.get(joined[1] if joined else word)


def role_of(name: str) -> str | None:
    """The split that a name by itself means: `Train`, `testing`, `training_set`, `seg_test`, `val2017`."""
    words = words_of(name)
    roles = {role for word in words if (role := role_of_word(word))}
    rest = {word for word in words if not role_of_word(word)}
    return roles.pop() if len(roles) == 1 and rest <= _FILLERS else None


def roles_among(names: Iterable[str]) -> dict[str, str]:
    """Name → its split, for those of the names that mean one: by themselves, or because they differ in that alone.

    So are `20news-bydate-train` and `20news-bydate-test` splits, and `test tube` beside `train station` is none. Where
    one name means the same split as another one before it, the first of them in the result is the plainest.
    """
    ordered = sorted(names, key=lambda name: (len(words_of(name)), _is_second(name), name))
    alike: dict[tuple[str, ...], dict[str, str]] = defaultdict(dict)
    found = {}
    for name in ordered:
        words = words_of(name)
        roles = {role for word in words if (role := role_of_word(word))}
        if role := role_of(name):
            found[name] = role
        elif len(roles) == 1:
            alike[tuple(word for word in words if not role_of_word(word))][name] = roles.pop()
    for group in alike.values():
        if len(set(group.values())) > 1:
            found |= group
    tested = [name for name, role in found.items() if role == "test"]
    if len(tested) > 1 and "validation" not in found.values():
        found |= dict.fromkeys(filter(_is_second, tested[1:]), "validation")
    return found


def means_unlabelled(name: str) -> bool:
    """Whether a name says that its examples have no labels."""
    return not _UNLABELLED.isdisjoint(words_of(name))


def _is_second(name: str) -> bool:
    return not set(_SECOND).isdisjoint(words_of(name))
