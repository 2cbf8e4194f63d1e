"""The real tools write, and are read while they do: `make logs`, which installs them in an environment of their own."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from tests.logs import real_tools
from tests.logs.reading import Curves, curves, read
from tests.logs.real_tools import STEPS, TOOLS, loss, odd

PYTHON = os.environ.get("LOGS_PYTHON", "")
"""The Python that has the tools."""
pytestmark = [pytest.mark.logs, pytest.mark.skipif(not PYTHON, reason="needs the real tools: make logs")]
SINGLE = {"torch", "tensorboard", "tensorboardX"}
"""They keep values as float32."""
LIVE = {"torch", "tensorboard", "mlflow-skinny", "mlruns", "lightning", "keras"}
"""These are on the disk before they end, however few values there are."""


@contextmanager
def tool_at_work(tool: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A tool that writes a step for each line that it gets."""
    with subprocess.Popen(
        [PYTHON, real_tools.__file__, tool, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=(folder.parent / "errors").open("w"),
        text=True,
        # Nobody is at home for what they would send.
        env={**os.environ, "HF_HUB_OFFLINE": "1", "WANDB_MODE": "offline", "MLFLOW_DISABLE_TELEMETRY": "true"},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def write_step(process: subprocess.Popen[str]) -> None:
    """Have one more step written, and wait until it is."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    while process.stdout.readline() not in ("ready\n", ""):
        pass


def expected(tool: str, name: str) -> list[tuple[float, str]] | None:
    """What a curve has to be; None if it is another one."""
    if name == "odd":
        return [(float(step), str(odd(step))) for step in range(STEPS)]
    if name in ("train/loss", "loss") and tool != "transformers":
        rounded = np.float32 if tool in SINGLE else float
        return [(float(step), repr(float(rounded(loss(step))))) for step in range(STEPS)]
    return None


def check(tool: str, found: Curves) -> None:
    """Each curve is the beginning of what was written."""
    for (_, name, attempt), own in found.items():
        wanted = expected(tool, name)
        assert attempt == 1
        assert wanted is None or own == wanted[: len(own)]


@pytest.mark.parametrize("tool", TOOLS)
def test_what_a_tool_writes_is_read_while_it_does(tool: str, tmp_path: Path) -> None:
    folder = tmp_path / "log"
    folder.mkdir()
    logs, seen = read(folder), 0
    with tool_at_work(tool, folder) as process:
        for _ in range(STEPS):
            write_step(process)
            logs.read()
            assert logs.faults == []
            found = curves(logs.runs)
            check(tool, found)
            seen = max(seen, *(len(own) for own in found.values()), 0) if found else seen
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait() == 0, (tmp_path / "errors").read_text()
    logs.read()
    found = curves(logs.runs)
    check(tool, found)
    names = {name for _, name, _ in found}
    assert names & {"train/loss", "loss"}
    assert all(len(own) == STEPS for (_, name, _), own in found.items() if name in ("train/loss", "loss", "odd"))
    assert [run.waiting for run in logs.runs if run.waiting] == []
    if tool == "transformers":
        assert [value for _, value in found["log", "loss", 1][9:]] == ["nan"] * 11
    # Of a tool that holds its values back, nothing but a run that has begun is to be seen.
    assert (seen > 0) >= (tool in LIVE)
