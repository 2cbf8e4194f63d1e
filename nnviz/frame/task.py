"""Task: what the data ask of a network."""

import math

import msgspec

from nnviz.array import Array
from nnviz.frame import hill
from nnviz.wording import fixed_signed


class Targets(msgspec.Struct, frozen=True):
    """What is to be predicted where targets are numbers: the name, the mean and the deviation of each, in its own unit.

    They are measured on the training split; a constant has deviation 1.
    """

    names: tuple[str, ...]
    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    def decimals(self, output: int) -> int:
        """How many decimals show a hundredth of the deviation: 2 for miles per gallon, none for prices of houses."""
        deviation = self.deviation[output]
        return min(max(0, 2 - math.floor(math.log10(deviation))), 9) if math.isfinite(deviation) else 0


class Task(msgspec.Struct, frozen=True):
    """What the data ask of a network: the shape of an input, and what is to be said of it.

    `class_names` is empty when the targets are `numbers` real numbers.
    """

    input_shape: tuple[int, ...]
    class_names: tuple[str, ...]
    numbers: int = 0
    targets: Targets | None = None

    def fits(self, other: "Task") -> bool:
        """Whether networks for the other task do this one, whatever the `targets` of the two are called and measure."""
        return msgspec.structs.replace(other, targets=self.targets) == self

    @property
    def positive_class(self) -> int:
        """The class that a single output calls 1: the second, unless its name only says that it is not the first."""
        first, second = self.class_names[:2]
        stripped = second.lower().removeprefix("non").removeprefix("not").removeprefix("no").lstrip(" -_")
        return 0 if stripped == first.lower() else 1

    @property
    def target_name(self) -> str | None:
        """The name of the one number to predict; None where there are several, or classes, or it has no name."""
        return self.targets.names[0] if self.targets is not None and self.numbers == 1 else None

    def is_hill(self, outputs: int) -> bool:
        """Whether so many outputs tell the one number to predict by a hill of activation."""
        return self.numbers == 1 and outputs == hill.UNITS

    def in_units(self, outputs: int) -> Targets | None:
        """The targets, where each of so many outputs is one of them in its own unit; None for classes and hills."""
        return self.targets if outputs == self.numbers else None

    def decimals(self, output: int) -> int | None:
        """How many decimals of a number to predict are worth reading; None for classes."""
        return None if self.targets is None else self.targets.decimals(output)

    def told_numbers(self, predictions: Array) -> Array:
        """Predictions (n, outputs) → the numbers (n, numbers) that each means, in their own unit."""
        return hill.as_numbers(predictions) if self.is_hill(predictions.shape[1]) else predictions

    def output_names(self, outputs: int) -> tuple[str, ...]:
        """What each of a network's outputs stands for; a single one for two classes is named by the positive one."""
        if outputs == len(self.class_names):
            return self.class_names
        if self.class_names:
            return (self.class_names[self.positive_class],)
        if self.is_hill(outputs):
            return tuple(fixed_signed(direction, 2) for direction in hill.DIRECTIONS)
        if self.targets is not None:
            return self.targets.names
        return tuple(f"output {k}" for k in range(outputs))
