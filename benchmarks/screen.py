"""The visualizer on a terminal of 160×48, where all panes are live: what it costs, and how fast it answers.

Training rate: steps a second at full speed with the screen open, against the same experiment trained by the same
Trainer in a process of its own without a screen. The rate with the screen is read from outside: from the step number
that the visualizer paints 20 times a second, and the time at which its bytes arrive. The two take turns: one trainer is
stopped by the system (SIGSTOP), or waits, while the other trains. The turns are short and follow each other at once,
since what else is at work on the machine can halve a rate for a second or two: of the same minute, turns of 0.6 s told
five times less than turns of 0.05 s did. Two processes of the same program also differ, by where their memory lies; so
there are several rounds, each with new processes. The same is told with the inspector open, which shows a unit, the
chain rule of one of its weights and their pictures anew with every frame. The share of a round is its mean rate with
the screen to its mean rate without, before and after each turn with it. Told is the mean of all rounds and its standard
error; beside it, the same of rates that are all without the screen, every second one to those before and after: what
the machine alone does.

Keys: while training runs at full speed, from writing the key until the bytes have arrived that complete the text which
answers it: `[` and `]` choose another layer, which the heatmap's title names; `,` and `.` another example, whose place
its pane names; `+` and `-` another learning rate, which the first line names. Keys come 30 to 120 ms apart.

Beside them stands the smallest Textual app there is (`bare.py`), with another process at work on the second core as the
trainer is: what no screen made with Textual can be faster than on this machine.
"""

import argparse
import json
import math
import random
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import psutil

from benchmarks.results import table
from benchmarks.terminal import ENDLESS, HERE, PETS, TINY, Network, Program, Visualizer, environment

TITLE = "The visualizer"
WARM_UP = 1.5
# After a rest, until a rate is measured.
SETTLING = 0.1
DOWN = "\x1b[B"


class Watched(NamedTuple):
    """Steps and frames a second with the screen open, and the CPU shares, of one core, of both processes."""

    rate: float
    frames: float
    screen: float
    trainer: float


class Turn(NamedTuple):
    """The steps a second without the screen, with it, and without it again."""

    before: float
    watched: Watched
    after: float


def add_options(parser: argparse.ArgumentParser) -> None:
    """How much to measure."""
    parser.add_argument("--rounds", type=int, default=30, help="two at least")
    parser.add_argument("--turns", type=int, default=24, help="in each round, two at least")
    parser.add_argument("--seconds", type=float, default=0.2, help="of training, with and without, in each turn")
    parser.add_argument("--keys", type=int, default=200, help="of each kind, for each network")


def measure(options: argparse.Namespace) -> str:
    """The section of RESULTS.md."""
    rates: list[list[object]] = []
    keys: list[list[object]] = []
    rounds: dict[str, list[list[Turn]]] = defaultdict(list)
    waits: dict[tuple[Network, str], list[float]] = defaultdict(list)
    bare_waits: list[float] = []
    for _ in range(options.rounds):
        for network in (PETS, TINY):
            with headless(network) as train, Visualizer(network) as visualizer:
                open_inspector(visualizer)
                start_training(visualizer)
                taken = list(take_turns(visualizer, train, options.seconds, options.turns))
                rounds[f"{network.name}, the inspector open"].append(taken)
                count = -(-options.keys // options.rounds)
                waits[network, "`+` `-`, the inspector open"] += answer_times(visualizer, rate_keys(network), count)
            with headless(network) as train, Visualizer(network) as visualizer:
                visualizer.wait_for("READY")
                start_training(visualizer)
                rounds[network.name].append(list(take_turns(visualizer, train, options.seconds, options.turns)))
                for name, kind in KINDS.items():
                    # The last batch of an epoch of pets is a smaller one, and moves the place that is looked at.
                    if network is TINY or kind is not example_keys:
                        count = -(-options.keys // options.rounds)
                        waits[network, name] += answer_times(visualizer, kind(network), count)
        bare_waits += bare_answer_times(-(-options.keys // options.rounds))
    for name, of_network in sorted(rounds.items()):
        rates.append([name, *_rate_row(of_network)])
    for (network, name), times in waits.items():
        keys.append([f"{network.name}, {name}", *_milliseconds(times, (50, 95, 99, 100)), len(times)])
    every = [time for times in waits.values() for time in times]
    keys.append(["all of them", *_milliseconds(every, (50, 95, 99, 100)), len(every)])
    keys.append(["a bare Textual app", *_milliseconds(bare_waits, (50, 95, 99, 100)), len(bare_waits)])
    heads = ["network", "headless steps/s", "with screen", "share", "", "headless to itself", ""]
    return "\n\n".join(
        [
            f"Training rate with the screen open, {options.rounds} rounds of {options.turns} turns; in each, "
            f"{options.seconds:g} s with and without:",
            table([*heads, "frames/s", "CPU of the screen", "CPU of the trainer"], rates),
            "From a key to its answer on screen while training runs at full speed, in ms:",
            table(["keys", "p50", "p95", "p99", "most", "n"], keys),
        ]
    )


def _rate_row(rounds: list[list[Turn]]) -> list[str]:
    turns = [turn for turns in rounds for turn in turns]
    watched = [turn.watched for turn in turns]
    return [
        f"{statistics.median(turn.before for turn in turns):,.0f}",
        f"{statistics.median(w.rate for w in watched):,.0f}",
        *_told([_share(turns) for turns in rounds]),
        *_told([_share_of_itself(turns) for turns in rounds]),
        f"{statistics.mean(w.frames for w in watched):.1f}",
        f"{statistics.mean(w.screen for w in watched):.0%}",
        f"{statistics.mean(w.trainer for w in watched):.0%}",
    ]


def _share(turns: list[Turn]) -> float:
    """The rate with the screen to that without."""
    return sum(turn.watched.rate for turn in turns) / sum((turn.before + turn.after) / 2 for turn in turns)


def _share_of_itself(turns: list[Turn]) -> float:
    """What `_share` makes of turns in which nothing is watched: the rate between two turns is that in the middle."""
    pairs = list(zip(turns[::2], turns[1::2], strict=False))
    return sum(first.after for first, _ in pairs) / sum((first.before + second.after) / 2 for first, second in pairs)


def _told(shares: list[float]) -> tuple[str, str]:
    """The mean, and its standard error."""
    return f"{statistics.mean(shares):.1%}", f"±{statistics.stdev(shares) / math.sqrt(len(shares)):.1%}"


def _milliseconds(times: list[float] | tuple[float, ...], percentiles: tuple[int, ...]) -> list[str]:
    return [f"{1000 * p:.1f}" for p in np.percentile(times, percentiles)]


@contextmanager
def headless(network: Network) -> Iterator[Callable[[float], float]]:
    """A process that trains without a screen, for so many seconds whenever it is asked."""
    options = json.dumps({"source": network.source, "steps": ENDLESS, **network.options})
    command = [sys.executable, "-m", "benchmarks.headless", options]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment(network), text=True, bufsize=1, stdin=pipe, stdout=pipe) as process:
        assert process.stdin is not None

        def train(seconds: float) -> float:
            assert process.stdout is not None
            print(seconds, file=process.stdin, flush=True)
            return float(process.stdout.readline())

        yield train
        process.stdin.close()


def take_turns(visualizer: Visualizer, train: Callable[[float], float], seconds: float, count: int) -> Iterator[Turn]:
    """Rates without a screen, and between two of them the one with it, while the other trainer rests."""
    _, trainer = visualizer.processes()
    with suspended(trainer):
        train(WARM_UP)
        before = settled(train, seconds)
    for _ in range(count):
        visualizer.watch(SETTLING)
        watched = with_screen(visualizer, seconds)
        with suspended(trainer):
            after = settled(train, seconds)
        yield Turn(before, watched, after)
        before = after


@contextmanager
def suspended(process: psutil.Process) -> Iterator[None]:
    """The process stands still."""
    process.suspend()
    try:
        yield
    finally:
        process.resume()


def settled(train: Callable[[float], float], seconds: float) -> float:
    """The rate without a screen, after as long a start as the one with it has."""
    train(SETTLING)
    return train(seconds)


def open_inspector(visualizer: Visualizer) -> None:
    """Point at a unit of the network, as soon as the first frame is there."""
    visualizer.wait_for("READY")
    visualizer.watch(0.3)
    visualizer.press("1")
    visualizer.press(DOWN)
    visualizer.wait_for("Inspector · ")


def start_training(visualizer: Visualizer) -> None:
    """Full speed, from the first frame on."""
    visualizer.watch(0.3)
    visualizer.press(" ")
    visualizer.watch(WARM_UP)


def with_screen(visualizer: Visualizer, seconds: float) -> Watched:
    """What comes of a training that runs, and what it takes."""
    processes = visualizer.processes()
    before = [sum(process.cpu_times()[:2]) for process in processes]
    seen = visualizer.watch(seconds)
    while len(seen) < 2:  # the machine stood still
        seen += visualizer.watch(seconds)
    screen, trainer = (sum(process.cpu_times()[:2]) - b for process, b in zip(processes, before, strict=True))
    (begin, first), (end, last) = seen[0], seen[-1]
    elapsed = end - begin
    return Watched((last - first) / elapsed, (len(seen) - 1) / elapsed, screen / seconds, trainer / seconds)


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
