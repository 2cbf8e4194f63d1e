"""Optimizers: proposals seen before they land, the textbook's numbers, going on from a saved state."""

import numpy as np
import pytest

from nnviz.nn.optimizers import SGD, Adam

MAKERS = {
    "sgd": lambda: SGD(0.1),
    "momentum": lambda: SGD(0.1, momentum=0.9),
    "adam": lambda: Adam(0.1),
    "adam, own betas": lambda: Adam(0.02, beta1=0.7, beta2=0.95, epsilon=1e-3),
}


def gradients(steps, size=4, seed=3):
    return np.random.default_rng(seed).normal(size=(steps, size))


def textbook_sgd(values, all_gradients, rate, momentum):
    velocity = np.zeros_like(values)
    for gradient in all_gradients:
        velocity = momentum * velocity + gradient
        values = values - rate * velocity
    return values


def textbook_adam(values, all_gradients, rate, beta1, beta2, epsilon):
    """Algorithm 1 of Kingma & Ba, line by line."""
    m, v = np.zeros_like(values), np.zeros_like(values)
    for t, gradient in enumerate(all_gradients, start=1):
        m = beta1 * m + (1 - beta1) * gradient
        v = beta2 * v + (1 - beta2) * gradient**2
        values = values - rate * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + epsilon)
    return values


TEXTBOOK = {
    "sgd": lambda values, g: textbook_sgd(values, g, 0.1, 0.0),
    "momentum": lambda values, g: textbook_sgd(values, g, 0.1, 0.9),
    "adam": lambda values, g: textbook_adam(values, g, 0.1, 0.9, 0.999, 1e-8),
    "adam, own betas": lambda values, g: textbook_adam(values, g, 0.02, 0.7, 0.95, 1e-3),
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
