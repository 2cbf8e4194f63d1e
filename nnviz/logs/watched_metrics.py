"""What `nnviz.live.watch(…, out=…)` has written of a PyTorch training.

| trap | what nnviz does |
| --- | --- |
| a line for the loss of each step, and lines for the steps that were looked at | curves of different length |
| what a layer did is `layers/NAME/MEASURE`, and strokes may be in its name too | parted at the first and the last |
| what was trained, and how it ended, stands in `watched.json` | state, title, settings |
| a process that was killed has written no end | unfinished |
"""

import json

from nnviz.logs.jsonl import JsonlReader
from nnviz.logs.logged_run import FAILED, FINISHED, INTERRUPTED, UNFINISHED
from nnviz.logs.nnviz_metrics import flat, parsed
from nnviz.logs.rows import as_number

KIND = "PyTorch"
FILE, ABOUT = "metrics.jsonl", "watched.json"
ENDINGS = (FINISHED, FAILED, INTERRUPTED)
LAYERS = "layers/"


class WatchedReader(JsonlReader):
    """The metrics of one directory."""

    def read(self) -> None:
        """Take what has been added since the last time. Raises InputError if it cannot be read."""
        super().read()
        (run,) = self.runs
        about = parsed(run.source.parent / ABOUT, json.loads)
        settings, ended = about.get("settings"), about.get("ended")
        run.title, run.started = str(about.get("name", "")), as_number(about.get("began"))
        run.settings = dict(flat(settings)) if isinstance(settings, dict) else {}
        run.state = ended if ended in ENDINGS else UNFINISHED


def layer_and_measure(metric: str) -> tuple[str, str] | None:
    """Of `layers/fc/gradient`, fc and gradient; None of what is told of no layer."""
    layer, _, measure = metric.removeprefix(LAYERS).rpartition("/")
    return (layer, measure) if metric.startswith(LAYERS) and layer else None
