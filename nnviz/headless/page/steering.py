"""What came from outside while a run was trained, in words."""

from nnviz.outside_text import printable
from nnviz.training.journal import Choice, Entry, Heard, Lifted, Limits, Parted, Rate, Weight
from nnviz.wording import count, number, trimmed


def told_entry(entry: Entry) -> str:
    """An entry of a journal as one line."""
    return f"after {count(entry.step, 'training step')}: {_what(entry)}"


def _what(entry: Entry) -> str:
    match entry:
        case Rate(learning_rate=rate):
            return f"the learning rate became {trimmed(rate)}"
        case Choice(key=key, value=value):
            return f"{key} became {_value(value)}"
        case Weight(name=name, index=index, value=value, before=before):
            place = ", ".join(map(str, index))
            return f"{name}[{place}] was set to {number(value)}, from {number(before)}"
        case Heard(loss=loss):
            return f"the schedule heard a loss of {'no finite number' if loss is None else number(loss)}"
        case Lifted():
            return "the rules that it stopped by were lifted"
        case Limits():
            return "it was to end elsewhere than asked at first"
        case Parted(run=run):
            return f"it parted from the run {printable(run)}, with which it shares what came before"


def _value(value: float | tuple[str, ...] | None) -> str:
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    return "none" if value is None else trimmed(value)
