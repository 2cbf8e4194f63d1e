"""What a source holds and its dataset does not, by cause, in words."""

from collections import Counter
from collections.abc import Iterable, Sequence

from nnviz.data.split import Skipped
from nnviz.wording import count, integer, listed

NAMED = 3


def by_cause(skipped: Iterable[Skipped]) -> dict[tuple[str, str], list[Skipped]]:
    """Why, and what kind of thing → what was skipped for it; the most frequent cause first."""
    causes: dict[tuple[str, str], list[Skipped]] = {}
    for skip in skipped:
        causes.setdefault((skip.reason, skip.kind), []).append(skip)
    return dict(sorted(causes.items(), key=lambda cause: -total(cause[1])))


def total(skipped: Iterable[Skipped]) -> int:
    """How many things they are: the files of a folder count one by one."""
    return sum(skip.count for skip in skipped)


def named(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    return listed(names, NAMED)


def counted(many: Iterable[tuple[str, int]]) -> str:
    """`2 files` or `1 row`, of kinds of things and how many they are."""
    kinds: Counter[str] = Counter()
    for kind, number in many:
        kinds[kind] += number
    return listed([count(number, kind) for kind, number in kinds.items()])


def told(skipped: Sequence[Skipped]) -> str:
    """All of it in one line: `skipped 3 files: 2 not an image (a.txt and b.txt); 1 truncated (c.png)`."""
    causes = by_cause(skipped).items()
    return f"skipped {counted((skip.kind, skip.count) for skip in skipped)}: " + "; ".join(
        f"{integer(total(some))} {reason} ({named([skip.name for skip in some])})" for (reason, _), some in causes
    )
