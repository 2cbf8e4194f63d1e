"""Every key of the list of runs: what it does, and the name by which a keymap can change it."""

from textual.binding import Binding


def _key(
    key: str, action: str, name: str, label: str, explanation: str, shown: bool = False, sign: str | None = None
) -> Binding:
    """All of them act before the list or the line is asked, and so in the order in which they are pressed."""
    return Binding(
        key, action, label, show=shown, key_display=sign, id=f"runs.{name}", tooltip=explanation, priority=True
    )


RUN_KEYS = [
    _key("enter", "open", "open", "open", "Open the run, if nnviz trained it", True),
    _key("space", "mark", "mark", "mark", "Mark the run, or mark it no more, and go on to the next", True),
    _key("a", "mark_all", "mark_all", "mark all", "Mark all that are in the list; once more, and none of them is"),
    _key("d", "compare_settings", "settings", "settings", "Settings that are not the same in all marked runs", True),
    _key("slash", "find", "find", "find", "Find runs: by a text, by settings (lr>0.01)", True, "/"),
    _key("escape", "show_all", "all", "all runs", "Back to the list; and then to all runs"),
    _key("s", "sort", "sort", "sort", "Sort by the next column; press on its heading to sort by it", True),
    _key("S", "turn_round", "turn_round", "turn round", "The other way round, the last one first"),
    _key("x", "delete", "delete", "delete", "Delete a run of nnviz that nobody is training; you are asked first", True),
    _key("up", "move(-1)", "up", "up", "To the run before"),
    _key("down", "move(1)", "down", "down", "To the next run"),
    _key("pageup", "page(-1)", "page_up", "page up", "Up by as many as there is room for"),
    _key("pagedown", "page(1)", "page_down", "page down", "Down by as many as there is room for"),
    _key("home", "move(-1000000)", "first", "first", "To the first run"),
    _key("end", "move(1000000)", "last", "last", "To the last run"),
    _key("question_mark", "help", "help", "help", "These keys, and every word and sign", True, "?"),
    _key("q", "quit", "quit", "quit", "Leave", True),
]
