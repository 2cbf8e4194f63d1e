"""Of two processes that train together each is watched under its own name, and only the first one listens at a port."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nnviz.live.ports import TOKEN

pytest.importorskip("lightning")
pytest.importorskip("transformers")

pytestmark = pytest.mark.frameworks
HERE = Path(__file__).parent
LAUNCHES: dict[str, tuple[list[str], list[str], str, int]] = {
    # How Python runs it, what it is told last, what it is called there, and how many steps it trains.
    "lightning": ([str(HERE / "lightning_program.py")], ["ddp"], "Classifier", 9),
    "lightning-spawn": ([str(HERE / "lightning_program.py")], ["ddp_spawn"], "Classifier", 9),
    "transformers": (
        ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", str(HERE / "transformers_program.py")],
        [],
        "GPT2LMHeadModel",
        5,
    ),
}


def trained(launch: str, folder: Path, how: str) -> list[dict[str, Any]]:
    """What both processes told, the first one's first."""
    folder.mkdir()
    before, after, *_ = LAUNCHES[launch]
    path = os.pathsep.join(filter(None, [str(HERE.parents[2]), os.environ.get("PYTHONPATH")]))
    environment = {
        **os.environ,
        "XDG_RUNTIME_DIR": str(folder),
        TOKEN: "0123456789abcdef",
        "PYTHONPATH": path,
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, *before, str(folder), how, *after]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads((folder / f"rank-{rank}.json").read_text(encoding="utf-8")) for rank in (0, 1)]


@pytest.mark.parametrize("launch", LAUNCHES)
def test_each_is_watched_and_the_first_listens(launch: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Losses and averaged gradients are compared in the processes themselves, which fail if they differ."""
    # A socket's whole path has to be short.
    tmp_path = tmp_path_factory.mktemp("two")
    *_, name, steps = LAUNCHES[launch]
    bare = trained(launch, tmp_path / "bare", "bare")
    watched = trained(launch, tmp_path / "watched", "watched")
    assert [told["weights"] for told in watched] == [told["weights"] for told in bare]
    pids = [told["pid"] for told in watched]
    names = [f"{name}-rank{rank}" for rank in (0, 1)]
    assert [told["name"] for told in watched] == [f"{name}.{pid}" for name, pid in zip(names, pids, strict=True)]
    assert [told["steps"] for told in watched] == [steps, steps]
    for told in watched:
        assert sorted(told["found"]) == [[f"{name}.{pid}", name, pid] for name, pid in zip(names, pids, strict=True)]
    assert [told["at_port"] for told in watched] == [pids[0], None]
    assert list((tmp_path / "watched" / "nnviz").iterdir()) == []
    # The first one alone writes: the loss of each step is there once.
    lines = (tmp_path / "watched" / "run" / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    losses = [line["step"] for line in map(json.loads, lines) if "train/loss" in line]
    assert losses == [*range(1, steps + 1)]
