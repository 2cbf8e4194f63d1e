"""A task as it can be shown, however long its names are and whatever characters the source has there."""

from msgspec.structs import replace

from nnviz.frame.task import Task
from nnviz.outside_text import apart, shown_names

# What the names of a task take at most, all together: it goes to the screen with every frame.
NAMES_WIDTH = 2**16


def shown_task(task: Task) -> Task:
    """The same with names that are fit to be shown."""
    targets = task.targets and replace(task.targets, names=_shown(task.targets.names))
    return replace(task, class_names=_shown(task.class_names), targets=targets)


def _shown(names: tuple[str, ...]) -> tuple[str, ...]:
    return apart(shown_names(names), NAMES_WIDTH // max(len(names), 1))
