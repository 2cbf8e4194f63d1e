"""Runs beside each other: those that differ in the seed alone are a group, and groups are told apart by tests."""

import math
from collections.abc import Mapping, Sequence
from statistics import fmean, stdev

import msgspec

from nnviz.collection.differences import differences
from nnviz.collection.results import At, Place, Result, is_counted, names, result
from nnviz.errors import InputError
from nnviz.logs.goals import is_lower_better
from nnviz.logs.logged_run import DIVERGED, STOPPED, LoggedRun
from nnviz.outside_text import excerpt, listed_names
from nnviz.scores.difference import Difference, holm, paired, welch

SEEDS = ("seed", "random_seed", "random_state", "manual_seed")
"""What settings are called that only say where chance starts, behind the last dot or stroke."""


class Compared(msgspec.Struct, frozen=True):
    """One run.

    group    the place of its group among all of them
    seed     None where its settings tell none
    results  by metric; None where it has none there
    """

    run: LoggedRun
    group: int
    seed: str | None
    results: Mapping[str, Result | None]

    @property
    def counts(self) -> bool:
        """Whether its results are part of its group's: not those of a run that diverged, or was not let to its end."""
        return self.run.state not in (DIVERGED, STOPPED)

    def value(self, metric: str) -> float | None:
        """Its result, as far as it counts."""
        found = self.results[metric]
        return found.value if found is not None and self.counts and is_counted(found.value) else None


class Spread(msgspec.Struct, frozen=True):
    """Numbers of several runs. `deviation` is that of a sample, with n − 1; None of one run."""

    n: int
    mean: float
    deviation: float | None
    lowest: float
    highest: float


class Group(msgspec.Struct, frozen=True):
    """Runs with the same settings but for the seed. `settings` are those in which groups differ."""

    runs: tuple[Compared, ...]
    settings: Mapping[str, str | None]
    spreads: Mapping[str, Spread | None]

    def values(self, metric: str) -> list[float]:
        """The results that count."""
        return [value for run in self.runs if (value := run.value(metric)) is not None]

    def by_seed(self, metric: str) -> dict[str | None, float]:
        """The same by seed."""
        return {run.seed: value for run in self.runs if (value := run.value(metric)) is not None}


class Judged(msgspec.Struct, frozen=True):
    """How far a group is from another one: places among all groups; `p` allows for all tests that were made."""

    group: int
    other: int
    difference: Difference
    p: float | None


class Comparison(msgspec.Struct, frozen=True):
    """Several runs.

    differences  the settings that differ, with their texts in each group; of the seed, those of its runs
    metrics      those that were compared
    main         the one that groups are told apart by: the first that is not the same in all runs
    judged       the best group beside each other one
    """

    place: Place
    groups: tuple[Group, ...]
    differences: Mapping[str, Sequence[str | None]]
    metrics: tuple[str, ...]
    main: str
    judged: tuple[Judged, ...]

    @property
    def runs(self) -> list[Compared]:
        """All runs, group by group."""
        return [run for group in self.groups for run in group.runs]


def compare(runs: Sequence[LoggedRun], place: Place = At.END, metric: str | None = None) -> Comparison:
    """Groups stand in the order of their first runs. Raises InputError for a metric that none of them has there."""
    found = names(runs, place)
    chosen = found if metric is None else [metric]
    rows = [{name: result(run, name, place) for name in chosen} for run in runs]
    if not any(value is not None for row in rows for value in row.values()):
        raise InputError(_nothing(found, metric, place))
    by_group: dict[object, list[int]] = {}
    for number, run in enumerate(runs):
        by_group.setdefault(_settings_but_seed(run) or number, []).append(number)
    differing = differences([runs[members[0]].settings for members in by_group.values()])
    own = {name: texts for name, texts in differing.items() if not is_seed(name)}
    groups = []
    for number, members in enumerate(by_group.values()):
        compared = tuple(Compared(runs[one], number, _seed(runs[one]), rows[one]) for one in members)
        settings = {name: texts[number] for name, texts in own.items()}
        spreads = {name: spread([v for run in compared if (v := run.value(name)) is not None]) for name in chosen}
        groups.append(Group(compared, settings, spreads))
    main = next((name for name in chosen if _tells_apart(groups, name)), chosen[0])
    return Comparison(place, tuple(groups), own | _seeds(groups), tuple(chosen), main, _judged(groups, main))


def _tells_apart(groups: Sequence[Group], metric: str) -> bool:
    """Whether several groups have a metric, and not the same in all runs."""
    found = [values for group in groups if (values := group.values(metric))]
    return len(found) > 1 and len({value for values in found for value in values}) > 1


def _nothing(found: Sequence[str], metric: str | None, place: Place) -> str:
    where = "there" if isinstance(place, At) else "at that step; none came so far, or nothing was measured by then"
    if metric is None:
        return f"the runs have no values {where}"
    return f"--metric: no run has {excerpt(metric)} {where}" + (f"; there are {listed_names(found)}" if found else "")


def is_seed(name: str) -> bool:
    """Whether a setting only says where chance starts."""
    return name.replace("/", ".").rpartition(".")[2].lower() in SEEDS


def _seed(run: LoggedRun) -> str | None:
    return next((text for name, text in run.settings.items() if is_seed(name)), None)


def _settings_but_seed(run: LoggedRun) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((name, text) for name, text in run.settings.items() if not is_seed(name)))


def _seeds(groups: Sequence[Group]) -> dict[str, list[str | None]]:
    """The seeds of each group's runs, where there is more than one in all, by the name of that setting."""
    runs = [run for group in groups for run in group.runs]
    if len({run.seed for run in runs}) < 2:
        return {}
    name = next(name for run in runs for name in run.run.settings if is_seed(name))
    return {name: [", ".join(run.seed or "none" for run in group.runs) for group in groups]}


def spread(values: Sequence[float]) -> Spread | None:
    """None of no numbers."""
    if not values:
        return None
    deviation = stdev(values) if len(values) > 1 else None
    return Spread(len(values), fmean(values), deviation, min(values), max(values))


def _judged(groups: Sequence[Group], metric: str) -> tuple[Judged, ...]:
    """The group with the best mean beside each of the others; the first one, where nobody knows what is better."""
    places = [place for place, group in enumerate(groups) if group.spreads[metric] is not None]
    if len(places) < 2:
        return ()
    first = best_first([groups[place].spreads[metric] for place in places], metric)[0]
    best = places[first]
    others = [place for place in places if place != best]
    found = [difference(groups[best], groups[other], metric) for other in others]
    held = iter(holm([one.verdict.p for one in found if one.verdict is not None]))
    return tuple(
        Judged(best, other, one, next(held) if one.verdict else None) for other, one in zip(others, found, strict=True)
    )


def best_first(spreads: Sequence[Spread | None], metric: str) -> list[int]:
    """The places of groups by their means, the best first; as they are, where nobody knows what is better."""
    lower = is_lower_better(metric)
    sign = 0 if lower is None else 1 if lower else -1
    return sorted(range(len(spreads)), key=lambda place: _key(spreads[place], sign))


def _key(found: Spread | None, sign: int) -> float:
    return math.inf if found is None else sign * found.mean


def difference(group: Group, other: Group, metric: str) -> Difference:
    """Run by run where both have the same seeds, each once; else by their means alone."""
    ours, theirs = group.by_seed(metric), other.by_seed(metric)
    first, second = group.values(metric), other.values(metric)
    if ours.keys() == theirs.keys() and len(ours) == len(first) == len(second) and None not in ours:
        return paired(list(ours.values()), [theirs[seed] for seed in ours])
    return welch(first, second)
