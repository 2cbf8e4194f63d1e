"""The network as a diagram: columns of nodes coloured by what they hold, edges coloured by their weights."""

import math
from itertools import groupby, pairwise

import msgspec
import numpy as np
from msgspec.structs import replace
from rich.cells import cell_len
from rich.style import Style
from textual.strip import Strip

from nnviz.array import Array
from nnviz.frame.frame import Frame
from nnviz.frame.layer_views import Units
from nnviz.frame.operations import Function
from nnviz.frame.stages import Phase
from nnviz.outside_text import apart
from nnviz.tui.drawing.grid import levels
from nnviz.tui.drawing.palette import LEVELS, Palette
from nnviz.tui.drawing.rows import Run, centred, fit, page, row
from nnviz.wording import compact, fitted_signed, integer

NARROWEST = 9
NUMBERED = 15
# Width of the number beside a node where there is room for all of its digits, and of the name of an input.
NUMBER, NAMED = 7, 9
# So much wider the column of the outputs is, beside whose nodes stand names and numbers.
NAMES = 4
# Of an output's name, so much is whole where other columns can be as narrow as that leaves them.
LONGEST = 12
# Width of what stands for the columns that are not shown.
FOLD = 5
# Lines above the nodes: names and sizes.
HEAD = 2
CURSOR = "◉"
# The dots of a braille cell, [row][column], as bits added to U+2800.
DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])


class Column(msgspec.Struct, frozen=True):
    """One column of nodes.

    layers    numbers of the layers that it stands for; −1 is the input
    folded    how many columns between this one and the one before it are not shown
    values    what its nodes hold at this moment, by the places in `units.indices`; None if nothing yet
    edges     (nodes before, nodes here) weights; None where each node is joined to its own before it
    labels    names written beside the nodes, by unit, for the outputs and for an input of n-grams
    """

    name: str
    layers: tuple[int, ...]
    units: Units
    values: Array | None
    edges: Array | None
    labels: dict[int, str]
    folded: int = 0


def shows_gradients(frame: Frame) -> bool:
    """Whether nodes hold ∂L/∂a now: while the error travels back, until the update has landed."""
    return frame.has_begun(Phase.BACKWARD) and not frame.has_reached(Phase.UPDATE)


def lit_layer(frame: Frame) -> tuple[int, str] | None:
    """The layer that the last stage worked on, and the way the signal went through it."""
    stage = frame.stage
    arrow = {Phase.FORWARD: "▶", Phase.BACKWARD: "◀"}.get(stage.phase) if stage else None
    return (stage.part, arrow) if stage and arrow else None


def draw(frame: Frame, palette: Palette, width: int, height: int) -> list[Strip]:
    """The network of a frame in exactly `width` × `height` cells."""
    if height < 5 or width < 2 * NARROWEST + NAMES:
        return centred("not enough room for the network", width, height, palette)
    columns, after, pitch, places = _laid_out(frame, width, height)
    nodes = height - 3
    canvas = _Canvas(width, nodes, palette)
    lit = lit_layer(frame)
    scale = max((_largest(c.values) for c in columns if c.values is not None and c.layers != (-1,)), default=0.0)
    edge_scale = max((_largest(c.edges) for c in columns if c.edges is not None), default=0.0)
    wide = pitch >= NUMBERED
    faint = palette.style(palette.faint)
    names: list[Run] = []
    sizes: list[Run] = []
    rest: list[Run] = []
    titles = apart(tuple(column.name for column in columns), pitch - 2)
    x = 0
    for number, (column, place, title) in enumerate(zip(columns, places, titles, strict=True)):
        if column.folded:
            _fold(column.folded, faint, names, sizes, rest)
            canvas.fold(x)
            x += FOLD
        elif number:
            named = wide and columns[number - 1].labels
            start = x - pitch + 2 + (NAMED + 1 if named else _number_width(pitch))
            bright = lit is None or lit[0] in column.layers
            canvas.edges(start, x, column, places[number - 1], place, edge_scale, bright)
        own = _largest(column.values) if column.layers == (-1,) and column.values is not None else scale
        pointed = _pointed(frame, column)
        canvas.nodes(x + 1, column, place, own, pitch, pointed)
        names += _title(column, title, lit, frame, pitch, palette)
        sizes.append((fit(" " + _size(column, frame, pitch), pitch), faint))
        rest.append((fit(_hidden(column, len(place), pitch), pitch), faint))
        x += pitch
    if after:
        _fold(after, faint, names, sizes, rest)
        canvas.fold(x)
    strips = [row(names, width, palette), row(sizes, width, palette), *canvas.strips(), row(rest, width, palette)]
    return page(strips, width, height, palette)


class Spot(msgspec.Struct, frozen=True):
    """Where a node stands; `block` −1 is the input."""

    x: int
    y: int
    block: int
    unit: int


def spots(frame: Frame, width: int, height: int) -> list[list[Spot]]:
    """All nodes that `draw` shows, column by column, each from the top."""
    if height < 5 or width < 2 * NARROWEST + NAMES:
        return []
    columns, _, pitch, places = _laid_out(frame, width, height)
    found, x = [], 0
    for column, place in zip(columns, places, strict=True):
        x += FOLD if column.folded else 0
        block = -1 if column.layers == (-1,) else frame.layers[column.layers[0]].block
        found.append([Spot(x + 1, y + HEAD, block, int(column.units.indices[k])) for k, y in place])
        x += pitch
    return found


def _laid_out(frame: Frame, width: int, height: int) -> tuple[list[Column], int, int, list[list[tuple[int, int]]]]:
    """The columns, how many are left out after them, how far apart they stand, and where the nodes of each are."""
    columns, after = _columns(frame, width)
    return columns, after, _pitch(columns, after, width), [_places(column, height - 3) for column in columns]


def _pointed(frame: Frame, column: Column) -> int | None:
    """The unit of a column that is under the cursor."""
    focus = frame.focus
    if column.layers == (-1,):
        return focus.input if focus.unit is None else None
    return focus.unit if frame.layers[column.layers[0]].block == focus.block else None


def _number_width(pitch: int) -> int:
    """Room for the number beside a node."""
    return min(NUMBER, pitch - 4)


def _fold(count: int, style: Style, *rows: list[Run]) -> None:
    """Say in the rows above and below the nodes how many columns are not shown here."""
    for texts, text in zip(rows, (f" +{count}", " more", ""), strict=True):
        texts.append((fit(text, FOLD), style))


def node_sign(value: float) -> str:
    """A node whose sign can be seen without colours."""
    return "⊕" if value > 0 else "⊖" if value < 0 else "●"


def _columns(frame: Frame, width: int) -> tuple[list[Column], int]:
    """The columns that are shown, and how many are left out after the last one.

    One a layer where there is room, else one a block; where that is too many, those that are nearest to the focused
    block and to the layer that is lit.
    """
    groups: list[tuple[int, ...]] = [(number,) for number in range(-1, len(frame.layers))]
    if (width - NAMES) // len(groups) < NUMBERED:
        blocks = range(frame.layers[-1].block + 1)
        groups = [(-1,), *(tuple(n for n, view in enumerate(frame.layers) if view.block == block) for block in blocks)]
    lit = lit_layer(frame)
    wanted = [
        n for n, group in enumerate(groups) if group[0] >= 0 and frame.layers[group[0]].block == frame.focus.block
    ]
    wanted += [n for n, group in enumerate(groups) if lit is not None and lit[0] in group]
    shown = _shown(len(groups), wanted, width)
    columns = [replace(_column(frame, groups[n]), folded=n - before - 1) for before, n in pairwise([-1, *shown])]
    return columns, len(groups) - 1 - shown[-1]


def _shown(count: int, wanted: list[int], width: int) -> list[int]:
    """Which of `count` columns fit: those wanted and the nearest to them, in order."""
    nearest = sorted(range(count), key=lambda n: min((abs(n - w), k) for k, w in enumerate(wanted)))
    shown = list(range(count))
    for most in range(count, 1, -1):
        shown = sorted(nearest[:most])
        folds = sum(following - n > 1 for n, following in pairwise([-1, *shown, count]))
        if most * NARROWEST + folds * FOLD + NAMES <= width:
            break
    return shown


def _pitch(columns: list[Column], after: int, width: int) -> int:
    """How far apart columns stand."""
    room = width - FOLD * (sum(column.folded > 0 for column in columns) + (after > 0))
    last = columns[-1]
    longest = 0 if after else min(max(map(cell_len, last.labels.values()), default=0), LONGEST)
    pitches = [(room - more) // len(columns) for more in range(NAMES, NAMES + LONGEST)]
    pitches = [pitch for pitch in pitches if pitch >= NARROWEST] or pitches[:1]
    whole = (pitch for pitch in pitches if longest <= _name_room(pitch, _last_width(room, pitch, len(columns))))
    return next(whole, pitches[-1])


def _last_width(room: int, pitch: int, columns: int) -> int:
    """What columns that stand so far apart leave for the last one."""
    return room - pitch * (columns - 1)


def _name_room(pitch: int, width: int) -> int:
    """Cells of a name beside a node and its number, in the last column."""
    return width - 4 - _number_width(pitch)


def _column(frame: Frame, layers: tuple[int, ...]) -> Column:
    """The column that stands for some layers of one block, or for the input."""
    views = [frame.layers[n] for n in layers if n >= 0]
    name, units = (views[0].name, views[-1].units) if views else ("input", frame.input)
    values = units.gradients if shows_gradients(frame) else units.activations
    last = layers[-1] == len(frame.layers) - 1
    labels = dict(zip(units.indices.tolist(), units.names, strict=False))
    if last:
        labels = dict(enumerate(frame.task.output_names(units.total)))
    return Column(name, layers, units, values, views[0].edges if views else None, labels)


def _size(column: Column, frame: Frame, pitch: int) -> str:
    """The shape of what a column gives, and the kinds of the layers after its first one as far as there is room."""
    views = [frame.layers[n] for n in column.layers if n >= 0]
    sides = views[-1].output_shape if views else frame.task.input_shape
    # What was flattened is still shown as the maps that it was, beside the layer that made them.
    sides = (*column.units.sides, column.units.total) if column.units.sides and len(views) > 1 else sides
    size = "×".join(map(str, sides))
    followers = views[1:], [view for view in views[1:] if isinstance(view.operation, Function)]
    texts = [" ".join([size, *(view.kind for view in those)]) for those in followers if those]
    if len(sides) == 3:
        texts += [size, *([f"{sides[0]}²×{sides[2]}"] if sides[0] == sides[1] else []), compact(math.prod(sides))]
    return next((text for text in texts if cell_len(text) < pitch), texts[-1] if texts else size)


def _places(column: Column, rows: int) -> list[tuple[int, int]]:
    """(place in `units.indices`, row) of each node that is shown, in the order of the units' own indices."""
    count = min(len(column.units.indices), rows)
    order = np.argsort(column.units.indices[:count], kind="stable")
    return [(int(k), int((i + 0.5) * rows / count)) for i, k in enumerate(order)]


def _largest(values: Array | None) -> float:
    if values is None or not values.size:
        return 0.0
    finite = values[np.isfinite(values)]
    return float(np.abs(finite).max()) if finite.size else 0.0


def _title(
    column: Column, name: str, lit: tuple[int, str] | None, frame: Frame, pitch: int, palette: Palette
) -> list[Run]:
    """A column's name: underlined if it is looked at, with an arrow while the signal goes through it."""
    is_lit = lit is not None and lit[0] in column.layers
    colour = palette.accent if is_lit else palette.text
    bold = palette.style(colour, bold=True)
    focused = column.layers[0] >= 0 and frame.layers[column.layers[0]].block == frame.focus.block
    mark = lit[1] if lit and is_lit else " "
    filling = " " * (pitch - 1 - cell_len(name))
    return [(mark, bold), (name, bold + Style(underline=True) if focused else bold), (filling, bold)]


def _names(column: Column, room: int) -> dict[int, str]:
    """The names beside a column's nodes, as short as they have to be there beside the numbers of outputs."""
    width = room if column.layers != (-1,) else NAMED
    return dict(zip(column.labels, apart(tuple(column.labels.values()), width), strict=True))


def _hidden(column: Column, shown: int, pitch: int) -> str:
    """How many units have no node here."""
    hidden = column.units.total - shown
    if not hidden:
        return ""
    text = f" … {integer(hidden)} more"
    return text if len(text) < pitch else f" … {compact(hidden)}"


class _Canvas:
    """Cells with a character and a colour each; edges are drawn in braille dots below the nodes."""

    def __init__(self, width: int, height: int, palette: Palette) -> None:
        self._width, self._height, self._palette = width, height, palette
        self._dots = np.zeros((4 * height, 2 * width), bool)
        self._styles = [palette.style(colour) for colour in (*palette.shades, palette.faint)]
        self._faint = len(palette.shades)
        # Places among the styles.
        self._colours = np.full((height, width), self._faint)
        self._texts: list[list[tuple[int, str, Style]]] = [[] for _ in range(height)]

    def edges(
        self,
        start: int,
        end: int,
        here: Column,
        places_before: list[tuple[int, int]],
        places_here: list[tuple[int, int]],
        scale: float,
        bright: bool,
    ) -> None:
        """Lines from column to column, the strongest on top."""
        if end - start < 2:
            return
        if here.edges is None:
            ends = np.array([(y0, y1) for (_, y0), (_, y1) in zip(places_before, places_here, strict=False)])
            colours = np.full(len(ends), self._faint if bright else LEVELS)
            self._lines(start, end, ends[:, 0], ends[:, 1], colours)
            return
        both = zip((places_before, places_here), here.edges.shape, strict=True)
        (i, y0), (j, y1) = (np.array([place for place in places if place[0] < known]).T for places, known in both)
        weights = here.edges[np.ix_(i, j)].astype(float)
        most = max(len(places_before), len(places_here)) + (end - start)
        strongest = np.unravel_index(np.abs(weights).argsort(axis=None, kind="stable")[-most:], weights.shape)
        # Never quite the background's colour, or a weak edge could not be seen at all.
        strengths = np.copysign(np.maximum(np.abs(weights), 0.25 * scale), weights)[strongest]
        colours = LEVELS + levels(strengths if bright else strengths * 0.4, scale, LEVELS)
        self._lines(start, end, y0[strongest[0]], y1[strongest[1]], colours)

    def fold(self, x: int) -> None:
        """Dots where columns are not shown."""
        middle = self._height // 2
        self._texts[middle].append((x + 1, "⋯", self._palette.style(self._palette.faint)))

    def _lines(self, start: int, end: int, y0: Array, y1: Array, colours: Array) -> None:
        """Straight lines from rows `y0` to rows `y1`, each on top of those before it."""
        xs = np.arange(2 * (end - start))
        rises = 4 * (y1 - y0) / (len(xs) - 1)
        ys = (4 * y0[:, None] + 2 + rises[:, None] * xs).astype(np.int64)
        self._dots[ys, 2 * start + xs] = True
        tops = np.zeros((self._height, end - start), np.int64)
        np.maximum.at(tops, (ys >> 2, xs >> 1), np.arange(1, len(ys) + 1)[:, None])
        self._colours[:, start:end] = np.append(self._faint, colours)[tops]

    def nodes(
        self, x: int, column: Column, places: list[tuple[int, int]], scale: float, pitch: int, pointed: int | None
    ) -> None:
        """The nodes of a column, with their names where there is room, and their numbers; `pointed` has the cursor."""
        palette, is_input = self._palette, column.layers == (-1,)
        name_room = _name_room(pitch, self._width - x + 1)
        names = _names(column, name_room) if pitch >= NUMBERED or not is_input else {}
        room = _number_width(pitch)
        beside = max(map(cell_len, names.values()), default=-1) + 1
        for k, y in places:
            unit = int(column.units.indices[k])
            if column.values is None:
                text, style = "○", palette.style(palette.faint)
            else:
                value = float(column.values[k])
                strength = math.copysign(max(abs(value), 0.2 * scale), value)
                text = node_sign(value) if palette.colourless else "●"
                style = palette.style(palette.signed(strength, scale) if value else palette.faint)
            if unit == pointed:
                text, style = CURSOR, palette.style(palette.accent, bold=True)
            self._texts[y].append((x, text, style))
            if names:
                self._texts[y].append((x + 2, names[unit], palette.style(palette.text)))
            if column.values is not None and not (names and is_input):
                number = fitted_signed(float(column.values[k]), room)
                bright = palette.text if unit == pointed else palette.faint
                self._texts[y].append((x + 1 + (beside + 1 if names else 0), number, palette.style(bright)))

    def strips(self) -> list[Strip]:
        """The canvas, row by row."""
        width = self._width
        bits = np.einsum("yixj,ij->yx", self._dots.reshape(self._height, 4, width, 2), DOTS)
        signs = np.where(bits, 0x2800 + bits, ord(" ")).astype("<u4").tobytes().decode("utf-32-le")
        return [
            row(self._runs(signs[y * width : (y + 1) * width], colours, sorted(texts)), width, self._palette)
            for y, (colours, texts) in enumerate(zip(self._colours.tolist(), self._texts, strict=True))
        ]

    def _runs(self, signs: str, colours: list[int], texts: list[tuple[int, str, Style]]) -> list[Run]:
        """One row: its texts, and the dots between them."""
        runs: list[Run] = []
        x = 0
        for start, text, style in texts:
            runs += self._dotted(signs[x:start], colours[x:start])
            runs.append((text, style))
            x = start + cell_len(text)
        return runs + self._dotted(signs[x:], colours[x:])

    def _dotted(self, signs: str, colours: list[int]) -> list[Run]:
        """Braille dots, neighbours of one colour together."""
        runs: list[Run] = []
        x = 0
        for colour, same in groupby(colours):
            end = x + len(list(same))
            runs.append((signs[x:end], self._styles[colour]))
            x = end
        return runs
