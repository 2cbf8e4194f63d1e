"""What whoever uses an exported network has to know of it, in words and as metadata."""

import json
from typing import NamedTuple

from nnviz import __version__
from nnviz.data.ngrams import NGrams
from nnviz.data.tables.table_encoding import Feature, TableEncoding
from nnviz.export.blueprint import Answer, Blueprint
from nnviz.export.channels_first import channels_first_shape
from nnviz.frame.hill import UNITS
from nnviz.outside_text import printable
from nnviz.wording import count, integer


class End(NamedTuple):
    """What goes in, or what comes out.

    name     in the metadata
    shape    of an example
    meaning  of its numbers
    """

    name: str
    shape: tuple[int, ...]
    meaning: str

    def told(self, kind: str) -> str:
        """With the type and the number of examples, which is left open."""
        shape = ", ".join(["n", *map(str, self.shape)])
        return f"{kind} ({shape}): {self.meaning}"


def channels_first_input(blueprint: Blueprint) -> End:
    """What PyTorch's and ONNX's users feed: pictures as torchvision's ToTensor() makes them."""
    if not blueprint.is_of_pictures:
        return _rows(blueprint)
    shape = channels_first_shape(blueprint.input_shape)
    return End("pictures", shape, f"channels, rows, columns; {_colours(blueprint)} from 0 to 1, not standardised")


def channels_last_input(blueprint: Blueprint) -> End:
    """What NumPy's users feed: pictures as np.asarray() makes them of an image of Pillow."""
    if not blueprint.is_of_pictures:
        return _rows(blueprint)
    return End(
        "pictures",
        blueprint.input_shape,
        f"rows, columns, channels; {_colours(blueprint)} from 0 to 255, not standardised",
    )


def output_of(blueprint: Blueprint) -> End:
    """What the network says, as `nnviz predict` does."""
    names = blueprint.output_names
    match blueprint.answer:
        case Answer.SOFTMAX | Answer.PAIR:
            return End("probabilities", (len(names),), "of the classes, in their order")
        case Answer.SIGMOIDS if blueprint.task.class_names:
            return End("probabilities", (len(names),), "of the classes, in their order, each by itself")
        case Answer.HILL:
            return End("numbers", (len(names),), f"the direction that a hill of {UNITS} units means, from −1 to 1")
        case Answer.SIGMOIDS:
            return End("numbers", (len(names),), "what is predicted, from 0 to 1")
        case _:
            return End("numbers", (len(names),), "what is predicted, in its own unit")


def origin_of(blueprint: Blueprint) -> str:
    """Which network it is, on one line."""
    return f"run {printable(blueprint.origin)}, after {count(blueprint.step, 'training step')}"


def metadata(blueprint: Blueprint, read: End) -> dict[str, str]:
    """What is kept in a file beside the numbers; lists and objects as JSON in ASCII, which any format holds."""
    said = output_of(blueprint)
    names = json.dumps(blueprint.output_names)
    told = {
        "made_by": f"nnviz {__version__}",
        "run": printable(blueprint.origin),
        "step": str(blueprint.step),
        "network": printable(blueprint.experiment.network.layers),
        "input": read.told("float32"),
        "output": said.told("float32"),
        "classes" if blueprint.task.class_names else "output_names": names,
    }
    if blueprint.input_names:
        told["input_names"] = json.dumps(blueprint.input_names)
    if isinstance(blueprint.encoding, TableEncoding) and blueprint.encoding.features:
        told["features"] = json.dumps([_feature_facts(feature) for feature in blueprint.encoding.features])
    return told


def _feature_facts(feature: Feature) -> dict[str, object]:
    return {
        "column": feature.name,
        "median": feature.median,
        "offset": feature.offset,
        "categories": feature.categories,
        "blank": feature.blank,
    }


def _colours(blueprint: Blueprint) -> str:
    return "grays" if blueprint.input_shape[-1] == 1 else "red, green and blue"


def _rows(blueprint: Blueprint) -> End:
    encoding, shape = blueprint.encoding, blueprint.input_shape
    if encoding is not None and encoding.ngrams is not None:
        ngrams = encoding.ngrams
        return End(
            "counts",
            shape,
            f"of the n-grams of a text ({integer(ngrams.fewest)} to {integer(ngrams.most)} letters, 1 to "
            f"{integer(ngrams.words)} words), as nnviz.data.ngrams.NGrams({_arguments(ngrams)}).counts([text]) "
            "gives them",
        )
    if blueprint.input_names:
        return End(
            "rows",
            shape,
            "a table's columns in the order of the input names, not standardised: a number as it is, less what its "
            "name takes off, or the column's median where it is blank; of a word, 1 in the input of its name and 0 in "
            "the others; 1 in '… blank' where the cell is blank",
        )
    return End("rows", shape, "the numbers of an example, not standardised")


def _arguments(ngrams: NGrams) -> str:
    return ", ".join(f"{name}={getattr(ngrams, name)}" for name in ngrams.__struct_fields__)
