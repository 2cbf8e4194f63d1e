"""What a single number of a layer is called."""

from nnviz.frame.frame import Frame
from nnviz.outside_text import SHORT, apart, short
from nnviz.wording import integer

COLOURS = {3: ("red", "green", "blue"), 4: ("red", "green", "blue", "opacity")}


def number_name(frame: Frame, layer: int, index: int, name: str = "") -> str:
    """Number `index` of a layer's flattened output (−1: the input, whose numbers may have a `name`)."""
    if name:
        return short(name)
    last = len(frame.layers) - 1
    if layer >= last:
        return output_name(frame, index)
    if layer < 0:
        return _of_input(frame.task.input_shape, index)
    # What was flattened is still counted as the maps that it was.
    units = frame.layers[layer].units
    if units.sides is None:
        return f"unit {integer(index)}"
    place, unit = divmod(index, units.total)
    return f"map {integer(unit)} {place_name(divmod(place, units.sides[1]))}"


def output_name(frame: Frame, output: int) -> str:
    """An output, by the class or the number that it stands for."""
    return apart(frame.task.output_names(len(frame.example.target)), SHORT)[output]


def place_name(place: tuple[int, int]) -> str:
    """A place of a map or picture: "(row,column)"."""
    return f"({integer(place[0])},{integer(place[1])})"


def channel_name(channels: int, channel: int) -> str:
    """A channel of a picture by its colour, or a map by its number; "" for the only one."""
    if channels == 1:
        return ""
    return COLOURS[channels][channel] if channels in COLOURS else f"map {integer(channel)}"


def _of_input(shape: tuple[int, ...], index: int) -> str:
    if len(shape) != 3:
        return f"input {integer(index)}"
    place, channel = divmod(index, shape[2])
    where = place_name(divmod(place, shape[1]))
    return " ".join(filter(None, (channel_name(shape[2], channel), where)))


def unit_name(frame: Frame, block: int, unit: int, name: str = "") -> str:
    """A unit of a block, or of the input (−1): "unit 7", "map 3", "cat", "red"."""
    layers = [number for number, layer in enumerate(frame.layers) if layer.block == block]
    if name and (block < 0 and frame.input.sides is None):
        return short(name)
    if block < 0:
        shape = frame.task.input_shape
        return channel_name(shape[2], unit) or "picture" if frame.input.sides else _of_input(shape, unit)
    if layers[-1] == len(frame.layers) - 1:
        return output_name(frame, unit)
    return f"{'map' if frame.layers[layers[0]].units.sides else 'unit'} {integer(unit)}"
