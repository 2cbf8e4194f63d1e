"""The last line: the keys that there is room for."""

from typing import NamedTuple

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import Screen
from textual.widgets import Footer
from textual.widgets._footer import FooterKey

from nnviz.tui.keys import WHERE_ROOM


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
    """Textual's footer with as many keys as fit, composed anew only where there are other keys to show.

    Textual's own is composed at every change of focus and page, and each of its keys stays in memory: what they watch
    forgets them only when it changes (Textualize/textual, issue 6666).
    """

    def __init__(self) -> None:
        super().__init__(show_command_palette=False, compact=True)
        self._keys: list[_Key] = []

    def compose(self) -> ComposeResult:
        for binding, sign, label in self._keys:
            key = FooterKey(binding.key, sign, label, binding.action, tooltip=binding.tooltip)
            yield key.data_bind(compact=Footer.compact)

    def on_resize(self) -> None:
        """There is room for more keys, or for fewer."""
        self.bindings_changed(self.screen)

    def bindings_changed(self, screen: Screen[object]) -> None:
        """Compose the keys that fit, if they are not those that are there."""
        if screen is not self.screen or not screen.app.app_focus:
            return
        keys = self._fitting(screen)
        if keys != self._keys:
            self._keys = keys
            super().bindings_changed(screen)

    def _fitting(self, screen: Screen[object]) -> list[_Key]:
        """The keys that are always shown, and then those that may be, as far as there is room."""
        active = {known.binding.id: known.binding for known in screen.active_bindings.values()}
        keys = [
            _Key(binding, self.app.get_key_display(binding), binding.description)
            for binding in active.values()
            if binding.show
        ]
        room = self.app.size.width - sum(key.width for key in keys)
        for name, (sign, label) in WHERE_ROOM.items():
            binding = active.get(name)
            if binding is None:
                continue
            key = _Key(binding, sign or self.app.get_key_display(binding), label)
            if key.width <= room:
                keys.append(key)
                room -= key.width
        return keys
