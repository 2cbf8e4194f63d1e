"""The focused example, as the network sees it."""

from rich.segment import Segment
from textual.strip import Strip

from nnviz.training.frame import ExampleView, Frame
from nnviz.tui.drawing.bars import signed_bar
from nnviz.tui.drawing.grid import picture
from nnviz.tui.drawing.numbers import plain, signed
from nnviz.tui.drawing.rows import filled, fit, row
from nnviz.tui.panes.pane import Pane


class ExamplePane(Pane):
    """A picture at its own resolution (or a list of features), and what became of it."""

    turns = frozenset({1, 5})
    follows = frozenset({"example"})
    title = "Example"

    def caption(self, frame: Frame) -> None:
        place = f"{frame.example.place + 1} of {frame.example.batch_size} in the batch"
        self.border_subtitle = f"augmented · {place}" if frame.example.augmented else place

    def draw(self, frame: Frame, width: int, height: int) -> list[Strip]:
        example = frame.example
        verdict = self._verdict(frame, width)
        room = height - len(verdict)
        if example.pixels is not None:
            strips = self._picture(example, width, room)
        else:
            strips = self._features(example, width, room)
        return strips + verdict

    def _picture(self, example: ExampleView, width: int, room: int) -> list[Strip]:
        if example.pixels is None or room < 2:
            return []
        strips = picture(example.pixels, width, room)
        margin = [Segment(" " * ((width - strips[0].cell_length) // 2), self.palette.style(self.palette.text))]
        return [filled(Strip([*margin, *strip]), width, self.palette) for strip in strips]

    def _features(self, example: ExampleView, width: int, room: int) -> list[Strip]:
        features = example.features
        if features is None:
            return []
        largest = max(float(abs(features).max()), 1e-12)
        rows = []
        for number, value in enumerate(features[:room].tolist()):
            text = self.palette.style(self.palette.text)
            bar = signed_bar(value / largest, max(width - 16, 3), self.palette)
            rows.append(row([(f"x{number:<5}", text), (f"{signed(value):>8}  ", text), *bar], width, self.palette))
        return rows

    def _verdict(self, frame: Frame, width: int) -> list[Strip]:
        example, palette = frame.example, self.palette
        text, faint = palette.style(palette.text, bold=True), palette.style(palette.faint)
        label = frame.task.class_names[example.label] if example.label is not None else "target"
        lines = [row([(fit(label, width - 8), text), (f"#{example.number:,}".rjust(8), faint)], width, palette)]
        if example.said is not None and example.loss is not None:
            right = example.said == example.label
            verdict = f"said {frame.task.class_names[example.said]} {'✓' if right else '✗'}"
            colour = palette.style(palette.good if right else palette.bad, bold=True)
            loss = f"  loss {plain(example.loss)}"
            lines.append(row([(verdict, colour), (loss, faint)], width, palette))
        else:
            lines.append(row([("not asked yet" if example.prediction is None else "", faint)], width, palette))
        return lines
