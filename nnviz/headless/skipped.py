"""What a source holds and its dataset does not, count by cause."""

from collections import Counter
from collections.abc import Iterable, Sequence

from nnviz.data.dataset import Dataset
from nnviz.data.split import Skipped
from nnviz.headless.console import note
from nnviz.wording import count

NAMED = 3


def by_cause(skipped: Iterable[Skipped]) -> dict[tuple[str, str], list[str]]:
    """Why, and what kind of thing → the names of what was skipped for it; the most frequent cause first."""
    causes: dict[tuple[str, str], list[str]] = {}
    for skip in skipped:
        causes.setdefault((skip.reason, skip.kind), []).append(skip.name)
    return dict(sorted(causes.items(), key=lambda cause: -len(cause[1])))


def named(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def counted_kinds(kinds: Iterable[str]) -> str:
    """`2 files` or `1 row`, as often as each kind comes."""
    return " and ".join(count(many, kind) for kind, many in Counter(kinds).items())


def tell_skipped(dataset: Dataset) -> None:
    """Say on stderr what there is to know of the source, and what was left out, by cause, naming the first few."""
    for told in dataset.notes:
        note(f"{dataset.name}: {told}")
    if dataset.skipped:
        causes = by_cause(dataset.skipped).items()
        told = "; ".join(f"{len(names):,} {reason} ({named(names)})" for (reason, _), names in causes)
        note(f"skipped {counted_kinds(skip.kind for skip in dataset.skipped)}: {told}")
