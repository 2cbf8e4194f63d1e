"""The process that measures training steps with one thread, or with two: what it is asked for, as JSON on stdout.

`python -m benchmarks.engine_process QUESTION JSON`, where QUESTION is the name of one of `QUESTIONS` below, and JSON
has its arguments by name.
"""

import gc
import json
import os
import random
import statistics
import sys
import time
import tracemalloc
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

from benchmarks import contenders
from benchmarks.contenders import OPTIMIZERS, VARIANTS, Case, Step
from benchmarks.earlier import CASES as EARLIER_CASES
from benchmarks.earlier import EarlierBuild, samples
from nnviz.nn.layers import Layer
from nnviz.nn.network import Network
from nnviz.nn.workers import OneWorker, TwoWorkers, Workers

# Threads of OpenBLAS and of PyTorch go on looking for work when theirs is done, and would be in the next one's way.
PAUSE = 0.06
# Of a Trainer, and of a step without one.
COPIES = 5
Times = dict[str, list[float]]


def workers_for(threads: int) -> Workers:
    """Who computes in nnviz."""
    return TwoWorkers() if threads == 2 else OneWorker()


def steps_of(case: Case, threads: int) -> dict[str, tuple[Step, int]]:
    """Everyone who does a training step of this network, with the number of BLAS threads to do it with."""
    workers = workers_for(threads)
    steps = {"products": (contenders.products_step(case), threads)}
    for optimizer in OPTIMIZERS:
        steps[f"nnviz {optimizer}"] = contenders.nnviz_step(case, optimizer, workers), 1
        if contenders.available("torch"):
            for layout in ("NCHW", "channels_last") if case.is_convolutional else ("",):
                for variant in VARIANTS:
                    last = layout == "channels_last"
                    step = contenders.torch_step(case, optimizer, variant, channels_last=last)
                    steps[f"torch {optimizer} {layout} {variant}".replace("  ", " ")] = step, 1
        if contenders.available("sklearn") and not case.is_convolutional:
            steps[f"sklearn {optimizer}"] = contenders.sklearn_step(case, optimizer), threads
    return steps


def check(case: Case) -> None:
    """All who are compared do the same work: without dropout they find the same losses, step for step."""
    rate = 0.01
    for optimizer in OPTIMIZERS:
        step = contenders.nnviz_step(case, optimizer, rate=rate, by_chance=False)
        losses = [step() for _ in range(4)]
        assert abs(losses[0] - losses[-1]) > 1e-3, f"{case.name}, {optimizer}: nothing is learned"
        if contenders.available("torch"):
            for last in {False, case.is_convolutional}:
                for variant in VARIANTS:
                    step = contenders.torch_step(case, optimizer, variant, rate, channels_last=last, by_chance=False)
                    found = [float(step()) for _ in losses]
                    assert np.allclose(losses, found, rtol=2e-3), f"{case.name}, {optimizer}: {losses} and {found}"
        if contenders.available("sklearn") and not case.is_convolutional and case.outputs > 2:
            found = [float(contenders.sklearn_step(case, optimizer)())]
            assert np.allclose(losses[:1], found, rtol=1e-4), f"{case.name}, {optimizer}: {losses} and {found}"


def training_steps(
    threads: int, rounds: int, milliseconds: float, cases: list[str], earlier: str = ""
) -> dict[str, Any]:
    """For each network the seconds of a step of each contender, the median of each round.

    A round goes through all networks in an order of its own, and for each through all contenders in another one: they
    come close to each other, since machines are fast or slow for seconds. "others" is how many cores other processes
    kept busy meanwhile. An earlier build in the folder of that name, if it is given, is a contender too.
    """
    set_torch_threads(threads)
    blas = ThreadpoolController()
    with blas.limit(limits=1, user_api="blas"):
        for name in cases:
            check(contenders.find(name))
    everyone = {
        name: {
            who: partial(_median_step, step, blas_threads)
            for who, (step, blas_threads) in steps_of(contenders.find(name), threads).items()
        }
        for name in cases
    }
    gc.collect()
    gc.freeze()
    times: dict[str, Times] = {name: defaultdict(list) for name in cases}
    order = random.Random(0)
    with EarlierBuild(earlier) if earlier else nullcontext() as build:
        if build:
            for name, of_it in everyone.items():
                if name in EARLIER_CASES:
                    for optimizer in OPTIMIZERS:
                        of_it[f"earlier {optimizer}"] = partial(build.median_step, name, optimizer, threads)
        begin, others = time.perf_counter(), _busy_elsewhere(build)
        for _ in range(rounds):
            for name in order.sample(cases, len(cases)):
                for who in order.sample(list(everyone[name]), len(everyone[name])):
                    if threads > 1:
                        time.sleep(PAUSE)
                    times[name][who].append(everyone[name][who](milliseconds / 1000))
        others = (_busy_elsewhere(build) - others) / (time.perf_counter() - begin)
    return {"times": times, "others": max(0.0, others)}


def _median_step(step: Step, blas_threads: int, seconds: float) -> float:
    # Scikit-learn brings BLAS libraries of its own: all that are loaded by now.
    with ThreadpoolController().limit(limits=blas_threads, user_api="blas"):
        return statistics.median(samples(step, seconds))


def _busy_elsewhere(build: EarlierBuild | None) -> float:
    """Seconds of work that all cores have done so far, and for neither this process nor that one."""
    with open("/proc/stat", encoding="utf-8") as lines:
        user, nice, system, _, _, interrupts, soft_interrupts, stolen = map(int, next(lines).split()[1:9])
    ticks = user + nice + system + interrupts + soft_interrupts + stolen
    return ticks / os.sysconf("SC_CLK_TCK") - time.process_time() - (build.processor_seconds() if build else 0)


def set_torch_threads(threads: int) -> None:
    """As many threads as that for PyTorch, if it is here."""
    if contenders.available("torch"):
        import torch

        torch.set_num_threads(threads)


def memory(cases: list[str]) -> dict[str, dict[str, list[int]]]:
    """By network and optimizer: the peak of training in bytes, and what is counted by hand.

    The peak is that of the second to fourth step, with everything that the network and its optimizer hold, and without
    the batch.
    """
    found: dict[str, dict[str, list[int]]] = {}
    for name in cases:
        case = contenders.find(name)
        inputs, labels = case.examples()
        targets = np.eye(case.outputs, dtype=inputs.dtype)[labels]
        found[name] = {}
        for optimizer in OPTIMIZERS:
            gc.collect()
            tracemalloc.start()
            network = case.network()
            step = contenders.step_of(network, contenders.build_optimizer(optimizer, 1e-6), inputs, targets)
            step()
            tracemalloc.reset_peak()
            for _ in range(3):
                step()
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            found[name][optimizer] = [peak, counted(case, optimizer)]
    return found


def counted(case: Case, optimizer: str) -> int:
    """Bytes that a step needs, counted from shapes alone.

    Values, gradients and updates of the parameters and what the optimizer remembers of each (Adam two numbers); the
    outputs of every layer, and the gradients of all but the network's inputs; for convolutions the padded copies of
    inputs and of output gradients, and all windows of the inputs, one by one or in pairs, if they take 4 MB at most;
    two pieces of 1.25 MB to work in for all batch normalisations, pools and other windows; for a pool a byte for each
    of its outputs; for dense layers of many inputs and outputs the gradient of the inputs twice.
    """
    from nnviz.nn.convolution import KEPT_BYTES, Conv2d
    from nnviz.nn.layers import MANY, WIDE, Dense
    from nnviz.nn.pooling import MaxPool2d
    from nnviz.nn.workers import PIECE_BYTES

    network = case.network()
    numbers = network.parameters.size * (5 if optimizer == "Adam" else 3)
    rest = 2 * PIECE_BYTES * 5 // 4 if case.is_convolutional else 0
    for place, layer in enumerate(network.layers):
        activations = np.prod(layer.output_shape) + (np.prod(layer.input_shape) if place else 0)
        if isinstance(layer, Conv2d):
            (height, width, channels), reach = layer.input_shape, layer.size - 1
            activations += (height + 2 * layer.padding) * (width + 2 * layer.padding) * channels
            rows, columns, _ = layer.output_shape
            side_by_side = layer.size + layer._together - 1
            windows = 4 * case.batch * rows * columns // layer._together * layer.size * side_by_side * channels
            rest += windows if windows <= KEPT_BYTES else 0
            if place:
                activations += (height + reach) * (width + reach) * layer.outputs
        if isinstance(layer, Dense) and place and layer.inputs >= WIDE and layer.outputs >= MANY:
            activations += layer.inputs
        if isinstance(layer, MaxPool2d):
            rest += case.batch * int(np.prod(layer.output_shape))
        numbers += case.batch * int(activations)
    return numbers * network.parameters.values.itemsize + rest


def trainer(rounds: int, milliseconds: float, cases: list[str]) -> dict[str, dict[str, Times]]:
    """By network: seconds of Trainer.step() and of a step without it, by round, the median and the mean of steps.

    Several of both take turns: where its arrays happen to lie makes a tiny network one or two microseconds faster or
    slower for as long as it lives.
    """
    with ThreadpoolController().limit(limits=1, user_api="blas"):
        copies = {name: [_with_trainer(contenders.find(name)) for _ in range(COPIES)] for name in cases}
        gc.collect()
        gc.freeze()
        found: dict[str, dict[str, Times]] = {name: defaultdict(lambda: defaultdict(list)) for name in cases}
        for _ in range(rounds):
            for name, pairs in copies.items():
                for who in pairs[0]:
                    taken = [samples(pair[who], milliseconds / 1000 / COPIES) for pair in pairs]
                    found[name][who]["median"].append(statistics.median(map(statistics.median, taken)))
                    found[name][who]["mean"].append(statistics.fmean(map(statistics.fmean, taken)))
        return found


def _with_trainer(case: Case) -> dict[str, Step]:
    from nnviz.data.dataset import Dataset
    from nnviz.data.split import Split
    from nnviz.data.standardization import Standardization
    from nnviz.experiment import Data, Experiment, Net, Stopping, Training
    from nnviz.training.assembly import assemble

    count = 64 * case.batch
    generator = np.random.default_rng(4)
    inputs = generator.standard_normal((count, *case.input_shape), np.float32)
    split = Split(inputs, generator.integers(case.outputs, size=count), [""] * count)
    classes = tuple(map(str, range(case.outputs)))
    dataset = Dataset("random", classes, split, split.select([]), split.select([]), Standardization.of(inputs))
    training = Training(optimizer="sgd", learning_rate=contenders.RATE, momentum=0.0, batch_size=case.batch)
    experiment = Experiment(
        data=Data(), network=Net(layers=case.layers), training=training, stopping=Stopping(epochs=None)
    )
    return {"trainer": assemble(experiment, dataset).step, "alone": contenders.nnviz_step(case, "SGD")}


def profile(case: str, threads: int, optimizer: str, seconds: float) -> dict[str, Any]:
    """Where the time of a step goes: seconds by part, and those of the matrix products in it.

    "whole" is a step with nothing measured inside it.
    """
    chosen = contenders.find(case)
    with ThreadpoolController().limit(limits=1, user_api="blas"):
        network = chosen.network(workers_for(threads))
        inputs, labels = chosen.examples()
        targets = np.eye(chosen.outputs, dtype=inputs.dtype)[labels]
        proposing = contenders.build_optimizer(optimizer, contenders.RATE)
        step = contenders.step_of(network, proposing, inputs, targets)
        whole = statistics.median(samples(step, seconds))
        with _clocked(network, proposing) as parts:
            clocked = statistics.median(samples(step, seconds))
    with ThreadpoolController().limit(limits=threads, user_api="blas"):
        products = contenders.products(chosen)
        taken: Times = defaultdict(list)
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            for (layer, purpose), product in products.items():
                begin = time.perf_counter()
                product()
                taken[f"{layer} {purpose}"].append(time.perf_counter() - begin)
    return {
        "whole": whole,
        "clocked": clocked,
        "parts": _medians(parts),
        "products": _medians(taken),
        "layers": [layer.name for layer in network.layers],
    }


def divided(case: str, optimizer: str, seconds: float) -> dict[str, float]:
    """Where the time of a step of two workers goes, in seconds; "alone" is the step of one."""
    chosen = contenders.find(case)
    with ThreadpoolController().limit(limits=1, user_api="blas"):
        alone = statistics.median(samples(contenders.nnviz_step(chosen, optimizer), seconds))
        workers = TwoWorkers()
        step = contenders.nnviz_step(chosen, optimizer, workers)
        taken = _clocked_halves(workers)
        found: Times = defaultdict(list)
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            taken.clear()
            begin = time.perf_counter()
            step()
            found["step"].append(time.perf_counter() - begin)
            for name, part in taken.items():
                found[name].append(part)
        workers.close()
    return {"alone": alone, **_medians(found)}


def _clocked_halves(workers: TwoWorkers) -> defaultdict[str, float]:
    """Sums that grow with all that these workers do at the same time, until somebody clears them.

    "hand-overs" counts how often they begin, "divided" is the time from there until both are done, "longer" that of the
    half that takes longer each time, and "waiting" what both halves together spend without computing.
    """
    taken: defaultdict[str, float] = defaultdict(float)
    share = workers._share

    def clocked_share(first: Step, second: Step) -> None:
        halves: list[float] = []

        def clocked(half: Step) -> None:
            begin, computed = time.perf_counter(), time.thread_time()
            half()
            halves.append(time.perf_counter() - begin)
            taken["waiting"] += halves[-1] - (time.thread_time() - computed)

        begin = time.perf_counter()
        share(partial(clocked, first), partial(clocked, second))
        taken["divided"] += time.perf_counter() - begin
        taken["longer"] += max(halves)
        taken["hand-overs"] += 1

    workers._share = clocked_share  # type: ignore[method-assign]
    return taken


def _medians(times: Times) -> dict[str, float]:
    return {name: statistics.median(taken) for name, taken in times.items()}


@contextmanager
def _clocked(network: Network, optimizer: Any) -> Iterator[Times]:
    """Have every part of a step take its own time, without that of the parts inside it."""
    parts: Times = defaultdict(list)
    inside = [0.0]

    def clock(owner: Any, method: str, name: str) -> None:
        call: Callable[..., Any] = getattr(owner, method)

        def clocked(*arguments: Any) -> Any:
            inside.append(0.0)
            begin = time.perf_counter()
            result = call(*arguments)
            taken = time.perf_counter() - begin
            parts[name].append(taken - inside.pop())
            inside[-1] += taken
            return result

        setattr(owner, method, clocked)

    def clock_layer(layer: Layer) -> None:
        clock(layer, "forward", f"{layer.name} forward")
        clock(layer, "parameter_gradients", f"{layer.name} parameters")
        clock(layer, "input_gradient", f"{layer.name} input")
        clock(layer, "backward", f"{layer.name} backward")

    for layer in network.layers:
        clock_layer(layer)
    clock(network.loss, "forward", "loss forward")
    clock(network.loss, "backward", "loss backward")
    clock(optimizer, "step", "optimizer step")
    yield parts


def kernels() -> str:
    """What NumPy's BLAS is, and for which processors the code is that it has chosen here, or was told to choose."""
    library = next(info for info in ThreadpoolController().info() if info["user_api"] == "blas")
    return f"{library['internal_api']} {library['version']} and its code for {library['architecture']}"


def one_and_two(rounds: int, milliseconds: float) -> list[dict[str, Any]]:
    """Of each network and optimizer: seconds of a step of one worker and of two, by round, each the median of a turn.

    "hand-overs" is how often the second one is given something to do in a step.

    A round goes through all of them in an order of its own: a machine that wakes threads slowly for some seconds has
    its say in one round of many networks, and not in all rounds of one.
    """
    one, two = OneWorker(), TwoWorkers()
    asked = [(case, optimizer) for case in contenders.NEAR_DIVIDING for optimizer in OPTIMIZERS]
    times: list[list[list[float]]] = [[[], []] for _ in asked]
    order = random.Random(0)
    with ThreadpoolController().limit(limits=1, user_api="blas"):
        steps = [[contenders.nnviz_step(*each, workers) for workers in (one, two)] for each in asked]
        gc.collect()
        gc.freeze()
        for _ in range(rounds):
            for place in order.sample(range(len(asked)), len(asked)):
                for who in order.sample((0, 1), 2):
                    times[place][who].append(statistics.median(samples(steps[place][who], milliseconds / 1000)))
        taken, hand_overs = _clocked_halves(two), []
        for _, by_two in steps:
            taken.clear()
            by_two()
            hand_overs.append(int(taken["hand-overs"]))
    return [
        {"network": f"{case.name}, {case.batch}", "optimizer": optimizer, "times": both, "hand-overs": count}
        for (case, optimizer), both, count in zip(asked, times, hand_overs, strict=True)
    ]


QUESTIONS: dict[str, Callable[..., object]] = {
    "steps": training_steps,
    "memory": memory,
    "trainer": trainer,
    "profile": profile,
    "divided": divided,
    "kernels": kernels,
    "one_and_two": one_and_two,
}


if __name__ == "__main__":
    print(json.dumps(QUESTIONS[sys.argv[1]](**json.loads(sys.argv[2]))))
