"""What is told is true: the numbers are the frame's, the sums add up, and every stage of any network has its words."""

import re
from decimal import Decimal
from textwrap import wrap

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from nnviz.data.dataset import Dataset
from nnviz.data.split import Split
from nnviz.data.standardization import Standardization
from nnviz.experiment import combine
from nnviz.frame.focus import Focus
from nnviz.frame.frame import Rates, State
from nnviz.frame.stages import Phase, end_of, training_step
from nnviz.insight.story import tell
from nnviz.training.assembly import assemble
from nnviz.training.camera import Camera


def make_dataset(class_names, features=4, examples=7, numbers=0, scale=1.0):
    generator = np.random.default_rng(3)
    inputs = generator.normal(size=(examples, features)).astype(np.float32)
    labels = np.arange(examples) % max(len(class_names), 1)
    if numbers:
        labels = (scale * generator.normal(size=(examples, numbers))).astype(np.float32)
    names = [str(i) for i in range(examples)]
    train = Split(inputs, labels, names)
    return Dataset("some", class_names, train, train.select([]), train.select([]), Standardization.of(inputs))


def from_0_to_1(dataset):
    """The same with numbers that sigmoids can tell."""
    dataset.train.labels[...] = 1 / (1 + np.exp(-dataset.train.labels))
    return dataset


def make_pictures(class_names):
    dataset = make_dataset(class_names, features=6 * 5 * 3)
    inputs = np.random.default_rng(4).integers(0, 256, (len(dataset.train), 6, 5, 3), dtype=np.uint8)
    train = replace(dataset.train, inputs=inputs)
    return replace(dataset, train=train, standardization=Standardization.of(inputs))


def make_trainer(dataset, network=None, stopping=None, **training):
    tables = {"network": network or {}, "training": training, "stopping": stopping or {}}
    return assemble(combine(tables), dataset)


def frame_of(trainer, example=0):
    state = State.PAUSED if trainer.engine.done else State.READY
    if trainer.stopped_by:
        state = State.DIVERGED if trainer.stopped_by == "diverged" else State.FINISHED
    return Camera(trainer).take(Focus(example), state, Rates())


def told(trainer, example=0):
    return " ".join(tell(frame_of(trainer, example)))


def worked_example(**network):
    """A network that says p = [0.20, 0.80] of every example, at the end of the loss of a batch of one cat."""
    dataset = make_dataset(("cat", "dog"), examples=2)
    dataset.train.labels[...] = 0
    trainer = make_trainer(dataset, {"layers": "", **network}, batch_size=1)
    parameters = trainer.network.parameters.named()
    parameters["dense1.weights"][...] = 0
    parameters["dense1.biases"][...] = np.log([4] if network.get("output") else [0.2, 0.8])
    trainer.finish_phase(Phase.LOSS)
    return trainer


OF_LABEL = "p(cat) = 0.200. The label says 1, so the error of the node is 0.200 − 1 = −0.800"
OF_POSITIVE = "p(dog) = 0.800. The label says 0, so the error of the node is 0.800 − 0 = +0.800"


@pytest.mark.parametrize(
    ("network", "prediction", "cost"),
    [
        ({}, OF_LABEL, "a cross-entropy of −ln p(cat) = 1.61"),
        ({"loss": "mse"}, OF_LABEL, "a mean squared error of Σ (p − y)² / 2 = 0.640"),
        ({"output": "single"}, OF_POSITIVE, "a binary cross-entropy of −ln(1 − p(dog)) = 1.61"),
        ({"output": "single", "loss": "mse"}, OF_POSITIVE, "a mean squared error of (p − y)² = 0.640"),
        ({"output": "single", "loss": "quadratic"}, OF_POSITIVE, "a quadratic loss of (p − y)² / 2 = 0.320"),
        ({"loss": "quadratic"}, OF_LABEL, "a quadratic loss of Σ (p − y)² / 2 = 0.640"),
    ],
)
def test_the_example_that_everyone_teaches_with(network, prediction, cost):
    trainer = worked_example(**network)
    first, second = tell(frame_of(trainer))
    assert first == f"The network gave this cat {prediction}."
    assert cost in second


NUMBER = r"([+−]?\d[\d,]*(?:\.\d+)?(?:e−?\d+)?)"


def number(text):
    return float(text.replace("−", "-").replace(",", ""))


def shows(text, value):
    """Whether a text is that number, to the digits printed."""
    mantissa, _, exponent = text.lstrip("+−").replace(",", "").partition("e")
    last = 10.0 ** (int(exponent.replace("−", "-") or 0) - len(mantissa.partition(".")[2]))
    return abs(number(text) - value) <= 0.5 * last + 1e-5 * abs(value)


def assert_says(trainer, pattern, *expected):
    """The sentences match the pattern, and its numbers are the expected ones, to the digits printed."""
    text = told(trainer)
    match = re.search(pattern.replace("#", NUMBER), text)
    assert match, text
    for written, value in zip(match.groups(), expected, strict=True):
        assert shows(written, value), (written, value, text)


def test_the_numbers_of_each_stage_are_those_of_the_frame():
    trainer = make_trainer(make_dataset(("ant", "bee", "cow")), {"layers": "dense 5 tanh"}, batch_size=4)
    depth = trainer.engine.depth
    trainer.advance()
    units = frame_of(trainer).layers[0].units
    k = np.abs(units.activations).argmax()
    assert_says(trainer, "5 units added up 4 inputs.* unit # gave #", units.indices[k], units.activations[k])
    trainer.finish_phase(Phase.FORWARD)
    assert_says(trainer, r"z\(ant\) = #, z\(bee\) = #, z\(cow\) = #\.", *frame_of(trainer).example.logits)
    trainer.finish_phase(Phase.LOSS)
    frame = frame_of(trainer)
    k, example = frame.example.label, frame.example
    p, error = example.prediction[k], example.error[k]
    pattern = r"\) = #\. The label says 1.* is # − 1 = #\. .* = #; the mean over the batch of 4, #, is"
    assert_says(trainer, pattern, p, p, error, example.loss, frame.batch_loss)
    trainer.advance()
    layer = frame_of(trainer).layers[-1]
    pattern = r"\(p − y\) / 4 = # says .* at most # in size, a bias's #\."
    gradient = layer.units.gradients[layer.units.indices == k][0]
    assert_says(
        trainer, pattern, gradient, *(np.abs(p.gradients).max() for p in trainer.network.layers[-1].parameters())
    )
    assert gradient == pytest.approx(error / 4)
    trainer.advance()
    frame = frame_of(trainer)
    units = frame.layers[1].units
    k = np.abs(units.gradients).argmax()
    before = frame.layers[0].units.gradients[k]
    pattern = r"unit #, ∂L/∂a = # became ∂L/∂z = #\."
    assert_says(trainer, pattern, units.indices[k], units.gradients[k], before)
    trainer.finish_phase(Phase.BACKWARD)
    largest = [np.abs(parameter.gradients).max() for parameter in trainer.network.layers[0].parameters()]
    assert_says(trainer, "dense1: .* at most # in size, a bias's #", *largest)
    trainer.advance()
    updates = trainer.network.parameters.named(trainer.update_rule.optimizer.updates)
    weights = {name: array for name, array in trainer.network.parameters.named().items() if name.endswith("weights")}
    shares = {name[:-8]: np.linalg.norm(updates[name]) / np.linalg.norm(array) for name, array in weights.items()}
    most = max(shares, key=shares.get)
    pattern = f"v = # × the last v .* lr is #\\..* {most} would change most: by #%"
    assert_says(trainer, pattern, 0.9, 0.01, 100 * shares[most])
    trainer.advance()
    frame = frame_of(trainer)
    assert trainer.engine.done == end_of(Phase.UPDATE, training_step(depth))
    assert_says(
        trainer,
        r"its loss # → #; loss of the batch # → # \(.*\)\. Wrong: # → # of 4\.",
        frame.example.loss,
        frame.outcome.again.loss,
        frame.batch_loss,
        frame.outcome.again.batch_loss,
        frame.said_wrong,
        frame.outcome.again.said_wrong,
    )
    assert "Epoch" not in told(trainer)
    trainer.step()
    assert "Epoch 1 is over" in told(trainer)


@pytest.mark.parametrize("network", [{}, {"output": "single"}, {"loss": "mse"}])
def test_a_moment_of_a_usual_network_fits_three_lines_of_a_small_terminal(network):
    dataset = make_dataset(("cat", "dog"), features=3072, examples=32)
    trainer = make_trainer(dataset, network, batch_size=16)
    for _ in range(len(trainer.engine.stages) + 1):
        assert len(wrap(told(trainer), 76)) <= 3
        trainer.advance()


@pytest.mark.parametrize("loss", ["cross-entropy", "mse", "quadratic"])
@pytest.mark.parametrize("classes", [("ant", "bee", "cow"), ()])
def test_what_is_told_of_sigmoids_is_recomputed(classes, loss):
    dataset = make_dataset(classes) if classes else from_0_to_1(make_dataset((), numbers=3))
    trainer = make_trainer(dataset, {"layers": "dense 4 tanh", "output": "sigmoid", "loss": loss}, batch_size=5)
    trainer.finish_phase(Phase.FORWARD)
    assert ("each into a probability of its own" if classes else "each into a number between 0 and 1") in told(trainer)
    trainer.finish_phase(Phase.LOSS)
    example = frame_of(trainer).example
    p, y = 1 / (1 + np.exp(-example.logits.astype(float))), example.target.astype(float)
    np.testing.assert_allclose(example.prediction, p, rtol=1e-5)
    cost, slope = {
        "cross-entropy": (-(y * np.log(p) + (1 - y) * np.log(1 - p)).sum(), (p - y) / 5),
        "mse": (((p - y) ** 2).mean(), 2 * (p - y) * p * (1 - p) / 15),
        "quadratic": (((p - y) ** 2).sum() / 2, (p - y) * p * (1 - p) / 5),
    }[loss]
    k = int(y.argmax()) if classes else int(np.abs(p - y).argmax())
    assert_says(trainer, r" = #\. The (?:label says|target is) #", p[k], y[k])
    assert_says(trainer, "That costs a .* = #; the mean", cost)
    if classes:
        assert_says(trainer, r"# of # says? yes .* the largest, p\(\w+\) = #, counts", (p >= 0.5).sum(), 3, p.max())
    else:
        assert "yes" not in told(trainer)
    trainer.advance()
    assert_says(trainer, r"∂L/∂z\(?.*= # says how", slope[k])
    written = {
        "cross-entropy": "(p − y) / 5",
        "mse": "2 (p − y) p (1 − p) / (5 × 3)",
        "quadratic": "(p − y) p (1 − p) / 5",
    }
    assert f" = {written[loss]} = " in told(trainer)


def test_silent_units_are_counted():
    trainer = make_trainer(make_dataset(("cat", "dog")), {"layers": "dense 9 relu"})
    trainer.advance()
    trainer.advance()
    silent = np.count_nonzero(frame_of(trainer).layers[1].units.activations == 0)
    assert 0 < silent != 9 - silent
    assert_says(trainer, "Silent for this example: # of 9 units", silent)


@pytest.mark.parametrize("numbers", [1, 3])
def test_a_number_is_told_with_the_output_that_is_furthest_off(numbers):
    trainer = make_trainer(make_dataset((), numbers=numbers), batch_size=2)
    trainer.finish_phase(Phase.LOSS)
    example = frame_of(trainer).example
    k = np.abs(example.error).argmax()
    assert_says(trainer, r"(?:this example|=) #\. The target is #,", example.prediction[k], example.target[k])
    assert f"output {k} = " in told(trainer) if numbers > 1 else "output" not in told(trainer)
    trainer.advance()
    deviation = trainer.dataset.task.targets.deviation[k]
    gradient = 2 * example.error[k] / (deviation * 2 * numbers)
    terms = "2" if numbers == 1 else f"2 × {numbers}"
    assert_says(trainer, rf"2 \(p − y\) / \(# × {terms}\) = #", deviation, gradient)


def test_a_number_is_told_from_its_logit_on():
    trainer = make_trainer(make_dataset((), numbers=1, scale=1000), {"layers": ""}, batch_size=1)
    trainer.advance()
    targets, (z,) = trainer.dataset.task.targets, frame_of(trainer).example.logits
    (mean,), (deviation,) = targets.mean, targets.deviation
    said = mean + deviation * z
    assert_says(trainer, r"gave z = #, .* the prediction is # \+ # × z = #\.", z, mean, deviation, said)
    trainer.advance()
    example = frame_of(trainer).example
    assert example.prediction[0] == pytest.approx(said, rel=1e-5)
    assert example.loss == pytest.approx(((said - example.target[0]) / deviation) ** 2, rel=1e-4)
    assert_says(trainer, r"\(\(p − y\) / #\)² = #;", deviation, example.loss)


def test_many_logits_are_told_by_the_highest_and_the_labels():
    trainer = make_trainer(make_dataset(tuple("abcdefghij")), {"layers": ""}, batch_size=1)
    trainer.finish_phase(Phase.FORWARD)
    frame = frame_of(trainer)
    z, names = frame.example.logits, frame.task.class_names
    assert frame.example.label != z.argmax()
    pattern = rf"10 logits .* is z\({names[z.argmax()]}\) = #; the label has z\({names[frame.example.label]}\) = #"
    assert_says(trainer, pattern, z.max(), z[frame.example.label])
    trainer.restart()
    trainer.network.parameters.named()["dense1.biases"][frame.example.label] = 99
    trainer.finish_phase(Phase.FORWARD)
    assert f"is the label's: z({names[frame.example.label]}) = +" in told(trainer)


@pytest.mark.parametrize(
    ("p", "subtraction"),
    [
        (0.997, "0.997 − 1 = −0.003"),
        (0.004, "0.0040 − 1 = −0.9960"),
        (1.0, "1.00 − 1 = 0"),
        (1 - 1e-9, "1.00 − 1 ≈ −1.0e−9"),
        (float("nan"), "NaN − 1 ≈ NaN"),
    ],
)
def test_an_error_is_told_with_as_many_decimals_as_it_takes_to_see_it(p, subtraction):
    trainer = worked_example()
    trainer.engine.scores = trainer.engine.scores._replace(
        prediction=np.array([[p, 1 - p]]), errors=np.array([[p - 1, 1 - p]])
    )
    assert f"the error of the node is {subtraction}." in told(trainer)


def test_the_first_words_are_about_what_to_do():
    text = told(make_trainer(make_dataset(("cat", "dog"))))
    assert "learn to tell cat and dog apart. Press f to send 7 examples forward" in text
    assert "learn to predict 3 numbers" in told(make_trainer(make_dataset((), numbers=3)))
    assert "learn to tell 6 classes apart" in told(make_trainer(make_dataset(tuple("abcdef"))))


@pytest.mark.parametrize(
    ("stopping", "why"), [({"steps": 3}, "step 3 was the last one"), ({"epochs": 8}, "epoch 8 was the last one")]
)
def test_a_finished_run_says_why_first(stopping, why):
    trainer = make_trainer(make_dataset(("cat", "dog")), stopping=stopping)
    while trainer.stopped_by is None:
        trainer.step()
    assert told(trainer).startswith(f"Training is finished: {why}. Space goes on")


def test_a_diverged_run_says_what_is_not_finite():
    trainer = make_trainer(make_dataset(("cat", "dog")), learning_rate=1e30)
    with np.errstate(all="ignore"):
        while trainer.stopped_by is None:
            trainer.step()
        assert told(trainer).startswith(f"Training diverged at step {trainer.steps_done}: the loss is not a finite")
        trainer.engine.scores = trainer.engine.scores._replace(mean=0.5)
        assert "the size of the weights is not a finite number" in told(trainer)
    assert "it is 1e30 now" in told(trainer)


@pytest.mark.parametrize(("rate", "said"), [(100.0, "100"), (0.1234, "0.1234"), (2e-7, "2e−7"), (0.5, "0.5")])
def test_the_learning_rate_is_told_with_its_own_digits(rate, said):
    trainer = make_trainer(make_dataset(("cat", "dog")), learning_rate=rate)
    trainer.finish_phase(Phase.BACKWARD)
    trainer.advance()
    assert f"lr is {said}. Nothing has changed yet." in told(trainer)


TASKS = st.one_of(
    st.builds(
        lambda classes, output, loss: (make_dataset(classes), {"output": output, "loss": loss}),
        st.sampled_from(
            [("cat", "dog"), ("person", "no person"), ("an uncommonly long name", "another one like that")]
        ),
        st.sampled_from(["softmax", "single", "sigmoid"]),
        st.sampled_from(["cross-entropy", "mse", "quadratic"]),
    ),
    st.builds(
        lambda classes, output, loss: (
            make_dataset(tuple(f"class {k}" for k in range(classes)), examples=40),
            {"output": output, "loss": loss},
        ),
        st.sampled_from([3, 6, 30]),
        st.sampled_from(["softmax", "sigmoid"]),
        st.sampled_from(["cross-entropy", "mse", "quadratic"]),
    ),
    st.builds(
        lambda numbers, scale: (make_dataset((), numbers=numbers, scale=scale), {}),
        st.sampled_from([1, 2, 5]),
        st.sampled_from([1e-6, 1.0, 1e4, 1e9]),
    ),
    st.builds(
        lambda numbers, loss: (from_0_to_1(make_dataset((), numbers=numbers)), {"output": "sigmoid", "loss": loss}),
        st.sampled_from([1, 2, 5]),
        st.sampled_from([None, "cross-entropy", "mse", "quadratic"]),
    ),
)


DENSE = st.sampled_from(
    [
        "",
        "dense 1 relu",
        "dense 30 leakyrelu",
        "dense 3 sigmoid, dense 2 tanh",
        "dense 4 relu tanh, dense 3",
        "dense 4 batchnorm relu dropout 0.5",
        "dropout 0.2, batchnorm, dense 1",
    ]
)
PICTURES = st.builds(
    lambda classes: (make_pictures(tuple(f"class {k}" for k in range(classes))), {}), st.sampled_from([2, 4])
)
CONVOLUTIONS = st.sampled_from(
    [
        "conv 1 1x1",
        "conv 3 3x3 batchnorm relu, pool 2, conv 2 2x2 stride 2 padding 0 tanh, dense 3 relu",
        "pool 2, conv 2 3x3 leakyrelu dropout 0.3, globalpool",
        "flatten, dense 3",
        "conv 2 3x3 sigmoid, flatten dropout 0.1, dense 2",
    ]
)
RULES = [
    {"optimizer": "adam", "class_weights": "balanced"},
    {"momentum": 0.0, "label_smoothing": 0.2},
    {"momentum": 0.9, "l2": 0.1, "clip": 1e-3, "schedule": "cosine"},
    {"optimizer": "nesterov", "l1": 0.1, "warmup": 2.0},
    {"optimizer": "rmsprop", "weight_decay": 0.01},
    {"optimizer": "adamw", "schedule": "plateau"},
]


@given(
    built=st.one_of(st.tuples(TASKS, DENSE), st.tuples(PICTURES, CONVOLUTIONS)),
    rule=st.sampled_from(RULES),
    learning_rate=st.sampled_from([1e-9, 0.01, 3.0, 1e5, 1e30]),
    batch_size=st.sampled_from([1, 3, 7]),
    dtype=st.sampled_from(["float32", "float64"]),
    example=st.integers(0, 6),
)
@settings(max_examples=60, deadline=None)
def test_every_stage_of_any_network_is_told_in_sound_sentences(built, rule, learning_rate, batch_size, dtype, example):
    task, layers = built
    dataset, network = task
    if not dataset.class_names:
        rule = {key: value for key, value in rule.items() if key not in ("class_weights", "label_smoothing")}
    settings = {**rule, "learning_rate": learning_rate, "batch_size": batch_size, "dtype": dtype}
    trainer = make_trainer(dataset, {**network, "layers": layers}, stopping={"steps": 4}, **settings)
    with np.errstate(all="ignore"):
        for _ in range(4 * len(trainer.engine.stages) + 1):
            sentences = tell(frame_of(trainer, example))
            text = " ".join(sentences)
            assert text
            for sentence in sentences:
                assert re.fullmatch(r"\S.*\S\.", sentence)
            assert not re.search(r"\b(nan|None|inf)\b|-\d|\be[+-]|\b1 (inputs|units|examples|numbers)\b", text), text
            assert len(text) < 460, text
            for minuend, subtrahend, difference in re.findall(f"{NUMBER} − \\(?{NUMBER}\\)? = {NUMBER}", text):
                parts = (minuend, subtrahend, difference)
                a, b, c = (Decimal(part.replace("−", "-").replace(",", "")) for part in parts)
                assert a - b == c, text
            trainer.advance()
