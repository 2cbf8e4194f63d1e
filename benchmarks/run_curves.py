"""How fast curves of many runs are drawn and gone through, and how soon a very long one is there.

A frame is all that a key costs that scrolls: what falls into each column is found again, and every line is drawn. The
long run is an event file as PyTorch writes it, read from its start; the list and the picture are there as soon as there
is something of it. Seconds are those of the processor, and beside them those of the clock.
"""

import argparse
import asyncio
import os
import resource
import struct
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.results import table
from nnviz.collection.collection import Collection
from nnviz.collection.lines import lines_of
from nnviz.collection.listed_run import ListedRun
from nnviz.collection.overlay import Asked, Overlay, extent
from nnviz.collection.x_axis import X
from nnviz.frame.series import Series
from nnviz.logs.crc32c import masked
from nnviz.tui.drawing.curve_legend import curve_legend
from nnviz.tui.drawing.palette import DARK
from nnviz.tui.drawing.run_axes import View
from nnviz.tui.drawing.run_picture import run_picture
from nnviz.tui.runs_app import RunsApp
from nnviz.tui.screens.run_curves import CurvesScreen
from nnviz.tui.screens.runs import Chosen, RunsScreen

TITLE = "Curves of many runs"
SIZES = ((80, 24), (120, 40), (200, 50))
BELOW = 12
"""Rows of the legend."""
FRAMES = 40
PART = 500_000
"""Scalars that are written at a time."""
FIRST_STEP = 1 << 21
"""From here on, steps take as many bytes for long: records of one length are written at once."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """How much."""
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--points", type=int, default=10_000, help="of each run")
    parser.add_argument("--scalars", type=int, default=10_000_000, help="of the long run")


def measure(options: argparse.Namespace) -> str:
    """The section of RESULTS.md."""
    load = os.getloadavg()[0]
    runs = [_run(number, options.points) for number in range(options.runs)]
    rows = [_frames(runs, *size) for size in SIZES]
    many = f"{options.runs:,} runs of {options.points:,} points over each other, smoothed, scrolled by a key"
    with TemporaryDirectory() as spare:
        _write(Path(spare) / "events.out.tfevents.1.a", options.scalars)
        found = asyncio.run(_open(Path(spare)))
    return "\n\n".join(
        [
            f"{many}: a frame, in ms of the processor; {FRAMES} frames each:",
            table(["size", "median", "p95", "most"], rows),
            f"A run of {options.scalars:,} scalars in one event file:",
            table(["", "processor, s", "clock, s", "peak memory, MB"], found),
            f"The load average of the machine was {load:.1f} at the beginning.",
        ]
    )


def _run(number: int, points: int) -> ListedRun:
    random = np.random.default_rng(number)
    series = Series("loss", "loss", "train")
    steps = np.arange(points, dtype=float)
    values = np.exp(-steps * 3 / points) + 0.1 * random.normal(size=points) + 0.01 * number
    series.extend(steps, values, steps)
    return ListedRun(
        place=Path(str(number)),
        name=f"run-{number}",
        by="JSONL",
        source="",
        network="",
        state="finished",
        curves=(series,),
        main=series,
        best=series.lowest,
        settings={},
        notes=(),
        axis="step",
        size=0,
        written=0.0,
        started=None,
    )


def _frames(runs: list[ListedRun], width: int, height: int) -> list[str]:
    overlay, asked = Overlay(), Asked("loss", None, X.STEP, 0.9)
    names = [run.name for run in runs]
    first, last = extent(overlay.curves(runs, asked)) or (0.0, 1.0)
    times = []
    for number in range(FRAMES):
        move = number * (last - first) / FRAMES / 2
        begin = time.process_time()
        lines = lines_of(overlay.curves(runs, asked), names)
        view = View(X.STEP, first + move, (first + last) / 2 + move, False, None, first + move, 0)
        run_picture(lines, view, DARK, width, height - BELOW)
        curve_legend(lines, "run", view, DARK, width, BELOW)
        times.append(1e3 * (time.process_time() - begin))
    return [f"{width}×{height}", *(f"{np.percentile(times, share):.1f}" for share in (50, 95, 100))]


def _write(path: Path, scalars: int) -> None:
    """An event file with one curve."""
    tag = b"train/loss"
    value = b"\x0a" + bytes([len(tag)]) + tag + b"\x15" + bytes(4)
    summary = b"\x0a" + bytes([len(value)]) + value
    payload = b"\x09" + bytes(8) + b"\x10" + bytes(4) + b"\x2a" + bytes([len(summary)]) + summary
    length = np.frombuffer(struct.pack("<Q", len(payload)), np.uint8)
    with path.open("wb") as file:
        for begin in range(0, scalars, PART):
            steps = FIRST_STEP + np.arange(begin, min(begin + PART, scalars))
            rows = np.tile(np.frombuffer(payload, np.uint8), (len(steps), 1))
            rows[:, 1:9] = (1.7e9 + steps * 0.01).astype("<f8").view(np.uint8).reshape(-1, 8)
            for place in range(4):
                rows[:, 10 + place] = ((steps >> (7 * place)) & 127) | (128 if place < 3 else 0)
            losses = np.exp(-(steps - FIRST_STEP) / scalars) + 0.1 * np.random.default_rng(begin).normal(
                size=len(steps)
            )
            rows[:, -4:] = losses.astype("<f4").view(np.uint8).reshape(-1, 4)
            head = np.concatenate([length, masked(length[None]).astype("<u4").view(np.uint8)])
            sums = [masked(part) for part in np.array_split(rows, max(len(rows) // 20_000, 1))]
            feet = np.concatenate(sums).astype("<u4").view(np.uint8).reshape(-1, 4)
            file.write(np.hstack([np.tile(head, (len(rows), 1)), rows, feet]).tobytes())


async def _open(place: Path) -> list[list[str]]:
    """The app on it: until its curve is drawn first, and until all of it is there."""
    clock, processor = time.perf_counter(), time.process_time()

    def row(what: str) -> list[str]:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
        return [what, f"{time.process_time() - processor:.1f}", f"{time.perf_counter() - clock:.1f}", f"{peak:.0f}"]

    app = RunsApp(Collection(place), Chosen())
    async with app.run_test(size=(120, 40)) as pilot:
        while not isinstance(app.screen, CurvesScreen):
            await asyncio.sleep(0.01)
        await pilot.pause()
        found = [row("its first picture")]
        while not any(isinstance(screen, RunsScreen) and screen.is_whole for screen in app.screen_stack):
            await asyncio.sleep(0.05)
        return [*found, row("all of it")]
