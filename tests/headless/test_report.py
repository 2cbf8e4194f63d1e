"""The summary on stdout can be read without colours, whatever the run was like."""

import re

import msgspec
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from nnviz.frame.task import Task
from nnviz.headless.report import closing, confusion_table, loss_curve, nice_ticks
from nnviz.runs.result import Result
from nnviz.training.evaluation import Assessment, Score
from nnviz.training.history import History


def history(training, validation=()):
    told = History()
    for loss in training:
        told.record_step(loss)
    for step, loss in validation:
        told.record_evaluation(step, 1, 0.0, Score(loss, 0.5))
    return told


CURVES = {
    "usual": history(np.linspace(2, 0.1, 300), [(100, 1.0), (200, 0.7), (300, 0.6)]),
    "one step": history([0.7]),
    "no step": history([]),
    "flat": history([0.5] * 40),
    "without validation": history([2, 1, 0.5]),
    "diverged": history([2, 1e30, float("inf"), float("nan")], [(2, float("inf"))]),
    "very long": history(np.linspace(5, 1, 5000)),
}


@pytest.mark.parametrize("name", CURVES)
@pytest.mark.parametrize("columns", [30, 80, 300])
def test_a_curve_fits_and_is_plain_text(name, columns):
    lines = loss_curve(CURVES[name], columns, colors=False).splitlines()
    assert all(len(line) <= min(columns, 100) for line in lines)
    assert not any("\x1b" in line for line in lines)
    assert len(lines) >= 15


def test_a_curve_shows_both_losses_on_a_readable_scale():
    curve = loss_curve(CURVES["usual"], 80, colors=False)
    assert re.search("[⠁-⣿]", curve), "training is drawn in braille"
    canvas = curve.split("\n", 1)[1]
    assert "•" in canvas
    assert re.findall(r"^ *([\d.]+)┤", curve, re.M) == ["1.5", "1.0", "0.5", "0.0"]
    assert curve.splitlines()[-1].split() == ["0", "50", "100", "150", "200", "250", "300"]


def test_each_mean_stands_in_the_middle_of_its_steps(monkeypatch):
    """Of 1,025 steps drawn 14 at a time, the last mean is that of steps 1,023 to 1,025."""
    drawn = []
    monkeypatch.setattr("nnviz.headless.report._finite", lambda steps, losses: drawn.append(steps) or [steps, losses])
    loss_curve(history(np.linspace(5, 1, 1025), [(1025, 1.0)]), 80, colors=False)
    training, validation = drawn
    assert (training[0], training[-1], validation[-1]) == (7.5, 1024, 1025)


def test_colours_are_there_where_they_are_wanted():
    assert "\x1b[" in loss_curve(CURVES["usual"], 80, colors=True)


@given(st.floats(-1e9, 1e9), st.floats(1e-9, 1e9))
def test_ticks_are_few_and_round(low, length):
    ticks = nice_ticks(low, low + length)
    assume(length > abs(low) * 1e-6)
    assert 2 <= len(ticks) <= 9
    step = (ticks[-1] - ticks[0]) / (len(ticks) - 1)
    assert np.diff(ticks) == pytest.approx(step, rel=1e-3)
    # 1, 2 or 5 and zeros; and each tick is a multiple of it.
    lead = step / 10.0 ** np.floor(np.log10(step * 1.01))
    assert min(abs(lead - round_one) for round_one in (1, 2, 5, 10)) < 0.01
    assert ticks == pytest.approx([round(tick / step) * step for tick in ticks], rel=1e-3, abs=step / 100)
    slack = 1e-9 * max(abs(low), abs(low + length))
    assert low - slack <= ticks[0] <= low + step + slack
    assert low + length - step - slack <= ticks[-1] <= low + length + slack


CONFUSION = np.array([[31, 2], [5, 1234]])


def assessment(confusion):
    return Assessment(Score(0.1, 0.9), np.zeros(1), np.zeros(1), confusion)


def test_a_confusion_table_names_its_rows_and_columns():
    text = confusion_table(assessment(CONFUSION), Task((2,), ("cat", "a very long name\x1b[2J")), "test")
    assert text.splitlines()[1:] == [
        "                  cat  a very long n…",
        "  cat              31               2",
        "  a very long n…    5           1,234",
    ]
    assert "\x1b" not in text


def test_of_very_many_classes_the_worst_confusions_are_told():
    names = tuple(f"c{i}" for i in range(40))
    confusion = np.diag(np.full(40, 9))
    confusion[3, 17], confusion[5, 0] = 4, 7
    told = confusion_table(assessment(confusion), Task((2,), names), "test").splitlines()
    assert [line.split() for line in told[1:]] == [
        ["c5", "taken", "for", "c0", "7"],
        ["c3", "taken", "for", "c17", "4"],
    ]


def test_numbers_to_predict_have_no_confusion_table():
    assert confusion_table(assessment(None), Task((2,), (), 1), "test") == ""


def test_the_closing_lines_bear_what_is_missing():
    result = {
        "run": "runs/x",
        "steps": 1234,
        "epochs": 2,
        "seconds": 0.0,
        "examples_per_second": None,
        "parameters": 7,
        "stopped_by": "diverged",
        "kept_step": 1200,
        "train": {"loss": None, "accuracy": 0.5},
        "validation": {"loss": 0.25, "accuracy": 0.6},
        "test": None,
        "accuracy_interval": {"train": None, "validation": [0.5, 0.7], "test": None},
        "commonest_class": {"train": {"class": "cat\x1b", "accuracy": 0.5}, "validation": None, "test": None},
    }
    assert closing(msgspec.convert(result, Result)).splitlines() == [
        "                    loss  accuracy    95% interval  commonest class",
        "  train       not finite     50.0%                       50.0% cat�",
        "  validation      0.2500     60.0%  50.0% to 70.0%",
        "",
        "1,234 steps, 2 epochs in 0.0 s; stopped by: diverged",
        "kept in runs/x",
    ]
