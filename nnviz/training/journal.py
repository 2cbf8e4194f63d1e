"""Journal: what came from outside during a run, each with the training step from whose beginning it holds."""

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import Any, TypeAlias

import msgspec
from msgspec.structs import asdict, replace

from nnviz.experiment import NO_CHOICES, Choices, Stopping
from nnviz.nn.parameters import Parameters
from nnviz.training.update_rule import UpdateRule
from nnviz.wording import integer


class Rate(msgspec.Struct, frozen=True, tag_field="what", tag="learning rate"):
    """Somebody chose another learning rate, which the schedule multiplies."""

    step: int
    learning_rate: float

    def apply(self, update_rule: UpdateRule) -> None:
        """Let it hold."""
        update_rule.learning_rate = self.learning_rate


class Weight(msgspec.Struct, frozen=True, tag_field="what", tag="weight"):
    """Somebody set one number of a layer's parameters by hand: number `index` of the array `name`, which was `before`.

    The step is done with it from its forward pass on.
    """

    step: int
    name: str
    index: tuple[int, ...]
    value: float
    before: float

    def apply(self, update_rule: UpdateRule) -> None:
        """It changes nothing of what the rule goes by."""

    def set_in(self, parameters: Parameters) -> None:
        """Let the number be that value."""
        parameters.named()[self.name][self.index] = self.value

    @property
    def written(self) -> str:
        """The number as arrays are written: dense1.weights[4, 2]."""
        return f"{self.name}[{', '.join(map(integer, self.index))}]"

    @property
    def place(self) -> tuple[str, tuple[int, ...]]:
        """Which number it is."""
        return self.name, self.index


class Choice(msgspec.Struct, frozen=True, tag_field="what", tag="choice"):
    """Somebody chose another value of a key of the experiment: of the update rule, or of how pictures are changed.

    Pictures are changed so from the beginning of the step on; the update rule goes by it from its next proposal on.
    """

    step: int
    key: str
    value: int | float | tuple[str, ...] | None

    def apply(self, update_rule: UpdateRule) -> None:
        """Whoever begins a step asks the journal for what is chosen there."""


class Heard(msgspec.Struct, frozen=True, tag_field="what", tag="heard"):
    """The schedule was told the loss when so many epochs were done; None is one that is not finite."""

    step: int
    loss: float | None
    epoch: int

    def apply(self, update_rule: UpdateRule) -> None:
        """Tell it."""
        update_rule.schedule.observe(math.inf if self.loss is None else self.loss, self.epoch)


class Lifted(msgspec.Struct, frozen=True, tag_field="what", tag="rules lifted"):
    """The run was stopped by its rules, and somebody let it go on without any."""

    step: int

    def apply(self, update_rule: UpdateRule) -> None:
        """It changes nothing of what a training step does."""


class Limits(msgspec.Struct, frozen=True, tag_field="what", tag="limits"):
    """By what the run stops was said anew."""

    step: int
    epochs: int | None
    steps: int | None
    seconds: float | None
    target_loss: float | msgspec.UnsetType | None = msgspec.UNSET
    target_accuracy: float | msgspec.UnsetType | None = msgspec.UNSET
    patience: int | msgspec.UnsetType | None = msgspec.UNSET

    @staticmethod
    def of(step: int, stopping: Stopping) -> "Limits":
        """Those rules, from that step on."""
        return Limits(step, **asdict(stopping))

    def over(self, stopping: Stopping) -> Stopping:
        """What holds then. Journals of before know nothing of targets and patience, which stay as they are."""
        said = {name: value for name, value in asdict(self).items() if name != "step" and value is not msgspec.UNSET}
        return replace(stopping, **said)

    def apply(self, update_rule: UpdateRule) -> None:
        """It changes nothing of what a training step does."""


class Parted(msgspec.Struct, frozen=True, tag_field="what", tag="parted"):
    """Until so many training steps were done, the run was another one, which is kept in that directory."""

    step: int
    run: str

    def apply(self, update_rule: UpdateRule) -> None:
        """It changes nothing of what a training step does."""


Entry: TypeAlias = Rate | Choice | Weight | Heard | Lifted | Limits | Parted


class Journal:
    """The entries of a run, in the order of their steps.

    With the experiment, they are all that it takes to do the run again: in a training step follows what entries of it
    and of those before it say. `log` has all that was ever added, as it came: to add it again makes the same journal.
    """

    def __init__(self, learning_rate: float) -> None:
        self._first_rate = learning_rate
        self._entries: dict[int, list[Entry]] = {}
        self._choices: list[tuple[int, Choices]] = []
        self.log: list[Entry] = []

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All of them."""
        return tuple(entry for step in sorted(self._entries) for entry in self._entries[step])

    def add(self, entry: Entry) -> None:
        """Add one. Of several rates for one step, or values for one key or weight, the last one holds.

        One that changes nothing is no entry: going back behind a setting adds the value that there was.
        """
        self.log.append(entry)
        entries = self._entries.setdefault(entry.step, [])
        if isinstance(entry, Rate):
            entries[:] = [other for other in entries if not isinstance(other, Rate)]
            changes = entry.learning_rate != self.rate_at(entry.step)
        elif isinstance(entry, Choice):
            entries[:] = [one for one in entries if not (isinstance(one, Choice) and one.key == entry.key)]
            changes = True
        elif isinstance(entry, Weight):
            earlier = [other for other in entries if isinstance(other, Weight) and other.place == entry.place]
            entries[:] = [other for other in entries if other not in earlier]
            entry = replace(entry, before=earlier[0].before) if earlier else entry
            changes = entry.value != entry.before
        else:
            changes = True
        if changes:
            entries.append(entry)
        if not entries:
            del self._entries[entry.step]
        if isinstance(entry, Choice):
            self._choices = list(self._chosen())

    def rate_at(self, step: int) -> float:
        """The learning rate that is chosen for a training step."""
        rates = (entry for entry in reversed(self.entries) if isinstance(entry, Rate) and entry.step <= step)
        return next((entry.learning_rate for entry in rates), self._first_rate)

    def chosen_at(self, step: int) -> Choices:
        """What is chosen for a training step, besides its rate: the same object as long as it is the same."""
        choices = self._choices
        if not choices:
            return NO_CHOICES
        return choices[bisect_right(choices, step, key=itemgetter(0)) - 1][1] if choices[0][0] <= step else NO_CHOICES

    def values_of(self, key: str) -> list[tuple[int, Any]]:
        """What was chosen for a key, each with the step that it holds from."""
        return [(entry.step, entry.value) for entry in self.entries if isinstance(entry, Choice) and entry.key == key]

    def _chosen(self) -> Iterator[tuple[int, Choices]]:
        """What is chosen from each step on at which something was."""
        chosen: Choices = NO_CHOICES
        for step in sorted(self._entries):
            anew = {entry.key: entry.value for entry in self._entries[step] if isinstance(entry, Choice)}
            if anew:
                chosen = {**chosen, **anew}
                yield step, chosen

    def at(self, step: int) -> tuple[Entry, ...]:
        """Those that hold from the beginning of that training step on."""
        return tuple(self._entries.get(step, ()))

    def weights_at(self, step: int) -> tuple[Weight, ...]:
        """The weights that were set by hand for that training step."""
        return tuple(entry for entry in self._entries.get(step, ()) if isinstance(entry, Weight))

    def apply(self, step: int, update_rule: UpdateRule) -> None:
        """Let those of that training step hold, after those of all steps before it."""
        for entry in self._entries.get(step, ()):
            entry.apply(update_rule)

    def rules(self, stopping: Stopping) -> Stopping:
        """By what a run stops that began with these rules."""
        for entry in self.log:
            if isinstance(entry, Lifted):
                stopping = Stopping(epochs=None)
            elif isinstance(entry, Limits):
                stopping = entry.over(stopping)
        return stopping

    def cut(self, step: int) -> "Journal":
        """A journal of its own with all that holds from that step or an earlier one on, and with its origins."""
        kept = (entry for entry in self.log if entry.step <= step or isinstance(entry, Parted))
        return self.made_of(replace(entry, step=min(entry.step, step)) for entry in kept)

    def made_of(self, log: Iterable[Entry]) -> "Journal":
        """A journal of a run that began with the same rate, with these entries, as they came."""
        journal = Journal(self._first_rate)
        for entry in log:
            journal.add(entry)
        return journal
