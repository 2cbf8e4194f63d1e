"""Optimizers: proposals seen before they land, the textbook's numbers, going on from a saved state."""

import tracemalloc

import numpy as np
import pytest

from nnviz.nn import optimizers
from nnviz.nn.optimizers import SGD, Adam, AdamW, Momentum, Nesterov, RMSprop

MAKERS = {
    "sgd": lambda: SGD(0.1),
    "momentum": lambda: Momentum(0.1, 0.9),
    "adam": lambda: Adam(0.1),
    "adam, own betas": lambda: Adam(0.02, beta1=0.7, beta2=0.95, epsilon=1e-3),
    "nesterov": lambda: Nesterov(0.1, 0.9),
    "rmsprop": lambda: RMSprop(0.1, decay=0.9, epsilon=1e-3),
    "momentum, decay": lambda: Momentum(0.1, 0.9, weight_decay=0.2),
    "adamw": lambda: AdamW(0.1),
}


def gradients(steps, size=4, seed=3):
    return np.random.default_rng(seed).normal(size=(steps, size))


def textbook_sgd(values, all_gradients, rate, momentum, decay=0.0, nesterov=False):
    velocity = np.zeros_like(values)
    for gradient in all_gradients:
        velocity = momentum * velocity + gradient
        step = gradient + momentum * velocity if nesterov else velocity
        values = values - rate * decay * values - rate * step
    return values


def textbook_rmsprop(values, all_gradients, rate, decay, epsilon):
    mean_square = np.zeros_like(values)
    for gradient in all_gradients:
        mean_square = decay * mean_square + (1 - decay) * gradient**2
        values = values - rate * gradient / (np.sqrt(mean_square) + epsilon)
    return values


def textbook_adam(values, all_gradients, rate, beta1, beta2, epsilon, decay=0.0):
    """Algorithm 1 of Kingma & Ba, line by line; with `decay`, algorithm 2 of Loshchilov & Hutter."""
    m, v = np.zeros_like(values), np.zeros_like(values)
    for t, gradient in enumerate(all_gradients, start=1):
        m = beta1 * m + (1 - beta1) * gradient
        v = beta2 * v + (1 - beta2) * gradient**2
        step = (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + epsilon)
        values = values - rate * (step + decay * values)
    return values


TEXTBOOK = {
    "sgd": lambda values, g: textbook_sgd(values, g, 0.1, 0.0),
    "momentum": lambda values, g: textbook_sgd(values, g, 0.1, 0.9),
    "adam": lambda values, g: textbook_adam(values, g, 0.1, 0.9, 0.999, 1e-8),
    "adam, own betas": lambda values, g: textbook_adam(values, g, 0.02, 0.7, 0.95, 1e-3),
    "nesterov": lambda values, g: textbook_sgd(values, g, 0.1, 0.9, nesterov=True),
    "rmsprop": lambda values, g: textbook_rmsprop(values, g, 0.1, 0.9, 1e-3),
    "momentum, decay": lambda values, g: textbook_sgd(values, g, 0.1, 0.9, decay=0.2),
    "adamw": lambda values, g: textbook_adam(values, g, 0.1, 0.9, 0.999, 1e-8, decay=0.01),
}


@pytest.mark.parametrize("name", MAKERS)
def test_same_path_as_the_textbook(name):
    optimizer, values = MAKERS[name](), np.array([1.0, -2.0, 0.5, 0.0])
    start = values.copy()
    optimizer.attach(values)
    for gradient in gradients(20):
        values += optimizer.propose(gradient)
    np.testing.assert_allclose(values, TEXTBOOK[name](start, gradients(20)), rtol=1e-12)


@pytest.mark.parametrize("name", MAKERS)
def test_a_proposal_is_seen_before_it_lands(name):
    optimizer, values = MAKERS[name](), np.ones(4, np.float32)
    optimizer.attach(values)
    gradient = np.array([1, -2, 3, -4], np.float32)
    given = gradient.copy()
    for _ in range(2):
        updates = optimizer.propose(gradient)
        assert updates is optimizer.updates
        assert updates.dtype == np.float32
        np.testing.assert_array_equal(np.sign(updates), -np.sign(gradient))
        np.testing.assert_array_equal(values, 1)
        np.testing.assert_array_equal(gradient, given)


@pytest.mark.parametrize("name", MAKERS)
def test_learning_rate_can_be_changed_between_steps(name):
    slow, fast = MAKERS[name](), MAKERS[name]()
    first, second = gradients(2)
    for optimizer in (slow, fast):
        optimizer.attach(np.zeros(4))
        optimizer.propose(first)
    fast.learning_rate *= 10
    np.testing.assert_allclose(fast.propose(second), 10 * slow.propose(second), rtol=1e-12)


@pytest.mark.parametrize("name", MAKERS)
def test_restored_state_goes_on_bit_equal(name):
    before, after = gradients(8).astype(np.float32).reshape(2, 4, 4)
    values = np.ones(4, np.float32)
    optimizer = MAKERS[name]()
    optimizer.attach(values)
    for gradient in before:
        optimizer.propose(gradient)
    saved = {name: array.copy() for name, array in optimizer.state().items()}
    expected = [optimizer.propose(gradient).copy() for gradient in after]

    other = MAKERS[name]()
    other.attach(values)
    # A second restoration finds the saved arrays untouched by the steps after the first; the optimizer
    # itself can be set back as well as a new one.
    for resumed in (other, other, optimizer):
        resumed.restore(saved)
        np.testing.assert_array_equal([resumed.propose(gradient).copy() for gradient in after], expected)


@pytest.mark.parametrize("name", MAKERS)
def test_blocks_make_one_whole(name, monkeypatch):
    values, decaying = np.linspace(-1, 1, 8), np.tile([1.0, 0.0], 4)

    def run(block):
        monkeypatch.setattr(optimizers, "CHUNK", block)
        optimizer = MAKERS[name]()
        optimizer.attach(values, decaying)
        return [optimizer.propose(gradient).copy() for gradient in gradients(5, size=8)]

    whole = run(8)
    for block in (1, 3, 4):
        np.testing.assert_array_equal(run(block), whole)


@pytest.mark.parametrize("make", [SGD, lambda *a, **k: Momentum(*a, 0.9, **k), RMSprop, Adam, AdamW])
def test_weight_decay_takes_a_share_of_the_weights_as_they_are_and_of_nothing_else(make):
    values, decaying = np.array([1.0, -2.0, 3.0, -4.0], np.float32), np.array([1, 1, 0, 0], np.float32)
    with_decay, without = make(0.1, weight_decay=0.5), make(0.1, weight_decay=0.0)
    with_decay.attach(values, decaying)
    without.attach(values, decaying)
    for gradient in gradients(3).astype(np.float32):
        difference = with_decay.propose(gradient) - without.propose(gradient)
        assert difference.dtype == np.float32
        np.testing.assert_allclose(difference, -0.1 * 0.5 * values * decaying, rtol=1e-5, atol=1e-7)
        # The learning rate is in it, and the moment: what the weights have become counts.
        values *= 2
    with_decay.learning_rate = without.learning_rate = 0.0
    np.testing.assert_array_equal(with_decay.propose(gradient), 0 * values)


def test_without_decay_nothing_is_kept_for_it():
    values = np.ones(1 << 20, np.float32)
    tracemalloc.start()
    optimizer = SGD(0.1)
    optimizer.attach(values, np.ones_like(values))
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # The updates, and scratch room for a part of them.
    assert kept < 1.5 * values.nbytes
