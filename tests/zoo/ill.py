"""The ill ones: each has one ailment, and the rule that has to find it."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from msgspec.structs import replace

from nnviz.data.split import joined
from nnviz.training.trainer import Trainer
from tests.zoo.animals import biased, classes, filled, numbers, pictures, scaled, trainer

TEN_SIGMOIDS = ", ".join(["dense 16 sigmoid"] * 10)
CONVOLUTIONS = "conv 4 3x3 relu, pool 2, dense 12 relu"


def blobs(seed):
    return trainer(classes(seed), seed=seed)


def near_blobs(seed):
    return trainer(classes(seed, apart=1), seed=seed)


def curve(seed):
    return trainer(numbers(seed), seed=seed)


def bars(seed):
    return trainer(pictures(seed), CONVOLUTIONS, seed=seed)


def dense_bars(seed):
    return trainer(pictures(seed), seed=seed)


def at_best(make, steps):
    """The same network where its validation loss was lowest."""

    def twin(seed):
        made = make(seed)
        while made.steps_done < steps:
            made.step()
        made.interrupt()
        made.network.parameters.values[...] = made.standing.best.values
        return made

    return twin


def noisy(seed):
    """A fifth of the labels, drawn anew."""

    def spoil(x, y):
        generator = np.random.default_rng((seed, len(y)))
        return x, np.where(generator.random(len(y)) < 0.2, generator.integers(0, 3, len(y)), y)

    return spoil


def forty(seed):
    return trainer(classes(seed, (20, 20), features=40, apart=0.5), "dense 64 relu", seed=seed)


def forty_of_noise(seed):
    return trainer(classes(seed, (14, 13, 13), spoil=shuffled(seed)), "dense 64 relu", seed=seed)


def partly_noise(seed):
    return trainer(classes(seed, (40, 40, 40), features=20, spoil=noisy(seed)), "dense 64 relu", seed=seed)


class Ill(NamedTuple):
    """A network made ill.

    name   what ails it, and `rule`, which has to find that
    make   by a seed; it takes so many `steps` to tell
    twin   a healthy one on such examples
    only_by_hand  whether no other experiment on the same examples helps
    """

    name: str
    rule: str
    make: Callable[[int], Trainer]
    steps: int = 300
    twin: Callable[[int], Trainer] = blobs
    only_by_hand: bool = False


def shuffled(seed):
    return lambda x, y: (x, np.random.default_rng(seed).permutation(y))


def noise(x, y):
    return np.random.default_rng(len(x)).normal(size=x.shape), y


def far_input(x, y):
    x = x.copy()
    x[0, 2] = 1e4
    return x, y


def far_target(x, y, far=1e4):
    y = y.copy()
    y[0] = far
    return x, y


def times(factor, what="inputs"):
    return lambda x, y: (x * factor, y) if what == "inputs" else (x, y * factor)


def all_same(x, y):
    return np.ones_like(x), y


def same_target(x, y):
    return x, np.full_like(y, 3.0)


def mislabelled(share):
    """So large a share of the labels are those of another class."""

    def spoil(x, y):
        chosen = np.random.default_rng(len(y)).random(len(y)) < share
        return x, np.where(chosen, (y + 1) % (y.max() + 1), y)

    return spoil


def doubled(x, y):
    """Every example twice, with labels that know nothing of that."""
    half = len(x) // 2
    return np.concatenate([x[:half], x[:half]]), y[: 2 * half]


def leaking(dataset):
    """Every second example to test on is one to train on."""
    test = joined([dataset.test, dataset.train.select(np.arange(len(dataset.test)))])
    return replace(dataset, test=test)


def below_zero(network):
    """All weights negative, for inputs that are not."""
    weights = network.layers[0].weights.values
    weights[...] = -np.abs(weights)


ILL = (
    Ill("biases of −20 before relu", "dead-units", lambda s: trainer(classes(s), spoil=biased(-20, 0), seed=s), 100),
    Ill(
        "biases of −20 in the second layer",
        "dead-units",
        lambda s: trainer(classes(s), spoil=biased(-20, 1), seed=s),
        100,
    ),
    Ill(
        "biases of −20 in a convolution",
        "dead-units",
        lambda s: trainer(pictures(s), CONVOLUTIONS, spoil=biased(-20, 0), seed=s),
        100,
        twin=bars,
    ),
    Ill(
        "only negative weights",
        "dead-units",
        lambda s: trainer(classes(s, spoil=lambda x, y: (np.abs(x) + 1, y), raw=True), spoil=below_zero, seed=s),
        100,
        twin=lambda s: trainer(classes(s, spoil=lambda x, y: (np.abs(x) + 1, y)), seed=s),
    ),
    Ill(
        "weights times 50 before tanh",
        "saturated-units",
        lambda s: trainer(classes(s, apart=1), "dense 16 tanh, dense 12 tanh", scaled(50), learning_rate=1e-4, seed=s),
        twin=near_blobs,
    ),
    Ill(
        "weights times 60 before sigmoid",
        "saturated-units",
        lambda s: trainer(
            classes(s, apart=1), "dense 16 sigmoid, dense 12 sigmoid", scaled(60, 0, 1), learning_rate=1e-4, seed=s
        ),
        twin=near_blobs,
    ),
    Ill(
        "biases of 20 before tanh",
        "saturated-units",
        lambda s: trainer(classes(s), "dense 16 tanh", biased(20, 0), seed=s),
    ),
    Ill(
        "biases of −20 before sigmoid",
        "saturated-units",
        lambda s: trainer(classes(s), "dense 16 sigmoid", biased(-20, 0), seed=s),
    ),
    Ill("ten layers of sigmoid", "vanishing-gradient", lambda s: trainer(classes(s), TEN_SIGMOIDS, seed=s)),
    Ill(
        "ten layers of sigmoid, by adam",
        "vanishing-gradient",
        lambda s: trainer(classes(s), TEN_SIGMOIDS, optimizer="adam", learning_rate=1e-3, seed=s),
        60,
        twin=lambda s: trainer(classes(s), optimizer="adam", learning_rate=1e-3, seed=s),
    ),
    Ill(
        "eight layers of sigmoid on numbers",
        "vanishing-gradient",
        lambda s: trainer(numbers(s), ", ".join(["dense 12 sigmoid"] * 8), learning_rate=1e-3, seed=s),
        twin=lambda s: trainer(numbers(s), "dense 12 relu, dense 12 relu", learning_rate=1e-3, seed=s),
    ),
    Ill(
        "a hidden layer of zeros",
        "vanishing-gradient",
        lambda s: trainer(classes(s), "dense 16 tanh, dense 12 tanh, dense 8 tanh", filled(0, 1, 2), seed=s),
        60,
    ),
    Ill(
        "ten layers of sigmoid on pictures",
        "vanishing-gradient",
        lambda s: trainer(pictures(s), TEN_SIGMOIDS, seed=s),
        twin=dense_bars,
    ),
    Ill(
        "six layers, weights times 5",
        "exploding-gradient",
        lambda s: trainer(
            classes(s), ", ".join(["dense 16 relu"] * 6), scaled(5), learning_rate=1e-12, momentum=0.0, seed=s
        ),
        60,
        twin=lambda s: trainer(classes(s), ", ".join(["dense 16 relu"] * 6), momentum=0.0, seed=s),
    ),
    Ill(
        "raw inputs of size 300",
        "exploding-gradient",
        lambda s: trainer(classes(s, apart=1, spoil=times(300), raw=True), learning_rate=1e-9, momentum=0.0, seed=s),
        60,
        twin=lambda s: trainer(classes(s, apart=1), momentum=0.0, seed=s),
    ),
    Ill(
        "the last layer times 200",
        "exploding-gradient",
        lambda s: trainer(
            classes(s, apart=1), "dense 16 relu, dense 16 relu", scaled(200, 2), learning_rate=1e-12, seed=s
        ),
        60,
        twin=lambda s: trainer(classes(s, apart=1), "dense 16 relu, dense 16 relu", seed=s),
    ),
    Ill(
        "adam at 0.5",
        "updates-too-large",
        lambda s: trainer(classes(s), optimizer="adam", learning_rate=0.5, seed=s),
        60,
    ),
    Ill(
        "rmsprop at 0.3",
        "updates-too-large",
        lambda s: trainer(classes(s), optimizer="rmsprop", learning_rate=0.3, seed=s),
        60,
    ),
    Ill(
        "adamw at 1",
        "updates-too-large",
        lambda s: trainer(numbers(s), optimizer="adamw", learning_rate=1.0, seed=s),
        60,
        twin=lambda s: trainer(numbers(s), optimizer="adamw", learning_rate=1e-3, seed=s),
    ),
    Ill(
        "adam at 0.3 on pictures",
        "updates-too-large",
        lambda s: trainer(pictures(s), CONVOLUTIONS, optimizer="adam", learning_rate=0.3, seed=s),
        60,
        twin=bars,
    ),
    Ill("sgd at 1e−7", "updates-too-small", lambda s: trainer(classes(s), learning_rate=1e-7, seed=s), 60),
    Ill(
        "adam at 1e−7",
        "updates-too-small",
        lambda s: trainer(classes(s), optimizer="adam", learning_rate=1e-7, seed=s),
        60,
    ),
    Ill("a clip of 1e−6", "updates-too-small", lambda s: trainer(classes(s), clip=1e-6, seed=s), 60),
    Ill("a warm-up of a million epochs", "updates-too-small", lambda s: trainer(classes(s), warmup=1e6, seed=s), 60),
    Ill(
        "a rate of 1e−7 for numbers",
        "updates-too-small",
        lambda s: trainer(numbers(s), learning_rate=1e-7, seed=s),
        60,
        twin=curve,
    ),
    Ill("all weights 0", "weights-start-alike", lambda s: trainer(classes(s), spoil=filled(0), seed=s), 10),
    Ill("all weights 0.1", "weights-start-alike", lambda s: trainer(classes(s), spoil=filled(0.1), seed=s), 10),
    Ill(
        "equal kernels",
        "weights-start-alike",
        lambda s: trainer(pictures(s), CONVOLUTIONS, spoil=filled(0.1, 0), seed=s),
        10,
        twin=bars,
    ),
    Ill(
        "weights times 100",
        "weights-badly-scaled",
        lambda s: trainer(classes(s), spoil=scaled(100), learning_rate=1e-9, seed=s),
        10,
    ),
    Ill("weights times 0.01", "weights-badly-scaled", lambda s: trainer(classes(s), spoil=scaled(0.01), seed=s), 10),
    Ill(
        "the first layer times 30",
        "weights-badly-scaled",
        lambda s: trainer(numbers(s), spoil=scaled(30, 0), learning_rate=1e-9, seed=s),
        10,
        twin=curve,
    ),
    Ill("an output bias of 20", "first-loss", lambda s: trainer(classes(s), spoil=biased((20, 0, 0), 2), seed=s), 10),
    Ill("the last layer times 30", "first-loss", lambda s: trainer(classes(s), spoil=scaled(30, 2), seed=s), 10),
    Ill(
        "output biases of 9 and −9",
        "first-loss",
        lambda s: trainer(classes(s), spoil=biased((0, 9, -9), 2), network={"output": "sigmoid"}, seed=s),
        10,
    ),
    Ill("sgd at 5", "diverging", lambda s: trainer(numbers(s), learning_rate=5.0, seed=s), 60, twin=curve),
    Ill(
        "sgd at 100", "updates-too-large", lambda s: trainer(classes(s), learning_rate=100.0, momentum=0.9, seed=s), 60
    ),
    Ill(
        "momentum of 0.999",
        "diverging",
        lambda s: trainer(numbers(s), learning_rate=0.5, momentum=0.999, seed=s),
        100,
        twin=curve,
    ),
    Ill(
        "shuffled labels",
        "loss-does-not-fall",
        lambda s: trainer(classes(s, spoil=shuffled(s)), "dense 4 tanh", learning_rate=1e-3, seed=s),
        only_by_hand=True,
    ),
    Ill(
        "inputs that are noise",
        "loss-does-not-fall",
        lambda s: trainer(classes(s, spoil=noise), "dense 4 tanh", learning_rate=1e-3, seed=s),
        only_by_hand=True,
    ),
    Ill("dropout of 0.99", "loss-does-not-fall", lambda s: trainer(classes(s), "dense 16 relu dropout 0.99", seed=s)),
    Ill("a penalty of 50", "loss-does-not-fall", lambda s: trainer(classes(s), l2=50.0, seed=s)),
    Ill(
        "a rate of 1.7e−5",
        "loss-falls-slowly",
        lambda s: trainer(classes(s), "dense 16 tanh", learning_rate=1.7e-5, seed=s),
        1500,
    ),
    Ill(
        "a rate of 5e−6 for numbers",
        "loss-falls-slowly",
        lambda s: trainer(numbers(s), "dense 16 tanh", learning_rate=5e-6, seed=s),
        1500,
        twin=curve,
    ),
    Ill(
        "momentum of 0.99 at 0.2",
        "loss-oscillates",
        lambda s: trainer(classes(s), "dense 16 tanh", momentum=0.99, learning_rate=0.2, seed=s),
    ),
    Ill(
        "rmsprop at 1 for numbers",
        "loss-oscillates",
        lambda s: trainer(numbers(s), optimizer="rmsprop", learning_rate=1.0, seed=s),
        twin=lambda s: trainer(numbers(s), optimizer="rmsprop", learning_rate=1e-3, seed=s),
    ),
    Ill(
        "batches of 4 at 0.3",
        "loss-spikes",
        lambda s: trainer(classes(s), learning_rate=0.3, batch_size=4, seed=s),
        400,
    ),
    Ill(
        "one target of 10,000",
        "loss-spikes",
        lambda s: trainer(numbers(s, spoil=far_target), learning_rate=1e-4, seed=s),
        only_by_hand=True,
    ),
    Ill(
        "one input of 10,000",
        "inputs-badly-scaled",
        lambda s: trainer(classes(s, spoil=far_input), seed=s),
        10,
        only_by_hand=True,
    ),
    Ill(
        "inputs times 1,000",
        "inputs-badly-scaled",
        lambda s: trainer(classes(s, spoil=times(1e3), raw=True), learning_rate=1e-9, seed=s),
        10,
    ),
    Ill(
        "inputs times 0.001",
        "inputs-badly-scaled",
        lambda s: trainer(classes(s, spoil=times(1e-3), raw=True), seed=s),
        10,
    ),
    Ill(
        "inputs that are all the same",
        "inputs-badly-scaled",
        lambda s: trainer(classes(s, spoil=all_same), seed=s),
        10,
        only_by_hand=True,
    ),
    Ill(
        "a target that is far off",
        "targets-badly-scaled",
        lambda s: trainer(numbers(s, spoil=far_target), learning_rate=1e-4, seed=s),
        10,
        only_by_hand=True,
    ),
    Ill(
        "targets that are all the same",
        "targets-badly-scaled",
        lambda s: trainer(numbers(s, spoil=same_target), seed=s),
        10,
        only_by_hand=True,
    ),
    Ill(
        "a test set from the training set",
        "shared-examples",
        lambda s: trainer(leaking(classes(s)), seed=s),
        10,
        only_by_hand=True,
    ),
    Ill(
        "a test set of numbers from the training set",
        "shared-examples",
        lambda s: trainer(leaking(numbers(s)), seed=s),
        10,
        only_by_hand=True,
    ),
    Ill(
        "pictures of the training set to test on",
        "shared-examples",
        lambda s: trainer(leaking(pictures(s)), seed=s),
        10,
        only_by_hand=True,
    ),
    Ill(
        "one target of 10,000, again and again",
        "one-example",
        lambda s: trainer(numbers(s, spoil=far_target), learning_rate=1e-4, seed=s),
        only_by_hand=True,
    ),
    Ill(
        "one target of 100, again and again",
        "one-example",
        lambda s: trainer(numbers(s, spoil=lambda x, y: far_target(x, y, 100)), learning_rate=1e-4, seed=s),
        only_by_hand=True,
    ),
    Ill(
        "a tenth of the labels wrong",
        "labels-look-wrong",
        lambda s: trainer(classes(s, (240, 240, 240), apart=5, spoil=mislabelled(0.1)), seed=s),
        only_by_hand=True,
    ),
    Ill(
        "a twentieth of the labels wrong",
        "labels-look-wrong",
        lambda s: trainer(classes(s, (240, 240, 240), apart=5, spoil=mislabelled(0.05)), "dense 16 tanh", seed=s),
        only_by_hand=True,
    ),
    Ill(
        "each example twice, with another label",
        "contradicting-labels",
        lambda s: trainer(classes(s, spoil=doubled), seed=s),
        10,
        only_by_hand=True,
    ),
    Ill(
        "40 examples with noise for labels",
        "over-fitting",
        forty_of_noise,
        twin=at_best(forty_of_noise, 300),
    ),
    Ill("40 examples of many numbers", "over-fitting", forty, twin=at_best(forty, 300)),
    Ill("a fifth of the labels by chance", "over-fitting", partly_noise, 400, at_best(partly_noise, 400)),
    Ill(
        "a rate of 1e−6, of two",
        "no-better-than-commonest",
        lambda s: trainer(classes(s, (1200, 200)), "dense 4 tanh", learning_rate=1e-6, seed=s),
        twin=lambda s: trainer(classes(s, (700, 700)), seed=s),
    ),
    Ill(
        "labels by chance, of two",
        "no-better-than-commonest",
        lambda s: trainer(classes(s, (240, 40), spoil=noise), "dense 4 tanh", learning_rate=1e-3, seed=s),
        only_by_hand=True,
    ),
    Ill(
        "a class of 1 in 50",
        "unequal-classes",
        lambda s: trainer(classes(s, (2000, 40), apart=3), seed=s),
        10,
        lambda s: trainer(classes(s, (400, 400), apart=3), seed=s),
    ),
    Ill(
        "a rare class, and a penalty of 1",
        "class-never-said",
        lambda s: trainer(classes(s, (400, 60), apart=1.0), "dense 4 tanh", l2=1.0, seed=s),
        1500,
        lambda s: trainer(classes(s, (60, 60), apart=1.0), "dense 4 tanh", seed=s),
    ),
    Ill(
        "a class that hardly counts",
        "class-never-said",
        lambda s: trainer(classes(s, apart=1.0), "dense 8 tanh", class_weights={"bee": 0.001}, seed=s),
        1000,
        twin=near_blobs,
    ),
    Ill(
        "batches of 2 with batchnorm",
        "small-batches",
        lambda s: trainer(classes(s), "dense 16 batchnorm relu", batch_size=2, seed=s),
        10,
    ),
    Ill(
        "batches of 4 with batchnorm",
        "small-batches",
        lambda s: trainer(numbers(s), "dense 16 batchnorm tanh", batch_size=4, seed=s),
        10,
        twin=lambda s: trainer(numbers(s), "dense 16 batchnorm tanh", seed=s),
    ),
)
