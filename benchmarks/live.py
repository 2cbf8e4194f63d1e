"""A PyTorch training that is watched, beside the same one that is not."""

import argparse
import os
import subprocess
import sys
import tempfile

TITLE = "Watching a PyTorch training"
KINDS = ("mlp", "cnn", "transformer")
SECONDS = 8.0


def add_options(parser: argparse.ArgumentParser) -> None:
    """How long each is measured."""
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each model, in each of its two ways")


def measure(options: argparse.Namespace) -> str:
    """The section of RESULTS.md."""
    rows = [
        "Ratio of medians of the time of a training step, watched to bare, in blocks that take turns in one process",
        "(PyTorch on one thread, AdamW). Nobody is attached; then a screen asks for all of a frame 20 times a second.",
        "",
        "| model | bare step | nobody attached | a screen attached |",
        "| --- | --- | --- | --- |",
    ]
    for kind in KINDS:
        bare, alone, attached = _measured(kind, options.seconds)
        rows.append(f"| {kind} | {1000 * bare:.2f} ms | {alone:.3f} | {attached:.3f} |")
    return "\n".join(rows)


def _measured(kind: str, seconds: float) -> tuple[float, float, float]:
    """Seconds of a bare step, and the ratios of the two ways to watch."""
    with tempfile.TemporaryDirectory() as place:
        environment = {**os.environ, "XDG_RUNTIME_DIR": place}
        command = [sys.executable, "-m", "benchmarks.live_process", kind, str(seconds)]
        told = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    bare, alone, attached = (float(number) for number in told.split())
    return bare, alone, attached
