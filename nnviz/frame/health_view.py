"""What ails a network: what the rules of health have seen, and what there is to read of every layer."""

from typing import Any

import msgspec

from nnviz.array import Array


class Alert(msgspec.Struct, frozen=True):
    """What a rule has seen.

    rule   its id
    layer  the name of the layer that it is about, None where it is about no single one
    step   how many training steps were done where it began; 0 where it is so from the first step on
    seen   what was seen, with its numbers; `why` it matters, and `attempt`, what to try: sentences
    changes  the keys of the experiment that a machine would try with other values, by table; empty where it is for a
             person to do something
    """

    rule: str
    layer: str | None
    step: int
    seen: str
    why: str
    attempt: str
    changes: dict[str, dict[str, Any]] = {}


class Noticed(msgspec.Struct, frozen=True):
    """An alert of a run, and how many training steps were done when the rules were asked and it came up first."""

    asked: int
    alert: Alert


class Unable(msgspec.Struct, frozen=True):
    """A rule that could not run, and why."""

    rule: str
    reason: str


class Diagnosis(msgspec.Struct, frozen=True):
    """What all rules say: alerts, the ids of the rules that ran and found nothing, and those that could not run."""

    alerts: tuple[Alert, ...] = ()
    quiet: tuple[str, ...] = ()
    unable: tuple[Unable, ...] = ()


class HealthAccount(msgspec.Struct, frozen=True):
    """What is kept of that with a run.

    alerts  all that there were; `quiet`, the rules that never had one; `unable`, why others could not run, by their ids
    """

    alerts: tuple[Alert, ...]
    quiet: tuple[str, ...]
    unable: dict[str, str]


class HealthView(msgspec.Struct, frozen=True):
    """The measures of every layer, NaN where it has none or the step has not reached it, and what the rules say.

    layers   their names
    done     how many training steps are finished at this moment; `total`, how many there have ever been
    has      (layers, measures) bool: what a layer has at all
    now      (layers, measures) at this moment; of the dead, as of the last reading until then
    steps    (bins,) the training step of the first reading in each bin, of the whole run
    means    (bins, layers, measures) float32, of the readings in each
    apart    every how many training steps it is read, when the first ones are over; 0 where time decides that
    """

    layers: tuple[str, ...]
    done: int
    total: int
    has: Array
    now: Array
    steps: Array
    means: Array
    apart: int
    diagnosis: Diagnosis
