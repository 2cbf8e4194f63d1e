"""What is told of an alert beside its own sentences."""

from nnviz.frame.health_view import Alert
from nnviz.wording import integer


def since(alert: Alert) -> str:
    """Where it began."""
    return f"step {integer(alert.step)}" if alert.step else "from the beginning"
