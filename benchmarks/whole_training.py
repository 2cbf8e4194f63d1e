"""A whole training of a convolutional network on photographs: `nnviz train` beside a script of PyTorch.

Whole processes, from their start to the score of their test examples: the files are opened, and every training picture
is turned over and moved a little, by chance, each time that it is shown. nnviz decodes the files once, into a cache
that is empty when it begins; the script decodes a picture each time that it needs it, in two processes of a
`DataLoader`, as people write it. The files have been read before, so that no disk is waited for.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.contenders import CONVOLUTIONS
from benchmarks.decoding import write_pictures
from benchmarks.earlier import commit
from benchmarks.results import table

TITLE = "A whole training on photographs"
PHOTOGRAPHS = 2000
BATCH, RATE = 32, 0.001
HOME = Path(__file__).parents[1]


def add_options(parser: argparse.ArgumentParser) -> None:
    """How much, and on what."""
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--folder", type=Path, help="of photographs, a folder for each class; without it, drawn ones")
    parser.add_argument("--earlier", default="", metavar="DIR", help="beside an earlier build, checked out in DIR")


def measure(options: argparse.Namespace) -> str:
    """The section of RESULTS.md."""
    with TemporaryDirectory() as spare:
        source = options.folder or write_pictures(Path(spare) / "photographs", 128, 96, PHOTOGRAPHS)
        count = sum(1 for path in source.rglob("*.*") if path.is_file())
        kind = "photographs" if options.folder else "drawn pictures"
        contenders = {"nnviz": _nnviz(HOME, source, options.epochs), "PyTorch": _torch(source, options.epochs)}
        if options.earlier:
            earlier = Path(options.earlier).resolve()
            contenders[f"nnviz, earlier ({commit(options.earlier)})"] = _nnviz(earlier, source, options.epochs)
        taken: dict[str, list[float]] = {name: [] for name in contenders}
        names = list(contenders)
        for number in range(options.rounds):
            for name in names[number % len(names) :] + names[: number % len(names)]:
                with TemporaryDirectory(dir=spare) as folder:
                    taken[name].append(_seconds(contenders[name], folder))
    own = taken["nnviz"]
    rows = []
    for name, seconds in taken.items():
        ratios = [a / b for a, b in zip(own, seconds, strict=True)]
        spread = "" if name == "nnviz" else f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        rows.append([name, f"{statistics.median(seconds):.1f}", f"{min(seconds):.1f} to {max(seconds):.1f}", spread])
    return (
        f"{count:,} {kind} of two classes, JPEG of at most 128 pixels a side, as 32×32 in colour; `{CONVOLUTIONS}`, "
        f"batch {BATCH}, Adam, {options.epochs} epochs; pictures flipped and shifted by chance. Seconds of the whole "
        f"process, medians of {options.rounds} interleaved rounds, and the time of nnviz to that of each, lowest and "
        "highest in brackets:\n\n" + table(["program", "seconds", "lowest to highest", "nnviz to it"], rows)
    )


def _nnviz(home: Path, source: Path, epochs: int) -> list[str]:
    options = {
        "network": CONVOLUTIONS,
        "optimizer": "adam",
        "lr": str(RATE),
        "batch-size": str(BATCH),
        "epochs": str(epochs),
        "augment": "flip,shift",
    }
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    return _module(home, "nnviz", "train", str(source.resolve()), *words)


def _torch(source: Path, epochs: int) -> list[str]:
    return _module(HOME, "benchmarks.whole_training_torch", str(source.resolve()), str(epochs), str(BATCH), str(RATE))


def _module(home: Path, *words: str) -> list[str]:
    """A module of the project in that folder."""
    return ["env", f"PYTHONPATH={home}", sys.executable, "-m", *words]


def _seconds(command: list[str], folder: str) -> float:
    begin = time.perf_counter()
    environment = {**os.environ, "XDG_CACHE_HOME": folder}
    subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE, check=True)
    return time.perf_counter() - begin
