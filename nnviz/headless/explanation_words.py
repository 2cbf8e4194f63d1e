"""The told training step for people: sentences from top to bottom, fit for a screen reader."""

import textwrap
from typing import Any

from nnviz.frame.blame_view import Measure
from nnviz.headless.console import result
from nnviz.insight.blame_words import MEANINGS, SIGNS
from nnviz.outside_text import printable
from nnviz.wording import count, integer, number, percent, signed, trimmed

WIDTH = 96
TOLD_UNITS, TOLD_OUTPUTS = 5, 10
"""Of a layer's units and of outputs, so many are told; programs get all that a frame has."""


def print_text(told: dict[str, Any]) -> None:
    """The step in sentences, a paragraph for each thing, which a screen reader can read from top to bottom."""
    parts = [_opening(told)]
    parts.append(_section("1. The forward pass", _forward(told)))
    parts.append(_section("2. The ground truth, and the error", _truth(told)))
    parts.append(_section("3. The loss", _of_phase(told, "loss")))
    parts.append(_section("4. The chain rule", [*_of_phase(told, "backward"), *_chain_words(told)]))
    parts.append(_section("5. Blame", _blame_words(told)))
    parts.append(_section("6. The update", [*_of_phase(told, "update")[:1], *_moved_words(told)]))
    parts.append(_section("7. Did it help?", [*_of_phase(told, "update")[1:], *_after(told)]))
    result("\n\n".join(printable(line) if "\n" not in line else line for line in parts))


def _section(title: str, paragraphs: list[str]) -> str:
    lines = [
        textwrap.fill(printable(text), WIDTH, initial_indent="   ", subsequent_indent="   ") for text in paragraphs
    ]
    return "\n".join([title, *lines])


def _opening(told: dict[str, Any]) -> str:
    example = told["example"]
    begins = f", which begins with {told['begins_from']}" if told["begins_from"] else ""
    hidden = f"hidden layers: {told['network']}" if told["network"] else "no hidden layer"
    inputs = ", ".join(f"{name} {trimmed(value, 9)}" for name, value in list(example["inputs"].items())[:TOLD_OUTPUTS])
    what = f"{printable(example['name'])}, number {integer(example['number'])} of those to train on"
    lines = [
        f"Training step {integer(told['step'])} (epoch {integer(told['epoch'])}, batch {integer(told['batch'])}) on "
        f"{told['source']}: a network of {integer(told['parameters'])} parameters{begins}; {hidden}; output "
        f"{told['output']}; loss {told['loss_function']}; {told['optimizer']}.",
        f"Told is example {integer(example['place'])} of {integer(example['batch_size'])} in the batch: {what}"
        + (f"; its inputs are {inputs}." if inputs else "."),
    ]
    return "\n".join(textwrap.fill(printable(line), WIDTH) for line in lines)


def _forward(told: dict[str, Any]) -> list[str]:
    lines = []
    for stage in told["stages"]:
        if stage["phase"] == "forward":
            lines += [" ".join(stage["told"]), f"{stage['layer']} gave: {_listed(told, stage, 'gave')}."]
    return lines


def _listed(told: dict[str, Any], strongest: dict[str, Any], what: str) -> str:
    """The largest few of a layer's numbers, and how many others there are."""
    units = strongest["units"]
    shown = sorted(range(len(units)), key=lambda k: -abs(units[k][what]))[:TOLD_UNITS]
    listed = ", ".join(f"{_name(units[k]['unit'])} {_signed(told, units[k][what])}" for k in sorted(shown))
    others = strongest["total"] - len(shown)
    return listed + (f", and {count(others, 'other')} no larger" if others else "")


def _name(unit: str | int) -> str:
    return f"unit {integer(unit)}" if isinstance(unit, int) else unit


def _number(told: dict[str, Any], value: float) -> str:
    return number(value, decimals=told["decimals"])


def _signed(told: dict[str, Any], value: float) -> str:
    return signed(value, decimals=told["decimals"])


def _truth(told: dict[str, Any]) -> list[str]:
    label = told["example"]["label"]
    lines = [] if label is None else [f"The label is {label}."]
    outputs = told["outputs"]
    shown = outputs
    if len(outputs) > TOLD_OUTPUTS:
        worst = sorted(outputs, key=lambda row: -abs(row["p-y"]))[:TOLD_OUTPUTS]
        shown = [row for row in outputs if row in worst]
    for row in shown:
        lines.append(
            f"{row['output']}: prediction p {_number(told, row['p'])}, target y {_number(told, row['y'])}, error p − y "
            f"{_signed(told, row['p-y'])}."
        )
    hidden = len(outputs) - len(shown)
    return lines + ([f"The errors of {count(hidden, 'more output')} are smaller."] if hidden else [])


def _of_phase(told: dict[str, Any], phase: str) -> list[str]:
    return [" ".join(stage["told"]) for stage in told["stages"] if stage["phase"] == phase]


def _chain_words(told: dict[str, Any]) -> list[str]:
    lines = []
    for layer in told["slopes"]:
        lines.append(f"∂L/∂z of {layer['layer']}, for this example: {_listed(told, layer, '∂L/∂z')}.")
    weight = told["weight"]
    if weight is not None:
        lines += [f"Take {weight['name']}. {weight['told'][0]}", *weight["told"][1:]]
    return lines


def _blame_words(told: dict[str, Any]) -> list[str]:
    """Whose fault it was, by each of the two measures."""
    blame = told["blame"]
    lines = [f"By {SIGNS[Measure.SENSITIVITY]}, {MEANINGS[Measure.SENSITIVITY]}:"]
    for layer in blame["of_the_batch"]:
        lines.append(f"{layer['layer']}, for the batch: {_blamed(told, layer['weights'], 'gradient', '∂L/∂w')}.")
    lines.append(f"All layers, for this example alone: {_blamed(told, blame['of_the_example'], 'gradient', '∂L/∂w')}.")
    by_share = _blamed(told, blame["by_share"], "measured", SIGNS[Measure.SHARE])
    lines.append(f"By {SIGNS[Measure.SHARE]}, {MEANINGS[Measure.SHARE]}, for the batch: {by_share}.")
    return lines


def _blamed(told: dict[str, Any], weights: list[dict[str, Any]], what: str, name: str) -> str:
    """Weights by the names of their ends, with what they are blamed for and their part of all that were compared."""
    return "; ".join(
        f"{weight['source']} → {weight['target']}, {name} {_signed(told, weight[what])} ({percent(weight['part'])})"
        for weight in weights
    )


def _moved_words(told: dict[str, Any]) -> list[str]:
    weight = told["weight"]
    return [] if weight is None else [f"{weight['name']}: {weight['moved']}."]


def _after(told: dict[str, Any]) -> list[str]:
    outcome = told["outcome"]
    if outcome is None:
        return []
    said = list(outcome["predictions"].items())
    shown = ", ".join(f"{name} {_number(told, p)}" for name, p in said[:TOLD_OUTPUTS])
    return [
        f"Asked again, the network gives this example {shown}"
        + (f" and {count(len(said) - TOLD_OUTPUTS, 'more output')}" if len(said) > TOLD_OUTPUTS else "")
        + f". Its loss was {_number(told, told['loss']['example'])} and is {_number(told, outcome['example_loss'])}; "
        f"that of the batch was {_number(told, told['loss']['batch'])} and is {_number(told, outcome['batch_loss'])}."
    ]
