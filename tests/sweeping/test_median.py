"""The median rule, by hand."""

import json
from pathlib import Path

import pytest

from nnviz.sweeping.median import MedianRule, is_hopeless, losses_of

# Running averages after epoch 2: 0.5, 0.7 and 0.9; after epoch 1: 0.6, 0.8 and 1.0.
COMPLETED = [{1: 0.6, 2: 0.4, 3: 0.1}, {1: 0.8, 2: 0.6, 3: 0.1}, {1: 1.0, 2: 0.8, 3: 0.1}]


@pytest.mark.parametrize(
    ("losses", "hopeless"),
    [
        ({1: 0.79}, False),
        ({1: 0.8}, False),
        ({1: 0.81}, True),
        ({1: 0.95, 2: 0.7}, False),
        ({1: 0.95, 2: 0.71}, True),
        # The best that it has had by then counts, and not the last.
        ({1: 0.65, 2: 5.0}, False),
        ({1: float("inf")}, True),
    ],
)
def test_worse_than_the_median_of_the_running_averages(losses: dict[int, float], hopeless: bool) -> None:
    assert is_hopeless(losses, COMPLETED) is hopeless


def test_with_few_completed_runs_nothing_is_hopeless() -> None:
    assert not is_hopeless({1: 9.0}, COMPLETED[:2])


def write(run: Path, losses: dict[int, float | None], stopped_by: str | None) -> None:
    run.mkdir()
    lines = [{"step": e, "epoch": e, "split": s, name: loss} for e, loss in losses.items()
             for s, name in (("train", "mean_step_loss"), ("validation", "loss"))]  # fmt: skip
    (run / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    if stopped_by:
        scores = {"loss": 0.1, "accuracy": None}
        result = {"steps": 1, "epochs": 1, "seconds": 1.0, "examples_per_second": None, "parameters": 1,
                  "stopped_by": stopped_by, "kept_step": 1, "train": scores}  # fmt: skip
        (run / "result.json").write_text(json.dumps(result))


def test_only_those_beside_it_that_came_to_their_end_count(tmp_path: Path) -> None:
    for number, losses in enumerate(COMPLETED):
        write(tmp_path / str(number), losses, "epochs")
    mine = tmp_path / "mine"
    write(mine, {1: 0.9}, None)
    assert MedianRule(mine).is_hopeless()
    for number, stopped_by in enumerate(("diverged", "interrupted", "median rule")):
        write(tmp_path / f"other-{number}", {1: 0.0}, stopped_by)
    (tmp_path / "0/result.json").unlink()
    assert not MedianRule(mine).is_hopeless(), "two are left that count"


def test_a_loss_that_is_not_finite_is_infinite(tmp_path: Path) -> None:
    write(tmp_path / "a", {1: 0.5, 2: None}, None)
    assert losses_of(tmp_path / "a") == {1: 0.5, 2: float("inf")}
    assert losses_of(tmp_path / "nowhere") == {}
