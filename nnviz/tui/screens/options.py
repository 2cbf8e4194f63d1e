"""What the run goes by: all options, to be changed in their places."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, ClassVar

from msgspec.structs import replace
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Input, Static

from nnviz.described import KEYS, Key
from nnviz.errors import InputError
from nnviz.experiment import Tables, combine
from nnviz.remote.messages import BeginWith, Choose, OptionsView
from nnviz.tui.drawing.option_rows import ASKED, CURSOR, EFFECT, NAME, Shown, about, rows
from nnviz.tui.drawing.palette import Palette
from nnviz.tui.screens.after_drawing import once_drawn
from nnviz.tui.screens.help import HelpScreen
from nnviz.tui.screens.page import Page
from nnviz.wording import count

Ask = Callable[[Choose | BeginWith], Awaitable[OptionsView | None]]
# Cells that the page's border takes, and the most that a line is worth.
ACROSS, WIDEST = 4, 120
KEYS_TOLD = "enter edits · ← → next choice · c as a command · ? · escape"


class OptionsScreen(Page[bool]):
    """Ends with whether another run was begun. `ask` asks the trainer; None where that cannot be."""

    CSS_PATH = "options.tcss"
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave", id="options.leave"),
        Binding("o,q", "dismiss_page", "close", id="options.close"),
        Binding("up", "move(-1)", "option before", show=False, id="options.up"),
        Binding("down", "move(1)", "next option", show=False, id="options.down"),
        Binding("pageup", "move(-10)", "ten before", show=False, id="options.page_up"),
        Binding("pagedown", "move(10)", "ten on", show=False, id="options.page_down"),
        Binding("home", "move(-99)", "first option", show=False, id="options.first"),
        Binding("end", "move(99)", "last option", show=False, id="options.last"),
        Binding("left", "turn(-1)", "choice before", show=False, id="options.choice_before"),
        Binding("right", "turn(1)", "next choice", show=False, id="options.next_choice"),
        Binding("enter", "edit", "edit", show=False, id="options.edit"),
        Binding("b", "begin", "begin again", id="options.begin"),
        Binding("c", "recipe", "command", id="options.recipe"),
        Binding("question_mark", "help", "help", id="options.help"),
    ]

    def __init__(self, view: OptionsView, palette: Palette, ask: Ask, recipe: Callable[[], Awaitable[None]]) -> None:
        """`recipe` shows how to do the run again."""
        super().__init__()
        self._palette, self._ask, self._recipe = palette, ask, recipe
        self._told = Shown(view, {}, ASKED[0], None)

    def compose(self) -> ComposeResult:
        with Vertical(id="page") as page:
            page.border_title = "Options · what the run goes by"
            with VerticalScroll(id="list", can_focus=False):
                yield Static(id="rows")
                yield Input(id="written", compact=True, select_on_focus=False)
            yield Static(id="about", markup=False)

    def on_mount(self) -> None:
        """Show what there is."""
        self.query_one(Input).display = False
        self._show()

    def on_resize(self, _: events.Resize) -> None:
        """Draw the rows anew."""
        self._show()

    @property
    def _field(self) -> Input:
        return self.query_one(Input)

    def _show(self, **changes: Any) -> None:
        self._told = shown = self._told._replace(**changes)
        width = min(self.size.width, WIDEST) - ACROSS
        drawn, line = rows(shown, width - 1, self._palette)
        self.query_one("#rows", Static).update(drawn)
        self.query_one("#about", Static).update(about(shown, width, self._palette))
        waiting = len(shown.waiting)
        self.query_one("#page").border_subtitle = (
            f"b begins again with {count(waiting, 'change')} · escape drops {'them' if waiting > 1 else 'it'}"
            if waiting
            else KEYS_TOLD
        )
        field, room = self._field, width - 1 - len(CURSOR) - NAME - EFFECT - 2
        field.styles.offset = (len(CURSOR) + NAME + 1, line)
        field.styles.width = room
        once_drawn(self, partial(self._have_in_sight, line, line + (2 if shown.refused else 0)))

    def _have_in_sight(self, first: int, last: int) -> None:
        """Scroll no farther than it takes to see these lines; with the first option, the heading above it."""
        listed = self.query_one("#list", VerticalScroll)
        top, height = listed.scroll_offset.y, max(listed.size.height, 1)
        if first < top or first == 1:
            listed.scroll_to(y=first if first > 1 else 0, animate=False)
        elif last >= top + height:
            listed.scroll_to(y=last - height + 1, animate=False)

    # Choosing

    def action_move(self, by: int) -> None:
        """Another option."""
        if not self._field.display:
            at = ASKED.index(self._told.at) + by
            self._show(at=ASKED[min(max(at, 0), len(ASKED) - 1)], refused=None)

    def action_edit(self) -> None:
        """Write another value in its place."""
        field, shown = self._field, self._told
        value = shown.value(shown.at)
        field.value = shown.at.written(value)
        field.display = True
        field.cursor_position = len(field.value)
        field.focus()

    @on(Input.Submitted)
    async def _submitted(self, event: Input.Submitted) -> None:
        key = self._told.at
        try:
            await self._take(key, _typed(key, key.read(event.value)))
        except InputError as error:
            self._show(refused=_without_place(str(error), key))
        else:
            if self._told.refused is None:
                self._close_field()

    async def action_turn(self, by: int) -> None:
        """The next of a few choices."""
        key, choices = self._told.at, _choices(self._told.at)
        if choices and not self._field.display:
            now = self._told.value(key)
            at = choices.index(now) if now in choices else -1
            await self._take(key, choices[(at + by) % len(choices)])

    async def _take(self, key: Key, value: Any) -> None:
        """Change an option at once, or have it wait for what begins again."""
        shown = self._told
        if key.place not in shown.view.at_once:
            waiting = {place: kept for place, kept in shown.waiting.items() if place != key.place}
            if value != key.of(shown.view.experiment):
                waiting[key.place] = value
            self._show(waiting=waiting, refused=None)
            return
        view = await self._ask(Choose(key.place, value))
        if view is not None:
            refused = None if view.refused is None else _without_place(view.refused, key)
            self._show(view=replace(view, refused=None), refused=refused)

    async def action_begin(self) -> None:
        """Begin again with what waits."""
        waiting = self._told.waiting
        if not waiting:
            self.notify("nothing waits: what is changed at once needs no other run; r begins the same again", timeout=4)
            return
        tables: Tables = {}
        for key in KEYS:
            if key.place in waiting:
                tables.setdefault(key.table, {})[key.name] = waiting[key.place]
        view = await self._ask(BeginWith(tables))
        if view is not None and view.refused is None:
            self.dismiss(True)
        elif view is not None:
            self._show(view=replace(view, refused=None), refused=view.refused)

    async def action_recipe(self) -> None:
        """The run as a command and as a file."""
        await self._recipe()

    # Leaving

    def action_leave(self) -> None:
        """Leave the field, or drop what waits, or close the page."""
        if self._field.display:
            self._close_field()
            self._show(refused=None)
        elif self._told.waiting:
            self._show(waiting={}, refused=None)
        else:
            self.dismiss(False)

    def action_dismiss_page(self) -> None:
        """Back to the run."""
        self.dismiss(False)

    def _close_field(self) -> None:
        self._field.display = False
        self.set_focus(None)

    def action_help(self) -> None:
        """What the words of this page mean."""
        self.app.push_screen(HelpScreen())


def _typed(key: Key, value: Any) -> Any:
    """The value as an experiment has it. Raises InputError for one that it must not have."""
    return key.of(combine({key.table: {key.name: value}}, origin="options"))


def _choices(key: Key) -> list[Any]:
    """The few values that there are."""
    if key.kind is bool:
        return [False, True]
    if not key.choices or key.is_several or key.kind is dict:
        return []
    return [None, *key.choices] if key.is_optional else [*key.choices]


def _without_place(told: str, key: Key) -> str:
    """What is wrong, without the place that it stands beside."""
    return told.removeprefix("options: ").removeprefix(f"{key.place}: ")
