"""A long run of the smallest network with the screen open: memory of both processes, and the cost of its long curve.

Memory is the resident set, sampled every few seconds; growth is counted from the end of the first minute. The curve is
drawn from a frame of the same run trained again without a screen to the same step.
"""

import argparse
import statistics
import time

from benchmarks.results import table
from benchmarks.screen import start_training
from benchmarks.terminal import TINY, Visualizer

TITLE = "A long run"
SETTLING = 60
EVERY = 5
MEGABYTE = 1 << 20


def add_options(parser: argparse.ArgumentParser) -> None:
    """How long."""
    parser.add_argument("--steps", type=int, default=1_000_000)
    parser.add_argument("--minutes", type=float, default=4, help="go on for so long at least")


def measure(options: argparse.Namespace) -> str:
    """The section of RESULTS.md."""
    samples, steps = _sampled(options.steps, 60 * options.minutes)
    settled = [sample for sample in samples if sample[0] >= SETTLING] or samples
    rows = []
    for place, name in ((1, "screen"), (2, "trainer")):
        sizes = [sample[place] / MEGABYTE for sample in settled]
        slope = statistics.linear_regression([sample[0] / 60 for sample in settled], sizes).slope
        row = [samples[0][place] / MEGABYTE, sizes[0], sizes[-1], max(sizes), sizes[-1] - sizes[0], slope]
        rows.append([name, *(f"{number:,.2f}" for number in row)])
    draw = [f"{milliseconds:.1f}" for milliseconds in _drawing(min(steps, options.steps))]
    return "\n\n".join(
        [
            f"{steps:,} steps of {TINY.name} in {samples[-1][0]:.0f} s with the screen open; resident memory in MB, "
            f"{len(samples)} samples:",
            table(["process", "at the start", "after 1 min", "at the end", "most", "growth", "growth a minute"], rows),
            f"Drawing the loss curve of step {min(steps, options.steps):,}: {draw[0]} ms for the chart "
            f"(most {draw[1]}), {draw[2]} ms to take the whole frame that it comes in (n = 50).",
        ]
    )


def _sampled(steps: int, seconds: float) -> tuple[list[tuple[float, int, int]], int]:
    """(seconds, bytes of the screen, bytes of the trainer) again and again, and the step that was reached."""
    with Visualizer(TINY) as visualizer:
        visualizer.wait_for("READY")
        start_training(visualizer)
        screen, trainer = visualizer.processes()
        begin = time.perf_counter()
        samples = []
        done = 0
        while done < steps or time.perf_counter() - begin < seconds:
            samples.append((time.perf_counter() - begin, screen.memory_info().rss, trainer.memory_info().rss))
            done = visualizer.watch(EVERY)[-1][1]
        return samples, done


def _drawing(steps: int) -> tuple[float, float, float]:
    """Milliseconds: the chart at the median and at most, the frame at the median."""
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from benchmarks.sources import sitecustomize  # noqa: F401
    from nnviz.frame.focus import Focus, Quantity
    from nnviz.frame.frame import Frame
    from nnviz.options import Options
    from nnviz.remote.messages import Goal, Order, Pace, Run, SetFocus
    from nnviz.remote.service import Service
    from nnviz.tui.drawing.curve import LossChart
    from nnviz.tui.drawing.palette import DARK

    options = Options.of(source=TINY.source, steps=steps, **TINY.options)
    with TemporaryDirectory() as spare:
        service = Service(Order(options.experiment(), Path(spare) / "run"))
        service.answer(Run(Pace(Goal.STEP, None, "")))
        service.work(lambda: False)
        chart = LossChart()
        frames, charts = [], []
        for _ in range(50):
            begin = time.perf_counter()
            frame = service.answer(SetFocus(Focus(0, 0, Quantity.GRADIENT)))
            assert isinstance(frame, Frame)
            taken = time.perf_counter()
            chart.draw(frame.curves, DARK, 78, 14)
            charts.append(1000 * (time.perf_counter() - taken))
            frames.append(1000 * (taken - begin))
    return statistics.median(charts), max(charts[1:]), statistics.median(frames)
