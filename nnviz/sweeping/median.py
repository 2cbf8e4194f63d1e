"""The median rule: a run that has done worse than most others had by then is not trained to its end.

Golovin et al. 2017, "Google Vizier: A Service for Black-Box Optimization", 3.2.2, Median Stopping Rule: a trial is
stopped at a step if the best objective that it has had by then is strictly worse than the median of the running
averages, over all steps until that one, of the trials that were completed.
"""

import json
import math
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from statistics import fmean, median

from nnviz.errors import InputError
from nnviz.runs.metrics import whole_lines
from nnviz.runs.paths import METRICS
from nnviz.sweeping.outcome import FINISHED, standing_outcome

FEWEST = 3
"""Of completed runs: with fewer, nothing is hopeless. Vizier's authors give no number."""
Losses = dict[int, float]
"""The loss of each evaluation, on the validation split where there is one, by its epoch."""


def losses_of(run: Path) -> Losses:
    """Those of a run that is kept; none where they cannot be read."""
    found: Losses = {}
    with suppress(InputError, ValueError, KeyError, TypeError):
        for line in whole_lines(run / METRICS):
            record = json.loads(line)
            # The line of the validation split comes after that of the training split, and stands in its place.
            loss = record["mean_step_loss"] if record["split"] == "train" else record["loss"]
            found[record["epoch"]] = math.inf if loss is None else float(loss)
    return found


class MedianRule:
    """Looks at a run that is being trained, and at those beside it that were trained to their end."""

    def __init__(self, run: Path) -> None:
        self._run = run
        self._completed: dict[Path, Losses] = {}

    def is_hopeless(self) -> bool:
        """Whether it is to be stopped, by what it and the others have written down."""
        with suppress(OSError):
            for other in self._run.parent.iterdir():
                outcome = None if other in self._completed else standing_outcome(other.name, other)
                if outcome is not None and outcome.state == FINISHED:
                    self._completed[other] = losses_of(other)
        losses = losses_of(self._run)
        return bool(losses) and is_hopeless(losses, [one for one in self._completed.values() if one])


def is_hopeless(losses: Losses, completed: Sequence[Losses]) -> bool:
    """Whether a run with these losses is to be stopped, where others were completed."""
    epoch = max(losses)
    averages = [fmean(until) for one in completed if (until := [loss for at, loss in one.items() if at <= epoch])]
    return len(averages) >= FEWEST and min(losses.values()) > median(averages)
