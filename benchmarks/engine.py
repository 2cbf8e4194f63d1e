"""One training step of nnviz beside the matrix products in it, and beside the same step of PyTorch and scikit-learn.

A step is forward pass, loss, backward pass and the optimizer's update, in float32, on one batch that is in memory. In
each round everyone does steps for a short while, in an order that changes from round to round; what counts of a round
is its median step. Times are medians of rounds, and ratios medians of the rounds' ratios. Before that, everyone has
to find the same losses from the same weights.

Products: the matrix products that a step of these shapes cannot do without, and nothing else: for each layer with
weights the output, the gradient of the weights, and (not in the first layer) the gradient of the input.

With two threads, nnviz computes with its two workers and one BLAS thread; the others use two threads of their own.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.contenders import CASES, OPTIMIZERS, VARIANTS, Case, find
from benchmarks.earlier import commit
from benchmarks.results import table

TITLE = "One training step"
NAMES = [case.name for case in CASES]
WITH_TRAINER = ["2-8-2", "64-32-10"]
FOR_MEMORY = ["784-1024-1024-10", "convolutional"]
TO_PROFILE = [
    ("784-128-10", 1, "SGD"),
    ("784-1024-1024-10", 1, "SGD"),
    ("784-1024-1024-10", 1, "Adam"),
    ("784-1024-1024-10", 2, "SGD"),
    ("convolutional", 1, "SGD"),
]
DIVIDED = ["convolutional", "in grey"]
NONE = "–"
PURPOSES = ("forward", "parameters", "input")

Times = dict[str, list[float]]


def add_options(parser: argparse.ArgumentParser) -> None:
    """How much to measure."""
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--milliseconds", type=float, default=150, help="of each contender in each round")
    parser.add_argument(
        "--network",
        choices=NAMES,
        action="append",
        help="only this one; may be given again (with --dry, else RESULTS.md loses the others)",
    )
    parser.add_argument("--threads", type=int, choices=(1, 2), help="only that many")
    parser.add_argument("--earlier", default="", metavar="DIR", help="beside an earlier build, checked out in DIR")
    parser.add_argument("--profile", choices=NAMES, help="print where nnviz's time goes in this network, and end")


def measure(options: argparse.Namespace) -> str:
    """The section of RESULTS.md."""
    if options.profile:
        print("\n\n".join(_profile(options.profile, options.threads or 1, optimizer) for optimizer in OPTIMIZERS))
        raise SystemExit
    cases = options.network or NAMES
    earlier = options.earlier and str(Path(options.earlier).resolve())
    span = {"rounds": options.rounds, "milliseconds": options.milliseconds}
    parts = [_introduction(options)]
    for threads in [options.threads] if options.threads else [1, 2]:
        found = ask("steps", threads=threads, cases=cases, earlier=earlier, **span)
        times = found["times"]
        said = "One thread" if threads == 1 else "Two threads"
        dense = [case for case in cases if not find(case).is_convolutional]
        if dense:
            heads = ["torch default", "torch best", "/ default", "/ best", "sklearn", "/ sklearn"]
            parts += [f"{said}, dense networks:", table([*_heads(), *heads], _rows(dense, times, _dense_cells))]
        if len(dense) < len(cases):
            rows = _rows([case for case in cases if case not in dense], times, _convolutional_cells)
            heads = ["NCHW default", "NCHW best", "channels_last best", "/ default", "/ NCHW best", "/ channels_last"]
            parts += [f"{said}, convolutional networks:", table([*_heads(), *heads], rows)]
        busy = f"Meanwhile other processes kept {found['others']:.2f} cores busy."
        parts[-1] += f"\n\n{busy}"
    parts += [_memory(), _trainer(**span)]
    parts.append(_why())
    parts += [_profile(name, threads, optimizer) for name, threads, optimizer in TO_PROFILE if name in cases]
    parts += [_divided([name for name in DIVIDED if name in cases])]
    return "\n\n".join(parts)


def ask(question: str, variables: dict[str, str] | None = None, **arguments: Any) -> Any:
    """What a process of its own finds, with these environment variables besides."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.engine_process", question, json.dumps(arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, env={**os.environ, **(variables or {})})
    return json.loads(done.stdout)


def _introduction(options: argparse.Namespace) -> str:
    found = [f"{shown} {number}" for shown, name in _OTHERS.items() if (number := _version(name))]
    missing = [f"{shown} is not installed and not measured." for shown, name in _OTHERS.items() if not _version(name)]
    told = " (OPENBLAS_CORETYPE says so)" if os.environ.get("OPENBLAS_CORETYPE") else ""
    words = [
        f"Forward, loss, backward and update in float32 on one batch in memory; {options.rounds} rounds of "
        f"{options.milliseconds:g} ms each, after as many that are not counted. Measured beside it: "
        f"{', '.join(found) or 'nothing'}. NumPy multiplies with {ask('kernels')}{told}.",
        *missing,
        "“/ …” is the time of nnviz divided by that one's, so less than 1 is faster. “Products” are the bare matrix "
        "products of the same shapes (np.dot with out=), for convolutions those of unrolled windows that are in memory "
        "as wholes. PyTorch runs eagerly; “default” is its optimizer as it comes, “best” the fastest of default, "
        "foreach and fused, named beside its time. It reads no loss back; nnviz does.",
        "One thread: one BLAS thread, one of PyTorch, one worker of nnviz. Two threads: two of BLAS for the products "
        "and scikit-learn, two of PyTorch; nnviz has two workers and one BLAS thread.",
        "scikit-learn is MLPClassifier.partial_fit, which also checks its input, encodes the labels and adds the L2 "
        "term (here of weight 0) in every call; two classes are a single sigmoid output to it, and its SGD keeps a "
        "velocity (here of momentum 0).",
        *(
            [
                f"“earlier” is an earlier build, {commit(options.earlier)}; in brackets, between which ratios half of "
                "all rounds lie."
            ]
            if options.earlier
            else []
        ),
        f"“convolutional” is `{find('convolutional').layers}` for 10 classes of 32×32 pictures in colour, "
        f"“in grey” `{find('in grey').layers}` for 10 classes of 28×28 pictures in grey. "
        "The number after a name is the size of its batch.",
    ]
    return "\n".join(words)


_OTHERS = {"PyTorch": "torch", "scikit-learn": "scikit-learn"}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _heads() -> list[str]:
    return ["network", "optimizer", "nnviz", "earlier", "/ earlier", "products", "/ products"]


def _rows(cases: Sequence[str], times: dict[str, Times], cells: Any) -> list[list[str]]:
    rows = []
    for case in map(find, cases):
        for optimizer in OPTIMIZERS:
            measured = times[case.name]
            own, products = measured[f"nnviz {optimizer}"], measured["products"]
            earlier = measured.get(f"earlier {optimizer}")
            first = [f"{case.name}, {case.batch}", optimizer, _time(own), _time(earlier), spread(own, earlier)]
            compared = [_time(products), _ratio(own, products), *cells(case, optimizer, measured, own)]
            rows.append([*first, *compared])
    return rows


def _dense_cells(case: Case, optimizer: str, measured: Times, own: list[float]) -> list[str]:  # noqa: ARG001
    default = measured.get(f"torch {optimizer} default")
    best, named = _best(measured, f"torch {optimizer}")
    sklearn = measured.get(f"sklearn {optimizer}")
    return [_time(default), named, _ratio(own, default), _ratio(own, best), _time(sklearn), _ratio(own, sklearn)]


def _convolutional_cells(case: Case, optimizer: str, measured: Times, own: list[float]) -> list[str]:  # noqa: ARG001
    default = measured.get(f"torch {optimizer} NCHW default")
    best, named = _best(measured, f"torch {optimizer} NCHW")
    last, last_named = _best(measured, f"torch {optimizer} channels_last")
    return [_time(default), named, last_named, _ratio(own, default), _ratio(own, best), _ratio(own, last)]


def _best(measured: Times, kind: str) -> tuple[list[float] | None, str]:
    """The times of the fastest variant, and its time and name to show."""
    variants = {name: measured[f"{kind} {name}"] for name in VARIANTS if f"{kind} {name}" in measured}
    if not variants:
        return None, NONE
    name = min(variants, key=lambda variant: statistics.median(variants[variant]))
    return variants[name], f"{_time(variants[name])} {name}"


def _time(rounds: list[float] | None) -> str:
    return NONE if rounds is None else shown(statistics.median(rounds))


def shown(seconds: float) -> str:
    """A time of a step."""
    if seconds < 999.5e-6:
        return f"{seconds * 1e6:.{1 if seconds < 99.95e-6 else 0}f} µs"
    return f"{seconds * 1e3:.2f} ms"


def _ratio(own: list[float], other: list[float] | None) -> str:
    if other is None:
        return NONE
    return f"{statistics.median(a / b for a, b in zip(own, other, strict=True)):.2f}"


def spread(own: list[float], other: list[float] | None) -> str:
    """The median ratio, and between which half of all ratios lie."""
    if other is None:
        return NONE
    first, median, third = statistics.quantiles((a / b for a, b in zip(own, other, strict=True)), n=4)
    return f"{median:.2f} ({first:.2f} to {third:.2f})"


def _memory() -> str:
    rows = []
    for name, optimizers in ask("memory", cases=FOR_MEMORY).items():
        for optimizer, (peak, counted) in optimizers.items():
            sizes = [f"{size / 2**20:.2f}" for size in (peak, counted)]
            rows.append([f"{name}, {find(name).batch}", optimizer, *sizes, f"{peak / counted:.2f}"])
    text = (
        "Memory of training in MB, without the batch. Counted by hand: values, gradients and updates of all "
        "parameters, and what the optimizer remembers of them; outputs and gradients of each layer; padded copies; all "
        "windows of an input where they take 4 MB at most; two pieces of 1.25 MB for all to work in, where windows are "
        "unrolled as well; for a pool a byte an output; the gradient of many inputs twice, where outputs "
        "are many too. The rest is mostly that buffers lie in blocks of 6 MB, which are not filled to their "
        "ends, and are measured as wholes:"
    )
    return f"{text}\n\n{table(['network', 'optimizer', 'peak', 'counted', 'peak / counted'], rows)}"


def _trainer(**span: Any) -> str:
    rows = []
    for name, found in ask("trainer", cases=WITH_TRAINER, **span).items():
        row = [f"{name}, {find(name).batch}"]
        for kind in ("median", "mean"):
            whole, alone = found["trainer"][kind], found["alone"][kind]
            added = statistics.median(a - b for a, b in zip(whole, alone, strict=True))
            row += [_time(whole), _time(alone), f"{added * 1e6:.1f} µs"]
        rows.append(row)
    heads = ["network", "Trainer.step()", "alone", "adds"]
    text = (
        "What a Trainer adds to a step of SGD on rows of features (it takes the batch out of 64 of them, standardises "
        "it, keeps the history and looks for the end), one thread; a median step, and the mean of all, which has the "
        "shuffles and copies of every epoch in it:"
    )
    return f"{text}\n\n{table([*heads, *(f'{head}, mean' for head in heads[1:])], rows)}"


def _why() -> str:
    return (
        "Where the time goes beside the products, part by part, in the tables below. In wide dense layers it is the "
        "update: Δw is written to memory, to be looked at before it lands. In narrow ones it is also the loss, and "
        "what NumPy takes to begin each of some twenty operations. In the convolutional network it is batch "
        "normalisation, relu and pooling, each of which is a stage that can be stopped at, and so goes through memory "
        "on its own; unrolled windows come to it. What a part writes is out of the cache when its turn comes again: "
        "repeated alone, these parts take about half as long. With two threads, a second one has to be woken each "
        "time that both meet, and the interpreter runs one thread at a time between NumPy's loops; the last table "
        "says what that costs."
    )


def _profile(name: str, threads: int, optimizer: str) -> str:
    """Where the time of a step of nnviz goes."""
    found = ask("profile", case=name, threads=threads, optimizer=optimizer, seconds=2)
    taken = {part: 1e6 * seconds for part, seconds in found["parts"].items()}
    products = {part: 1e6 * seconds for part, seconds in found["products"].items()}
    whole, clocked = (1e6 * found[key] for key in ("whole", "clocked"))
    rows = []
    for layer in found["layers"]:
        if f"{layer} backward" in taken:
            # What backward does outside of the two functions that it is made of.
            taken[f"{layer} input"] = taken.get(f"{layer} input", 0) + taken[f"{layer} backward"]
        rows.append([layer, *_profile_cells([f"{layer} {purpose}" for purpose in PURPOSES], taken, products, whole)])
    rows.append(["loss", *_profile_cells(["loss forward", "", "loss backward"], taken, products, whole)])
    rows.append([f"{optimizer}, updates", *_profile_cells(["", "optimizer step", ""], taken, products, whole)])
    named = sum(number for part, number in taken.items() if not part.endswith(" backward") or part[:4] == "loss")
    # Besides what is between the calls, this has what measuring costs.
    rest = clocked - named
    rows.append(["the rest", "", "", "", f"{rest:.1f}", f"{rest / whole:.1%}", "", ""])
    total = sum(products.values())
    rows.append(["whole step", "", "", "", f"{whole:.1f}", "", f"{total:.1f}", f"{whole / total:.2f}"])
    heads = ["part", "forward", "parameters' gradients", "input's gradient", "together", "share", "products", "/"]
    said = f"{threads} thread{'s' * (threads > 1)}"
    return f"Where a step of {name}, {find(name).batch}, by {optimizer} goes, {said}, in µs:\n\n{table(heads, rows)}"


def _divided(cases: Sequence[str]) -> str:
    """Where the time of two workers goes in convolutional networks."""
    rows = []
    for name in cases:
        found = ask("divided", case=name, optimizer="SGD", seconds=3)
        step, alone, apart, longer = (found[key] for key in ("step", "alone", "divided", "longer"))
        parts = step - apart, apart - longer, found["waiting"] / 2, longer - found["waiting"] / 2
        times = [shown(part) for part in (alone, step, *parts)]
        rows.append([f"{name}, {find(name).batch}", *times, f"{found['hand-overs']:.0f}"])
    heads = ["network", "one worker", "two workers", "undivided", "handing over", "waiting", "computing", "hand-overs"]
    return (
        "Where the time of two workers goes, by SGD. Undivided is what one of them does while the other one waits; "
        "handing over, what passes until both have begun and until the first one knows that both have ended; waiting "
        "is mostly for the interpreter, which lets one thread at a time begin an operation; computing is the rest of "
        "what the longer half takes, with what the system does to let a thread wait and to wake it:\n\n"
        + table(heads, rows)
    )


def _profile_cells(names: list[str], taken: dict[str, float], products: dict[str, float], whole: float) -> list[str]:
    """Three parts of a step, their sum, its share, the products in it, and how often these go into the sum."""
    total = sum(taken.get(name, 0) for name in names)
    least = sum(products.get(name, 0) for name in names)
    numbers = [f"{taken[name]:.1f}" if name in taken else "" for name in names]
    compared = [f"{least:.1f}", f"{total / least:.2f}"] if least else ["", ""]
    return [*numbers, f"{total:.1f}", f"{total / whole:.1%}", *compared]
