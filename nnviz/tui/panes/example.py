"""The focused example, as the network sees it."""

from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip

from nnviz.training.frame import ExampleView, Frame
from nnviz.tui.drawing.bars import signed_bar
from nnviz.tui.drawing.grid import picture
from nnviz.tui.drawing.rows import filled, fit, fit_right, row
from nnviz.tui.drawing.steering import NAME, steered
from nnviz.tui.drawing.surface import surface, told_place
from nnviz.tui.drawing.text import marked_text
from nnviz.tui.panes.framed_pane import Caption, FramedPane
from nnviz.wording import apart, count, in_unit, number, trimmed

VALUE, SHORTEST_BAR, SHORTEST_NAME = 9, 11, 5


class ExamplePane(FramedPane):
    """A picture at its own resolution, a text with its marks or a list of features, and what became of it."""

    parts = frozenset({"example", "surface", "points"})
    turns = frozenset({1, 5})
    follows = frozenset({"example"})
    title = "Example"

    def caption(self, frame: Frame, width: int, height: int) -> Caption:  # noqa: ARG002
        place = f"{frame.example.place + 1} of {frame.example.batch_size} in the batch"
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
            told = [(fit(name, name_width), text), (fit_right(trimmed(value), VALUE) + "  ", text)]
            rows.append(row([*told, *bar], width, self.palette))
        return rows

    def _verdict(self, frame: Frame, width: int) -> list[Strip]:
        example, palette = frame.example, self.palette
        text, faint = palette.style(palette.text, bold=True), palette.style(palette.faint)
        classes = frame.task.class_names
        place, place_in_split = "", f"#{example.number:,}".rjust(8)
        if frame.surface is not None and frame.points is not None:
            place, place_in_split = f" {told_place(frame.surface, frame.points)}", f"#{example.number:,}".rjust(5)
        label = "target"
        if example.label is not None:
            label = apart(classes, max(width - cell_len(place) - len(place_in_split), SHORTEST_NAME))[example.label]
        elif example.wanted is not None:
            label = f"target {in_unit(example.wanted, frame.task.decimals(0))}"
        label += place
        lines = [row([(fit(label, width - len(place_in_split)), text), (place_in_split, faint)], width, palette)]
        if example.said is not None and example.loss is not None:
            right = example.said == example.label
            loss = f"  loss {number(example.loss)}"
            said = apart(classes, max(width - len("said  ✓") - len(loss), SHORTEST_NAME))[example.said]
            verdict = f"said {said} {'✓' if right else '✗'}"
            colour = palette.style(palette.good if right else palette.bad, bold=True)
            lines.append(row([(verdict, colour), (loss, faint)], width, palette))
        elif example.told is not None and example.loss is not None:
            said = f"said {in_unit(example.told, frame.task.decimals(0))}"
            lines.append(row([(said, text), (f"  loss {number(example.loss)}", faint)], width, palette))
        else:
            lines.append(row([("not asked yet" if example.prediction is None else "", faint)], width, palette))
        return lines
