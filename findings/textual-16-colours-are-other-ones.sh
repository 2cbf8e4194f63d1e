#!/usr/bin/env bash
# Textual 8.2.8 on a terminal of 16 colours: a colour that is asked for by its number arrives as another one.
#
# Expected: of a style with colour number 1 the terminal is sent number 1 ("31"), which is the red of its own theme.
# What happens: Textual makes numbers into the colours of a palette of its own, one for dark and one for light themes,
# and these into the nearest of 16 by Rich's table, so that several numbers become one and most become another one.
# Seen: on textual-light red (1) and yellow (3) are both sent as "33", magenta (5) as "90"; on textual-dark red and
# yellow change places with magenta and bright red ("35", "91").
# In nnviz: with 16 colours, Rich's own value of a colour is asked for, which comes back as the number that was meant.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/python" -m pip install --quiet --disable-pip-version-check "textual==8.2.8" "rich==15.0.0"
"$work/env/bin/python" - <<'PY'
import os
import pty
import re
import sys

APP = """
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.strip import Strip
from textual.widget import Widget

class Numbers(Widget):
    def render_line(self, y):
        return Strip([Segment(f"colour-{n};", Style(color=Color.from_ansi(n))) for n in range(8)])

class Shown(App):
    def compose(self):
        yield Numbers()

    def on_mount(self):
        self.theme = THEME
        self.set_timer(1, self.exit)

Shown().run()
"""


def sent(theme):
    """What the terminal is sent before each of the numbers 0 to 7."""
    child, terminal = pty.fork()
    if child == 0:
        os.environ.pop("COLORTERM", None)
        os.environ.update(TERM="xterm", COLUMNS="120", LINES="5")
        os.execv(sys.executable, [sys.executable, "-c", APP.replace("THEME", repr(theme))])
    painted = b""
    try:
        while piece := os.read(terminal, 1 << 16):
            painted += piece
    except OSError:
        pass
    os.waitpid(child, 0)
    return [re.findall(rb"\x1b\[([0-9;]*)m[^\x1b]*colour-%d;" % n, painted)[-1].decode() for n in range(8)]


dark, light = sent("textual-dark"), sent("textual-light")
print("dark", dark, "light", light)
assert light[1] == light[3] == "33" and light[5] == "90", "changed: red, yellow or magenta on light"
assert dark[1] == "35" and dark[3] == "91", "changed: red or yellow on dark"
PY
