"""The training of a network without a screen, in a process of its own: steps a second, on stdout.

`python -m benchmarks.headless WARM_UP SECONDS OPTIONS`, where OPTIONS are those of `nnviz train` as JSON.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

from nnviz.cli import Options
from nnviz.training.assembly import assemble, open_dataset
from nnviz.training.process import prepare_process
from nnviz.training.run import RunDirectory
from nnviz.training.trainer import Trainer


def rate(options: Options, warm_up: float, seconds: float) -> dict[str, float]:
    """Steps a second of wall time, and of CPU time."""
    prepare_process()
    experiment = options.experiment()
    trainer = assemble(experiment, open_dataset(experiment))
    with tempfile.TemporaryDirectory() as spare:
        directory = RunDirectory(Path(spare) / "run", experiment)
        _train(trainer, directory, warm_up)
        steps, wall, cpu = trainer.steps_done, time.perf_counter(), time.process_time()
        _train(trainer, directory, seconds)
        done = trainer.steps_done - steps
        return {"wall": done / (time.perf_counter() - wall), "cpu": done / (time.process_time() - cpu)}


def _train(trainer: Trainer, directory: RunDirectory, seconds: float) -> None:
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        evaluation = trainer.step()
        if evaluation is not None:
            directory.record(evaluation)


if __name__ == "__main__":
    given = json.loads(sys.argv[3])
    print(json.dumps(rate(Options(**given), float(sys.argv[1]), float(sys.argv[2]))))
