"""The weights that a network begins with, where they are given: those of a built-in example, or of a file."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from nnviz.array import Array
from nnviz.data.written.known_weights import KNOWN_WEIGHTS
from nnviz.errors import InputError
from nnviz.experiment import Net
from nnviz.file_digest import file_digest
from nnviz.nn.network import Network
from nnviz.outside_text import listed_names, printable

CHECKPOINT = "nnviz"
"""The key under which a checkpoint has its metadata."""
OF_A_LAYER = re.compile(r"[a-z0-9]*[a-z][0-9]+\.")
"""How the names of weights begin; what else a checkpoint has is not read."""

Shape = tuple[int, ...]


def told_origin(net: Net) -> str | None:
    """Where the first weights come from, in words; None where chance gives them."""
    if net.weights is None:
        return None
    return f"those of '{net.weights}'" if net.weights in KNOWN_WEIGHTS else printable(net.weights)


def begin_from_given(network: Network, net: Net, copy: Path | None = None) -> None:
    """Give the network the first weights that `net` names, if it names any; from a `copy` of their file, if it exists.

    Arrays are found by their names in a checkpoint, such as `dense1.weights` (inputs, units). Nothing is changed unless
    all of them are there and fit. Raises InputError naming the first one that does not.
    """
    if net.weights is None:
        return
    wanted = {**network.parameters.named(), **network.parameters.named_statistics()}
    with _opened(net, copy) as (where, shapes, read):
        _refuse_unfit(where, shapes, {name: view.shape for name, view in wanted.items()})
        given = {name: _numbers(where, name, read(name), network.dtype) for name in wanted}
    for name, view in wanted.items():
        view[...] = given[name]


@contextmanager
def _opened(net: Net, copy: Path | None) -> Iterator[tuple[str, Mapping[str, Shape], Callable[[str], Array]]]:
    """What messages call the weights, the shape of each array, and what reads one. Raises InputError."""
    assert net.weights is not None
    if net.weights in KNOWN_WEIGHTS:
        arrays = {name: np.array(numbers) for name, numbers in KNOWN_WEIGHTS[net.weights].items()}
        yield f"weights '{net.weights}'", {name: array.shape for name, array in arrays.items()}, arrays.__getitem__
        return
    from safetensors import SafetensorError, safe_open

    path = copy if copy is not None and copy.is_file() else Path(net.weights)
    where = printable(str(path))
    if net.weights_digest not in (None, file_digest(path)):
        raise InputError(f"{where}: it is not the file that the run began with; give --weights anew to begin with it")
    try:
        with safe_open(path, framework="numpy") as file:
            # What else a checkpoint holds is no weight that was meant for a network.
            is_checkpoint = CHECKPOINT in (file.metadata() or {})
            names = [name for name in file.keys() if OF_A_LAYER.match(name) or not is_checkpoint]  # noqa: SIM118
            yield where, {name: tuple(file.get_slice(name).get_shape()) for name in names}, file.get_tensor
    except (SafetensorError, OSError) as error:
        raise InputError(f"{where}: damaged or not a file of safetensors ({printable(str(error))})") from None
    except TypeError as error:
        raise InputError(f"{where}: has numbers that NumPy does not know ({printable(str(error))})") from None


def _refuse_unfit(where: str, given: Mapping[str, Shape], wanted: Mapping[str, Shape]) -> None:
    for name, shape in wanted.items():
        if name not in given:
            has = f"it has {listed_names(given)}" if given else "it has nothing"
            raise InputError(f"{where}: there is no '{name}' of shape {shape}, which this network needs; {has}")
        if given[name] != shape:
            turned = len(shape) > 1 and given[name] == shape[::-1]
            hint = "; it is transposed: rows are inputs here, and columns are units" if turned else ""
            raise InputError(f"{where}: '{name}' has shape {given[name]}, and this network needs {shape}{hint}")
    extra = next((name for name in given if name not in wanted), None)
    if extra is not None:
        raise InputError(
            f"{where}: '{printable(extra)}' belongs to no layer of this network; expected were {listed_names(wanted)}"
        )


def _numbers(where: str, name: str, array: Array, dtype: np.dtype[np.generic]) -> Array:
    """An array as the network's numbers. Raises InputError if they are no floats, or not finite as such."""
    if array.dtype.kind != "f":
        raise InputError(f"{where}: '{name}' has the type {array.dtype}, and floats are expected")
    with np.errstate(over="ignore"):
        numbers: Array = array.astype(dtype)
    wrong = np.argwhere(~np.isfinite(numbers))
    if len(wrong):
        place = [int(axis) for axis in wrong[0]]
        raise InputError(f"{where}: '{name}' has a number at {place} that is not finite in {dtype}: {array[*place]}")
    return numbers
