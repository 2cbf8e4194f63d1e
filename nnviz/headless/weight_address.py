"""How a weight is named on the command line, by the names that the screen shows: `dense2[dog, 7]`, `dense2[dog, bias]`.

Of a kernel `conv1[map 3, kernel (0,1) red]`, of a normalisation `batchnorm1[map 3, scale]`; each name may be a number.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from msgspec.structs import replace

from nnviz.errors import InputError
from nnviz.frame.focus import Focus
from nnviz.frame.frame import Frame
from nnviz.frame.operations import Convolution
from nnviz.frame.unit_view import UnitView, WeightView
from nnviz.insight.chain_rule import first_layer, incoming_name
from nnviz.insight.number_names import unit_name
from nnviz.outside_text import listed_names, printable
from nnviz.training.unit_names import ONE
from nnviz.wording import integer

FORM = "write it as 'dense1[unit, input]', by numbers from 0 or by the names on screen, or 'dense1[unit, bias]'"

Look = Callable[[Focus], Frame]


def read_address(text: str, look: Look, place: int, outputs: Sequence[str], inputs: Sequence[str]) -> Focus:
    """What to look at to see the weight that a text such as `dense2[dog, 7]` names, in the example at `place`.

    `outputs` and `inputs` have names for those of the whole network, besides those on screen. Raises InputError naming
    the part that is wrong, and what there is.
    """
    found = re.fullmatch(r"\s*(\w+)\s*\[(.*)\]\s*", text)
    if found is None or "," not in found[2]:
        raise InputError(f"--weight: '{printable(text)}' names no weight; {FORM}")
    name, inside = found[1], found[2]
    frame = look(Focus(place))
    layers = {layer.name: n for n, layer in enumerate(frame.layers) if layer.parameters}
    if name not in layers:
        raise InputError(
            f"--weight: '{name}' is no layer with weights of this network; there are {listed_names(layers)}"
        )
    layer = layers[name]
    block = frame.layers[layer].block
    of_output = outputs if layer == len(frame.layers) - 1 else ()
    # A name may have commas in it: "dog, male", "kernel (0,1) red".
    splits = [(inside[:at].strip(), inside[at + 1 :].strip()) for at, sign in enumerate(inside) if sign == ","]
    view = _unit_of(look(Focus(place, block, unit=0)))
    units = [unit_name(frame, block, unit) for unit in range(view.total)]
    unit, source = next(((one, rest) for one, rest in splits if _known(one, units, of_output) is not None), splits[-1])
    number = _known(unit, units, of_output)
    if number is None:
        raise _missing(f"unit of {name}", unit, len(units), of_output)
    focus = Focus(place, block, unit=number)
    return replace(focus, input=_source(source, look, focus, layer, inputs))


def address(frame: Frame, view: UnitView, weight: WeightView) -> str:
    """A weight as `read_address` reads it."""
    source = ONE[weight.kind] if weight.kind != "weights" else incoming_name(frame, view, weight)
    return f"{frame.layers[weight.layer].name}[{unit_name(frame, view.block, view.unit)}, {source}]"


def _source(text: str, look: Look, focus: Focus, layer: int, inputs: Sequence[str]) -> int:
    """Which of a unit's numbers it is: a weight by what it weighs, or what the unit has beside its weights."""
    frame = look(focus)
    view = _unit_of(frame)
    first, name = first_layer(frame, view.block), frame.layers[layer].name
    beside = {
        ONE[other.kind]: other.input for other in _beside(look, focus) if other.layer == layer and other.kind in ONE
    }
    if text in beside:
        return beside[text]
    weight = view.weight
    if layer != first or weight is None or not weight.weights:
        raise InputError(f"--weight: {name} has no '{printable(text)}'; there are {listed_names(beside)}")
    if text == ONE["biases"]:
        raise InputError(f"--weight: {name} has no biases")
    names = [incoming_name(frame, view, replace(weight, input=at, name="")) for at in range(weight.weights)]
    found = _known(text, names, inputs if layer == 0 else ())
    if found is None:
        what = "weight of a kernel" if isinstance(frame.layers[layer].operation, Convolution) else "input"
        raise _missing(f"{what} of {name}", text, len(names), inputs if layer == 0 else ())
    return found


def _beside(look: Look, focus: Focus) -> Iterator[WeightView]:
    """What a unit has beside its weights."""
    weight = _unit_of(look(focus)).weight
    assert weight is not None
    for at in range(weight.weights, weight.numbers):
        other = _unit_of(look(replace(focus, input=at))).weight
        assert other is not None
        yield other


def _unit_of(frame: Frame) -> UnitView:
    assert frame.unit is not None
    return frame.unit


def _known(text: str, shown: Sequence[str], named: Sequence[str]) -> int | None:
    """The place of a name, of one that the screen shows, or of a number."""
    for names in (named, shown):
        if text in names:
            return names.index(text)
    return int(text) if text.isdecimal() and len(text) < 10 and int(text) < len(shown) else None


def _missing(what: str, text: str, count: int, names: Sequence[str]) -> InputError:
    known = f", or {listed_names(names)}" if names else ""
    return InputError(
        f"--weight: there is no {what} called '{printable(text)}'; there are 0 to {integer(count - 1)}{known}"
    )
