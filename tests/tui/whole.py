"""What is true of every screen, whatever is shown on it."""

from typing import Any
from xml.etree import ElementTree

from rich.cells import cell_len
from textual.app import App

from nnviz.tui.panes.pane import Pane
from tests.hostile_text import is_whole


def faults(app: App[Any]) -> list[str]:
    """What is torn on the screen that is shown: lines of another width, panes that do not fit, unfit characters."""
    width, height = app.size
    lines = app.screen._compositor.render_strips()
    found = [] if len(lines) == height else [f"{len(lines)} lines of {height}"]
    for y, line in enumerate(lines):
        if not line.cell_length == cell_len(line.text) == width:
            found.append(f"line {y}: {line.cell_length} cells, {cell_len(line.text)} of text, of {width}")
        if not is_whole(line.text):
            found.append(f"line {y}: {line.text!r}")
    seen = app.screen._compositor.visible_widgets
    for pane in app.screen.query(Pane):
        if pane in seen:
            painted = pane.paint()
            if len(painted) != pane.outer_size.height:
                found.append(f"{pane.id}: {len(painted)} lines of {pane.outer_size.height}")
            found += [f"{pane.id}: {line.text!r}" for line in painted if cell_len(line.text) != pane.outer_size.width]
    return found


def pictured(app: App[Any]) -> str:
    """The text of the exported picture, which has to be XML."""
    return "\n".join("".join(text.itertext()) for text in ElementTree.fromstring(app.export_screenshot()).iter())
