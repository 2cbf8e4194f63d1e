"""What is no file where one is asked for, and names as long as they can be: a command works, or says so in one line."""

import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.headless.command import Command, in_this_process

SAMPLES = Path(__file__).parents[2] / "sample_images"


@pytest.fixture
def nnviz(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """Run a command in an empty directory: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    return in_this_process(monkeypatch, capfd)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run of points and one of pictures."""
    from nnviz.experiment import combine
    from nnviz.headless.training import train

    folder = tmp_path_factory.mktemp("runs")
    for name, source in (("points", "xor"), ("pictures", str(SAMPLES))):
        tables = {"data": {"source": source}, "network": {"layers": ""}, "stopping": {"steps": 1}}
        train(combine(tables), folder / name)
    return folder


def a_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        # Its name has to be a short one.
        made.bind(os.path.relpath(path))


KINDS: dict[str, Callable[[Path], object]] = {
    "a pipe": os.mkfifo,
    "a socket": a_socket,
    "an endless device": lambda path: path.symlink_to("/dev/zero"),
    "a full device": lambda path: path.symlink_to("/dev/full"),
    "a link to nothing": lambda path: path.symlink_to("nowhere"),
    "a link to itself": lambda path: path.symlink_to(path),
    "an empty folder": os.mkdir,
}
# Where it is, and the command that meets it there.
PLACES = {
    "a source": ("odd", ["data", "odd"]),
    "a table": ("odd.csv", ["data", "odd.csv"]),
    "arrays": ("odd.npz", ["train", "odd.npz", "--steps", "1"]),
    "settings": ("odd.toml", ["train", "--config", "odd.toml"]),
    "a run": ("odd", ["test", "odd"]),
    "what to test on": ("odd.csv", ["test", "RUNS/points", "--data", "odd.csv"]),
    "a picture to predict": ("odd.png", ["predict", "RUNS/pictures", "odd.png"]),
    "arrays to predict": ("odd.npz", ["predict", "RUNS/pictures", "odd.npz"]),
}
# An empty folder is welcome there.
NEW = {
    "a new run": ("odd", ["train", "xor", "--network", "", "--steps", "1", "--out", "odd"]),
    "drawn pictures": ("odd", ["draw", "pets", "odd", "-n", "2", "--size", "8"]),
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", [*PLACES, *NEW])
def test_what_is_no_file_is_not_waited_for(nnviz: Command, runs: Path, tmp_path: Path, place: str, kind: str) -> None:
    name, arguments = (PLACES | NEW)[place]
    KINDS[kind](tmp_path / name)
    code, said, told = nnviz(*(argument.replace("RUNS", str(runs)) for argument in arguments))
    if place in NEW and kind == "an empty folder":
        assert code == 0
        return
    assert (code, said) == (2, ""), told
    assert told.startswith("nnviz: ")
    assert told.count("\n") == 1
    assert "odd" in told


@pytest.mark.timeout(60)
def test_what_is_no_file_among_images_is_left_out(nnviz: Command, tmp_path: Path) -> None:
    shutil.copytree(SAMPLES, tmp_path / "images")
    for number, make in enumerate(list(KINDS.values())[:-1]):
        make(tmp_path / "images" / "cat" / f"odd-{number}.png")
    code, said, told = nnviz("data", "images")
    assert (code, told) == (0, "")
    assert all(f"cat/odd-{number}.png" in said for number in range(3))


LENGTHS = [245, 250, 251, 255, 256, 5000]


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("letter", ["n", "ü"])
def test_a_name_works_if_the_system_takes_it(
    nnviz: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, length: int, letter: str
) -> None:
    async def drawn(*_: object) -> str:
        return "<svg/>"

    monkeypatch.setattr("nnviz.tui.screenshot._export", drawn)

    size = len(letter.encode())

    def name(ending: str = "", first: str = letter) -> str:
        rest = letter * ((length - len(ending)) // size - 1) + ending
        return first * (size // len(first.encode())) + rest

    works = len(os.fsencode(name())) <= 255

    def expect(*arguments: str) -> None:
        code, said, told = nnviz(*arguments)
        assert code == (0 if works else 2), told
        if not works:
            assert (said, told.count("\n")) == ("", 1)
            assert "File name too long" in told

    expect("train", "xor", "--network", "", "--steps", "1", "--out", name())
    expect("draw", "pets", name(first="d"), "-n", "2", "--size", "8")
    expect("screenshot", name(".svg"), "xor")
    if works:
        (tmp_path / name(".csv")).write_text("a,b,k\n" + "".join(f"{i},{i % 7},{'xy'[i % 2]}\n" for i in range(40)))
    expect("train", name(".csv"), "--network", "", "--steps", "1")
    if works:
        for one in "ab":
            shutil.copytree(SAMPLES / "cat", tmp_path / "classes" / name(first=one))
        expect("train", "classes", "--network", "", "--steps", "1", "--image-size", "8", "--out", "of-classes")
        expect("predict", "of-classes", f"classes/{name(first='a')}")
