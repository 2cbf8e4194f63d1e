"""Standard streams that are closed, or full: the right exit code, one line where one can be had, and no traceback."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from nnviz.runs.trained_network import load_run

RUN = [sys.executable, "-m", "nnviz"]
COMMANDS = {
    "help": ["--help"],
    "version": ["--version"],
    "data": ["data", "xor", "--json"],
    "train": ["train", "xor", "--steps", "9", "--out", "kept", "--json"],
    "run": ["run", "xor", "--steps", "9", "--out", "kept"],
    "test": ["test", "earlier", "--json"],
    "predict": ["predict", "earlier", "row.csv", "--json"],
    "screenshot": ["screenshot", "picture.svg", "xor"],
}
SILENT = ("screenshot",)
"""What has no result for stdout."""

needs_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full, a disk that is full, is not there")
BROKEN = {
    "closed": (">&-", "Bad file descriptor"),
    "full": (">/dev/full", "No space left on device"),
}


@pytest.fixture(scope="module")
def earlier(tmp_path_factory):
    """A folder with a run in it, and a row to predict."""
    folder = tmp_path_factory.mktemp("streams")
    (folder / "table.csv").write_text("a,b,kind\n" + "".join(f"{i % 7},{i % 5},{'xy'[i % 2]}\n" for i in range(60)))
    (folder / "row.csv").write_text("a,b\n1,2\n")
    command = [*RUN, "train", "table.csv", "--steps", "9", "--network", "", "--out", "earlier"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture
def shell(earlier, tmp_path):
    """Run a command in a shell, with redirections: exit code, stdout, stderr."""
    for found in earlier.iterdir():
        (tmp_path / found.name).symlink_to(found)

    def run(arguments, redirected):
        command = f"{shlex.join([*RUN, *arguments])} {redirected}"
        done = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True)
        assert "Traceback" not in done.stderr
        assert "Exception" not in done.stderr
        return done.returncode, done.stdout, done.stderr.splitlines()

    return run


@needs_full
@pytest.mark.parametrize("how", BROKEN)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_result_that_cannot_be_written_is_told_in_one_line(shell, tmp_path, command, how):
    redirected, reason = BROKEN[how]
    code, _, errors = shell(COMMANDS[command], redirected)
    if command in SILENT:
        assert (code, errors) == (0, [])
        return
    assert code == 1
    told = f"nnviz: stdout: the result cannot be written there ({reason})"
    if command in ("train", "run"):
        assert errors[-1] == f"{told}; the run is kept in kept"
        assert load_run(tmp_path / "kept").step == 9
    else:
        assert errors == [told]


@needs_full
@pytest.mark.parametrize(
    ("command", "redirected"),
    [
        *((command, redirected) for command in COMMANDS for redirected in ("2>/dev/full", "<&- 2>&-")),
        ("train", "2>&-"),
        ("predict", "<&-"),
    ],
)
def test_the_result_comes_all_the_same_if_nobody_listens_or_speaks(shell, tmp_path, command, redirected):
    code, output, errors = shell(COMMANDS[command], redirected)
    assert code == 0
    assert bool(output) == (command not in SILENT)
    if "--json" in COMMANDS[command]:
        json.loads(output)
    if "2>" in redirected:
        assert errors == []
    if command in ("train", "run"):
        assert load_run(tmp_path / "kept").step == 9


@pytest.mark.parametrize("redirected", ["<&- >&- 2>&-", ">&- 2>&-"])
def test_a_run_is_kept_without_any_stream(shell, tmp_path, redirected):
    code, output, errors = shell(COMMANDS["train"], redirected)
    assert (code, output, errors) == (1, "", [])
    assert load_run(tmp_path / "kept").step == 9
    files = {str(path.relative_to(tmp_path / "kept")) for path in (tmp_path / "kept").rglob("*") if path.is_file()}
    assert files <= {
        "experiment.toml",
        "metrics.jsonl",
        "result.json",
        "checkpoints/final.safetensors",
        "checkpoints/log.jsonl",
    }
    json.loads((tmp_path / "kept" / "result.json").read_text())


@needs_full
def test_what_is_wrong_keeps_its_exit_code_where_it_cannot_be_told(shell):
    for redirected in ("2>&-", "2>/dev/full", ">&- 2>&-"):
        assert shell(["train", "nowhere"], redirected)[0] == 2
        assert shell(["train", "--no-such-option"], redirected)[0] == 2
