"""Lightning's CSVLogger: `NAME/version_N/metrics.csv`.

Tried with lightning 2.6.6.

| trap | what nnviz does |
| --- | --- |
| each kind of values stands in rows of its own, with blanks for the others | a blank is no value; a curve a column |
| `step` counts from 0, and is that of the last batch | kept as it is |
| a new column rewrites the whole file: other header, other offsets | noticed by its first bytes, and read anew |
| nothing is on the disk until a logged step + 1 divides by 100 | waits |
| `x` logged both ways is `x_step` and `x_epoch` | two curves |
| the validation's row comes before the epoch's of the same step | between curves the order of lines does not matter |
| a resumed run is `version_N+1` | a run of its own |

Source: lightning/fabric/loggers/csv_logs.py.
"""

from collections.abc import Collection

from nnviz.logs.csv_log import CsvFormat

LIGHTNING = CsvFormat("Lightning", "step", "step")
FILE = "metrics.csv"


def is_lightning(file: str, names: Collection[str]) -> bool:
    """Whether a file of that name, with those columns, is Lightning's."""
    return file == FILE and {"step", "epoch"} <= set(names)
