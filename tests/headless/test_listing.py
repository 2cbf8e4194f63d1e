"""`nnviz runs`: every run of every tool, with true numbers, as text and as JSON."""

import json
import shutil
from pathlib import Path

import pytest

from nnviz.collection.main_curve import main_curve
from nnviz.headless.listing import plain, print_runs
from nnviz.runs.claim import Claim
from tests.hostile_text import HOSTILE, is_whole
from tests.logs.reading import made, read

LINES = '{"step": 1, "loss": 0.5, "val_loss": 0.75}\n{"step": 2, "loss": NaN, "val_loss": 0.25}\n'
LATER = '{"step": 3, "loss": 0.25, "val_loss": 0.5}\n'


def text_of(place: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    print_runs(place, as_json=False)
    return capsys.readouterr().out.splitlines()


def test_runs_of_several_tools_are_a_row_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for tool in ("keras", "wandb", "transformers"):
        shutil.copytree(made(tool), tmp_path / tool)
    (tmp_path / "mine.jsonl").write_text(LINES + LATER)
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "events.out.tfevents.1.a").touch()
    lines = text_of(tmp_path, capsys)
    rows = {line.split()[0]: line.split()[1:] for line in lines[1:6]}
    assert " ".join(rows["keras/training.csv"]) == "Keras unknown epoch 19 3 val_loss 0.02632 0.02632 epoch 18"
    assert " ".join(rows["mine.jsonl"]) == "JSONL unknown step 3 2 val_loss 0.5000 0.2500 step 2"
    assert " ".join(rows["new"]) == "TensorBoard unknown nothing yet 0"
    assert " ".join(rows["transformers"]) == "Hugging Face unknown step 20 4 loss NaN 0.9993 step 9"
    assert lines[6:] == [
        "",
        "  transformers: 11 losses of 0 beside a grad_norm that is not finite, from step 10 on: the Trainer writes a "
        "NaN so; shown as NaN",
    ]


def test_of_a_single_run_the_curves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text(LINES + LATER + LINES.splitlines()[1] + "\n" + '{"step": 3, "lo')
    lines = text_of(path, capsys)
    assert lines[0] == "mine.jsonl · JSONL · unknown"
    assert lines[3].split() == ["val_loss", "validation", "2", "0.2500", "0.2500", "step", "2", "0.2500", "0.7500"]
    assert lines[4].split() == ["loss", "2", "NaN", "0.5000", "step", "1", "0.5000", "0.5000", "NaN"]
    assert lines[6:] == [
        "  mine.jsonl: its last line has no end yet, and is waited for",
        "  mine.jsonl: began again 1 time at a lower step; what was written last is shown",
    ]


def test_json_has_every_number(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.jsonl").write_text(LINES)
    (tmp_path / "bad.wandb").write_bytes(b"something else")
    print_runs(tmp_path, as_json=True)
    told = json.loads(capsys.readouterr().out)
    (run,) = [run for run in told["runs"] if run["series"]]
    assert run["by"] == "JSONL"
    assert run["series"][0] == {
        "name": "loss",
        "metric": "loss",
        "split": None,
        "axis": "step",
        "values": 2,
        "attempts": 1,
        "not_finite": ["NaN"],
        "last": {"step": 2, "value": "NaN"},
        "best": {"step": 1, "value": 0.5},
        "lowest": {"step": 1, "value": 0.5},
        "highest": {"step": 1, "value": 0.5},
    }
    assert [fault.split(": ")[0] for fault in told["faults"]] == [str(tmp_path / "bad.wandb")]


def test_what_nnviz_trained_is_listed_with_how_it_ended(nnviz, trained, tmp_path: Path) -> None:
    run = Path(trained["run"])
    (told,) = json.loads(nnviz("runs", run.parent, "--json").stdout)["runs"]
    assert (told["name"], told["by"], told["state"]) == (run.name, "nnviz", "finished")
    assert told["settings"]["network.layers"] == "dense 8 relu"
    records = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    losses = [record["loss"] for record in records if record["split"] == "validation"]
    curves = {series["name"]: series for series in told["series"]}
    assert curves["validation/loss"]["last"]["value"] == losses[-1]
    assert curves["validation/loss"]["best"]["value"] == min(losses)
    # One that was begun and has no result.
    shutil.copytree(run, tmp_path / "runs" / "begun", ignore=shutil.ignore_patterns("result.json"))
    lines = nnviz("runs").stdout.splitlines()
    assert lines[0].split(" · ")[1:] == ["nnviz", "unfinished"]
    claim = Claim.again(tmp_path / "runs" / "begun")
    assert nnviz("runs").stdout.splitlines()[0].split(" · ")[1:] == ["nnviz", "running"]
    claim.release()
    assert nnviz("runs", "nowhere").stderr == (
        "nnviz: nowhere: nothing is there; name a folder that a trainer logs to\n"
    )


def test_the_curve_that_tells_most_stands_for_its_run(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    for names, main in (
        ("lr,box_loss,val_loss,loss,acc", "val_loss"),
        ("lr,acc,train_loss", "train_loss"),
        ("lr,train_acc,val_acc", "val_acc"),
        ("lr,odd", "lr"),
    ):
        path.write_text(f"step,{names}\n1" + ",1" * len(names.split(",")) + "\n")
        (run,) = read(path).runs
        curve = main_curve(run)
        assert curve is not None
        assert curve.name == main


def test_hostile_names_move_no_cursor(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number, text in enumerate(HOSTILE.values()):
        record = {"step": 1, text: 0.5, "loss": 1}
        (tmp_path / f"{number}.jsonl").write_text(json.dumps(record) + "\n")
    for place in (tmp_path, *sorted(tmp_path.iterdir())):
        assert all(is_whole(line) for line in text_of(place, capsys))
    assert len(plain(tmp_path, read(tmp_path))["runs"]) == len(HOSTILE)


def test_of_a_log_nnviz_run_shows_the_curves(nnviz, tmp_path: Path) -> None:
    shutil.copytree(made("lightning"), tmp_path / "lightning")
    assert nnviz("run", tmp_path).stdout == nnviz("runs", tmp_path).stdout
