"""Experiment: the one description of a run, for the TOML file, the command line and the run directory."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_type_hints

import msgspec

from nnviz.about import About, Effect
from nnviz.change import Change
from nnviz.errors import InputError

AT_ONCE, NEW_NETWORK = Effect.AT_ONCE, Effect.NEW_NETWORK

LARGEST_FILE = 1 << 20
LOWEST_RATE, HIGHEST_RATE = 1e-38, 1e38
"""Of learning rates, and of other numbers that a float32 has to hold."""
SEEDS = 1 << 63
"""How many there are: the whole numbers that every reader of TOML knows."""

Count = Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000_000)]
Positive = Annotated[float, msgspec.Meta(ge=LOWEST_RATE, le=HIGHEST_RATE)]
Strength = Annotated[float, msgspec.Meta(ge=0, le=HIGHEST_RATE)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=False):
    """One table of the TOML file."""


class Data(Table, frozen=True):
    """Which examples, and how an image is made ready."""

    source: Annotated[
        str,
        About(
            "What to learn from: 'pets', 'people', 'road', 'language', 'worked', 'xor', 'circles', 'spiral', "
            "'gauss' or 'waves' (built in), a folder with a sub-folder of images or texts or a .txt file of lines per "
            "class, the files of MNIST, CIFAR or STL-10, a table (.csv, .tsv, .data or .txt, also .gz) with a row per "
            "example, or an .npz file with arrays x and y.",
            NEW_NETWORK,
            values="SOURCE",
        ),
    ] = "pets"
    image_size: Annotated[
        Annotated[int, msgspec.Meta(ge=1, le=1024)] | None,
        About(
            "Width and height, in pixels, of an image as the network sees it; without it 32, and pictures in "
            "arrays stay as they are.",
            NEW_NETWORK,
        ),
    ] = None
    grayscale: Annotated[bool, About("Look at images in shades of gray.", NEW_NETWORK, "grayscale/--color")] = False
    augment: Annotated[
        tuple[Literal["flip", "shift", "rotate", "brightness"], ...],
        About("Change the training images a little every time they are shown, in the ways named.", AT_ONCE),
    ] = ()
    target: Annotated[
        str | None,
        About(
            "Of a table: the column that the network learns to predict, by its name or its number, counted from "
            "1; without it the one that is called as targets are, such as label or class, else the last one.",
            NEW_NETWORK,
            values="COLUMN",
        ),
    ] = None
    task: Annotated[
        Literal["classify", "regress"] | None,
        About(
            "Of a table, and of arrays of NumPy: whether the target names a class or is a number to come close "
            "to, where nnviz would take it for the other.",
            NEW_NETWORK,
        ),
    ] = None
    image_column: Annotated[
        str | None,
        About(
            "Of a table: the column that names an image file in each row; the network looks at these images.",
            NEW_NETWORK,
            values="COLUMN",
        ),
    ] = None
    text_column: Annotated[
        str | None,
        About(
            "Of a table: the column of texts, whose n-grams of letters and words the network counts; without it "
            "one is found where there is one, and '' is none.",
            NEW_NETWORK,
            values="COLUMN",
        ),
    ] = None
    keep: Annotated[
        tuple[str, ...] | None,
        About(
            "Of a table: a column to learn from although it counts or names the rows, or says their split; may be "
            "given several times, or with commas between.",
            NEW_NETWORK,
            values="COLUMN",
        ),
    ] = None
    inputs: Annotated[
        Literal["standardized", "raw"] | None,
        About("Bring inputs to mean 0 and deviation 1, or leave them as they are stored, pixels from 0 to 1."),
    ] = None
    noise: Annotated[
        Share | None, About("Of xor, circles, spiral, gauss and waves: how far chance pushes the points, 0 to 1.")
    ] = None
    examples: Annotated[
        Annotated[int, msgspec.Meta(ge=2, le=1_000_000)] | None,
        About("Of the same: how many examples to train on; those to test on in proportion."),
    ] = None


class Net(Table, frozen=True):
    """Hidden layers in the notation of networks; the output layer and the loss follow from the data unless given."""

    layers: Annotated[
        str,
        About(
            "Hidden layers from input to output, such as 'dense 64 relu, dense 32 relu', or for pictures "
            "'conv 16 3x3 batchnorm relu, pool 2, dense 64 relu, dropout 0.3'; '' for none.",
            NEW_NETWORK,
            "network",
        ),
    ] = "dense 64 relu, dense 32 relu"
    output: Annotated[
        Literal["softmax", "single", "sigmoid", "hill"] | None,
        About(
            "How classes are told apart: by probabilities that add up to 1 (softmax), two of them by one in all "
            "(single), or by a yes or no of its own for each (sigmoid). Numbers from 0 to 1 can be told by sigmoids "
            "too, and one number from −1 to 1 by a hill of activation over 45 units (hill).",
            NEW_NETWORK,
        ),
    ] = None
    loss: Annotated[
        Literal["cross-entropy", "mse", "quadratic"] | None,
        About(
            "How a prediction is scored; training makes this number small. Squared errors count as their mean "
            "(mse), or as half their sum over the outputs (quadratic), as in many textbooks."
        ),
    ] = None
    initial: Annotated[
        Literal["scaled", "normal"] | None,
        About(
            "How chance gives the first weights: scaled by the number of inputs (He, Glorot), or of variance 1, "
            "biases too, as in Nielsen's book (normal)."
        ),
    ] = None
    weights: Annotated[
        str | None,
        About(
            "Begin with the weights in a file of safetensors, by their names in a checkpoint (dense1.weights, …); "
            "without it chance gives them.",
            values="FILE",
        ),
    ] = None
    weights_digest: Annotated[
        str | None,
        About("The SHA-256 of that file, so that a run is done again with the same ones or not at all.", called=""),
    ] = None


class Training(Table, frozen=True):
    """How the network is trained.

    An example that counts more by its class counts more as a whole where labels are smoothed, too; PyTorch's
    cross_entropy weighs each class's part of it.
    """

    optimizer: Annotated[
        Literal["sgd", "nesterov", "rmsprop", "adam", "adamw"],
        About("The rule that turns a gradient into an update of weights."),
    ] = "sgd"
    learning_rate: Annotated[
        Positive,
        About("Learning rate: how far each step follows the gradient. Too large and training diverges.", AT_ONCE, "lr"),
    ] = 0.01
    momentum: Annotated[
        Annotated[float, msgspec.Meta(ge=0, lt=1)],
        About("How much of the last update an SGD step keeps on top of its own, 0 to below 1.", AT_ONCE),
    ] = 0.9
    weight_decay: Annotated[
        Strength | None,
        About(
            "Share of every weight that each step takes away, times the learning rate; without it 0, and 0.01 in "
            "adamw.",
            AT_ONCE,
        ),
    ] = None
    l1: Annotated[
        Strength, About("Strength of a penalty on Σ |w|, which makes weights vanish; trained with the loss.", AT_ONCE)
    ] = 0.0
    l2: Annotated[
        Strength, About("Strength of a penalty on Σ w² / 2, which keeps weights small; trained with the loss.", AT_ONCE)
    ] = 0.0
    clip: Annotated[Positive | None, About("Shorten gradients that are longer than this.", AT_ONCE)] = None
    schedule: Annotated[
        Literal["constant", "step", "cosine", "plateau"],
        About(
            "How the learning rate changes: not; in steps down; smoothly down to nothing at the end of the run; "
            "or down whenever the validation loss gets no better."
        ),
    ] = "constant"
    warmup: Annotated[Strength, About("Lead the learning rate up from nearly nothing over so many epochs.")] = 0.0
    drop_every: Annotated[
        Count | None,
        About(
            "After how many epochs step does so, without it at every third of the run; or for how many plateau waits "
            "for something better, without it 5."
        ),
    ] = None
    drop: Annotated[
        Annotated[float, msgspec.Meta(gt=0, lt=1)],
        About("What step and plateau multiply the learning rate by, such as 0.1."),
    ] = 0.1
    class_weights: Annotated[
        Literal["balanced"] | dict[str, Positive] | None,
        About(
            "How much an example of each class counts: 'balanced' makes up for classes with few examples.",
            values="balanced|NAME=NUMBER,...",
        ),
    ] = None
    label_smoothing: Annotated[
        Annotated[float, msgspec.Meta(ge=0, lt=1)],
        About("Share of each target that is spread over all classes, such as 0.1."),
    ] = 0.0
    threads: Annotated[
        Annotated[int, msgspec.Meta(ge=1, le=2)] | None,
        About("1 or 2 threads that compute; without it two, where they pay. Part of what a seed gives."),
    ] = None
    batch_size: Annotated[Count, About("How many examples make one training step.", AT_ONCE)] = 16
    seed: Annotated[
        Annotated[int, msgspec.Meta(ge=0, le=SEEDS - 1)],
        About("Where chance starts: the same seed gives exactly the same training again."),
    ] = 0
    dtype: Annotated[
        Literal["float32", "float64"],
        About("Numbers with about 7 digits, as is usual, or with about 16, which takes longer."),
    ] = "float32"
    changes: Annotated[
        tuple[Change, ...],
        About(
            "Have another option otherwise from the beginning of a training step on, as in 120:lr=0.001 or, for none, "
            "120:clip=; of those that change at once. May be given several times, or with semicolons between.",
            called="change",
            values="STEP:OPTION=VALUE",
        ),
    ] = ()


class Stopping(Table, frozen=True):
    """Training stops at whichever of these comes first; one that is absent never stops it."""

    epochs: Annotated[
        Count | None,
        About(
            "Stop after so many passes over all training examples. The source suggests a number, which holds "
            "unless --steps or --seconds is given without --epochs.",
            AT_ONCE,
        ),
    ] = 20
    steps: Annotated[Count | None, About("Stop after so many training steps (batches).", AT_ONCE)] = None
    seconds: Annotated[Positive | None, About("Stop after so many seconds of training.", AT_ONCE)] = None
    target_loss: Annotated[
        Positive | None, About("Stop when the loss on the validation examples is this small.", AT_ONCE)
    ] = None
    target_accuracy: Annotated[
        Share | None, About("Stop when this share of the validation examples is right, such as 0.95.", AT_ONCE)
    ] = None
    patience: Annotated[
        Count | None,
        About("Stop when so many epochs brought no better validation loss, and go back to the best.", AT_ONCE),
    ] = None


class Experiment(Table, frozen=True):
    """Everything that has to be known to do a run again."""

    data: Data = Data()
    network: Net = Net()
    training: Training = Training()
    stopping: Stopping = Stopping()

    def with_training(self, **changes: Any) -> "Experiment":
        """The same experiment with some keys of `training` changed."""
        return msgspec.structs.replace(self, training=msgspec.structs.replace(self.training, **changes))

    def with_seed(self, seed: int) -> "Experiment":
        """The same experiment by another chance, which gives the first weights too."""
        network = msgspec.structs.replace(self.network, weights=None, weights_digest=None)
        return msgspec.structs.replace(self.with_training(seed=seed), network=network)

    def changed(self, tables: "Tables") -> "Experiment":
        """The same experiment with some keys of some tables changed. Raises InputError for what none may have."""
        return combine(msgspec.to_builtins(self), tables)

    def differences(self, other: "Experiment") -> "Tables":
        """The keys that another experiment has otherwise, by table, with its values: `changed` by them, this is it."""
        mine, others = msgspec.to_builtins(self), msgspec.to_builtins(other)
        found = {
            name: {key: value for key, value in table.items() if value != mine[name][key]}
            for name, table in others.items()
        }
        return {name: table for name, table in found.items() if table}

    def to_toml(self) -> str:
        """The experiment as a TOML document. TOML has no null: keys without a value are left out."""
        import tomli_w

        tables = msgspec.to_builtins(self)
        if not self.training.changes:
            del tables["training"]["changes"]
        return tomli_w.dumps(_without_none(tables))


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(inner) for key, inner in value.items() if inner is not None}
    return [_without_none(inner) for inner in value] if isinstance(value, list | tuple) else value


Tables = dict[str, dict[str, Any]]
Choices = Mapping[str, Any]
"""What somebody chose anew while a run goes on, by keys of its experiment; all else is as the run began."""
NO_CHOICES: Choices = {}


def combine(*layers: Tables, origin: str = "experiment") -> Experiment:
    """One experiment from tables of which each may give any keys; later ones win over earlier ones.

    Tables that say how long to train in steps or seconds, and not in epochs, lift an earlier limit on epochs, and
    those that name first weights an earlier digest.
    Raises InputError naming the key, what was expected of it, and `origin`, where the last tables came from.
    """
    merged: Tables = {}
    for tables in layers:
        for name, table in tables.items():
            if not isinstance(table, dict):
                raise InputError(f"{origin}: '{name}' stands outside a table; there are {_tables()}")
            merged[name] = {**merged.get(name, {}), **_lifted(name, table), **table}
    try:
        experiment = msgspec.convert(merged, Experiment)
    except msgspec.ValidationError as error:
        raise InputError(f"{origin}: {_readable(str(error))}") from None
    for change in experiment.training.changes:
        _refuse_wrong(change, origin)
    return experiment


def _refuse_wrong(change: Change, origin: str) -> None:
    """Raises InputError for a change that no run can make on its way."""
    name, _, key = change.key.partition(".")
    table, where = _TABLES.get(name), f"{origin}: training.changes"
    hint = get_type_hints(table, include_extras=True).get(key) if table else None
    about = next((note for note in getattr(hint, "__metadata__", ()) if isinstance(note, About)), None)
    if about is None or about.effect is not AT_ONCE:
        raise InputError(f"{where}: '{change.key}' is no key that a run can change on its way")
    if change.step < 0:
        raise InputError(f"{where}: training steps are counted from 0, and {change.step} is none")
    combine({name: {key: change.value}}, origin=where)


def _lifted(name: str, table: dict[str, Any]) -> dict[str, Any]:
    """The keys of earlier tables that this one takes away by what it says."""
    if name == "network" and "weights" in table:
        return {"weights_digest": None}
    return {"epochs": None} if name == "stopping" and ("steps" in table or "seconds" in table) else {}


def read_tables(path: Path) -> Tables:
    """The tables of a TOML file, not yet checked against what an experiment may hold.

    Raises InputError if the file cannot be read or is not TOML, naming the line.
    """
    try:
        # As some editors write it, with a mark before the text.
        return tomllib.loads(_content(path).decode("utf-8-sig"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a TOML file: {error}") from None
    except RecursionError:
        raise InputError(f"{path}: not settings, which are not nested so deeply") from None


def _content(path: Path) -> bytes:
    """What is in a file of settings. Raises OSError, and InputError if it is something else."""
    # What the shell has opened, as in `--config <(command)`, has somebody who writes to it.
    if path.is_fifo() and path.absolute().parts[1] not in ("dev", "proc"):
        raise InputError(f"{path}: a pipe, and not a file; give one with settings in it")
    with path.open("rb") as file:
        content = file.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        from nnviz.wording import integer

        raise InputError(f"{path}: larger than {integer(LARGEST_FILE)} bytes; settings take a few hundred")
    return content


def _tables() -> str:
    return ", ".join(f"[{name}]" for name in Experiment.__struct_fields__)


def _readable(message: str) -> str:
    """msgspec's "Expected `int`, got `str` - at `$.training.epochs`" with the key first and no signs of its own."""
    what, _, where = message.partition(" - at ")
    key = where.strip("`").removeprefix("$").removeprefix(".")
    what = what.replace(" | null", "").replace("`", "'")
    for sign, words in _WORDS.items():
        what = what.replace(sign, words)
    what = what[0].lower() + what[1:]
    if "unknown field" in what:
        table = _TABLES.get(key)
        known = ", ".join(table.__struct_fields__) if table else _tables()
        what = what.replace("object contains ", "").replace("field", "key")
        return f"{f'[{key}] ' if key else ''}{what}; there are {known}"
    if "enum" in what:
        table_name, _, name = key.partition("[")[0].partition(".")
        what = (
            f"expected one of {', '.join(_choices(get_type_hints(_TABLES[table_name])[name]))}; got {what.split()[-1]}"
        )
    return f"{key}: {what}" if key else what


_TABLES = {"data": Data, "network": Net, "training": Training, "stopping": Stopping}
_WORDS = {"'int'": "a whole number", "'float'": "a number", "'str'": "a text", "'bool'": "true or false"}


def _choices(kind: Any) -> list[str]:
    """The texts that a type allows, such as those of `Literal["sgd", "adam"] | None`."""
    return [kind] if isinstance(kind, str) else [choice for part in get_args(kind) for choice in _choices(part)]
