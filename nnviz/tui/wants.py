"""How much of the screen a frame would fill."""

from nnviz.frame.frame import Frame, State
from nnviz.tui.layouts import Wants

# Rows beside those that are listed: a border's two, and the heading. Of a hill: two lines, bars of two rows, an axis.
AROUND, HILL = 3, 9
MOST_LISTED = 10


def wants_of(frame: Frame) -> Wants:
    """What the panes have to show of it."""
    example, outputs = frame.example, len(frame.example.target)
    is_hill = frame.task.is_hill(outputs) and frame.in_units is None
    is_list = example.pixels is None and example.text is None and frame.surface is None
    features = 0 if example.features is None or not is_list else len(example.features)
    return Wants(
        prediction=HILL if is_hill else min(outputs, MOST_LISTED) + AROUND,
        errors=min(frame.errors.total, MOST_LISTED) + AROUND,
        picture=0 if example.pixels is None else max(example.pixels.shape[:2]),
        features=features + AROUND + 1 if 0 < features <= MOST_LISTED else 0,
        begun=frame.curves.total > 0 or bool(frame.curves.others) or frame.state is State.RUNNING,
        inspects=frame.unit is not None,
    )
