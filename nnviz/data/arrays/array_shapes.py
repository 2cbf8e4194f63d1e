"""Whether arrays make a dataset, told from their headers before anything is unpacked."""

from collections.abc import Mapping
from pathlib import Path

from nnviz.data.arrays.array_names import Pair, Paired
from nnviz.data.arrays.npy_header import Header
from nnviz.data.bounded import AGAIN, check_limit
from nnviz.errors import InputError
from nnviz.wording import count, integer

INPUT_ADVICE = "give pictures (n, height, width) or (n, height, width, 1 or 3), or numbers (n, features)"
TARGET_ADVICE = "give a whole number or a text for each example, or floats (n,) or (n, outputs)"


def check_headers(path: Path, headers: Mapping[str, Header], paired: Paired) -> None:
    """Raises InputError if an array is empty, too large, of a wrong type or shape, or does not fit others."""
    check_limit(path, sum(header.bytes for header in headers.values()), "its arrays")
    for header in headers.values():
        _check_size(path, header)
    train = next(iter(paired.pairs.values()))
    for pair in paired.pairs.values():
        _check_pair(path, headers, pair, train)
    names = headers[paired.class_names] if paired.class_names else None
    if names and (names.kind not in "US" or len(names.shape) != 1):
        raise InputError(f"{path}: {names}; give a row of texts, one for each class")


def has_channels_first(shape: tuple[int, ...]) -> bool:
    """Whether pictures of that shape, of one array or of one alone, come as (channels, height, width)."""
    return len(shape) >= 3 and shape[-1] not in (1, 3) and shape[-3] in (1, 3)


def check_inputs(path: Path, x: Header) -> None:
    """Raises InputError if the array is empty, too large, or holds no examples."""
    check_limit(path, x.bytes, f"'{x.name}'")
    _check_size(path, x)
    is_picture = len(x.shape) == 3 or (len(x.shape) == 4 and (x.shape[3] in (1, 3) or has_channels_first(x.shape[1:])))
    if x.kind not in "fiub" or not (len(x.shape) == 2 or is_picture):
        raise InputError(f"{path}: {x}; {INPUT_ADVICE}")


def _check_size(path: Path, header: Header) -> None:
    if not header.bytes:
        raise InputError(f"{path}: {header} is empty; give at least one example")
    if header.bytes != header.stored:
        raise InputError(
            f"{path}: {header} takes {count(header.bytes, 'byte')}, and {integer(header.stored)} are stored; {AGAIN}"
        )


def _check_pair(path: Path, headers: Mapping[str, Header], pair: Pair, train: Pair) -> None:
    x, y = headers[pair.inputs], headers[pair.labels]
    check_inputs(path, x)
    if x.shape[1:] != headers[train.inputs].shape[1:]:
        raise InputError(f"{path}: {x}, but {headers[train.inputs]}; give examples of the same shape")
    if not (len(y.shape) == 1 or (len(y.shape) == 2 and (y.shape[1] == 1 or y.kind in "fiub"))):
        raise InputError(f"{path}: {y}; {TARGET_ADVICE}")
    if x.shape[0] != y.shape[0]:
        raise InputError(f"{path}: {x}, but {y}; give one label for each example")
