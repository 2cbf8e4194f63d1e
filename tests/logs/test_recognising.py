"""A log is told from something to learn from."""

import shutil
from pathlib import Path

import pytest

from nnviz.logs.recognising import is_log
from tests.collection.listed import trained
from tests.logs.events import curve
from tests.logs.reading import database, made


@pytest.mark.parametrize("tool", ["torch", "tensorboard", "wandb", "lightning", "keras", "transformers"])
def test_what_a_tool_wrote_is_one_alone_and_in_a_folder(tool: str, tmp_path: Path) -> None:
    shutil.copytree(made(tool), tmp_path / "folder" / tool)
    assert is_log(tmp_path / "folder")


def test_databases_event_files_and_folders_of_runs_are(tmp_path: Path) -> None:
    assert is_log(database("trackio", tmp_path))
    (tmp_path / "events.out.tfevents.1.a").write_bytes(curve("loss", [1], [0.5]))
    assert is_log(tmp_path / "events.out.tfevents.1.a")
    trained(tmp_path / "runs" / "one", [0.5])
    assert is_log(tmp_path / "runs")


def test_what_may_be_learnt_from_is_none(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("epoch,width,class\n1,2,a\n2,3,b\n")
    (tmp_path / "lines.jsonl").write_text('{"step": 1, "text": "a"}\n')
    assert not is_log(tmp_path / "table.csv")
    assert not is_log(tmp_path)
    assert not is_log(tmp_path / "nothing")
    # A data set in whose folder somebody has trained.
    (tmp_path / "cat.png").touch()
    (tmp_path / "events.out.tfevents.1.a").touch()
    assert not is_log(tmp_path)
