"""Tables of text and lines of JSON, as trainers and people write them."""

import json
from pathlib import Path

import pytest

from nnviz.errors import InputError
from nnviz.logs.logged_run import LoggedRun
from nnviz.logs.logs import logs_of
from tests.logs.reading import curves, read

YOLO_8_0 = """\
                  epoch,         train/box_loss,       metrics/mAP50(B),           val/box_loss,                 lr/pg0
                      1,                 1.2345,                0.51000,                 1.5000,                   0.01
                      2,                 1.1000,                0.62000,                 1.4000,                  0.005
"""
YOLO_8_4 = """\
epoch,time,train/box_loss,metrics/mAP50(B),val/box_loss,lr/pg0
1,12.5,1.2345,0.51,1.5,0.01
2,24.1,1.1,0.62,nan,0.005
"""


def found(path: Path, text: str) -> tuple[LoggedRun, dict[str, list[tuple[float, str]]]]:
    """The only run of a file with this text, and its curves."""
    path.write_text(text)
    (run,) = read(path).runs
    return run, {f"{name} {attempt}": own for (_, name, attempt), own in curves([run]).items()}


def test_yolo_with_blanks_around_names(tmp_path: Path) -> None:
    run, own = found(tmp_path / "results.csv", YOLO_8_0)
    assert run.kind == "YOLO"
    assert own["train/box_loss 1"] == [(1.0, "1.2345"), (2.0, "1.1")]
    assert {s.name: (s.metric, s.split) for s in run.series} == {
        "train/box_loss": ("box_loss", "train"),
        "val/box_loss": ("box_loss", "validation"),
        "metrics/mAP50(B)": ("metrics/mAP50(B)", ""),
        "lr/pg0": ("lr/pg0", ""),
    }


def test_yolo_with_time_and_nan(tmp_path: Path) -> None:
    run, own = found(tmp_path / "results.csv", YOLO_8_4)
    assert own["val/box_loss 1"] == [(1.0, "1.5"), (2.0, "nan")]
    assert "time 1" not in own
    assert [point["time"] for point in run.series[0].points] == [12.5, 24.1]


def test_a_second_run_in_an_old_table_is_an_attempt(tmp_path: Path) -> None:
    rows = YOLO_8_0.splitlines(keepends=True)[1:]
    run, own = found(tmp_path / "results.csv", YOLO_8_0 + rows[0])
    assert own["train/box_loss 1"] == [(1.0, "1.2345"), (2.0, "1.1")]
    assert own["train/box_loss 2"] == [(1.0, "1.2345")]
    assert [len(curve.points) for curve in run.curves] == [1] * 4


def test_lightning_with_a_new_column_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "version_0" / "metrics.csv"
    path.parent.mkdir()
    path.write_text("epoch,loss,step\n0,0.5,0\n0,0.25,1\n")
    logs = read(tmp_path)
    path.write_text("acc,epoch,loss,step\n,0,0.5,0\n,0,0.25,1\n0.75,0,,1\n")
    logs.read()
    assert {name: own for (_, name, _), own in curves(logs.runs).items()} == {
        "loss": [(0.0, "0.5"), (1.0, "0.25")],
        "acc": [(1.0, "0.75")],
        "epoch": [(0.0, "0.0"), (1.0, "0.0"), (1.0, "0.0")],
    }
    assert logs.runs[0].kind == "Lightning"


def test_commas_of_half_of_the_world(tmp_path: Path) -> None:
    _, own = found(tmp_path / "mine.csv", "Step;Loss\n0;0,5\n1;1,25e-1\n2;NaN\n3;-inf\n4;\n")
    assert own == {"Loss 1": [(0.0, "0.5"), (1.0, "0.125"), (2.0, "nan"), (3.0, "-inf")]}


def test_what_is_not_like_the_rest_is_said_and_left_out(tmp_path: Path) -> None:
    text = 'step,loss\n0,0.5\n1\n2,0.25\n,0.1\nstep,loss\n3,1_0\n4,"0.125"\n'
    run, own = found(tmp_path / "mine.csv", text)
    assert own == {"loss 1": [(0.0, "0.5"), (2.0, "0.25"), (4.0, "0.125")]}
    assert run.notes == ["line 3 has 1 cell and not 2; it is left out", "line 5 has no step; it is left out"]


def test_of_very_much_that_is_wrong_the_first_is_said(tmp_path: Path) -> None:
    run, own = found(tmp_path / "mine.csv", "step,loss\n0,0.5\n" + "1\n" * 5000 + "2,0.25\n")
    assert own == {"loss 1": [(0.0, "0.5"), (2.0, "0.25")]}
    assert len(run.notes) == 11
    assert run.notes[-1] == "and 4,990 more like these"


def test_the_end_of_a_table_may_be_half_of_a_number(tmp_path: Path) -> None:
    run, own = found(tmp_path / "mine.csv", "step,loss\n0,0.5\n1,0.0")
    assert own == {"loss 1": [(0.0, "0.5")]}
    assert run.waiting == "its last line has no end yet, and is waited for"


def test_rows_are_counted_where_a_table_was_named_and_has_no_step(tmp_path: Path) -> None:
    text = "loss,name\n0.5,a\n0.25,b\n0.125,c\n"
    run, own = found(tmp_path / "data.csv", text)
    assert own == {"loss 1": [(0.0, "0.5"), (1.0, "0.25"), (2.0, "0.125")]}
    assert run.series[0].axis == "row"
    # In a folder it may be a table of data.
    assert read(tmp_path).runs == []


def test_windows_lines_tabs_and_a_mark_at_the_beginning(tmp_path: Path) -> None:
    _, own = found(tmp_path / "mine.tsv", "\ufeffepoch\tval_loss\r\n1\t0.5\r\n2\t0.25\r\n")
    assert own == {"val_loss 1": [(1.0, "0.5"), (2.0, "0.25")]}


def lines(*records: object) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def test_lines_of_json(tmp_path: Path) -> None:
    text = lines({"step": 0, "loss": 0.5, "ok": True, "text": "0.1", "none": None}, {"step": 1, "m": {"a": 1}})
    text += '{"step": 2, "loss": NaN, "huge": 1e999, "big": ' + "9" * 400 + "}\n"
    text += '{"step": 3, "loss": "-Infinity"}'
    run, own = found(tmp_path / "log.jsonl", text)
    assert own == {
        "loss 1": [(0.0, "0.5"), (2.0, "nan"), (3.0, "-inf")],
        "m/a 1": [(1.0, "1.0")],
        "huge 1": [(2.0, "inf")],
        "big 1": [(2.0, "inf")],
    }
    assert (run.notes, run.waiting) == ([], "")


def test_lines_of_splits(tmp_path: Path) -> None:
    text = lines({"step": 1, "split": "val", "loss": 0.5, "time": 3}, {"step": 1, "split": "train", "loss": 0.25})
    run, own = found(tmp_path / "log.jsonl", text)
    assert own == {"val/loss 1": [(1.0, "0.5")], "train/loss 1": [(1.0, "0.25")]}
    assert {(s.metric, s.split) for s in run.series} == {("loss", "validation"), ("loss", "train")}
    assert run.series[0].points["time"][0] == 3


def test_lines_that_are_not_like_the_rest(tmp_path: Path) -> None:
    text = (
        lines({"lr": 0.1}, {"step": 0, "loss": 0.5}) + "not json\n[1]\n" + lines({"val": 0.25}, {"step": 1, "loss": 1})
    )
    run, own = found(tmp_path / "log.jsonl", text)
    assert own == {"loss 1": [(0.0, "0.5"), (1.0, "1.0")], "val 1": [(0.0, "0.25")]}
    assert run.notes == [
        "line 1 comes before the first step; it is left out",
        "line 3 is not an object of JSON; it is left out",
        "line 4 is not an object of JSON; it is left out",
        "lines without step stand at that of the line before",
    ]


def test_lines_whose_step_comes_late_are_the_same_whenever_they_are_read(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(lines({"lr": 0.1}))
    growing = logs_of(path)
    with path.open("a") as file:
        file.write(lines({"epoch": 1, "loss": 2}, {"epoch": 2, "loss": 1}))
    growing.read()
    assert curves(growing.runs) == curves(read(path).runs)
    assert {series.axis for series in growing.runs[0].series} == {"epoch"}


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.csv", b"1,2\n3,4\n", "not a log that nnviz reads"),
        ("a.csv", b"\xff\xfe\x00\n", "not a log that nnviz reads"),
        ("long.jsonl", b"text\n" * 20_000, "not a log that nnviz reads"),
        ("a.jsonl", b"", "nothing has been written yet"),
        ("a.csv", b"step,lo", "nothing has been written yet"),
        ("a.wandb", b"something", "does not begin as files of W&B do"),
        ("a.db", b"no database", "nothing has been written yet"),
        ("a.png", b"\x89PNG", "not a log that nnviz reads"),
    ],
    ids=range(8),
)
def test_a_file_that_is_not_a_log_is_told_in_one_line(name: str, content: bytes, told: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError, match=told) as refused:
        logs_of(path)
    assert str(refused.value).startswith(f"{path}: ")
    assert "\n" not in str(refused.value)
