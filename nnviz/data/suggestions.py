"""Settings under which a source is worth watching at once. Light to import."""

from typing import Any

from nnviz.experiment import Tables


def _sgd(layers: str, rate: float, epochs: int, schedule: str = "constant", output: str | None = None) -> Tables:
    """SGD with momentum, in batches of 16."""
    network: dict[str, Any] = {"layers": layers}
    if output is not None:
        network["output"] = output
    training = {"optimizer": "sgd", "learning_rate": rate, "momentum": 0.9, "batch_size": 16, "schedule": schedule}
    return {"network": network, "training": training, "stopping": {"epochs": epochs}}


FOR_BUILT_IN: dict[str, Tables] = {
    "pets": _sgd("dense 64 relu, dense 32 relu", 0.005, 15),
    "people": _sgd("dense 128 relu, dense 32 relu", 0.003, 12, "cosine", output="single"),
    "road": _sgd("dense 64 tanh, dense 32 tanh", 0.01, 20, "cosine"),
    "language": _sgd("dense 32 relu", 0.001, 20),
    "xor": _sgd("dense 8 tanh", 0.005, 100),
    "circles": _sgd("dense 8 tanh", 0.005, 100),
    "spiral": _sgd("dense 32 tanh, dense 16 tanh", 0.005, 300),
    "gauss": _sgd("dense 4 tanh", 0.001, 60),
    "waves": _sgd("dense 32 tanh, dense 16 tanh", 0.005, 200),
    # As published, with the digits that it is published with; 10,000 steps of its one example.
    "worked": {
        "network": {"layers": "dense 2 sigmoid", "output": "sigmoid", "loss": "quadratic", "weights": "worked"},
        "training": {"optimizer": "sgd", "learning_rate": 0.5, "momentum": 0.0, "batch_size": 1, "dtype": "float64"},
        "stopping": {"epochs": 10_000},
    },
}
FOR_IMAGES = _sgd("dense 256 relu, dense 64 relu", 0.002, 20)
# Real tables have outliers, which tanh bounds where relu lets them blow up the weights.
FOR_TABLES = _sgd("dense 32 tanh, dense 16 tanh", 0.005, 60)
# With thousands of inputs, a few epochs tell all training texts apart; what follows is learnt by heart.
FOR_TEXTS = _sgd("dense 32 relu", 0.003, 6)
FOR_NUMBERS = _sgd("dense 32 relu", 0.01, 20)

HILL_FACTOR = 5


def for_hill(settings: Tables) -> Tables:
    """The same for an output of 45 units, over which the loss is a mean: the gradient of each is small."""
    training = settings["training"]
    return {**settings, "training": {**training, "learning_rate": HILL_FACTOR * training["learning_rate"]}}


def for_other_network(settings: Tables) -> Tables:
    """The same for a network of another shape, which first weights would not fit."""
    network = {key: value for key, value in settings.get("network", {}).items() if key != "weights"}
    return {**settings, "network": network}
