"""Whatever characters come from outside, stdout and stderr hold lines that move no cursor, and JSON is JSON."""

import json
from pathlib import Path
from unicodedata import normalize

import numpy as np
import pytest
from PIL import Image

from tests.headless.conftest import OPTIONS, Command
from tests.hostile_text import HOSTILE, is_whole, unfit

# A name of a file holds neither, and 255 bytes at most.
NAMES = [text.encode(errors="replace").decode().translate({0: None, ord("/"): None})[:40] for text in HOSTILE.values()]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A class for each hostile name, and a broken picture in each."""
    source = tmp_path / NAMES[2]
    for k, name in enumerate(NAMES):
        (source / name).mkdir(parents=True)
        for i in range(4):
            Image.new("RGB", (8, 8), (20 * k, 90, 60 * i)).save(source / name / f"{i}{name[:20]}.png")
        (source / name / f"broken {name[:20]}.png").write_bytes(b"none")
    return source


def _lines_are_whole(text: str) -> bool:
    return all(map(is_whole, text.split("\n")))


def test_reports_of_hostile_names_are_whole_lines(nnviz: Command, pictures: Path, tmp_path: Path) -> None:
    image = next(pictures.glob("*/*3*.png"))
    for arguments, code in (
        (["train", pictures, *OPTIONS, "--out", "run"], 0),
        (["test", "run"], 0),
        (["predict", "run", image, pictures / "missing\x1b[2J.png"], 2),
        (["data", pictures], 0),
        (["data", tmp_path / "missing\x1b[2J\x9b\u202e"], 2),
    ):
        told = nnviz(*arguments)
        assert told.returncode == code, told.stderr
        assert told.stdout + told.stderr
        assert _lines_are_whole(told.stdout), arguments
        assert _lines_are_whole(told.stderr), arguments


def test_json_of_hostile_names_is_one_whole_line_that_holds_them_as_they_are(nnviz: Command, pictures: Path) -> None:
    image = next(pictures.glob("*/*3*.png"))
    trained = json.loads(nnviz("train", pictures, *OPTIONS, "--out", "run", "--json").stdout)
    assert trained["run"] == "run"
    for arguments in (["test", "run"], ["predict", "run", image], ["data", pictures]):
        told = nnviz(*arguments, "--json")
        line = told.stdout.removesuffix("\n")
        assert unfit(line) == []
        assert _lines_are_whole(told.stderr)
        json.loads(line)
    names = json.loads(nnviz("predict", "run", image, "--json").stdout)["probabilities"]
    assert {normalize("NFC", name) for name in names} == {normalize("NFC", name) for name in NAMES}


def test_classes_of_arrays_are_told_apart_where_their_names_look_alike(nnviz: Command, tmp_path: Path) -> None:
    x = np.random.default_rng(0).random((60, 2))
    np.savez(tmp_path / "a.npz", x=x, y=np.arange(60) % 3, class_names=["a\x07", "a\x1b", "b\x9b"])
    told = nnviz("train", "a.npz", "--epochs", "1", "--out", "run")
    assert all(name in told.stdout for name in (r"a\x07", r"a\x1b", "b�"))
