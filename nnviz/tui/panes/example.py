"""The focused example, as the network sees it."""

import math

from msgspec.structs import replace
from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip

from nnviz.frame.example_view import PIXELS, ExampleView
from nnviz.frame.focus import Focus
from nnviz.frame.frame import Frame
from nnviz.outside_text import apart
from nnviz.tui.drawing.bars import signed_bar
from nnviz.tui.drawing.grid import picture, picture_width, pixel_at
from nnviz.tui.drawing.rows import filled, fit, fit_right, row
from nnviz.tui.drawing.steering import NAME, steered
from nnviz.tui.drawing.surface import example_at, surface, told_place
from nnviz.tui.drawing.text import bar_at, marked_text
from nnviz.tui.panes.framed_pane import Caption, FramedPane
from nnviz.wording import count, fitted_in_unit, fitted_trimmed, integer, number

VALUE, SHORTEST_BAR, SHORTEST_NAME = 9, 11, 5
TARGET, SAID = "target ", "said "


class ExamplePane(FramedPane):
    """A picture at its own resolution, a text with its marks or a list of features, and what became of it."""

    parts = frozenset({"example", "surface", "points"})
    turns = frozenset({1, 6})
    follows = frozenset({"example"})
    title = "Example"

    def caption(self, frame: Frame, width: int, height: int) -> Caption:  # noqa: ARG002
        example, examined = frame.example, frame.examined
        place = f"{integer(example.place + 1)} of {integer(example.batch_size)} in the batch"
        if examined is not None:
            place = f"{examined.split} · {integer(examined.place + 1)} of {integer(examined.count)} mistakes"
        title = self.title
        if frame.surface is not None:
            title = f"Example · {'decision' if frame.task.class_names else 'predicted'} surface"
            if frame.surface.steps < frame.moment.step:
                title = f"Surface after {count(frame.surface.steps, 'step')}"
        return Caption(title, f"augmented · {place}" if frame.example.augmented else place)

    def draw(self, frame: Frame, width: int, height: int) -> list[Strip]:
        example = frame.example
        verdict = self._verdict(frame, width)
        room = height - len(verdict)
        if frame.surface is not None and frame.points is not None:
            strips = surface(frame.surface, frame.points, frame.task.class_names, width, room, self.palette)
        elif example.text is not None:
            layer = next((layer.name for layer in frame.layers if layer.edges is not None), "")
            strips = marked_text(example.text, layer, width, room, self.palette)
        elif example.pixels is not None:
            strips = self._picture(frame, width, room)
        else:
            strips = self._features(example, width, room)
        return strips + verdict

    def _picture(self, frame: Frame, width: int, room: int) -> list[Strip]:
        example = frame.example
        if example.pixels is None or room < 2:
            return []
        strips = picture(example.pixels, width, room, self.palette)
        if example.wanted is not None and frame.task.target_name == NAME:
            strips = steered(strips, example.wanted, example.told, self.palette)
        margin = [Segment(" " * ((width - strips[0].cell_length) // 2), self.palette.style(self.palette.text))]
        return [filled(Strip([*margin, *strip]), width, self.palette) for strip in strips]

    def _features(self, example: ExampleView, width: int, room: int) -> list[Strip]:
        """A row each: the value in its own unit, and a bar for how many deviations it is from the training mean."""
        features, text = example.features, self.palette.style(self.palette.text)
        stored = features if example.is_own else example.stored
        if features is None or stored is None:
            return []
        largest = max(float(abs(features).max()), 1e-12)
        names = example.feature_names or tuple(f"x{k}" for k in range(len(features)))
        name_width = max(6, min(max(map(cell_len, names)), width - VALUE - SHORTEST_BAR))
        names = apart(names, name_width)
        rows = []
        for name, standardised, value in zip(names[:room], features.tolist(), stored.tolist(), strict=False):
            bar = signed_bar(standardised / largest, max(width - name_width - VALUE - 2, 3), self.palette)
            told = [(fit(name, name_width), text), (fit_right(fitted_trimmed(value, VALUE - 1), VALUE) + "  ", text)]
            rows.append(row([*told, *bar], width, self.palette))
        return rows

    def clicked(self, frame: Frame, x: int, y: int) -> Focus | None:
        """The example of the batch there, or what the network gets from the pixel, n-gram or feature there."""
        width, height = self.content_size
        room = height - len(self._verdict(frame, width))
        if not 0 <= y < room:
            return None
        if frame.surface is not None and frame.points is not None:
            chosen = example_at(frame.surface, frame.points, width, room, x, y)
            is_other = chosen is not None and chosen != frame.points.focused
            return replace(frame.focus, example=chosen) if chosen is not None and is_other else None
        number = _input_at(frame, width, room, x, y)
        if number is None:
            return None
        focus = frame.focus
        # Where a unit of the first layer is under the cursor, that is the weight that it has for it.
        is_weight = focus.unit is not None and focus.block == 0 and frame.input.sides is None
        return replace(focus, block=0, unit=focus.unit if is_weight else None, input=number)

    def _verdict(self, frame: Frame, width: int) -> list[Strip]:
        """The label and where the example is, and what the network said of it."""
        example, palette = frame.example, self.palette
        text, faint = palette.style(palette.text, bold=True), palette.style(palette.faint)
        place_in_split = f" #{integer(example.number + 1)}"
        room = width - len(place_in_split)
        label, place = self._label(frame, room)
        lines = [row([(fit(label + place, room), text), (place_in_split, faint)], width, palette)]
        if example.prediction is None or example.loss is None:
            return [*lines, row([("not asked yet", faint)], width, palette)]
        loss = f"  loss {number(example.loss, decimals=frame.title.decimals)}"
        verdict, colour = "", text
        if example.said is not None:
            right = example.said == example.label
            names = apart(frame.task.class_names, max(width - len(SAID) - 2 - len(loss), SHORTEST_NAME))
            verdict = f"{SAID}{names[example.said]} {'✓' if right else '✗'}"
            colour = palette.style(palette.good if right else palette.bad, bold=True)
        elif example.told is not None:
            verdict = SAID + fitted_in_unit(example.told, width - len(SAID), frame.task.decimals(0))
        if cell_len(verdict + loss) > width:
            loss = ""
        return [*lines, row([(verdict, colour), (loss, faint)], width, palette)]

    def _label(self, frame: Frame, room: int) -> tuple[str, str]:
        """The label or target of the example, and its place on the plane as far as there is room for it."""
        example, classes = frame.example, frame.task.class_names
        place = ""
        if frame.surface is not None and frame.points is not None:
            place = f" {told_place(frame.surface, frame.points)}"
        if cell_len(place) + len(TARGET) + SHORTEST_NAME > room:
            place = ""
        room -= cell_len(place)
        if example.label is not None:
            return apart(classes, max(room, SHORTEST_NAME))[example.label], place
        if any(map(math.isnan, example.target.tolist())):
            # Of somebody else's loss it may not be known.
            return "", place
        if example.wanted is None:
            several = TARGET + ", ".join(number(y, decimals=frame.title.decimals) for y in example.target.tolist())
            return several if cell_len(several) <= room else TARGET, place
        return TARGET + fitted_in_unit(example.wanted, room - len(TARGET), frame.task.decimals(0)), place


def _input_at(frame: Frame, width: int, height: int, x: int, y: int) -> int | None:
    """The unit of the network's input that stands there; of a pixel's channels, the brightest."""
    example = frame.example
    if example.is_own:
        return None
    if example.text is not None:
        ngram = bar_at(example.text, width, height, y)
        return None if ngram is None else ngram.input
    if example.pixels is None:
        shown = 0 if example.features is None else len(example.features)
        return y if y < shown else None
    drawn = picture_width(example.pixels.shape, width, height)
    place = pixel_at(example.pixels.shape, width, height, x - (width - drawn) // 2, y)
    if place is None:
        return None
    channel = int(example.pixels[place].argmax())
    if frame.input.sides is not None:
        return channel
    rows, columns, channels = frame.task.input_shape
    step = -(-max(rows, columns) // PIXELS)
    return (place[0] * columns + place[1]) * step * channels + channel
