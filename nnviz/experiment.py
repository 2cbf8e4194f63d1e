"""Experiment: the one description of a run, for the TOML file, the command line and the run directory."""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_type_hints

import msgspec

from nnviz.errors import InputError
from nnviz.wording import integer

LARGEST_FILE = 1 << 20
LOWEST_RATE, HIGHEST_RATE = 1e-38, 1e38
"""Of learning rates, and of other numbers that a float32 has to hold."""
SEEDS = 1 << 63
"""How many there are: the whole numbers that every reader of TOML knows."""

Count = Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000_000)]
Positive = Annotated[float, msgspec.Meta(ge=LOWEST_RATE, le=HIGHEST_RATE)]
Strength = Annotated[float, msgspec.Meta(ge=0, le=HIGHEST_RATE)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=False):
    """One table of the TOML file."""


class Data(_Table, frozen=True):
    """Which examples, and how an image is made ready.

    image_size      both its width and its height; without it 32 pixels, and the arrays' own size for arrays
    target          of a table: the column to learn, by name or by number from 1; without it the one that
                    is called as targets are, else the last one
    task            whether the target of a table or of arrays is classes or numbers, where its cells say otherwise
    image_column    of a table: the column that names an image in each row; the network then sees these alone
    text_column     of a table: the column of texts, whose n-grams the network then sees alone; without it a column of
                    texts is found where there is one, and "" is none
    keep            of a table: columns to learn from although they count or name the rows, or say their split
    inputs          how the network gets its inputs: brought to mean 0 and deviation 1 over the training split, or raw,
                    as they are stored, pixels from 0 to 1
    noise, examples of the built-in points of the plane: how far chance pushes them, and how many to train on
    """

    source: str = "pets"
    image_size: Annotated[int, msgspec.Meta(ge=1, le=1024)] | None = None
    grayscale: bool = False
    augment: tuple[Literal["flip", "shift", "rotate", "brightness"], ...] = ()
    target: str | None = None
    task: Literal["classify", "regress"] | None = None
    image_column: str | None = None
    text_column: str | None = None
    keep: tuple[str, ...] | None = None
    inputs: Literal["standardized", "raw"] | None = None
    noise: Share | None = None
    examples: Annotated[int, msgspec.Meta(ge=2, le=1_000_000)] | None = None


class Net(_Table, frozen=True):
    """Hidden layers in the notation of networks; the output layer and the loss follow from the data unless given.

    output          softmax or single: two classes told apart by two outputs or by one; sigmoid: one for each class, or
                    for each number from 0 to 1; hill: one number from −1 to 1 told by a hill of activation over 45
                    units
    initial         how chance gives the first weights: scaled by the number of inputs, so that signals keep their size
                    (He, Glorot), with biases of 0; or normal: weights and biases of variance 1, as in Nielsen's book
    weights         where the first weights come from: a file of safetensors with arrays by their names in a checkpoint,
                    or the name of a built-in example; without it, chance gives them
    weights_digest  the SHA-256 of that file, so that a run is done again with the same ones or not at all
    loss            mse is the mean over examples and outputs, quadratic half the sum over the outputs
    """

    layers: str = "dense 64 relu, dense 32 relu"
    output: Literal["softmax", "single", "sigmoid", "hill"] | None = None
    loss: Literal["cross-entropy", "mse", "quadratic"] | None = None
    initial: Literal["scaled", "normal"] | None = None
    weights: str | None = None
    weights_digest: str | None = None


class Training(_Table, frozen=True):
    """How the network is trained.

    momentum        of sgd and nesterov
    weight_decay    taken off every weight at each step, times the learning rate; without it, 0.01 for adamw, else 0
    l1, l2          strength of a penalty on large weights, Σ |w| and Σ w² / 2, that is trained together with the loss
    clip            longest gradient that is followed; longer ones are shortened to it
    schedule        of the learning rate: step multiplies it by `drop` every `drop_every` epochs (by default at every
                    third of the run), plateau whenever more than `drop_every` epochs (by default 5) brought nothing
                    better, cosine takes it down to nothing over the run
    warmup          epochs in which the learning rate is led up to in small steps
    class_weights   how much an example of each class counts: by name, or "balanced" for all classes alike in sum. With
                    smoothed labels too it is the whole example (PyTorch's cross_entropy weighs each class's part of it)
    label_smoothing share of a class target that is spread over all classes
    threads         that compute; without it two, where there are two cores and the network is large enough
    """

    optimizer: Literal["sgd", "nesterov", "rmsprop", "adam", "adamw"] = "sgd"
    learning_rate: Positive = 0.01
    momentum: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.9
    weight_decay: Strength | None = None
    l1: Strength = 0.0
    l2: Strength = 0.0
    clip: Positive | None = None
    schedule: Literal["constant", "step", "cosine", "plateau"] = "constant"
    warmup: Strength = 0.0
    drop_every: Count | None = None
    drop: Annotated[float, msgspec.Meta(gt=0, lt=1)] = 0.1
    class_weights: Literal["balanced"] | dict[str, Positive] | None = None
    label_smoothing: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.0
    threads: Annotated[int, msgspec.Meta(ge=1, le=2)] | None = None
    batch_size: Count = 16
    seed: Annotated[int, msgspec.Meta(ge=0, le=SEEDS - 1)] = 0
    dtype: Literal["float32", "float64"] = "float32"


class Stopping(_Table, frozen=True):
    """Training stops at whichever of these comes first; one that is absent never stops it."""

    epochs: Count | None = 20
    steps: Count | None = None
    seconds: Positive | None = None
    target_loss: Positive | None = None
    target_accuracy: Share | None = None
    patience: Count | None = None


class Experiment(_Table, frozen=True):
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

    def to_toml(self) -> str:
        """The experiment as a TOML document. TOML has no null: keys without a value are left out."""
        import tomli_w

        tables = msgspec.to_builtins(self)
        return tomli_w.dumps(
            {name: {k: v for k, v in table.items() if v is not None} for name, table in tables.items()}
        )


Tables = dict[str, dict[str, Any]]


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
        return msgspec.convert(merged, Experiment)
    except msgspec.ValidationError as error:
        raise InputError(f"{origin}: {_readable(str(error))}") from None


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
