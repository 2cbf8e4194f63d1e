"""The training of a network without a screen, as `nnviz train` does it, in a process of its own.

`python -m benchmarks.headless OPTIONS`, where OPTIONS are those of `nnviz train` as JSON. For each line on stdin, a
number of seconds, it trains on for so long and writes a line to stdout: the steps a second. In between, it waits.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

from nnviz.insight.health.alert_log import AlertLog
from nnviz.insight.health.rules import RuleRunner
from nnviz.options import Options
from nnviz.runs.directory import RunDirectory
from nnviz.runs.keeper import Keeper
from nnviz.runs.kept_steps import kept_steps
from nnviz.training.assembly import assemble, open_dataset
from nnviz.training.process import prepare_process


def serve(options: Options) -> None:
    """Train for as long as each line says."""
    prepare_process()
    experiment = options.experiment()
    trainer = assemble(experiment, open_dataset(experiment))
    with tempfile.TemporaryDirectory() as spare:
        keeper = Keeper(trainer, RunDirectory(Path(spare) / "run", experiment), lambda _: None)
        steps = kept_steps(trainer, keeper, AlertLog(trainer, RuleRunner(trainer), lambda *_: None))
        for line in sys.stdin:
            before, begin = trainer.steps_done, time.perf_counter()
            end = begin + float(line)
            for _ in steps:
                if time.perf_counter() >= end:
                    break
            print((trainer.steps_done - before) / (time.perf_counter() - begin), flush=True)


if __name__ == "__main__":
    serve(Options.of(**json.loads(sys.argv[1])))
