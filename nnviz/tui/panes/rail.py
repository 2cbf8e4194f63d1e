"""The second line: which stages of this training step are done, and where in the run it is."""

from rich.cells import cell_len
from textual.strip import Strip

from nnviz.frame.frame import Frame
from nnviz.frame.stages import Phase
from nnviz.tui.drawing.rows import Run, fit_right, row
from nnviz.tui.panes.pane import Pane
from nnviz.wording import integer

DONE, OPEN = "▰", "▱"
MOST_MARKS = 9


class RailPane(Pane):
    """One mark a stage, filled when it is done; the phase of the last stage is lit."""

    def draw(self, frame: Frame, width: int, height: int) -> list[Strip]:  # noqa: ARG002
        palette, moment = self.palette, frame.moment
        faint = palette.style(palette.faint)
        current = frame.stage.phase if frame.stage else None
        gap = "   " if width >= 110 else "  "
        runs: list[Run] = [(" ", faint)]
        for phase in Phase:
            of_phase = [n for n, stage in enumerate(frame.stages) if stage.phase is phase]
            done = sum(n < moment.done for n in of_phase)
            lit = palette.style(palette.accent if phase is current else palette.text, bold=phase is current)
            name = phase.upper() if width >= 110 else phase.capitalize()
            runs += [(f"{name} ", lit), (_marks(done, len(of_phase)), lit), (gap, faint)]
        room = width - sum(cell_len(run) for run, _ in runs) - 1
        place = next((text for text in _places(frame) if len(text) <= room), "")
        return [row([*runs, (fit_right(place, room), faint)], width, palette)]


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
    # Who went back wants to know how far, before all else.
    behind = f" of {integer(moment.furthest)}" if moment.is_back else ""
    return [place + behind for place in places]
