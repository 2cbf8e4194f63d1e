"""What came out of a run, as text: loss curve, confusion table, scores."""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from rich.cells import cell_len

from nnviz.array import Array
from nnviz.data.shown_task import shown_task
from nnviz.frame.task import Task
from nnviz.insight.score_words import determination
from nnviz.outside_text import apart, printable, short, shown_names
from nnviz.runs.result import Result
from nnviz.training.evaluation import Assessment
from nnviz.training.history import History
from nnviz.wording import count, duration, fixed, in_unit, integer, number, percent, ticks

CURVE_WIDTH, CURVE_HEIGHT = 100, 18
NAME = 14
TABLE_CLASSES = 12
OF_NUMBERS = "in each target's own unit; the mean is that of the training targets, always predicted"
# Of each name of a pair that was confused, and of a target.
WORST, PAIR_NAME = 10, 40


def loss_curve(history: History, columns: int, colors: bool) -> str:
    """The losses of training and validation over the steps, drawn in at most `columns` columns."""
    import plotext

    stride, means, _, _ = history.training.binned(columns)
    points = [(e.step, e.validation.loss) for e in history.evaluations if e.validation]
    before = stride * np.arange(len(means))
    steps_in = np.minimum(stride, history.training.steps - before)
    series = [
        # Each mean in the middle of its steps, of which the first is 1.
        ("braille", _finite(before + (steps_in + 1) / 2, means)),
        ("dot", _finite(*np.array(points).reshape(-1, 2).T)),
    ]
    # plotext would clamp the figure to the terminal that it thinks it is in.
    plotext.terminal.limit(False, False)
    figure = plotext.figure
    figure.clear()
    figure.theme("default" if colors else "colorless")
    figure.plot_size(min(columns, CURVE_WIDTH), CURVE_HEIGHT)
    figure.title("loss over training steps · line: training · dots: validation")
    for marker, (steps, losses) in series:
        if len(steps):
            figure.draw(figure.signal(steps.tolist(), losses.tolist(), marker=marker).lines())
    for axis, values in enumerate(np.concatenate([curve for _, curve in series], axis=1)):
        places = nice_ticks(float(values.min(initial=0)), float(values.max(initial=0)))
        figure.ruler(axis).ticks(places, ticks(places))
    text: str = figure.build().string(colorless=not colors)
    return text.rstrip("\n")


def _finite(steps: Array, losses: Array) -> Array:
    """Both as rows, without the points whose loss is not finite."""
    kept = np.isfinite(losses)
    return np.stack([steps[kept], losses[kept]])


def nice_ticks(low: float, high: float) -> list[float]:
    """About five round numbers from low to high."""
    if high <= low:
        return [low]
    rough = (high - low) / 5
    power = 10.0 ** np.floor(np.log10(rough))
    step = min((m * power for m in (1, 2, 5, 10)), key=lambda size: abs(size - rough))
    return [float(f"{n * step:.10g}") for n in range(int(np.ceil(low / step)), int(np.floor(high / step)) + 1)]


def confusion_table(assessment: Assessment, task: Task, split: str) -> str:
    """Which class the examples of a split belong to, and which one the network put them in."""
    confusion = assessment.confusion
    if confusion is None:
        return ""
    names = shown_task(task).class_names
    if len(names) > TABLE_CLASSES:
        return _worst_confusions(confusion, names, split)
    short = apart(names, NAME)
    rows = [[name, *map(integer, row)] for name, row in zip(short, confusion, strict=True)]
    heading = f"{split}: rows are labels, columns what the network said"
    return f"{heading}\n{table([['', *short], *rows])}"


def _worst_confusions(confusion: Array, names: tuple[str, ...], split: str) -> str:
    """The pairs of classes that were confused most often: a table of very many classes cannot be read."""
    names = apart(names, PAIR_NAME)
    lines = [
        [f"{names[label]} taken for {names[said]}", integer(many)]
        for label, said, many in frequent_confusions(confusion, WORST)
    ]
    return f"{split}: the most frequent confusions\n{table(lines) if lines else '  none'}"


def frequent_confusions(confusion: Array, most: int) -> list[tuple[int, int, int]]:
    """(label, what the network said, how often) of the pairs that it confused most often, so many at most."""
    wrong = confusion * (1 - np.eye(len(confusion), dtype=confusion.dtype))
    order = np.argsort(-wrong, axis=None, kind="stable")[:most]
    pairs = [divmod(int(place), len(confusion)) for place in order if wrong.flat[place]]
    return [(label, said, int(wrong[label, said])) for label, said in pairs]


def scores(result: dict[str, Any]) -> str:
    """Loss and accuracy of each split that has examples, beside what these are to be compared with.

    For numbers: how far off the network is, and the mean.
    """
    rows = score_rows(result)
    if not rows:
        return "  not scored"
    told = f"\n  {OF_NUMBERS}" if "RMSE" in rows[0] else ""
    return f"{table(rows)}{told}"


def score_rows(result: dict[str, Any]) -> list[list[str]]:
    """The same as a row for each split, below a row of headings; none if nothing is scored."""
    found = {name: result[name] for name in ("train", "validation", "test", "all") if result.get(name)}
    if not found:
        return []
    if all("rmse" in score for score in found.values()):
        return _distances(found, result["mean_prediction"], result.get("r2") or dict.fromkeys(found))
    intervals, commonest = (result.get(name) or {} for name in ("accuracy_interval", "commonest_class"))
    rows = [["", "loss", "accuracy", "95% interval", "commonest class"]]
    for name, score in found.items():
        rows.append([name, *_numbers(score), _interval(intervals.get(name)), _commonest(commonest.get(name))])
    return rows


def _interval(interval: list[float] | None) -> str:
    return "" if interval is None else " to ".join(map(percent, interval))


def _commonest(commonest: dict[str, Any] | None) -> str:
    return "" if commonest is None else f"{percent(commonest['accuracy'])} {short(printable(commonest['class']))}"


def _distances(found: dict[str, Any], of_mean: dict[str, Any], r2: dict[str, Any]) -> list[list[str]]:
    rows = [["", "loss", "RMSE", "MAE", "RMSE of the mean", "MAE of the mean", "R²"]]
    for name, score in found.items():
        measures = [of[measure] for of in (score, of_mean[name]) for measure in ("rmse", "mae")]
        loss = _numbers(score)[0]
        if isinstance(measures[0], dict):
            rows.append([name, loss, *[""] * (len(measures) + 1)])
            targets = tuple(measures[0])
            told = zip(apart(shown_names(targets), PAIR_NAME), targets, strict=True)
            rows += [
                [f"  {shown}", "", *(_told(m[target]) for m in measures), determination((r2[name] or {}).get(target))]
                for shown, target in told
            ]
        else:
            rows.append([name, loss, *map(_told, measures), determination(r2[name])])
    return rows


def _told(distance: float | None) -> str:
    return "not finite" if distance is None else in_unit(distance)


def _numbers(score: dict[str, Any]) -> list[str]:
    loss, accuracy = score["loss"], score["accuracy"]
    return [
        "not finite" if loss is None else number(loss, 4),
        "" if accuracy is None else percent(accuracy),
    ]


def closing(result: Result) -> str:
    """The end of a run in a few lines: scores, cost, what stopped it, where it is kept."""
    rate = f", {fixed(result.examples_per_second, 0)} examples/s" if result.examples_per_second else ""
    length = f"{count(result.steps, 'step')}, {count(result.epochs, 'epoch')}"
    cost = f"{length} in {duration(result.seconds)}{rate}"
    kept = f"kept in {printable(result.run)}" if result.run else "not kept"
    return f"{scores(msgspec.to_builtins(result))}\n\n{cost}; stopped by: {result.stopped_by}\n{kept}"


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows of texts in columns: the first column to the left, the others to the right."""
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    gaps = [[" " * (width - cell_len(text)) for text, width in zip(row, widths, strict=True)] for row in rows]
    lines = [
        "  ".join([row[0] + gap[0], *(space + text for text, space in zip(row[1:], gap[1:], strict=True))])
        for row, gap in zip(rows, gaps, strict=True)
    ]
    return "\n".join(f"  {line}".rstrip() for line in lines)
