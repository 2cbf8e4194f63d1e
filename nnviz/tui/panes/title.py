"""The first line: what is trained, how, and what it is doing now."""

from rich.cells import cell_len
from textual.strip import Strip

from nnviz.training.frame import Frame, State
from nnviz.tui.drawing.rows import Run, fit, row
from nnviz.tui.panes.pane import Pane
from nnviz.wording import compact, cut, printable


class TitlePane(Pane):
    """Data, network, loss and optimizer on the left; the state of the run on the right."""

    parts = frozenset({"title", "rates"})
    turns = frozenset({4})
    follows = frozenset({"learning_rate"})

    def __init__(self) -> None:
        super().__init__()
        self._pace = ""
        self._fault: str | None = None

    def show_pace(self, words: str) -> None:
        """Say at which pace the training runs, or would."""
        self._pace = words
        self.redraw()

    def show_fault(self, fault: str | None) -> None:
        """Say what went wrong with the trainer instead of its state."""
        self._fault = fault and printable(fault)
        self.redraw()

    def draw(self, frame: Frame, width: int, height: int) -> list[Strip]:  # noqa: ARG002
        palette, title = self.palette, frame.title
        text, faint = palette.style(palette.text), palette.style(palette.faint)
        right = self._state(frame)
        used = sum(cell_len(run) for run, _ in right)
        room = max(width - used - 9, 0)
        dataset, network = cut(title.dataset, room // 2), title.network or "no hidden layer"
        left = f"{dataset} · {network} · {title.optimizer} · {title.loss}"
        if title.skipped:
            left += f" · {title.skipped:,} skipped"
        name: Run = (" nnviz  ", palette.style(palette.accent, bold=True))
        return [row([name, (fit(left, room), text), (" ", faint), *right], width, palette)]

    def _state(self, frame: Frame) -> list[Run]:
        palette = self.palette
        if self._fault is not None:
            return [(f"✖ {self._fault} ", palette.style(palette.bad, bold=True))]
        colour, sign = {
            State.READY: (palette.text, "●"),
            State.RUNNING: (palette.good, "▶"),
            State.PAUSED: (palette.accent, "●"),
            State.FINISHED: (palette.good, "✓"),
            State.DIVERGED: (palette.bad, "✖"),
        }[frame.state]
        runs: list[Run] = []
        if frame.state is State.RUNNING:
            rate = frame.rates.steps_per_second
            speed = f" · {compact(rate)} steps/s" if rate is not None and rate >= 2 else ""
            runs.append((f"{self._pace}{speed}  ", palette.style(palette.faint)))
        runs.append((f"{sign} {frame.state.upper()} ", palette.style(colour, bold=True)))
        return runs
