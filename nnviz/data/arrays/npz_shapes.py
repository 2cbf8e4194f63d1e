"""Whether the arrays of an .npz file make a dataset, told from their headers before anything is unpacked."""

from pathlib import Path

from nnviz.data.arrays.npz_headers import Header
from nnviz.data.bounded import AGAIN, check_limit
from nnviz.errors import InputError

PAIRS = (("x", "y"), ("x_test", "y_test"))
INPUT_ADVICE = "give uint8 pictures (n, height, width) or (n, height, width, 1 or 3), or numbers (n, features)"
TARGET_ADVICE = "give a whole number or a text for each example, or floats (n,) or (n, outputs)"


def check_headers(path: Path, headers: dict[str, Header]) -> None:
    """Raises InputError if an array is missing, empty, too large, of a wrong type or shape, or does not fit others."""
    for x, y in PAIRS:
        missing = [name for name in (x, y) if name not in headers]
        if missing and (x == "x" or len(missing) == 1):
            raise InputError(
                f"{path}: there is no array '{missing[0]}' in it; store examples as '{x}', labels as '{y}'"
            )
    check_limit(path, sum(header.bytes for header in headers.values()), "its arrays")
    for header in headers.values():
        _check_size(path, header)
    for x, y in PAIRS:
        if x in headers:
            _check_inputs(path, headers[x], headers["x"])
            _check_targets(path, headers[y], headers["y"])
            if headers[x].shape[0] != headers[y].shape[0]:
                raise InputError(f"{path}: {headers[x]}, but {headers[y]}; give one label for each example")
    names = headers.get("class_names")
    if names and (names.kind not in "US" or len(names.shape) != 1):
        raise InputError(f"{path}: {names}; give a row of texts, one for each class")


def _check_size(path: Path, header: Header) -> None:
    if not header.bytes:
        raise InputError(f"{path}: {header} is empty; give at least one example")
    if header.bytes != header.stored:
        raise InputError(f"{path}: {header} takes {header.bytes:,} bytes, and {header.stored:,} are stored; {AGAIN}")


def _check_inputs(path: Path, x: Header, train: Header) -> None:
    numbers = len(x.shape) == 2 and x.kind in "fiub"
    pictures = x.dtype.endswith("u1") and (len(x.shape) == 3 or (len(x.shape) == 4 and x.shape[3] in (1, 3)))
    if not (numbers or pictures):
        raise InputError(f"{path}: {x}; {INPUT_ADVICE}")
    if x.shape[1:] != train.shape[1:]:
        raise InputError(f"{path}: {x}, but {train}; give examples of the same shape")


def _check_targets(path: Path, y: Header, train: Header) -> None:
    if len(y.shape) != 1 and not (len(y.shape) == 2 and y.kind == "f"):
        raise InputError(f"{path}: {y}; {TARGET_ADVICE}")
    if _meaning(y) != _meaning(train) or y.shape[1:] != train.shape[1:]:
        raise InputError(f"{path}: {y}, but {train}; give both in the same way")


def _meaning(y: Header) -> str:
    """Numbers to predict, numbers of classes, or names of classes."""
    return {"f": "floats", "U": "texts", "S": "texts"}.get(y.kind, "whole numbers")
