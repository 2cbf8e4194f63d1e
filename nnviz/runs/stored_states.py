"""The states in the checkpoints of a run, to go to moments of it from."""

from bisect import bisect_right
from pathlib import Path

from msgspec.structs import replace

from nnviz.errors import InputError
from nnviz.experiment import Experiment
from nnviz.runs.checkpoint_file import not_ours, read, state_of
from nnviz.runs.paths import step_of, while_training
from nnviz.runs.trained_network import refuse_unfit
from nnviz.training.engine import EngineState, StepEngine
from nnviz.training.keyframes import Line


class StoredStates:
    """Those of a run's checkpoints: of one branch of what a timeline goes along."""

    def __init__(self, run: Path, experiment: Experiment, branch: int) -> None:
        self._experiment, self._branch = experiment, branch
        self._files = while_training(run)
        self._steps = [step_of(file) for file in self._files]

    def between(self, after: int, step: int, line: Line, engine: StepEngine) -> EngineState | None:
        """The last one on a line after step number `after` that is not after `step`, for an engine of that network.

        One that cannot be read is forgotten.
        """
        end = min(step, dict(line).get(self._branch, -1))
        while (found := bisect_right(self._steps, end)) and self._steps[found - 1] > after:
            try:
                return self._read(self._files[found - 1], engine)
            except InputError:
                del self._files[found - 1], self._steps[found - 1]
        return None

    def _read(self, file: Path, engine: StepEngine) -> EngineState:
        tensors, facts = read(file)
        try:
            refuse_unfit(file, tensors, self._experiment, facts)
            # One that was made within a training step is gone on from at its beginning: somebody may want to be there.
            return replace(state_of(tensors, facts, engine, 0.0).engine, done=0)
        except (KeyError, TypeError, ValueError) as error:
            raise not_ours(file, error) from None
