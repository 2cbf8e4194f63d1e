"""However little is read at a time, and however large a record is, the numbers are the same."""

import json
import shutil
import struct
import zlib
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnviz.logs import mlflow, tail, tensorboard, trackio
from tests.logs.events import curve, event, message, simple
from tests.logs.reading import curves, database, made, read, values

BLOCK = 1 << 15


@pytest.mark.parametrize("size", [1, 7, 64, 1000])
def test_little_at_a_time(size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for tool in ("torch", "lightning", "keras"):
        shutil.copytree(made(tool), tmp_path / tool)
    (tmp_path / "mine.jsonl").write_text('{"step": 1, "loss": 0.5}\n\n{"step": 2, "loss": 0.25}')
    database("trackio", tmp_path), database("mlflow-skinny", tmp_path)
    whole = curves(read(tmp_path).runs)
    monkeypatch.setattr(tensorboard, "PIECE", size)
    monkeypatch.setattr(tail, "CHUNK", size)
    monkeypatch.setattr(mlflow, "ROWS", size)
    monkeypatch.setattr(trackio, "ROWS", size)
    assert curves(read(tmp_path).runs) == whole


def test_a_large_record_between_small_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tensorboard, "PIECE", 2000)
    # An image, say, of more bytes than are read at a time, with a scalar behind it in the same record.
    image = message(1, message(1, b"image") + message(4, bytes(3 * tensorboard.PIECE)))
    content = curve("loss", range(2), range(2)) + event(2, image + simple("loss", 2)) + curve("loss", [3], [3])
    (tmp_path / "events.out.tfevents.1.a").write_bytes(content)
    (run,) = read(tmp_path).runs
    assert values(run.series[0]) == [(float(step), repr(float(step))) for step in range(4)]
    assert (run.notes, run.waiting) == ([], "")


def test_damage_of_more_than_is_read_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tensorboard, "PIECE", 200)
    content = curve("loss", range(3), range(3)) + bytes(1000) + curve("loss", range(3, 6), range(3, 6))
    (tmp_path / "events.out.tfevents.1.a").write_bytes(content)
    (run,) = read(tmp_path).runs
    assert values(run.series[0]) == [(float(step), repr(float(step))) for step in range(6)]
    assert (
        run.notes[0]
        == f"events.out.tfevents.1.a: damaged at byte {len(curve('loss', range(3), range(3)))}; that record is left out"
    )


def history(step: int, padding: int) -> bytes:
    """A row of the history of W&B, with a text of so many bytes."""
    items = {"_step": step, "loss": step / 8, "text": "a" * padding}
    parts = (message(2, key.encode()) + message(16, json.dumps(item).encode()) for key, item in items.items())
    return message(2, b"".join(message(1, part) for part in parts))


def in_blocks(records: list[bytes]) -> bytes:
    """A `.wandb` file by its specification: pieces that fill blocks of 32 KiB."""
    content = bytearray(b":W&B\xe1\xbe\x00")
    for record in records:
        start = 0
        while True:
            room = BLOCK - len(content) % BLOCK
            if room < 7:
                content += bytes(room)
                continue
            piece = record[start : start + room - 7]
            is_first, start = start == 0, start + len(piece)
            kind = (1 if start == len(record) else 2) if is_first else (4 if start == len(record) else 3)
            content += struct.pack("<IHB", zlib.crc32(bytes([kind]) + piece), len(piece), kind) + piece
            if start == len(record):
                break
    return bytes(content)


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.sampled_from([0, 1, 100, 9_000, BLOCK - 100, BLOCK, 3 * BLOCK]), max_size=6),
    st.integers(0, 20),
    st.floats(0, 1),
)
def test_records_of_wandb_over_several_blocks(sizes: list[int], more: int, cut: float) -> None:
    # The last of them ends anywhere near the end of a block.
    content = in_blocks([history(step, size) for step, size in enumerate([*sizes, BLOCK - 150 + more, 0])])
    whole = [(float(step), repr(step / 8)) for step in range(len(sizes) + 2)]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "run.wandb"
        end = int(cut * len(content))
        path.write_bytes(content[:end])
        logs = read(Path(folder))
        first = [values(series) for series in logs.runs[0].series]
        assert first in ([], [whole[: len(first[0]) if first else 0]])
        with path.open("ab") as file:
            file.write(content[end:])
        logs.read()
        (run,) = logs.runs
        assert [values(series) for series in run.series] == [whole]
        assert (run.notes, run.waiting) == ([], "")


def test_damage_in_a_block_of_wandb_leaves_the_others(tmp_path: Path) -> None:
    content = bytearray(in_blocks([history(step, 1000) for step in range(100)]))
    content[BLOCK + 5000] ^= 1
    (tmp_path / "run.wandb").write_bytes(content)
    (run,) = read(tmp_path).runs
    found = {step for step, _ in values(run.series[0])}
    assert {0.0, 99.0} <= found
    assert 40 < len(found) < 99
    assert all(value == repr(step / 8) for step, value in values(run.series[0]))
    assert len(run.notes) == 1
