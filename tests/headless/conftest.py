"""A small folder of pictures, and nnviz started as a user starts it."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.headless.forked import nnviz_in

OPTIONS = ["--image-size", "8", "--network", "dense 8 relu", "--epochs", "4", "--lr", "0.01"]
Command = Callable[..., subprocess.CompletedProcess[str]]
# What a command says on its way where it takes long, which depends on the machine.
ON_ITS_WAY = re.compile(r"^nnviz: (?:[\d,]+ of [\d,]+ images|epoch .* examples/s) · .*\n", re.MULTILINE)


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 noisy pictures, the left or the right half of which is brighter."""
    folder = tmp_path_factory.mktemp("pictures")
    generator = np.random.default_rng(0)
    for name, half in (("left", slice(0, 4)), ("right", slice(4, 8))):
        (folder / name).mkdir()
        for i in range(30):
            pixels = generator.integers(0, 160, (8, 8, 3), dtype=np.uint8)
            pixels[:, half] += 80
            Image.fromarray(pixels).save(folder / name / f"{i:02}.png")
    return folder


@pytest.fixture
def nnviz(tmp_path: Path) -> Command:
    """Run a command in an empty directory; its errors are without how far it was."""

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        done = nnviz_in(tmp_path, *arguments)
        done.stderr = ON_ITS_WAY.sub("", done.stderr)
        return done

    return run


@pytest.fixture(scope="session")
def trained(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `nnviz train --json` printed, with the run's directory as an absolute path."""
    run = tmp_path_factory.mktemp("trained") / "run"
    result: dict[str, Any] = json.loads(nnviz_in(pictures, "train", pictures, *OPTIONS, "--json", "--out", run).stdout)
    return result
