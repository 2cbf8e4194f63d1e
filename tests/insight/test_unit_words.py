"""What is told of a unit: every equation adds up as it stands there, and its numbers are those of a step in NumPy."""

import re
from decimal import Decimal
from random import Random

import numpy as np
import pytest

from nnviz.frame.focus import Focus
from nnviz.frame.frame import Rates, State
from nnviz.frame.stages import Phase
from nnviz.insight.chain_rule import neighbour
from nnviz.insight.equations import Kind, Row
from nnviz.insight.unit_words import unfolded_at_first, unit_rows, unit_title
from nnviz.training.camera import Camera
from tests.tui import chance
from tests.tui.oracle import recompute

NETWORKS = [
    "dense 30 relu, dense 6 tanh",
    "dense 5 batchnorm leakyrelu dropout 0.3, dense 4 sigmoid",
    "conv 4 3x3 batchnorm relu dropout 0.2, pool 2, conv 3 2x2 stride 2 padding 1 tanh, flatten, dense 5 relu",
    "conv 2 3x3 stride 2 padding 0 leakyrelu, conv 3 2x2 batchnorm sigmoid, globalpool, dense 3 tanh",
]


def read(text: str) -> Decimal:
    return Decimal(text.replace("−", "-").replace(",", ""))


def last_digit(text: str) -> Decimal:
    mantissa, _, exponent = text.replace("−", "-").partition("e")
    return Decimal(1).scaleb(-len(mantissa.partition(".")[2])) * Decimal(10) ** int(exponent or 0)


def sums(rows: list[Row]) -> list[list[Row]]:
    """The rows of each sum, its total last."""
    found: list[list[Row]] = [[]]
    for row in rows:
        if row.kind in (Kind.HEAD, Kind.NOTE):
            found[-1] = []
        elif row.result:
            found[-1].append(row)
            if row.kind is Kind.TOTAL:
                found.append([])
    return [rows for rows in found if len(rows) > 1 and rows[-1].kind is Kind.TOTAL]


@pytest.mark.parametrize("layers", NETWORKS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_all_that_is_printed_of_a_unit_adds_up_as_printed(make_trainer, layers, dtype):
    trainer = make_trainer(layers, dtype)
    for _ in range(4):
        trainer.step()
    trainer.finish_phase(Phase.BACKWARD)
    camera, random, added, multiplied = Camera(trainer), Random(layers), 0, 0
    for done in ("backward", "proposed", "landed"):
        for _ in range(14):
            focus = Focus(random.randint(0, 7), random.randint(0, 9), unit=random.randint(0, 30))
            frame = camera.take(focus, State.PAUSED, Rates())
            rows = unit_rows(frame, frame.unit, 99, random.randint(1, 12))
            assert unit_title(frame, frame.unit)
            for told in sums(rows):
                if told[0].name == "" or told[0].name == "kept":
                    continue  # the numbers of a pool's cell, of which one was kept
                assert sum(read(row.result) for row in told[:-1]) == read(told[-1].result), (done, told)
                added += 1
                # What is called rounding is no more than that: half a unit of the last digit for each number.
                left = [abs(read(row.result)) for row in told if row.name == "rounding"]
                assert not left or left[0] <= (len(told) - 1) * last_digit(told[-1].result) / 2, (done, told)
            for row in rows:
                if row.product.endswith("=") and " · " in row.product:
                    left, right = map(read, row.product[:-2].split(" · "))
                    assert abs(left * right - read(row.result)) <= last_digit(row.result) / 2, row
                    multiplied += 1
                assert not row.product.endswith("≈"), row
        trainer.advance()
    assert added > 50
    assert multiplied > 100


def test_every_number_of_a_unit_is_that_of_a_step_in_numpy(make_trainer):
    trainer = make_trainer("dense 7 tanh, dense 5 relu", "float64")
    trainer.step()
    trainer.advance()
    batch = trainer.engine.batch
    step = recompute(trainer, batch.inputs, batch.targets)
    trainer.finish_phase(Phase.BACKWARD)
    for example, unit in ((0, 0), (3, 6), (5, 2)):
        frame = Camera(trainer).take(Focus(example, 0, unit=unit), State.PAUSED, Rates())
        # All of its terms, so that none is among the others.
        rows = unit_rows(frame, frame.unit, 99, 24)
        told = {row.name: row for row in reversed(rows) if row.result}
        z, a = step.given[1][example, unit], step.given[2][example, unit]
        assert shows(told["z"].result, z)
        assert shows(told["a"].result, a)
        strongest = np.abs(batch.inputs[example].reshape(-1) * step.weights["dense1"][:, unit]).argmax()
        assert shows(told["∂L/∂w"].result, step.grad_weights["dense1"][strongest, unit])
        assert shows(told["weight w"].result, step.weights["dense1"][strongest, unit])
        gradients = [row.result for row in rows if row.name == "∂L/∂z"]
        assert shows(gradients[0], step.slopes[1][example, unit])
        assert shows(next(row.result for row in rows if row.name == "∂L/∂a"), step.slopes[2][example, unit])
        # Up to the loss: the last one is that of an output.
        assert any(shows(gradients[-1], slope) for slope in step.slopes[-1][example])


def shows(text: str, value: float) -> bool:
    return abs(float(read(text)) - value) <= 0.5001 * float(last_digit(text))


def test_the_chain_rule_is_unfolded_layer_by_layer_up_to_the_loss(make_trainer):
    trainer = make_trainer("dense 7 tanh, dense 5 relu", "float64")
    trainer.finish_phase(Phase.BACKWARD)
    frame = Camera(trainer).take(Focus(0, 0, unit=3), State.PAUSED, Rates())
    assert unfolded_at_first(frame, frame.unit) == 2
    heads = [
        [row.name.partition(" · ")[0] for row in unit_rows(frame, frame.unit, links, 4) if row.kind is Kind.HEAD][2:]
        for links in range(1, len(frame.unit.links) + 1)
    ]
    assert heads[-1] == ["∂L/∂z", "∂L/∂a", "∂L/∂z", "∂L/∂a", "∂L/∂z"]
    assert heads == [heads[-1][:links] for links in range(1, 6)]
    assert [row.name for row in unit_rows(frame, frame.unit, 4, 4)][-1] == "enter: one layer further up"
    assert "from the loss" in unit_rows(frame, frame.unit, 5, 4)[-2].name


@pytest.mark.parametrize("layers", NETWORKS[:1] + NETWORKS[2:3])
def test_each_weight_of_a_sum_can_be_looked_at(make_trainer, layers):
    trainer = make_trainer(layers, "float64")
    trainer.finish_phase(Phase.BACKWARD)
    camera, focus, seen = Camera(trainer), Focus(1, 0, unit=1), []
    terms = len(camera.take(focus, State.PAUSED, Rates()).unit.sum.terms)
    for _ in range(terms):
        frame = camera.take(focus, State.PAUSED, Rates())
        chosen = [row for row in unit_rows(frame, frame.unit, 1, 3) if row.kind is Kind.CHOSEN]
        assert len(chosen) == 1
        weight = frame.unit.weight
        assert shows(re.split(" · | =", chosen[0].product)[1], weight.value)
        seen.append(weight.input)
        focus = Focus(1, 0, unit=1, input=neighbour(frame, frame.unit, 1))
    assert len(set(seen)) == terms > 12
    # After them comes the bias, which is told in the same way, or scale and shift of a normalisation.
    beside = []
    while (frame := camera.take(focus, State.PAUSED, Rates())).unit.weight.input != seen[0]:
        rows = unit_rows(frame, frame.unit, 1, 3)
        beside.append(next(row.name for row in rows if row.name.startswith("∂L/∂w · ")))
        assert [row.name for row in rows if row.kind is Kind.CHOSEN] == ["bias"] * (beside == ["∂L/∂w · bias"])
        layer, kind = f"{frame.layers[frame.unit.weight.layer].name}.", frame.unit.weight.kind
        gradient = trainer.network.parameters.named(trainer.network.parameters.gradients)[layer + kind][1]
        assert shows(next(row.result for row in rows if row.name == "∂L/∂w"), gradient)
        focus = Focus(1, 0, unit=1, input=neighbour(frame, frame.unit, 1))
    normalised = ["∂L/∂w · scale of batchnorm1", "∂L/∂w · shift of batchnorm1"] if "batchnorm" in layers else []
    assert beside == (normalised or ["∂L/∂w · bias"])


def test_a_unit_before_anything_has_come_to_it_says_so(make_trainer):
    trainer = make_trainer("dense 7 tanh, dense 5 relu", "float64")
    frame = Camera(trainer).take(Focus(0, 1, unit=3), State.PAUSED, Rates())
    assert unit_rows(frame, frame.unit, 1, 4)[0].name == "known once the forward pass has come here"
    assert frame.unit.links == ()


@pytest.fixture
def make_trainer():
    from nnviz.experiment import combine
    from nnviz.training.assembly import assemble

    def made(layers, dtype):
        training = {"dtype": dtype, "batch_size": 8}
        return assemble(combine({"network": {"layers": layers}, "training": training}), chance.pictures(6, 5))

    return made


def test_a_network_that_has_diverged_can_be_looked_into(make_trainer):
    trainer = make_trainer(NETWORKS[2], "float32")
    with np.errstate(all="ignore"):
        for value in (1e30, np.inf, -np.inf, np.nan):
            trainer.network.parameters.values[::3] = value
            trainer.finish_phase(Phase.BACKWARD)
            camera = Camera(trainer)
            for block in range(camera.blocks):
                frame = camera.take(Focus(0, block, unit=0), State.DIVERGED, Rates())
                assert unit_rows(frame, frame.unit, 99, 4)
            frame = camera.take(Focus(0, 0, input=0), State.DIVERGED, Rates())
            assert unit_rows(frame, frame.unit, 99, 4)
