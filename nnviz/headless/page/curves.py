"""The curves of runs, one figure for each metric, with all runs and splits over each other."""

from collections import defaultdict
from collections.abc import Sequence
from functools import partial

import numpy as np

from nnviz.array import Array
from nnviz.collection.metrics import OF_STEPS, UNSHOWN, metric_of
from nnviz.frame.layer_measures import MEASURES, Measure
from nnviz.frame.series import DOWN, NAN, UP, Series
from nnviz.headless.page.figures import COLOURS, Curve, figure, sparkline
from nnviz.headless.page.markup import element, folded, said, wide
from nnviz.insight.measure_words import MEASURE_WORDS, told_measure
from nnviz.logs.logged_run import LoggedRun
from nnviz.logs.watched_metrics import layer_and_measure
from nnviz.outside_text import printable
from nnviz.training.layer_history import LayerHistory
from nnviz.wording import number

POINTS = 600
"""Of a curve; where it has more, neighbours are merged, and a band shows the lowest and highest of them."""
SPLITS = ("validation", "train", "test", "")
WORDS = ((NAN, "NaN"), (UP, "∞"), (DOWN, "−∞"))
DIGITS = 4


def figures_of(names: Sequence[str], runs: Sequence[LoggedRun]) -> str:
    """A figure for each metric of the runs, those of losses first; of layers, one for each measure, to be unfolded."""
    found: dict[tuple[str, str], list[tuple[int, Series]]] = defaultdict(list)
    of_layers: dict[tuple[str, str], list[Curve]] = defaultdict(list)
    for place, run in enumerate(runs):
        for series in run.curves:
            metric = metric_of(series)
            if metric in UNSHOWN or not series.total:
                continue
            if layer := layer_and_measure(metric):
                beside = of_layers[layer[1], series.axis]
                label = layer[0] if len(names) == 1 else f"{names[place]} · {layer[0]}"
                beside.append(_drawn(printable(label), len(beside), len(beside) // COLOURS, series))
            else:
                found[metric, series.axis].append((place, series))
    drawn = [
        figure(
            metric_name(metric),
            axis,
            [_curve(names, place, series, order) for order, (place, series) in enumerate(every)],
            partial(number, digits=DIGITS),
        )
        for (metric, axis), every in sorted(found.items(), key=lambda item: (item[0][0] != "loss", item[0]))
    ]
    folds = [_of_layers(measure, axis, curves) for (measure, axis), curves in of_layers.items()]
    return (element("div", *drawn, class_="charts") if drawn else "") + "".join(folds)


def _of_layers(measure: str, axis: str, curves: Sequence[Curve]) -> str:
    if measure in MEASURES:
        words, tell = MEASURE_WORDS[Measure(measure)], partial(_known, measure=Measure(measure))
    else:
        words, tell = printable(measure), partial(number, digits=DIGITS)
    shown = figure(words, axis, curves, tell)
    return folded(f"{words[0].upper()}{words[1:]}, layer by layer", shown)


def metric_name(metric: str) -> str:
    """What a metric is called: short ones of the field in capitals."""
    return metric.upper() if metric in ("rmse", "mae") else printable(metric)


def _curve(names: Sequence[str], place: int, series: Series, order: int) -> Curve:
    split = series.split or printable(series.name)
    if series.metric.startswith(OF_STEPS):
        split = f"{split}, mean of its steps"
    label, colour, dash = split, order, 0
    if len(names) > 1:
        dash = SPLITS.index(series.split) if series.split in SPLITS else 0
        label, colour = f"{names[place]} · {split}", place
    return _drawn(label, colour, dash, series)


def _drawn(label: str, colour: int, dash: int, series: Series) -> Curve:
    points = series.reduced(POINTS)
    odd = ["".join(word for mark, word in WORDS if marks & mark) for marks in points["marks"].tolist()]
    return Curve(label, colour, dash, points["step"], points["mean"], points["low"], points["high"], odd)


def layers_of(history: LayerHistory) -> str:
    """What each layer did: where each measure stands, with its curve; and a figure for each measure."""
    shown = [measure for measure in MEASURES if any(m is measure for _, m in history.cells)]
    heads = ["layer", *(MEASURE_WORDS[measure] for measure in shown)]
    rows = [
        element(
            "tr",
            element("th", said(layer.name), scope="row"),
            *(element("td", _cell(history, place, measure)) for measure in shown),
        )
        for place, layer in enumerate(history.traits)
    ]
    caption = "What each layer did in the last reading, and its curve over the run; sizes are root mean squares"
    head = element("thead", element("tr", *(element("th", said(text), scope="col") for text in heads)))
    whole = element("table", element("caption", said(caption)), head, element("tbody", *rows))
    return wide(whole, caption) + "".join(_measure(history, measure) for measure in shown)


def _cell(history: LayerHistory, place: int, measure: Measure) -> str:
    if (place, measure) not in history.cells:
        return ""
    steps, means, _, _ = history.series(place, measure)
    value = float(history.latest[place, MEASURES.index(measure)])
    known: Array = means[np.isfinite(means)]
    if np.isnan(value):
        return "not known yet"
    return said(told_measure(value, measure)) + (sparkline(steps, means) if len(known) > 1 else "")


def _measure(history: LayerHistory, measure: Measure) -> str:
    """The figure of a measure, which is unfolded to be seen."""
    curves = []
    for order, layer in enumerate(place for place, m in history.cells if m is measure):
        steps, means, lows, highs = history.series(layer, measure)
        name, plain = history.traits[layer].name, [""] * len(steps)
        curves.append(Curve(name, order, order // COLOURS, steps.astype(float), means, lows, highs, plain))
    words = MEASURE_WORDS[measure]
    shown = figure(words, "training step", curves, partial(_known, measure=measure))
    return folded(f"{words[0].upper()}{words[1:]}, layer by layer", shown)


def _known(value: float, measure: Measure) -> str:
    return "not known" if np.isnan(value) else told_measure(value, measure)
