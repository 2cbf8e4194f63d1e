"""The second line: which stages of this training step are done, and where in the run it is."""

from rich.cells import cell_len
from textual import events
from textual.strip import Strip

from nnviz.frame.frame import Frame
from nnviz.frame.stages import Phase
from nnviz.tui.drawing.rows import Run, fit_right, row
from nnviz.tui.panes.pane import Pane
from nnviz.wording import integer

DONE, OPEN = "▰", "▱"
MOST_MARKS = 9
# What the keys of the phases go to: there is none to the end of the forward pass that does not go on to its loss.
GOALS = {Phase.FORWARD: "loss", Phase.LOSS: "loss", Phase.BACKWARD: "backward", Phase.UPDATE: "update"}


class RailPane(Pane):
    """One mark a stage, filled when it is done; the phase of the last stage is lit."""

    def draw(self, frame: Frame, width: int, height: int) -> list[Strip]:  # noqa: ARG002
        palette = self.palette
        faint = palette.style(palette.faint)
        current = frame.stage.phase if frame.stage else None
        runs: list[Run] = [(" ", faint)]
        for phase, name, marks, gap in _phases(frame, width):
            lit = palette.style(palette.accent if phase is current else palette.text, bold=phase is current)
            runs += [(name, lit), (marks, lit), (gap, faint)]
        room = width - sum(cell_len(run) for run, _ in runs) - 1
        place = next((text for text in _places(frame) if len(text) <= room), "")
        return [row([*runs, (fit_right(place, room), faint)], width, palette)]

    async def on_click(self, event: events.Click) -> None:
        """Go to the end of the phase under the mouse."""
        if self._frame is None:
            return
        end = 1
        for phase, *words in _phases(self._frame, self.size.width):
            end += cell_len("".join(words))
            if event.x < end:
                await self.screen.run_action(f"advance('{GOALS[phase]}')")
                return


def _phases(frame: Frame, width: int) -> list[tuple[Phase, str, str, str]]:
    """The name of each phase, its marks, and what is free behind them."""
    is_wide, told = width >= 110, []
    for phase in Phase:
        of_phase = [n for n, stage in enumerate(frame.stages) if stage.phase is phase]
        done = sum(n < frame.moment.done for n in of_phase)
        name = phase.upper() if is_wide else phase.capitalize()
        told.append((phase, f"{name} ", _marks(done, len(of_phase)), "   " if is_wide else "  "))
    return told


def _marks(done: int, total: int) -> str:
    if total <= MOST_MARKS:
        return DONE * done + OPEN * (total - done)
    return f"{DONE if done == total else OPEN} {done}/{total}"


def _places(frame: Frame) -> list[str]:
    """Where in the run it is, as a whole and in short: no number of it may be cut."""
    moment = frame.moment
    of = f"/{integer(frame.title.epochs)}" if frame.title.epochs else ""
    epoch, step = f"epoch {integer(moment.epoch + 1)}{of}", f"step {integer(moment.step + 1)}"
    places = [
        f"{epoch} · batch {integer(moment.batch + 1)}/{integer(moment.batches)} · {step}",
        f"{epoch} · {step}",
        step,
    ]
    if frame.title.is_watched:
        # What an epoch is, somebody else's loop knows.
        places = [step]
    # Who went back wants to know how far, before all else.
    behind = f" of {integer(moment.furthest)}" if moment.is_back else ""
    return [place + behind for place in places]
