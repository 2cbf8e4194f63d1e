"""A process that opens sources, tells what came of it, and at what cost."""

import resource
import time
import traceback
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

MOST_ADDRESSES = 6 << 30
"""What the process may claim in all, so that a fault does not take the machine down."""


class Outcome(NamedTuple):
    """What came of one source: opened, refused (by an NnvizError) or a fault, and what there is to say of it.

    memory  bytes that this process has taken at most since it began, beyond what it had then
    """

    kind: str
    told: str
    seconds: float
    memory: int


def serve(connection: Connection) -> None:
    """Open one source after the other, as they are asked for by the keys of `Data`."""
    import numpy as np
    from PIL import Image

    from nnviz.data.arrays import cifar, idx, numpy_arrays, stl10  # noqa: F401
    from nnviz.data.images import image_folder  # noqa: F401
    from nnviz.data.tables import image_examples, table  # noqa: F401
    from nnviz.data.texts import text_folder  # noqa: F401

    Image.init()
    np.zeros(1)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_ADDRESSES, MOST_ADDRESSES))
    before = _peak()
    while (keys := connection.recv()) is not None:
        started = time.process_time()
        kind, told = _opened(keys)
        connection.send(Outcome(kind, told, time.process_time() - started, _peak() - before))


def _opened(keys: dict[str, Any]) -> tuple[str, str]:
    import numpy as np

    from nnviz.data.reading import Reading
    from nnviz.data.sources import open_source
    from nnviz.errors import NnvizError
    from nnviz.experiment import combine

    try:
        dataset = open_source(combine({"data": keys}).data, np.random.default_rng(0), reading=Reading(cached=False))
        if not len(dataset.train):
            return "fault", "no examples to train on"
        for split in (dataset.train, dataset.validation, dataset.test):
            if not (np.isfinite(split.inputs[:]).all() and np.isfinite(split.labels).all()):
                return "fault", "numbers that are not finite"
        if not all(
            np.isfinite(array).all() for array in (dataset.standardization.mean, dataset.standardization.deviation)
        ):
            return "fault", "a mean or deviation that is not finite"
        # What is told and kept of it has to be text that any file can hold.
        "".join([dataset.name, *dataset.class_names, *dataset.notes, *dataset.train.names]).encode()
        "".join(skip.name + skip.reason for skip in dataset.skipped).encode()
        return "opened", ""
    except NnvizError as error:
        return "refused", str(error)
    except BaseException:
        return "fault", traceback.format_exc()


def _peak() -> int:
    """Bytes of memory that this process has taken at most. Those that it started are not counted."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
