"""PyTorch as the judge: same weights, batches and optimizer, so the same losses and parameters."""

import numpy as np
import pytest

from nnviz.data.dataset import Dataset
from nnviz.data.split import Split
from nnviz.data.standardization import Standardization
from nnviz.experiment import combine
from nnviz.frame.stages import Phase
from nnviz.nn.layers import Dense
from nnviz.nn.losses import BinaryCrossEntropy, CrossEntropy, MeanSquaredError, QuadraticLoss, SummedBinaryCrossEntropy
from nnviz.nn.network import Network
from nnviz.nn.normalization import FixedBatchNorm
from nnviz.nn.notation import parse
from nnviz.nn.optimizers import SGD, Adam, AdamW, Momentum, Nesterov, RMSprop
from nnviz.nn.outputs import Identity, Logistic, Softmax
from nnviz.nn.regularizers import Clip, Penalty
from nnviz.nn.schedules import Cosine, Plateau, Schedule, StepDecay, WarmUp
from nnviz.training.assembly import assemble

torch = pytest.importorskip("torch")
functional = torch.nn.functional
lr_scheduler = torch.optim.lr_scheduler

pytestmark = pytest.mark.oracle

ACTIVATIONS = {
    "relu": torch.relu,
    "leakyrelu": functional.leaky_relu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
}
LOSSES = {
    "cross-entropy": (CrossEntropy, functional.cross_entropy),
    "binary cross-entropy": (BinaryCrossEntropy, functional.binary_cross_entropy_with_logits),
    "mse softmax": (
        lambda: MeanSquaredError(Softmax()),
        lambda z, y: functional.mse_loss(torch.softmax(z, dim=1), y),
    ),
    "mse sigmoid": (
        lambda: MeanSquaredError(Logistic()),
        lambda z, y: functional.mse_loss(torch.sigmoid(z), y),
    ),
    "summed sigmoid": (
        SummedBinaryCrossEntropy,
        lambda z, y: functional.binary_cross_entropy_with_logits(z, y, reduction="sum") / len(z),
    ),
    "quadratic sigmoid": (
        lambda: QuadraticLoss(Logistic()),
        lambda z, y: functional.mse_loss(torch.sigmoid(z), y, reduction="sum") / (2 * len(z)),
    ),
    "quadratic softmax": (
        lambda: QuadraticLoss(Softmax()),
        lambda z, y: functional.mse_loss(torch.softmax(z, dim=1), y, reduction="sum") / (2 * len(z)),
    ),
    "mse linear": (lambda: MeanSquaredError(Identity()), functional.mse_loss),
}
# Ours, given the weight decay, and PyTorch's of the same kind. Rates are low enough that training does not multiply
# roundings: at 0.05, Nesterov's makes 1e-8 of 1e-15 within 200 steps.
OPTIMIZERS = {
    "sgd": (lambda decay: SGD(0.1, decay), torch.optim.SGD, {}),
    "momentum": (lambda decay: Momentum(0.05, 0.9, decay), torch.optim.SGD, {"momentum": 0.9}),
    "nesterov": (lambda decay: Nesterov(0.02, 0.9, decay), torch.optim.SGD, {"momentum": 0.9, "nesterov": True}),
    "rmsprop": (lambda decay: RMSprop(0.005, weight_decay=decay), torch.optim.RMSprop, {}),
    "adam": (lambda decay: Adam(0.01, weight_decay=decay), torch.optim.Adam, {}),
    "adamw": (lambda decay: AdamW(0.01, weight_decay=decay), torch.optim.AdamW, {}),
}
NETWORKS = [
    "dense 8 relu, dense 6 relu",
    "dense 8 leakyrelu, dense 6 tanh",
    "dense 8 sigmoid, dense 6",
]
SMALL_PICTURES = "conv 3 3x3 batchnorm relu, pool 2, dense 5 tanh"
PICTURES = (
    "conv 4 3x3 batchnorm relu dropout 0.2, pool 2, conv 5 2x2 stride 2 padding 0 leakyrelu, "
    "conv 4 1x1 batchnorm tanh, globalpool, dense 6 batchnorm relu dropout 0.3"
)
# As in an epoch of 37 examples: the last batch is smaller.
BATCHES = (16, 16, 5)
INPUTS, OUTPUTS = (4,), 3
PICTURE = (7, 6, 2)


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def maps(a):
    """(n, height, width, channels), as everywhere here, to PyTorch's (n, channels, height, width)."""
    return a.movedim(-1, 1)


class Twin:
    """A network's parameters and statistics as PyTorch tensors in our own layout, and its forward pass in PyTorch."""

    def __init__(self, network, loss=None):
        self.layers = network.layers
        self.named = {
            name: torch.tensor(array, requires_grad=True) for name, array in network.parameters.named().items()
        }
        self.statistics = {name: torch.tensor(array) for name, array in network.parameters.named_statistics().items()}
        self.tensors = list(self.named.values())
        self.loss = loss

    def logits(self, x):
        a = torch.as_tensor(x)
        for layer in self.layers:
            a = self.apply(layer, a)
        return a

    def forward(self, x, target):
        return self.loss(self.logits(x), torch.from_numpy(target))

    def apply(self, layer, a):
        def own(name):
            return self.named.get(f"{layer.name}.{name}")

        if layer.kind == "dense":
            return functional.linear(a.flatten(1), own("weights").T, own("biases"))
        if layer.kind == "conv":
            # For some shapes PyTorch takes nothing else.
            weights = own("weights").permute(3, 2, 0, 1).contiguous()
            return functional.conv2d(maps(a), weights, own("biases"), layer.stride, layer.padding).movedim(1, -1)
        if layer.kind == "pool":
            return functional.max_pool2d(maps(a), layer.size).movedim(1, -1)
        if layer.kind == "globalpool":
            return functional.adaptive_avg_pool2d(maps(a), 1).flatten(1)
        if layer.kind == "flatten":
            return a.flatten(1)
        if layer.kind == "batchnorm":
            running = (self.statistics[f"{layer.name}.{name}"] for name in ("mean", "variance"))
            training = not isinstance(layer, FixedBatchNorm)
            return functional.batch_norm(maps(a), *running, own("scales"), own("shifts"), training).movedim(1, -1)
        if layer.kind == "dropout":
            # What it multiplies by at this step; PyTorch has other dice.
            return a * torch.from_numpy(layer.twin().forward(np.ones(a.shape)))
        return ACTIVATIONS[layer.kind](a)

    def forget_gradients(self):
        for tensor in self.tensors:
            tensor.grad = None

    def flat(self, of=lambda tensor: tensor.detach()):
        return torch.cat([of(tensor).ravel() for tensor in self.tensors]).numpy()

    def flat_statistics(self):
        return torch.cat(list(self.statistics.values())).numpy()


def build(text, loss="cross-entropy", inputs=INPUTS):
    ours, theirs = LOSSES[loss]
    network = Network([*parse(text), Dense(OUTPUTS)], ours(), inputs, np.random.default_rng(11), np.float64)
    return network, Twin(network, theirs)


def draw_batch(loss, n, seed, inputs=INPUTS):
    """A batch of which something can be learnt."""
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(n, *inputs))
    row = x.reshape(n, -1)
    if loss == "mse linear":
        return x, np.sin(row[:, :OUTPUTS] * 2)
    if loss in ("binary cross-entropy", "summed sigmoid"):
        return x, (row[:, :OUTPUTS] * row[:, -1:] > 0).astype(float)
    return x, np.eye(OUTPUTS)[np.argmax(row[:, :OUTPUTS] * row[:, -1:], axis=1)]


def agree(ours, theirs, tolerance=1e-10):
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance)


def train_both(network, twin, steps, draw, propose, step_theirs, weigh=None):
    """The losses of both, step by step.

    propose      given the step, returns our updates for the network's gradients
    step_theirs  given the step and the loss, with its gradients computed, changes the twin's tensors
    weigh        given the targets, returns the weights of the examples
    """
    parameters = network.parameters
    losses, expected_losses = [], []
    for step in range(steps):
        x, target = draw(step)
        network.at_step(step)
        weights = weigh(target) if weigh else None
        losses.append(network.loss.forward(network.forward(x), target, weights).mean)
        network.backward()

        twin.forget_gradients()
        expected = twin.forward(x, target)
        expected.backward()
        expected_losses.append(expected.item())

        parameters.values += propose(step)
        parameters.statistics[...] = parameters.following
        step_theirs(step, expected.item())
    return np.array(losses), np.array(expected_losses)


def draw_pictures(step):
    """Three epochs of three batches, again and again."""
    return draw_batch("cross-entropy", BATCHES[step % len(BATCHES)], step % 9, PICTURE)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("text", NETWORKS)
def test_loss_and_gradients_of_one_batch(text, loss):
    network, twin = build(text, loss)
    for n in (1, 16):
        x, target = draw_batch(loss, n, seed=n)
        mean = network.loss.forward(network.forward(x), target).mean
        network.backward()
        expected = twin.forward(x, target)
        twin.forget_gradients()
        expected.backward()
        assert mean == pytest.approx(expected.item(), rel=1e-12, abs=1e-12)
        gradients = twin.flat(lambda tensor: tensor.grad)
        assert np.abs(gradients).max() > 1e-3
        agree(network.parameters.gradients, gradients, 1e-12)


@pytest.mark.parametrize("mode", ["training", "evaluation"])
@pytest.mark.parametrize(
    ("text", "inputs", "batches"),
    [
        ("conv 3 3x3", (7, 6, 2), (1, 4)),
        ("conv 3 1x1 stride 2", (7, 6, 2), (1, 4)),
        ("conv 3 2x2", (7, 6, 2), (4,)),
        ("conv 3 3x3 stride 2 padding 0", (7, 6, 2), (4,)),
        ("conv 2 5x5 stride 3 padding 4", (7, 6, 1), (4,)),
        ("conv 2 5x5 stride 2 batchnorm", (9, 11, 3), (1, 4)),
        ("conv 8 3x3", (40, 33, 4), (9,)),
        ("pool 1", (7, 6, 2), (4,)),
        ("pool 2", (7, 6, 2), (1, 4)),
        ("pool 3", (7, 8, 2), (4,)),
        ("globalpool", (7, 6, 2), (1, 4)),
        ("flatten", (7, 6, 2), (1, 4)),
        ("batchnorm", (7, 6, 2), (1, 4)),
        ("batchnorm", (5,), (2, 16)),
        ("dense 4 batchnorm", (7, 6, 2), (4,)),
        ("dropout 0.3", (7, 6, 2), (1, 4)),
        ("dropout 0.3", (20,), (4,)),
    ],
)
def test_one_layer_and_all_of_its_gradients(text, inputs, batches, mode):
    generator = np.random.default_rng(3)
    network = Network(parse(text), CrossEntropy(), inputs, generator, np.float64)
    parameters = network.parameters
    parameters.values[...] = generator.normal(size=parameters.size)
    parameters.statistics[...] = generator.uniform(0.5, 2, parameters.statistics.shape)
    network.at_step(5)
    if mode == "evaluation":
        network = network.for_evaluation()
    for n in batches:
        twin = Twin(network)
        x = generator.normal(size=(n, *inputs))
        if "pool" in text:
            x = np.round(x)  # many cells in which two are largest
        leaf = torch.tensor(x, requires_grad=True)
        y, expected = network.forward(x), twin.logits(leaf)
        agree(y, expected.detach().numpy())
        weighting = gradient = generator.normal(size=y.shape)
        for layer in reversed(network.layers):
            gradient = layer.backward(gradient)
        (expected * torch.from_numpy(weighting)).sum().backward()
        assert leaf.grad.abs().max() > 1e-3
        agree(gradient, leaf.grad.numpy())
        if parameters.size:
            agree(parameters.gradients, twin.flat(lambda tensor: tensor.grad))
        if mode == "training" and parameters.statistics.size:
            agree(parameters.following, twin.flat_statistics())


def ours_and_theirs(loss, z, target, weights, expected):
    """Compare a loss and its gradient with PyTorch's function of logits."""
    scores, gradient = loss.forward(z, target, weights), loss.backward()
    leaf = torch.tensor(z, requires_grad=True)
    theirs = expected(leaf)
    theirs.backward()
    assert scores.mean == pytest.approx(theirs.item(), rel=1e-12)
    agree(gradient, leaf.grad.numpy(), 1e-12)


def test_weighted_losses():
    generator = np.random.default_rng(4)
    z, kinds = generator.normal(size=(16, 3)) * 3, generator.integers(0, 3, 16)
    of_kind = np.array([0.5, 3.0, 1.0])
    labels, weight = torch.from_numpy(kinds), torch.from_numpy(of_kind)
    ours_and_theirs(
        CrossEntropy(),
        z,
        np.eye(3)[kinds],
        of_kind[kinds],
        lambda leaf: functional.cross_entropy(leaf, labels, weight=weight),
    )
    yes_or_no = generator.integers(0, 2, (16, 3)).astype(float)
    shares = torch.from_numpy(of_kind[kinds] / of_kind[kinds].sum())[:, None] / 3
    ours_and_theirs(
        BinaryCrossEntropy(),
        z,
        yes_or_no,
        of_kind[kinds],
        lambda leaf: functional.binary_cross_entropy_with_logits(
            leaf, torch.from_numpy(yes_or_no), weight=shares, reduction="sum"
        ),
    )


def test_soft_targets_and_smoothed_labels():
    generator = np.random.default_rng(4)
    z, kinds = generator.normal(size=(16, 3)) * 3, generator.integers(0, 3, 16)
    soft = generator.dirichlet(np.ones(3), 16)
    ours_and_theirs(CrossEntropy(), z, soft, None, lambda leaf: functional.cross_entropy(leaf, torch.from_numpy(soft)))
    ours_and_theirs(
        CrossEntropy(),
        z,
        0.9 * np.eye(3)[kinds] + 0.1 / 3,
        None,
        lambda leaf: functional.cross_entropy(leaf, torch.from_numpy(kinds), label_smoothing=0.1),
    )


@pytest.mark.parametrize("output", ["softmax", "single"])
@pytest.mark.parametrize("names", [("cat", "dog"), ("person", "no person")])
def test_smoothed_labels_and_weighted_classes_of_an_experiment(output, names):
    """From the experiment to the gradient: an example counts as its class does, whatever is spread of its label."""
    smoothing, weight = 0.2, {names[0]: 3.0, names[1]: 0.5}
    generator = np.random.default_rng(8)
    labels = generator.integers(0, 2, 16)
    split = Split(generator.normal(size=(16, 4)), labels, [f"{i}" for i in range(16)])
    dataset = Dataset("points", names, split, split, split, Standardization.of(split.inputs))
    training = {"label_smoothing": smoothing, "class_weights": weight, "batch_size": 16, "dtype": "float64"}
    trainer = assemble(
        combine({"network": {"layers": "dense 3 tanh", "output": output}, "training": training}), dataset
    )
    trainer.finish_phase(Phase.BACKWARD)

    labels = torch.from_numpy(labels[trainer.engine.batch.indices])
    leaf = torch.tensor(trainer.engine.outputs[-1], requires_grad=True)
    if output == "softmax":
        each = functional.cross_entropy(leaf, labels, label_smoothing=smoothing, reduction="none")
    else:
        positive = (labels == dataset.task.positive_class).to(torch.float64)[:, None]
        smoothed = positive * (1 - smoothing) + smoothing / 2
        agree(trainer.engine.batch.targets, smoothed.numpy())
        each = functional.binary_cross_entropy_with_logits(leaf, smoothed, reduction="none")[:, 0]
    weights = torch.tensor([weight[names[k]] for k in labels], dtype=torch.float64)
    mean = (each * weights).sum() / weights.sum()
    mean.backward()
    agree(trainer.engine.batch.weights, weights.numpy())
    agree(trainer.engine.scores.each, each.detach().numpy())
    assert trainer.engine.scores.mean == pytest.approx(mean.item(), rel=1e-12)
    agree(trainer.engine.output_gradients[-1], leaf.grad.numpy())


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("text", NETWORKS)
def test_hundred_training_steps(text, loss, optimizer):
    network, twin = build(text, loss)
    start = network.parameters.values.copy()
    make, kind, options = OPTIMIZERS[optimizer]
    ours = make(0.0)
    ours.attach(network.parameters.values)
    theirs = kind(twin.tensors, lr=ours.learning_rate, **options)
    losses, expected_losses = train_both(
        network,
        twin,
        100,
        lambda step: draw_batch(loss, BATCHES[step % len(BATCHES)], seed=step % 9),
        lambda _: ours.propose(network.parameters.gradients),
        lambda *_: theirs.step(),
    )
    agree(losses, expected_losses)
    agree(network.parameters.values, twin.flat())
    # The agreement is about a training that went somewhere.
    assert np.abs(network.parameters.values - start).max() > 0.01
    assert np.mean(losses[-9:]) < np.mean(losses[:9])


DECAY, L1, L2, LIMIT = 0.2, 0.003, 0.02, 1.0


@pytest.mark.parametrize("variant", ["plain", "decay", "l2", "l1 and l2, clipped"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_two_hundred_steps_of_every_optimizer(optimizer, variant):
    network, twin = build(SMALL_PICTURES, inputs=PICTURE)
    parameters = network.parameters
    make, kind, options = OPTIMIZERS[optimizer]
    decaying = parameters.decaying()
    ours = make(DECAY if variant == "decay" else 0.0)
    ours.attach(parameters.values, decaying)
    penalty = {"l2": Penalty(0.0, L2, parameters.values, decaying)}.get(variant)
    clip, lengths = None, []
    if variant == "l1 and l2, clipped":
        penalty, clip = Penalty(L1, L2, parameters.values, decaying), Clip(LIMIT, parameters.values)

    def propose(_):
        gradients = penalty.added_to(parameters.gradients) if penalty else parameters.gradients
        if clip:
            lengths.append(np.linalg.norm(gradients))
            gradients = clip.shortened(gradients)
        return ours.propose(gradients)

    # PyTorch's weight_decay is what we call L2; decoupled decay it has in AdamW alone.
    weights = [tensor for name, tensor in twin.named.items() if name.endswith("weights")]
    others = [tensor for name, tensor in twin.named.items() if not name.endswith("weights")]
    by_hand = variant == "decay" and "adam" not in optimizer
    if "adam" in optimizer:
        kind = torch.optim.AdamW if variant == "decay" else torch.optim.Adam
    strength = {"decay": 0.0 if by_hand else DECAY, "l2": L2}.get(variant, 0.0)
    groups = [{"params": weights, "weight_decay": strength}, {"params": others, "weight_decay": 0.0}]
    theirs = kind(groups, lr=ours.learning_rate, **options)

    def step_theirs(*_):
        if clip:
            (L1 * sum(w.abs().sum() for w in weights) + L2 / 2 * sum(w.square().sum() for w in weights)).backward()
            torch.nn.utils.clip_grad_norm_(twin.tensors, LIMIT)
        if by_hand:
            with torch.no_grad():
                for tensor in weights:
                    tensor.mul_(1 - ours.learning_rate * DECAY)
        theirs.step()

    start = parameters.values.copy()
    losses, expected_losses = train_both(network, twin, 200, draw_pictures, propose, step_theirs)
    agree(losses, expected_losses)
    agree(parameters.values, twin.flat())
    assert np.abs(parameters.values - start).max() > 0.1
    assert losses[-9:].mean() < losses[:9].mean()
    if clip:
        assert 5 < np.sum(np.array(lengths) > LIMIT) < 195


# Theirs is made of PyTorch's optimizer, and steps after each training step; a plateau hears of the loss of each epoch.
EPOCH = 4
SCHEDULES = {
    "constant": (Schedule, lambda o: lr_scheduler.ConstantLR(o, 1.0)),
    "step": (lambda: StepDecay(30, 0.5), lambda o: lr_scheduler.StepLR(o, 30, 0.5)),
    "cosine": (lambda: Cosine(200), lambda o: lr_scheduler.CosineAnnealingLR(o, 200)),
    "plateau": (
        lambda: Plateau(1, 0.5),
        lambda o: lr_scheduler.ReduceLROnPlateau(o, factor=0.5, patience=1, threshold=1e-4),
    ),
    "warm-up": (lambda: WarmUp(20, Schedule()), lambda o: lr_scheduler.LinearLR(o, 1 / 20, 1.0, 19)),
    "warm-up, cosine": (
        lambda: WarmUp(20, Cosine(200)),
        lambda o: lr_scheduler.ChainedScheduler(
            [lr_scheduler.LinearLR(o, 1 / 20, 1.0, 19), lr_scheduler.CosineAnnealingLR(o, 200)]
        ),
    ),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_two_hundred_steps_of_every_schedule(name):
    network, twin = build(SMALL_PICTURES, inputs=PICTURE)
    parameters, rate = network.parameters, 0.1
    ours, schedule = Momentum(rate, 0.5), SCHEDULES[name][0]()
    ours.attach(parameters.values)
    theirs = torch.optim.SGD(twin.tensors, lr=rate, momentum=0.5)
    expected_schedule = SCHEDULES[name][1](theirs)
    rates, expected_rates = [], []

    def propose(step):
        ours.learning_rate = rate * schedule.factor(step)
        rates.append(ours.learning_rate)
        return ours.propose(parameters.gradients)

    def step_theirs(step, loss):
        expected_rates.append(theirs.param_groups[0]["lr"])
        theirs.step()
        if name != "plateau":
            expected_schedule.step()
        elif (step + 1) % EPOCH == 0:
            # The loss of one batch, which does not only fall.
            expected_schedule.step(loss)
            schedule.observe(loss, (step + 1) // EPOCH)

    losses, expected_losses = train_both(network, twin, 200, draw_pictures, propose, step_theirs)
    np.testing.assert_allclose(rates, expected_rates, rtol=1e-10, atol=1e-15)
    agree(losses, expected_losses)
    agree(parameters.values, twin.flat())
    if name == "plateau":
        assert len(set(rates)) >= 3


def test_plateaus_of_any_losses():
    generator = np.random.default_rng(5)
    for _ in range(30):
        patience, drop = int(generator.integers(0, 4)), generator.uniform(0.1, 0.9)
        schedule = Plateau(patience, drop)
        theirs = torch.optim.SGD([torch.zeros(1)], lr=1.0)
        expected = lr_scheduler.ReduceLROnPlateau(theirs, factor=drop, patience=patience, threshold=1e-4, eps=0)
        # Losses of few kinds, some of them closer to each other than a ten-thousandth.
        losses = generator.choice([1.0, 0.99995, 0.9998, 0.5, 0.49996, 0.3, 0.0], 40, p=[0.3, *[0.1] * 4, 0.2, 0.1])
        for epoch, loss in enumerate(losses, 1):
            schedule.observe(loss, epoch)
            expected.step(loss)
            assert schedule.factor(0) == pytest.approx(theirs.param_groups[0]["lr"], rel=1e-12)


def test_a_whole_network_for_pictures_over_a_hundred_steps():
    """Statistics, dropout, weighted examples, decay, clipping and a schedule at once; and evaluation afterwards."""
    network, twin = build(PICTURES, inputs=PICTURE)
    parameters = network.parameters
    of_kind = np.array([0.5, 2.0, 1.0])
    twin.loss = lambda z, y: functional.cross_entropy(z, y.argmax(1), weight=torch.from_numpy(of_kind))
    ours, schedule = AdamW(0.02, weight_decay=0.05), WarmUp(10, Cosine(100))
    decaying = parameters.decaying()
    ours.attach(parameters.values, decaying)
    clip = Clip(1.0, parameters.values)
    groups = [
        {"params": [tensor], "weight_decay": 0.05 if name.endswith("weights") else 0.0}
        for name, tensor in twin.named.items()
    ]
    theirs = torch.optim.AdamW(groups, lr=0.02)
    expected_schedule = lr_scheduler.ChainedScheduler(
        [lr_scheduler.LinearLR(theirs, 1 / 10, 1.0, 9), lr_scheduler.CosineAnnealingLR(theirs, 100)]
    )

    def propose(step):
        ours.learning_rate = 0.02 * schedule.factor(step)
        return ours.propose(clip.shortened(parameters.gradients))

    def step_theirs(*_):
        torch.nn.utils.clip_grad_norm_(twin.tensors, 1.0)
        theirs.step()
        expected_schedule.step()

    first_statistics = parameters.statistics.copy()
    losses, expected_losses = train_both(
        network, twin, 100, draw_pictures, propose, step_theirs, lambda target: target @ of_kind
    )
    agree(losses, expected_losses)
    agree(parameters.values, twin.flat())
    agree(parameters.statistics, twin.flat_statistics())
    assert np.abs(parameters.statistics - first_statistics).max() > 0.1
    assert losses[-9:].mean() < losses[:9].mean()

    evaluated = network.for_evaluation()
    twin.layers = evaluated.layers
    x, _ = draw_pictures(0)
    agree(evaluated.predict(x), torch.softmax(twin.logits(x), dim=1).detach().numpy())
