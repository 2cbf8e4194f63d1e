"""What a frame holds, however deep."""

from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np

from nnviz.array import Array
from nnviz.frame.frame import Frame


def arrays(part: object) -> Iterator[Array]:
    """All arrays in a frame, or in a part of one."""
    if isinstance(part, np.ndarray):
        yield part
    elif isinstance(part, msgspec.Struct):
        for name in part.__struct_fields__:
            yield from arrays(getattr(part, name))
    elif isinstance(part, tuple):
        for one in part:
            yield from arrays(one)


def bytes_of_moment(frame: Frame, **other: Any) -> bytes:
    """The frame, but for what it has of the whole run, and with `other` in place of what it has by these names.

    As long as the run has no curve, the losses of the batch stand in its place.
    """
    moment = msgspec.structs.replace(frame.moment, furthest=0, is_back=False)
    bare = msgspec.structs.replace(frame, moment=moment, curves=None, batch=None, stopped_by=None, **other)
    return repr(bare).encode() + b"".join(array.tobytes() for array in arrays(bare))
