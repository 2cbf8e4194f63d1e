"""The first line: what is trained, how, and what it is doing now."""

from itertools import groupby

from rich.cells import cell_len
from textual import events
from textual.strip import Strip

from nnviz.frame.examined import Examined
from nnviz.frame.frame import Frame, State
from nnviz.outside_text import cut, printable
from nnviz.tui.drawing.loss_legend import ALERT
from nnviz.tui.drawing.rows import Run, fit, row
from nnviz.tui.panes.pane import Pane
from nnviz.wording import compact, count, integer, trimmed

NAME = " nnviz  "
LEAST_NAME = 8
"""Cells that are left of the name of the data."""
FAULT_ROOMS = (60, 40, 30, 20)
"""What went wrong is told in full below; here it may be cut."""


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
        palette, right = self.palette, self._right(frame, width)
        room = max(width - _length(right) - cell_len(NAME) - 1, 0)
        name: Run = (NAME, palette.style(palette.accent, bold=True))
        left: Run = (fit(_told(frame, room), room), palette.style(palette.text))
        return [row([name, left, (" ", palette.style(palette.faint)), *right], width, palette)]

    async def on_click(self, event: events.Click) -> None:
        """What the keys do with what is under the mouse: alerts are listed, a way or an example left, training run."""
        if self._frame is None or self._fault is not None:
            return
        end = self.size.width
        for text, _ in reversed(self._right(self._frame, end)):
            end -= cell_len(text)
            if event.x >= end:
                leaves = self._frame.state is State.REPLAYING or self._frame.examined is not None
                await self.screen.run_action("health" if text.startswith(ALERT) else "stay" if leaves else "play")
                return

    def _right(self, frame: Frame, width: int) -> list[Run]:
        """What the run is doing, in as many words as leave room for the rate."""
        rights = self._alerted(frame, self._states(frame))
        shortest = cell_len(_rate(frame)) + cell_len(NAME)
        return next((runs for runs in rights if _length(runs) + shortest <= width), rights[-1])

    def _alerted(self, frame: Frame, states: list[list[Run]]) -> list[list[Run]]:
        """The same after the sign that the rules of health have something to say."""
        if not frame.alerts or self._fault is not None:
            return states
        bad = self.palette.style(self.palette.bad, bold=True)
        whole, short = (
            f"{ALERT} {words}  " for words in (f"{count(frame.alerts, 'alert')} (h)", integer(frame.alerts))
        )
        return [[(whole, bad), *states[0]], *([(short, bad), *state] for state in states)]

    def _states(self, frame: Frame) -> list[list[Run]]:
        """What the run is doing, in ever fewer words."""
        palette = self.palette
        if self._fault is not None:
            bad = palette.style(palette.bad, bold=True)
            return [[(f"✖ {cut(self._fault, room)} ", bad)] for room in (cell_len(self._fault), *FAULT_ROOMS)]
        if frame.state is State.REPLAYING:
            return self._ways(frame)
        if frame.examined is not None:
            return self._examined(frame, frame.examined)
        colour, sign = {
            State.READY: (palette.text, "●"),
            State.RUNNING: (palette.good, "▶"),
            State.PAUSED: (palette.accent, "●"),
            State.WATCHING: (palette.good, "●"),
            State.FINISHED: (palette.good, "✓"),
            State.DIVERGED: (palette.bad, "✖"),
        }[frame.state]
        state: Run = (f"{sign} {frame.state.upper()} ", palette.style(colour, bold=True))
        if frame.state is not State.RUNNING:
            return [[state]]
        rate = frame.rates.steps_per_second
        speed = f" · {compact(rate)} steps/s" if rate is not None and rate >= 2 else ""
        faint = palette.style(palette.faint)
        return [*([(f"{words}  ", faint), state] for words in (f"{self._pace}{speed}", self._pace)), [state]]

    def _examined(self, frame: Frame, examined: Examined) -> list[list[Run]]:
        """Which example that was never trained on is looked at, in ever fewer words."""
        palette = self.palette
        leave: Run = ("escape goes back  ", palette.style(palette.faint))
        style = palette.style(palette.accent, bold=True)
        told: Run = (f"◆ {examined.split.upper()} EXAMPLE #{integer(frame.example.number + 1)} ", style)
        return [[leave, told], [told], [(f"◆ {examined.split.upper()} ", style)]]

    def _ways(self, frame: Frame) -> list[list[Run]]:
        """Where it is going, in ever fewer words."""
        palette, goal = self.palette, integer(frame.goal or 0)
        style = palette.style(palette.accent, bold=True)
        leave: Run = ("escape stays  ", palette.style(palette.faint))
        return [[leave, (f"↺ REPLAYING to step {goal} ", style)], [(f"↺ to step {goal} ", style)]]


def _length(runs: list[Run]) -> int:
    return sum(cell_len(text) for text, _ in runs)


def _rate(frame: Frame) -> str:
    return f"lr {trimmed(frame.rate)}"


def _told(frame: Frame, room: int) -> str:
    """Data, network, optimizer and loss in so many cells: what can be seen elsewhere goes first, the rate never."""
    title = frame.title
    networks = _networks(title.network)
    rule = f"{frame.update_rule.rule} {_rate(frame)}"
    skipped = [f"{integer(title.skipped)} skipped"] if title.skipped else []
    dataset = cut(title.dataset, max(room // 3, LEAST_NAME))
    texts = [[dataset, network, title.optimizer, title.loss, *skipped] for network in networks[:2]]
    # What was left out of the data is told nowhere else once the training has begun.
    for rest in [skipped, []] if skipped else [[]]:
        texts.append([dataset, networks[1], title.optimizer, *rest])
        texts += [[dataset, network, rule, *rest] for network in networks[1:]]
        texts.append([dataset, rule, *rest])
    texts += [[dataset, _rate(frame)], [_rate(frame)]]
    joined = (" · ".join(parts) for parts in texts)
    return next((text for text in joined if cell_len(text) <= room), "")


def _networks(described: str) -> list[str]:
    """A network in ever fewer words: whole, with equal neighbours as one (10 × dense 16 sigmoid), its beginning."""
    if not described:
        return ["no hidden layer"] * 2
    layers = described.split(", ")
    groups = [(layer, len(list(same))) for layer, same in groupby(layers)]
    folded = [layer if many == 1 else f"{many} × {layer}" for layer, many in groups]
    after = [sum(many for _, many in groups[shown:]) for shown in range(len(groups))]
    begun = [f"{', '.join(folded[:shown])} and {integer(after[shown])} more" for shown in range(len(groups) - 1, 0, -1)]
    return [described, ", ".join(folded), *begun]
