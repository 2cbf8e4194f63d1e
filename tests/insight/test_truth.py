"""What a sentence says of a largest, a share, a count or a place is recomputed from the network's own arrays."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnviz.frame.focus import Focus
from nnviz.frame.frame import Rates, State
from nnviz.frame.stages import PROPOSE, Phase
from nnviz.insight.story import tell
from nnviz.training.camera import Camera
from tests.insight.test_story import (
    CONVOLUTIONS,
    DENSE,
    NUMBER,
    PICTURES,
    RULES,
    make_dataset,
    make_trainer,
    number,
    shows,
    told,
)

CLASSES = st.builds(
    lambda names, output: (make_dataset(names, examples=9), {"output": output if len(names) == 2 else None}),
    st.sampled_from([("cat", "dog"), ("ant", "bee", "cow")]),
    st.sampled_from(["softmax", "single"]),
)


GATES = {"relu", "leakyrelu", "sigmoid", "tanh", "dropout"}
"""Layers that work on each number alone."""


def found(pattern, text):
    match = re.search(pattern.replace("#", NUMBER), text)
    return None if match is None else match.groups()


def check_forward(trainer, part, example, text):
    layer, output = trainer.network.layers[part], trainer.engine.outputs[part + 1][example]
    if output.ndim == 1 and any(layer.kind == "flatten" for layer in trainer.network.layers):
        return  # still told as the maps that it was
    values = output.reshape(-1, output.shape[-1]) if output.ndim == 3 else output.reshape(1, -1)
    silent = found("(?:Silent|At 0) for this example: # of # (?:unit|map)", text)
    assert (silent is not None) == (layer.kind in ("relu", "dropout")), text
    if silent:
        assert shows(silent[1], values.shape[1]), text
        assert shows(silent[0], np.count_nonzero(~values.any(axis=0))), text
    strongest = found("strongest of all #, (?:unit|map) #, (?:gave|reached) #", text)
    is_last = part == len(trainer.network.layers) - 1
    assert (strongest is not None) == (not silent and not is_last and values.shape[1] > 1), text
    if strongest:
        extreme = values[np.abs(values).argmax(axis=0), np.arange(values.shape[1])]
        assert shows(strongest[0], values.shape[1]), text
        assert shows(strongest[2], extreme[int(number(strongest[1]))]), text
        assert abs(extreme[int(number(strongest[1]))]) == np.abs(values).max(), text


def check_backward(trainer, part, example, text):
    layer = trainer.network.layers[part]
    gradients = [np.abs(parameter.gradients).max() for parameter in layer.parameters()]
    largest = found("at most # in size(?:, a (?:bias|shift)'s #)?", text)
    assert (largest is not None) == bool(gradients and gradients[0]), text
    if largest:
        assert shows(largest[0], gradients[0]), text
        if len(gradients) > 1 and gradients[1]:
            assert shows(largest[1], gradients[1]), text
    passed = found(r"At (?:unit|map) #(?:, row #, column #)?, ∂L/∂\S+ = # became ∂L/∂\S+ = #", text)
    assert (passed is not None) == (part > 0 and layer.kind in GATES), text
    if passed:
        came, went = (trainer.engine.output_gradients[i][example] for i in (part + 1, part))
        shape = trainer.network.layers[part].output_shape
        places = np.flatnonzero(np.abs(came) == np.abs(came).max())
        assert any(shows(passed[3], came.flat[i]) and shows(passed[4], went.flat[i]) for i in places), text
        if layer.kind == "relu":
            assert passed[4] in (passed[3], "0"), text
        if len(shape) == 3:
            unit, row, column = (int(number(text)) for text in passed[:3])
            assert shows(passed[3], came[row, column, unit]), text


def check_update(trainer, before, text):
    """The share of the update is of the weights before it, whether it is proposed or has landed."""
    updates = trainer.network.parameters.named(trainer.update_rule.optimizer.updates)
    shares = {
        name.removesuffix(".weights"): np.linalg.norm(updates[name].astype(float))
        / np.linalg.norm(values.astype(float))
        for name, values in before.items()
        if name.endswith("weights")
    }
    said = re.search(r"(\w+) (?:would change|changed) most: by " + NUMBER + "%", text)
    assert said or max(shares.values()) > 999, text
    if said:
        assert shares[said[1]] == pytest.approx(max(shares.values()), rel=1e-3), text
        if ">" not in said[0]:
            assert shows(said[2], 100 * shares[said[1]]) or shares[said[1]] == pytest.approx(
                number(said[2]) / 100, rel=2e-3
            )


@given(
    built=st.one_of(st.tuples(CLASSES, DENSE), st.tuples(PICTURES, CONVOLUTIONS)),
    rule=st.sampled_from(RULES),
    learning_rate=st.sampled_from([1e-4, 0.01, 30.0]),
    dtype=st.sampled_from(["float32", "float64"]),
    example=st.integers(0, 2),
)
@settings(max_examples=60, deadline=None)
def test_what_is_said_of_a_network_by_chance_is_recomputed_from_it(built, rule, learning_rate, dtype, example):
    (dataset, network), layers = built
    settings = {**rule, "learning_rate": learning_rate, "dtype": dtype, "batch_size": 3, "threads": 1}
    trainer = make_trainer(dataset, {**network, "layers": layers}, **settings)
    with np.errstate(all="ignore"):
        for phase, part in trainer.engine.stages:
            before = {name: array.copy() for name, array in trainer.network.parameters.named().items()}
            if phase is Phase.UPDATE and part == PROPOSE:
                kept = before
            trainer.advance()
            text = told(trainer, example)
            if phase is Phase.FORWARD:
                check_forward(trainer, part, example, text)
            elif phase is Phase.BACKWARD:
                check_backward(trainer, part, example, text)
            elif phase is Phase.UPDATE:
                check_update(trainer, kept, text)


def test_the_slope_of_a_hill_is_shared_by_its_units():
    dataset = make_dataset((), numbers=1, scale=0.3)
    dataset.train.labels[...] = np.clip(dataset.train.labels, -1, 1)
    trainer = make_trainer(dataset, {"layers": "dense 4 relu", "output": "hill"}, batch_size=3)
    trainer.finish_phase(Phase.LOSS)
    trainer.advance()
    text = told(trainer, 1)
    size, units, slope = found(r"\(p − y\) / \(# × #\) = # says", text)
    error = trainer.engine.scores.errors[1]
    assert shows(slope, error[np.abs(error).argmax()] / (number(size) * number(units))), text


def test_of_weighted_classes_an_example_makes_its_weight_times_its_loss():
    dataset = make_dataset(("ant", "bee", "cow"), examples=9)
    trainer = make_trainer(dataset, batch_size=9, class_weights={"ant": 1.0, "bee": 2.0, "cow": 3.0})
    trainer.finish_phase(Phase.LOSS)
    weights = trainer.engine.batch.weights
    for example in range(9):
        text = told(trainer, example)
        groups = found(r"it makes # × # = # of the loss, #, #%\.", text)
        weight, loss = weights[example] / weights.sum(), trainer.engine.scores.each[example]
        mean = float(np.average(trainer.engine.scores.each, weights=weights))
        expected = (weight, loss, weight * loss, mean, 100 * weight * loss / mean)
        assert all(shows(*pair) for pair in zip(groups, expected, strict=True)), text


def test_a_rate_that_is_chosen_after_the_proposal_is_not_told_as_its_own():
    trainer = make_trainer(make_dataset(("cat", "dog")), learning_rate=0.01)
    trainer.finish_phase(Phase.BACKWARD)
    trainer.advance()
    trainer.update_rule.learning_rate = 0.02
    text = " ".join(tell(Camera(trainer).take(Focus(), State.PAUSED, Rates())))
    assert "lr is 0.01, and 0.02 is chosen for the next one" in text


def test_a_batch_normalised_unit_has_its_weighted_sum_s_slope_and_not_another_one():
    trainer = make_trainer(make_dataset(("cat", "dog")), {"layers": "dense 3 batchnorm relu"}, batch_size=7)
    trainer.finish_phase(Phase.LOSS)
    trainer.advance()
    trainer.advance()
    assert "∂L/∂a = " in told(trainer)
    assert "became ∂L/∂(batchnorm1) = " in told(trainer)


def test_silent_units_are_counted_over_all_and_not_over_those_that_are_drawn():
    trainer = make_trainer(make_dataset(("cat", "dog")), {"layers": "dense 60 relu"})
    trainer.advance()
    trainer.advance()
    silent = np.count_nonzero(trainer.engine.outputs[2][0] == 0)
    assert f"Silent for this example: {silent} of 60 units." in told(trainer)
