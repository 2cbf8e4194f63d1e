"""Whether a difference between groups of runs is more than chance, in plain words."""

from collections.abc import Iterator, Sequence
from textwrap import wrap

from nnviz.collection.comparison import Comparison, Group, Judged
from nnviz.logs.goals import is_lower_better
from nnviz.outside_text import printable
from nnviz.scores.difference import LEVEL, Test, Verdict, Why
from nnviz.wording import count, integer, number, percent, signed, trimmed

DIGITS = 3
ABOUT_P = (
    "p is how often chance alone would bring a difference at least as large, if the settings made none. It is not how "
    "likely they are to make none, and a small p does not make a difference large, or worth its cost."
)


def chance(comparison: Comparison, names: Sequence[str], columns: int) -> Iterator[str]:
    """Lines about each pair of groups that was judged; nothing where there is a single one."""
    if not comparison.judged:
        is_one = len(comparison.groups) == 1
        why = "all of them have the same settings" if is_one else "there is no metric that several settings have"
        yield from _wrapped(f"Nothing to tell apart: {why}.", columns)
        return
    metric = comparison.main
    lower = is_lower_better(metric)
    better = "" if lower is None else f", of which {'less' if lower else 'more'} is better"
    yield f"Is it more than chance? {printable(metric)}{better}"
    for judged in comparison.judged:
        yield ""
        for line in _judged(judged, comparison, names):
            yield from _wrapped(line, columns)
    yield ""
    tested = [one for one in comparison.judged if one.difference.verdict is not None]
    if len(tested) > 1:
        words = (
            f"The best of several looks better than it is: of {count(len(tested), 'comparison')}, each p held to all "
            "is what it takes so that chance brings one below 0.05 in one of twenty such tables (Holm's method)."
        )
        yield from _wrapped(words, columns)
    if tested:
        yield from _wrapped(ABOUT_P, columns)


def _wrapped(text: str, columns: int) -> list[str]:
    return wrap(text, columns - 2, initial_indent="  ", subsequent_indent="  ")


def _judged(judged: Judged, comparison: Comparison, names: Sequence[str]) -> Iterator[str]:
    difference, verdict = judged.difference, judged.difference.verdict
    both = f"{names[judged.group]} − {names[judged.other]} = {signed(difference.mean, DIGITS)}"
    groups = comparison.groups[judged.group], comparison.groups[judged.other]
    if verdict is None or judged.p is None:
        yield f"{both} {_untested(judged, groups, comparison.main)}"
        return
    low, high = (signed(end, DIGITS) for end in verdict.interval)
    yield f"{both}, 95% interval from {low} to {high}"
    held = "" if judged.p == verdict.p else f", held to all comparisons {number(judged.p, DIGITS)}"
    yield (
        f"{_test(verdict, groups, comparison.main)}: t = {number(verdict.t, DIGITS)}, "
        f"{trimmed(verdict.freedom, DIGITS)} degrees of freedom, p = {number(verdict.p, DIGITS)}{held}"
    )
    yield _meaning(judged.p, judged.p == verdict.p)


def _test(verdict: Verdict, groups: tuple[Group, Group], metric: str) -> str:
    first, second = (len(group.values(metric)) for group in groups)
    if verdict.test is Test.PAIRED:
        return f"{verdict.test.value}, seed by seed, {count(first, 'pair')}"
    return f"{verdict.test.value}, {integer(first)} and {count(second, 'run')}"


def _meaning(p: float, is_alone: bool) -> str:
    """What p says; of one that is held to several tests, not how often chance brings the difference."""
    often = f": chance alone would bring it in {percent(p)} of such comparisons" if is_alone else ""
    if p < LEVEL:
        return f"More than chance by the usual 5%{often}."
    return f"May well be chance{often}. That does not show that the settings make no difference: more seeds would tell."


def _untested(judged: Judged, groups: tuple[Group, Group], metric: str) -> str:
    if judged.difference.why is Why.ONE_RUN:
        return "(no test: one run of a setting says nothing about chance; train each with several seeds)"
    runs = min(len(group.values(metric)) for group in groups)
    same = "in every pair" if groups[0].by_seed(metric).keys() == groups[1].by_seed(metric).keys() else "in all runs"
    return f"(no test: it is the same {same}, {integer(runs)} a side, so there is no spread to hold it against)"
