"""A log that is cut at any byte gives true numbers or waits, and goes on where it was when the rest is there."""

import contextlib
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnviz.errors import InputError
from tests.logs.reading import Curves, curves, database, made, read

LAST = 90
"""Bytes: the last record of every format lies in them."""
NNVIZ = b"".join(
    b'{"step": %d, "epoch": 1, "split": "%b", "loss": 0.%d, "seconds": 1.5}\n' % (step, split, 1000 + step)
    for step in range(9)
    for split in (b"train", b"validation")
)
MLRUNS = b"".join(b"1795905958522 0.%d %d\n" % (1000 + step, step) for step in range(20))
PLAIN = b"".join(b"%d;0,%d;1e-%d\n" % (step, 1000 + step, step) for step in range(20))


def sources() -> dict[str, tuple[str, bytes]]:
    """For each format, what its file is called and what is in it."""
    found = {}
    for tool, name in [
        ("torch", "events.out.tfevents.*"),
        ("tensorboard", "events.out.tfevents.*"),
        ("tensorboardX", "events.out.tfevents.*"),
        ("wandb", "*.wandb"),
        ("lightning", "metrics.csv"),
        ("keras", "training.csv"),
    ]:
        path = min(made(tool).rglob(name), key=lambda found: len(found.parts))
        found[tool] = path.name, path.read_bytes()
    return found | {
        "nnviz": ("metrics.jsonl", NNVIZ),
        "csv": ("mine.csv", b"step;loss;rate\n" + PLAIN),
        "mlruns": ("run/metrics/loss", MLRUNS),
    }


SOURCES = sources()


def is_beginning(some: Curves, all_of_it: Curves) -> bool:
    """Whether each curve that is there begins as it does in the whole."""
    return all(values == all_of_it[key][: len(values)] for key, values in some.items())


def placed(folder: Path, tool: str) -> tuple[Path, bytes]:
    name, content = SOURCES[tool]
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if tool == "mlruns":
        (folder / "run" / "meta.yaml").write_text("run_name: a run\nstatus: 3\n")
    if tool == "nnviz":
        (folder / "experiment.toml").touch()
    return path, content


def check_cut(tool: str, ends: list[int]) -> None:
    """Write a log up to each of these bytes, reading on each time, and compare with what is in the whole."""
    with TemporaryDirectory() as spare:
        folder = Path(spare) / "log"
        path, content = placed(folder, tool)
        path.write_bytes(content)
        whole = curves(read(folder).runs)
        assert whole
        path.write_bytes(b"")
        growing, written = read(folder), 0
        for end in [*sorted(ends), len(content)]:
            with path.open("ab") as file:
                file.write(content[written:end])
            written = end
            growing.read()
            assert growing.faults == []
            assert [note for run in growing.runs for note in run.notes] == []
            assert is_beginning(curves(growing.runs), whole)
            if end % 5 == 0:
                assert curves(growing.runs) == curves(read(folder).runs)
        assert curves(growing.runs) == whole


@pytest.mark.parametrize("tool", SOURCES)
def test_cut_at_every_byte_of_the_last_record(tool: str) -> None:
    size = len(SOURCES[tool][1])
    check_cut(tool, list(range(size - LAST, size)))


@settings(deadline=None, max_examples=15)
@given(st.sampled_from(sorted(SOURCES)), st.lists(st.floats(0, 1), max_size=4))
def test_cut_anywhere(tool: str, places: list[float]) -> None:
    check_cut(tool, [int(place * len(SOURCES[tool][1])) for place in places])


def test_a_state_that_is_half_written_is_waited_for(tmp_path: Path) -> None:
    first, later = (made("transformers") / f"checkpoint-{n}" / "trainer_state.json" for n in (10, 20))
    path = tmp_path / "trainer_state.json"
    shutil.copyfile(first, path)
    logs = read(tmp_path)
    before, content = curves(logs.runs), later.read_bytes()
    for end in range(0, len(content), 29):
        path.write_bytes(content[:end])
        logs.read()
        assert curves(logs.runs) == before
        assert logs.runs[0].waiting
    path.write_bytes(content)
    logs.read()
    assert len(curves(logs.runs)[tmp_path.name, "loss", 1]) == 20
    assert not logs.runs[0].waiting


@pytest.mark.parametrize("tool", ["trackio", "mlflow-skinny"])
def test_a_database_that_is_cut_is_refused_or_true(tool: str, tmp_path: Path) -> None:
    path = database(tool, tmp_path)
    content, whole = path.read_bytes(), curves(read(path).runs)
    for end in [*range(0, len(content), 997), *range(len(content) - 40, len(content), 3)]:
        path.write_bytes(content[:end])
        with contextlib.suppress(InputError):
            assert is_beginning(curves(read(path).runs), whole)
