"""The prediction beside the target."""

import math

from msgspec.structs import replace
from rich.cells import cell_len
from textual.strip import Strip

from nnviz.array import Array
from nnviz.frame.focus import Focus
from nnviz.frame.frame import Frame
from nnviz.frame.outcome_view import AskedAgain
from nnviz.frame.task import Targets
from nnviz.outside_text import apart
from nnviz.tui.drawing.axis import round_up
from nnviz.tui.drawing.bars import bar
from nnviz.tui.drawing.hill import hills
from nnviz.tui.drawing.rows import Run, fit, fit_right, row
from nnviz.tui.drawing.track import PREDICTION, TARGET, track
from nnviz.tui.panes.framed_pane import BORDER, SEPARATOR, Caption, FramedPane
from nnviz.wording import ARROW, change, count, fitted, fitted_in_unit, trimmed

NUMBER, UNIT_NUMBER = 7, 10
"""Cells of a number, and of one in a unit of its own; one more stays free before it."""
NARROWEST_TARGET = 3
AFTER = "→ after"
"""Above what the network says once the update has landed."""
PUBLISHED_BAR = 6
"""Of a number with its published decimals, there are all of them where so many cells are left for a bar."""


class PredictionPane(FramedPane):
    """One row an output: what the network says (p) and what the label says (y)."""

    parts = frozenset({"example"})
    # Those of the example's pane, so that both are of one example.
    turns = frozenset({1, 6})
    follows = frozenset({"example"})
    title = "Prediction and target"

    def caption(self, frame: Frame, width: int, height: int) -> Caption:
        shown_whole = frame.task.is_hill(len(frame.example.target))
        hidden = 0 if shown_whole else len(frame.example.target) - max(height - 1, 1)
        more = [count(hidden, "more output")] if hidden > 0 else []
        again, loss, of_batch = _again(frame), frame.example.loss, frame.batch_loss
        if again is None or loss is None or of_batch is None:
            return Caption(self.title, SEPARATOR.join(more))
        room = max(min((width - BORDER - len("loss " + ARROW)) // 2, NUMBER), 1)
        told = [f"loss {change(loss, again.loss, room=room).words}"]
        told.append(f"batch {change(of_batch, again.batch_loss, room=NUMBER).words}")
        title = "Prediction before → after the update"
        return Caption(
            title if width > len(title) + BORDER else "Before → after the update", SEPARATOR.join(told + more)
        )

    def draw(self, frame: Frame, width: int, height: int) -> list[Strip]:
        targets = frame.in_units
        if targets is not None:
            return self._numbers(frame, targets, width, height)
        if frame.task.is_hill(len(frame.example.target)):
            return hills(frame, width, height, self.palette)
        palette = self.palette
        text, faint = palette.style(palette.text), palette.style(palette.faint)
        names = frame.task.output_names(len(frame.example.target))
        name_width = max(4, min(max(map(cell_len, names)), width // 3))
        names = apart(names, name_width)
        shown = self._order(frame, height - 1)
        example, labelled = frame.example, _labelled(frame)
        decimals = frame.title.decimals
        targets_told = {output: _target(float(example.target[output]), decimals) for output in shown}
        target_width = max(NARROWEST_TARGET, *map(len, targets_told.values()))
        again = _again(frame)
        later = example.prediction if again is None else again.prediction
        room = width - name_width - target_width - 6
        # With a 0 and a point before the decimals.
        wide = max(NUMBER, min((decimals or 0) + 2, room - PUBLISHED_BAR))
        shows_both = again is not None and room + 1 >= 2 * wide + len(ARROW)
        numbers = 2 * wide + len(ARROW) if shows_both else wide
        bar_width = max(room - numbers, 0)
        end, told = _end_of_bars(later, bar_width)
        head = fit_right("p" if again is None or shows_both else AFTER, wide)
        head += fit_right(AFTER, numbers - wide) if shows_both else ""
        header = f"{fit('', name_width)} {head} {told:>{bar_width}} {fit_right('y', target_width)}"
        rows = [row([(header, faint)], width, palette)]
        for output, target in targets_told.items():
            p = None if example.prediction is None else float(example.prediction[output])
            last = None if later is None else float(later[output])
            colour = palette.style(palette.good if output == labelled else palette.accent)
            said, now = "·" if p is None else fitted(p, wide, decimals=decimals), ""
            if p is not None and last is not None and again is not None:
                said, now, _ = change(p, last, room=wide, published=decimals)
                said, now = (said, now) if shows_both else (now, "")
            runs: list[Run] = [(fit(names[output], name_width), text)]
            runs.append((f" {fit_right(said, wide)}", text if p is not None else faint))
            if now:
                runs += [(ARROW, faint), (fit_right(now, wide), palette.style(palette.text, bold=True))]
            runs.append((f" {bar((last or 0.0) / end, bar_width)} ", colour))
            runs.append((fit_right(target, target_width), text))
            runs.append((" ◀" if output == labelled else "  ", palette.style(palette.good)))
            rows.append(row(runs, width, palette))
        return rows

    def _numbers(self, frame: Frame, targets: Targets, width: int, height: int) -> list[Strip]:
        """Numbers in their own unit, and both on a line."""
        palette, example = self.palette, frame.example
        text, faint, bold = palette.style(palette.text), palette.style(palette.faint), palette.style(palette.text, True)
        name_width = max(4, min(max(map(cell_len, targets.names)), width // 4))
        names = apart(targets.names, name_width)
        again = _again(frame)
        heads = [f"p {PREDICTION}", f"y {TARGET}"] if again is None else ["p", AFTER, f"y {TARGET}"]
        wide = min(UNIT_NUMBER + 1, (width - name_width) // len(heads))
        room = width - name_width - len(heads) * wide - 2
        header = f"{fit('', name_width)}{''.join(fit_right(head, wide) for head in heads)}"
        rows = [row([(header, faint)], width, palette)]
        for output in range(min(len(names), max(height - 1, 1))):
            y = float(example.target[output])
            p = None if example.prediction is None else float(example.prediction[output])
            decimals = targets.decimals(output)
            said = "·" if p is None else fitted_in_unit(p, wide - 1, decimals)
            runs: list[Run] = [(fit(names[output], name_width), text)]
            runs.append((fit_right(said, wide), faint if p is None else bold if again is None else text))
            if again is not None:
                p = float(again.prediction[output])
                runs.append((fit_right(fitted_in_unit(p, wide - 1, decimals), wide), bold))
            runs.append((fit_right(fitted_in_unit(y, wide - 1, decimals), wide) + "  ", text))
            runs += track(p, y, targets.mean[output], targets.deviation[output], room, palette)
            rows.append(row(runs, width, palette))
        return rows

    def clicked(self, frame: Frame, x: int, y: int) -> Focus | None:  # noqa: ARG002
        """The output whose row that is."""
        outputs, room = len(frame.example.target), self.content_size.height - 1
        if frame.task.is_hill(outputs) and frame.in_units is None:
            return None
        shown = self._order(frame, room) if frame.in_units is None else list(range(min(outputs, max(room, 1))))
        if not 0 < y <= len(shown):
            return None
        return replace(frame.focus, block=frame.layers[-1].block, unit=shown[y - 1], input=None)

    def _order(self, frame: Frame, room: int) -> list[int]:
        """Which outputs are shown: all, or the target and the most likely ones, in their own order."""
        outputs = len(frame.example.target)
        if outputs <= room:
            return list(range(outputs))
        p = frame.example.prediction if frame.example.prediction is not None else frame.example.target
        target = int(frame.example.target.argmax())
        likely = [int(k) for k in (-p).argsort(kind="stable") if k != target]
        return sorted([target, *likely][: max(room, 1)])


def _again(frame: Frame) -> AskedAgain | None:
    """What the network says once the update has landed, if it was asked again."""
    return None if frame.outcome is None else frame.outcome.again


def _end_of_bars(prediction: Array | None, width: int) -> tuple[float, str]:
    """Where bars end, and what says so above them.

    They end at 1; where each of many outputs is small and all bars would be slivers, nearer, if that can be said.
    """
    most = 0.0 if prediction is None or len(prediction) < 3 else float(prediction.max())
    end = trimmed(round_up(most)) if 0 < most < 0.5 else "1"
    told = next((text for text in (f"to {end}", end) if len(text) <= width), "")
    return (round_up(most), told) if told and end != "1" else (1.0, "")


def _labelled(frame: Frame) -> int | None:
    """The output that the label names; None where a single output stands for the class that it is not."""
    task, label = frame.task, frame.example.label
    if label is not None and len(frame.example.target) == 1:
        return 0 if label == task.positive_class else None
    return label


def _target(y: float, decimals: int | None) -> str:
    """0 and 1 as they are, and what smoothing makes of them with its digits; a dot for one that is not known."""
    if math.isnan(y):
        return "·"
    return fitted(y, NUMBER, 1 if y == 1 else 3, decimals)
