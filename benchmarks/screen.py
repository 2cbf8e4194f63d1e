"""The visualizer on a terminal of 160×48, where all panes are live: what it costs, how fast it answers and starts.

Training rate: steps a second at full speed with the screen open, against the same experiment trained by the same
Trainer in a process of its own without a screen. The rate with the screen is read from outside: from the step number
that the visualizer paints 20 times a second, and the time at which its bytes arrive. Each round measures one after the
other; the share is the median of the rounds' shares.

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
from benchmarks.terminal import HERE, PETS, TINY, Network, Program, Visualizer, environment

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
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=6, help="of training in each round, with and without screen")
    parser.add_argument("--keys", type=int, default=200, help="of each kind, for each network")
    parser.add_argument("--starts", type=int, default=12)


def measure(options: argparse.Namespace) -> str:
    """The section of RESULTS.md."""
    rates: list[list[object]] = []
    keys: list[list[object]] = []
    pairs: dict[Network, list[tuple[Rate, Rate]]] = defaultdict(list)
    waits: dict[tuple[Network, str], list[float]] = defaultdict(list)
    bare_waits: list[float] = []
    for _ in range(options.rounds):
        for network in (PETS, TINY):
            alone = headless(network, options.seconds)
            with Visualizer(network) as visualizer:
                start_training(visualizer)
                pairs[network].append((alone, with_screen(visualizer, options.seconds)))
                for name, kind in KINDS.items():
                    # The last batch of an epoch of pets is a smaller one, and moves the place that is looked at.
                    if network is TINY or kind is not example_keys:
                        count = -(-options.keys // options.rounds)
                        waits[network, name] += answer_times(visualizer, kind(network), count)
        bare_waits += bare_answer_times(-(-options.keys // options.rounds))
    for network, rounds in pairs.items():
        rates.append([network.name, *_rate_row(rounds)])
    for (network, name), times in waits.items():
        keys.append([f"{network.name}, {name}", *_milliseconds(times, (50, 95, 99, 100)), len(times)])
    every = [time for times in waits.values() for time in times]
    keys.append(["all of them", *_milliseconds(every, (50, 95, 99, 100)), len(every)])
    keys.append(["a bare Textual app", *_milliseconds(bare_waits, (50, 95, 99, 100)), len(bare_waits)])
    starts = [(*start(), bare_start()) for _ in range(options.starts + 2)][2:]
    first, ready, bare = zip(*starts, strict=True)
    heads = ["network", "headless steps/s", "with screen", "share", "least…most", "share per CPU second", "frames/s"]
    return "\n\n".join(
        [
            f"Training rate with the screen open, {options.rounds} rounds of {options.seconds:g} s each:",
            table([*heads, "CPU of the screen", "CPU of the trainer"], rates),
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


def _rate_row(rounds: list[tuple[Rate, Rate]]) -> list[str]:
    shares = [screen.wall / alone.wall for alone, screen in rounds]
    effort = statistics.median(screen.cpu / alone.cpu for alone, screen in rounds)
    alone, screen = (Rate(*map(statistics.median, zip(*side, strict=True))) for side in zip(*rounds, strict=True))
    return [
        f"{alone.wall:,.0f}",
        f"{screen.wall:,.0f}",
        f"{statistics.median(shares):.1%}",
        f"{min(shares):.1%}…{max(shares):.1%}",
        f"{effort:.1%}",
        f"{screen.frames:.1f}",
        f"{screen.screen_share:.0%}",
        f"{screen.trainer_share:.0%}",
    ]


def _milliseconds(times: list[float] | tuple[float, ...], percentiles: tuple[int, ...]) -> list[str]:
    return [f"{1000 * p:.1f}" for p in np.percentile(times, percentiles)]


def headless(network: Network, seconds: float) -> Rate:
    """The rate without a screen."""
    options = json.dumps({"source": network.source, "steps": 10**9, **network.options})
    command = [sys.executable, "-m", "benchmarks.headless", str(WARM_UP), str(seconds), options]
    done = subprocess.run(command, env=environment(network), stdout=subprocess.PIPE, check=True)
    rate = json.loads(done.stdout)
    return Rate(rate["wall"], rate["cpu"], 0, 0, 0)


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
