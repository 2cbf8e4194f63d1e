"""Curves as inline SVG, which a small script zooms, each with the table of its numbers behind it.

The lines are drawn in a square that is stretched to whatever room there is, and the numbers beside them are text of the
page, so that they can be read at any width.
"""

import json
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from nnviz.array import Array
from nnviz.headless.page.markup import element, folded, said, table
from nnviz.headless.report import nice_ticks
from nnviz.wording import integer, ticks, trimmed

SIDE = 1000
"""Of the square that lines are drawn in."""
BANDS = "; where points were merged, a line is their mean, and a band goes from the lowest to the highest"
MARGIN = 0.04
"""On each side of the curves, as a share of what they take."""
COLOURS, DASHES = 8, ("", "8 4", "2 4", "12 4 2 4")
MOST_ROWS = 100
"""Of the table behind a figure."""


class Curve(NamedTuple):
    """A line of a figure; all arrays (n,).

    means, lows, highs  NaN where nothing finite was
    odd                 what is to be said of a point where there is, or was merged, what is no finite number, else ''
    """

    label: str
    colour: int
    dash: int
    steps: Array
    means: Array
    lows: Array
    highs: Array
    odd: Sequence[str]


def figure(title: str, axis: str, curves: Sequence[Curve], tell: Callable[[float], str]) -> str:
    """The curves over each other, with a legend and the table of their numbers. `tell` makes a text of a number."""
    x = _with_margin(_range([curve.steps for curve in curves]))
    y = _with_margin(_range([end for c in curves for end in (c.lows, c.highs)]))
    drawn = element(
        "svg",
        _grid(x, y),
        *(_line(curve, x, y, tell) for curve in curves),
        viewBox=f"0 0 {SIDE} {SIDE}",
        preserveAspectRatio="none",
        aria_hidden="true",
    )
    plot = element(
        "div",
        drawn,
        *(_mark(curve, x) for curve in curves),
        *_ticks("x", nice_ticks(*x), x),
        *_ticks("y", nice_ticks(*y), y),
        class_="plot",
        tabindex="0",
        role="application",
        aria_label=f"{title} over {axis}: arrows move a cursor, plus and minus zoom, 0 shows all",
        data_x=json.dumps(x),
        data_y=json.dumps(y),
    )
    return element(
        "figure",
        element("figcaption", element("b", said(title)), f" over {said(axis)}{BANDS if _merged(curves) else ''}"),
        plot,
        element("p", "", class_="readout", aria_live="polite"),
        element("ul", *(_key(curve, tell) for curve in curves), class_="legend"),
        _numbers(title, axis, curves, tell),
        class_="chart",
    )


def _merged(curves: Sequence[Curve]) -> bool:
    return any(bool(np.any(curve.highs > curve.lows)) for curve in curves)


def sparkline(steps: Array, means: Array) -> str:
    """A curve as small as a word, which the numbers beside it tell enough of."""
    x, y = _range([steps]), _range([means])
    path = element("path", d=_path(_places(steps, x), SIDE - _places(means, y)))
    attributes = {"viewBox": f"0 0 {SIDE} {SIDE}", "preserveAspectRatio": "none", "class_": "spark"}
    return element("svg", path, aria_hidden="true", **attributes)


def _range(arrays: Sequence[Array]) -> tuple[float, float]:
    """The lowest and highest finite number of all; some room around a single one."""
    every = np.concatenate([*arrays, np.zeros(0)])
    every = every[np.isfinite(every)]
    low, high = (float(every.min()), float(every.max())) if len(every) else (0.0, 1.0)
    room = abs(low) / 2 or 0.5
    return (low - room, high + room) if low == high else (low, high)


def _with_margin(ends: tuple[float, float]) -> tuple[float, float]:
    room = MARGIN * (ends[1] - ends[0])
    return ends[0] - room, ends[1] + room


def _places(numbers: Array, ends: tuple[float, float]) -> Array:
    """Where numbers stand between the ends, from 0 to SIDE."""
    places: Array = (numbers - ends[0]) / (ends[1] - ends[0]) * SIDE
    return places


def _path(x: Array, y: Array) -> str:
    """A line through all points that are there, broken at others."""
    parts, pen = [], "M"
    for across, down in zip(x.tolist(), y.tolist(), strict=True):
        if np.isfinite(down):
            parts.append(f"{pen}{round(across, 2)} {round(down, 2)}")
        pen = "L" if np.isfinite(down) else "M"
    return "".join(parts)


def _dots(x: Array, y: Array) -> str:
    """Those points that no line reaches, as lines without length."""
    there = np.pad(np.isfinite(y), 1)
    lone = there[1:-1] & ~there[:-2] & ~there[2:]
    return "".join(
        f"M{round(across, 2)} {round(down, 2)}h0"
        for across, down in zip(x[lone].tolist(), y[lone].tolist(), strict=True)
    )


def _line(curve: Curve, x: tuple[float, float], y: tuple[float, float], tell: Callable[[float], str]) -> str:
    across = _places(curve.steps, x)
    low, mean, high = (SIDE - _places(numbers, y) for numbers in (curve.lows, curve.means, curve.highs))
    kind = f"c{curve.colour % COLOURS}"
    band = ""
    if _merged([curve]):
        there = np.isfinite(mean)
        outline = [
            *zip(across[there], high[there], strict=True),
            *zip(across[there][::-1], low[there][::-1], strict=True),
        ]
        points = " ".join(f"{round(float(a), 2)},{round(float(b), 2)}" for a, b in outline)
        band = element("polygon", points=points, class_=f"band {kind}")
    texts = [odd or tell(mean) for mean, odd in zip(curve.means.tolist(), curve.odd, strict=True)]
    dots = _dots(across, mean)
    band += element("path", d=dots, class_=f"dots {kind}") if dots else ""
    return band + element(
        "path",
        d=_path(across, mean),
        class_=f"curve {kind}",
        stroke_dasharray=DASHES[curve.dash % len(DASHES)] or None,
        data_label=curve.label,
        data_steps=json.dumps(curve.steps.tolist()),
        data_told=json.dumps([trimmed(step, 9) for step in curve.steps.tolist()]),
        data_values=json.dumps([value if np.isfinite(value) else None for value in curve.means.tolist()]),
        data_texts=json.dumps(texts),
    )


def _mark(curve: Curve, x: tuple[float, float]) -> str:
    """What is no finite number, as what it is, at the upper edge."""
    places = _places(curve.steps, x) / SIDE
    return "".join(
        element(
            "span",
            said(odd),
            class_=f"odd c{curve.colour % COLOURS}",
            style=f"left:{round(100 * place, 2)}%",
            data_at=step,
        )
        for step, place, odd in zip(curve.steps.tolist(), places.tolist(), curve.odd, strict=True)
        if odd
    )


def _grid(x: tuple[float, float], y: tuple[float, float]) -> str:
    down = [f"M{round(place, 2)} 0V{SIDE}" for place in _places(np.array(nice_ticks(*x)), x).tolist()]
    across = [f"M0 {round(SIDE - place, 2)}H{SIDE}" for place in _places(np.array(nice_ticks(*y)), y).tolist()]
    return element("path", d="".join([*down, *across]), class_="grid")


def _ticks(axis: str, places: Sequence[float], ends: tuple[float, float]) -> list[str]:
    side = "left" if axis == "x" else "bottom"
    shares = _places(np.array(places), ends) / SIDE
    return [
        element("span", said(text), class_=f"tick {axis}", style=f"{side}:{round(100 * share, 2)}%", aria_hidden="true")
        for text, share in zip(ticks(places), shares.tolist(), strict=True)
    ]


def _key(curve: Curve, tell: Callable[[float], str]) -> str:
    """What a line stands for, and where it ends."""
    sample = element(
        "svg",
        element(
            "path",
            d="M0 5H28",
            class_=f"curve c{curve.colour % COLOURS}",
            stroke_dasharray=DASHES[curve.dash % len(DASHES)] or None,
        ),
        viewBox="0 0 28 10",
        class_="sample",
        aria_hidden="true",
    )
    last = curve.odd[-1] or tell(float(curve.means[-1])) if len(curve.steps) else "nothing"
    return element("li", sample, f"{said(curve.label)}: last {said(last)}")


def _numbers(title: str, axis: str, curves: Sequence[Curve], tell: Callable[[float], str]) -> str:
    """The table behind the figure: a row for each step that any curve has, evenly fewer where these are very many."""
    every = np.unique(np.concatenate([curve.steps for curve in curves] + [np.zeros(0)]))
    shown = (
        every[np.unique(np.linspace(0, len(every) - 1, min(len(every), MOST_ROWS)).round().astype(int))]
        if len(every)
        else every
    )
    of = [
        {step: odd or tell(mean) for step, mean, odd in zip(c.steps.tolist(), c.means.tolist(), c.odd, strict=True)}
        for c in curves
    ]
    rows = [[trimmed(step, 9), *(texts.get(step, "") for texts in of)] for step in shown.tolist()]
    fewer = f", {integer(len(shown))} of {integer(len(every))} rows" if len(shown) < len(every) else ""
    return folded(
        f"Numbers of this figure{fewer}", table(f"{title} by {axis}", [axis, *(c.label for c in curves)], rows)
    )
