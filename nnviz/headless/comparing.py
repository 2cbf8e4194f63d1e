"""`nnviz compare`: runs beside each other, as numbers for another program and as text for people."""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from string import ascii_uppercase
from textwrap import wrap
from typing import Any

from nnviz.collection.comparison import Compared, Comparison, Group, compare, is_seed
from nnviz.collection.results import At, Place, Result, is_counted
from nnviz.errors import InputError
from nnviz.headless.chance_words import chance
from nnviz.headless.console import json_result, note, result, width
from nnviz.headless.group_table import DIGITS, group_rows, heads, in_parts, label, told
from nnviz.logs.logged_run import DIVERGED, FINISHED, STOPPED, UNKNOWN, LoggedRun
from nnviz.logs.logs import logs_of
from nnviz.outside_text import cut, excerpt, printable, shown_names
from nnviz.wording import count, integer, listed, number

NAME = 40
LISTED = 8
NARROWEST = 40
PLACES = {place.value: place for place in At}


def place_of(text: str | None) -> Place:
    """What was given as --at-step. Raises InputError."""
    if text is None:
        return At.END
    word = text.strip().lower()
    if word in PLACES:
        return PLACES[word]
    digits = word.replace(",", "").replace("_", "")
    if not (digits.isascii() and digits.isdecimal()):
        raise InputError(f"--at-step: '{excerpt(text)}' is no step, as in 500, and none of {listed([*PLACES])}")
    return float(digits)


def compared(places: Sequence[Path], at_step: str | None = None, metric: str | None = None) -> Comparison:
    """All runs at those places, beside each other.

    Raises InputError if there is none at one of them, or a single one in all, or none has the metric.
    """
    place = place_of(at_step)
    # One that is named twice is still one; a file may tell of several.
    found: dict[tuple[Path, int], LoggedRun] = {}
    for where in places:
        logs = logs_of(where)
        for fault in logs.faults:
            note(fault)
        of_source: Counter[Path] = Counter()
        for run in logs.runs:
            source = run.source.resolve()
            found.setdefault((source, of_source[source]), run)
            of_source[source] += 1
    if len(found) < 2:
        raise InputError(f"{places[0]}: a single run, and there is nothing to compare it with; name another one")
    return compare(list(found.values()), place, metric)


def print_json(comparison: Comparison) -> None:
    """All of it as one JSON object."""
    names = dict(enumerate(letters(len(comparison.groups))))
    judged = [
        {
            "metric": comparison.main,
            "group": names[one.group],
            "other": names[one.other],
            "difference": one.difference.mean,
            "test": verdict.test.value if (verdict := one.difference.verdict) else None,
            "interval": list(verdict.interval) if verdict else None,
            "t": verdict.t if verdict else None,
            "degrees_of_freedom": verdict.freedom if verdict else None,
            "p": verdict.p if verdict else None,
            "p_holm": one.p,
            "untested": one.difference.why.value if one.difference.why else None,
        }
        for one in comparison.judged
    ]
    json_result(
        {
            "at": comparison.place.value if isinstance(comparison.place, At) else comparison.place,
            "settings": comparison.differences,
            "metrics": comparison.metrics,
            "groups": [_plain_group(names[place], group) for place, group in enumerate(comparison.groups)],
            "tests": judged,
        }
    )


def _plain_group(name: str, group: Group) -> dict[str, Any]:
    fields = ("n", "mean", "deviation", "lowest", "highest")
    return {
        "name": name,
        "settings": group.settings,
        "results": {
            metric: found and {field: getattr(found, field) for field in fields}
            for metric, found in group.spreads.items()
        },
        "runs": [
            {
                "name": one.run.name,
                "source": str(one.run.source),
                "by": one.run.kind,
                "state": one.run.state,
                "seed": one.seed,
                "counts": one.counts,
                "results": {metric: found and found._asdict() for metric, found in one.results.items()},
            }
            for one in group.runs
        ],
    }


def letters(many: int) -> list[str]:
    """A, B, …, Z, A2, B2, …"""
    rounds = (many - 1) // len(ascii_uppercase) + 1
    return [f"{letter}{turn or ''}" for turn in (0, *range(2, rounds + 1)) for letter in ascii_uppercase][:many]


def print_report(comparison: Comparison) -> None:
    """The same for people."""
    result("\n".join(_report(comparison, max(width(sys.stdout), NARROWEST))).rstrip())


def _report(comparison: Comparison, columns: int) -> Iterator[str]:
    names = letters(len(comparison.groups))
    yield f"{count(len(comparison.runs), 'run')} of {count(len(comparison.groups), 'setting')}, {_where(comparison)}"
    yield ""
    yield _run_table(comparison, names, columns)
    yield ""
    yield from _settings(comparison, names, columns)
    yield ""
    if len(comparison.groups) < len(comparison.runs):
        yield "each setting: mean ± standard deviation of its runs (n − 1)"
        labels = [f"{name}  {label(g.settings)}" for name, g in zip(names, comparison.groups, strict=True)]
        rows = [group_rows(group, comparison.metrics) for group in comparison.groups]
        splits, metrics = heads(comparison.metrics)
        yield in_parts([["", *splits], ["runs", *metrics], *rows], ["", "", *labels], columns)
        yield ""
    for line in (remarks := list(_remarks(comparison))):
        yield from wrap(line, columns - 2, initial_indent="  ", subsequent_indent="    ")
    if remarks:
        yield ""
    yield from chance(comparison, names, columns)


def _where(comparison: Comparison) -> str:
    match comparison.place:
        case At.END:
            return "with what each came to in the end"
        case At.BEST:
            return "with the best value of each curve"
        case place:
            return f"as each was at {comparison.runs[0].run.axis} {integer(int(place))}"


def _run_table(comparison: Comparison, names: Sequence[str], columns: int) -> str:
    shown = shown_names(tuple(one.run.name for one in comparison.runs))
    labels = [f"{names[one.group]}  {cut(name, NAME)}" for one, name in zip(comparison.runs, shown, strict=True)]
    rows = [[one.run.state, *(_cell(one.results[metric]) for metric in comparison.metrics)] for one in comparison.runs]
    splits, metrics = heads(comparison.metrics)
    return in_parts([["", *splits], ["", *metrics], *rows], ["", "", *labels], columns)


def _cell(found: Result | None) -> str:
    return "none" if found is None else number(found.value, DIGITS)


def _settings(comparison: Comparison, names: Sequence[str], columns: int) -> Iterator[str]:
    if not any(one.run.settings for one in comparison.runs):
        yield "  None of these logs tells its settings, so each run stands for itself."
        return
    if not comparison.differences:
        yield "  The settings are the same in all that tell theirs."
        return
    yield "settings that differ"
    for name, texts in comparison.differences.items():
        by_text: dict[str | None, list[str]] = {}
        for letter, text in zip(names, texts, strict=True):
            by_text.setdefault(text, []).append(letter)
        everywhere = len(by_text) == 1 and len(names) > 1
        parts = [
            told(text) + (" in each" if everywhere else "")
            if everywhere or len(names) == 1
            else f"{', '.join(groups)}: {told(text)}"
            for text, groups in by_text.items()
        ]
        line = f"{printable(name)}  {' · '.join(parts)}"
        yield from wrap(line, columns - 2, initial_indent="  ", subsequent_indent="      ")


def _remarks(comparison: Comparison) -> Iterator[str]:
    """What has to be said of runs, so that nobody takes the numbers for more than they are."""
    runs = comparison.runs
    silent = [one for one in runs if not one.run.settings]
    if silent and len(silent) < len(runs):
        yield f"{_listed(silent)}: the log tells no settings, so it stands for itself"
    for state in (DIVERGED, STOPPED):
        if left_out := [one for one in runs if one.run.state == state]:
            yield f"{_listed(left_out)}: {state}, and not part of a mean"
    if early := [one for one in runs if one.counts and one.run.state not in (FINISHED, UNKNOWN)]:
        yield f"{_listed(early)}: did not come to its end; what it came to so far"
    main = comparison.main
    odd = [one for one in runs if (found := one.results[main]) is not None and not is_counted(found.value)]
    if odd := [one for one in odd if one.counts]:
        yield f"{_listed(odd)}: not a finite {printable(main)}, and not part of a mean"
    if isinstance(comparison.place, float):
        if short := [one for one in runs if one.results[main] is None]:
            yield f"{_listed(short)}: did not come so far, or has no {printable(main)} by then"
        steps = {found.step for one in runs if (found := one.results[main]) is not None and found.step is not None}
        if steps - {comparison.place}:
            told_steps = listed([integer(int(step)) for step in sorted(steps)], LISTED)
            yield f"of {printable(main)}, the last value by then is of {runs[0].run.axis} {told_steps}"
    if any(is_seed(name) for name in comparison.differences) and comparison.place is At.BEST:
        yield "the best value of a curve that goes up and down is a lucky one; what it came to in the end is none"


def _listed(runs: Sequence[Compared]) -> str:
    return listed([cut(printable(one.run.name), NAME) for one in runs], LISTED)
