"""Logs of all formats in one tree of folders: all found, each once, none lost for the fault of another."""

import os
import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from nnviz.errors import InputError
from nnviz.logs.logs import Logs, logs_of
from tests.logs.events import curve
from tests.logs.reading import curves, database, made, read

TREE = ("torch", "tensorboard", "wandb", "lightning", "keras", "transformers")
RUNS = 38


def plant(root: Path) -> None:
    """300 runs of mixed formats."""
    made_once = root.parent / "databases"
    made_once.mkdir()
    databases = [database(tool, made_once) for tool in ("trackio", "mlflow-skinny")]
    for number in range(RUNS):
        place = root / f"project {number % 5}" / f"{number:03}"
        for tool in TREE:
            shutil.copytree(made(tool), place / tool, ignore=shutil.ignore_patterns("hparams"))
        (place / "metrics.jsonl").write_text('{"step": 1, "loss": 0.5}\n')
        (place / "notes.txt").write_text("not a log\n")
        (place / "data.csv").write_text("width,height\n1,2\n")
        for path in databases if number < 17 else ():
            shutil.copyfile(path, place / path.name)


def test_300_runs_of_mixed_formats_in_one_list(tmp_path: Path) -> None:
    root = tmp_path / "runs"
    plant(root)
    logs = logs_of(root)
    assert Counter(run.kind for run in logs.runs) == {
        "TensorBoard": 2 * RUNS,
        "W&B": RUNS,
        "Lightning": RUNS,
        "Keras": RUNS,
        "Hugging Face": RUNS,
        "JSONL": RUNS,
        "trackio": 17,
        "MLflow": 17,
    }
    assert len(logs.runs) == 300
    assert len({run.name for run in logs.runs}) == 300
    assert logs.faults == []
    before = curves(logs.runs)
    logs.read()
    assert curves(logs.runs) == before


def test_one_that_cannot_be_read_takes_no_other_with_it(tmp_path: Path) -> None:
    shutil.copytree(made("keras"), tmp_path / "good")
    (tmp_path / "bad.wandb").write_bytes(b"something else")
    logs = read(tmp_path)
    assert "training.csv" in "".join(run.name for run in logs.runs if run.series)
    assert [fault.split(": ")[0] for fault in logs.faults] == [str(tmp_path / "bad.wandb")]


def test_runs_that_begin_and_go_are_seen(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "events.out.tfevents.1.a").write_bytes(curve("loss", [1], [2]))
    logs = logs_of(tmp_path)
    assert [run.name for run in logs.runs] == ["a"]
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "metrics.csv").write_text("step,lo")
    logs.read()
    assert [run.name for run in logs.runs] == ["a"]
    (tmp_path / "b" / "metrics.csv").write_text("step,loss\n1,2\n")
    logs.read()
    assert [run.name for run in logs.runs] == ["a", "b/metrics.csv"]
    shutil.rmtree(tmp_path / "a")
    logs.read()
    assert [run.name for run in logs.runs] == ["b/metrics.csv"]


@pytest.mark.parametrize("name", ["nothing here", "empty"])
def test_a_place_without_logs_is_told_in_one_line(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError) as refused:
        logs_of(tmp_path / name)
    assert str(refused.value).startswith(f"{tmp_path / name}: ")
    assert "\n" not in str(refused.value)


def test_a_database_that_gets_its_tables_while_somebody_looks_becomes_a_log(tmp_path: Path) -> None:
    path = tmp_path / "runs" / "p.db"
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE alembic_version (number)")
    logs = read(path.parent)
    assert logs.runs == []
    path.write_bytes(database("mlflow-skinny", tmp_path).read_bytes())
    logs.read()
    assert [run.kind for run in logs.runs] == ["MLflow"]


def test_what_nobody_wrote_to_is_not_read_again(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"step": 1, "loss": 0.5}\n')
    os.utime(path, (1, 1))
    logs = Logs(tmp_path)
    assert len(list(logs.reading())) == 1
    assert not list(logs.reading())
    with path.open("a") as file:
        file.write('{"step": 2, "loss": 0.25}\n')
    os.utime(path, (2, 2))
    assert len(list(logs.reading())) == 1
    assert logs.runs[0].curves[0].latest == (2, 0.25)


def test_whoever_stops_in_the_middle_of_a_log_goes_on_from_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nnviz.logs.tensorboard.PIECE", 400)
    (tmp_path / "events.out.tfevents.1.a").write_bytes(curve("loss", range(100), range(100)))
    logs = Logs(tmp_path)
    reading = logs.reading()
    for _ in range(3):
        next(reading)
    reading.close()
    assert 0 < logs.runs[0].series[0].total < 100
    logs.read()
    (series,) = logs.runs[0].series
    assert series.points["mean"].tolist() == list(range(100))
