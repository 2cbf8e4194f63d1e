"""Numbers of the panes, read back from what is painted, are those that plain NumPy computes from the weights."""

import re
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, note, settings
from msgspec.structs import replace

from nnviz.array import Array
from nnviz.data.dataset import Dataset
from nnviz.data.split import Split
from nnviz.data.standardization import Standardization
from nnviz.experiment import combine
from nnviz.frame.focus import Focus, Quantity
from nnviz.frame.frame import Frame, Rates, State
from nnviz.frame.layer_views import UNITS
from nnviz.frame.matrix_views import MatrixView, TilesView
from nnviz.insight.story import tell
from nnviz.training.assembly import assemble
from nnviz.training.camera import Camera
from nnviz.training.trainer import Trainer
from nnviz.tui.drawing import diagram
from nnviz.tui.drawing.matrix import MatrixSheet
from nnviz.tui.drawing.palette import DARK
from nnviz.tui.drawing.tiles import TilesSheet
from nnviz.tui.panes.errors import ErrorsPane
from nnviz.tui.panes.example import ExamplePane
from nnviz.tui.panes.framed_pane import FramedPane
from nnviz.tui.panes.heatmap import HeatmapPane
from nnviz.tui.panes.loss import LossPane
from nnviz.tui.panes.pane import Pane
from nnviz.tui.panes.prediction import PredictionPane
from nnviz.tui.panes.rail import RailPane
from nnviz.tui.panes.title import TitlePane
from tests.tui import chance
from tests.tui.oracle import ACTIVATE, Step, recompute

NUMBER = r"([+−]?\d[\d,]*(?:\.\d+)?(?:e−?\d+)?)"
EIGHTHS = " ▏▎▍▌▋▊▉█"
RATE = 0.125
SIDE, MOST_UNITS = 40, 12
# What two ways to compute a sum in float64 may differ by, where everything cancels out.
ROUNDING = 1e-12
COLOURLESS = replace(DARK, system=None)


def number(text: str) -> float:
    return float(text.replace("−", "-").replace(",", ""))


def shows(text: str, value: float) -> bool:
    """Whether a text is that number, to the digits printed; ≈0, ≫ and ≪ stand where there is no room for any."""
    if text in ("≈0", "≫", "≪"):
        return abs(value) < 1 if text == "≈0" else abs(value) > 1
    mantissa, _, exponent = text.lstrip("+−").replace(",", "").partition("e")
    last = 10.0 ** (int(exponent.replace("−", "-") or 0) - len(mantissa.partition(".")[2]))
    return abs(number(text) - value) <= 0.501 * last + 1e-9 * abs(value) + ROUNDING


def letters(k: int) -> str:
    return chr(ord("a") + k)


def dataset(random: Random) -> tuple[Dataset, dict[str, Any]]:
    """A few examples whose names have no digits, and the `output` and `loss` of a network for them."""
    generator = np.random.default_rng(random.getrandbits(32))
    n = random.randint(2, 7)
    inputs = generator.normal(size=(n, random.choice([1, 2, 5, 30])))
    kind = random.choice(["two", "single", "several", "sigmoid", "numbers", "hill", "shares"])
    classes = {"two": 2, "single": 2, "several": random.choice([3, 9]), "sigmoid": random.choice([2, 5])}.get(kind, 0)
    choices: dict[str, Any] = {"output": kind if kind in ("single", "sigmoid", "hill") else None}
    if kind == "shares":
        choices["output"] = "sigmoid"
    if classes or choices["output"]:
        choices["loss"] = random.choice([None, "mse", "quadratic"])
    labels: Array = np.arange(n) % classes if classes else np.empty(0)
    if kind == "numbers":
        labels = generator.normal(size=(n, random.choice([1, 3]))) * random.choice([0.01, 1.0, 5000.0])
    elif kind == "shares":
        labels = generator.uniform(0, 1, (n, random.choice([1, 3])))
    elif kind == "hill":
        labels = generator.uniform(-1, 1, (n, 1))
    targets = tuple(map(letters, range(labels.shape[1]))) if not classes else ()
    split = Split(inputs, labels, list(map(letters, range(n))))
    names = tuple(map(letters, range(classes)))
    data = Dataset("some data", names, split, split, split, Standardization.of(inputs), target_names=targets)
    return data, choices


def trainer(random: Random) -> Trainer:
    """A trainer of dense layers in float64, at the beginning of its first step."""
    data, choices = dataset(random)
    layers = [
        f"dense {random.randint(1, MOST_UNITS)} {random.choice([*ACTIVATE, ''])}" for _ in range(random.randint(0, 3))
    ]
    training = {
        "batch_size": random.randint(1, 7),
        "seed": random.getrandbits(16),
        "learning_rate": RATE,
        "momentum": 0.0,
        "dtype": "float64",
        "threads": 1,
    }
    tables = {"network": {"layers": ", ".join(layers), **choices}, "training": training}
    return assemble(combine(tables, {"stopping": {"epochs": 90, "patience": 80}}), data)


def texts(pane: Pane, frame: Frame, width: int, height: int) -> list[str]:
    """Without colours, so that all is told by characters."""
    pane.palette = COLOURLESS
    return [strip.text for strip in pane.draw(frame, width, height)]


def caption(pane: FramedPane, frame: Frame) -> tuple[str, str]:
    return pane.caption(frame, 100, SIDE)


# A pane each


def check_prediction(frame: Frame, step: Step, at: int, later: Step | None) -> None:
    """`later` is what the same batch gives with the weights that an update has left."""
    assert (frame.outcome is not None and frame.outcome.again is not None) == (later is not None)
    if later is not None:
        check_outcome(frame, step, at, later)
    rows = texts(PredictionPane(), frame, 80, 60)[1:]
    is_known, p, y = frame.example.prediction is not None, step.prediction[at], frame.example.target
    if frame.task.is_hill(len(y)):
        return check_hill(frame, texts(PredictionPane(), frame, 60, 20), step, at, later)
    assert len(rows) == len(y)
    drawn = []
    for k, text in enumerate(rows):
        after = "" if later is None else r"(?: →)? +(\S+)"
        found = re.match(r"\w +([−\d·≈≫≪]\S*)" + after + " +[" + EIGHTHS + r"]*([−\d]\S*)", text)
        assert found, text
        assert shows(found[1], p[k]) if is_known else found[1] == "·", text
        assert shows(found[len(found.groups())], y[k]), text
        if later is not None:
            assert shows(found[2], later.prediction[at][k]), text
        if frame.task.class_names:
            said = "◀" in text
            assert said == (y[k] == 1), text
            bar = text[text.index(found[1]) + len(found[1]) :]
            drawn.append(sum(EIGHTHS.index(c) for c in bar if c in EIGHTHS))
    p = p if later is None else later.prediction[at]
    if is_known and drawn and max(drawn):
        assert np.allclose(np.array(drawn) / max(drawn), p / p.max() if len(p) > 1 else 1, atol=1.1 / max(drawn))
    return None


def check_hill(frame: Frame, rows: list[str], step: Step, at: int, later: Step | None) -> None:
    above, below = (next(row for row in rows if row.startswith(name)).split() for name in "py")
    assert shows(above[-1], told(later or step, at)) if frame.example.prediction is not None else above[-1] == "·"
    if later is not None:
        assert above[-2] == "→"
        assert shows(above[-3], told(step, at))
    assert shows(below[-1], frame.example.wanted or 0.0)


def told(step: Step, at: int) -> float:
    """The number that a hill means."""
    place, p = np.arange(45), step.prediction[at]
    near = p * (np.abs(place - p.argmax()) <= 4)
    return float(np.clip(near @ ((place - 22) / 18) / near.sum(), -1, 1))


def check_outcome(frame: Frame, step: Step, at: int, later: Step) -> None:
    """The losses before and after, in the border and in the story, and what theory expected."""
    pairs = re.findall(NUMBER + " → " + NUMBER, PredictionPane().caption(frame, 100, SIDE).subtitle)
    for pair, (before, after) in zip(
        pairs, [(step.losses[at], later.losses[at]), (step.loss, later.loss)], strict=True
    ):
        assert shows(pair[0], before)
        assert shows(pair[1], after)
    text = " ".join(tell(frame))
    found = re.search(rf"loss of the batch {NUMBER} → {NUMBER} \((?:(?:≈ )?{NUMBER}, )?by theory {NUMBER}\)\.", text)
    assert found, text
    assert shows(found[1], step.loss), text
    assert shows(found[2], later.loss), text
    if found[3]:
        assert shows(found[3], later.loss - step.loss), text
        assert ("and helped" in text) == (later.loss < step.loss), text
    slopes = [*step.grad_weights.values(), *step.grad_biases.values()]
    assert shows(found[4], -RATE * sum(float(np.square(slope).sum()) for slope in slopes)), text


def check_errors(frame: Frame, step: Step, at: int, layers: list[tuple[str, str]]) -> None:
    blocks = [place for place, (_, kind) in enumerate(layers) if kind == "dense"]
    first = blocks[frame.focus.block]
    last = [*blocks[1:], len(layers)][frame.focus.block] - 1
    is_output = last == len(layers) - 1
    title, _ = caption(ErrorsPane(), frame)
    assert title.endswith("output" if is_output else layers[first][0])
    rows = texts(ErrorsPane(), frame, 90, 60)
    if frame.errors.grad_a is None and not (is_output and frame.example.error is not None):
        assert is_output or "has come back" in " ".join(rows)
        assert not is_output or all(row.split().count("·") == 2 for row in rows[1:]), rows
        return
    left = step.errors[at] if is_output else step.slopes[last + 1][at]
    right = step.slopes[first + 1][at]
    assert rows[0].split() == (["p", "−", "y", "0", "∂L/∂z"] if is_output else ["∂L/∂a", "0", "∂L/∂z"])
    assert len(rows) - 1 == len(left)
    units = []
    for k, text in enumerate(rows[1:]):
        numbers = re.findall(NUMBER, text)
        if not is_output or frame.task.is_hill(len(left)):
            unit, numbers = numbers[0], numbers[1:]
            k = round(number(unit) * 18 + 22) if is_output else int(number(unit))
            units.append(k)
        assert shows(numbers[0], left[k]), text
        assert shows(numbers[1], right[k]) if len(numbers) > 1 else "·" in text, text
        bar = "".join(c for c in text if c in EIGHTHS[1:])
        assert bool(bar) >= (abs(left[k]) == np.abs(left).max() > 0), text
    if not is_output:
        assert sorted(units) == list(range(len(left)))
        sizes = np.abs(left[units])
        assert (np.diff(sizes) <= 1e-12 * sizes.max()).all()


def check_diagram(frame: Frame, step: Step, at: int, layers: list[tuple[str, str]]) -> None:
    columns, width = len(layers) + 1, 240
    rows = [strip.text for strip in diagram.draw(frame, COLOURLESS, width, SIDE + 3)]
    pitch, done, depth = (width - diagram.NAMES) // columns, frame.moment.done, len(layers)
    are_slopes = diagram.shows_gradients(frame)
    for place in range(columns):
        x = place * pitch
        assert rows[0][x : x + pitch].strip(" ▶◀").startswith("input" if place == 0 else layers[place - 1][0])
        values = (step.slopes if are_slopes else step.given)[place][at]
        # Backward stage after backward stage reaches the layer before; of the input there is no gradient.
        known = place > 0 and done >= max(2 * depth - place + 1, depth + 2) if are_slopes else done > place - 1
        end = x + 10 if place < columns - 1 else width
        nodes = [row[x + 1 : end].rstrip() for row in rows[2:-1] if row[x + 1] in "●○⊕⊖◉"]
        assert len(nodes) == min(len(values), UNITS)
        if len(values) > UNITS:
            continue
        for k, text in enumerate(nodes):
            if not known:
                assert text[0] == "○", (place, text)
                continue
            if (abs(values[k]) > ROUNDING or not values[k]) and text[0] != "◉":
                assert text[0] == ("⊕" if values[k] > 0 else "⊖" if values[k] < 0 else "●"), (place, text, values[k])
            # Beside an output stands its name, too.
            told = text[1:] if place < columns - 1 else text.rpartition(" ")[2]
            found = re.match(NUMBER, told)
            assert found, text
            assert shows(found[1], values[k]), (place, text, values[k])


def check_heatmap(random: Random, frame: Frame, step: Step, rate: float) -> None:
    assert isinstance(frame.matrix, MatrixView)
    name, quantity = frame.matrix.name, frame.matrix.quantity
    sheet = MatrixSheet(frame.matrix, 200, SIDE)
    if sheet.missing is not None:
        assert quantity is not Quantity.WEIGHT
        return
    last = max(n for n, layer in enumerate(frame.layers) if layer.block == frame.focus.block)
    whole, biases = {
        Quantity.WEIGHT: (step.weights[name], step.biases[name]),
        Quantity.GRADIENT: (step.grad_weights[name], step.grad_biases[name]),
        Quantity.UPDATE: (-rate * step.grad_weights[name], -rate * step.grad_biases[name]),
        Quantity.ACTIVATION: (step.given[last + 1], np.empty(0)),
    }[quantity]
    if quantity is Quantity.WEIGHT and frame.moment.done == 2 * len(frame.layers) + 3:
        whole, biases = whole - rate * step.grad_weights[name], biases - rate * step.grad_biases[name]
    rows, columns = sheet.shape
    for _ in range(30):
        text = sheet.readout(random.randrange(rows), random.randrange(columns))
        if quantity is Quantity.ACTIVATION:
            found = re.fullmatch(rf"{NUMBER} · unit {NUMBER}, example {NUMBER}", text)
            assert found, text
            assert shows(found[1], whole[int(number(found[3])) - 1, int(number(found[2]))]), text
        else:
            found = re.fullmatch(rf"{NUMBER} · input {NUMBER} → unit {NUMBER} · bias {NUMBER}", text)
            assert found, text
            assert shows(found[1], whole[int(number(found[2])), int(number(found[3]))]), text
            assert shows(found[4], biases[int(number(found[3]))]), text
    pane = HeatmapPane()
    largest = np.abs(whole).max()
    told = re.match(NUMBER, caption(pane, frame)[1])
    assert told is not None
    assert shows(told[1].lstrip("+−"), largest), (told[1], largest)
    low, high = re.findall(NUMBER, texts(pane, frame, 100, SIDE)[-1].partition("↓")[0])
    assert number(high) == -number(low)
    if largest:
        assert largest * 0.999 <= number(high) <= 1.3 * largest


def check_example(frame: Frame, step: Step, at: int) -> None:
    text = "\n".join(texts(ExamplePane(), frame, 60, 30))
    assert f"{at + 1} of {len(step.losses)} in the batch" in caption(ExamplePane(), frame)[1]
    assert re.search(rf" #{frame.example.number + 1}\b", text), text
    if frame.example.prediction is None:
        assert "not asked yet" in text
        return
    loss = re.search(rf"loss {NUMBER}", text)
    assert loss, text
    assert shows(loss[1], step.losses[at]), text
    if frame.task.class_names:
        p = step.prediction[at]
        # A single output stands for the second class.
        said = int(p.argmax()) if len(p) > 1 else int(p[0] >= 0.5)
        right = "✓" if said == frame.example.label else "✗"
        assert f"said {frame.task.class_names[said]} {right}" in text


def check_loss(frame: Frame, step: Step, losses: list[float], judged: list[tuple[int, float, float]]) -> None:
    legend = texts(LossPane(), frame, 120, 12)
    if not losses:
        # Before there is a curve, what each example of the batch costs.
        rows = [row.strip() for row in texts(LossPane(), frame, 120, len(step.losses))]
        is_known = frame.example.loss is not None
        for row, loss in zip(rows, step.losses, strict=True):
            assert (" · " in f"{row} ") is not is_known, row
            assert not is_known or shows(re.findall(NUMBER, row)[-1], loss), row
        mean = re.search(rf"batch {NUMBER}", caption(LossPane(), frame)[1])
        assert (mean is not None) == is_known
        assert mean is None or shows(mean[1], step.loss)
        return
    train = re.search(rf"train {NUMBER}", legend[0])
    assert train, legend[0]
    assert shows(train[1], losses[-1]), legend[0]
    found = re.search(rf"validation {NUMBER}  ◆ best {NUMBER} @ step {NUMBER}", legend[0])
    assert (found is not None) == bool(judged), legend[0]
    if found:
        best = min(judged, key=lambda entry: entry[1])
        assert shows(found[1], judged[-1][1]), legend[0]
        assert shows(found[2], best[1]), legend[0]
        assert number(found[3]) == best[0], legend[0]
        accuracy = caption(LossPane(), frame)[1]
        if frame.task.class_names:
            assert shows(accuracy.split()[-1].rstrip("%"), 100 * judged[-1][2]), accuracy


def check_lines(frame: Frame, steps: int, examples: int, batch_size: int) -> None:
    batches = -(-examples // batch_size)
    step = frame.moment.step
    assert step in (steps, steps - 1)
    place = f"epoch {step // batches + 1}/90 · batch {step % batches + 1}/{batches} · step {step + 1}"
    assert place in texts(RailPane(), frame, 140, 1)[0]
    rail = texts(RailPane(), frame, 140, 1)[0]
    # A mark a stage, or how many of them are done where there would be too many marks.
    marks = re.findall(r"([▰▱]+)(?: (\d+)/(\d+))?", rail.partition("epoch")[0])
    assert len(marks) == 4, rail
    assert sum(int(done or drawn.count("▰")) for drawn, done, _ in marks) == frame.moment.done, rail
    assert sum(int(total or len(drawn)) for drawn, _, total in marks) == 2 * len(frame.layers) + 3, rail
    assert f"SGD lr {RATE} " in texts(TitlePane(), frame, 200, 1)[0]


def judged(made: Trainer) -> tuple[int, float, float]:
    """(steps, mean loss, accuracy) of the validation split, with the parameters as they are."""
    split, task = made.dataset.validation, made.dataset.task
    seen = recompute(made, made.encoder.inputs(split.inputs), made.encoder.targets(split.labels))
    p = seen.prediction
    said = p.argmax(axis=1) if p.shape[1] > 1 else (p[:, 0] >= 0.5).astype(int)
    right = float((said == split.labels).mean()) if task.class_names else 0.0
    return made.steps_done, seen.loss, right


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(random=chance.RANDOMS)
def test_numbers_of_the_panes_are_those_that_plain_numpy_computes(random: Random) -> None:
    made = trainer(random)
    engine, losses, validated = made.engine, [], []
    step = recompute(made, engine.batch.inputs, engine.batch.targets)

    def end_of_a_step() -> None:
        losses.append(step.loss)
        if engine.batches.epochs.are_over(made.steps_done):
            validated.append(judged(made))

    for stages in [*[len(engine.stages)] * random.choice([0, 0, 1, 4]), random.randint(0, len(engine.stages))]:
        for stage in range(stages):
            made.advance()
            if stage == 0:
                # A step's batch is there from its first stage on, and the weights are still as they were.
                step = recompute(made, engine.batch.inputs, engine.batch.targets)
        if stages == len(engine.stages):
            end_of_a_step()
    focus = Focus(random.randint(0, 9), random.choice([0, 0, 1, 9]), random.choice(list(Quantity)))
    frame = Camera(made).take(focus, State.PAUSED, Rates())
    note(f"{frame.title.network!r} · {frame.title.loss} · {frame.task} · {frame.moment} · {frame.focus}")
    at = frame.example.place
    layers = [(layer.name, layer.kind) for layer in made.network.layers]
    is_updated = engine.done == len(engine.stages)
    later = recompute(made, engine.batch.inputs, engine.batch.targets) if is_updated else None
    check_prediction(frame, step, at, later)
    check_errors(frame, step, at, layers)
    check_diagram(frame, step, at, layers)
    check_heatmap(random, frame, step, RATE)
    check_example(frame, step, at)
    check_loss(frame, step, losses, validated)
    check_lines(frame, made.steps_done, len(made.dataset.train), engine.batches.epochs.at(0).size)


def at_place(inputs: Array, kernel: Array, bias: float, place: tuple[int, int], stride: int, padding: int) -> float:
    """What a kernel (height, width, channels) gives at one place of a picture (height, width, channels)."""
    padded = np.pad(inputs.astype(float), ((padding, padding), (padding, padding), (0, 0)))
    row, column = (stride * side for side in place)
    return float((padded[row : row + len(kernel), column : column + len(kernel)] * kernel).sum() + bias)


@pytest.mark.parametrize("quantity", [Quantity.ACTIVATION, Quantity.WEIGHT])
def test_how_many_maps_are_shown_is_said_whole_or_not_at_all(quantity: Quantity) -> None:
    made = assemble(
        combine({"network": {"layers": "conv 11 3x3"}, "training": {"batch_size": 3}}), chance.pictures(8, 8)
    )
    made.advance()
    matrix = Camera(made).take(Focus(0, 0, quantity), State.PAUSED, Rates()).matrix
    assert isinstance(matrix, TilesView)
    sheet = TilesSheet(matrix, 20, SIDE, colourless=True)
    said = [sheet.axes(room) for room in range(60)]
    assert all(len(text) <= room for room, text in enumerate(said))
    for text in filter(None, said):
        assert "11" in re.findall(r"\d+", text), text
    # The more room there is, the more is said.
    assert [len(text) for text in said] == sorted(len(text) for text in said)
    assert said[0] == "" != said[-1]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(random=chance.RANDOMS)
def test_numbers_of_kernels_and_maps_are_those_that_plain_numpy_computes(random: Random) -> None:
    maps, size, stride = random.randint(1, 9), random.randint(1, 3), random.randint(1, 2)
    padding = random.randint(0, size - 1)
    network = {"layers": f"conv {maps} {size}x{size} stride {stride} padding {padding}"}
    training = {
        "batch_size": 3,
        "dtype": "float64",
        "seed": random.getrandbits(16),
        "learning_rate": RATE,
        "momentum": 0,
    }
    made = assemble(
        combine({"network": network, "training": training}), chance.pictures(random.randint(3, 9), random.randint(3, 9))
    )
    for _ in range(len(made.engine.stages) - 1):
        made.advance()
    quantity = random.choice(list(Quantity))
    frame = Camera(made).take(Focus(random.randint(0, 2), 0, quantity), State.PAUSED, Rates())
    assert isinstance(frame.matrix, TilesView)
    note(f"{network} · {frame.focus}")
    named = made.network.parameters.named()
    weights, biases = named["conv1.weights"], named["conv1.biases"]
    slopes = made.engine.output_gradients[1]
    inputs = made.engine.batch.inputs
    sheet = TilesSheet(frame.matrix, 200, SIDE, colourless=True)
    rows, columns = sheet.shape
    for _ in range(20):
        at = random.randrange(rows), random.randrange(columns)
        if not sheet.holds(*at):
            continue
        text = sheet.readout(*at)
        if quantity is Quantity.ACTIVATION:
            found = re.fullmatch(rf"{NUMBER} · map (\d+)(?:, row (\d+), column (\d+))?", text)
            assert found, text
            here, *place = (int(part or 0) for part in found.groups()[1:])
            kernel = weights[..., here]
            wanted = at_place(inputs[frame.focus.example], kernel, biases[here], (place[0], place[1]), stride, padding)
            assert shows(found[1], wanted), text
            continue
        found = re.fullmatch(rf"{NUMBER} · map (\d+)→(\d+), row (\d+), column (\d+) · bias {NUMBER}", text)
        assert found, text
        before, here, row, column = map(int, found.groups()[1:5])
        # ∂L/∂w is the sum of what lay under the weight, times ∂L/∂z, over all places and examples.
        under = np.pad(inputs[..., before].astype(float), ((0, 0), (padding, padding), (padding, padding)))
        under = under[:, row::stride, column::stride][:, : slopes.shape[1], : slopes.shape[2]]
        slope, slope_of_bias = (under * slopes[..., here]).sum(), slopes[..., here].sum()
        wanted, of_bias = {
            Quantity.WEIGHT: (weights[row, column, before, here], biases[here]),
            Quantity.GRADIENT: (slope, slope_of_bias),
            Quantity.UPDATE: (-RATE * slope, -RATE * slope_of_bias),
        }[quantity]
        assert shows(found[1], wanted), text
        assert shows(found[6], of_bias), text
