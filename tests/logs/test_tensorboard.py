"""Event files as they are found: several writers, restarts, damage, every form of a scalar."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from nnviz.logs.logged_run import LoggedRun
from tests.logs.events import curve, event, simple, tensor
from tests.logs.reading import curves, made, read, values


def put(path: Path, content: bytes, mode: str = "wb") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open(mode) as file:
        file.write(content)


def only_run(folder: Path) -> LoggedRun:
    (run,) = read(folder).runs
    return run


def plain(run: LoggedRun) -> dict[str, list[tuple[float, float]]]:
    return {s.name: [(float(p["step"]), float(p["mean"])) for p in s.points] for s in run.curves}


def test_after_a_restart_the_later_values_stand_and_the_earlier_ones_are_kept(tmp_path: Path) -> None:
    # By name, the later file comes first.
    put(tmp_path / "events.out.tfevents.1000.b", curve("loss", range(5, 8), [50, 60, 70], time=100))
    put(tmp_path / "events.out.tfevents.999.a", curve("loss", range(10), range(10), time=0))
    run = only_run(tmp_path)
    assert {s.attempt: len(s.points) for s in run.series} == {1: 10, 2: 3}
    assert plain(run)["loss"] == [(0, 0), (1, 1), (2, 2), (3, 3), (4, 4), (5, 50), (6, 60), (7, 70)]


def test_a_curve_that_goes_on_in_another_file_is_one(tmp_path: Path) -> None:
    put(tmp_path / "events.out.tfevents.1.a", curve("loss", range(3), range(3), time=0))
    put(tmp_path / "events.out.tfevents.2.a", curve("loss", range(3, 6), range(3, 6), time=100))
    (series,) = only_run(tmp_path).series
    assert values(series) == [(float(n), repr(float(n))) for n in range(6)]


def test_two_live_writers_in_one_folder_lose_nothing(tmp_path: Path) -> None:
    train, other = tmp_path / "events.out.tfevents.1.a", tmp_path / "events.out.tfevents.2.b"
    put(train, b""), put(other, b"")
    logs = read(tmp_path)
    for step in range(4):
        put(other, curve("val", [step], [step]), "ab")
        logs.read()
        put(train, curve("train", [step], [-step]), "ab")
        logs.read()
    assert plain(logs.runs[0]) == {"val": [(n, n) for n in range(4)], "train": [(n, -n) for n in range(4)]}


def test_folders_of_splits_are_one_run(tmp_path: Path) -> None:
    for split in ("train", "validation"):
        put(tmp_path / "fit" / split / "events.out.tfevents.1.a.v2", curve("epoch_loss", range(3), range(3)))
    run = only_run(tmp_path)
    assert run.name == "fit"
    assert {(s.metric, s.split) for s in run.series} == {("epoch_loss", "train"), ("epoch_loss", "validation")}


def test_every_form_of_a_scalar(tmp_path: Path) -> None:
    both = simple("a", 1.5) + simple("b", 2.5)
    content = event(0, both) + event(-3, simple("a", 3.5)) + event(1 << 40, simple("a", 4.5))
    content += event(7, tensor("named", 0.1, "scalars")) + event(8, tensor("named", 0.2)) + event(9, tensor("bare", 3))
    content += (
        event(1, tensor("text", 0.5, "text")) + event(2, tensor("text", 0.5)) + event(3, tensor("many", 1, size=3))
    )
    put(tmp_path / "events.out.tfevents.1.a", content)
    run = only_run(tmp_path)
    assert {(s.name, s.attempt): [(p["step"], p["mean"]) for p in s.points] for s in run.series} == {
        ("a", 1): [(0, 1.5)],
        ("a", 2): [(-3, 3.5), (1 << 40, 4.5)],
        ("b", 1): [(0, 2.5)],
        ("named", 1): [(7, 0.1), (8, 0.2)],
        ("bare", 1): [(9, 3.0)],
    }


def test_more_tags_than_are_told_apart_at_once(tmp_path: Path) -> None:
    tags = [f"tag{number:03}" for number in range(100)]
    content = b"".join(event(step, simple(tag, step + n)) for step in range(3) for n, tag in enumerate(tags))
    put(tmp_path / "events.out.tfevents.1.a", content)
    assert plain(only_run(tmp_path)) == {tag: [(s, s + n) for s in range(3)] for n, tag in enumerate(tags)}


def test_a_file_that_is_written_anew_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "events.out.tfevents.1.a"
    put(path, curve("loss", range(5), range(5)))
    logs = read(tmp_path)
    put(path, curve("loss", range(3), [7, 8, 9]))
    logs.read()
    assert plain(logs.runs[0]) == {"loss": [(0, 7), (1, 8), (2, 9)]}
    assert [series.attempt for series in logs.runs[0].series] == [1]
    path.unlink()
    put(tmp_path / "events.out.tfevents.2.a", curve("other", range(2), [1, 2]))
    logs.read()
    assert plain(logs.runs[0]) == {"other": [(0, 1), (1, 2)]}


@settings(deadline=None, max_examples=25)
@given(st.floats(0, 1, exclude_max=True), st.integers(1, 255), st.sampled_from(["torch", "wandb"]))
def test_a_damaged_byte_is_told_and_makes_no_wrong_number(place: float, flip: int, tool: str) -> None:
    (path,) = made(tool).glob("*tfevents*" if tool == "torch" else "wandb/*/*.wandb")
    content = bytearray(path.read_bytes())
    whole = {name: found for (_, name, _), found in curves(read(path).runs).items()}
    content[7 + int(place * (len(content) - 7))] ^= flip
    with TemporaryDirectory() as folder:
        (Path(folder) / path.name).write_bytes(content)
        (run,) = read(Path(folder)).runs
    found = {name: own for (_, name, _), own in curves([run]).items()}
    assert all(set(own) <= set(whole[name]) for name, own in found.items())
    assert len(run.notes) + len(run.waiting) > 0
    if tool == "torch":
        lost = sum(map(len, whole.values())) - sum(map(len, found.values()))
        # A length that is wrong hides its own record; the next one is found.
        assert lost <= 2


def test_zeros_at_the_end_are_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "events.out.tfevents.1.a"
    first, later = curve("loss", range(3), range(3)), curve("loss", range(3, 6), range(3, 6))
    put(path, first + bytes(len(later)))
    logs = read(tmp_path)
    assert plain(logs.runs[0]) == {"loss": [(n, n) for n in range(3)]}
    put(path, first + later)
    logs.read()
    np.testing.assert_array_equal(logs.runs[0].series[0].points["mean"], np.arange(6))
