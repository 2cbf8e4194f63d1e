"""What was left out of a source, and how it was read, is seen on screen from the first moment on."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from nnviz.data.drawn.pictures import write_folder
from nnviz.data.sources import find_source, suggested
from nnviz.experiment import combine
from nnviz.remote.messages import Order
from tests.tui.conftest import OpenApp


def of(order: Order, source: str) -> Order:
    """The order for another source, with its own network."""
    tables = {"data": {"source": source, "image_size": 8}}
    return replace(order, experiment=combine(suggested(find_source(source)), tables))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_what_was_left_out_is_counted_and_named(
    open_app: OpenApp, order: Order, tmp_path: Path, size: tuple[int, int]
) -> None:
    write_folder("pets", tmp_path / "mine" / "train", 20, 8)
    for name in ("unlabeled/1.png", "unlabeled/2.png", "lists.md"):
        path = tmp_path / "mine" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
    async with open_app(size, of(order, str(tmp_path / "mine"))) as driver:
        assert " · 3 skipped" in driver.text().splitlines()[0]
        assert "Skipped 3 files: " in driver.text()
        await driver.press("u")
        assert " · 3 skipped" in driver.text().splitlines()[0]


async def test_a_namesake_of_the_built_in_examples_is_named(
    open_app: OpenApp, order: Order, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pets").mkdir()
    async with open_app((80, 24), of(order, "pets")) as driver:
        said = " ".join(line.strip("│ ") for line in driver.text().splitlines())
        assert "These are the built-in examples 'pets'; the folder of that name here is ./pets." in said
