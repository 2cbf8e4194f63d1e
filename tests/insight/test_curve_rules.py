"""Rules that need curves alone: each finds what it is there for, and nothing in a run that went well."""

import math

import numpy as np
import pytest

from nnviz.array import Array
from nnviz.frame.series import Series
from nnviz.insight.health.curve_rules import RULES, diagnosis

STEPS = np.arange(200.0)
WELL = np.exp(-STEPS / 60) + 0.1
ZIGZAG = 1 + 0.8 * (-1.0) ** (STEPS // 7)
TURNING = np.concatenate([WELL[:40], np.linspace(WELL[40], 0.9, 160)])


def curve(values: Array, split: str = "train", name: str = "loss") -> Series:
    series = Series(name, name, split)
    series.extend(STEPS[: len(values)], values.astype(float))
    return series


def with_one(values: Array, place: int, value: float) -> Array:
    changed = values.copy()
    changed[place] = value
    return changed


@pytest.mark.parametrize(
    ("curves", "rules"),
    [
        ([curve(WELL), curve(WELL + 0.05, "validation")], []),
        ([curve(with_one(WELL, 150, math.nan))], [("diverging", 150)]),
        ([curve(with_one(WELL, 7, math.inf))], [("diverging", 7)]),
        ([curve(np.exp(STEPS / 50), "")], [("diverging", 0), ("loss-does-not-fall", 0)]),
        ([curve(np.ones(200))], [("loss-does-not-fall", 0)]),
        ([curve(ZIGZAG + np.where(STEPS < 25, 0.5, 0))], [("loss-oscillates", 100)]),
        ([curve(with_one(WELL, 120, 9.0))], [("loss-spikes", 120)]),
        ([curve(WELL), curve(TURNING, "validation")], [("over-fitting", 40)]),
        ([curve(TURNING), curve(TURNING, "validation")], []),
    ],
    ids=["well", "nan", "infinity", "grows", "flat", "oscillates", "spike", "over-fitting", "both turn"],
)
def test_each_rule_finds_what_it_is_for(curves: list[Series], rules: list[tuple[str, int]]) -> None:
    found = diagnosis(curves)
    assert [(alert.rule, alert.step) for alert in found.alerts] == rules
    assert {alert.rule for alert in found.alerts} | set(found.quiet) | {u.rule for u in found.unable} == set(RULES)


def test_what_cannot_be_told_is_said() -> None:
    none = diagnosis([curve(WELL, name="accuracy")])
    assert {unable.rule for unable in none.unable} == set(RULES)
    few = diagnosis([curve(WELL[:5])])
    assert few.quiet == ("diverging",)
    below = diagnosis([curve(WELL - 1)])
    assert "below 0" in below.unable[-2].reason
