"""Rules of health that need the curves of a run alone, whoever has trained it.

What a network would lose that says the same of all examples is not known here; the loss that a run began with stands in
its place. All bounds are otherwise those of the rules that look at a training itself.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np

from nnviz.array import Array
from nnviz.frame.health_view import Alert, Diagnosis, Unable
from nnviz.frame.series import Series
from nnviz.insight.health.loss_shapes import spike, swing, turn
from nnviz.logs.naming import TRAIN, VALIDATION
from nnviz.wording import integer, number, percent

FEWEST, MORE = 20, 64
"""Values that it takes to tell whether a loss falls, and whether it oscillates."""


class _UnknownError(Exception):
    """A rule has nothing to go by; the text says why."""


def diagnosis(curves: Sequence[Series]) -> Diagnosis:
    """What these rules say of a run with such curves."""
    losses = _losses(curves)
    alerts, quiet, unable = [], [], []
    for name, rule in RULES.items():
        try:
            found = rule(losses)
        except _UnknownError as reason:
            unable.append(Unable(name, str(reason)))
            continue
        alerts += [found] if found else []
        quiet += [] if found else [name]
    return Diagnosis(tuple(alerts), tuple(quiet), tuple(unable))


def _losses(curves: Sequence[Series]) -> dict[str, Series]:
    """The losses by their splits."""
    found: dict[str, Series] = {}
    for series in curves:
        if series.total and series.metric.lower() in ("loss", "mean_step_loss"):
            found.setdefault(series.split, series)
    return found


def _main(losses: dict[str, Series]) -> Series:
    """The loss in training, or what is most like it."""
    for split in (TRAIN, "", VALIDATION):
        if split in losses:
            return losses[split]
    raise _UnknownError("it has no loss")


def _known(series: Series, fewest: int) -> tuple[Array, Array, Array]:
    """(steps, means, highs) where they are numbers. Raises where they are few, or below 0."""
    points = series.points[np.isfinite(series.points["mean"])]
    if len(points) < fewest:
        raise _UnknownError(f"it takes {fewest} losses to tell, and there are {integer(len(points))}")
    if series.lowest is not None and series.lowest.value < 0:
        raise _UnknownError("the loss is below 0 at times")
    return points["step"], points["mean"], points["high"]


def _eighths(means: Array) -> tuple[float, float]:
    """The mean of the first eighth, and of the last."""
    part = max(len(means) // 8, 1)
    return float(means[:part].mean()), float(means[-part:].mean())


def _diverging(losses: dict[str, Series]) -> Alert | None:
    """A loss that is no finite number; or ten times what it began with in the end, a bound of our own."""
    series = _main(losses)
    odd = series.points[series.points["marks"] > 0]
    if len(odd):
        step = float(odd["step"][0])
        last = number(series.latest.value) if series.latest else ""
        at = "At" if odd[0]["held"] == 1 else "About"
        seen = f"{at} {series.axis} {_told(step)} the loss was no finite number; the last one is {last}."
        return _alert("diverging", step, seen, "Weights and loss grow without end.", "Lower the learning rate.")
    steps, means, _ = _known(series, 1)
    first, last_mean = _eighths(means)
    if last_mean <= 10 * first or len(means) < FEWEST:
        return None
    seen = f"The loss began at {number(first)} and is {number(last_mean)} by now."
    return _alert("diverging", float(steps[0]), seen, "It grows, and should fall.", "Lower the learning rate.")


def _does_not_fall(losses: dict[str, Series]) -> Alert | None:
    """A last eighth within 3% of the first, or above it."""
    series = _main(losses)
    steps, means, _ = _known(series, FEWEST)
    first, last = _eighths(means)
    if last <= 0.97 * first:
        return None
    seen = f"The loss began at {number(first)} and is {number(last)} after {integer(series.total)} values."
    why = "Nothing has been learnt, or it was learnt before the first of them."
    return _alert("loss-does-not-fall", float(steps[0]), seen, why, "Look whether labels belong to their examples.")


def _oscillates(losses: dict[str, Series]) -> Alert | None:
    """Neighbouring parts of the later half apart by more than a quarter, mostly to and fro.

    Twice as far, besides, as the scatter of single batches would put them: that of small ones alone may be a quarter.
    """
    steps, means, _ = _known(_main(losses), MORE)
    found = swing(means)
    if (
        found is None
        or found.size <= max(0.25, 2 * found.noise)
        or found.turns < 0.5
        or found.level < 0.25 * _eighths(means)[0]
    ):
        return None
    seen = f"The loss goes up and down by {percent(found.size)} from one part of the run to the next."
    why = "Steps are so long that they jump over what they are looking for."
    return _alert("loss-oscillates", float(steps[len(steps) // 2]), seen, why, "Lower the rate, or larger batches.")


def _spikes(losses: dict[str, Series]) -> Alert | None:
    """A loss of ten times what was usual, and three times what the run began with."""
    series = _main(losses)
    steps, means, highs = _known(series, FEWEST)
    found = spike(means, highs, 3 * _eighths(means)[0])
    if found is None:
        return None
    place, usual = found
    step = float(steps[place])
    seen = f"About {series.axis} {_told(step)} the loss rose to {number(float(highs[place]))} from {number(usual)}."
    why = "One batch threw the network far off what it had learnt."
    return _alert("loss-spikes", step, seen, why, "Limit the gradient, or look at the examples of that step.")


def _over_fitting(losses: dict[str, Series]) -> Alert | None:
    """A validation loss 20% above its lowest, while the training loss went on falling (Prechelt 1998)."""
    if VALIDATION not in losses:
        raise _UnknownError("it has no validation loss")
    steps, means, _ = _known(losses[VALIDATION], 5)
    if TRAIN not in losses and "" not in losses:
        raise _UnknownError("it has no training loss")
    train = losses.get(TRAIN) or losses[""]
    trained_at, trained, _ = _known(train, 2)
    found = turn(means)
    if found is None or train.axis != losses[VALIDATION].axis:
        return None
    step = float(steps[found.lowest])
    before = float(trained[max(int(np.searchsorted(trained_at, step, side="right")) - 1, 0)])
    after = float(trained[-1])
    if after >= before:
        return None
    seen = (
        f"The validation loss turned at {train.axis} {_told(step)}, where it was {number(found.best)}; now it is "
        f"{number(found.now)}, and that of training {number(after)}."
    )
    why = "The network learns its training examples by heart, and does worse on others."
    return _alert("over-fitting", step, seen, why, "Stop there, or more examples, dropout, weight decay.")


def _alert(rule: str, step: float, seen: str, why: str, attempt: str) -> Alert:
    return Alert(rule, None, int(step), seen, why, attempt)


def _told(step: float) -> str:
    return integer(int(step)) if step == math.floor(step) else number(step)


RULES: dict[str, Callable[[dict[str, Series]], Alert | None]] = {
    "diverging": _diverging,
    "loss-does-not-fall": _does_not_fall,
    "loss-oscillates": _oscillates,
    "loss-spikes": _spikes,
    "over-fitting": _over_fitting,
}
