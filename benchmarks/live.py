"""A PyTorch training that is watched, beside the same one that is not, and beside other ways to look at one."""

import argparse
import os
import subprocess
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

from benchmarks.results import table

TITLE = "Watching a PyTorch training"
KINDS = ("mlp", "cnn", "transformer")
SECONDS = 16.0
WAYS = {
    "alone": ("nnviz, nobody attached", None),
    "attached": ("nnviz, a screen attached", None),
    "wandb": ("W&B, loss at each step", "wandb"),
    "wandb-seldom": ("W&B, loss at each 100th step", "wandb"),
    "torchlens-seldom": ("TorchLens, each 100th step", "torchlens"),
    "torchlens": ("TorchLens, each step", "torchlens"),
    "norms": ("norms by .item(), each step", None),
}
"""What each is called, and the package that it needs."""
LEAST = 0.001
"""A difference that is smaller is none: an overhead counts as so much at least."""
NONE = "–"


class Found(NamedTuple):
    """Seconds of a bare step, and the ratio to it with its standard error."""

    bare: float
    ratio: float
    error: float


def add_options(parser: argparse.ArgumentParser) -> None:
    """How long each is measured, and what."""
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each way and as long of the bare training")
    parser.add_argument("--kind", choices=KINDS, action="append", help="only this model; may be given again")
    parser.add_argument("--way", choices=WAYS, action="append", help="only this way; may be given again")


def measure(options: argparse.Namespace) -> str:
    """The section of RESULTS.md."""
    head = ["model", "looked at by", "bare step", "to bare", "±", "nnviz's overhead is of its"]
    rows: list[list[str]] = []
    for kind in options.kind or KINDS:
        alone: Found | None = None
        for way in options.way or WAYS:
            called, package = WAYS[way]
            if package is not None and not _version(package):
                rows.append([kind, called, "not installed", NONE, NONE, NONE])
                continue
            found = _measured(kind, way, options.seconds)
            alone = found if way == "alone" else alone
            numbers = [f"{1000 * found.bare:.2f} ms", f"{found.ratio:.3f}", f"{found.error:.3f}"]
            share = NONE if way in ("alone", "attached") or alone is None else _share(alone, found)
            rows.append([kind, called, *numbers, share])
    packages = [f"{name} {_version(name)}" for name in ("torch", "wandb", "torchlens") if _version(name)]
    return "\n\n".join(
        [
            "A training step that is looked at, to a bare one, with its standard error, in one process for each row "
            "(one thread, AdamW). Bare and looked at take turns: with nobody attached from step to step, with a "
            "screen every twentieth of a second, else every quarter of one or every 100 steps. The last column is the "
            "overhead of nnviz with nobody attached, as a share of that of the row. nnviz is compared with the very "
            "same model while nothing hangs on it, from 15 s after the beginning; its clock, by which it looks, "
            "stands still meanwhile, and so does the screen. The others are compared with a second model, which lies "
            "elsewhere in memory and may be a few hundredths faster or slower for that alone. A screen asks for all "
            'of a frame 20 times a second. W&B: `watch(log="all", log_freq=100)`, offline, and `log` of the loss. '
            "TorchLens: `trace` of a forward pass of the batch; it wraps torch's functions for the bare training too, "
            "so its ratio is rather too small. "
            f"By {', '.join(packages)}.",
            table(head, rows),
        ]
    )


def _share(alone: Found, other: Found) -> str:
    overhead = other.ratio - 1
    return NONE if overhead < LEAST else f"{max(alone.ratio - 1, LEAST) / overhead:.3f}"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _measured(kind: str, way: str, seconds: float) -> Found:
    with tempfile.TemporaryDirectory() as place:
        # W&B keeps things in several places.
        own = dict.fromkeys(("XDG_RUNTIME_DIR", "WANDB_CACHE_DIR", "WANDB_CONFIG_DIR", "WANDB_DATA_DIR"), place)
        environment = {**os.environ, **own}
        command = [sys.executable, "-m", "benchmarks.live_process", kind, way, str(seconds)]
        told = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
    return Found(*map(float, told.split()[-3:]))
