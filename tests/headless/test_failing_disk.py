"""Whatever a disk does not take, of whatever command: what was kept before is whole, and one line says what is not."""

import errno
import json
import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from nnviz.runs import keeper
from nnviz.runs.trained_network import load_run
from tests.failing_disk import OPERATIONS, fail
from tests.headless.command import Command, in_this_process
from tests.terminal import RUN, opened

ERRORS = [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.ENOENT]
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
STEPS = 12

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="/proc, which tells files from descriptors")


@pytest.fixture
def nnviz(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """Run a command in an empty directory, with other places to write to: exit code, stdout, stderr."""
    for name in ("work", "home", "tmp"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))

    return in_this_process(monkeypatch, capfd)


def whole(folder: Path) -> bool:
    """Whether no draft is left anywhere."""
    return not [path for path in folder.rglob("*") if path.suffix in (".part", ".lock", ".draft")]


def failing(monkeypatch: pytest.MonkeyPatch, operation: str, error: int, below: Path, first: int = 0) -> None:
    fail(operation, error, str(below.resolve()), first, monkeypatch.setattr)


@pytest.mark.parametrize("error", ERRORS, ids=errno.errorcode.get)
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("first", [0, 1, 5])
def test_a_training_is_kept_elsewhere(
    nnviz: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    operation: str,
    error: int,
    first: int,
) -> None:
    # The run's directory and that of its checkpoints are all that is made.
    if operation == "mkdir" and first > 0:
        first = 1
    # A checkpoint after every step.
    monkeypatch.setattr(keeper, "MILESTONE_SECONDS", 0.0)
    monkeypatch.setattr(keeper, "TRAINING_PER_WRITING", 0.0)
    out = tmp_path / "work" / "kept"
    failing(monkeypatch, operation, error, out, first)
    code, said, told = nnviz("train", "xor", "--network", "", "--steps", STEPS, "--out", "kept")
    reason = os.strerror(error)
    if operation == "mkdir" and first == 0:
        assert (code, said) == (2, "")
        assert re.fullmatch(r"nnviz: kept: cannot be written to \(.*\); choose another directory with --out\n", told)
        return
    assert told.count("\n") == 3, told
    begins, goes_on, ends = told.splitlines()
    assert code == 1
    assert begins.endswith("the run goes to kept")
    assert goes_on == f"nnviz: kept: cannot be written ({reason}); training goes on, and it is tried again"
    elsewhere = re.fullmatch(rf"nnviz: kept: cannot be written \({reason}\); the run is kept in (\S+)", ends)
    assert elsewhere, ends
    assert said.endswith(f"kept in {elsewhere[1]}\n")
    run = Path(elsewhere[1])
    assert run.parent == tmp_path / "home"
    assert load_run(run).step == json.loads((run / "result.json").read_text())["steps"] == STEPS
    assert whole(tmp_path)
    if operation != "mkdir" and first == 5:
        assert 0 < load_run(out).step < STEPS, "what was kept before can still be read"


def test_a_training_that_may_write_no_large_file_anywhere_says_so(tmp_path: Path) -> None:
    with opened(
        tmp_path, f"ulimit -f 1; HOME={tmp_path} {sys.executable} -m nnviz train xor --steps 9 --out kept"
    ) as case:
        said = case.read_until("exit code 1")
    assert re.search(r"kept: the run cannot be kept there \(File too large\), nor in .*; the run is not kept", said)
    assert "Traceback" not in said
    assert whole(tmp_path)


@pytest.mark.parametrize(
    ("operation", "error"),
    [("open", errno.ENOENT), ("write", errno.ENOSPC), ("fsync", errno.EDQUOT), ("replace", errno.EROFS)],
)
def test_the_screen_says_where_its_run_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, operation: str, error: int
) -> None:
    for name in ("work", "home", "first"):
        (tmp_path / name).mkdir()
    below = str((tmp_path / "work" / "kept").resolve())
    (tmp_path / "first" / "sitecustomize.py").write_text(
        f"from tests.failing_disk import fail\nfail({operation!r}, {error}, {below!r})"
    )
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path / 'first'}:{Path(__file__).parents[2]}")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    with opened(tmp_path / "work", f"{RUN} xor --out kept") as terminal:
        terminal.read_until("READY")
        terminal.type("\r")
        terminal.read_until("PAUSED")
        terminal.type("q")
        left = terminal.read_until("exit code ").rpartition("\x1b[?1049l")[2]
        assert terminal.read_until("\r\n").strip() == "1"
    found = re.search(rf"nnviz: kept: cannot be written \({os.strerror(error)}\); the run is kept in (\S+)", left)
    assert found, left
    assert "Traceback" not in left
    assert load_run(Path(found[1])).step == 1
    assert whole(tmp_path)


def asked(error: int) -> int:
    """The exit code for a file that somebody has asked for."""
    return 1 if error in NO_ROOM else 2


@pytest.mark.parametrize("error", ERRORS, ids=errno.errorcode.get)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_drawn_folder_has_whole_pictures_alone(
    nnviz: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, operation: str, error: int
) -> None:
    folder = tmp_path / "work" / "drawn"
    with monkeypatch.context() as patch:
        failing(patch, operation, error, folder, first=1)
        code, said, told = nnviz("draw", "pets", "drawn", "-n", "4", "--size", "8")
    assert (code, said) == (asked(error), "")
    assert re.fullmatch(rf"nnviz: \S*drawn\S*: cannot be written \({os.strerror(error)}\)\n", told)
    assert whole(tmp_path)
    before = {path: path.read_bytes() for path in folder.rglob("*.png")}
    assert nnviz("draw", "pets", "drawn", "-n", "4", "--size", "8")[0] == 0
    assert all(path.read_bytes() == content for path, content in before.items())


@pytest.mark.parametrize("error", ERRORS, ids=errno.errorcode.get)
@pytest.mark.parametrize("operation", ["open", "write", "fsync", "replace"])
def test_a_picture_that_cannot_be_replaced_stays(
    nnviz: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, operation: str, error: int
) -> None:
    async def drawn(*_: object) -> str:
        return "<svg/>" * 1000

    monkeypatch.setattr("nnviz.tui.screenshot._export", drawn)
    picture = tmp_path / "work" / "a.svg"
    picture.write_text("the one before")
    failing(monkeypatch, operation, error, tmp_path / "work")
    code, said, told = nnviz("screenshot", "a.svg", "xor")
    assert (code, said, told) == (asked(error), "", f"nnviz: a.svg: cannot be written ({os.strerror(error)})\n")
    assert picture.read_text() == "the one before"
    assert whole(tmp_path)


@pytest.mark.parametrize("error", ERRORS, ids=errno.errorcode.get)
@pytest.mark.parametrize("operation", ["mkdir", "open", "write", "replace"])
def test_without_a_cache_images_are_decoded_all_the_same(
    nnviz: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, operation: str, error: int
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    shutil.copytree(Path(__file__).parents[2] / "sample_images", "images")
    failing(monkeypatch, operation, error, tmp_path / "cache")
    code, said, told = nnviz("data", "images")
    assert (code, told) == (0, "")
    assert f"decoded images cannot be cached in {tmp_path / 'cache' / 'nnviz' / 'images'} ({os.strerror(error)})" in (
        " ".join(said.split())
    )
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
