"""The prediction beside the target."""

from rich.cells import cell_len
from textual.strip import Strip

from nnviz.data.task import Targets
from nnviz.training.frame import Frame
from nnviz.tui.drawing.bars import bar
from nnviz.tui.drawing.hill import hills
from nnviz.tui.drawing.rows import Run, fit, fit_right, row
from nnviz.tui.drawing.track import PREDICTION, TARGET, track
from nnviz.tui.panes.framed_pane import Caption, FramedPane
from nnviz.wording import apart, in_unit, number

NUMBER = 6
WIDE = 10


class PredictionPane(FramedPane):
    """One row an output: what the network says (p) and what the label says (y)."""

    parts = frozenset({"example"})
    # Those of the example's pane, so that both are of one example.
    turns = frozenset({1, 5})
    follows = frozenset({"example"})
    title = "Prediction and target"

    def caption(self, frame: Frame, width: int, height: int) -> Caption:  # noqa: ARG002
        shown_whole = frame.task.is_hill(len(frame.example.target))
        hidden = 0 if shown_whole else len(frame.example.target) - max(height - 1, 1)
        return Caption(self.title, f"{hidden:,} more outputs" if hidden > 0 else "")

    def draw(self, frame: Frame, width: int, height: int) -> list[Strip]:
        targets = frame.task.in_units(len(frame.example.target))
        if targets is not None:
            return self._numbers(frame, targets, width, height)
        if frame.task.is_hill(len(frame.example.target)):
            return hills(frame, width, height, self.palette)
        palette = self.palette
        text, faint = palette.style(palette.text), palette.style(palette.faint)
        names = frame.task.output_names(len(frame.example.target))
        name_width = max(4, min(max(map(cell_len, names)), width // 3))
        names = apart(names, name_width)
        bar_width = max(width - name_width - 2 * NUMBER - 5, 0)
        header = fit("", name_width) + fit_right("p", NUMBER + 1) + " " * (bar_width + 2) + fit_right("y", NUMBER - 2)
        rows = [row([(header, faint)], width, palette)]
        shown = self._order(frame, height - 1)
        example = frame.example
        for output in shown:
            target = float(example.target[output])
            p = None if example.prediction is None else float(example.prediction[output])
            wanted = target == max(example.target) and target > 0
            colour = palette.style(palette.good if wanted else palette.accent)
            runs: list[Run] = [(fit(names[output], name_width), text)]
            runs.append((fit_right("·" if p is None else number(p), NUMBER + 1), text if p is not None else faint))
            share = 0.0 if p is None else p
            runs.append((" " + bar(share, bar_width) + " ", colour))
            runs.append((fit_right(number(target) if target not in (0, 1) else f"{target:.0f}", NUMBER - 2), text))
            runs.append((" ◀" if wanted else "  ", palette.style(palette.good)))
            rows.append(row(runs, width, palette))
        return rows

    def _numbers(self, frame: Frame, targets: Targets, width: int, height: int) -> list[Strip]:
        """Numbers in their own unit, and both on a line."""
        palette, example = self.palette, frame.example
        text, faint, bold = palette.style(palette.text), palette.style(palette.faint), palette.style(palette.text, True)
        name_width = max(4, min(max(map(cell_len, targets.names)), width // 4))
        names = apart(targets.names, name_width)
        room = width - name_width - 2 * WIDE - 2
        header = f"{fit('', name_width)}{fit_right(f'p {PREDICTION}', WIDE)}{fit_right(f'y {TARGET}', WIDE)}"
        rows = [row([(header, faint)], width, palette)]
        for output in range(min(len(names), max(height - 1, 1))):
            y = float(example.target[output])
            p = None if example.prediction is None else float(example.prediction[output])
            said = "·" if p is None else in_unit(p, targets.decimals(output))
            runs: list[Run] = [
                (fit(names[output], name_width), text),
                (fit_right(said, WIDE), faint if p is None else bold),
                (fit_right(in_unit(y, targets.decimals(output)), WIDE) + "  ", text),
            ]
            runs += track(p, y, targets.mean[output], targets.deviation[output], room, palette)
            rows.append(row(runs, width, palette))
        return rows

    def _order(self, frame: Frame, room: int) -> list[int]:
        """Which outputs are shown: all, or the target and the most likely ones, in their own order."""
        outputs = len(frame.example.target)
        if outputs <= room:
            return list(range(outputs))
        p = frame.example.prediction if frame.example.prediction is not None else frame.example.target
        target = int(frame.example.target.argmax())
        likely = [int(k) for k in (-p).argsort(kind="stable") if k != target]
        return sorted([target, *likely][: max(room, 1)])
