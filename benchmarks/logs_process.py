"""The process that opens TensorBoard runs and says how long it took, and how much memory: JSON on stdout.

`python -m benchmarks.logs_process CONTENDER FOLDER`, where CONTENDER is one of `CONTENDERS` below.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path


def nnviz(folder: Path) -> Callable[[], int]:
    """All runs below the folder, with all of their curves."""
    import numpy  # noqa: F401 - loaded before, as for the other

    from nnviz.logs.logs import logs_of

    def read() -> int:
        logs = logs_of(folder)
        kept.append(logs)
        series = [one for run in logs.runs for one in run.series]
        return sum(len(one.points) for one in series if one.stride == 1)

    kept: list[object] = []
    return read


def accumulator(folder: Path) -> Callable[[], int]:
    """TensorBoard's EventAccumulator for each run, told to keep everything."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    def read() -> int:
        everything = {"scalars": 0, "tensors": 0}
        kept.extend(EventAccumulator(str(run), everything).Reload() for run in sorted(folder.iterdir()))
        return sum(len(run.Scalars(tag)) for run in kept for tag in run.Tags()["scalars"])

    kept: list[EventAccumulator] = []
    return read


CONTENDERS = {"nnviz": nnviz, "accumulator": accumulator}


def _peak() -> int:
    """Bytes that have been resident at most."""
    with open("/proc/self/status", encoding="utf-8") as lines:
        return next(1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def main() -> None:
    """Open, and answer."""
    read = CONTENDERS[sys.argv[1]](Path(sys.argv[2]))
    before, begin, cpu = _peak(), time.perf_counter(), time.process_time()
    points = read()
    seconds, used = time.perf_counter() - begin, time.process_time() - cpu
    print(json.dumps({"points": points, "seconds": seconds, "cpu": used, "bytes": _peak() - before}))


if __name__ == "__main__":
    main()
