"""What stands above the loss curve: the latest numbers, or those at the cursor."""

import math
from collections.abc import Sequence

from rich.cells import cell_len
from textual.strip import Strip

from nnviz.frame.frame import AlertMark, Curves
from nnviz.tui.drawing.axis import Scale
from nnviz.tui.drawing.loss_series import LossSeries, OtherSeries, Place
from nnviz.tui.drawing.palette import Palette
from nnviz.tui.drawing.rows import Run, row
from nnviz.wording import count, integer, number

# What stands for each line; but for the first two, it is also what is drawn.
RAW, SMOOTHED, POINT, BEST, HERE, CURSOR = "⡇", "⠒", "•", "◆", "│", "┼"
# Where an alert of the rules of health began.
ALERT = "▲"
# Other branches: one that is laid over, and what was instead of this one.
OVER, INSTEAD = "+", "·"
SEPARATOR = "  "


def legend(curves: Curves, series: LossSeries, scale: Scale | None, palette: Palette, width: int) -> Strip:
    """The latest numbers in one row, fewer of them and in fewer words where it is narrow."""
    log = scale is not None and scale.log
    for detail in reversed(range(7)):
        runs = _numbers(curves, series, palette, detail, log)
        if sum(cell_len(text) for text, _ in runs) <= width:
            break
    return row(runs, width, palette)


def readout(place: Place, series: LossSeries, palette: Palette, width: int) -> list[Strip]:
    """The numbers at the cursor, of a branch that is laid over, and the alerts that began there.

    They are in fewer words where it is narrow, and in several rows rather than in part.
    """
    for detail in reversed(range(4)):
        entries = [*_read_out(place, series, palette, detail), *_of_others(place, series.others, palette, detail)]
        entries += _begun(place, series.marks, palette, detail)
        if cell_len(SEPARATOR.join(text for text, _ in entries)) <= width:
            return [row(_separated(entries), width, palette)]
    rows: list[list[Run]] = [[]]
    for entry in entries:
        if rows[-1] and cell_len(" ".join(text for text, _ in [*rows[-1], entry])) > width:
            rows.append([])
        rows[-1].append(entry)
    return [row(_separated(runs, " "), width, palette) for runs in rows]


def _separated(entries: list[Run], separator: str = SEPARATOR) -> list[Run]:
    return [(separator * (i > 0) + text, style) for i, (text, style) in enumerate(entries)]


def _read_out(place: Place, series: LossSeries, palette: Palette, detail: int) -> list[Run]:
    step, write, mean = integer(place.step), series.write, series.write(place.mean)
    extremes = f"{write(place.lowest)}…{write(place.highest)}"
    if place.first == place.last:
        train = f"{series.name} {mean}" if detail else mean
    elif detail:
        train = f"mean {mean} ({extremes})"
        train += f" of steps {integer(place.first)}…{integer(place.last)}" if detail > 2 else ""
    else:
        train = mean
    style = palette.style(palette.text if math.isfinite(place.mean) else palette.bad)
    entries = [
        (f"{CURSOR} {'step ' * (detail > 0)}{step}", palette.style(palette.accent, bold=True)),
        (f"{RAW} {train}", style),
    ]
    if place.first < place.last and not detail:
        # In a row of their own, where one is too narrow for all three.
        entries.append((extremes, style))
    if math.isfinite(place.smoothed):
        smoothed = f"{'smoothed ' * (detail > 1)}{write(place.smoothed)}"
        entries.append((f"{SMOOTHED} {smoothed}", palette.style(palette.positive, bold=True)))
    if place.validation is not None:
        at, loss = place.validation
        since = f" @ {'step ' * (detail > 2)}{integer(at)}" if at != place.step else ""
        name = ("", "val ", "val ", "validation ")[detail]
        entries.append((f"{POINT} {name}{write(loss)}{since}", palette.style(palette.negative)))
    return entries


def _of_others(place: Place, others: Sequence[OtherSeries], palette: Palette, detail: int) -> list[Run]:
    """The smoothed loss of a branch that is laid over, where this one's cursor is."""
    found = [(other.name, other.at(place.step)) for other in others if other.chosen]
    style = palette.style(palette.text)
    return [
        (f"{OVER} {f'{name} ' * (detail > 0)}{number(loss)}", style)
        for name, loss in found
        if loss is not None and math.isfinite(loss)
    ]


def _begun(place: Place, marks: Sequence[AlertMark], palette: Palette, detail: int) -> list[Run]:
    """The alerts that began where the cursor is."""
    found = [mark for mark in marks if place.first <= max(mark.step, 1) <= place.last]
    if not found:
        return []
    words = f"{found[0].rule}{f' {found[0].layer}' if found[0].layer and detail > 1 else ''}"
    told = words if len(found) == 1 and detail else count(len(found), "alert") if detail else integer(len(found))
    return [(f"{ALERT} {told}", palette.style(palette.bad, bold=True))]


def _numbers(curves: Curves, series: LossSeries, palette: Palette, detail: int, log: bool) -> list[Run]:
    latest, write = series.latest, series.write
    smoothed = float(series.smoothed[-1]) if len(series.smoothed) else math.nan
    entries = [(RAW, f"{series.name} {write(latest)}", palette.faint if math.isfinite(latest) else palette.bad)]
    if detail >= 4 and math.isfinite(smoothed):
        entries.append((SMOOTHED, f"smoothed {write(smoothed)}", palette.positive))
    if detail >= 1 and series.judged is not None:
        name = "validation" if detail >= 5 else "val"
        entries.append((POINT, f"{name} {write(series.judged)}", palette.negative))
    over = [(other.name, other.at(other.total)) for other in series.others if other.chosen]
    if detail >= 2 + bool(over) and len(series.best[0]) and curves.best_loss is not None and curves.best_step:
        name, step = "best " * (detail >= 3), f" @ step {integer(curves.best_step)}" * (detail >= 6)
        entries.append((BEST, f"{name}{number(curves.best_loss)}{step}", palette.accent))
    if detail >= 2:
        entries += [(OVER, f"{name} {number(loss)}", palette.text) for name, loss in over if loss is not None]
    if curves.position is not None:
        entries.append((HERE, f"{'you are ' * (detail >= 5)}at step {integer(curves.position)}", palette.accent))
    if detail >= 1 and series.marks:
        entries.append((ALERT, _alerts(series.marks, detail), palette.bad))
    runs: list[Run] = []
    for glyph, text, colour in entries:
        style = palette.style(colour, bold=glyph == SMOOTHED)
        short = f"{glyph} {text} " if glyph == ALERT else f"{text} "
        runs.append((f"{glyph} {text}  " if detail >= 2 else short, style))
    if log and detail >= 2:
        runs.append(("log scale" if detail >= 4 else "log", palette.style(palette.faint)))
    text, style = runs[-1]
    return [*runs[:-1], (text.rstrip(), style)]


def _alerts(marks: Sequence[AlertMark], detail: int) -> str:
    """How many alerts are marked; of one, which it is, and where it began."""
    if detail < 4:
        return integer(len(marks))
    if len(marks) > 1:
        return count(len(marks), "alert")
    return f"{marks[0].rule}{f' @ step {integer(marks[0].step)}' * (detail >= 6)}"
