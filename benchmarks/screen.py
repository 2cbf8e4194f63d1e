"""The visualizer on a terminal of 160×48, where all panes are live: what it costs, how fast it answers and starts.

Training rate: steps a second at full speed with the screen open, against the same experiment trained by the same
Trainer in a process of its own without a screen. The rate with the screen is read from outside: from the step number
that the visualizer paints 20 times a second, and the time at which its bytes arrive. The two take turns, one resting
while the other trains: without, with, and without the screen again. A share is the rate with it to the mean of the two
without, and the median of all turns of several rounds, each with new processes, is told; beside it, the same of the two
without to each other, which is what the machine does to a share by itself.

Keys: while training runs at full speed, from writing the key until the bytes have arrived that complete the text which
answers it: `[` and `]` choose another layer, which the heatmap's title names; `,` and `.` another example, whose place
its pane names; `+` and `-` another learning rate, which the first line names. Keys come 30 to 120 ms apart.

Start: from fork until the first text is written, a line before the screen is loaded, and until the network's first
frame is painted.

Beside both stands the smallest Textual app there is (`bare.py`), with another process at work on the second core as the
trainer is: what no screen made with Textual can be faster than on this machine.
"""

import argparse
import json
import math
import random
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np

from benchmarks.results import table
from benchmarks.terminal import ENDLESS, HERE, PETS, TINY, Network, Program, Visualizer, environment

TITLE = "The visualizer"
WARM_UP = 1.5


class Rate(NamedTuple):
    """Steps a second, and where the time went. CPU shares are of one core."""

    wall: float
    cpu: float
    frames: float
    screen_share: float
    trainer_share: float


def add_options(parser: argparse.ArgumentParser) -> None:
    """How much to measure."""
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--turns", type=int, default=8, help="in each round")
    parser.add_argument("--seconds", type=float, default=0.6, help="of training, three times in each turn")
    parser.add_argument("--keys", type=int, default=200, help="of each kind, for each network")
    parser.add_argument("--starts", type=int, default=12)


def measure(options: argparse.Namespace) -> str:
    """The section of RESULTS.md."""
    rates: list[list[object]] = []
    keys: list[list[object]] = []
    turns: dict[Network, list[tuple[Rate, Rate, Rate]]] = defaultdict(list)
    waits: dict[tuple[Network, str], list[float]] = defaultdict(list)
    bare_waits: list[float] = []
    for _ in range(options.rounds):
        for network in (PETS, TINY):
            with headless(network) as train, Visualizer(network) as visualizer:
                start_training(visualizer)
                visualizer.press(" ")
                visualizer.watch(0.1)
                train(WARM_UP)
                for _ in range(options.turns):
                    turns[network].append(turn(visualizer, train, options.seconds))
                visualizer.press(" ")
                for name, kind in KINDS.items():
                    # The last batch of an epoch of pets is a smaller one, and moves the place that is looked at.
                    if network is TINY or kind is not example_keys:
                        count = -(-options.keys // options.rounds)
                        waits[network, name] += answer_times(visualizer, kind(network), count)
        bare_waits += bare_answer_times(-(-options.keys // options.rounds))
    for network, of_network in turns.items():
        rates.append([network.name, *_rate_row(of_network)])
    for (network, name), times in waits.items():
        keys.append([f"{network.name}, {name}", *_milliseconds(times, (50, 95, 99, 100)), len(times)])
    every = [time for times in waits.values() for time in times]
    keys.append(["all of them", *_milliseconds(every, (50, 95, 99, 100)), len(every)])
    keys.append(["a bare Textual app", *_milliseconds(bare_waits, (50, 95, 99, 100)), len(bare_waits)])
    starts = [(*start(), bare_start()) for _ in range(options.starts + 2)][2:]
    first, ready, bare = zip(*starts, strict=True)
    heads = [
        "network",
        "headless steps/s",
        "with screen",
        "share",
        "",
        "share per CPU second",
        "",
        "headless to itself",
    ]
    return "\n\n".join(
        [
            f"Training rate with the screen open, {len(turns[PETS])} turns of three times {options.seconds:g} s each:",
            table([*heads, "", "frames/s", "CPU of the screen", "CPU of the trainer"], rates),
            "From a key to its answer on screen while training runs at full speed, in ms:",
            table(["keys", "p50", "p95", "p99", "most", "n"], keys),
            "`nnviz run pets`, from start to paint, warm, in ms:",
            table(
                ["painted", "median", "p95", "most", "n"],
                [
                    ["first text", *_milliseconds(first, (50, 95, 100)), len(first)],
                    ["first frame of the network", *_milliseconds(ready, (50, 95, 100)), len(ready)],
                    ["first text of a bare Textual app", *_milliseconds(bare, (50, 95, 100)), len(bare)],
                ],
            ),
        ]
    )


def _rate_row(turns: list[tuple[Rate, Rate, Rate]]) -> list[str]:
    shares = [screen.wall / statistics.mean((before.wall, after.wall)) for before, screen, after in turns]
    efforts = [screen.cpu / statistics.mean((before.cpu, after.cpu)) for before, screen, after in turns]
    idle = [after.wall / before.wall for before, _, after in turns]
    alone, screen, _ = (Rate(*map(statistics.median, zip(*side, strict=True))) for side in zip(*turns, strict=True))
    return [
        f"{alone.wall:,.0f}",
        f"{screen.wall:,.0f}",
        *_share(shares),
        *_share(efforts),
        *_share(idle),
        f"{screen.frames:.1f}",
        f"{screen.screen_share:.0%}",
        f"{screen.trainer_share:.0%}",
    ]


def _share(shares: list[float]) -> tuple[str, str]:
    """The median, and what it may be by chance: its standard error, from the middle half."""
    low, high = np.percentile(shares, (25, 75))
    return f"{statistics.median(shares):.1%}", f"±{1.253 * (high - low) / 1.349 / math.sqrt(len(shares)):.1%}"


def _milliseconds(times: list[float] | tuple[float, ...], percentiles: tuple[int, ...]) -> list[str]:
    return [f"{1000 * p:.1f}" for p in np.percentile(times, percentiles)]


@contextmanager
def headless(network: Network) -> Iterator[Callable[[float], Rate]]:
    """A process that trains without a screen, for so many seconds whenever it is asked."""
    options = json.dumps({"source": network.source, "steps": ENDLESS, **network.options})
    command = [sys.executable, "-m", "benchmarks.headless", options]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, env=environment(network), text=True, bufsize=1, **pipes) as process:

        def train(seconds: float) -> Rate:
            print(seconds, file=process.stdin, flush=True)
            rate = json.loads(process.stdout.readline())
            return Rate(rate["wall"], rate["cpu"], 0, 0, 0)

        yield train
        process.stdin.close()


def turn(visualizer: Visualizer, train: Callable[[float], Rate], seconds: float) -> tuple[Rate, Rate, Rate]:
    """The rates without, with, and without a screen again; the screen's trainer rests before and afterwards."""
    before = train(seconds)
    visualizer.press(" ")
    visualizer.watch(0.1)
    screen = with_screen(visualizer, seconds)
    visualizer.press(" ")
    visualizer.watch(0.1)
    return before, screen, train(seconds)


def start_training(visualizer: Visualizer) -> None:
    """Full speed, as soon as the first frame is there."""
    visualizer.wait_for("READY")
    visualizer.watch(0.3)
    visualizer.press(" ")
    visualizer.watch(WARM_UP)


def with_screen(visualizer: Visualizer, seconds: float) -> Rate:
    """The rate with the screen open."""
    processes = visualizer.processes()
    before = [sum(process.cpu_times()[:2]) for process in processes]
    seen = visualizer.watch(seconds)
    screen, trainer = (sum(process.cpu_times()[:2]) - b for process, b in zip(processes, before, strict=True))
    (begin, first), (end, last) = seen[0], seen[-1]
    wall = (last - first) / (end - begin)
    return Rate(wall, wall * seconds / trainer, (len(seen) - 1) / (end - begin), screen / seconds, trainer / seconds)


Keys = Iterator[tuple[str, str]]


def layer_keys(network: Network) -> Keys:
    """Keys that walk through the layers, and what answers them on screen."""
    place, step = len(network.layers) - 1, -1
    while True:
        if not 0 <= place + step < len(network.layers):
            step = -step
        place += step
        yield "[]"[step > 0], f"∂L/∂W · {network.layers[place]} · "


def example_keys(network: Network) -> Keys:
    """Keys that walk through the batch."""
    place, size = 0, network.options["batch_size"]
    while True:
        step = random.choice((-1, 1))
        place = (place + step) % size
        yield ",."[step > 0], rf"(?<!\d){place + 1} of {size} in the batch"


def rate_keys(network: Network) -> Keys:
    """Keys that change the learning rate, there and back."""
    rate = network.options.get("lr", 0.005)
    while True:
        yield "+", f"lr {2 * rate:g} "
        yield "-", f"lr {rate:g} "


KINDS: dict[str, Callable[[Network], Keys]] = {
    "`[` `]`": layer_keys,
    "`,` `.`": example_keys,
    "`+` `-`": rate_keys,
}


def answer_times(visualizer: Program, keys: Keys, count: int) -> list[float]:
    """Seconds from each of `count` keys to its answer."""
    times = []
    for _ in range(count):
        visualizer.watch(random.uniform(0.03, 0.12))
        visualizer.forget()
        key, answer = next(keys)
        pressed = visualizer.press(key)
        times.append(visualizer.wait_for(answer) - pressed)
    return times


@contextmanager
def bare_app() -> Iterator[Program]:
    """The smallest Textual app, and a process that keeps the other core busy."""
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        with Program([sys.executable, str(HERE / "bare.py")], environment(PETS)) as program:
            yield program
    finally:
        busy.kill()
        busy.wait()


def bare_answer_times(count: int) -> list[float]:
    """Seconds from each of `count` keys to its answer by the smallest app."""
    with bare_app() as program:
        program.wait_for("bare line")
        program.watch(0.5)
        return answer_times(program, (("a", f"key {k} answered") for k in range(1, count + 1)), count)


def bare_start() -> float:
    """Seconds to the first text of the smallest app."""
    with bare_app() as program:
        return program.wait_for("bare line") - program.started


def start() -> tuple[float, float]:
    """Seconds to the first text, and to the first frame."""
    with Visualizer(PETS) as visualizer:
        first = visualizer.wait_for("nnviz")
        ready = visualizer.wait_for("dense3")
        time.sleep(0.3)
        return first - visualizer.started, ready - visualizer.started
