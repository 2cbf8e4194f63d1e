"""How to do the run again: as a command, and as a file."""

from datetime import datetime
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static

from nnviz.remote.messages import Recipe
from nnviz.tui.drawing.palette import Palette
from nnviz.tui.screens.help import HelpScreen
from nnviz.tui.screens.page import Page
from nnviz.whole_file import write_whole


class RecipeScreen(Page[None]):
    """A page to copy from, or to keep."""

    CSS_PATH = "recipe.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,c,q", "dismiss_page", "close", id="recipe.close"),
        Binding("y", "copy", "copy", id="recipe.copy"),
        Binding("w", "keep", "keep", id="recipe.keep"),
        Binding("question_mark", "help", "help", id="recipe.help"),
    ]

    def __init__(self, recipe: Recipe, palette: Palette) -> None:
        super().__init__()
        self._recipe, self._palette = recipe, palette

    def compose(self) -> ComposeResult:
        palette = self._palette
        plain, faint, title = (palette.style(palette.text), palette.style(palette.faint), palette.style(palette.accent))
        text = Text()
        text.append("As a command\n", title)
        text.append(f"{self._recipe.command}\n", plain)
        for note in self._recipe.notes:
            text.append(f"{note}\n", palette.style(palette.bad))
        text.append("\nAs a file, for nnviz train --config FILE\n", title)
        text.append(self._recipe.toml.rstrip(), faint)
        with Vertical(id="page") as page:
            page.border_title = "To do this run again"
            page.border_subtitle = "y copies the command · w writes the file · escape closes"
            with VerticalScroll():
                yield Static(text)

    def action_copy(self) -> None:
        """Copy the command."""
        self.app.copy_to_clipboard(self._recipe.command)
        self.notify("the command is copied", timeout=3)

    def action_keep(self) -> None:
        """Write the file, with the command in its first line, into the working directory."""
        file = Path.cwd() / f"nnviz-{datetime.now():%Y-%m-%d-%H%M%S}.toml"
        try:
            write_whole(file, as_file(self._recipe).encode())
        except OSError as error:
            self.notify(f"{file.name} cannot be written here ({error.strerror})", severity="error")
        else:
            self.notify(f"kept as {file}", timeout=4)

    def action_help(self) -> None:
        """What the words of this page mean."""
        self.app.push_screen(HelpScreen())


def as_file(recipe: Recipe) -> str:
    """The content of a file that does the run again, and says by which command that is done without it."""
    command = recipe.command.replace("\n", " ").replace("\r", " ")
    return f"# {command}\n\n{recipe.toml}"
