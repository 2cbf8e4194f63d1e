"""The focused example, as the network sees it."""

from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip

from nnviz.frame.example_view import ExampleView
from nnviz.frame.frame import Frame
from nnviz.outside_text import apart
from nnviz.tui.drawing.bars import signed_bar
from nnviz.tui.drawing.grid import picture
from nnviz.tui.drawing.rows import filled, fit, fit_right, row
from nnviz.tui.drawing.steering import NAME, steered
from nnviz.tui.drawing.surface import surface, told_place
from nnviz.tui.drawing.text import marked_text
from nnviz.tui.panes.framed_pane import Caption, FramedPane
from nnviz.wording import count, fitted_in_unit, fitted_trimmed, integer, number

VALUE, SHORTEST_BAR, SHORTEST_NAME = 9, 11, 5
TARGET, SAID = "target ", "said "


class ExamplePane(FramedPane):
    """A picture at its own resolution, a text with its marks or a list of features, and what became of it."""

    parts = frozenset({"example", "surface", "points"})
    turns = frozenset({1, 5})
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
        features, stored, text = example.features, example.stored, self.palette.style(self.palette.text)
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
        if example.wanted is None:
            several = TARGET + ", ".join(number(y, decimals=frame.title.decimals) for y in example.target.tolist())
            return several if cell_len(several) <= room else TARGET, place
        return TARGET + fitted_in_unit(example.wanted, room - len(TARGET), frame.task.decimals(0)), place
