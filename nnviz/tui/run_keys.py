"""Every key of the list of runs and of their curves: what it does, and the name by which a keymap can change it."""

from textual.binding import Binding


def _key(
    key: str, action: str, name: str, label: str, explanation: str, shown: bool = False, sign: str | None = None
) -> Binding:
    """All of them act before the list or the line is asked, and so in the order in which they are pressed."""
    return Binding(
        key, action, label, show=shown, key_display=sign, id=f"runs.{name}", tooltip=explanation, priority=True
    )


RUN_KEYS = [
    _key("enter", "open", "open", "open", "Open the run; of one that nnviz did not train, its curves", True),
    _key("space", "mark", "mark", "mark", "Mark the run, or mark it no more, and go on to the next", True),
    _key("a", "mark_all", "mark_all", "mark all", "Mark all that are in the list; once more, and none of them is"),
    _key("c", "curves", "curves", "curves", "The curves of the marked runs over each other", True),
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


def _curve_key(
    key: str, action: str, name: str, label: str, explanation: str, shown: bool = False, sign: str | None = None
) -> Binding:
    return Binding(
        key, action, label, show=shown, key_display=sign, id=f"curves.{name}", tooltip=explanation, priority=True
    )


CURVE_KEYS = [
    _curve_key("m", "metric(1)", "metric", "metric", "The next number that there is of the runs", True),
    _curve_key("M", "metric(-1)", "metric_before", "metric before", "The number before"),
    _curve_key("s", "split", "split", "split", "The next split, and then all of them", True),
    _curve_key("x", "x", "x", "x axis", "Over steps, epochs, the time since each run began, or the time of day", True),
    _curve_key("l", "log", "log", "log", "A logarithmic scale, and back", True),
    _curve_key("w", "smooth(1)", "smooth", "smooth", "Smooth the lines more; what they are without it stays", True),
    _curve_key("W", "smooth(-1)", "smooth_less", "smooth less", "Smooth the lines less, down to not at all"),
    _curve_key("g", "group", "group", "group", "One line for all runs with one value of a setting, and the next", True),
    _curve_key("v", "spread", "spread", "spread", "Of groups: the deviation, or the lowest and the highest"),
    _curve_key("right", "move(1)", "right", "right", "The cursor to the right: all lines are read there"),
    _curve_key("left", "move(-1)", "left", "left", "The cursor to the left"),
    _curve_key("home", "end(False)", "home", "first", "The cursor to the left end"),
    _curve_key("end", "end(True)", "end", "last", "The cursor to the right end"),
    _curve_key("down", "choose(1)", "down", "next line", "The next line on top"),
    _curve_key("up", "choose(-1)", "up", "line before", "The line before on top"),
    _curve_key("plus,equals_sign", "zoom(0.5)", "zoom_in", "zoom in", "Half as much, around the cursor"),
    _curve_key("minus", "zoom(2.0)", "zoom_out", "zoom out", "Twice as much"),
    _curve_key("0", "whole", "whole", "all", "All that there is, and what is to come", True),
    _curve_key("shift+right,full_stop", "pan(1)", "pan_right", "to the right", "What is further to the right"),
    _curve_key("shift+left,comma", "pan(-1)", "pan_left", "to the left", "What is further to the left"),
    _curve_key("right_square_bracket", "zoom_y(0.5)", "zoom_in_y", "zoom in up and down", "Half as much up and down"),
    _curve_key("left_square_bracket", "zoom_y(2.0)", "zoom_out_y", "zoom out up and down", "Twice as much of it"),
    _curve_key("pageup", "move_y(1)", "up_y", "further up", "What is further up"),
    _curve_key("pagedown", "move_y(-1)", "down_y", "further down", "What is further down"),
    _curve_key("h", "health", "health", "health", "What the rules of health say by the curves alone", True),
    _curve_key("enter", "open", "open", "open", "Open the run whose line is on top, if nnviz trained it"),
    _curve_key("escape,q", "back", "back", "back", "No cursor; and then back to the list", True),
    _curve_key("question_mark", "help", "help", "help", "These keys, and every word and sign", True, "?"),
]
