"""Whatever bytes a log has, reading and listing it ends in numbers, notes or one line."""

import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnviz.errors import InputError
from nnviz.headless.listing import plain, print_runs
from tests.logs.reading import database, made, read, values
from tests.logs.test_cut import SOURCES

PIECES = [b"", b"\n", b"\xff", b'"', b",", b"{", b"nan", b"1e999", b"9" * 30, b"null", b"\x00" * 9, b"\x1b[2J"]


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, bytes]]:
    """Of each format, what a file is called and what is in it."""
    place = tmp_path_factory.mktemp("databases")
    paths = [database(tool, place) for tool in ("trackio", "mlflow-skinny")]
    paths.append(made("transformers") / "checkpoint-20" / "trainer_state.json")
    return {**SOURCES, **{path.name: (path.name, path.read_bytes()) for path in paths}}


@settings(deadline=None, max_examples=120)
@given(
    st.integers(0, 11),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 300), st.sampled_from(PIECES)), min_size=1, max_size=4),
)
def test_damage_of_any_kind(
    logs: dict[str, tuple[str, bytes]], number: int, edits: list[tuple[float, int, bytes]]
) -> None:
    name, content = sorted(logs.values())[number % len(logs)]
    for place, length, piece in edits:
        at = int(place * len(content))
        content = content[:at] + piece + content[at + length :]
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        (path.parent / "experiment.toml").write_bytes(content[:50])
        plain(Path(folder), read(Path(folder)))
        try:
            print_runs(path, as_json=False)
        except InputError as refused:
            told = str(refused)
            assert told.removeprefix(str(path)).isprintable(), told


@pytest.mark.parametrize(("tool", "column"), [("trackio", "step"), ("mlflow-skinny", "value")])
def test_values_that_are_not_of_their_columns_types(tool: str, column: str, tmp_path: Path) -> None:
    path = database(tool, tmp_path)
    (whole,) = read(path).runs
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"UPDATE metrics SET {column} = 'text' WHERE rowid = 1")
    (run,) = read(path).runs
    before, after = ({series.name: values(series) for series in one.series} for one in (whole, run))
    assert after["train/loss"] == before["train/loss"][1:]
