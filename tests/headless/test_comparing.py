"""`nnviz compare`: what differs, what came out, and what chance has to say, of written runs whose numbers are known."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, stdev

import pytest
from rich.cells import cell_len

from nnviz.headless.comparing import letters
from tests.headless.command import Command, in_this_process
from tests.hostile_text import HOSTILE, is_whole
from tests.logs.reading import made

RATES = {0.01: (0.80, 0.82, 0.81, 0.85), 0.1: (0.90, 0.91, 0.93, 0.94)}


@pytest.fixture
def nnviz(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    monkeypatch.chdir(tmp_path)
    return in_this_process(monkeypatch, capfd)


def write_run(
    place: Path, rate: float, seed: int, accuracies: Sequence[float], ended: str | None = "epochs", network: str = "a"
) -> None:
    """A run directory as nnviz leaves it: evaluations of every tenth step."""
    place.mkdir(parents=True)
    toml = f"[network]\nlayers = {json.dumps(network)}\n[training]\nlearning_rate = {rate}\nseed = {seed}\n"
    (place / "experiment.toml").write_text(toml)
    lines = [
        {"step": 10 * k, "epoch": k, "split": "validation", "loss": 1 - accuracy, "accuracy": accuracy}
        for k, accuracy in enumerate(accuracies, 1)
    ]
    (place / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    if ended:
        score = {"loss": 1 - accuracies[-1], "accuracy": accuracies[-1]}
        (place / "result.json").write_text(json.dumps({"stopped_by": ended, "validation": score, "train": None}))


def write_two(place: Path) -> None:
    for rate, accuracies in RATES.items():
        for seed, accuracy in enumerate(accuracies):
            write_run(place / f"{rate}-{seed}", rate, seed, [0.5, 0.99, accuracy])


def test_runs_that_differ_in_the_seed_are_one_setting(nnviz: Command, tmp_path: Path) -> None:
    write_two(tmp_path / "runs")
    code, said, errors = nnviz("compare", "runs", "--json")
    assert (code, errors) == (0, "")
    told = json.loads(said)
    assert told["settings"] == {"training.learning_rate": ["0.01", "0.1"], "training.seed": ["0, 1, 2, 3"] * 2}
    assert told["metrics"] == ["validation/accuracy", "validation/loss"]
    for group, accuracies in zip(told["groups"], RATES.values(), strict=True):
        found = group["results"]["validation/accuracy"]
        assert found["n"] == 4
        assert (found["mean"], found["deviation"]) == pytest.approx((mean(accuracies), stdev(accuracies)))
    (test,) = told["tests"]
    assert (test["group"], test["other"], test["test"]) == ("B", "A", "paired t test")
    gains = [b - a for a, b in zip(*RATES.values(), strict=True)]
    assert test["t"] == pytest.approx(mean(gains) / (stdev(gains) / 2))
    # Of 3 degrees of freedom there is a closed form.
    angle = math.atan(test["t"] / math.sqrt(3))
    p = 1 - 2 / math.pi * (angle + math.sin(angle) * math.cos(angle))
    assert (test["degrees_of_freedom"], test["p"]) == (3, pytest.approx(p))


def test_other_seeds_are_compared_by_their_means(nnviz: Command, tmp_path: Path) -> None:
    write_two(tmp_path / "runs")
    text = (tmp_path / "runs/0.1-3/experiment.toml").read_text()
    (tmp_path / "runs/0.1-3/experiment.toml").write_text(text.replace("seed = 3", "seed = 4"))
    (test,) = json.loads(nnviz("compare", "runs", "--json")[1])["tests"]
    assert test["test"] == "Welch's t test"
    squares = [stdev(accuracies) ** 2 / 4 for accuracies in RATES.values()]
    assert test["degrees_of_freedom"] == pytest.approx(sum(squares) ** 2 / sum(s**2 / 3 for s in squares))


@pytest.mark.parametrize(
    ("at", "value", "step"), [("20", 0.99, 20), ("29", 0.99, 20), ("best", 0.99, 20), ("end", 0.80, None)]
)
def test_a_value_is_of_the_step_that_was_asked_for(
    nnviz: Command, tmp_path: Path, at: str, value: float, step: int | None
) -> None:
    write_two(tmp_path / "runs")
    options = ["compare", "runs/0.01-0", "runs/0.1-0", "--metric", "validation/accuracy", "--at-step", at]
    first = json.loads(nnviz(*options, "--json")[1])["groups"][0]["runs"][0]
    assert first["results"]["validation/accuracy"] == {"value": value, "step": step}


def test_what_diverged_is_told_and_not_counted(nnviz: Command, tmp_path: Path) -> None:
    write_two(tmp_path / "runs")
    write_run(tmp_path / "runs/0.1-9", 0.1, 9, [0.1], ended="diverged")
    write_run(tmp_path / "runs/0.1-99", 0.1, 99, [0.92], ended=None)
    told = json.loads(nnviz("compare", "runs", "--json")[1])
    assert told["groups"][1]["results"]["validation/accuracy"]["n"] == 5
    said = nnviz("compare", "runs")[1]
    assert "0.1-9: diverged, and not part of a mean" in said
    assert "0.1-99: did not come to its end" in said
    assert "(5 of 6)" in said


def test_one_run_says_nothing_about_chance(nnviz: Command, tmp_path: Path) -> None:
    write_two(tmp_path / "runs")
    said = nnviz("compare", "runs/0.01-0", "runs/0.1-0", "runs/0.1-0")[1]
    assert "B − A = +0.100 (no test: one run of a setting says nothing about chance" in " ".join(said.split())
    write_run(tmp_path / "same/a", 0.01, 0, [0.5])
    write_run(tmp_path / "same/b", 0.01, 1, [0.5])
    write_run(tmp_path / "same/c", 0.1, 0, [0.75])
    write_run(tmp_path / "same/d", 0.1, 1, [0.75])
    said = " ".join(nnviz("compare", "same")[1].split())
    assert "B − A = +0.250 (no test: it is the same in every pair, 2 a side" in said
    assert "NaN" not in said


def test_several_settings_are_held_to_all_comparisons(nnviz: Command, tmp_path: Path) -> None:
    write_two(tmp_path / "runs")
    for seed, accuracy in enumerate((0.89, 0.92, 0.93, 0.93)):
        write_run(tmp_path / "runs" / f"net-{seed}", 0.1, seed, [accuracy], network="b")
    tests = json.loads(nnviz("compare", "runs", "--json")[1])["tests"]
    assert [(test["group"], test["other"]) for test in tests] == [("B", "A"), ("B", "C")]
    assert tests[0]["p_holm"] == pytest.approx(2 * tests[0]["p"])
    assert tests[1]["p_holm"] == tests[1]["p"]


def test_logs_of_others_stand_for_themselves(nnviz: Command, tmp_path: Path) -> None:
    write_run(tmp_path / "mine", 0.1, 0, [0.9])
    # The last val_loss that Keras wrote is 0.02632 to four digits, that of the run 0.1.
    code, said, errors = nnviz("compare", made("keras"), "mine", made("torch"))
    assert (code, errors) == (0, "")
    said = " ".join(said.split())
    assert "training.csv, torch-2.13.0+cpu and hparams: the log tells no settings" in said
    assert "A − B = −0.0737 (no test: one run of a setting says nothing about chance" in said


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["runs/0.1-0"], "runs/0.1-0: a single run, and there is nothing to compare it with"),
        (["runs", "--metric", "nonesuch"], "--metric: no run has nonesuch there; there are validation/accuracy"),
        (["runs", "--at-step", "31"], "the runs have no values at that step; none came so far"),
        (["runs", "--at-step", "e3"], "--at-step: 'e3' is no step, as in 500, and none of end and best"),
        (["nowhere", "runs"], "nowhere: nothing is there"),
    ],
)
def test_what_cannot_be_compared_is_told_in_one_line(
    nnviz: Command, tmp_path: Path, arguments: list[str], told: str
) -> None:
    write_two(tmp_path / "runs")
    code, said, errors = nnviz("compare", *arguments)
    assert (code, said, errors.count("\n")) == (2, "", 1)
    assert told in errors


@pytest.mark.parametrize("kind", ["C0", "sequences", "turned", "wide", "markup", "long"])
def test_hostile_settings_and_many_metrics_stay_on_their_lines(nnviz: Command, tmp_path: Path, kind: str) -> None:
    hostile = HOSTILE[kind].replace("\0", "")
    for name, text in (("a", hostile), ("b", "plain")):
        write_run(tmp_path / "runs" / name, 0.1, 0, [0.9], network=text.replace("\x7f", ""))
        line = {"step": 5, **{f"validation/loss{k}": 0.5 for k in range(12)}}
        with (tmp_path / "runs" / name / "metrics.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")
    code, said, _ = nnviz("compare", "runs")
    assert code == 0
    assert all(is_whole(line) and cell_len(line) <= 80 for line in said.splitlines())


def test_letters() -> None:
    assert letters(2) == ["A", "B"]
    assert letters(54)[25:] == ["Z", *(f"{c}2" for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"), "A3", "B3"]
