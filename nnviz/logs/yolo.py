"""Ultralytics YOLO's `results.csv`.

Tried on tables as ultralytics 8.0.200 and 8.4.190 write them, by their sources.

| trap | what nnviz does |
| --- | --- |
| 8.0 writes cells to the right in 23 columns, so names begin with blanks | blanks around names and cells are dropped |
| 8.0 has no `time`; in 8.4 it is seconds since the start | times where there are any |
| 8.0 appends a second run in the same folder to the first | another attempt begins where the epoch falls |
| `epoch` counts from 1, one row an epoch | curves over epochs, as they are written |
| losses, shares and rates stand beside each other | one curve a column |

Source: ultralytics/engine/trainer.py, `save_metrics`.
"""

from collections.abc import Collection

from nnviz.logs.csv_log import CsvFormat

FILE = "results.csv"


def yolo(names: Collection[str]) -> CsvFormat:
    """What its columns are."""
    return CsvFormat("YOLO", "epoch", "epoch", "time" if "time" in names else None)


def is_yolo(file: str, names: Collection[str]) -> bool:
    """Whether a file of that name, with those columns, is YOLO's."""
    return file == FILE and "epoch" in names and any(name.startswith(("train/", "metrics/")) for name in names)
