"""What a watched PyTorch training has left is read as one run, with curves of its layers."""

import json
from pathlib import Path

import pytest

from nnviz.headless.reporting import write_report
from nnviz.logs.logged_run import LoggedRun
from nnviz.logs.logs import logs_of
from nnviz.logs.recognising import is_log
from nnviz.logs.watched_metrics import layer_and_measure

LINES = """\
{"step":1,"train/loss":2.5}
{"step":1,"train/accuracy":0.25,"lr":0.1,"layers/a/b/gradient":0.5,"layers/fc/gradient":0.125}
{"step":2,"train/loss":"NaN"}
{"step":3,"train/lo"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir()
    (tmp_path / "run/metrics.jsonl").write_text(LINES)
    about = {"nnviz": "0.1.0", "name": "try", "began": 1.8e9, "settings": {"model": "Net", "optimizer.lr": 0.1}}
    (tmp_path / "run/watched.json").write_text(json.dumps(about))
    return tmp_path / "run"


def only_run(place: Path) -> LoggedRun:
    (run,) = logs_of(place).runs
    return run


def test_a_run_with_its_curves_and_what_was_trained(place: Path) -> None:
    run = only_run(place)
    assert is_log(place)
    assert (run.name, run.title, run.kind, run.state, run.started) == ("run", "try", "PyTorch", "unfinished", 1.8e9)
    assert run.settings == {"model": "Net", "optimizer.lr": "0.1"}
    assert {(series.metric, series.split, series.total) for series in run.curves} == {
        ("loss", "train", 2),
        ("accuracy", "train", 1),
        ("lr", "", 1),
        ("layers/a/b/gradient", "", 1),
        ("layers/fc/gradient", "", 1),
    }
    assert run.waiting


@pytest.mark.parametrize("about", ["", "[]", '{"settings": 3, "ended": ["x"], "began": "now"}'])
def test_of_a_damaged_account_the_curves_are_left(place: Path, about: str) -> None:
    (place / "watched.json").write_text(about)
    run = only_run(place)
    assert (run.state, run.settings, run.started) == ("unfinished", {}, None)
    assert len(run.curves) == 5


def test_layers_and_their_measures() -> None:
    assert layer_and_measure("layers/a/b/gradient") == ("a/b", "gradient")
    assert layer_and_measure("layers/gradient") is None
    assert layer_and_measure("loss") is None


def test_a_report_has_one_figure_for_each_measure(place: Path) -> None:
    write_report([place], place / "report.html")
    page = (place / "report.html").read_text()
    assert page.count("Size of the gradient of the weights, layer by layer") == 1
    assert page.count("a/b") > 0
