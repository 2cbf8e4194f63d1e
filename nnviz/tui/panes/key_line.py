"""The last line: the keys that there is room for."""

from typing import NamedTuple

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import Screen
from textual.widgets import Footer
from textual.widgets._footer import FooterKey

from nnviz.frame.frame import Frame
from nnviz.tui.keys import OF_OWN_TRAININGS, WHERE_ROOM


class _Key(NamedTuple):
    """A binding, and what is said of it."""

    binding: Binding
    sign: str
    label: str

    @property
    def width(self) -> int:
        """Cells that it takes, with one before its label and one behind it."""
        return cell_len(self.sign) + cell_len(self.label) + 2


class KeyLine(Footer):
    """Textual's footer with as many keys as fit, composed anew only where there are other keys to choose from.

    Textual's own is composed at every change of focus and page, and each of its keys stays in memory: what they watch
    forgets them only when it changes (Textualize/textual, issue 6666).
    """

    def __init__(self) -> None:
        super().__init__(show_command_palette=False, compact=True)
        self._keys: list[_Key] = []

    def compose(self) -> ComposeResult:
        for (binding, sign, label), fits in zip(self._keys, self._fits(), strict=True):
            # It is compact by itself. What is bound to the footer stays in memory, also where the key is gone.
            key = FooterKey(binding.key, sign, label, binding.action, tooltip=binding.tooltip)
            key.display = fits
            yield key

    def on_resize(self) -> None:
        """There is room for more keys, or for fewer."""
        # Where they are being composed anew, that looks for room itself.
        for key, fits in zip(self.query(FooterKey), self._fits(), strict=False):
            key.display = fits

    def bindings_changed(self, screen: Screen[object]) -> None:
        """Compose the keys anew, if they are not those that are there."""
        if screen is not self.screen or not screen.app.app_focus:
            return
        keys = self._known(screen)
        if keys != self._keys:
            self._keys = keys
            super().bindings_changed(screen)

    def _known(self, screen: Screen[object]) -> list[_Key]:
        """The keys that are always shown, and then those that may be."""
        active = {known.binding.id: known.binding for known in screen.active_bindings.values()}
        if isinstance(frame := getattr(screen, "frame", None), Frame) and frame.title.is_watched:
            active = {name: binding for name, binding in active.items() if name not in OF_OWN_TRAININGS}
        always = [
            _Key(binding, self.app.get_key_display(binding), binding.description)
            for binding in active.values()
            if binding.show
        ]
        maybe = [
            _Key(active[name], sign or self.app.get_key_display(active[name]), label)
            for name, (sign, label) in WHERE_ROOM.items()
            if name in active
        ]
        return always + maybe

    def _fits(self) -> list[bool]:
        """Of each key, whether it is shown: always, or because there is room behind those before it."""
        room = self.app.size.width - sum(key.width for key in self._keys if key.binding.show)
        fits = []
        for key in self._keys:
            is_shown = key.binding.show or key.width <= room
            if is_shown and not key.binding.show:
                room -= key.width
            fits.append(is_shown)
        return fits
