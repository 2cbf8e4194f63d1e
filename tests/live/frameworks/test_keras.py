"""Keras on PyTorch, watched by the callback: its optimizer's steps are heard, and it ends in the same bits."""

import gc
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

os.environ["KERAS_BACKEND"] = "torch"
pytest.importorskip("keras")

import keras
import torch
from torch.nn import functional as F  # noqa: N812

from nnviz.errors import InputError
from nnviz.live.keras import Watch
from tests.live.frameworks.looking import CLASSES, SIZE, bits, check, examples, looking
from tests.live.programs import Hand

pytestmark = pytest.mark.frameworks
N, BATCH = 18, 6
SCHEDULE = {"decay_steps": 2, "decay_rate": 0.5}


def classifier(optimizer: Any, **asked: Any) -> keras.Model:
    # Layers are named by how many there were before.
    keras.utils.clear_session()
    keras.utils.set_random_seed(3)
    layers = [keras.Input((SIZE,)), keras.layers.Dense(8, activation="relu"), keras.layers.Dense(CLASSES)]
    model = keras.Sequential(layers)
    model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True), **asked)
    return model


def fit(model: keras.Model, *callbacks: keras.callbacks.Callback) -> None:
    (inputs, labels), validation = (tuple(each.numpy() for each in examples(n, n)) for n in (N, 12))
    asked = {"epochs": 3, "batch_size": BATCH, "shuffle": False, "verbose": 0}
    model.fit(inputs, labels, validation_data=validation, callbacks=list(callbacks), **asked)


def by_hand(model: keras.Model) -> Hand:
    """The same in PyTorch, with the same optimizer of Keras's."""
    inputs, labels = examples(N, N)
    hand = Hand(model)

    class Step:
        def step(self) -> None:
            weights = model.trainable_weights
            with torch.no_grad():
                model.optimizer.apply([each.value.grad for each in weights], weights)

    for _ in range(3):
        for x, y in zip(inputs.split(BATCH), labels.split(BATCH), strict=True):
            model.zero_grad()
            hand.backward(F.cross_entropy(model(x, training=True), y))
            hand.step(Step())
    return hand


@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
def test_steps_losses_gradients_and_updates(optimizer: str, tmp_path: Path) -> None:
    made = getattr(keras.optimizers, optimizer)
    bare = classifier(made(0.1))
    fit(bare)
    expected = bits(bare)
    watched, watch = classifier(made(0.1)), Watch(name="small")
    with looking(tmp_path):
        fit(watched, watch)
    assert bits(watched) == expected
    check(watch.watching, by_hand(classifier(made(0.1))))
    assert "apply" not in vars(watched.optimizer)
    assert list((tmp_path / "nnviz").iterdir()) == []
    frame = watch.watching._watch.screen.view(None)
    assert frame.title.loss == "cross-entropy"
    assert frame.title.optimizer == f"{optimizer} lr 0.1"
    assert [layer.name for layer in frame.layers] == ["dense", "dense_1"]
    assert {each.kind for layer in frame.layers for each in layer.parameters} == {"weights", "biases"}
    # Going on, it is counted from there.
    with looking(tmp_path):
        fit(watched, watch)
    assert watch.watching.steps == 9
    assert any("after 9 steps" in told for told in watch.watching._watch.screen.view(None).title.caveats)


def test_the_rate_of_a_schedule_is_the_one_that_was_used(tmp_path: Path) -> None:
    rate = keras.optimizers.schedules.ExponentialDecay(0.1, **SCHEDULE)
    watch = Watch()
    with looking(tmp_path):
        fit(classifier(keras.optimizers.SGD(rate)), watch)
    # Of the ninth step, before which there were eight.
    assert watch.watching._watch.screen.view(None).rate == pytest.approx(0.1 * 0.5 ** (8 / 2))


def test_a_scaled_loss_is_told_without_its_factor(tmp_path: Path) -> None:
    def scaled() -> keras.optimizers.Optimizer:
        return keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1), initial_scale=1024.0)

    watch = Watch()
    with looking(tmp_path):
        fit(classifier(scaled()), watch)
    watch.watching._watch.shared.past.read()
    told = watch.watching._watch.shared.past.history.training.means[:9]
    np.testing.assert_allclose(told, by_hand(classifier(keras.optimizers.SGD(0.1))).losses, rtol=1e-5)


def test_what_cannot_be_heard_is_refused(tmp_path: Path) -> None:
    accumulating = classifier(keras.optimizers.SGD(0.1, gradient_accumulation_steps=2))
    compiled = classifier("sgd", jit_compile=True)
    with looking(tmp_path):
        with pytest.raises(InputError, match="gradient_accumulation_steps"):
            fit(accumulating, Watch())
        with pytest.raises(InputError, match="jit_compile"):
            fit(compiled, Watch())


def test_watching_ends_with_a_callback_after_an_exception(tmp_path: Path) -> None:
    class Ends(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: object = None) -> None:  # noqa: ARG002
            if batch == 1:
                assert b"nnviz" not in pickle.dumps(self.model)
                raise ValueError

    model, watch = classifier("sgd"), Watch()
    with looking(tmp_path):
        with pytest.raises(ValueError, match=r"^$"):
            fit(model, watch, Ends())
        assert "apply" in vars(model.optimizer)
        del watch
        gc.collect()
    assert "apply" not in vars(model.optimizer)
    assert list((tmp_path / "nnviz").iterdir()) == []
