"""Any other table of numbers with a header: what people write by hand.

| trap | what nnviz does |
| --- | --- |
| x has many names | the first of `step`, `global_step`, `iteration`, `iter`, `batch`, `epoch` that is there |
| there is none | rows are counted from 0, if the file was named; else it may be a table of data, and is not taken |
| `;` or tabs part the cells, and `0,5` is a half | found in the header |
| NaN is `nan`, `NaN`, `NAN`; infinity is `inf`, `-inf`, `Infinity` | all are read |
| no value is a blank, `NA`, `null`, `None` | no value, and no zero |
| the last line may be half of one | waits for its end, and says so |
| a line with too few cells in the middle | said, and left out |
| a second header, or `append` without one | passed over; where x falls another attempt begins |
"""

from collections.abc import Sequence

from nnviz.logs.csv_log import CsvFormat

KIND = "CSV"
AXES = {
    "step": "step",
    "global_step": "step",
    "_step": "step",
    "iteration": "step",
    "iter": "step",
    "batch": "step",
    "epoch": "epoch",
}
"""Names of what is x, in the order in which they are preferred, and what they count."""
TIMES = ("timestamp", "_timestamp", "wall_time", "time", "seconds")


def x_of(names: Sequence[str]) -> str | None:
    """The name, as it is written, that is x; None if there is none."""
    lower = {name.lower(): name for name in reversed(names)}
    return next((lower[name] for name in AXES if name in lower), None)


def plain(names: Sequence[str]) -> CsvFormat:
    """What the columns of a table are."""
    x = x_of(names)
    time = next((name for name in names if name.lower() in TIMES), None)
    return CsvFormat(KIND, AXES[x.lower()] if x else "row", x, time)
