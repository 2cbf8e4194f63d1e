"""The app in which runs are looked through: the visualizer opens one, and then the list is there again."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from rich.color import ColorSystem

from nnviz.collection.collection import Collection
from nnviz.tui.screens.runs import Chosen, RunsScreen
from nnviz.tui.terminal_app import TerminalApp


class RunsApp(TerminalApp[Path | None]):
    """Ends with the run that is to be opened, or with None."""

    def __init__(
        self,
        collection: Collection,
        chosen: Chosen,
        light: bool = False,
        system: ColorSystem | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(light, system)
        self._collection, self._chosen, self._clock = collection, chosen, clock

    def on_mount(self) -> None:
        """Show the list."""
        # Textual does not load the style sheet of a default screen.
        self.push_screen(RunsScreen(self._collection, self._chosen, self.exit, self._clock))


def look_through(place: Path, mouse: bool = True, light: bool = False) -> TerminalApp[Path | None]:
    """Show the runs below a place until the user leaves; the app that was there last.

    Raises InputError if there is none.
    """
    collection, chosen = Collection(place), Chosen()
    collection.refuse_nothing()
    while True:
        app = RunsApp(collection, chosen, light)
        path = app.run(mouse=mouse)
        if path is None or app.fault is not None or app.signalled:
            return app
        options = ["--light"] * light + ["--no-mouse"] * (not mouse)
        # A process of its own, as it is when somebody types it: nothing that was open here is in its way.
        subprocess.run([sys.executable, "-P", "-m", "nnviz", "run", str(path), *options], check=False)
