"""What a process that trains sets once for itself."""

import numpy as np


def prepare_process() -> None:
    """One BLAS thread, and no warnings on overflow.

    A second BLAS thread makes small matrix products slower and their times uneven. An overflow is nothing new here: a
    loss that is not finite stops the run, with that as the reason.
    """
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)
    np.seterr(all="ignore")
