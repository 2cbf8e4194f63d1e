"""`nnviz explain`: one training step told as textbooks do, with the numbers that the panes show."""

from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from nnviz.array import Array
from nnviz.data.sources import Source
from nnviz.errors import InputError
from nnviz.experiment import Experiment
from nnviz.frame.blame_view import Measure
from nnviz.frame.focus import Focus, Quantity
from nnviz.frame.frame import Frame, Rates, State
from nnviz.frame.layer_views import LISTED_UNITS
from nnviz.frame.stages import Phase
from nnviz.headless.console import json_result, note
from nnviz.headless.explained_weight import Seen, told_update, told_weight, with_largest_gradient
from nnviz.headless.reading_progress import told_reading
from nnviz.headless.skipped import tell_skipped
from nnviz.headless.weight_address import read_address
from nnviz.insight.story import tell
from nnviz.outside_text import shown_names
from nnviz.runs.opening import run_at
from nnviz.training.assembly import assemble, open_dataset
from nnviz.training.blame import blamed
from nnviz.training.camera import Camera
from nnviz.training.engine_trace import EngineTrace
from nnviz.training.process import prepare_process
from nnviz.training.reduction import extreme, largest
from nnviz.training.stopping import DIVERGED
from nnviz.training.trainer import Trainer
from nnviz.training.unit_names import UnitNames
from nnviz.wording import count, integer

TOLD_WEIGHTS = 5
"""Of the weights that are to blame, so many are told."""


class Wanted(msgspec.Struct, frozen=True):
    """What is to be told: training step and example of its batch, both from 1; a weight as `dense2[dog, 7]`.

    Without a weight, it is that of the last dense layer with the largest gradient.
    """

    step: int = 1
    example: int = 1
    weight: str | None = None


def explain(
    experiment: Experiment, wanted: Wanted, cached: bool = True, source: Source | None = None
) -> dict[str, Any]:
    """One training step, in values that JSON knows: the training is done from its beginning to there.

    `source` is what was found of the experiment's source, and `cached` says whether decoded images are kept. Raises
    InputError.
    """
    prepare_process()
    with told_reading(cached) as reading:
        dataset = open_dataset(experiment, reading, source)
    tell_skipped(dataset)
    trainer = assemble(experiment, dataset)
    try:
        _train_to(trainer, wanted.step)
        return _told(trainer, wanted)
    finally:
        trainer.close()


def explain_run(run: Path, wanted: Wanted, cached: bool = True) -> dict[str, Any]:
    """The same of a run, as it was. Raises InputError, ChangedDataError."""
    prepare_process()
    with told_reading(cached) as reading:
        restored = run_at(run, str(wanted.step - 1), reading, note)
    for line in restored.told:
        note(line)
    try:
        return _told(restored.trainer, wanted)
    finally:
        restored.trainer.close()


def _train_to(trainer: Trainer, step: int) -> None:
    """Be at the beginning of training step number `step`, from 1. Raises InputError if training does not get there."""
    while trainer.steps_done < step - 1:
        trainer.step()
        if trainer.stopped_by == DIVERGED:
            raise InputError(f"--at-step: training diverged at step {integer(trainer.steps_done)}; give an earlier one")


def _told(trainer: Trainer, wanted: Wanted) -> dict[str, Any]:
    trace, camera = EngineTrace(trainer.engine), Camera(trainer)
    if trainer.engine.done == len(trainer.engine.stages):
        trainer.engine.begin(trainer.steps_done)
    size = len(trace.batch.indices)
    if not 1 <= wanted.example <= size:
        raise InputError(f"--example: the batch has {count(size, 'example')}; give a number from 1 to {integer(size)}")
    place = wanted.example - 1
    outputs = trainer.dataset.task.output_names(trace.batch.targets.shape[1])
    features = shown_names(tuple(trainer.dataset.feature_names))

    def look(focus: Focus) -> Frame:
        return camera.take(focus, State.PAUSED, Rates())

    asked = None
    if wanted.weight is not None:
        asked = read_address(wanted.weight, look, place, outputs, tuple(trainer.dataset.feature_names))
    first = look(Focus(place))
    told: dict[str, Any] = {"source": first.title.dataset, **_setting(first), "stages": []}
    chosen: dict[str, Any] | None = None
    for stage in trace.stages:
        trainer.advance()
        frame = look(Focus(place, camera.blocks - 1))
        layer = frame.layers[stage.part].name if stage.phase in (Phase.FORWARD, Phase.BACKWARD) else None
        told["stages"].append({"phase": stage.phase.value, "layer": layer, "told": tell(frame)})
        if stage.phase is Phase.FORWARD:
            told["stages"][-1] |= _units(trace, stage.part, place, outputs)
        if stage.phase is Phase.LOSS:
            told["outputs"] = _outputs(frame, outputs)
            told["loss"] = {"example": frame.example.loss, "batch": frame.batch_loss}
        if stage == trace.stages[-3]:
            told["errors"] = [_errors(look(Focus(place, block)), outputs) for block in reversed(range(camera.blocks))]
            told["slopes"] = _slopes(trace, place, outputs)
            told["blame"] = _blame(trace, place, UnitNames(trace, features, outputs))
            asked = asked or with_largest_gradient(trace, [layer.block for layer in frame.layers], place)
            chosen = None if asked is None else told_weight(Seen.of(look(asked)))
    told["weight"] = None if chosen is None or asked is None else chosen | _moved(trace, Seen.of(look(asked)))
    outcome = frame.outcome
    told["outcome"] = None
    if outcome is not None and outcome.again is not None:
        told["outcome"] = {
            "expected_change": outcome.expected,
            "batch_loss": outcome.again.batch_loss,
            "example_loss": outcome.again.loss,
            "predictions": dict(zip(outputs, outcome.again.prediction.tolist(), strict=True)),
        }
    told["decimals"] = frame.title.decimals
    return told


def _setting(frame: Frame) -> dict[str, Any]:
    """What is trained, where the run is, and which example is looked at, before the step."""
    title, moment, example = frame.title, frame.moment, frame.example
    label = None if example.label is None else frame.task.class_names[example.label]
    named = zip(example.feature_names, () if example.stored is None else example.stored.tolist(), strict=False)
    return {
        "network": title.network,
        "output": title.output,
        "loss_function": title.loss,
        "optimizer": title.optimizer,
        "learning_rate": frame.rate,
        "parameters": title.parameters,
        "begins_from": title.begins_from,
        "step": moment.step + 1,
        "epoch": moment.epoch + 1,
        "batch": moment.batch + 1,
        "example": {
            "place": example.place + 1,
            "batch_size": example.batch_size,
            "number": example.number + 1,
            "name": example.name,
            "label": label,
            "inputs": dict(named),
        },
    }


def _units(trace: EngineTrace, part: int, place: int, outputs: tuple[str, ...]) -> dict[str, Any]:
    """What a layer gave for the example: its strongest units; of a map, its number of largest magnitude."""
    given = trace.output(part)
    assert given is not None
    names = outputs if part == len(trace.layers) - 1 else ()
    return _strongest(given[place], names, "gave")


def _strongest(numbers: Array, names: tuple[str, ...], what: str) -> dict[str, Any]:
    """The units with the largest of some numbers (units,) or (height, width, maps); outputs in their own order."""
    values = extreme(numbers.reshape(-1, numbers.shape[-1]))
    places = range(len(values)) if names else largest(np.nan_to_num(np.abs(values)), LISTED_UNITS).tolist()
    units = [{"unit": _unit(int(k), names), what: float(values[k])} for k in places]
    return {"total": len(values), "units": units}


def _unit(index: int, outputs: tuple[str, ...]) -> str | int:
    return outputs[index] if outputs else index


def _outputs(frame: Frame, outputs: tuple[str, ...]) -> list[dict[str, Any]]:
    example = frame.example
    assert example.logits is not None
    assert example.prediction is not None
    assert example.error is not None
    columns = (example.logits, example.prediction, example.target, example.error)
    rows = zip(outputs, *(column.tolist() for column in columns), strict=True)
    return [{"output": name, "z": z, "p": p, "y": y, "p-y": error} for name, z, p, y, error in rows]


def _errors(frame: Frame, outputs: tuple[str, ...]) -> dict[str, Any]:
    """The error that reached each unit of the focused block, as the pane has it."""
    errors, is_last = frame.errors, frame.focus.block == frame.layers[-1].block
    columns = {"z": errors.z, "a": errors.a, "∂L/∂a": errors.grad_a, "∂L/∂z": errors.grad_z}
    return {
        "block": errors.name,
        "total": errors.total,
        "units": [
            {"unit": _unit(int(index), outputs if is_last else ())}
            | {name: float(column[k]) for name, column in columns.items() if column is not None}
            for k, index in enumerate(errors.indices)
        ],
    }


def _slopes(trace: EngineTrace, place: int, outputs: tuple[str, ...]) -> list[dict[str, Any]]:
    """∂L/∂z of each layer with weights, from the last one on, for the example."""
    found = []
    for k in reversed(range(len(trace.layers))):
        slopes = trace.output_gradient(k)
        if trace.layers[k].operation.weighted and slopes is not None:
            names = outputs if k == len(trace.layers) - 1 else ()
            found.append({"layer": trace.layers[k].name, **_strongest(slopes[place], names, "∂L/∂z")})
    return found


def _blame(trace: EngineTrace, place: int, names: UnitNames) -> dict[str, Any]:
    """The weights that are to blame most: of each layer for the batch, of all for the example, and by their share."""
    every = [k for k, layer in enumerate(trace.layers) if layer.parameters]

    def worst(layers: list[int], measure: Measure, place: int | None) -> list[dict[str, Any]]:
        arrays = [(layer, kind) for layer in layers for kind in trace.layers[layer].parameters]
        found = blamed(trace, arrays, measure, place, names) or ()
        return [msgspec.structs.asdict(weight) for weight in found[:TOLD_WEIGHTS]]

    return {
        "of_the_batch": [
            {"layer": trace.layers[k].name, "weights": worst([k], Measure.SENSITIVITY, None)} for k in every
        ],
        "of_the_example": worst(every, Measure.SENSITIVITY, place),
        "by_share": worst(every, Measure.SHARE, None),
    }


def _moved(trace: EngineTrace, seen: Seen) -> dict[str, Any]:
    array = trace.parameter(seen.weight.layer, seen.weight.kind, Quantity.WEIGHT)
    assert array is not None
    return told_update(seen, float(array[seen.weight.at]))


def print_json(told: dict[str, Any]) -> None:
    """The step as one JSON object."""
    json_result({key: value for key, value in told.items() if key != "decimals"})
