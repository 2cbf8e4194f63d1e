"""How fast image files become numbers to train on: nnviz beside a plain loop with Pillow and beside PyTorch's loader.

All make squares of 64×64 in colour. nnviz opens a folder as `nnviz train` does, writing its cache; the plain loop
opens, converts, resizes and stacks; PyTorch goes once through a `DataLoader` with two workers and batches of 64 whose
`Dataset` opens with Pillow and makes a tensor, as people write it. Each is a process of its own; its imports are not
counted, the start of its helpers is. The files have been read before, so that no disk is waited for.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.results import table

TITLE = "Images from files"
SIZE = 64
PATTERNS = 64
CONTENDERS = ("nnviz", "plain", "torch")
MEGABYTE = 1e6


def add_options(parser: argparse.ArgumentParser) -> None:
    """How much."""
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--photographs", type=int, default=1200, help="JPEG, 500×375")
    parser.add_argument("--icons", type=int, default=8000, help="PNG, 64×64")
    parser.add_argument("--many", type=int, default=50_000, help="PNG, 64×64, for the second start and for memory")


def measure(options: argparse.Namespace) -> str:
    """The section of RESULTS.md."""
    with TemporaryDirectory() as spare:
        folder = Path(spare)
        kinds = {
            f"{options.photographs:,} JPEG 500×375": write_pictures(folder / "jpg", 500, 375, options.photographs),
            f"{options.icons:,} PNG 64×64": write_pictures(folder / "png", SIZE, SIZE, options.icons),
        }
        rows = [_rates(name, source, folder, options.rounds) for name, source in kinds.items()]
        many = write_pictures(folder / "many", SIZE, SIZE, options.many)
        return "\n\n".join(
            [
                f"Images a second, as squares of {SIZE}×{SIZE}; the ratio of the medians of {options.rounds} rounds:",
                table(["files", "nnviz", "plain loop", "DataLoader", "to plain loop", "to DataLoader"], rows),
                f"{options.many:,} PNG at {SIZE}×{SIZE} ({options.many * SIZE * SIZE * 3 / MEGABYTE:,.0f} MB) opened, "
                "and trained on for 50 steps; peaks, in MB, of the memory that is the process's own, of all that was "
                "resident, mapped pages of the cache included, and of a helper:",
                table(
                    ["start", "opened in s", "whole process in s", "own", "resident", "helper"], _starts(many, folder)
                ),
            ]
        )


def _rates(name: str, source: Path, folder: Path, rounds: int) -> list[str]:
    rates = defaultdict(list)
    for number in range(rounds):
        for place in range(len(CONTENDERS)):
            contender = CONTENDERS[(place + number) % len(CONTENDERS)]
            with TemporaryDirectory(dir=folder) as cache:
                found = _ask(contender, source, cache)
            rates[contender].append(found["images"] / found["seconds"])
    nnviz, plain, torch = (statistics.median(rates[contender]) for contender in CONTENDERS)
    return [name, f"{nnviz:,.0f}", f"{plain:,.0f}", f"{torch:,.0f}", f"{nnviz / plain:.2f}×", f"{nnviz / torch:.2f}×"]


def _starts(source: Path, folder: Path) -> list[list[str]]:
    """The first start, the second one, and one without the cache."""
    rows = []
    with TemporaryDirectory(dir=folder) as cache:
        for name, question in (("first", "train"), ("second", "train"), ("--no-cache", "train_uncached")):
            begin = time.perf_counter()
            found = _ask(question, source, cache)
            whole = time.perf_counter() - begin
            sizes = [found[key] / MEGABYTE for key in ("own", "resident", "helper")]
            rows.append([name, f"{found['seconds']:.2f}", f"{whole:.2f}", *(f"{size:,.0f}" for size in sizes)])
    return rows


def _ask(question: str, source: Path, cache: str) -> dict[str, Any]:
    """What the process that measures answers."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.decoding_process", question, str(source)],
        env={**os.environ, "XDG_CACHE_HOME": cache},
        stdout=subprocess.PIPE,
        check=True,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def write_pictures(folder: Path, width: int, height: int, count: int) -> Path:
    """Two classes of pictures, JPEG where they are large and PNG where they are small."""
    generator = np.random.default_rng(0)
    form = "JPEG" if width > SIZE else "PNG"
    patterns = [_encoded(_picture(generator, width, height), form) for _ in range(PATTERNS)]
    for name in ("one", "other"):
        (folder / name).mkdir(parents=True)
        for i in range(count // 2):
            (folder / name / f"{i:05}.{form.lower()}").write_bytes(patterns[i % PATTERNS])
    return folder


def _picture(generator: np.random.Generator, width: int, height: int) -> Image.Image:
    """Slow changes of colour, coarse shapes and a little noise, much like a photograph."""
    across = np.linspace(0, 255, width)[None, :, None] * generator.random(3)
    down = np.linspace(0, 128, height)[:, None, None] * generator.random(3)
    coarse = generator.integers(0, 256, (height // 8 + 1, width // 8 + 1, 3), np.uint8)
    shapes = np.asarray(Image.fromarray(coarse).resize((width, height)), np.float64)
    noise = generator.normal(0, 6, (height, width, 3))
    return Image.fromarray(((across + down + shapes) / 2 + noise).clip(0, 255).astype(np.uint8))


def _encoded(picture: Image.Image, form: str) -> bytes:
    content = BytesIO()
    picture.save(content, form)
    return content.getvalue()
