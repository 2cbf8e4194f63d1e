"""Keras's CSVLogger.

Tried with keras 3.15.1.

| trap | what nnviz does |
| --- | --- |
| `epoch` counts from 0, and there is no step and no time | curves over epochs, as they are written |
| `val_` columns are always there, with `NA` in them | no value; a column without a number is no curve |
| `append=True` goes on without a header, from epoch 0 again | another attempt begins where the epoch falls |
| `separator` may be another one | found in the header |
| `loss` is a mean over the epoch while weights change, `val_loss` comes after it | nothing: both are what they are |

Source: keras/src/callbacks/csv_logger.py.
"""

from collections.abc import Sequence

from nnviz.logs.csv_log import CsvFormat

KERAS = CsvFormat("Keras", "epoch", "epoch")
VALIDATION = "val_"


def is_keras(names: Sequence[str]) -> bool:
    """Whether columns are Keras's: first the epoch, then the rest by the alphabet, with its `val_` twins."""
    rest = list(names[1:])
    twins = [name for name in rest if name.startswith(VALIDATION)]
    has_twins = bool(twins) and all(twin.removeprefix(VALIDATION) in rest for twin in twins)
    return names[0] == "epoch" and "step" not in rest and rest == sorted(rest) and has_twins
