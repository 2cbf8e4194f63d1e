"""Structure: a foreign model as a row of layers, each of which gets just what the one before it gave.

The modules stand in the order in which they were called. What the model's own code does between two of them is a layer
too: its output is what the next module got.
"""

from collections import Counter
from typing import Any, NamedTuple

from msgspec.structs import replace
from torch import nn

from nnviz.array import Array
from nnviz.frame.operations import Custom, Function, Operation, Reshaping
from nnviz.frame.stages import APPLY, Phase, Stage, end_of
from nnviz.frame.step_trace import LayerTraits
from nnviz.live.graph import nodes_from
from nnviz.live.known_modules import FIRST_DIMENSION, FOLDS, FUNCTIONS, in_frame, operation_of, parameter_kind
from nnviz.live.layout import FLAT, Layout, Order, layout_of
from nnviz.live.recording import Call, Recording, Seen
from nnviz.live.tensors import is_spread

WRAPPERS = ("_orig_mod.", "module.", "_forward_module.", "_functional.")
"""What others put before the names of a model that they wrap."""
OF_FSDP = "RegisterPostBackwardFunction"
"""What FSDP puts before a module, to hear of its gradients."""
UNHEARD = 1 << 30
"""The place of a call that no hook has heard of."""
UNSHOWN = (1,)
"""The shape of what cannot be shown."""
INPUT = -1


class Held(NamedTuple):
    """A parameter of a layer: its name in the model, and how it becomes an array of a frame."""

    parameter: str
    module: nn.Module
    operation: Operation
    came: Layout

    def in_frame(self, kind: str, numbers: Array) -> Array:
        """Its numbers, or those of its gradient or update, in the order that frames have."""
        return in_frame(self.module, kind, self.operation, self.came, numbers)


class Entry(NamedTuple):
    """A layer, and where its numbers are.

    call      the place of a call
    is_given  whether it is what came into that call, and not what that gave
    held      the layer's parameters, by their kind
    """

    traits: LayerTraits
    layout: Layout
    call: int
    is_given: bool
    held: dict[str, Held]

    def seen(self, recording: Recording) -> Seen | None:
        """Its output, if the step has come to it."""
        if self.call >= len(recording.calls):
            return None
        call = recording.calls[self.call]
        return call.given if self.is_given else call.gave


class Structure:
    """The layers of a model, as one pass has shown them, and the stages of a training step of theirs."""

    def __init__(self, recording: Recording) -> None:
        """Of a whole forward pass, and its loss."""
        self.signature = signature_of(recording)
        self.input_layout = _input_layout(recording)
        shape = UNSHOWN if recording.inputs is None else self.input_layout.shape(recording.inputs)
        self.input_shape: tuple[int, ...] = shape
        self.entries = _Builder(recording, self.input_layout, shape, _consumers(recording.root)).entries()
        holders = Counter(held.parameter for entry in self.entries for held in entry.held.values())
        # Parameters of several layers, whose gradient is the sum of what came of all of them.
        self.tied = {parameter for parameter, many in holders.items() if many > 1}
        self.layers = tuple(entry.traits for entry in self.entries)
        depth = len(self.layers)
        self.stages = (
            *(Stage(Phase.FORWARD, layer) for layer in range(depth)),
            Stage(Phase.LOSS, 0),
            *(Stage(Phase.BACKWARD, layer) for layer in reversed(range(depth))),
            # What an optimizer is about to add is not known before it has.
            Stage(Phase.UPDATE, APPLY),
        )
        self.ends = {phase: end_of(phase, self.stages) for phase in Phase}
        # Of each call, how many layers are done when it is.
        self._after = {entry.call: number + 1 for number, entry in enumerate(self.entries)}
        self._layer_of = {entry.call: number for number, entry in enumerate(self.entries) if not entry.is_given}

    def fits(self, recording: Recording) -> bool:
        """Whether a pass goes as this one went, as far as it has come."""
        so_far = signature_of(recording)
        return self.signature[: len(so_far)] == so_far

    def is_of(self, recording: Recording) -> bool:
        """Whether a whole pass went as this one went."""
        return self.signature == signature_of(recording)

    def done(self, phase: Phase, place: int) -> int:
        """How many stages are done when a recorder says that it has reached a phase, and a place in it."""
        depth = len(self.layers)
        match phase:
            case Phase.FORWARD:
                return self._after.get(place - 1, 0)
            case Phase.LOSS:
                return depth + 1
            case Phase.BACKWARD:
                # The output of a layer has its gradient when the layers above are done.
                layer = self._layer_of.get(place, depth - 1) if place >= 0 else INPUT
                return depth + 1 + (depth - 1 - layer)
        return len(self.stages)


def signature_of(recording: Recording) -> tuple[object, ...]:
    """What tells one way through a model from another."""
    return tuple((id(call.module), call.module.training, *_told(call)) for call in recording.calls)


def _told(call: Call) -> tuple[object, ...]:
    gave = None if call.gave is None or call.gave.numbers is None else call.gave.numbers.shape[1:]
    return call.given is None, call.source, gave


def _input_layout(recording: Recording) -> Layout:
    if recording.inputs is None or not recording.calls:
        return FLAT
    first = type(recording.calls[0].module).__name__
    return layout_of(recording.inputs.ndim, first in FIRST_DIMENSION)


def _consumers(root: Any) -> Counter[int]:
    """How often what each node of a graph gave is used, by its address: that holds as long as somebody keeps it."""
    return Counter(
        id(following) for node in nodes_from(root) for following, _ in node.next_functions if following is not None
    )


class _Builder:
    """Makes the layers out of the calls of a pass."""

    def __init__(
        self,
        recording: Recording,
        came: Layout,
        shape: tuple[int, ...],
        consumers: Counter[int],
    ) -> None:
        self._recording, self._consumers = recording, consumers
        # Of what is spread over several processes, this one may have nothing.
        self._parameters = {name: each for name, each in recording.parameters.items() if recording.before[name].size}
        self._names = {id(parameter): name for name, parameter in recording.parameters.items()}
        self._layout, self._shape = came, shape
        self._node: Any = None
        self._is_known = recording.inputs is not None
        self._calls: Counter[int] = Counter(id(call.module) for call in recording.calls)
        self._met: Counter[int] = Counter()
        self._held: set[str] = set()
        self._entries: list[Entry] = []

    def entries(self) -> list[Entry]:
        for number, call in enumerate(self._recording.calls):
            if call.given is not None:
                self._add_between(number, call, call.given)
            elif call.source != number - 1:
                # A module that no tensor came into.
                self._is_known = False
            self._add_call(number, call)
        if not self._entries:
            self._add_unseen()
        self._hold_the_rest()
        return self._entries

    def _add_unseen(self) -> None:
        """Where no hook is heard, a layer for each module that has parameters, of which nothing else is known."""
        owners: dict[str, dict[str, Held]] = {}
        for name in self._parameters:
            owner, _, own = name.rpartition(".")
            kind = {"weight": "weights", "bias": "biases"}.get(own, own)
            owners.setdefault(owner, {})[kind] = Held(name, nn.Identity(), Custom(), FLAT)
            self._held.add(name)
        for owner, held in owners.items():
            self._add(short(owner) or "model", "module", Custom(), FLAT, UNHEARD, None, held, False)

    def _add_between(self, number: int, call: Call, given: Seen) -> None:
        """What the model's own code has made of what was there before, until the call."""
        kind, operation = self._between(call, given)
        layout = layout_of(len(given.shape), type(call.module).__name__ in FIRST_DIMENSION)
        if isinstance(operation, Function):
            layout = self._layout
        elif isinstance(operation, Reshaping):
            layout = Layout(Order.FOLDED, (self._shape[2], self._shape[0], self._shape[1]))
        elif call.source >= 0:
            layout = next(e.layout for e in self._entries if e.call == call.source and not e.is_given)
        self._add(f"{kind} before {_shown(call.name, call.module)}", kind, operation, layout, number, given, {}, True)

    def _between(self, call: Call, given: Seen) -> tuple[str, Operation]:
        """What autograd calls it, and what it is where it is one function of the output before."""
        if call.source >= 0:
            return f"output of {_shown(self._recording.calls[call.source].name, call.module)}", Custom()
        node = given.node
        if node is None:
            return "code", Custom()
        name = node.name()
        followed = [each for each, _ in node.next_functions if each is not None]
        is_direct = self._node is not None and len(followed) == 1 and followed[0] is self._node
        if is_direct and name in FUNCTIONS and self._is_known:
            return FUNCTIONS[name].value, Function(FUNCTIONS[name])
        if is_direct and name in FOLDS and len(given.shape) == 2 and self._layout.order is Order.MAPS:
            return "flatten", Reshaping()
        if name.startswith(OF_FSDP):
            return "fsdp", Custom()
        return name.removesuffix("Backward0").removesuffix("Backward1").lower(), Custom()

    def _add_call(self, number: int, call: Call) -> None:
        module, came, shape = call.module, self._layout, self._shape
        kind = _kind(module)
        numbers = None if call.gave is None else call.gave.numbers
        layout = layout_of(0 if numbers is None else numbers.ndim, type(module).__name__ in FIRST_DIMENSION)
        if numbers is not None and layout.array(numbers[:1]).size == 0:
            layout = FLAT
        if isinstance(module, nn.Flatten) and numbers is not None and numbers.ndim == 2 and came.order is Order.MAPS:
            layout = Layout(Order.FOLDED, (shape[2], shape[0], shape[1]))
        operation = operation_of(module, came, shape, layout) if self._is_known else Custom()
        if call.gave is None or numbers is None:
            operation = Custom()
        if operation.weighted and self._calls[id(module)] > 1:
            # Its gradient is the sum of what came of all its calls, and nothing here says what came of each.
            operation = Custom()
        if any(is_spread(self._recording.parameters[name]) for name in self._own(call).values()):
            # This process has but a part of its parameters: they make no whole units.
            operation = Custom()
        self._met[id(module)] += 1
        time = self._met[id(module)]
        name = _shown(call.name, module) + ("" if time == 1 else f" call {time}")
        if operation.follows and not isinstance(operation, Reshaping):
            layout = came
        held = {} if time > 1 else self._held_by(call, operation, came)
        self._add(name, kind, operation, layout, number, call.gave, held, False)

    def _own(self, call: Call) -> dict[str, str]:
        """The parameters that a module has, and those in it that were never called: its names, and the model's."""
        found = {}
        for name, parameter in call.module.named_parameters():
            # While it computes with what is spread over processes, it has a whole one in its place.
            whole = f"{call.name}.{name}" if call.name else name
            known = self._names.get(id(parameter), whole)
            if known in self._recording.parameters:
                found[name] = known
        return found

    def _held_by(self, call: Call, operation: Operation, came: Layout) -> dict[str, Held]:
        found: dict[str, Held] = {}
        for name, known in self._own(call).items():
            if known in self._parameters:
                kind = parameter_kind(call.module, name)
                found[name if kind in found else kind] = Held(known, call.module, operation, came)
                self._held.add(known)
        return found

    def _hold_the_rest(self) -> None:
        """Parameters of no module that was called stand with the first layer of the module that has them."""
        for name in self._parameters:
            if name in self._held or not self._entries:
                continue
            place = max(range(len(self._entries)), key=lambda k: (_common(name, self._called(k)), -k))
            entry = self._entries[place]
            call = self._recording.calls[entry.call]
            held = {**entry.held, short(name): Held(name, call.module, Custom(), FLAT)}
            self._entries[place] = entry._replace(held=held, traits=replace(entry.traits, parameters=tuple(held)))

    def _called(self, place: int) -> str:
        return self._recording.calls[self._entries[place].call].name

    def _add(
        self,
        name: str,
        kind: str,
        operation: Operation,
        layout: Layout,
        call: int,
        seen: Seen | None,
        held: dict[str, Held],
        is_given: bool,
    ) -> None:
        numbers = None if seen is None else seen.numbers
        shape = UNSHOWN if numbers is None else layout.shape(numbers)
        node = None if seen is None else seen.node
        traits = LayerTraits(
            name=name,
            kind=kind,
            described=kind,
            operation=operation,
            input_shape=self._shape,
            output_shape=shape,
            parameters=tuple(held),
            alone=node is None or self._consumers[id(node)] <= 1,
        )
        self._entries.append(Entry(traits, layout, call, is_given, held))
        self._layout, self._shape, self._node, self._is_known = layout, shape, node, numbers is not None


def _common(name: str, other: str) -> int:
    """How many parts of two dotted names are the same, from the beginning."""
    parts = zip(name.split("."), other.split("."), strict=False)
    return next((k for k, (one, two) in enumerate(parts) if one != two), min(name.count("."), other.count(".") + 1))


def short(name: str) -> str:
    """A name without what wrappers put before it."""
    whole = f"{name}."
    for wrapper in WRAPPERS:
        whole = whole.replace(wrapper, "")
    return whole.rstrip(".")


def _kind(module: nn.Module) -> str:
    """What it is; FSDP makes a class of its own of it."""
    kind, *above = [each.__name__ for each in type(module).__mro__]
    return (kind.removeprefix("FSDP") if kind.removeprefix("FSDP") in above else kind).lower()


def _shown(name: str, module: nn.Module) -> str:
    """The module's name in the model; where that ends with a number alone, what it is stands there too."""
    kind, name = _kind(module), short(name)
    return f"{name} {kind}".strip() if not name or name.rpartition(".")[2].isdigit() else name
